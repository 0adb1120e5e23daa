"""Answers that lie about what they are and how they end: labels × bodies × calls, and ends × dialects."""

import asyncio
import gzip
import json
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx

from tests.campaign.figures import Result
from tests.doubles.silence import silence_clock
from tests.providers import loopback
from tests.providers.facts import Chat
from tests.providers.http_server import HOLD, QUICK, RESET, Answer, http, serve
from tests.providers.requests import CHATS, meet, of, streamed

LABELS = (
    *("application/json", "text/event-stream", "text/html; charset=utf-8", "text/plain", ""),
    *("application/octet-stream", "application/x-ndjson", "multipart/mixed", "APPLICATION/JSON;charset=UTF-8"),
)
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda body: body,
    "with a byte order mark": lambda body: b"\xef\xbb\xbf" + body,
    "behind blank lines": lambda body: b"\r\n\n" + body,
    "as gzip": gzip.compress,
}
TEXT = "Good day"
SHORT = replace(QUICK, end_timeout=0.05, stream_timeout=0.4, response_timeout=0.4)
PROMPT = replace(QUICK, end_timeout=0.05)


@dataclass(frozen=True)
class Trial:
    """One answer to one call, and whether it is a whole answer; `ask` returns whether it was taken for one."""

    name: str
    answer: Answer
    ask: Callable[[Answer], Awaitable[bool]]
    whole: bool = True
    open: bool = False


def labels(count: int, seed: int) -> Result:
    """Read so many good answers under every label; the control reads each by its label, with httpx and json."""
    return asyncio.run(_try(list(_label()), count, seed, _by_label, "httpx and json, by the label, read"))


def ends(count: int, seed: int) -> Result:
    """Tell so many whole answers from cut ones; the control goes by how the connection ended."""
    return asyncio.run(_try(list(_has_ended()), count, seed, _by_socket, "by the end of the connection alone,"))


async def _try(
    trials: Sequence[Trial], count: int, seed: int, control: Callable[[Trial], Awaitable[bool]], words: str
) -> Result:
    chosen = random.Random(seed).sample(trials, len(trials))
    wrong: list[str] = []
    with silence_clock():
        for trial in islice(cycle(chosen), count):
            if await trial.ask(trial.answer) is not trial.whole:
                wrong.append(trial.name)
    sample = chosen[: min(count, 40)]
    fooled = sum([await control(trial) is not trial.whole for trial in sample])
    details = "".join(f"; {name}" for name in wrong[:5])
    return Result(
        count,
        len(wrong),
        f"{len(trials)} combinations: {len(wrong)} read wrongly{details}",
        f"{words} {fooled} of {len(sample)} wrongly",
        fooled > 0,
    )


# --- labels × bodies × calls ------------------------------------------------------------------------------------------


def _label() -> Iterator[Trial]:
    for chat in CHATS:
        for form, body in _bodies(chat):
            for stream in (True, False) if chat.whole else (True,):
                yield from _under_labels(f"{chat} {form}", body, _chat(chat, stream))
    vectors = json.dumps({"data": [{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [3, 4]}]})
    models = json.dumps({"data": [{"id": "llama"}]})
    for form, wrap in (("document", str), ("event", "data: {}\n\n".format)):
        yield from _under_labels(f"vectors {form}", wrap(vectors).encode(), _embed)
        yield from _under_labels(f"list {form}", wrap(models).encode(), _list)
        yield from _under_labels(f"check {form}", wrap(models).encode(), _verify)
    for form, text in (("document", json.dumps({"text": TEXT})), ("text", TEXT), ("string", f'"{TEXT}"')):
        yield from _under_labels(f"transcript {form}", text.encode(), _transcribe)


def _bodies(chat: Chat) -> Iterator[tuple[str, bytes]]:
    """The body of a good answer to a chat over HTTP, in each form."""
    if chat.stream and not chat.stream.socket:
        stream = chat.stream
        yield "events", stream.opening + stream.text("Good") + stream.text(" day") + stream.closing
    if chat.whole:
        yield "document", json.dumps(chat.whole(TEXT)).encode()
        yield "indented document", json.dumps(chat.whole(TEXT), indent=2).encode()


def _under_labels(name: str, body: bytes, ask: Callable[[Answer], Awaitable[bool]]) -> Iterator[Trial]:
    for label in LABELS:
        for packing, packed in PACKINGS.items():
            answer = [http(packed(body), headers={"content-type": label} if label else {})]
            yield Trial(f"{name} {packing} as {label or 'nothing'}", answer, ask)


def _chat(chat: Chat, stream: bool) -> Callable[[Answer], Awaitable[bool]]:
    async def ask(answer: Answer) -> bool:
        outcome = await meet(chat, answer, stream=stream)
        return outcome.text == TEXT and not outcome.incomplete

    return ask


async def _embed(answer: Answer) -> bool:
    return (await loopback.embed(answer)).vectors == [(1, 2), (3, 4)]


async def _list(answer: Answer) -> bool:
    return (await loopback.listing(answer)).models == ["llama"]


async def _verify(answer: Answer) -> bool:
    return (await loopback.verify(answer)).problem is None


async def _transcribe(answer: Answer) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        transcript = (await loopback.transcribe(answer, folder=Path(folder))).transcript
    return transcript is not None and transcript.text == TEXT


async def _by_label(trial: Trial) -> bool:
    """Return whether a client that goes by the label makes anything of an answer."""
    async with serve(trial.answer) as server, httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(server.origin)
    label, text = response.headers.get("content-type", ""), response.text
    with suppress(ValueError):
        if "event-stream" in label:
            lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: {")]
            return bool([json.loads(line) for line in lines])
        return "json" in label and bool(json.loads(text))
    return False


# --- ends × dialects --------------------------------------------------------------------------------------------------

ENDS: dict[str, list[Any]] = {"closed": [], "reset": [RESET], "open": [HOLD]}


def _has_ended() -> Iterator[Trial]:
    for chat in CHATS:
        if chat.stream:
            yield from _ends_of_streams(chat)
        if chat.whole:
            yield from _ends_of_documents(chat, json.dumps(chat.whole(TEXT)).encode())


def _ends_of_streams(chat: Chat) -> Iterator[Trial]:
    whole = streamed(chat, of(chat).text("Good"), of(chat).text(" day"), of(chat).closing)
    cut = streamed(chat, of(chat).text("Good"), of(chat).text(" day"))
    half = streamed(chat, of(chat).text("Good"), of(chat).text(" day")[:-9])
    for end, rest in ENDS.items():
        yield Trial(f"{chat} whole, {end}", [*whole, *rest], _complete(chat, True), open=end == "open")
        if "resumable" in chat.own or chat.after:
            continue  # The rest is fetched in another way.
        for form, parts in (("cut", cut), ("half an event", half)):
            yield Trial(f"{chat} {form}, {end}", [*parts, *rest], _complete(chat, True), False, end == "open")


def _ends_of_documents(chat: Chat, body: bytes) -> Iterator[Trial]:
    longer = {"content-length": "99999", "connection": "close"}
    for stream in (True, False):
        for end, rest in ENDS.items():
            for size in (len(body), len(body) - 4, len(body) // 2):
                answer = [http(body[:size], headers=longer), *rest]
                name = f"{chat} document of {size} bytes, {end}"
                yield Trial(name, answer, _complete(chat, stream), size == len(body), end == "open")


def _complete(chat: Chat, stream: bool) -> Callable[[Answer], Awaitable[bool]]:
    async def ask(answer: Answer) -> bool:
        silent = HOLD in answer and not _is_whole(chat, answer)
        outcome = await meet(chat, answer, stream=stream, limits=SHORT if silent else PROMPT)
        return not outcome.incomplete

    return ask


def _is_whole(chat: Chat, answer: Answer) -> bool:
    """Whether an answer ends as documented; silence is waited for where it does not."""
    sent = b"".join(part for part in answer if isinstance(part, bytes))
    document = json.dumps(chat.whole(TEXT)).encode() if chat.whole else b"\0"
    return sent.endswith(document) or bool(chat.stream and sent.endswith(chat.stream.closing))


async def _by_socket(trial: Trial) -> bool:
    """Return whether the connection of an answer ends in good order, by which nothing that is open ever ends."""
    return RESET not in trial.answer and not trial.open
