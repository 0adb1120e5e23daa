"""Refusals of Qianfan and of its older service in words (Qianfan API reference, error codes of V2 and of V1)."""

import re
from collections.abc import Mapping

from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.dialects.openai import errors
from tui.providers.requests import ApiError

_THIRD_KIND = "Access Key and Secret Key of the cloud account are another kind and do not work here."
_UNPAID = re.compile(r"overdue|arrear|insufficient balance|欠费|余额不足", re.IGNORECASE)
_UNNAMED = re.compile(r"real[- ]?name|实名", re.IGNORECASE)
_UNSAFE = re.compile(r"safety|sensitive|unsafe|content[_ ]filter|敏感|违规", re.IGNORECASE)

_STALE = (
    CredentialRejected,
    "{label} does not take the token of this key pair.",
    "Verify the key pair again, or replace it.",
)
_MINUTE = (Problem, "The calls of this minute are used up at {label}.", "Wait a minute, or pick another model.")
_TOKENS = (Problem, "The tokens of this minute are used up at {label}.", "Wait a minute, or pick another model.")
_QUOTA = (Problem, "The quota of {model} is used up, or was not paid.", "Look at it in the Qianfan console.")
_TOO_LONG = (Problem, "This is longer than {model} can take.", "Shorten the text, or start anew.")
_NO_RIGHT = (
    ScopeMissing,
    "{label} takes the key, but it may not use {model} or a parameter of this call.",
    "Give the key the right to Qianfan ModelBuilder in the console.",
)
_CLOSED = (
    ScopeMissing,
    "{label} takes the key, but {model} is not opened for its account or application.",
    "Open the model in the Qianfan console, and give the key the right to it.",
)
_ORDER = (
    Problem,
    "{label} does not take this chat: its turns, or another field although it names them.",
    "Start a new chat, or leave the parameters empty.",
)

_SENTENCES: Mapping[str, tuple[type[Problem], str, str]] = {
    "invalid_iam_token": (
        CredentialRejected,
        "{label} does not know this API key. It may be deleted, or past its end.",
        f"It begins with bce-v3/ and is copied whole. {_THIRD_KIND}",
    ),
    "invalid_appid": (
        CredentialRejected,
        "The application does not belong to this key.",
        "Correct the application id, or leave it empty.",
    ),
    "invalid_model": (
        Problem,
        "{label} does not know {model}, or has retired it.",
        "Refresh the list of models, or pick another model.",
    ),
    "no_parameter_permission": _NO_RIGHT,
    "access_denied": _NO_RIGHT,
    "rpm_rate_limit_exceeded": _MINUTE,
    "tpm_rate_limit_exceeded": _TOKENS,
    "characters_too_long": _TOO_LONG,
    "tokens_too_long": _TOO_LONG,
    "3": (
        Problem,
        "This address does not serve {model} in the older form.",
        "Baidu ended its own on 2026-08-31: use an API key of Qianfan, or the address of a gateway that serves it.",
    ),
    "6": _CLOSED,
    "13": _STALE,
    "14": _STALE,
    "15": (
        CredentialRejected,
        "{label} does not find the application of this key pair.",
        "Look whether it was deleted.",
    ),
    "17": _QUOTA,
    "19": _QUOTA,
    "110": _STALE,
    "111": _STALE,
    "336003": _ORDER,
    "336006": _ORDER,
    "336501": _MINUTE,
    "336502": _TOKENS,
}


def describe_error(label: str, refused: ApiError, model: str) -> Problem | None:
    """A refusal by its code, else by its words where the codes are not documented."""
    if refused.code == "invalid_client":
        return _of_pair(label, refused.message)
    known = _SENTENCES.get(refused.code) or _by_words(refused)
    if refused.code == "invalid_model" and refused.status in (401, 403):
        known = _CLOSED
    if known is None:
        return errors.describe_error(label, refused, model)
    kind, message, hint = known
    return kind(message.format(label=label, model=model or "the model"), hint)


def _by_words(refused: ApiError) -> tuple[type[Problem], str, str] | None:
    words = f"{refused.code} {refused.message}"
    if refused.status in (401, 402, 403) and _UNPAID.search(words):
        return Problem, "The Baidu account is overdue. The key is right.", "Pay what is open in the Baidu console."
    if refused.status in (401, 403) and _UNNAMED.search(words):
        return ScopeMissing, "The Baidu account is not verified by name. The key is right.", "Verify it in its console."
    if refused.status in (0, 400) and _UNSAFE.search(words):
        return Problem, "The safety check of {label} refuses this text or its answer.", "Put it in other words."
    return None


def _of_pair(label: str, message: str) -> Problem:
    if "unknown client" in message.lower():
        text = f"{label} knows no application with this API key."
        return CredentialRejected(text, f"Look whether it and the secret key are swapped. {_THIRD_KIND}")
    text = "The secret key does not belong to this API key, or is not whole."
    return CredentialRejected(text, f"Copy both from the same application. {_THIRD_KIND}")
