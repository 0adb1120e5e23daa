"""The console is ended or stopped by signals in every state that it can be in, on a real terminal.

Whatever it was at: the terminal is as it was before, the exit code names the signal, what was saved is there, and
what was being saved is the old state or the new one.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.campaign.figures import Result
from tests.doubles.openai_server import OpenAIServer
from tests.journey.console import ENTER, opened
from tests.terminal import Terminal, environ
from tui.domain import Model, ModelType, VerificationResult, VerificationState
from tui.practice.tenants import BITS, COST, practice_session
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.tenancy import credentials
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save
from tui.workspace.models import defaults

KEY = "sk-proj-FAKE-endings-0123456789abcdef-3f2a"
LEFT = b"\x1b[?1049l"
CODES = {"TERM": 143, "HUP": 129, "INT": 130, "QUIT": 131, "closed": 129}
"""Ways to end it; `closed` is a line that was cut."""

STOCK = "from textual.app import App; App().run()"
_TIMEOUT = 60.0


@dataclass(frozen=True)
class Place:
    """A home with one tenant."""

    home: Path

    @property
    def folder(self) -> DiskFolder:
        return DiskFolder(self.home / ".local/share/modeldeck/tenants/acme")


def at_rest(terminal: Terminal, place: Place) -> None:
    """The list of providers."""


def in_a_form(terminal: Terminal, place: Place) -> None:
    """A form with text that was not saved."""
    terminal.send(ENTER)
    terminal.until("fingerprint")
    terminal.send(ENTER)
    terminal.until("Verify and save")
    terminal.settle()
    terminal.paste("sk-proj-FAKE-not-saved-0123456789-77c0")
    terminal.until("•••")


def in_a_dialog(terminal: Terminal, place: Place) -> None:
    """A question that waits for its answer."""
    terminal.send("d")
    terminal.until("▸ [ Keep ]")


def while_answering(terminal: Terminal, place: Place) -> None:
    """An answer that goes on."""
    terminal.send("4")
    terminal.until("enter send")
    terminal.type("Why?")
    terminal.until("Why?")
    terminal.send(ENTER)
    terminal.until("piece 3")


def while_verifying(terminal: Terminal, place: Place) -> None:
    """A provider is asked and does not answer."""
    in_a_form(terminal, place)
    terminal.send(ENTER)
    terminal.until("▸ [ Verify and save ]")
    terminal.send(ENTER)
    terminal.until("asking 127.0.0.1")


def while_saving(terminal: Terminal, place: Place) -> None:
    """A default is being cleared, and another process keeps it waiting."""
    terminal.send("3")
    terminal.until("x clear")
    with place.folder.lock():
        terminal.send("x")
        terminal.until("waiting for another session")


STATES: tuple[Callable[[Terminal, Place], None], ...] = (
    at_rest,
    in_a_form,
    in_a_dialog,
    while_answering,
    while_verifying,
    while_saving,
)


def signals(count: int, seed: int) -> Result:
    """`count` states and ways, all of them before one comes again; the control is an app of stock Textual."""
    pairs = [(state, ending) for state in STATES for ending in (*CODES, "stopped")]
    chance = random.Random(seed)
    chance.shuffle(pairs)
    # Each state and each way once, however few there are.
    pairs.sort(key=lambda pair: (STATES.index(pair[0]) + [*CODES, "stopped"].index(pair[1])) % len(STATES))
    faults: Counter[str] = Counter()
    for number in range(count):
        state, ending = pairs[number % len(pairs)]
        with prepare(silent=state is while_verifying) as place:
            if wrong := try_endings(state, ending, place):
                faults[f"{state.__name__}, {ending}: {wrong}"] += 1
    with tempfile.TemporaryDirectory() as home, Terminal([sys.executable, "-c", STOCK], environ(home)) as terminal:
        terminal.until(lambda: b"\x1b[?1049h" in terminal.raw)
        terminal.settle()
        terminal.signal(signal.SIGTERM)
        code = terminal.wait()
        caught = LEFT not in terminal.raw
    control = f"stock Textual ended with {code} by SIGTERM and {'left' if caught else 'restored'} its screen"
    words = f"{count} of {len(pairs)} states and ways"
    return Result(count, sum(faults.values()), "; ".join([words, *faults]), control, caught)


def try_endings(state: Callable[[Terminal, Place], None], ending: str, place: Place) -> str:
    """What was wrong with how the console ended in that state; '' if nothing."""
    with opened(environ(place.home)) as terminal:
        terminal.until("1 Providers")
        terminal.settle()
        state(terminal, place)
        before = terminal.text
        if ending == "stopped":
            if wrong := _stop(terminal, before):
                return wrong
            ending = "TERM"
        if wrong := _end(terminal, ending):
            return wrong
    return _returns(place, state)


def _end(terminal: Terminal, ending: str) -> str:
    if ending == "closed":
        os.close(terminal.fd)
        terminal.fd = os.open(os.devnull, os.O_RDWR)
    else:
        terminal.signal(getattr(signal, f"SIG{ending}"))
    began = monotonic()
    try:
        code = terminal.wait(_TIMEOUT) if ending != "closed" else _wait(terminal)
    except AssertionError:
        return f"still running after {_TIMEOUT:.0f} s"
    if code != CODES[ending]:
        return f"exit code {code} after {monotonic() - began:.1f} s"
    if ending != "closed" and LEFT not in terminal.raw:
        return "the screen was not restored"
    return "" if b"Traceback" not in terminal.raw else "a traceback"


def _wait(terminal: Terminal) -> int:
    deadline = monotonic() + _TIMEOUT
    while monotonic() < deadline:
        pid, status = os.waitpid(terminal.pid, os.WNOHANG)
        if pid:
            terminal.exit_code = os.waitstatus_to_exitcode(status)
            return terminal.exit_code
        signal.sigtimedwait([], 0.02)
    raise AssertionError


def _stop(terminal: Terminal, before: str) -> str:
    """ctrl+z's signal, and a shell's fg: the same screen comes back."""
    terminal.signal(signal.SIGTSTP)
    deadline = monotonic() + _TIMEOUT
    while Path(f"/proc/{terminal.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        terminal.pump(0.02)
        if monotonic() > deadline:
            return "not suspended"
    terminal.settle(0.05)
    if LEFT not in terminal.raw:
        return "the screen was not restored for the shell"
    terminal.screen.reset()
    terminal.raw.clear()
    os.kill(terminal.pid, signal.SIGCONT)
    title = before.splitlines()[1][:20]
    try:
        terminal.until(title, _TIMEOUT)
        terminal.settle()
    except AssertionError:
        return f"not drawn again: {title}"
    terminal.raw.clear()
    return ""


def _returns(place: Place, state: Callable[[Terminal, Place], None]) -> str:
    session = _session(place.home)
    stored = credentials.listing(session.tenant("acme"), "openai")
    if [credential.hints for credential in stored] != [{"api_key": "3f2a"}]:
        return "the saved credential is not there"
    chosen = {row.type: row.state for row in defaults.rows(session.tenant("acme"))}
    if chosen[ModelType.CHAT] != "ready" and state is not while_saving:
        return "the saved default is not there"
    with place.folder.lock():
        return (
            "a temporary file is left"
            if any(name.startswith(".tmp-") for name in os.listdir(place.folder.path))
            else ""
        )


@contextmanager
def prepare(silent: bool = False) -> Iterator[Place]:
    """A home with a tenant that is set up at a server which answers slowly, or (`silent`) never."""
    with (
        tempfile.TemporaryDirectory() as home,
        OpenAIServer(KEY) as server,
        contextlib.closing(socket.create_server(("127.0.0.1", 0))) as deaf,
    ):
        server.chat.pieces = tuple(f"piece {n} " for n in range(10_000))
        server.chat.pause = 0.05
        nowhere = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        asyncio.run(_set_up(Path(home), nowhere if silent else server.url))
        yield Place(Path(home))


async def _set_up(home: Path, url: str) -> None:
    session = _session(home)
    await tenants.create(session, "acme")
    await save.save(
        session.tenant("acme"),
        "openai",
        {"api_key": Secret(KEY), "base_url": url},
        check=VerificationResult(VerificationState.READY, session.now()),
        listed=(Model("openai", "gpt-6-sol", ModelType.CHAT),),
    )
    await defaults.set(session.tenant("acme"), ModelType.CHAT, "openai/gpt-6-sol")


def _session(home: Path) -> Session:
    data, keys = DiskFolder(home / ".local/share/modeldeck"), DiskFolder(home / ".local/state/modeldeck/keys")
    return Session(data, keys, practice_session().client_factory, {}, key_bits=BITS, key_cost=COST)
