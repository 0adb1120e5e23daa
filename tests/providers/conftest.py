"""A clock for timeouts by silence that does not run while the machine is busy with something else."""

import sys
import time
from typing import Any

import pytest

from tui.providers.client.silence import SilenceMonitor

LONGEST_STEP = 0.05
"""Seconds that pass at most from one look at the clock to the next."""


class StallProofTime:
    """The `time` module, but its monotonic clock skips what a test process spent waiting for a processor."""

    def __init__(self) -> None:
        self._real, self._now = time.monotonic(), 0.0

    def monotonic(self) -> float:
        """Return seconds; a gap in which nothing here ran counts as one step."""
        real = time.monotonic()
        self._now += min(real - self._real, LONGEST_STEP)
        self._real = real
        return self._now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@pytest.fixture(autouse=True)
def stall_proof_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure silence by that clock."""
    monkeypatch.setattr(sys.modules[SilenceMonitor.__module__], "time", StallProofTime())
