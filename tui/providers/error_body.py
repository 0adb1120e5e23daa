"""Read error bodies of any shape: `error`, `errors`, `detail`, or a `message` or `msg` with a code.

The dialects read the shapes that their vendor documents. This is what servers, frameworks and gateways send beside
them: OpenAI's envelope, FastAPI's list of `{loc, msg, type}` (also as Mistral wraps it), RFC 9457, `success: false`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_WORDS = 2000
"""Characters of the server's own words that are read, so that searching them stays quick."""

_WORDS = (
    "message",
    "msg",
    "detail",
    "error_description",
    "error_msg",
    "error_message",
    "errmsg",
    "description",
    "title",
)
_CODES = ("code", "error_code", "errcode", "err_code")
_FINE = frozenset({"", "0", "200", "ok", "success", "true"})
_FAILED = frozenset({"error", "fail", "failed", "failure"})
_MAX_ENTRIES = 20
_MAX_DEPTH = 4


@dataclass(frozen=True)
class Account:
    """The content of an error body: its message, its code, and the field that it names."""

    message: str = ""
    code: str = ""
    kind: str = ""
    param: str = ""


def read_account(body: Any) -> Account:
    """Return what an error body says, whatever its shape; a text is the message."""
    if isinstance(body, list) and body and isinstance(body[0], dict) and "loc" not in body[0]:
        body = body[0]
    if not isinstance(body, dict):
        return Account(words_of(body))
    inner = body.get("error") or body.get("errors") or body
    first = _first(inner)
    error = first if isinstance(first, dict) else body
    entry = _invalid_field(inner)
    return Account(
        words_of(inner) or words_of({name: body.get(name) for name in _WORDS}),
        next((code for name in _CODES if (code := _word(error.get(name)))), "") or _word(entry.get("type")),
        _word(error.get("type")),
        _word(error.get("param")) or _path(entry.get("loc")),
    )


def is_error(data: Any) -> bool:
    """Return True if JSON that is no answer is the account of a failure."""
    if isinstance(data, list):
        return bool(data) and isinstance(data[0], dict) and is_error(data[0])
    if not isinstance(data, dict):
        return False
    if data.get("error") or data.get("errors") or data.get("object") == "error" or data.get("success") is False:
        return True
    if str(data.get("status")).lower() in _FAILED or (data.get("detail") and words_of(data["detail"])):
        return True
    code = next((str(data[name]).lower() for name in _CODES if data.get(name) is not None), None)
    return code not in _FINE and any(isinstance(data.get(name), str) and data[name] for name in _WORDS)


def words_of(value: Any, depth: int = 0) -> str:
    """Return the sentence in a text, in a member that usually holds one, or in a list of either."""
    if isinstance(value, str):
        return value[:MAX_WORDS]
    if depth >= _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        parts = [words_of(entry, depth + 1) for entry in value[:_MAX_ENTRIES]]
        return "; ".join(part for part in parts if part)[:MAX_WORDS]
    if not isinstance(value, dict):
        return ""
    sentence = next((words for name in _WORDS if (words := words_of(value.get(name), depth + 1))), "")
    path = _path(value.get("loc"))
    return f"{path}: {sentence}" if path and sentence else sentence


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _invalid_field(value: Any, depth: int = 0) -> Mapping[str, Any]:
    """Return the first entry of a list of fields that failed validation (FastAPI, pydantic); {} without one."""
    if depth < _MAX_DEPTH and isinstance(value, list) and value and isinstance(value[0], dict):
        return value[0] if isinstance(value[0].get("loc"), list) else _invalid_field(value[0], depth + 1)
    if depth < _MAX_DEPTH and isinstance(value, dict):
        for name in ("detail", "message", "msg"):
            if entry := _invalid_field(value.get(name), depth + 1):
                return entry
    return {}


def _path(location: Any) -> str:
    if not isinstance(location, list):
        return ""
    return ".".join(str(part) for part in location if part != "body")[:MAX_WORDS]


def _word(value: Any) -> str:
    return str(value)[:MAX_WORDS] if isinstance(value, str | int) and not isinstance(value, bool) else ""
