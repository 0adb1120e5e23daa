"""Inference Endpoints: list them, tell their engines, wait for those asleep.

Management API (huggingface_hub, _inference_endpoints.py); TGI and TEI, /info; inference toolkit, /health. An endpoint
that has scaled to zero answers 502 or 503 until it is up again, which the call itself brings about; a paused one never
wakes by itself (endpoints documentation, autoscaling).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.providers.dialects.openai.api import malformed
from tui.providers.events import Event, SearchResult, SearchResults
from tui.providers.huggingface.hub import SIMILARITY, TASKS, TEXT, VECTORS, at, name_in, whoami
from tui.providers.origins import clean_url
from tui.providers.requests import ApiError, Call, Frame, Framing
from tui.providers.spec import FieldValues

TGI, TEI, TOOLKIT, OPENAI = "tgi", "tei", "toolkit", "openai"
"""What runs on an endpoint, as it is kept with a model."""

ENDINGS = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1",
    "/generate",
    "/generate_stream",
    "/embed",
    "/predict",
    "/info",
    "/health",
)
"""What people leave at the end of an endpoint's address."""

NO_ENDPOINT, WRONG_MODEL, PAUSED, FAILED, NO_ENGINE = "no_endpoint", "wrong_model", "paused", "failed", "no_engine"
NO_LISTING = "no_listing"
"""Codes of refusals that are found in answers."""

WAIT_HEADERS = {"x-scale-up-timeout": "100"}
"""How many seconds the proxy may hold a call back while the endpoint starts: less than a stream is waited for."""

STARTING = frozenset({500, 502, 503, 504})
"""While an endpoint starts its proxy answers 503, often 502, and its server 500 at first."""

_DENIED = frozenset({401, 403, 404})
POLL_INTERVAL, MAX_POLLS = 5.0, 120
UP = ("pending", "initializing", "updating")
SLEEPS = "scaledToZero"
_LABELS = {
    SLEEPS: "scaled to zero",
    "updateFailed": "update failed",
}
_TASKS = {SIMILARITY: VECTORS, "sentence-embeddings": VECTORS, "image-text-to-text": TEXT}
ENDPOINT_STARTING = "The endpoint is starting, which can take minutes. It is checked every 5 s until it is up."


Results = Iterable[Event | ApiError | Call]
Then = Callable[[list[dict[str, Any]], str], Results]
"""What becomes of the entries of a namespace."""


def url_of(model: Model) -> str:
    """Return the address of a model's endpoint in its one form; Usage where there is none."""
    if not model.fields.get("endpoint_url"):
        raise UsageError("Endpoint URL is missing.", "Copy it from the endpoint's page at endpoints.huggingface.co.")
    return clean_url(model.fields["endpoint_url"], ENDINGS)


# --- the endpoints of a namespace -------------------------------------------------------------------------------------


def list_endpoints(fields: FieldValues, values: Mapping[str, str]) -> Call:
    """Return the call that finds the endpoints of a namespace (the account's own unless given) that fit a task."""

    def read(items: list[dict[str, Any]], namespace: str) -> Results:
        hits = [_hit(endpoint, namespace) for endpoint in items if address(endpoint)]
        task = values.get("task", "")
        yield SearchResults(tuple(hit for hit in hits if hit.fields.get("task", task) == task or not task))

    return Listing(fields, values.get("namespace", ""), read, denied_listing).call()


def denied_listing(refused: ApiError, namespace: str) -> Results:
    """Read the error of a listing that the token may not read; a 401 may mean a token good elsewhere."""
    yield ApiError(403, code=NO_LISTING, param=namespace)


@dataclass(frozen=True)
class Listing:
    """A listing of the endpoints of a namespace; without one it asks first whose the token is."""

    fields: FieldValues
    namespace: str
    then: Then
    denied: Callable[[ApiError, str], Results]
    wait: float = 0.0

    def call(self) -> Call:
        """Return the request that lists endpoints, after the one that finds the token's namespace."""
        if not self.namespace:
            return replace(whoami(self.fields), reader=lambda: self._read_names)
        url = at(self.fields["endpoints_url"], f"/endpoint/{self.namespace}")
        return Call("GET", url, lambda: self._read, wait=self.wait, accepted_statuses=_DENIED)

    def _read_names(self, frame: Frame | None) -> Results:
        if frame is None:
            return
        name = name_in(frame.data)
        yield replace(self, namespace=name).call() if name else malformed("It names no account.")

    def _read(self, frame: Frame | None) -> Results:
        if frame is None:
            return
        if isinstance(frame.data, ApiError):
            # A page is not the listing's own word on what the token may do.
            yield from [frame.data] if frame.data.page else self.denied(frame.data, self.namespace)
            return
        items = frame.data.get("items") if isinstance(frame.data, dict) else None
        if not isinstance(items, list):
            yield malformed("It holds no list of endpoints.")
            return
        yield from self.then([endpoint for endpoint in items if isinstance(endpoint, dict)], self.namespace)


def _hit(item: Mapping[str, Any], namespace: str) -> SearchResult:
    state, repository = state_of(item), repository_of(item)
    known = {"task": task_in(item), "model": repository}
    fields = {name: value for name, value in {**known, "namespace": namespace}.items() if value}
    note = " · ".join(
        filter(None, (_LABELS.get(state, state), repository, task_in(item) or word(_model(item).get("task"))))
    )
    return SearchResult(address(item), note, state in ("running", SLEEPS, *UP), fields, word(item.get("name")))


# --- waiting ----------------------------------------------------------------------------------------------------------


def wake(call: Call) -> tuple[Call, str] | None:
    """Return the request that waits for a stopped endpoint, and a sentence; None for other calls."""
    if WAIT_HEADERS.keys() - call.headers.keys():
        return None
    # Once it says that it is well, a refusal is one.
    headers = {name: value for name, value in call.headers.items() if name not in WAIT_HEADERS}
    host = "/".join(call.url.split("/")[:3])
    return _Wake(host, replace(call, headers=headers)).call(), ENDPOINT_STARTING


@dataclass(frozen=True)
class _Wake:
    host: str
    waiting: Call
    requests: int = 0

    def call(self) -> Call:
        wait = POLL_INTERVAL if self.requests else 0.0
        return Call(
            "GET",
            self.host + "/health",
            lambda: self._read,
            Framing.TEXT,
            WAIT_HEADERS,
            wait=wait,
            accepted_statuses=STARTING,
        )

    def _read(self, frame: Frame | None) -> Results:
        if frame is None:
            return
        if not isinstance(frame.data, ApiError):
            yield self.waiting
        elif self.requests < MAX_POLLS:
            yield replace(self, requests=self.requests + 1).call()
        else:
            yield frame.data


# --- an entry ---------------------------------------------------------------------------------------------------------


def address(item: Mapping[str, Any]) -> str:
    """Return the address of an endpoint; it has none until it was up once."""
    status = item.get("status")
    url = status.get("url") if isinstance(status, dict) else None
    try:
        return clean_url(url) if isinstance(url, str) and url else ""
    except UsageError:
        return ""


def state_of(item: Mapping[str, Any]) -> str:
    """Return an endpoint's state in Hugging Face's word, or ''."""
    status = item.get("status")
    return word(status.get("state")) if isinstance(status, dict) else ""


def message_of(item: Mapping[str, Any]) -> str:
    """Return the message about an endpoint's state, or ''."""
    status = item.get("status")
    return word(status.get("message")) if isinstance(status, dict) else ""


def word(value: Any) -> str:
    """Return a text of a response, at most 2,000 characters; '' for any other value."""
    return value[:2000] if isinstance(value, str) else ""


def repository_of(item: Mapping[str, Any]) -> str:
    """Return the Hub repository that an endpoint was made of."""
    return word(_model(item).get("repository"))


def task_in(item: Mapping[str, Any]) -> str:
    """Return the task of an endpoint as one of ours; '' for any other, such as a custom one."""
    task = word(_model(item).get("task"))
    task = _TASKS.get(task, task)
    return task if task in TASKS else ""


def _model(item: Mapping[str, Any]) -> Mapping[str, Any]:
    model = item.get("model")
    return model if isinstance(model, dict) else {}
