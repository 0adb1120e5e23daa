"""Commands as a shell runs them: in a process of their own, or by `main` where the process is not the point."""

import asyncio
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import tui.cli
import tui.cli.secret_input
import tui.process.hardening
import tui.tenancy.session
from tests.cli.schemas import require_schema
from tests.doubles import command_server, keys
from tests.doubles.openai_server import OpenAIServer
from tui.cli.output import Output
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.tenancy.session import Session, open_session
from tui.vault import key_pair
from tui.workspace import tenants

ROOT = Path(__file__).parent.parent.parent
KEY = "sk-test-not-a-real-key-0123456789-wxyz"


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


def environ(home: Path) -> dict[str, str]:
    """A clean environment: a home of its own, and no variable that a provider reads."""
    return {
        "HOME": str(home),
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "NO_PROXY": "*",
    }


def run_process(
    home: Path, *words: str, stdin: str = "", pass_fds: Sequence[int] = (), env: Mapping[str, str] | None = None
) -> Ran:
    """Run `modeldeck` in a process of its own, without a terminal; `env` is added to a clean environment."""
    done = command_server.run(words, {**environ(home), **(env or {})}, home, stdin.encode(), pass_fds)
    out = done.out.decode()
    require_schema(words, out)
    return Ran(done.code, out, done.err.decode())


def open_with_small_keys(environ: Mapping[str, str]) -> Session:
    """Open a session whose new key pairs are small and whose new passphrases are cheap to derive from."""
    return replace(open_session(environ), key_bits=BITS, key_cost=COST)


def make_home(home: Path, tenant: str, passphrase: str = "") -> Path:
    """Make a home with one tenant, as `tenant create` does, but with a small key pair that a passphrase opens soon."""
    session = open_with_small_keys(environ(home))
    asyncio.run(tenants.create(session, tenant, Secret(passphrase) if passphrase else None))
    return home


@pytest.fixture(scope="session")
def template_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the tenant acme, made once."""
    return make_home(tmp_path_factory.mktemp("made"), "acme")


@pytest.fixture(scope="session")
def template_locked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the tenant north-lab, whose passphrase is `open sesame`."""
    return make_home(tmp_path_factory.mktemp("locked"), "north-lab", "open sesame")


def opened_elsewhere(home: Path, passphrase: str = "") -> None:
    """Let another program open what a test left in a home."""
    from tests.vault.agreement import require_agreement

    require_agreement(home / ".local/share/modeldeck", home / ".local/state/modeldeck/keys", (passphrase,))


@pytest.fixture
def home(tmp_path: Path, template_home: Path) -> Iterator[Path]:
    """A home of this test's own with the tenant acme."""
    yield shutil.copytree(template_home, tmp_path / "home")
    opened_elsewhere(tmp_path / "home")


@pytest.fixture
def locked_home(tmp_path: Path, template_locked_home: Path) -> Iterator[Path]:
    """A home of this test's own with the locked tenant north-lab."""
    yield shutil.copytree(template_locked_home, tmp_path / "home")
    opened_elsewhere(tmp_path / "home", "open sesame")


@pytest.fixture
def two_tenants(home: Path, template_locked_home: Path) -> Path:
    """A home with acme and the locked north-lab."""
    return shutil.copytree(template_locked_home, home, dirs_exist_ok=True)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A provider on loopback that accepts KEY."""
    with OpenAIServer(key=KEY) as server:
        yield server


Run = Callable[..., Ran]


@pytest.fixture
def run_in(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, in the home given first; `typed` answers hidden prompts, as on a terminal.

    New key pairs are small, and new passphrases cheap to derive from, as in `make_home`.
    """
    numbers = count()
    # Not at each command: a test may put a session of its own in its place.
    monkeypatch.setattr(tui.tenancy.session, "open_session", open_with_small_keys)

    def run(home: Path, *words: str, stdin: str = "", typed: tuple[str, ...] = (), **variables: str) -> Ran:
        for name in list(os.environ):
            if name not in ("PYTEST_CURRENT_TEST",):
                monkeypatch.delenv(name)
        for name, value in (environ(home) | variables).items():
            monkeypatch.setenv(name, value)
        answers = iter(typed)
        monkeypatch.setattr(key_pair, "generate_key_pair", lambda bits: keys.cached_pair(next(numbers)))
        monkeypatch.setattr(tui.process.hardening, "harden", lambda: None)
        monkeypatch.setattr(tui.cli.secret_input, "ask", lambda prompt: Secret(next(answers)) if typed else None)
        buffer = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        if typed:
            monkeypatch.setattr(buffer, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", buffer)
        capsys.readouterr()
        code = tui.cli.main(words)
        captured = capsys.readouterr()
        require_schema(words, captured.out)
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def modeldeck(run_in: Run, home: Path) -> Run:
    """Run a command in this process, in a home with the tenant acme."""
    return lambda *words, **more: run_in(home, *words, **more)


@pytest.fixture
def ready(modeldeck: Run, server: OpenAIServer) -> Run:
    """The same with a provider set up and the three defaults chosen."""
    done = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert done.code == 0, done.err
    for kind, model in (
        ("chat", "gpt-5.4-mini"),
        ("embedding", "text-embedding-3-small"),
        ("speech2text", "whisper-1"),
    ):
        assert modeldeck("default", "set", kind, f"openai/{model}").code == 0
    server.requests.clear()
    return modeldeck


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands of this process print to stdout as to a terminal: with headings and hints."""
    begin = Output.__init__

    def begin_on_terminal(output: Output, *args: Any, **options: Any) -> None:
        begin(output, *args, **options)
        output.decorated = True

    monkeypatch.setattr(Output, "__init__", begin_on_terminal)
