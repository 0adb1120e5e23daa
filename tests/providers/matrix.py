"""The fault matrix in figures: `python -m tests.providers.matrix` counts what the tests of this folder meet.

A step is one request of one call, of a provider that is set up in one way. A second table counts the faults of each
kind (`fault_kinds.py`) that a call meets; a row may belong to several.
"""

import asyncio
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.providers import test_connection_faults, test_stream_faults
from tests.providers.facts import Facts, every
from tests.providers.fault_kinds import AT_STEPS, IN_STREAMS, KINDS, kinds_of
from tests.providers.fault_rows import ROWS
from tests.providers.mutations import mutants
from tests.providers.requests import CHATS
from tests.providers.test_request_faults import STOPPED, Cell, cells_of, rows_of, silence

HEADS = ("provider", "calls", "steps", "at steps", "in streams", "on the way", "refusals", "faults met", "mutants")


def count_cases(facts: Facts, cells: Sequence[Cell]) -> tuple[int, ...]:
    """The figures of one provider, by HEADS."""
    at_steps = sum(len(rows_of(facts, cell)) + len(STOPPED) for cell in cells)
    in_streams = sum(len(test_stream_faults.FAULTS) + 1 - len(chat.own) for chat in facts.chats if chat.stream)
    bytes_in_flight = len(facts.chats) * sum(
        _times(value) for value in vars(test_connection_faults).values() if _is_test(value)
    )
    met = (at_steps, in_streams, bytes_in_flight, len(facts.refusals))
    return len({cell.name for cell in cells}), len(cells), *met, sum(met), len(mutants(facts))


def by_kind(facts: Facts, cells: Sequence[Cell]) -> Iterator[tuple[Any, ...]]:
    """For each call of a provider how many faults of each kind it meets, at its steps and in its stream."""
    met: dict[str, Counter[str]] = {}
    for cell in cells:
        count = met.setdefault(cell.name, Counter())
        for name in rows_of(facts, cell):
            count.update(kinds_of(name, AT_STEPS))
    for chat in facts.chats:
        if chat.stream:
            count = met.setdefault(f"{chat.name or 'usual'} chat", Counter())
            for name in test_stream_faults.FAULTS.keys() - chat.own.keys():
                count.update(kinds_of(name, IN_STREAMS))
    for call, count in met.items():
        yield facts.provider, call, *(count[kind] for kind in KINDS)


def _is_test(thing: Any) -> bool:
    return getattr(thing, "__name__", "").startswith("test_") and callable(thing)


def _times(test: Any) -> int:
    return math.prod(len(mark.args[1]) for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize")


async def _tables() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The lines of the table of steps, and of that of kinds."""
    steps: list[tuple[Any, ...]] = []
    kinds: list[tuple[Any, ...]] = [("provider", "call", *KINDS)]
    with tempfile.TemporaryDirectory() as folder:
        sound = silence(Path(folder) / "talk.wav")
        for facts in every():
            cells = await cells_of(facts, sound)
            steps.append((facts.provider, *count_cases(facts, cells)))
            kinds += by_kind(facts, cells)
    return [HEADS, *steps, ("all", *map(sum, zip(*(line[1:] for line in steps), strict=True)))], kinds


def _draw(lines: list[tuple[Any, ...]]) -> Iterator[str]:
    for name, *figures in lines:
        yield f"{name:<18}" + "".join(f"{figure:>12}" for figure in figures)


def _drawn_kinds(lines: list[tuple[Any, ...]]) -> Iterator[str]:
    for name, call, *figures in lines:
        yield f"{name:<18}{call:<44}" + "".join(f"{figure:>6}" for figure in figures)


if __name__ == "__main__":
    by_step, of_kinds = asyncio.run(_tables())
    print("\n".join(_draw(by_step)))
    print(f"{len(ROWS)} faults at a step, {len(test_stream_faults.FAULTS)} in a stream, {len(CHATS)} documented chats")
    print("\n".join(_drawn_kinds(of_kinds)))
    print("\n".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items()))
