"""OpenAI's API: URLs, headers and errors shared by all requests.

Every server that speaks this wire differs in small ways; a `Flavour` holds them, so that the functions stay pure.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Model
from tui.providers.dialects.values import token_count
from tui.providers.error_body import read_account
from tui.providers.events import Event
from tui.providers.requests import MALFORMED, ApiError, Call, Frame, Reader
from tui.providers.spec import FieldValues
from tui.secret import Secret

ENDINGS = ("/chat/completions", "/completions", "/models", "/embeddings", "/audio/transcriptions", "/responses")
"""What people leave at the end of a base URL that they copy from an example."""

QUOTA = frozenset({"insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached"})
"""A 429 with one of these is about money; waiting does not help (OpenAI guide, error codes)."""

_SCOPES = r"(?i)insufficient permissions|missing scopes"


@dataclass(frozen=True)
class Flavour:
    """The differences of an OpenAI-compatible server.

    `classify` makes a Model of one entry of a listing, or None where it is of no use here. `max_tokens_field` is the
    field that bounds an answer, `vectors` the form in which vectors are asked for, `batch` how many texts of a model go
    into one request. Servers take 2,048; 256 bound the memory of an answer (1,536 dimensions: 3 MB) and show progress.
    """

    classify: Callable[[Mapping[str, Any]], Model | None]
    max_tokens_field: str
    vectors: str
    batch: Callable[[Model], int] = lambda model: 256


def endpoint(fields: FieldValues, path: str) -> str:
    """Return the URL of a path under the base URL."""
    return fields["base_url"].rstrip("/") + path


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Add `Authorization: Bearer`, and the headers for organization and project.

    Source: OpenAI API reference, authentication.
    """
    headers: dict[str, str | Secret] = {}
    if key := secrets.get("api_key"):
        headers["authorization"] = Secret(f"Bearer {key.reveal()}")
    for name, header in (("organization", "openai-organization"), ("project", "openai-project")):
        if fields.get(name):
            headers[header] = fields[name]
    return call.with_headers(headers)


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Read the error of a response body (OpenAI API reference, errors).

    Other servers have other shapes; see `error_body`.
    """
    account = read_account(body)
    return ApiError(
        status,
        code=account.code,
        kind=account.kind,
        message=account.message,
        param=account.param,
        request_id=_request_id(headers),
        headers=headers,
        final=bool({account.code, account.kind} & QUOTA),
    )


def error_in(data: Any, event: str = "") -> ApiError | None:
    """Return the error in a frame, if any: an `error` member, `event: error`, or `object: error`.

    Groq says in `x_groq` why it ended a stream early (Groq API reference, chat).
    """
    if not isinstance(data, dict):
        return parse_error(0, {}, data) if event == "error" else None
    if data.get("error") or event == "error" or data.get("object") == "error":
        return parse_error(0, {}, data)
    groq = data.get("x_groq")
    return parse_error(0, {}, groq) if isinstance(groq, dict) and groq.get("error") else None


def malformed(what: str) -> ApiError:
    """Return the error for a response with a success status that cannot be read."""
    return ApiError(code=MALFORMED, message=what)


def proof(member: str, *events: Event) -> Callable[[], Reader]:
    """Return a reader that yields the events if the response has this member: the key is good."""

    def read(frame: Frame | None) -> Iterable[Event | ApiError]:
        if frame is None:
            return []
        shown = isinstance(frame.data, dict) and member in frame.data
        return events if shown else [malformed("It holds no answer.")]

    return lambda: read


def is_permission_error(refused: ApiError) -> bool:
    """Return True if a 401 or 403 is about a valid key's missing permission, by its message."""
    return refused.status in (401, 403) and re.search(_SCOPES, refused.message) is not None


def without(call: Call, name: str) -> Call:
    """Return the call without one field of its body."""
    return replace(call, json={key: value for key, value in call.json.items() if key != name})


def number(value: Any) -> int:
    """Convert a count of a response; 0 for anything that is not one."""
    return token_count(value) or 0


def _request_id(headers: Mapping[str, str]) -> str:
    return headers.get("x-request-id", "")
