"""Anthropic's errors as problems, and repairs of requests with a rejected field.

Anthropic API reference, errors; guides, rate limits and migration to 2026-10-21.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.domain import Model
from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing
from tui.providers.anthropic import api
from tui.providers.anthropic.api import CURRENT, ID, LINKED, NO_CREDIT, OLD_VERSION, VERSION
from tui.providers.anthropic.messages import SAMPLING
from tui.providers.dialects import error_codes
from tui.providers.dialects.openai.api import without
from tui.providers.requests import ApiError, Call

_UNSUPPORTED = (
    r"(?i)deprecated|unsupported|not supported|(does not|doesn't) support|no longer|removed|not permitted|not allowed"
    r"|unexpected|unknown|cannot both|only"
)
_MAX_TOKENS_ERROR = r"max_tokens: (\d{1,9}) > (\d{1,9})"
_CONTEXT_ERROR = r"(?i)prompt is too long|too many total text|context (window|limit)"
_SPEND_LIMIT = r"(?i)(spend|spending|usage) limit"
_WORKSPACE = r"(?i)workspace[-_ ]id|(?<!this )workspace .*(match|belong)"
_PLACE = r"(?i)countr(y|ies)|region|territor(y|ies)"
_CONSOLE = "See the billing page of its console."
_FIELDS = {"thinking": "thinking", "output_config": "output_config|effort"}


def describe_error(label: str, retired: Mapping[str, str], refused: ApiError, model: str) -> Problem | None:
    """Return an error in words where the wire says more than the status; `retired` has ids with dates."""
    words, kind = refused.message, refused.kind
    named = model or "the model"
    if kind == "billing_error" or NO_CREDIT in words:
        return Problem(
            f"Your {label} account has no credit left.", "Add credit on its billing page, or use another provider."
        )
    if refused.final or (refused.status == 400 and re.search(_SPEND_LIMIT, words)):
        return _budget_problem(label, refused)
    if refused.status in (400, 401, 403) and re.search(_WORKSPACE, words):
        return CredentialRejected(
            "The workspace does not belong to this key.", "Correct the workspace ID, or leave it blank."
        )
    if refused.status == 401 and "oauth" in words.lower():
        return CredentialRejected(
            f"This is a subscription's sign-in token; {label} accepts it for no API request.", "Create an API key."
        )
    if refused.status == 403:
        return _permission_problem(label, refused, model)
    if refused.status == 404 and model in retired:
        return Problem(f"{label} retired {model} on {retired[model]}.", "Pick one of the models that are listed.")
    if refused.status == 404 and kind == "not_found_error" and words.startswith("model"):
        hint = "Refresh the list of models, or pick another model; retired ones answer like this."
        return Problem(f"{label} does not know {named}, or the key may not use it.", hint)
    if refused.status == 400 and re.search(_CONTEXT_ERROR, words):
        return Problem(f"This is longer than {named} can take.", "Shorten the text, or start a new chat.")
    if kind == "request_too_large":
        return Problem(f"This is too large for {label}.", "Shorten the text, or start a new chat.")
    if refused.code == "malformed":
        return Problem(f"The response of {label} cannot be read.", "Check the address and the model.")
    return None


def repair_request(known: tuple[Model, ...], call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return the call as the model or the server takes it, and a sentence that tells of the change."""
    if refused.status in (404, 405, 501) and not refused.page and call.url.endswith("/v1/models"):
        return api.probe(call, known), "This address lists no models. An empty request verifies the key."
    if refused.status not in (400, 422):
        return None
    if VERSION in refused.message and call.headers.get(VERSION, CURRENT) == CURRENT:
        return call.with_headers(
            {VERSION: OLD_VERSION}
        ), "The server supports only the older version of the API, which was used."
    if not isinstance(call.json, dict):
        return None
    model = call.json.get("model", "The model")
    if match := re.search(_MAX_TOKENS_ERROR, refused.message):
        limit = int(match[2])
        return replace(call, json=call.json | {"max_tokens": limit}), f"{model} gives {limit:,} tokens at most."
    if not re.search(_UNSUPPORTED, refused.message):
        return None
    if "display" in refused.message and "display" in (thinking := call.json.get("thinking") or {}):
        remaining = {name: value for name, value in thinking.items() if name != "display"}
        return replace(
            call, json=call.json | {"thinking": remaining}
        ), f"{model} takes no display of its thinking. It was left out."
    if name := _rejected_field(call.json, refused.message):
        better = without(call, name)
        if name == "output_config" and "format" in call.json[name]:
            if "effort" not in call.json[name]:
                return None  # only the schema is left, which is never left out
            better = replace(call, json=call.json | {name: {"format": call.json[name]["format"]}})
        if name in SAMPLING and not any(name in better.json for name in SAMPLING):
            better = better.with_headers({VERSION: CURRENT})
        word = "effort" if name == "output_config" else name
        reason = f"takes no {word} with temperature" if "cannot both" in refused.message else f"takes no {word}"
        return better, f"{model} {reason}. It was left out."
    return None


def _budget_problem(label: str, refused: ApiError) -> Problem:
    if refused.code.startswith(LINKED):
        return Problem(f"The organization that pays for this {label} account has a billing problem.", _CONSOLE)
    if problem := error_codes.lookup(ID, refused.code).to_problem(label, ""):
        return problem
    if refused.status == 400:
        message = f"A spending limit of your {label} organization or workspace is reached."
        return Problem(message, "Raise it on the limits page of its console, or wait until it resets.")
    message = f"A cap of your {label} account is reached, which a short wait does not lift."
    return Problem(message, "The limits page says which one; monthly ones reset on the 1st at 00:00 UTC.")


def _permission_problem(label: str, refused: ApiError, model: str) -> Problem:
    if re.search(_PLACE, refused.message):
        message = f"{label} does not serve the country or region that this request comes from."
        return NetworkError(message, "Use a network where it is served, or use another provider.")
    if refused.code == "organization_on_hold" or "disabled" in refused.message:
        return ScopeMissing(f"{label} has put the organization of this key on hold.", "Its console says why.")
    if model:
        message = f"{label} accepted this key, but it may not use {model}."
        return ScopeMissing(message, "Allow the model for the key's workspace, or pick another one.")
    message = f"{label} accepted this key, but it may not list models."
    return ScopeMissing(message, "Save and add models by hand, or use a key with more permissions.")


def _rejected_field(body: Mapping[str, Any], message: str) -> str:
    """Return the field of the body that is refused. Of a pair that does not go together the temperature stays."""
    named = [name for name in SAMPLING if name in body and re.search(rf"\b{name}\b", message)]
    named += [name for name, words in _FIELDS.items() if name in body and re.search(rf"\b({words})\b", message)]
    return named[-1] if named else ""
