"""The calls that run in the areas: shown in the header, stopped by a key, and asked about before the console ends."""

from collections.abc import Callable


class RunningCalls:
    """Area, or part of one (`area/part`) -> what stops the call that runs there."""

    def __init__(self) -> None:
        self._stops: dict[str, Callable[[], None]] = {}

    def __bool__(self) -> bool:
        return bool(self._stops)

    def set(self, area: str, stop: Callable[[], None] | None) -> None:
        """Note what stops the call of an area, None when it has ended."""
        if stop is None:
            self._stops.pop(area, None)
        else:
            self._stops[area] = stop

    @property
    def areas(self) -> frozenset[str]:
        """The areas in which something runs."""
        return frozenset(entry.partition("/")[0] for entry in self._stops)

    def stop_latest(self) -> None:
        """Stop the call that was started last."""
        list(self._stops.values())[-1]()
