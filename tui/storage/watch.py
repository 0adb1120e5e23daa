"""Interfaces by which a console sees changes of other processes: it polls files; a shared store sends notices."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class StoreState:
    """How a store answers. Times are seconds since the epoch, 0 for never.

    Attributes:
        unreachable_since: Since when it cannot be reached, 0 where it can.
        read_at: When what is shown was read.
        delay: Within how many seconds changes are seen where no notices of them arrive, 0 where they do.
    """

    unreachable_since: float = 0.0
    read_at: float = 0.0
    delay: float = 0.0


class StoreWatch(Protocol):
    """Keeps version tokens up to date. Calls `on_change` when some of them may have changed."""

    on_change: Callable[[], None]
    """Called in any thread, when something of the store or of its state may have changed."""

    @property
    def state(self) -> StoreState:
        """How the store answers now."""

    def retry(self) -> None:
        """Try at once to reach a store that is away."""

    def stop(self) -> None:
        """Stop watching."""


class StateCache(Protocol):
    """Keeps what was read of a shared store on this machine, sealed."""

    def read(self, name: str) -> bytes | None:
        """Return what was written under that name; None if there is nothing, or somebody else wrote it."""

    def write(self, name: str, content: bytes) -> None:
        """Replace what is there under that name."""


class FileWatch:
    """The watcher of files, which does nothing: compare version tokens to see changes."""

    on_change: Callable[[], None] = staticmethod(lambda: None)
    state = StoreState()

    def retry(self) -> None:
        """Do nothing: files are always there."""

    def stop(self) -> None:
        """Do nothing: nothing runs."""
