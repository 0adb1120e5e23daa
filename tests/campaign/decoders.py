"""The decoders of streamed answers, cut anywhere: server-sent events, JSON lines, WebSocket messages.

Each is held to an oracle that works on the whole stream and follows the standard's words: HTML 9.2.6, the rules of
JSON lines, RFC 6455 (whose frames are built here, so that what they say is known).
"""

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import httpcore
import httpx

from tests.campaign.figures import Result
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.client.body import FrameDecoder
from tui.providers.client.limits import Limits
from tui.providers.client.response import Answer
from tui.providers.client.silence import SilenceMonitor
from tui.providers.client.sse import Events
from tui.providers.client.websocket import MessageDecoder, websocket_inbox
from tui.providers.error_messages import ErrorContext
from tui.providers.events import Event, Notice
from tui.providers.requests import Call, Frame, Framing

SOCKET_SHARE = 50
"""One in so many fuzzed streams is a WebSocket's, which takes as much longer."""

SSE = [
    b"",
    b"\n",
    b"data",
    b"data: a",
    b"data: a\n",
    b"data: a\n\n",
    b"data: a\r\r",
    b"data: a\r\n\r\n",
    b"data: a\r\n\n",
    b"data: a\n\r\n",
    b"data: a\r\n\r",
    b"data: a\n\r",
    b"data:a\n\n",
    b"data:  a\n\n",
    b"data:\ta\n\n",
    b"data :a\n\n",
    b" data: a\n\n",
    b"Data: a\n\n",
    b"data: a \n\n",
    b"data\n\n",
    b"data:\n\n",
    b"data: \n\n",
    b"data\ndata\n\n",
    b"data:\ndata:\n\n",
    b"data: a\ndata: b\n\n",
    b"data: a\r\ndata: b\r\n\r\n",
    b"data: a\rdata: b\r\r",
    b"data: a\n\ndata: b\n\n",
    b"data: a\n\n\n\ndata: b\n\n",
    b"data: a\r\n\r\n\r\ndata: b\r\n\r\n",
    b": comment\n\n",
    b":\n\ndata: a\n\n",
    b": data: x\ndata: a\n\n",
    b"data: a\n: between\ndata: b\n\n",
    b":ping\r\n\r\n:ping\r\n\r\ndata: a\r\n\r\n",
    b"event: x\ndata: a\n\n",
    b"event:x\ndata: a\n\n",
    b"event: x\n\ndata: a\n\n",
    b"event\ndata: a\n\n",
    b"event: x\nevent\ndata: a\n\n",
    b"event: x\nevent: y\ndata: a\n\n",
    b"data: a\nevent: x\n\ndata: b\n\n",
    b"event: error\r\ndata: {}\r\n\r\n",
    b"id: 7\ndata: a\n\n",
    b"id: \x00\ndata: a\n\n",
    b"retry: 100\ndata: a\n\n",
    b"retry\ndata: a\n\n",
    b"unknown: z\ndata: a\n\n",
    b"datax: z\ndata: a\n\n",
    b"dat: z\ndata: a\n\n",
    b"eventx: z\ndata: a\n\n",
    b"data: a: b: c\n\n",
    b"data:: a\n\n",
    b"data: data: a\n\n",
    b"\xef\xbb\xbfdata: a\n\n",
    b"\xef\xbb\xbf\ndata: a\n\n",
    b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n",
    b"\xef\xbb\xbf: comment\ndata: a\n\n",
    b"\n\xef\xbb\xbfdata: a\n\ndata: b\n\n",
    b"data: \xef\xbb\xbfa\n\n",
    b"data: a\xe2\x80\xa8b\n\n",
    b"data: a\xe2\x80\xa9b\n\n",
    b"data: a\xc2\x85b\n\n",
    b"data: a\x0bb\x0cc\x1cd\x1de\x1ef\n\n",
    b"data: a\x00b\n\n",
    b"data: \xf0\x9f\x8c\x88\n\n",
    b"data: \xe6\x98\x9f\xe6\xb2\xb3\n\n",
    b"data: \xff\n\n",
    b"data: \xe6\x98\n\n",
    b"data: \xe6\x98\ndata: \x9f\n\n",
    b"data: \xf0\x9f\x8c\r\rdata: a\n\n",
    b"data: \xed\xa0\x80\n\n",
    b"data: \xc0\xaf\n\n",
    b"event: \xff\ndata: a\n\n",
    b'data: {"a": "b"}\n\ndata: [DONE]\n\n',
    b'data: {"a":\ndata: "b"}\n\n',
    b"data: [DONE]\n\ndata: [DONE]\n\ndata: more\n\n",
    b"data: [DONE]\n",
    b"data: a\n\ndata: cut off in the mid",
    b"data: a\n\nevent: x\n\n\ndata: b\n\nevent: y",
    b"\r\n\r\n\r\ndata: a\r\n\r\n",
    b"\r\rdata: a\r\r\r\n\n",
    b"data: a\r\n\rdata: b\n\r\n",
    b"data: a\r\rdata: b\r\n\r\n\ndata: c\n\n",
    b"data\r\r\ndata\r\n\r\n",
    b":\r:\n:\r\ndata:\r\n:\r\n\r\n",
    b"data: %s\n\n" % (b"long " * 40),
]


def oracle(stream: bytes) -> list[tuple[str, str]]:
    """HTML standard, 9.2.6, step by step over the whole stream."""
    text = stream.decode("utf-8", "replace")
    text = text[1:] if stream.startswith(b"\xef\xbb\xbf") else text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    events = []
    data = name = ""
    # What follows the last line end is no line.
    for line in text.split("\n")[:-1]:
        if line == "":
            if data != "":
                events.append((data.removesuffix("\n"), name))
            data = name = ""
            continue
        if line.startswith(":"):
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data += value + "\n"
    return events


_PIECES = (
    *(b"data", b"data:", b"data: ", b"event: e", b"id: 1", b":", b" ", b"x", b'{"a": 1}', b"[DONE]"),
    *(b"\r", b"\n", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xff", b"\xe6", b"\x00"),
)


JSON_LINES = [
    b"",
    b"\n",
    b"\r\n",
    b"{}",
    b"{}\n",
    b"{}\r\n",
    b'{"a": 1}\n{"a": 2}\n',
    b'{"a": 1}\r\n{"a": 2}\r\n',
    b'{"a": 1}\n{"a": 2}',
    b'{"a": 1}\n\n\n{"a": 2}\n',
    b'  {"a": 1}  \n',
    b'\t{"a": 1}\r\n\r\n',
    b'"a"\n1\nnull\n[1]\n',
    '{"a": "星河"}\n'.encode(),
    '{"a": "\U0001f308"}\n{"a": "\u2028\u2029\x85"}\n'.encode(),
    b'{"a": "\x0b\x0c\x1c\x1d\x1e"}\n',
    b'{"a": "\xff"}\n{"a": "\xe6\x98"}\n',
    b'{"a": "\\n\\r"}\n',
    b'{"a": "\x00"}\n',
    b"not json\nnor this",
    b"data: {}\n",
]


def lines_oracle(stream: bytes) -> list[str]:
    """JSON lines: a line feed ends a line, a carriage return before it belongs to it, the last needs no end."""
    return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in stream.split(b"\n")]


Text, Binary, Ping, Pong, Close, More = 1, 2, 9, 10, 8, 0


def frame(
    opcode: int, data: bytes = b"", fin: bool = True, size: int = 0, reserved: int = 0, masked: bool = False
) -> bytes:
    """One frame of a server by RFC 6455, 5.2; `size` is how many bytes its length takes (1, 2, 8; 0 as is right)."""
    size = size or (1 if len(data) < 126 else 2 if len(data) < 1 << 16 else 8)
    number = len(data) if size == 1 else {2: 126, 8: 127}[size]
    length = b"" if size == 1 else len(data).to_bytes(size, "big")
    return bytes([fin << 7 | reserved << 4 | opcode, masked << 7 | number]) + length + bytes(4 * masked) + data


@dataclass(frozen=True)
class Received:
    """A stream of frames: the messages in it, and whether it ends as it should."""

    stream: bytes
    messages: tuple[str, ...] = ()
    well: bool = True


def _quote(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


BYE = frame(Close, (1000).to_bytes(2, "big"))
HI = frame(Text, b'"hi"')
STARRY = "星\U0001f308"
STAR = _quote(STARRY)
MESSAGES = [
    Received(BYE, well=False),  # an answer without a single message is none
    Received(HI + BYE, ("hi",)),
    Received(frame(Binary, b'"hi"') + BYE, ("hi",)),
    Received(frame(Text, STAR) + BYE, (STARRY,)),
    Received(HI + HI + HI + BYE, ("hi",) * 3),
    Received(frame(Text, b'"h', fin=False) + frame(More, b'i"') + BYE, ("hi",)),
    Received(frame(Text, b"", fin=False) + frame(More, b"", fin=False) + frame(More, b'"hi"') + BYE, ("hi",)),
    Received(
        frame(Text, STAR[:2], fin=False) + frame(More, STAR[2:6], fin=False) + frame(More, STAR[6:]) + BYE,
        (STARRY,),
    ),
    Received(frame(Binary, STAR[:2], fin=False) + frame(More, STAR[2:]) + BYE, (STARRY,)),
    Received(frame(Ping) + HI + frame(Ping, b"are you there") + BYE, ("hi",)),
    Received(frame(Pong) + HI + frame(Pong, b"unasked") + BYE, ("hi",)),
    Received(frame(Text, b'"h', fin=False) + frame(Ping, b"between") + frame(More, b'i"') + BYE, ("hi",)),
    Received(frame(Text, b'"' + b"x" * 123 + b'"') + BYE, ("x" * 123,)),
    Received(frame(Text, b'"' + b"x" * 124 + b'"') + BYE, ("x" * 124,)),
    Received(frame(Ping, b"x" * 125) + HI + BYE, ("hi",)),
    Received(HI + frame(Close) + HI, ("hi",)),
    Received(HI + BYE + HI, ("hi",)),
    Received(HI + frame(Close, (1001).to_bytes(2, "big") + "going – 走".encode()), ("hi",)),
    Received(HI + frame(Close, (1011).to_bytes(2, "big") + b"broken"), ("hi",), well=False),
    Received(HI + frame(Close, (3000).to_bytes(2, "big")), ("hi",), well=False),
    Received(HI, ("hi",), well=False),
    Received(HI + HI[:3], ("hi",), well=False),
    Received(HI + frame(Close, b"\x03"), ("hi",), well=False),
    Received(HI + frame(Close, (999).to_bytes(2, "big")), ("hi",), well=False),
    Received(HI + frame(Close, (1000).to_bytes(2, "big") + b"\xff"), ("hi",), well=False),
    Received(HI + frame(Text, b'"\xff"') + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"\xe6\x98"') + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"\xed\xa0\x80"') + BYE, ("hi",), well=False),
    Received(HI + frame(More, b'"x"') + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"x', fin=False) + frame(Text, b'"y"') + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"x"', reserved=4) + BYE, ("hi",), well=False),
    Received(HI + frame(3, b'"x"') + BYE, ("hi",), well=False),
    Received(HI + frame(11, b'"x"') + BYE, ("hi",), well=False),
    Received(HI + frame(Ping, b"x" * 126) + BYE, ("hi",), well=False),
    Received(HI + frame(Ping, b"x", fin=False) + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"x"', masked=True) + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"x"', size=2) + BYE, ("hi",), well=False),
    Received(HI + frame(Text, b'"x"', size=8) + BYE, ("hi",), well=False),
    Received(HI + bytes([0x81, 127]) + b"\xff" * 8 + BYE, ("hi",), well=False),
]
"""After `hi`, one fault each."""


def events_decoded(chunks: Sequence[bytes]) -> list[tuple[str, str]]:
    events = Events(strict=True)
    return [event for chunk in chunks for event in events.feed(chunk)]


def lines_decoded(chunks: Sequence[bytes]) -> list[str]:
    frames = FrameDecoder(PLACE, Framing.NDJSON, LIMITS, plain=True)
    return [frame.data for chunk in chunks for frame in frames.feed(chunk)] + [line.data for line in frames.rest()]


async def socket_decoded(chunks: Sequence[bytes]) -> tuple[list[str], bool]:
    """The messages, and whether the conversation ended as it should."""
    response = httpx.Response(101, extensions={"network_stream": _Stream(chunks)})
    call = Call("GET", PLACE.url, lambda: _events, Framing.WEBSOCKET, sends=("asked",))
    texts: list[str] = []
    try:
        monitor = SilenceMonitor(PLACE, LIMITS, streamed=True)
        async with websocket_inbox(PLACE, response, call, LIMITS) as (inbox, _):
            answer = Answer(PLACE, inbox, MessageDecoder(PLACE, call, LIMITS), call, LIMITS, monitor)
            while not answer.over:
                assert await answer.wait() is None
                for result in answer.results():
                    assert isinstance(result, Notice)  # pieces of text that arrive together would be joined
                    texts.append(result.text)
    except Problem:
        return texts, False
    return texts, True


PLACE = ErrorContext(PROVIDERS["openai"], "wss://api.example/v1")
LIMITS = Limits()


def _events(received: Frame | None) -> list[Event]:
    return [] if received is None else [Notice(str(received.data))]


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that brings these pieces and then its end."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = iter([chunk for chunk in chunks if chunk])

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return next(self._chunks, b"")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """What the client says is of no interest here."""

    async def aclose(self) -> None:
        """There is nothing to close."""


def splits(stream: bytes) -> Iterator[list[bytes]]:
    """The stream whole, in two at every place, and in pieces of one to seven bytes."""
    yield [stream]
    for place in range(1, len(stream)):
        yield [stream[:place], b"", stream[place:]]
    for size in (1, 2, 3, 5, 7):
        yield [stream[place : place + size] for place in range(0, len(stream), size)]


def streams(count: int, seed: int) -> Result:
    """Every case at every split, then that many random streams at random splits."""
    return asyncio.run(_streams(count, random.Random(seed)))


async def _streams(count: int, chance: random.Random) -> Result:
    bad = tried = 0
    for stream in SSE:
        for chunks in splits(stream):
            tried += 1
            bad += events_decoded(chunks) != oracle(stream)
    for stream in JSON_LINES:
        for chunks in splits(stream):
            tried += 1
            bad += lines_decoded(chunks) != lines_oracle(stream)
    for text in MESSAGES:
        for chunks in splits(text.stream):
            tried += 1
            bad += await socket_decoded(chunks) != (list(text.messages), text.well)
    for number in range(count):
        bad += await _random(number, chance)
    cases = len(SSE) + len(JSON_LINES) + len(MESSAGES)
    cutting = sum(_cut_as_text(stream) != oracle(stream) for stream in SSE)
    words = f"{cases} cases at every split ({tried:,}), {count:,} random streams"
    control = f"a decoder that cuts decoded text with splitlines() fails {cutting} cases"
    return Result(tried + count, bad, words, control, cutting > 0)


async def _random(number: int, chance: random.Random) -> bool:
    """Whether a random stream was decoded wrongly."""
    if number % SOCKET_SHARE == 0:
        text = _random_messages(chance)
        return await socket_decoded(_split(text.stream, chance)) != (list(text.messages), text.well)
    stream = b"".join(
        chance.choice(_PIECES) if chance.random() < 0.9 else chance.randbytes(3) for _ in range(chance.randrange(24))
    )
    if number % 2:
        return events_decoded(_split(stream, chance)) != oracle(stream)
    # JSON lines hold no carriage return but before a line feed.
    stream = stream.replace(b"\r\n", b"\n").replace(b"\r", b"").replace(b"\n", chance.choice((b"\n", b"\r\n")))
    return lines_decoded(_split(stream, chance)) != lines_oracle(stream)


def _random_messages(chance: random.Random) -> Received:
    messages, stream = [], b""
    for _ in range(chance.randrange(1, 6)):
        # No bracket is closed: a string that holds whole JSON is read as that JSON.
        length = chance.choice((1, 5, 130, 70_000 if chance.random() < 0.02 else 9))
        messages.append("".join(chance.choices('ab \\"{[星\U0001f308\u2028', k=length)))
        data = _quote(messages[-1])
        cuts = sorted({0, len(data), *(chance.randrange(len(data)) for _ in range(chance.randrange(4)))})
        opcode = chance.choice((Text, Binary))
        for begin, end in pairwise(cuts):
            if chance.random() < 0.2:
                stream += frame(chance.choice((Ping, Pong)), chance.randbytes(chance.randrange(126)))
            stream += frame(opcode if not begin else More, data[begin:end], fin=end == len(data))
    return Received(stream + BYE, tuple(messages))


def _split(stream: bytes, chance: random.Random) -> list[bytes]:
    places = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(7)))
    return [stream[begin:end] for begin, end in pairwise([0, *places, len(stream)])]


def _cut_as_text(stream: bytes) -> list[tuple[str, str]]:
    """What many clients do: decode, cut with `splitlines`, take what begins with `data:`."""
    events, data = [], []
    for line in stream.decode("utf-8", "replace").splitlines():
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            events.append(("\n".join(data), ""))
            data = []
    return events
