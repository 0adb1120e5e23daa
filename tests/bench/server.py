"""An OpenAI-compatible server on loopback that streams an answer at a fixed pace, as a process of its own.

python -m tests.bench.server [--rate TOKENS_A_SECOND] [--models N] [--first SECONDS] [--faulty]   prints its base URL
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ANSWER = "\n\n".join([(Path(__file__).parent / "programs/answer.md").read_text().strip()] * 2)
"""The text of every answer."""


def tokens() -> list[str]:
    """The answer in words with the blanks before them, none longer than 12 characters."""
    return [word[n : n + 12] for word in re.findall(r"\s*\S+|\s+$", ANSWER) for n in range(0, len(word), 12)]


def events(pieces: Sequence[str], messages: int = 1) -> list[bytes]:
    """The events of a streamed answer to that many messages as they stand on the wire; each counts as one token."""
    common = {"id": "chatcmpl-1", "created": 1, "model": "paced", "object": "chat.completion.chunk"}

    def event(delta: dict[str, str], reason: str | None = None) -> dict[str, Any]:
        return {**common, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    usage = {"prompt_tokens": messages, "completion_tokens": len(pieces), "total_tokens": messages + len(pieces)}
    chunks = [event({"role": "assistant", "content": ""}), *(event({"content": piece}) for piece in pieces)]
    chunks += [event({}, "stop"), {**common, "choices": [], "usage": usage}]
    return [b"data: %s\n\n" % text.encode() for text in (*map(json.dumps, chunks), "[DONE]")]


@contextmanager
def paced(rate: float = 200, models: int = 1, first: float = 0.0, faulty: bool = False) -> Iterator[str]:
    """The base URL of a server that answers with `rate` tokens a second (0: at once) and lists that many models.

    An answer begins after `first` seconds. With `faulty`, the third model fails and the fourth never answers.
    """
    command = [sys.executable, "-m", "tests.bench.server", "--rate", str(rate), "--models", str(models)]
    command += ["--first", str(first), *(["--faulty"] if faulty else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


async def _serve(rate: float, models: int, first: float, faulty: bool) -> None:
    pieces = tokens()
    listed = [{"id": "paced", "object": "model", "created": 1, "owned_by": "local"}]
    listed += [{"id": f"family-{n % 97}/model-{n:05}", "object": "model"} for n in range(1, models)]
    listing = json.dumps({"object": "list", "data": listed}).encode()
    whole = json.dumps({"choices": [{"index": 0, "message": {"content": "OK"}, "finish_reason": "stop"}]}).encode()

    async def stream(writer: asyncio.StreamWriter, model: str, messages: int) -> None:
        if faulty and model.endswith("-00002"):
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            return
        if faulty and model.endswith("-00003"):
            await asyncio.Event().wait()
        await asyncio.sleep(first)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        clock = asyncio.get_running_loop().time
        began = clock()
        for number, frame in enumerate(events(pieces, messages)):
            if rate and (wait := began + number / rate - clock()) > 0:
                await asyncio.sleep(wait)
            writer.write(b"%x\r\n%s\r\n" % (len(frame), frame))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = re.search(r"content-length: (\d+)", head)
                content = await reader.readexactly(int(length[1])) if length else b""
                question = json.loads(content or b"{}")
                if question.get("stream"):
                    await stream(writer, question["model"], len(question["messages"]))
                else:
                    body = whole if "/chat/completions" in head else listing
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                    writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--models", type=int, default=1)
    parser.add_argument("--first", type=float, default=0.0)
    parser.add_argument("--faulty", action="store_true")
    asyncio.run(_serve(**vars(parser.parse_args())))
