"""Status line of a running request: action, seconds, retries, silence."""

from time import monotonic

from tui.console.keys import key_of
from tui.console.widgets.static_text import Words
from tui.console.widgets.symbols import WORKING
from tui.providers.events import Event, NoResponseYet, Notice, Retrying
from tui.workspace.playground.fallback import Fallback


class CallStatus:
    """The texts in the bottom rule and the strip while a request runs."""

    def __init__(self, label: str, activity: str) -> None:
        self.label = label
        self.activity = activity
        self.began = monotonic()
        self.notices: list[str] = []
        self._again: tuple[Retrying, float] | None = None
        self._silent: NoResponseYet | None = None

    def next(self, activity: str) -> None:
        """Start the next activity; its seconds count from 0."""
        self.activity, self.began = activity, monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been under way."""
        return monotonic() - self.began

    @property
    def words(self) -> str:
        """`… embedding 3 of 8  2 s`, or that it is tried again."""
        if self._again is not None:
            retrying, at = self._again
            remaining = max(0, round(at - monotonic()))
            reason = retrying.reason.rstrip(".")
            return f"{WORKING} {reason}, retrying in {remaining} s ({retrying.attempt} of {retrying.of})"
        whole = int(self.seconds)
        return f"{WORKING} {self.activity}" + (f" {whole} s" if whole else "")

    @property
    def strip(self) -> tuple[Words, Words]:
        """What is to be known meanwhile."""
        if self._silent is not None:
            message = f"{self.label} has sent nothing for {self._silent.seconds:.0f} s."
            return message, f"{key_of('app.copy-or-stop')} stops; Modeldeck waits up to {self._silent.limit:.0f} s."
        return (self.notices[-1] if self.notices else ""), ""

    def apply(self, event: Event | Fallback) -> bool:
        """Take in an event about the call itself; False for one that brings something."""
        self._silent = event if isinstance(event, NoResponseYet) else None
        self._again = (event, monotonic() + event.seconds) if isinstance(event, Retrying) else None
        if isinstance(event, Notice):
            self.notices.append(event.text)
        if isinstance(event, Fallback):
            if event.answering:
                self.label = event.label
                self.notices.append(event.words)
            else:
                self.next(f"waiting for {event.model.ref}")
        return isinstance(event, Notice | Retrying | NoResponseYet | Fallback)
