"""OpenAI's errors as problems, and repairs of requests (OpenAI guide, error codes)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing
from tui.providers.dialects.openai.api import is_permission_error, without
from tui.providers.dialects.openai.models import NO_LIST
from tui.providers.requests import ApiError, Call, Framing

_UNSUPPORTED = frozenset(
    {"unsupported_parameter", "unsupported_value", "unknown_parameter", "extra_forbidden", "value_error.extra"}
)
_CONTEXT_ERROR = r"(?i)context_length_exceeded|exceed_context_size|maximum context length|context window"
_UNKNOWN_MODEL = r"(?i)model_not_found|model .*not found|no such model|model .*does not exist"
_NO_SUCH_FIELD = (
    r"(?i)unsupported|not supported|does not support|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|not allowed"
)
_REQUIRED_FIELDS = frozenset({"model", "messages", "prompt", "input", "response_format"})
_TOKENS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


def describe_error(label: str, refused: ApiError, model: str) -> Problem | None:
    """Return the problem for an error whose code says more than its status, or None."""
    words = f"{refused.code} {refused.kind} {refused.message}"
    named, inside = model or "the model", _label_in_sentence(label)
    if refused.final:
        return Problem(
            f"Your {label} account has no credit left.", "Add credit on its billing page, or use another provider."
        )
    if refused.code == NO_LIST:
        return Problem(f"{label} has no model list.", "Add models by name.")
    if is_permission_error(refused):
        if model:
            message = f"{label} accepted this key, but it may not use {model}."
            return ScopeMissing(message, "Allow Model capabilities: request on the key page.")
        message = f"{label} accepted this key, but it may not list models."
        return ScopeMissing(message, "Save and add models by hand, or allow Models: read on the key page.")
    if refused.status in (401, 403):
        return _account_problem(label, refused)
    if refused.status in (0, 400, 404) and re.search(_CONTEXT_ERROR, words):
        return Problem(f"This is longer than {named} can take.", "Shorten the text, or start a new chat.")
    if refused.status in (0, 400, 404) and re.search(_UNKNOWN_MODEL, words):
        hint = "Refresh the list of models, or pick another model."
        return Problem(f"{label} does not know {named}, or the key may not use it.", hint)
    if refused.code in ("content_policy_violation", "content_filter"):
        return Problem(f"The content rules of {inside} reject this text.", "Rephrase it.")
    if refused.code == "malformed":
        return Problem(f"The response of {inside} cannot be read.", "Check the address and the model.")
    if refused.status == 0 and ("overloaded" in words or "slow_down" in words):
        return Problem(f"{label} is too busy.", "Wait a moment, or pick another model.")
    return None


def _label_in_sentence(label: str) -> str:
    """Return a label as it stands within a sentence."""
    return f"the {label.removeprefix('The ')}" if label.startswith("The ") else label


def repair_request(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return the request without the field that was rejected, and a sentence for the user."""
    if refused.status not in (400, 422) or not isinstance(call.json, dict):
        return None
    name = _rejected_field(call.json, refused)
    model = call.json.get("model", "The model")
    if name == "stream" and call.json["stream"]:
        body = {key: value for key, value in call.json.items() if key != "stream_options"} | {"stream": False}
        sentence = f"{model} does not stream for this account. The answer comes in one piece."
        return replace(call, json=body, framing=Framing.JSON), sentence
    if name in _TOKENS:
        body = {_TOKENS.get(key, key) if key == name else key: value for key, value in call.json.items()}
        return replace(call, json=body), f"{model} takes {_TOKENS[name]} in place of {name}. It was renamed."
    if not name:
        return None
    words = name.replace("_", " ")
    if refused.code == "unsupported_value":
        return without(call, name), f"{model} does not take this {words}. It was left out."
    return without(call, name), f"{model} takes no {words}. It was left out."


def _account_problem(label: str, refused: ApiError) -> Problem | None:
    words = refused.message.lower()
    if "member of an organization" in words:
        return CredentialRejected(
            f"The account of this key belongs to no organization of {_label_in_sentence(label)}.",
            "Join or create one there.",
        )
    for field in ("organization", "project"):
        if refused.code == f"mismatched_{field}":
            return CredentialRejected(
                f"The {field} does not belong to this key.", f"Correct the {field}, or leave it blank."
            )
    if re.search(r"\bip\b", words):
        message = f"{label} rejects requests with this key from this network's address."
        return ScopeMissing(message, "Allow the address in its settings, or use an allowed network.")
    if re.search(r"country|region|territory", words):
        message = f"{label} does not serve the country or region that this request comes from."
        return NetworkError(message, "Use a network where it is served, or use another provider.")
    return None


def _rejected_field(body: Mapping[str, Any], refused: ApiError) -> str:
    """Return the rejected field: in `param`, or in the message of servers that have none."""
    name = re.split(r"[.\[]", refused.param)[0]
    if refused.code in _UNSUPPORTED and name in body:
        return "" if name in _REQUIRED_FIELDS else name
    if not re.search(_NO_SUCH_FIELD, refused.message):
        return ""
    named = [key for key in body if key not in _REQUIRED_FIELDS and re.search(rf"\b{key}\b", refused.message)]
    # A sentence about max_tokens names its successor as well.
    return named[0] if named else ""
