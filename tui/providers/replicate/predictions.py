"""Predictions: create one, then follow it by a stream or by polling.

Replicate HTTP API reference, predictions and deployments; topics, prediction lifecycle and streaming. A prediction goes
on at Replicate whether anybody listens or not, so every one that was begun names the call that cancels it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from tui.domain import Model
from tui.providers.dialects.openai.api import endpoint, malformed
from tui.providers.dialects.values import token_count
from tui.providers.error_body import words_of
from tui.providers.events import Event, Finish, Notice, TextDelta, Usage
from tui.providers.replicate.references import is_known, parse
from tui.providers.requests import ApiError, Call, Frame, Framing, RemoteJob, Result
from tui.providers.spec import FieldValues

FAILED, CANCELLED, GONE, LOST = "failed", "canceled", "gone", "lost"
"""Codes of refusals that tell of a prediction's end."""

STREAM_TIMEOUT = 10.0
"""How long a stream may be silent, in seconds. The stream of a model that boots is, and is cut after half a minute."""

_SUCCEEDED = "succeeded"
_GONE_STATUSES = frozenset({404, 410})
_STOPPED = (CANCELLED, "aborted")
_ENDED = (_SUCCEEDED, FAILED, *_STOPPED)
_STARTING = "starting"
_COLD_START = 3.0
_MAX_POLL_INTERVAL = 2.0
_MAX_POLLS = 2000
_TIMED_OUT = "408 Request Timeout"
# Whatever the stream says no with, the prediction itself can be asked.
_TEXTS = ("text", "content", "output", "response")
"""Where models keep their text that answer with an object."""
_NO_STREAM = frozenset({404, 405, 406, 408, 409, 410, 429, 500, 501, 502, 503, 504, 529})

Outcome = Callable[[Any, Mapping[str, Any]], Iterable[Event | ApiError | Call]]
"""(output, prediction) of one that succeeded -> its events, or the next step."""


class Prediction:
    """One prediction from its creation to its end; its methods read the answers of its calls."""

    def __init__(self, fields: FieldValues, outcome: Outcome, streams: bool) -> None:
        self._fields, self._outcome, self._streams = fields, outcome, streams
        self._id = ""
        self._shown = ""
        self._waited = 0.0
        self._cold = self._left = False

    def read_creation(self, frame: Frame | None) -> Iterator[Result]:
        """Read the response to the creation."""
        if frame is None:
            return
        data = frame.data
        if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not data["id"]:
            yield malformed("It holds no prediction.")
            return
        self._id = data["id"]
        if not _has_ended(data):
            yield RemoteJob(Call("POST", self._url("/cancel"), lambda: lambda _: (), idempotent=False))
            if self._streams and (stream := self._stream(data.get("urls"))):
                yield stream
                return
        yield from self._state(data)

    def read_status(self, frame: Frame | None) -> Iterator[Result]:
        """Read the status of the prediction."""
        if frame is None:
            return
        if isinstance(frame.data, ApiError):
            # One without a word is not Replicate's own.
            yield RemoteJob(None)
            yield replace(frame.data, code=GONE) if frame.data.message else frame.data
        elif isinstance(frame.data, dict) and isinstance(frame.data.get("status"), str):
            yield from self._state(frame.data)
        else:
            yield malformed("It holds no prediction.")

    def read_stream(self, frame: Frame | None) -> Iterator[Result]:
        """Read the stream, which holds plain text; what arrives after it was left is ignored."""
        if self._left:
            return
        data = frame.data if frame else None
        if frame and frame.event == "output" and isinstance(data, str):
            self._shown += data
            yield TextDelta(data)
        elif frame and frame.event == "error" and _TIMED_OUT not in str(data):
            self._left = True
            yield RemoteJob(None)
            yield ApiError(code=FAILED, message=_detail(data))
        elif frame and frame.event == "done":
            self._left = True
            yield self._get()
        elif frame is None or isinstance(data, ApiError | dict) or _TIMED_OUT in str(data):
            # The prediction is not over, only what is heard of it here.
            self._left = True
            self._waited += STREAM_TIMEOUT if not self._shown and not isinstance(data, ApiError | dict) else 0
            yield self._get()

    def _state(self, data: Mapping[str, Any]) -> Iterator[Result]:
        if self._streams:
            yield from self._news(data.get("output"))
        if _has_ended(data):
            yield RemoteJob(None)
            yield from self._end(data)
            return
        starting = data.get("status") == _STARTING
        if starting and not self._cold and self._waited >= _COLD_START:
            self._cold = True
            yield Notice("The model starts up first (cold boot), which can take minutes.")
        elif self._cold and not starting:
            self._cold = False
            yield Notice("The model has started.")
        wait = min(_MAX_POLL_INTERVAL, 0.1 + self._waited / 4)
        self._waited += wait
        yield self._get(wait)

    def _news(self, output: Any) -> Iterator[Event]:
        text = output_text(output) or ""
        if text.startswith(self._shown) and text != self._shown:
            yield TextDelta(text[len(self._shown) :])
            self._shown = text

    def _end(self, data: Mapping[str, Any]) -> Iterator[Event | ApiError | Call]:
        status, error = str(data.get("status", "")), data.get("error")
        if status in _STOPPED:
            yield ApiError(code=CANCELLED)
        elif status == FAILED or error:
            yield ApiError(code=FAILED, message=_detail(error))
        elif self._streams and self._shown:
            yield from read_usage(data)
            # What Replicate keeps is the truth, where it has not been deleted yet.
            lost = _lines(output_text(data.get("output")) or "") not in ("", _lines(self._shown))
            yield ApiError(code=LOST) if lost else Finish(status)
        else:
            yield from self._outcome(data.get("output"), data)

    def _stream(self, urls: Any) -> Call | None:
        """Return the request that streams the output; None if there is no stream, or at an unknown host."""
        url = urls.get("stream") if isinstance(urls, dict) else None
        if not isinstance(url, str) or not is_known(url, self._fields):
            return None
        headers = {"accept": "text/event-stream", "cache-control": "no-store"}
        return Call(
            "GET",
            url.partition("?")[0],
            lambda: self.read_stream,
            Framing.SSE,
            headers,
            dict(parse_qsl(urlsplit(url).query)),
            accepted_statuses=_NO_STREAM,
            plain=True,
            idle_timeout=STREAM_TIMEOUT,
        )

    def _get(self, wait: float = 0.0) -> Call:
        return Call("GET", self._url(), lambda: self.read_status, wait=wait, accepted_statuses=_GONE_STATUSES)

    def _url(self, path: str = "") -> str:
        return endpoint(self._fields, f"/predictions/{quote(self._id, safe='')}{path}")


@dataclass(frozen=True)
class PredictionFollower:
    """How to follow a prediction: what its output becomes, and whether its text streams."""

    fields: FieldValues
    outcome: Outcome
    streams: bool = False

    def begin(self) -> Prediction:
        """Return a new prediction to follow."""
        return Prediction(self.fields, self.outcome, self.streams)


def create(fields: FieldValues, model: Model, inputs: Mapping[str, Any], following: PredictionFollower) -> Call:
    """Return the request that creates a prediction. It is billed, so it is never repeated."""
    run = parse(model)
    url = endpoint(fields, "/predictions")
    body: dict[str, Any] = {"version": f"{run.model}:{run.version}" if run.version else run.model}
    if run.deployment:
        url, body = endpoint(fields, f"/deployments/{run.deployment}/predictions"), {}
    if following.streams:
        # Deprecated, and asked for by servers of the time before.
        body["stream"] = True
    return Call(
        "POST", url, lambda: following.begin().read_creation, json={**body, "input": dict(inputs)}, idempotent=False
    )


def output_text(output: Any) -> str | None:
    """Return the text of an output: a text, its pieces, or an object that holds either; None for anything else."""
    if isinstance(output, dict):
        output = next((output[name] for name in _TEXTS if name in output), None)
    if isinstance(output, str):
        return output
    if isinstance(output, list) and all(isinstance(part, str) for part in output):
        return "".join(output)
    return None


def read_usage(data: Mapping[str, Any]) -> Iterator[Event]:
    """Yield the token counts of a prediction; not every model has them."""
    metrics = data.get("metrics")
    counts = metrics if isinstance(metrics, dict) else {}
    counted = Usage(token_count(counts.get("input_token_count")), token_count(counts.get("output_token_count")))
    if counted != Usage():
        yield counted


def _has_ended(data: Mapping[str, Any]) -> bool:
    return data.get("status") in _ENDED or bool(data.get("completed_at"))


def _detail(error: Any) -> str:
    """Return the text of an error: a string, or an object that holds one, as such or as JSON."""
    return words_of(error)[:_MAX_POLLS]


def _lines(text: str) -> str:
    """Return the text without the differences in line ends and spaces that a stream may introduce."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
