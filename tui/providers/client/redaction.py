"""Removes the secrets of a call from what its answer brings: errors, problems and events."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from tui.errors import Problem
from tui.providers.events import (
    DELTAS,
    Event,
    Finish,
    ModelDetails,
    ModelsListed,
    Notice,
    Retrying,
    SearchResults,
    TextDelta,
    ThinkingDelta,
    Transcript,
)
from tui.providers.requests import ApiError, Call
from tui.secret import Secret
from tui.secret.redaction import Redactor, StreamRedactor


class AnswerRedactor:
    """Redacts the answer of one call, over all requests that it takes.

    What a server repeats is redacted before it is cut, so that nothing of a secret is left at the cut.

    Attributes:
        redactor: Redacts texts and parsed JSON.
    """

    def __init__(self) -> None:
        self.redactor = Redactor()
        self._stream = StreamRedactor(self.redactor)
        self._kind: type[TextDelta] | type[ThinkingDelta] = TextDelta

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
            return (*self.flush(), self._whole(event))
        before = self.flush() if type(event) is not self._kind else ()
        self._kind = type(event)
        text = self._stream.feed(event.text)
        if text == event.text:
            return (*before, event)
        return (*before, self._kind(text)) if text else before

    def flush(self) -> Sequence[Event]:
        """Return the end of the text that was held back, if there is any."""
        text = self._stream.flush()
        return (self._kind(text),) if text else ()

    def _whole(self, event: Event) -> Event:
        text = self.redactor.text
        match event:
            case Transcript():
                segments = tuple(replace(segment, text=text(segment.text)) for segment in event.segments)
                return replace(event, text=text(event.text), segments=segments, language=text(event.language))
            case ModelsListed(models):
                # A changed id would name no model.
                return replace(event, models=tuple(model for model in models if model.id == text(model.id)))
            case SearchResults(hits):
                usable = (hit for hit in hits if hit.id == text(hit.id))
                return SearchResults(tuple(replace(hit, note=text(hit.note), label=text(hit.label)) for hit in usable))
            case ModelDetails():
                return replace(event, note=text(event.note))
            case Finish():
                return replace(event, reason=text(event.reason), note=text(event.note))
            case Notice():
                return replace(event, text=text(event.text))
            case Retrying():
                return replace(event, reason=text(event.reason))
        return event
