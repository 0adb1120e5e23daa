"""Batches on a server that limits rates and cuts streams, killed at random moments and continued."""

import json
import random
import subprocess
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.bench.homes import MODELDECK, modeldeck
from tests.campaign.figures import Result
from tests.terminal import environ

MODELS = ("alpha", "beta")
CONCURRENCY = 8
BUSY, CUT = 0.05, 0.01


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.in_flight = self.most = self.sent = 0
        self.outcomes: Counter[str] = Counter()

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that was killed."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    counted = 0

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._whole(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server = self.server
        with server.lock:
            server.in_flight += 1
            self.counted = 1
            server.most = max(server.most, server.in_flight)
            chance = server.random.random()
        try:
            if chance < BUSY:
                server.outcomes["429"] += 1
                self._whole(429, {"error": {"message": "slow down", "type": "rate_limit"}}, ("retry-after", "0"))
                return
            self._stream(body, cut=chance < BUSY + CUT)
        except OSError:
            self.close_connection = True
        finally:
            self._leave()

    def _leave(self) -> None:
        """Count the request as over: before its last bytes, which the client may follow with the next one."""
        with self.server.lock:
            self.server.in_flight -= self.counted
            self.counted = 0

    def _whole(self, status: int, shape: object, *headers: tuple[str, str]) -> None:
        content = json.dumps(shape).encode()
        self.send_response(status)
        for name, value in (("content-type", "application/json"), ("content-length", str(len(content))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self._leave()
        self.wfile.write(content)

    def _stream(self, body: dict[str, object], *, cut: bool) -> None:
        messages = body["messages"]
        assert isinstance(messages, list)
        text = f"{body['model']} answers {messages[-1]['content']}"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in (text[:5], text[5:]):
            self.wfile.write(b"data: " + json.dumps({"choices": [{"delta": {"content": piece}}]}).encode() + b"\n\n")
            self.wfile.flush()
            if cut:
                self.server.outcomes["cut"] += 1
                self._leave()
                return
        end = {
            "choices": [{"delta": {}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        }
        self.server.outcomes["answered"] += 1
        self._leave()
        self.wfile.write(b"data: " + json.dumps(end).encode() + b"\n\ndata: [DONE]\n\n")


def kill_batches(count: int, seed: int) -> Result:
    """Send `count` prompts to two models with three kills, and look at every row.

    The control is the file right after a kill, without the repair: it is short of rows, or ends in half a one.
    """
    chosen = random.Random(seed)
    server = _Server(seed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        home, out = Path(folder) / "home", Path(folder) / "out.jsonl"
        home.mkdir()
        modeldeck(home, "tenant", "create", "acme")
        url = f"http://127.0.0.1:{server.server_port}/v1"
        modeldeck(home, "provider", "set", "openai_compatible", f"base_url={url}")
        prompts = Path(folder) / "prompts.txt"
        prompts.write_text("".join(f"prompt {number}\n" for number in range(count)))
        models = [word for name in MODELS for word in ("-m", f"openai_compatible/{name}")]
        command = [*MODELDECK, "batch", str(prompts), *models, "-o", str(out), "-c", str(CONCURRENCY), "--json"]
        short = 0
        for kill in range(3):
            running = subprocess.Popen(command, env=environ(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _until(out, chosen.uniform(0.1, 0.9) * count * len(MODELS) * (kill + 1) / 4, running)
            running.kill()
            running.wait()
            content = out.read_bytes() if out.exists() else b""
            short += content.count(b"\n") < count * len(MODELS) or not content.endswith(b"\n")
        done = subprocess.run(command, env=environ(home), capture_output=True, text=True, check=False)
        server.shutdown()
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    expected = [(f"prompt {number}", f"openai_compatible/{name}") for number in range(count) for name in MODELS]
    stored = [(row["prompt"], row["model"]) for row in rows]
    bad = sum(one != other for one, other in zip(expected, stored, strict=False))
    bad += abs(len(expected) - len(stored)) + (done.returncode != 0) + (server.most > CONCURRENCY)
    bad += sum(row["text"] != f"{row['model'].partition('/')[2]} answers {row['prompt']}" for row in rows)
    outcomes = ", ".join(f"{number:,} {name}" for name, number in sorted(server.outcomes.items()))
    words = f"{len(rows):,} rows, each once and in order; most in flight {server.most} of {CONCURRENCY}; {outcomes}"
    return Result(len(expected), bad, words, f"the file right after a kill is incomplete {short} of 3 times", short > 0)


def _until(out: Path, size: float, running: "subprocess.Popen[bytes]") -> None:
    """Wait until the file has about that many rows, or the command has ended."""
    deadline = time.monotonic() + 120
    while running.poll() is None and time.monotonic() < deadline:
        if out.exists() and out.read_bytes().count(b"\n") >= size:
            return
        time.sleep(0.02)
