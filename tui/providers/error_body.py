"""Read error bodies of any shape: `error`, `errors`, `detail`, or a `message` or `msg` with a code.

The dialects read the shapes that their vendor documents. This is what servers, frameworks and gateways send beside
them: OpenAI's envelope, FastAPI's list of `{loc, msg, type}` (also as Mistral wraps it), RFC 9457, `success: false`,
clouds' names in capitals, the account of a server behind a router.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

MAX_WORDS = 2000
"""Characters of the server's own words that are read, so that searching them stays quick."""

_WORDS = (
    "message",
    "msg",
    "detail",
    "error_description",
    "error_msg",
    "error_message",
    "errormessage",
    "errmsg",
    "retmsg",
    "faultstring",
    "description",
    "title",
    "err",
    "exception",
    "failure_reason",
    "status_msg",
    "statusmessage",
    "status_message",
    "resultmsg",
    "result_msg",
    "result_message",
    "ret_msg",
    "ret",
)
_FURTHER_WORDS = ("error", "reason", "info", "messages", "cause", "text")
"""Members that hold a sentence where none of `_WORDS` does; by themselves they tell of no failure."""

_CODES = (
    *("code", "error_code", "errorcode", "errcode", "err_code", "retcode", "status_code", "statuscode", "errno"),
    *("result_code", "resultcode"),
)
_ERRORS = ("error", "errors", "error_info", "failure", "failures", "violations", "non_field_errors", "exception")
"""Members that hold the account of a failure, and are there for nothing else."""

_WRAPPERS = ("response", "fault", "data", "result", "meta", "header", "base_resp", "status", "body", "output")
"""Members that hold the account of a failure (Tencent Cloud, Apigee, iFLYTEK, MiniMax, gateways)."""

_HEADERS = ("x-error-message", "x-error-detail", "x-error-description", "x-error", "x-ms-error-message", "grpc-message")
_DESCRIPTION = r'error_description="([^"]+)"'
_FORM = r"[\w.-]+=[^\s&]*(?:&[\w.-]+=[^\s&]*)*"
"""An error as OAuth servers put it into an address, and some into a body."""

_SUCCESS_WORDS = frozenset({"", "0", "200", "ok", "success", "true"})
_FAILED = frozenset({"error", "fail", "failed", "failure"})
_FALSE = frozenset({"false", "0", "none"})
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
    """Return what an error body says, whatever its shape and the case of its names; a text is the message."""
    body = _unwrap(body)
    if isinstance(body, list) and body and isinstance(body[0], dict) and "loc" not in body[0]:
        body = body[0]
    if isinstance(body, str) and re.fullmatch(_FORM, body):
        body = dict(parse_qsl(body[:MAX_WORDS]))
    if not isinstance(body, dict):
        return Account(words_of(body) or as_text(body)[:MAX_WORDS])
    inner = next((body[name] for name in _ERRORS if body.get(name)), body)
    first = _first(inner)
    error = first if isinstance(first, dict) else body
    entry = _invalid_field(inner)
    code = next((code for name in _CODES if (code := _word(error.get(name)))), "") or _word(entry.get("type"))
    kind = _word(error.get("type"))
    words = _sentence(body, inner) or ("" if code or kind else as_text(body))
    return Account(words[:MAX_WORDS], code, kind, _word(error.get("param")) or _path(entry.get("loc")))


def words_in_headers(headers: Mapping[str, str]) -> str:
    """Return what the headers of an error say, where its body says nothing (RFC 6750, 3; gRPC; gateways)."""
    challenge = re.search(_DESCRIPTION, headers.get("www-authenticate", ""))
    named = (headers[name] for name in _HEADERS if headers.get(name))
    return challenge[1] if challenge else unquote(next(named, ""))


def as_text(body: Any) -> str:
    """Return JSON on one line, for a shape in which nothing else is to be read; '' for an empty one."""
    if not _says_something(body):
        return ""
    try:
        return json.dumps(body, ensure_ascii=False)[:MAX_WORDS]
    except (ValueError, RecursionError):
        return ""


def words_in(body: Any) -> str:
    """Return the words of JSON that is a text, or a list of texts, and no answer; '' for any other."""
    if isinstance(body, list) and not all(isinstance(entry, str | list) for entry in body):
        return ""
    return words_of(body).strip() if isinstance(body, str | list) else ""


def _says_something(value: Any, depth: int = 0) -> bool:
    """Return True if JSON holds a text or a number somewhere."""
    if isinstance(value, dict | list) and depth < _MAX_DEPTH:
        entries = value.values() if isinstance(value, dict) else value
        return any(_says_something(entry, depth + 1) for entry in entries)
    return bool(value)


def is_error(data: Any) -> bool:
    """Return True if JSON that is not an answer describes an error."""
    data = _unwrap(data)
    if isinstance(data, list):
        return bool(data) and isinstance(data[0], dict) and is_error(data[0])
    if not isinstance(data, dict):
        return False
    if any(data.get(name) for name in _ERRORS) or data.get("object") == "error":
        return True
    if any(str(data.get(name, True)).lower() in _FALSE for name in ("success", "ok")):
        return True
    if any(data.get(name) is True for name in ("iserror", "failed")):
        return True
    if any(str(data.get(name)).lower() in _FAILED for name in ("status", "state", "outcome")):
        return True
    if data.get("detail") and words_of(data["detail"]):
        return True
    return _code_fails(data) or (_code(data) is None and any(words_of(data[name]) for name in _WORDS if name in data))


def _code(data: Mapping[str, Any]) -> str | None:
    return next((str(data[name]).lower() for name in _CODES if data.get(name) is not None), None)


def _code_fails(data: Mapping[str, Any]) -> bool:
    """Return True if a code that is none of success stands beside a sentence."""
    code = _code(data)
    return code is not None and code not in _SUCCESS_WORDS and bool(words_of(data))


def _unwrap(body: Any, depth: int = 0) -> Any:
    """Return a body with its names in small letters, as far down as it is read, and without a wrapper."""
    if isinstance(body, list) and depth < _MAX_DEPTH:
        return [_unwrap(entry, depth + 1) for entry in body[:_MAX_ENTRIES]]
    if not isinstance(body, dict) or depth >= _MAX_DEPTH:
        return body
    members = {str(name).lower(): _unwrap(value, depth + 1) for name, value in body.items()}
    wrapped = next((inner for name in _WRAPPERS if isinstance(inner := members.get(name), dict)), None)
    if wrapped is None or depth or members.get("error"):
        return members
    return wrapped if wrapped.get("error") or wrapped.get("faultstring") or _code_fails(wrapped) else members


def _sentence(body: Mapping[str, Any], inner: Any) -> str:
    """Return the sentence within an error, and the one beside it where the error is but a name of it."""
    within = words_of(inner)
    if inner is body:
        return within
    general = words_of({name: body.get(name) for name in (*_WORDS, *_FURTHER_WORDS) if name != "error"})
    if isinstance(inner, dict) and not within:
        within = _by_field(inner)
    if not isinstance(inner, str) or not general or within in general:
        return within or general
    return general if general in within else f"{within}: {general}"


def _by_field(fields: Mapping[str, Any]) -> str:
    """Return the sentences about fields, each in a list under its field's name (ASP.NET, Laravel)."""
    entries = list(fields.items())[:_MAX_ENTRIES]
    return "; ".join(f"{name}: {words}" for name, value in entries if (words := words_of(value)))


def words_of(value: Any, depth: int = 0) -> str:
    """Return the sentence in a text, in a member that usually holds one, or in a list of either."""
    if isinstance(value, str):
        return _packed_words(value, depth) or value[:MAX_WORDS]
    if depth >= _MAX_DEPTH:
        return ""
    if isinstance(value, list):
        parts = [words_of(entry, depth + 1) for entry in value[:_MAX_ENTRIES]]
        return "; ".join(part for part in parts if part)[:MAX_WORDS]
    if not isinstance(value, dict):
        return ""
    names = (*_WORDS, *_FURTHER_WORDS)
    sentence = next((words for name in names if (words := words_of(value.get(name), depth + 1))), "")
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and (raw := words_of(metadata.get("raw"), depth + 1)):
        # OpenRouter: what the server behind it said.
        sentence = f"{sentence}: {raw}" if sentence else raw
    path = _path(value.get("loc"))
    return f"{path}: {sentence}" if path and sentence else sentence


def _packed_words(text: str, depth: int) -> str:
    """Return the sentence in JSON that is packed into a text, as gateways pass on the error of a server behind them."""
    if not text.startswith("{") or depth >= _MAX_DEPTH:
        return ""
    try:
        data = _unwrap(json.loads(text[: 10 * MAX_WORDS]))
    except (ValueError, RecursionError):
        return ""
    return words_of(data.get("error") or data, depth + 1) if isinstance(data, dict) else ""


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
