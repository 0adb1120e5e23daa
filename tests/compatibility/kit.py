"""What the stored files were written with and are opened with: a gateway on loopback, commands as a shell runs them.

Only the command words are used, each in a process of its own: nothing here knows a module of the program.
"""

import base64
import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.doubles import command_server

ROOT = Path(__file__).parent.parent.parent
PASSPHRASE = "correct-horse-fixture"
BUNDLE_PASSPHRASE = "bundle-horse-fixture"
PROTECTED = "north-lab"
"""The tenant that has a passphrase."""

TENANTS = ("acme", "guest", PROTECTED)
PROVIDERS = ("azure_openai", "huggingface", "openai", "openai_compatible", "spark", "wenxin")
MODELS = ("gpt-5.4-mini", "gpt-6-sol", "text-embedding-3-small", "gpt-transcribe", "whisper-1")

QUESTIONS: dict[str, tuple[str, ...]] = {
    "tenant list": ("tenant", "list"),
    "trial show": ("trial", "show"),
    "audit verify": ("audit", "verify"),
    "vault status --operator": ("vault", "status", "--operator"),
    **{
        f"{tenant}: {' '.join(words)}": (*words, "-t", tenant)
        for tenant in TENANTS
        for words in (
            ("provider", "list"),
            ("provider", "show", "openai"),
            ("model", "list"),
            ("default", "show"),
            ("vault", "status"),
            ("vault", "restore"),
            *(("credential", "list", provider) for provider in PROVIDERS if tenant != "guest"),
        )
    },
}
"""What is asked of the stored files, each with `--json`."""

_WORDING = {"readers", "words", "sentence", "loose", "together", "nearest", "proposed", "docs", "key_page", "about"}
"""Entries that depend on the wording of a version, on the day, or on the machine."""


_SINCE: dict[str, Any] = {
    **dict.fromkeys(("expires", "every_days", "due_on", "reference")),
    **{"agent": False, "exposed": [], "history": {"available": True, "chats": 0, "days": 0, "on": False}},
    **{"format": "modeldeck", "keys": [], "shredded": False, "fallbacks": [], "unlisted": [], "chats": 0},
}
"""Entries that this version did not have, and what they say of what it wrote."""


def stable(answer: Any) -> Any:
    """An answer without what may differ while the stored files are read as they should be."""
    if isinstance(answer, list):
        return [stable(row) for row in answer]
    if not isinstance(answer, dict):
        return answer
    stored = {name: stable(value) for name, value in answer.items() if name not in _WORDING}
    if stored.get("ends"):
        stored.pop("state", None)  # how near the end is depends on the day
    if "lacks" in stored:
        # `Wenxin, changed 22 Nov 13:51`, or the command that sets up what is lacking
        stored["lacks"] = [text.partition(",")[0].partition(" needs ")[0] for text in stored["lacks"]]
    for name, empty in _SINCE.items():
        if name in stored and stored[name] == stable(empty):
            del stored[name]
    stored.pop("urls", None)  # of an import, since the version after
    if "fields" in stored and isinstance(stored["fields"], list):
        stored["fields"] = {row["name"]: row["value"] for row in stored["fields"]}
    return stored


class Gateway:
    """A server on loopback that speaks OpenAI's wire, and a proxy for hosts that do not exist; any key is accepted."""

    def __init__(self) -> None:
        self.models: Sequence[str] = MODELS
        self.keys: list[tuple[str, str, str]] = []
        """Host, path and `Authorization` of every request."""
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                gateway._answer(self)

            def do_POST(self) -> None:
                gateway._answer(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> "Gateway":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        query = json.loads(request.rfile.read(int(request.headers.get("Content-Length", 0))) or b"{}")
        place = urlsplit(request.path)
        self.keys.append((place.hostname or "127.0.0.1", place.path, request.headers.get("Authorization", "")))
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        answer: dict[str, Any]
        if place.path.endswith("/models"):
            listed = [{"id": model, "object": "model", "created": 1795300000, "owned_by": "x"} for model in self.models]
            answer = {"object": "list", "data": listed}
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": "A blue sky."}, "finish_reason": "stop"}
            answer = {"id": "c1", "object": "chat.completion", "model": query.get("model"), "choices": [choice]}
            answer["usage"] = usage
        body = json.dumps(answer).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Home:
    """A workspace: a folder with `data`, `keys` and `config` in it."""

    path: Path
    proxy: str = ""

    def environ(self) -> dict[str, str]:
        """A clean environment with these folders, and the user's home an empty one among them."""
        (self.path / "home").mkdir(mode=0o700, exist_ok=True)
        return {
            "HOME": str(self.path / "home"),
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "PYTHONPATH": str(ROOT),
            "MODELDECK_DATA_DIR": str(self.path / "data"),
            "MODELDECK_KEY_DIR": str(self.path / "keys"),
            "MODELDECK_CONFIG_DIR": str(self.path / "config"),
            "SSH_CONNECTION": "203.0.113.5 50022 203.0.113.9 22",
            **({"http_proxy": self.proxy} if self.proxy else {}),
        }

    def run(self, *words: str, stdin: str = "", passphrase: str = "", handed: Sequence[str] = ()) -> Ran:
        """Runs a command; fails unless it ends well.

        Args:
            words: The command.
            stdin: What it reads.
            passphrase: That of the tenant, handed over in the environment.
            handed: Passphrases for `--passphrase-fd`, in their order.
        """
        ran = self.tried(*words, stdin=stdin, passphrase=passphrase, handed=handed)
        assert ran.code == 0, f"modeldeck {' '.join(words)}: {ran.code}\n{ran.out}{ran.err}"
        return ran

    def tried(self, *words: str, stdin: str = "", passphrase: str = "", handed: Sequence[str] = ()) -> Ran:
        """The same, however the command ends."""
        environ = self.environ() | ({"MODELDECK_PASSPHRASE": passphrase} if passphrase else {})
        descriptors: tuple[int, ...] = ()
        if handed:
            reading, writing = os.pipe()
            os.write(writing, "".join(f"{secret}\n" for secret in handed).encode())
            os.close(writing)
            words, descriptors = (*words, "--passphrase-fd", str(reading)), (reading,)
        try:
            done = command_server.run(words, environ, self.path, stdin.encode(), descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return Ran(done.code, done.out.decode(), done.err.decode())

    def query(self, *words: str, **more: Any) -> Any:
        """What a command answers as JSON, as far as it is stable, with this folder's path written as `ROOT`."""
        ran = self.tried(*words, "--json", **more)
        assert ran.out, f"modeldeck {' '.join(words)}: {ran.code}\n{ran.err}"
        return stable(json.loads(ran.out.replace(str(self.path), "ROOT")))

    def secrets(self, tenant: str) -> dict[str, dict[str, dict[str, str]]]:
        """Every secret of a tenant in clear, by provider, credential and field: what its envelopes open to."""
        handed = [*([PASSPHRASE] if tenant == PROTECTED else []), BUNDLE_PASSPHRASE]
        bundle = open_secrets(
            json.loads(self.run("export", tenant, "--with-secrets", handed=handed).out), BUNDLE_PASSPHRASE
        )
        return secrets_of(bundle)

    def state(self, tenant: str) -> dict[str, Any]:
        """All of a tenant's settings, by the digest of their readable export and by the secrets in clear."""
        return {"settings": digest(self.run("export", tenant).out), "secrets": self.secrets(tenant)}

    def imported(self, tenant: str, bundle: Path) -> dict[str, Any]:
        """A new tenant made of a bundle, in this workspace that is empty: what was done, and how it is then."""
        done = self.query("import", str(bundle), "--yes", "--allow-http", handed=(BUNDLE_PASSPHRASE, ""))
        assert self.query("tenant", "list")[0]["protected"] is False
        imported = open_secrets(
            json.loads(self.run("export", tenant, "--with-secrets", handed=(BUNDLE_PASSPHRASE,)).out),
            BUNDLE_PASSPHRASE,
        )
        return {"done": done, "settings": digest(self.run("export", tenant).out), "secrets": secrets_of(imported)}


def secrets_of(bundle: Mapping[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    """The secrets of an opened bundle, by provider, credential and field; those that did not open are names only."""
    return {
        provider: {
            name: record["secrets"]
            for name, record in credential.get("credentials", {}).items()
            if record.get("secrets")
        }
        for provider, credential in bundle["providers"].items()
    }


def open_secrets(file: Mapping[str, Any], passphrase: str) -> dict[str, Any]:
    """The settings in a bundle under a passphrase, opened by another library than the program's."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    def plain(name: str) -> bytes:
        return base64.urlsafe_b64decode(file[name] + "=" * (-len(file[name]) % 4))

    bound = json.dumps({k: v for k, v in file.items() if k != "data"}, sort_keys=True, separators=(",", ":")).encode()
    memory = 128 * file["r"] * (file["n"] + file["p"] + 2)
    key = hashlib.scrypt(
        passphrase.encode(), salt=plain("salt"), n=file["n"], r=file["r"], p=file["p"], maxmem=memory, dklen=32
    )
    data: dict[str, Any] = json.loads(AESGCM(key).decrypt(plain("nonce"), plain("data"), bound))
    return data


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def sums(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a folder, by its path in there, but for lock files and what is expected."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", "expected.json"))
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
