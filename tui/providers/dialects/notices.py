"""Put notices before an answer. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tui.providers.events import Notice
from tui.providers.requests import Call, Frame, Reader


def with_notices(call: Call, notices: Sequence[Notice]) -> Call:
    """Return the call with notices before the first of its events."""

    def reader() -> Reader:
        read, waiting = call.reader(), list(notices)

        def noted(frame: Frame | None) -> Iterator[Any]:
            while waiting:
                yield waiting.pop(0)
            yield from read(frame)

        return noted

    return replace(call, reader=reader) if notices else call
