"""How much is sent to a terminal at once: what it takes in a moment, as its answers tell.

What is sent ends with a question that terminals answer in turn (are you well?). What is not answered is on the way: in
a kernel, in ssh, in the line. So the line is known from end to end, and what is on the way is never more than it takes
in that moment. A terminal that answers nothing is sent everything at once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

QUESTION = "\x1b[5n"
ANSWER = "\x1b[0n"

_MOMENT = 0.12
"""Seconds that what is on the way may take, beyond the time of an answer alone."""

_LEAST, _MOST = 96, 1 << 20
_TRIES = 3
"""Questions to a terminal that answered none."""

_PATIENCE = 5.0
"""Seconds after which an answer is not expected any more."""


@dataclass
class Pace:
    """Told what is sent and when it is answered, in seconds of one clock. The answers may be told by another thread."""

    takes: Callable[[], bool] = lambda: True
    """Whether the nearest kernel takes more just now."""

    then: Callable[[], None] = lambda: None
    """What is to be done, by the thread that sends, when a question was answered."""

    answers: bool = False
    """Whether this terminal answers at all."""

    _window: float = _MOST
    _quickest: float = float("inf")
    _asked: int = 0
    _on_the_way: deque[tuple[int, int, float]] = field(default_factory=deque)

    @property
    def on_the_way(self) -> int:
        """Bytes that are sent and not answered."""
        return sum(size for size, _, _ in tuple(self._on_the_way))

    def room(self, now: float) -> int:
        """How many bytes may be sent."""
        if self._on_the_way and now - self._on_the_way[-1][2] > _PATIENCE:
            self._on_the_way.clear()
            self.answers, self._asked = False, 0
        return int(self._window) - self.on_the_way if self.answers else _MOST

    def asks(self) -> bool:
        """Whether what is sent next is to end with the question."""
        return self.answers or self._asked < _TRIES

    def sent(self, size: int, now: float) -> None:
        """That many bytes were sent, and the question after them."""
        self._asked += 1
        self._on_the_way.append((size, size + self.on_the_way, now))

    def given_up(self) -> None:
        """Nothing more is answered: the terminal is gone."""
        self._on_the_way.clear()

    def answered(self, now: float) -> None:
        """The first of the questions that are open was answered."""
        if not self._on_the_way:
            return
        self.answers = True
        _, size, then = self._on_the_way.popleft()
        taken = now - then
        # A little longer each time, as a line may become another one.
        self._quickest = min(taken, self._quickest * 1.02)
        waited = taken - self._quickest
        if waited > _MOMENT:
            self._window = max(_LEAST, min(self._window, size * _MOMENT / waited))
        elif size * 2 >= self._window:
            self._window = min(_MOST, self._window * 2)
