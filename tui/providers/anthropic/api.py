"""Anthropic's API: headers shared by all requests, and the paged model list.

Every call names a version of the API. The current one takes no sampling parameters; the one before it does, for the
models that still have them (Anthropic API reference, versioning; migration to 2026-10-21).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import Model
from tui.providers.dialects import error_codes
from tui.providers.dialects.openai import api
from tui.providers.dialects.openai.entries import entries_of
from tui.providers.dialects.values import text
from tui.providers.events import Accepted, Event, ModelsListed
from tui.providers.requests import ApiError, Call, Frame
from tui.providers.spec import FieldValues
from tui.secret import Secret

ENDINGS = ("/v1/messages/count_tokens", "/v1/messages", "/v1/models", "/v1/complete", "/v1")
"""What people leave at the end of a base URL; the paths below it begin with /v1."""

VERSION = "anthropic-version"
CURRENT = "2026-10-21"
OLD_VERSION = "2023-06-01"

LINKED = "linked_organization_"
"""How codes begin that tell of the organization that pays."""
NO_CREDIT = "credit balance is too low"
"""All that tells an empty account from a malformed call."""

_PAGE = "1000"
ID = "anthropic"

Classify = Callable[[Mapping[str, Any]], Model | None]
"""Makes a Model of one entry of the list, or None where it can no longer be called."""


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Return the key in its own header, and the workspace for keys that can act in several."""
    headers: dict[str, str | Secret] = {VERSION: CURRENT}
    if key := secrets.get("api_key"):
        headers["x-api-key"] = key
    if workspace := fields.get("workspace_id"):
        headers["anthropic-workspace-id"] = workspace
    return call.with_headers(headers | dict(call.headers))


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body; `details.error_code` is its stable word (Anthropic API reference, errors).

    The code says more than the type, which spending caps share with rate limits. An empty account is told by its
    sentence alone, and a rate limit that names no time to wait is a cap: both are final.
    """
    refused = api.parse_error(status, headers, body)
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    code = details.get("error_code") if isinstance(details, dict) else None
    request_id = body.get("request_id") if isinstance(body, dict) else None
    refused = replace(
        refused,
        code=code if isinstance(code, str) else refused.code,
        request_id=request_id if isinstance(request_id, str) else headers.get("request-id", refused.request_id),
        headers=headers,
    )
    return replace(refused, final=_is_final(refused))


def error_in(data: Any, event: str = "") -> ApiError | None:
    """Return the error in a frame of a response, if it is one, with the HTTP status of its type."""
    is_error = event == "error" or (isinstance(data, dict) and (data.get("type") == "error" or data.get("error")))
    if not is_error:
        return None
    error = parse_error(0, {}, data)
    return replace(error, status=error_codes.lookup(ID, error.kind).status)


def listing(classify: Classify, fields: FieldValues, pages: tuple[str, ...] = ()) -> Call:
    """Return the call that lists models, page by page, newest first; deprecated ones too, retired ones not.

    It answers with `ModelsListed` and, since only a good key gets that, `Accepted` (Anthropic API reference, models).
    """
    query = {"limit": _PAGE, "after_id": pages[-1]} if pages else {"limit": _PAGE}
    return Call(
        "GET",
        api.endpoint(fields, "/v1/models"),
        lambda: partial(_read, classify, fields, pages),
        query=query,
    )


def probe(call: Call, known: tuple[Model, ...]) -> Call:
    """Return an empty request in place of a model list that a gateway does not have.

    It costs nothing: the key is checked first, then the body is refused as malformed. `known` stands in for the list.
    """

    def read(frame: Frame | None) -> Iterable[Event | ApiError]:
        if frame is None:
            return []
        # A 404 about the model that is missing in the request shows that the path is there.
        if isinstance(frame.data, ApiError) and frame.data.status == 404 and "model" not in frame.data.message:
            return [frame.data]
        return [ModelsListed(known), Accepted()]

    url = call.url.removesuffix("/v1/models") + "/v1/messages"
    return Call("POST", url, lambda: read, json={}, accepted_statuses=frozenset({400, 404, 422}))


def _read(
    classify: Classify, fields: FieldValues, pages: tuple[str, ...], frame: Frame | None
) -> Iterable[Event | ApiError | Call]:
    if frame is None:
        return []
    if refused := error_in(frame.data):
        return [refused]
    entries = entries_of(frame.data)
    if entries is None:
        return [api.malformed("It holds no list of models.")]
    models = {model.id: model for entry in entries.usable if (model := classify(entry))}
    listed = ModelsListed(tuple(models.values()), entries.count)
    last = text(frame.data.get("last_id")) if isinstance(frame.data, dict) and entries.has_more else ""
    notices = (replace(entries, has_more=False) if last else entries).notices
    # A server that passes over `after_id` would send the same pages for ever.
    if last and last not in pages:
        return [listed, *notices, listing(classify, fields, (*pages, last))]
    return [listed, *notices, Accepted()]


def _is_final(error: ApiError) -> bool:
    capped = error.status == 429 and error.kind == "rate_limit_error" and "retry-after" not in error.headers
    return (
        error.final
        or capped
        or error_codes.lookup(ID, error.kind).final
        or error_codes.lookup(ID, error.code).final
        or error.code.startswith(LINKED)
        or NO_CREDIT in error.message
    )
