"""Flow control: how much to send at once, measured by the terminal's answers.

Nobody waits for what comes unasked, as an answer does that streams: it is sent in fewer steps where steps are long.

What is sent ends with a question that terminals answer in turn (are you well?). What is not answered is on the way: in
a kernel, in ssh, in the line. So the line is known from end to end, and what is on the way is never more than it takes
in that moment. A terminal that answers nothing is sent everything at once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

QUESTION = "\x1b[5n"
ANSWER = "\x1b[0n"

_MARGIN = 0.1
"""Seconds that what is on the way may take, beyond the time of an answer alone."""

_MIN_WINDOW, _MAX_WINDOW = 64, 1 << 20
_UNASKED = 3000
"""Bytes a second of what no key asked for."""

_KEY_WINDOW = 0.3
"""Seconds after a key in which what is sent was asked for by it."""

_TRIES = 3
"""Questions to a terminal that answered none."""

_ANSWER_TIMEOUT, _MIN_SPEED = 2.0, 500
"""Seconds, and bytes a second of the slowest line, after which an answer is not expected any more."""


def assumed_rate(bits: int) -> float:
    """Return bytes per second of a slow line behind tmux: ten bits a byte, and half of it."""
    return bits / 10 / 1.5


@dataclass
class FlowControl:
    """Tracks what is sent and when it is answered, in seconds of one clock. Another thread may report the answers."""

    takes: Callable[[], bool] = lambda: True
    """Whether the nearest kernel takes more just now."""

    then: Callable[[], None] = lambda: None
    """What is to be done, by the thread that sends, when a question was answered."""

    speed: float = 0.0
    """Bytes a second of a line that something hides which answers in its place, as tmux does; 0 if nothing does."""

    answers: bool = False
    """Whether this terminal answers at all."""

    _window: float = _MAX_WINDOW
    _quickest: float = float("inf")
    """Seconds of an answer when nothing else was on the way."""

    _requests: int = 0
    _next: float = 0.0
    _free: float = 0.0
    _pressed: float = float("-inf")
    _in_flight: deque[tuple[int, int, float]] = field(default_factory=deque)

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that are sent and not answered."""
        return sum(size for size, _, _ in tuple(self._in_flight))

    def send_budget(self, now: float) -> int:
        """Return how many bytes may be sent."""
        # All at once, as another thread takes from it.
        waiting = tuple(self._in_flight)
        if waiting and now - waiting[-1][2] > _ANSWER_TIMEOUT + waiting[-1][1] / _MIN_SPEED:
            self.reset()
            self.answers, self._requests = False, 0
        if self.speed:
            return self._minimum_step(self.speed * (_MARGIN - max(0.0, self._free - now)), self.speed * _MARGIN)
        if now < self._next and now - self._pressed > _KEY_WINDOW:
            return 0
        if not self.answers:
            return _MAX_WINDOW
        return self._minimum_step(self._window - self.bytes_in_flight, self._window)

    @staticmethod
    def _minimum_step(free: float, whole: float) -> int:
        """Return at least half of a whole step, so that steps do not get too small."""
        return int(free) if free >= whole / 2 else 0

    def count_sent(self, size: int, now: float) -> str:
        """Count the bytes sent; return the status request to send after them, or ''."""
        self._next = now + size / _UNASKED
        if self.speed:
            self._free = max(now, self._free) + size / self.speed
            return ""
        if not self.answers and self._requests >= _TRIES:
            return ""
        self._requests += 1
        size += len(QUESTION)
        self._in_flight.append((size, size + self.bytes_in_flight, now))
        return QUESTION

    def note_key(self, now: float) -> None:
        """Note that a key was pressed."""
        self._pressed = now

    def reset(self) -> None:
        """Forget the open status requests: they will not be answered."""
        self._in_flight.clear()

    def take_status(self, now: float) -> None:
        """Take the answer to the oldest open status request."""
        if not self._in_flight:
            return
        self.answers = True
        _, size, then = self._in_flight.popleft()
        elapsed = now - then
        self._quickest = min(elapsed, self._quickest)
        waited = elapsed - self._quickest
        if waited > _MARGIN:
            self._window = max(_MIN_WINDOW, min(self._window, size * _MARGIN / waited))
        elif waited < _MARGIN / 2 and size * 2 >= self._window:
            self._window = min(_MAX_WINDOW, self._window * 2)
        if self._window == _MIN_WINDOW and waited > _MARGIN / 2:
            # Nothing less can be sent: the line may have become one that takes longer to answer anything.
            self._quickest *= 1.25
