"""Timeouts by silence wait for no real time."""

from collections.abc import Iterator

import pytest

from tests.doubles import silence


@pytest.fixture(autouse=True)
def silence_clock() -> Iterator[None]:
    """Measure silence by a clock that passes while a double is silent."""
    with silence.silence_clock():
        yield
