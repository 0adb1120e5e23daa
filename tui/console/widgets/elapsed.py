"""Elapsed seconds of running work, updated once a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from textual.message_pump import MessagePump


@contextmanager
def elapsed(node: MessagePump, show: Callable[[str], None]) -> Iterator[None]:
    """Call `say` with the time passed (` 3 s`, nothing in the first second) until the block ends."""
    began = monotonic()

    def update() -> None:
        seconds = int(monotonic() - began)
        show(f" {seconds} s" if seconds else "")

    update()
    # Called a little early, it would show the second before.
    timer = node.set_interval(1.02, update)
    try:
        yield
    finally:
        timer.stop()
