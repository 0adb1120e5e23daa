"""How screen tests run the console in practice mode and read what it shows."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, TypeVar

from textual.css.query import NoMatches
from textual.pilot import Pilot
from textual.screen import Screen

from tests.console import shared_styles
from tests.doubles.practice import practice_session
from tui.console.app import Modeldeck
from tui.console.frame.splash import SplashScreen
from tui.tenancy.session import Session

SIZE = (80, 24)
S = TypeVar("S", bound=Screen[Any])

shared_styles.share()


@asynccontextmanager
async def console(
    session: Session | None = None,
    tenant: str | None = "acme",
    size: tuple[int, int] = SIZE,
    frames: bool = False,
) -> AsyncIterator[Pilot[str]]:
    """The console on practice providers, on a terminal of `size` columns and rows; with `frames` each is drawn."""
    app = Modeldeck(session or practice_session(), tenant)
    keep_notices(app)
    if not frames:
        shared_styles.draw_no_frames(app)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: not isinstance(app.screen, SplashScreen))
        await pilot.pause()
        yield pilot


def keep_notices(app: Modeldeck) -> None:
    """Show notices for a minute: on a busy machine their seconds pass between two looks of a test."""
    notify = app.notify
    app.notify = lambda text, **options: notify(text, **{**options, "timeout": 60})  # type: ignore[method-assign]


def app_of(pilot: Pilot[str]) -> Modeldeck:
    """Return the console that a pilot drives."""
    assert isinstance(pilot.app, Modeldeck)
    return pilot.app


def screen_of(pilot: Pilot[str], kind: type[S]) -> S:
    """Return the screen on top, which is of that type."""
    assert isinstance(pilot.app.screen, kind)
    return pilot.app.screen


def rows(pilot: Pilot[str]) -> list[str]:
    """The rows of the screen as text, trailing blanks cut."""
    return [strip.text.rstrip() for strip in pilot.app.screen._compositor.render_strips()]


def shown(pilot: Pilot[str]) -> str:
    """The whole screen as text."""
    return "\n".join(rows(pilot))


async def until(pilot: Pilot[str], condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds; after `seconds` fail with the screen.

    A condition about a widget that is not mounted yet, or is being replaced, does not hold.
    """
    deadline, pause = monotonic() + seconds, 0.01
    while not _holds(condition):
        if monotonic() > deadline:
            raise AssertionError("not reached; the screen:\n" + shown(pilot))
        await pilot.pause(pause)
        pause = min(0.1, pause * 1.3)  # a condition often draws the screen, which is most of the work of a wait


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except NoMatches:
        return False


async def windows(pilot: Pilot[str], *sizes: tuple[int, int]) -> AsyncIterator[tuple[int, int]]:
    """Resize the window to each size in turn, and yield the size once the screen has it."""
    for size in sizes:
        await pilot.resize_terminal(*size)
        await until(pilot, lambda size=size: pilot.app.screen._compositor.size == size)  # type: ignore[misc]
        await pilot.pause()
        yield size


async def until_shown(pilot: Pilot[str], text: str, seconds: float = 60.0) -> None:
    """Wait until a text stands on the screen."""
    await until(pilot, lambda: text in shown(pilot), seconds)
