"""Detect API errors that arrive with HTTP 200, in the body or in mid-stream."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tui.providers.requests import ApiError, Call, Frame, Reader, Result

Find = Callable[[Frame], ApiError | None]
"""The refusal that a frame holds, if it is one."""


def with_error_check(call: Call, find: Find) -> Call:
    """Wrap a call, and those that follow from its answer: `find` looks for an error in every frame."""
    return replace(call, reader=lambda: _Checked(find, call.reader()).read)


@dataclass(frozen=True)
class _Checked:
    find: Find
    reader: Reader

    def read(self, frame: Frame | None) -> Iterator[Result]:
        if frame is not None and (refused := self.find(frame)):
            yield refused
            return
        for event in self.reader(frame):
            yield with_error_check(event, self.find) if isinstance(event, Call) else event
