"""The fault matrix in figures: `python -m tests.providers.matrix` counts what the tests of this folder meet.

A step is one request of one call, of a provider that is set up in one way.
"""

import asyncio
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.providers import test_connection_faults, test_stream_faults
from tests.providers.facts import Facts, every
from tests.providers.fault_rows import ROWS
from tests.providers.mutations import mutants
from tests.providers.requests import CHATS
from tests.providers.test_request_faults import STOPPED, cells_of, rows_of, silence

HEADS = ("provider", "calls", "steps", "at steps", "in streams", "on the way", "refusals", "faults met", "mutants")


async def counted(facts: Facts, sound: Path) -> tuple[int, ...]:
    """The figures of one provider, by HEADS."""
    cells = await cells_of(facts, sound)
    at_steps = sum(len(rows_of(facts, cell)) + len(STOPPED) for cell in cells)
    in_streams = sum(len(test_stream_faults.FAULTS) + 1 - len(chat.own) for chat in facts.chats if chat.stream)
    bytes_in_flight = len(facts.chats) * sum(
        _times(value) for value in vars(test_connection_faults).values() if _is_test(value)
    )
    met = (at_steps, in_streams, bytes_in_flight, len(facts.refusals))
    return len({cell.name for cell in cells}), len(cells), *met, sum(met), len(mutants(facts))


def _is_test(thing: Any) -> bool:
    return getattr(thing, "__name__", "").startswith("test_") and callable(thing)


def _times(test: Any) -> int:
    return math.prod(len(mark.args[1]) for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize")


async def _lines() -> list[tuple[Any, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        sound = silence(Path(folder) / "talk.wav")
        lines = [(facts.provider, *await counted(facts, sound)) for facts in every()]
    return [HEADS, *lines, ("all", *map(sum, zip(*(line[1:] for line in lines), strict=True)))]


def _drawn(lines: list[tuple[Any, ...]]) -> Iterator[str]:
    for name, *figures in lines:
        yield f"{name:<18}" + "".join(f"{figure:>12}" for figure in figures)


if __name__ == "__main__":
    print("\n".join(_drawn(asyncio.run(_lines()))))
    print(f"{len(ROWS)} faults at a step, {len(test_stream_faults.FAULTS)} in a stream, {len(CHATS)} documented chats")
