"""Removes the secrets of a call from what its answer brings: errors, problems and events."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import fields, is_dataclass, replace
from itertools import chain
from typing import Any, TypeVar, cast

from tui.errors import Problem
from tui.providers.events import DELTAS, Event, ModelsListed, SearchResults, TextDelta, ThinkingDelta, Vectors
from tui.providers.requests import ApiError, Call
from tui.secret import Secret
from tui.secret.redaction import Redactor, StreamRedactor

T = TypeVar("T")
_Kind = type[TextDelta] | type[ThinkingDelta]


class AnswerRedactor:
    """Redacts the answer of one call, over all requests that it takes.

    What a server repeats is redacted before it is cut, so that nothing of a secret is left at the cut.

    Attributes:
        redactor: Redacts texts and parsed JSON.
    """

    def __init__(self) -> None:
        self.redactor = Redactor()
        self._stream = StreamRedactor(self.redactor)
        self._kinds: dict[_Kind, StreamRedactor] = {}
        """Those of each kind, once pieces of another kind may lie between the pieces of one."""
        self._kind: _Kind | None = None

    def use(self, signed: Call, secrets: Mapping[str, Secret]) -> None:
        """Look for the secrets of a signed call, as they are stored and as they are sent."""
        sent = chain(signed.headers.values(), signed.query.values(), (signed.form or {}).values())
        self.redactor.use([*secrets.values(), *(value for value in sent if isinstance(value, Secret))])

    def error(self, error: ApiError) -> ApiError:
        """Return an error with all that the server wrote in it redacted."""
        text = self.redactor.text
        return replace(
            error,
            code=text(error.code),
            kind=text(error.kind),
            message=text(error.message),
            param=text(error.param),
            request_id=text(error.request_id),
        )

    def problem(self, problem: Problem) -> None:
        """Redact the texts of a problem."""
        text = self.redactor.text
        problem.message, problem.hint, problem.detail = text(problem.message), text(problem.hint), text(problem.detail)
        problem.args = (problem.message,)

    def events(self, event: Event) -> Sequence[Event]:
        """Return what can be shown of an event, after what was held back of the text before it."""
        if not isinstance(event, DELTAS):
            return (*self.flush(), self._redact_event(event))
        kind = type(event)
        before = self._change_kind(kind) if kind is not self._kind else ()
        piece = self._stream.feed(event.text)
        if piece and self._kinds:
            piece = self._kinds[kind].feed(piece)
        return (*before, kind(piece)) if piece else before

    def flush(self) -> Sequence[Event]:
        """Return the ends of the texts that were held back, if there are any."""
        tail = self._stream.flush()
        if self._kind is None or not self._kinds:
            return (self._kind(tail),) if self._kind and tail else ()
        pieces = [(self._kind, self._kinds[self._kind].feed(tail) if tail else "")]
        pieces += [(kind, stream.flush()) for kind, stream in self._kinds.items()]
        return tuple(kind(piece) for kind, piece in pieces if piece)

    def _change_kind(self, kind: _Kind) -> Sequence[Event]:
        """Return what was held back of the kind before and need not wait for this one."""
        before, self._kind = self._kind, kind
        if before is None:
            return ()
        if not self._kinds:
            # Up to here all text was of one kind, and the end of it is held back for the next piece of that kind.
            self._kinds = {before: copy(self._stream), kind: StreamRedactor(self.redactor)}
            self._stream.flush()
            return ()
        tail = self._stream.flush()
        piece = self._kinds[before].feed(tail) if tail else ""
        return (before(piece),) if piece else ()

    def _redact_event(self, event: Event) -> Event:
        match event:
            case Vectors():
                return event
            case ModelsListed(models):
                # A changed id would name no model. Most have no other text of the server.
                usable = (model for model in models if model.id == self.redactor.text(model.id))
                cleaned = (
                    self._texts(model) if model.price or model.fields or model.ends else model for model in usable
                )
                return replace(event, models=tuple(cleaned))
            case SearchResults(hits):
                return SearchResults(self._texts(tuple(hit for hit in hits if hit.id == self.redactor.text(hit.id))))
        return self._texts(event)

    def _texts(self, value: T) -> T:
        """Return a value with every text in it redacted, however deep."""
        redacted: Any = value
        if type(redacted) is str:
            redacted = self.redactor.text(redacted)
        elif isinstance(value, Mapping):
            redacted = {name: self._texts(entry) for name, entry in value.items()}
        elif isinstance(value, tuple):
            redacted = tuple(self._texts(entry) for entry in value)
        elif is_dataclass(value) and not isinstance(value, type):
            texts = {entry.name: self._texts(getattr(value, entry.name)) for entry in fields(value)}
            changed = {name: text for name, text in texts.items() if text != getattr(value, name)}
            redacted = replace(value, **changed) if changed else value
        return cast(T, redacted)
