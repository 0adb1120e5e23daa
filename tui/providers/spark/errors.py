"""Refusals of Spark in words (xfyun.cn, Spark error codes; general URL authentication, failures)."""

import re
from collections.abc import Mapping

from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.dialects.openai import errors
from tui.providers.requests import ApiError

_OWN_QUOTA = "Each version has its own quota, the free ones too: claim or buy it in the console, or pick another."
_AGAIN = "Wait a little and ask again."

_MATCH = (
    CredentialRejected,
    "The signature does not match: the APISecret is not that of this APIKey, or this machine's clock is wrong.",
    "Copy APIKey and APISecret from the same application, and compare the clock; 5 minutes are too much.",
)
_UNKNOWN = (
    CredentialRejected,
    "{label} knows no application with this APIKey.",
    "Look whether APIKey and APISecret are swapped: both have 32 characters, and the APIKey only digits and a to f.",
)
_CLOCK = (
    CredentialRejected,
    "{label} does not take the time of this call: this machine's clock is more than 5 minutes off.",
    "Set the clock. The key was not judged.",
)
_KIND = (
    CredentialRejected,
    "An APIPassword came where {label} wants a signature with APIKey and APISecret.",
    "Check the base URL, and that each field holds what the console calls by its name.",
)
_OTHER = (
    CredentialRejected,
    "{label} does not know this APIPassword or APIKey.",
    "The APIPassword is in the HTTP box of the version's page in the console; APIKey and APISecret are others.",
)
_FORBIDDEN = (
    Problem,
    "{label} turned this call away before it looked at it.",
    "This machine's clock is more than 5 minutes off, or the application takes calls from listed addresses only.",
)
_TOLD = (
    (re.compile(r"enforced header|header.*\bhost\b", re.I), _KIND),
    (re.compile(r"retriev\w* credential|credential.*(not found|unknown)|api_?key.*not found", re.I), _UNKNOWN),
    (re.compile(r"\bx?-?date\b.*(required|valid|expired)|clock", re.I), _CLOCK),
    (re.compile(r"hmac|signature", re.I), _MATCH),
)

_USED = (ScopeMissing, "{label} knows the key; the tokens of {model} are used up, or were not claimed.", _OWN_QUOTA)
_PAIR = (
    ScopeMissing,
    "{label} knows the key, but {model} is not served at the address that was asked.",
    "Pick another version; where a base URL is set, look whether it serves this one.",
)
_CLOSED = (
    ScopeMissing,
    "{label} knows the key, but {model} is not enabled for its application, or its tokens are used up.",
    _OWN_QUOTA,
)

_FAILED = (Problem, "{label} failed on its side.", _AGAIN)
_BUSY = (Problem, "{label} is too busy.", _AGAIN)
_FORM = (Problem, "{label} does not accept this call for {model}.", "Leave the parameters empty, or start a new chat.")
_UNSAFE = (Problem, "The safety check of {label} refuses this text.", "Put it in other words.")
_NO_MODEL = (Problem, "{label} does not know {model} at this address.", "Pick another model of its list.")

_SENTENCES: Mapping[str, tuple[type[Problem], str, str]] = {
    "10000": _FAILED,
    "10001": _FAILED,
    "10002": _FAILED,
    "10003": _NO_MODEL,
    "10004": _FORM,
    "10005": (
        Problem,
        "{label} does not accept a value of this call for {model}; most often it is the APPID.",
        "Copy the APPID from where the APIKey is from, and leave the parameters empty.",
    ),
    "10006": (Problem, "Another call of this account is still running at {label}.", "Wait until it has ended."),
    "10007": (Problem, "Another call of this account is still running at {label}.", "Wait until it has ended."),
    "10008": _BUSY,
    "10009": _FAILED,
    "10010": _FAILED,
    "10012": _FAILED,
    "10013": _UNSAFE,
    "10014": (Problem, "The safety check of {label} stopped the answer.", "Put the question in other words."),
    "10019": (Problem, "The safety check of {label} advises to end this chat.", "Start a new chat."),
    "10110": _BUSY,
    "10163": _FORM,
    "10222": _FAILED,
    "10223": _FAILED,
    "10404": _NO_MODEL,
    "10907": (Problem, "This is longer than {model} can take.", "Shorten the text, or start anew."),
    "11201": (Problem, "The calls of this day are used up for {model}.", "Wait for tomorrow, or pick another version."),
    "11202": (Problem, "The calls of this second are used up at {label}.", _AGAIN),
    "11203": (Problem, "Too many calls of this application run at once at {label}.", "Wait until one has ended."),
}


def describe_error(label: str, probed: str, refused: ApiError, model: str) -> Problem | None:
    """A refusal by its code, else by its words; `probed` is what was asked where no model is named."""
    known = _SENTENCES.get(refused.code)
    if refused.code == "11200":
        known = _by_suffix(refused.message)
    elif known is None and refused.status in (401, 403):
        matches = (found for pattern, found in _TOLD if pattern.search(refused.message))
        known = next(matches, _OTHER if refused.status == 401 else _FORBIDDEN)
    if known is None:
        return errors.describe_error(label, refused, model)
    kind, message, hint = known
    return kind(message.format(label=label, model=model or probed), hint)


def _by_suffix(message: str) -> tuple[type[Problem], str, str]:
    """What 11200 means: its words end with the licence that is missing."""
    if "tokens.total" in message:
        return _USED
    return _PAIR if "domain." in message else _CLOSED
