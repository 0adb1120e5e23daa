"""Every handler, action and worker of the console raises once, with a canary in its hands, on a real terminal.

A walk by keys through practice is recorded first; each function of a screen, widget or the app that it calls is a site.
Then a console walks once for each site, which raises; each is a fork, as loading takes longer than walking.
"""

import contextlib
import functools
import importlib
import inspect
import os
import pkgutil
import random
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.dom import DOMNode

import tui.console
from tests.campaign.figures import Result
from tests.terminal import Terminal, environ
from tui.cli import main
from tui.console.app import Modeldeck
from tui.practice.tenants import practice_session

_ESC, _DOWN = "\x1b", "\x1b[B"
WALK = (
    *("j", _DOWN, "\r", _ESC, "/", "o", _ESC, "?", _ESC, ":", "m", _ESC, _ESC),  # providers, help, commands
    *("2", _DOWN, "\r", _ESC, "a", _ESC, "3", "\r", _DOWN, _ESC, "t"),  # models, defaults
    *("4", "h", "i", "\r", _ESC, "p", _ESC, "m", _ESC, "\x1b[5~"),  # the playground
    *("0", "n", "x", _ESC, _ESC, "\x0c"),  # tenants
)
_OPENING = frozenset("\r?:01234")
"""Keys that open a screen, where the next key belongs."""
NAMES = ("on_", "_on_", "action_", "watch_", "compose", "validate_")
STOCK = "tui.console.app:Modeldeck.action_area"
"""The site of the control."""
CANARY = "-".join(("CANARY", "in", "hand"))
Site = tuple[str, type, str, Callable[..., Any]]
"""Its name, and the class, the name and the function there."""

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
SENTENCE = re.compile(rb"Modeldeck crashed; this is a bug")


def sites(count: int, seed: int) -> Result:
    """That many sites of those that the walk reaches (0: all); the control prints its crash as stock Textual does."""
    _every()
    practice_session()
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "sites"
        _walk(Path(folder), "record", os.fspath(record))
        reached = sorted(record.read_text().split())
        chosen = random.Random(seed).sample(reached, min(count or len(reached), len(reached)))
        outcomes = {place: _outcome(Path(folder), place) for place in chosen}
        # A walk that a busy machine held up may miss the site; one that meets it tells.
        caught = any(CANARY.encode() in _walk(Path(folder), "stock", STOCK)[0] for _ in range(5))
    bad = {site: outcome for site, outcome in outcomes.items() if outcome not in ("ended", "went on")}
    ended = sum(outcome == "ended" for outcome in outcomes.values())
    survived = len(chosen) - ended - len(bad)
    words = f"of {len(reached)} sites reached: {ended} end it with one sentence, {survived} let it go on"
    details = "".join(f"; {site}: {outcome}" for site, outcome in bad.items())
    return Result(len(chosen), len(bad), words + details, "stock Textual prints what was in hand", caught)


def _outcome(folder: Path, site: str) -> str:
    """Return `ended` (with one sentence) or `went on`, or what was wrong."""
    home = Path(tempfile.mkdtemp(dir=folder))
    try:
        raw, code = _walk(home, "raise", site)
    except AssertionError:
        return "still running"
    stored = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    if CANARY.encode() in raw + stored:
        return "what was in hand is shown"
    if b"Traceback" in raw:
        return "a traceback"
    if raw.count(ENTERED) != raw.count(LEFT):
        return "the screen is not restored"
    if code == 1:
        return "ended" if SENTENCE.search(raw.rsplit(LEFT, 1)[-1]) else "no sentence"
    return "went on" if code == 0 else f"exit code {code}"


def _walk(home: Path, how: str, what: str) -> tuple[bytes, int]:
    """The terminal's bytes and the exit code of a walk."""
    with Terminal(functools.partial(_console, how, what), environ(home)) as terminal:

        def ended() -> bool:
            # A bug in a worker is a sentence on the screen, and the console goes on.
            return LEFT in terminal.raw or (ENTERED not in terminal.raw and bool(SENTENCE.search(terminal.raw)))

        with contextlib.suppress(AssertionError, OSError):
            # A key for a list that is not there yet is lost, and the walk would be another one.
            terminal.until(lambda: "enter open" in terminal.text or ended())
            terminal.send("\r")
            terminal.until(lambda: "[1 Providers]" in terminal.text or ended())
            terminal.until(lambda: "enter open" in terminal.text or ended())
            for key in WALK:
                if ended():
                    break
                terminal.send(key)
                terminal.settle(0.3 if key in _OPENING else 0.04, 1)
        with contextlib.suppress(OSError):
            # Again where a busy machine left the walk on another screen: an area, for the control, and the end.
            for key in ("\x1b", "\x1b", "2", "\x11", "\x1b[B", "\r") * 6:
                if ended():
                    break
                terminal.send(key)
                terminal.settle(0.2, 1)
        code = terminal.wait(60)
        return bytes(terminal.raw), code


@functools.cache
def _every() -> tuple[Site, ...]:
    """The functions that may raise: handlers, actions, watchers, and all that run as coroutines."""
    for module in pkgutil.walk_packages(tui.console.__path__, "tui.console."):
        importlib.import_module(module.name)
    modules = [name for name in sys.modules if name.startswith("tui.console.")]
    kinds = [kind for name in modules for kind in vars(sys.modules[name]).values() if inspect.isclass(kind)]
    return tuple(
        (f"{kind.__module__}:{kind.__name__}.{name}", kind, name, function)
        for kind in dict.fromkeys(kinds)
        if kind.__module__ in modules and issubclass(kind, DOMNode)
        for name, function in vars(kind).items()
        if inspect.isfunction(function) and (name.startswith(NAMES) or inspect.iscoroutinefunction(function))
    )


def _wrap(function: Callable[..., Any], before: Callable[[], None]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def waiting(*args: Any, **named: Any) -> Any:
            before()
            return await function(*args, **named)

        return waiting

    @functools.wraps(function)
    def calling(*args: Any, **named: Any) -> Any:
        before()
        return function(*args, **named)

    return calling


def _raise_at() -> None:
    in_hand = {"key": CANARY}
    raise RuntimeError(f"said {in_hand['key']}", in_hand)


def _console(how: str, what: str) -> int:
    """The console in practice: it records the sites it reaches in a file, or raises at one."""
    for site, kind, name, function in _every():
        if how == "record":
            setattr(kind, name, _wrap(function, functools.partial(_note, Path(what), site)))
        elif site == what:
            setattr(kind, name, _wrap(function, _raise_at))
    if how == "stock":
        Modeldeck._handle_exception = App._handle_exception  # type: ignore[method-assign]
    return main(["practice"])


_noted: set[str] = set()


def _note(path: Path, site: str) -> None:
    if site not in _noted:
        _noted.add(site)
        with path.open("a") as file:
            file.write(f"{site}\n")
