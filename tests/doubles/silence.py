"""A clock for timeouts by silence that passes only while a double says that it is silent.

A test of a timeout then waits for no real time, and none fails on a machine that is busy with something else.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tui.practice import exchange
from tui.providers.client.silence import Clock, SilenceMonitor

LOOKS = 50
"""How many looks at a silent connection a timeout takes: what was sent before has that many chances to arrive."""

MIN_STEP, MAX_STEP = 0.005, 0.05
"""Seconds that a look makes pass."""

POLL_INTERVAL = 0.001
"""Real seconds between two looks."""


@dataclass
class _Time:
    """Seconds of silence so far, and how many doubles are silent."""

    now: float = 0.0
    silent: int = 0


_time: ContextVar[_Time] = ContextVar("time", default=_Time())  # noqa: B039 - one for all who ask for none of their own


def separate_time() -> None:
    """Give this task and its doubles a time of their own, so that many calls can run at once."""
    _time.set(_Time())


@contextmanager
def silence() -> Iterator[None]:
    """Let time pass: a double sends nothing of use until the other side gives up."""
    time = _time.get()
    time.silent += 1
    try:
        yield
    finally:
        time.silent -= 1


class SilenceClock(Clock):
    """Counts looks at a silent connection. The doubles run in the same event loop, so each look lets them act too."""

    def time(self) -> float:
        """Return the seconds of silence so far."""
        return _time.get().now

    async def wait(self, pending: "asyncio.Future[Any]", seconds: float) -> None:
        """Wait for `pending`: for so many real seconds, or as much of silence."""
        loop, time = asyncio.get_running_loop(), _time.get()
        end, real_end = time.now + seconds, loop.time() + seconds
        step = min(max(seconds / LOOKS, MIN_STEP), MAX_STEP)
        while not pending.done():
            await asyncio.wait([pending], timeout=POLL_INTERVAL if time.silent else 10 * POLL_INTERVAL)
            if time.silent:
                time.now += step  # What has come may be a comment, which is silence too.
            # At least one look, however little is left: a wait that makes no time pass would be asked for without end.
            if time.now >= end or loop.time() >= real_end:
                return


@contextmanager
def silence_clock() -> Iterator[None]:
    """Measure silence by such a clock, that of a practice provider too."""

    async def stall() -> None:
        with silence():
            await asyncio.Event().wait()

    separate_time()
    with patch.object(SilenceMonitor, "clock", SilenceClock()), patch.object(exchange, "stall", stall):
        yield
