"""A model server on loopback that serves one type of model, as llama.cpp, infinity or a whisper server do.

    python tests/doubles/local_server.py chat|embedding|speech2text

It prints its base URL and runs until its standard input is closed. Any other route is answered with 404.
"""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

MODELS = {"chat": "qwen3-8b", "embedding": "bge-m3", "speech2text": "whisper-large"}
ROUTES = {
    "chat": "/v1/chat/completions",
    "embedding": "/v1/embeddings",
    "speech2text": "/v1/audio/transcriptions",
}


class Handler(BaseHTTPRequestHandler):
    """Answer the list of models and the one route."""

    protocol_version = "HTTP/1.1"
    kind = ""

    def do_GET(self) -> None:
        """List the one model."""
        if self.path == "/v1/models":
            self._send({"object": "list", "data": [{"id": MODELS[self.kind], "object": "model"}]})
        else:
            self._send({"error": {"message": "Not Found"}}, 404)

    def do_POST(self) -> None:
        """Answer a request of the type."""
        body = self._body()
        if self.path != ROUTES[self.kind]:
            self._send({"error": {"message": "Not Found"}}, 404)
        elif self.kind == "chat":
            self._chat(json.loads(body))
        elif self.kind == "embedding":
            texts = json.loads(body)["input"]
            data = [
                {"index": index, "embedding": [1.0, float(len(text)), 0.5]}
                for index, text in enumerate([texts] if isinstance(texts, str) else texts)
            ]
            self._send({"object": "list", "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        else:
            self._send({"text": "words of the whisper server"})

    def _chat(self, ask: dict[str, Any]) -> None:
        answer = {"role": "assistant", "content": "words of the chat server"}
        if not ask.get("stream"):
            self._send({"choices": [{"index": 0, "message": answer, "finish_reason": "stop"}]})
            return
        frames = [
            {"choices": [{"index": 0, "delta": answer, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        ]
        text = "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames) + "data: [DONE]\n\n"
        self._send(text.encode(), kind="text/event-stream")

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, value: Any, status: int = 200, kind: str = "application/json") -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Write no log."""


@contextmanager
def running(kind: str) -> Iterator[str]:
    """Run the server as a process of its own; yield its base URL."""
    with Popen([sys.executable, str(Path(__file__)), kind], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def main() -> None:
    """Serve until standard input is closed."""
    Handler.kind = sys.argv[1]
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}/v1", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
