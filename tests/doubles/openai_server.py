"""A server on loopback that speaks OpenAI's wire as its documents describe it. Standard library only.

    with OpenAIServer(key="sk-test-…") as server:    server.url, server.requests, server.next(…), server.chat
    python tests/doubles/openai_server.py PORT       by itself, until it is interrupted

It is strict where the vendor is: a missing header, an unknown model or a parameter that a model does not take is
answered with the documented error, so that a request built wrongly turns a test red.
"""

import argparse
import asyncio
import base64
import contextlib
import email
import email.policy
import hashlib
import json
import struct
import threading
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

CREATED = 1795300000
MODELS: tuple[tuple[str, str | None], ...] = (
    ("gpt-5.4-mini", None),
    ("gpt-4o", "2027-01-14"),
    ("gpt-6-sol", None),
    ("text-embedding-3-small", None),
    ("text-embedding-3-large", None),
    ("whisper-1", "2027-02-26"),
    ("gpt-transcribe", None),
    ("tts-1", None),
    ("dall-e-3", None),
    ("gpt-realtime", None),
    ("omni-moderation-latest", None),
)
TRANSCRIPT = "This is a recording. It was made for a test."
SEGMENTS = ((0.0, 1.5, "This is a recording."), (1.5, 3.25, "It was made for a test."))
REASONING = ("gpt-5", "gpt-6", "o1", "o3", "o4")
NOT_FOR_REASONING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "max_tokens")


@dataclass
class Request:
    """A request as it came; `parts` holds a multipart body by part name."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Response:
    """One scripted answer; `cut` closes the connection after the body without its end."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Chat:
    """How chats are answered until it is changed. `break_after` pieces the stream breaks off: by `error`, or cut."""

    pieces: tuple[str, ...] = ("The sky ", "is blue ", "because of ", "scattering.")
    thinking: tuple[str, ...] = ()
    finish: str = "stop"
    prompt_tokens: int = 9
    completion_tokens: int = 14
    reasoning_tokens: int = 12
    break_after: int | None = None
    error: dict[str, Any] | None = None
    pause: float = 0.0
    hold: threading.Event | None = None


def error_body(message: str, kind: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def vector_of(text: str, dimensions: int) -> list[float]:
    """A vector that depends on the text alone; its numbers are exact in 32 bits."""
    seed = hashlib.sha256(text.encode()).digest()
    return [(seed[place % 32] - 128) / 256 + place / 1024 for place in range(dimensions)]


class OpenAIServer:
    """The server, in a thread of its own. `key` None asks for none."""

    def __init__(
        self, key: str | None = None, port: int = 0, models: tuple[tuple[str, str | None], ...] = MODELS
    ) -> None:
        self.upload_gate: threading.Event | None = None  # all but the start of a request is read once it is set
        self.key = key
        self.models = models
        self.chat = Chat()
        self.dimensions = 8
        self.requests: list[Request] = []
        self._scripted: defaultdict[str, deque[Response]] = defaultdict(deque)
        self._port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def next(self, path: str, *replies: Response) -> None:
        """Answer the next requests to the path (such as /chat/completions) with these."""
        self._scripted[path].extend(replies)

    def requests_to(self, path: str) -> list[Request]:
        """The requests that came to the path."""
        return [request for request in self.requests if request.path == f"/v1{path}"]

    def __enter__(self) -> "OpenAIServer":
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop and self._stop
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        connections: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            connections.add(task)
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._one(reader, writer):
                    pass
            connections.discard(task)
            with contextlib.suppress(Exception):
                writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", self._port, limit=1 << 20)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in list(connections):
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    # --- one request --------------------------------------------------------------------------------------------------

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await self._read(reader)
        self.requests.append(request)
        path = request.path.removeprefix("/v1")
        reply: Response | AsyncIterator[bytes]
        if self._scripted[path]:
            reply = self._scripted[path].popleft()
        else:
            reply = self._refused(request) or self._answer(request, path)
        if isinstance(reply, Response):
            return await self._send(writer, reply)
        return await self._stream(writer, reply)

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        if headers.get("transfer-encoding", "") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        else:
            size = int(headers.get("content-length", 0))
            # Little enough that the kernel's buffers do not take all the rest.
            start = size // 8
            body = await reader.readexactly(start)
            if self.upload_gate is not None:
                await asyncio.to_thread(self.upload_gate.wait, 60)
            body += await reader.readexactly(size - start)
        request = Request(method, target.partition("?")[0], headers, body)
        if headers.get("content-type", "").startswith("multipart/form-data"):
            request.parts = _parts(headers["content-type"], body)
        return request

    async def _send(self, writer: asyncio.StreamWriter, reply: Response) -> bool:
        raw = isinstance(reply.body, (str, bytes))
        body = reply.body if raw else json.dumps(reply.body).encode()
        body = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "text/plain; charset=utf-8" if raw else "application/json"}
        headers |= {"x-request-id": "req_test_0001", "Content-Length": str(len(body) + (10 if reply.cut else 0))}
        headers |= reply.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode() + body)
        await writer.drain()
        return not reply.cut

    async def _stream(self, writer: asyncio.StreamWriter, frames: AsyncIterator[bytes]) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"x-request-id: req_test_0001\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        async for frame in frames:
            if not frame:
                return False  # cut: no last chunk
            writer.write(b"%x\r\n%s\r\n" % (len(frame), frame))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    # --- answers ------------------------------------------------------------------------------------------------------

    def _refused(self, request: Request) -> Response | None:
        header = request.headers.get("authorization", "")
        if self.key is None or header == f"Bearer {self.key}":
            return None
        masked = header.removeprefix("Bearer ")[:6] + "***"
        body = error_body(f"Incorrect API key provided: {masked}.", "invalid_request_error", "invalid_api_key")
        return Response(401, body)

    def _answer(self, request: Request, path: str) -> "Response | AsyncIterator[bytes]":
        match request.method, path:
            case "GET", "/models":
                return Response(body={"object": "list", "data": [_listed(*model) for model in self.models]})
            case "POST", "/chat/completions":
                return self._chat(request.json)
            case "POST", "/embeddings":
                return self._embeddings(request.json)
            case "POST", "/audio/transcriptions":
                return self._transcription(request.parts)
        return Response(404, error_body(f"Invalid URL ({request.method} {request.path})", "invalid_request_error"))

    def _unknown(self, model: Any) -> Response | None:
        if model in [known for known, _ in self.models]:
            return None
        message = f"The model `{model}` does not exist or you do not have access to it."
        return Response(404, error_body(message, "invalid_request_error", "model_not_found"))

    def _chat(self, ask: dict[str, Any]) -> "Response | AsyncIterator[bytes]":
        if unknown := self._unknown(ask.get("model")):
            return unknown
        if not isinstance(ask.get("messages"), list) or not ask["messages"]:
            return _bad("messages must be a non-empty array", "messages")
        if "stream_options" in ask and not ask.get("stream"):
            return _bad("stream_options is only allowed with stream", "stream_options")
        for name in NOT_FOR_REASONING:
            if name in ask and ask["model"].startswith(REASONING):
                return _bad(
                    f"Unsupported parameter: '{name}' is not supported with this model.", name, "unsupported_parameter"
                )
        if ask.get("stream"):
            return self._frames(ask)
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self.chat.pieces), "refusal": None}
        if self.chat.thinking:
            message["reasoning_content"] = "".join(self.chat.thinking)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.chat.finish}
        return Response(body={**_head(ask, "chat.completion"), "choices": [choice], "usage": self._usage()})

    async def _frames(self, ask: dict[str, Any]) -> AsyncIterator[bytes]:
        chat, head = self.chat, _head(ask, "chat.completion.chunk")

        def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return _data({**head, "choices": [choice], "usage": None, "obfuscation": "x"})

        yield event({"role": "assistant", "content": "", "refusal": None})
        for thought in chat.thinking:
            yield event({"reasoning_content": thought})
        for place, piece in enumerate(chat.pieces):
            if place == chat.break_after:
                yield _data(chat.error) if chat.error else b""
                return
            if chat.pause:
                await asyncio.sleep(chat.pause)
            yield event({"content": piece})
            if chat.hold:
                await asyncio.to_thread(chat.hold.wait, 30)
        yield event({}, chat.finish)
        if (ask.get("stream_options") or {}).get("include_usage"):
            yield _data({**head, "choices": [], "usage": self._usage(), "obfuscation": ""})
        yield b"data: [DONE]\n\n"

    def _usage(self) -> dict[str, Any]:
        chat = self.chat
        return {
            "prompt_tokens": chat.prompt_tokens,
            "completion_tokens": chat.completion_tokens,
            "total_tokens": chat.prompt_tokens + chat.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": chat.reasoning_tokens},
        }

    def _embeddings(self, ask: dict[str, Any]) -> Response:
        if unknown := self._unknown(ask.get("model")):
            return unknown
        texts = [ask["input"]] if isinstance(ask.get("input"), str) else ask.get("input") or []
        if not texts or not all(texts) or len(texts) > 2048:
            return _bad("'input' is invalid: 1 to 2,048 texts, none of them empty", "input")
        vectors = [vector_of(text, ask.get("dimensions", self.dimensions)) for text in texts]
        packed = ask.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": _pack(vector) if packed else vector}
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return Response(body={"object": "list", "model": ask["model"], "data": data[::-1], "usage": usage})

    def _transcription(self, parts: dict[str, Any]) -> Response:
        if unknown := self._unknown(parts.get("model")):
            return unknown
        name, media, content = parts.get("file", ("", "", b""))
        if not name.rpartition(".")[2] or not media or not content:
            return _bad("Unrecognized file format.", "file")
        response_format = parts.get("response_format", "json")
        if response_format != "json" and parts["model"] != "whisper-1":
            return _bad(
                f"response_format '{response_format}' is not compatible with this model.",
                "response_format",
                "unsupported_value",
            )
        if response_format == "text":
            return Response(body=TRANSCRIPT + "\n")
        usage = {"type": "duration", "seconds": 4}
        if response_format == "verbose_json":
            segments = [
                {"id": n, "seek": 0, "start": a, "end": b, "text": " " + t} for n, (a, b, t) in enumerate(SEGMENTS)
            ]
            task = {"task": "transcribe", "language": "english", "duration": 3.25, "text": TRANSCRIPT}
            return Response(body={**task, "segments": segments, "usage": usage})
        return Response(body={"text": TRANSCRIPT, "usage": usage})


def _listed(model: str, ends: str | None) -> dict[str, Any]:
    return {"id": model, "object": "model", "created": CREATED, "owned_by": "system", "shutdown_date": ends}


def _head(ask: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-A1",
        "object": kind,
        "created": CREATED,
        "model": ask["model"],
        "system_fingerprint": "fp_0",
    }


def _data(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _bad(message: str, param: str, code: str | None = None) -> Response:
    return Response(400, error_body(message, "invalid_request_error", code, param))


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _parts(media: str, body: bytes) -> dict[str, Any]:
    """The parts of a form: text as it is, a file as (file name, media type, content), repeated `name[]` as a list."""
    raw = b"Content-Type: " + media.encode() + b"\r\n\r\n" + body
    parts: dict[str, Any] = {}
    for part in email.message_from_bytes(raw, policy=email.policy.HTTP).iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str) and isinstance(content, bytes)
        if part.get_filename():
            parts[name] = (part.get_filename(), part.get_content_type() if "content-type" in part else "", content)
        elif name.endswith("[]"):
            parts.setdefault(name, []).append(content.decode())
        else:
            parts[name] = content.decode()
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server on loopback.")
    parser.add_argument("port", type=int)
    parser.add_argument("--key", help="the only key that is accepted; any without this")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds before each piece of an answer")
    args = parser.parse_args()
    with OpenAIServer(args.key, args.port) as server:
        server.chat.pause = args.pause
        print(server.url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
