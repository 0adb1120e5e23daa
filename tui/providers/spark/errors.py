"""Spark's errors as problems (xfyun.cn, Spark error codes; general URL authentication, failures)."""

import re

from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.dialects import error_codes
from tui.providers.dialects.openai import errors
from tui.providers.requests import ApiError
from tui.providers.spark.api import ID

_OWN_QUOTA = "Each version has its own quota, the free ones too: claim or buy it in the console, or pick another."

_MATCH = (
    CredentialRejected,
    "The signature does not match: the APISecret is not that of this APIKey, or this machine's clock is wrong.",
    "Copy APIKey and APISecret from the same application, and compare the clock; 5 minutes are too much.",
)
_UNKNOWN = (
    CredentialRejected,
    "{label} found no application with this APIKey.",
    "Check whether APIKey and APISecret are swapped: both have 32 characters, and the APIKey only digits and a to f.",
)
_CLOCK = (
    CredentialRejected,
    "{label} rejected the time of this request: this machine's clock is more than 5 minutes off.",
    "Set the clock. The key was not checked.",
)
_KIND = (
    CredentialRejected,
    "{label} got an APIPassword instead of a signature with APIKey and APISecret.",
    "Check the base URL, and that each field matches its name in the console.",
)
_OTHER = (
    CredentialRejected,
    "{label} rejected this APIPassword or APIKey.",
    "The APIPassword is in the HTTP box of the version's page in the console; APIKey and APISecret are others.",
)
_FORBIDDEN = (
    Problem,
    "{label} rejected this request before processing it.",
    "This machine's clock is more than 5 minutes off, or the application accepts requests from listed addresses only.",
)
_SENTENCES = (
    (re.compile(r"enforced header|header.*\bhost\b", re.I), _KIND),
    (re.compile(r"retriev\w* credential|credential.*(not found|unknown)|api_?key.*not found", re.I), _UNKNOWN),
    (re.compile(r"\bx?-?date\b.*(required|valid|expired)|clock", re.I), _CLOCK),
    (re.compile(r"hmac|signature", re.I), _MATCH),
)

_USED = (ScopeMissing, "{label} accepted the key; the tokens of {model} are used up, or were not claimed.", _OWN_QUOTA)
_PAIR = (
    ScopeMissing,
    "{label} accepted the key, but {model} is not served at this address.",
    "Pick another version; if a base URL is set, check that it serves this one.",
)
_CLOSED = (
    ScopeMissing,
    "{label} accepted the key, but {model} is not enabled for its application, or its tokens are used up.",
    _OWN_QUOTA,
)


def describe_error(label: str, probed: str, refused: ApiError, model: str) -> Problem | None:
    """Return an error in words, by its code, else by its words; `probed` is what was asked where no model is named."""
    if problem := error_codes.lookup(ID, refused.code).to_problem(label, model or probed):
        return problem
    known = None
    if refused.code == "11200":
        known = _by_suffix(refused.message)
    elif refused.status in (401, 403):
        matches = (sentence for pattern, sentence in _SENTENCES if pattern.search(refused.message))
        known = next(matches, _OTHER if refused.status == 401 else _FORBIDDEN)
    if known is None:
        return errors.describe_error(label, refused, model)
    kind, message, hint = known
    return kind(message.format(label=label, model=model or probed), hint)


def _by_suffix(message: str) -> tuple[type[Problem], str, str]:
    """Return what 11200 means: its words end with the licence that is missing."""
    if "tokens.total" in message:
        return _USED
    return _PAIR if "domain." in message else _CLOSED
