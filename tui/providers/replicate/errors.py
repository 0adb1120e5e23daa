"""Replicate's errors as problems, and repairs (Replicate HTTP API reference, errors; topics, rate limits)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.domain import ModelType
from tui.errors import Problem, ScopeMissing
from tui.providers.dialects.openai import api
from tui.providers.replicate import models, predictions
from tui.providers.replicate.inputs import FILES
from tui.providers.requests import ApiError, Call

_BILLING = "https://replicate.com/account/billing"
_MEMORY = r"(?i)out of memory|OutOfMemory"
_FLAGGED = r"(?i)nsfw|flagged|sensitive|safety|content policy"
_VERSION = r"(?i)invalid version|version does not exist"
_RESET_TIME = r"(?i)(?:resets? in|available in) ~?(\d{1,6})"
_EXCERPT = 2000


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body: its `detail`, and `retry_after` in seconds (RFC 7807)."""
    error = api.parse_error(status, headers, body)
    if not isinstance(body, dict):
        return error
    wait = re.search(_RESET_TIME, error.message)
    after = api.number(body.get("retry_after")) or (int(wait[1]) if wait else 0)
    title = body.get("title")
    return replace(
        error,
        code=error.code or (title[:_EXCERPT] if isinstance(title, str) else ""),
        param=str(after) if status == 429 and after else error.param,
        headers=headers,
    )


def repair_request(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return a model by its name alone, where its version was refused: official ones are run like that."""
    model, separator, _ = (
        str(call.json.get("version", "")).partition(":") if isinstance(call.json, dict) else ("", "", "")
    )
    if (
        not separator
        or refused.status not in (404, 422)
        or not re.search(_VERSION, f"{refused.code} {refused.message}")
    ):
        return None
    return replace(call, json={**call.json, "version": model}), f"{model} was requested without its version."


def describe_error(label: str, refused: ApiError, model: str) -> Problem | None:
    """Return an error in words where Replicate says more than the status."""
    named = model or "the model"
    if problem := _model_problem(label, refused, named) or _prediction_problem(label, refused, named):
        return problem
    if refused.status == 402:
        message = f"Your {label} account has no credit, or no payment method."
        return Problem(message, f"Add one at {_BILLING}")
    if refused.status == 429:
        advice = f"It asks to wait {refused.param} s. " if refused.param else "Wait a moment. "
        message = f"{label} accepts no more requests from this account at the moment."
        return Problem(
            message, f"{advice}With little credit or no payment method, it accepts 6 a minute, one at a time."
        )
    if refused.status == 403:
        message = f"{label} accepted this token, but it may not {'use ' + model if model else 'do this'}."
        return ScopeMissing(message, "Use a token of the account or organization that the model belongs to.")
    if refused.status == 404 and model:
        message = f"{label} does not have {model}, or it is private."
        return Problem(message, "Compare it with the address of its page, which ends in owner/name.")
    if refused.status == 422 and re.search(_VERSION, f"{refused.code} {refused.message}"):
        message = f"{label} does not run {named} like this: a community model needs a version that it has."
        return Problem(message, "Add the model again without a version, so that its newest one is found.")
    if refused.status == 422:
        message = f"The inputs do not match those of {named}."
        return Problem(message, "Change its parameters, or add it again, so that its inputs are read again.")
    if refused.code == "malformed":
        return Problem(f"The response of {label} cannot be read.", "Check the address and the model.")
    return None


def _model_problem(label: str, refused: ApiError, named: str) -> Problem | None:
    """Return what was found when a model was looked at."""
    code, param = refused.code, refused.param
    if code == FILES:
        message = f"{named} returns files such as images or audio, not text or numbers."
        return Problem(message, "Pick a model that returns text, vectors or a transcript.")
    if code == models.NOTHING_PUSHED:
        return Problem(f"{param} has no version that can be run yet.", "Pick another one, or push a version.")
    if code == models.NO_VERSION:
        message = f"{param} has no such version."
        return Problem(message, "Copy one from its page under Versions, or leave it empty for the newest.")
    if code == models.OTHER_MODEL:
        return Problem(f"The deployment runs {param}, and not {named}.", f"Add {param}, or name another deployment.")
    if code == models.OTHER_TYPE:
        expected = ModelType(param).label
        if refused.kind:
            actual = ModelType(refused.kind)
            return Problem(f"{named} is for {actual.label}, not for {expected}.", f"Add it as {actual.label}.")
        return Problem(f"{named} is not for {expected}, by what it takes and gives.", "Pick another model.")
    if code == models.NEEDS:
        return Problem(f"{named} must be given more than text or a recording: {param}.", "Pick another model.")
    return None


def _prediction_problem(label: str, refused: ApiError, named: str) -> Problem | None:
    """Return how a prediction ended that did not succeed. The words of a failure are those of the model's own code."""
    if refused.code == predictions.CANCELLED:
        return Problem(f"The prediction was cancelled at {label}.", "Send it again for a new one.")
    if refused.code == predictions.LOST:
        message = f"Part of this answer was lost on the way from {label}. It is incomplete."
        return Problem(message, "Send it again for a new one.")
    if refused.code == predictions.GONE:
        return Problem(f"{label} no longer has this prediction.", "Send it again for a new one.")
    if refused.code != predictions.FAILED:
        return None
    if re.search(_MEMORY, refused.message):
        return Problem(f"The machine that runs {named} does not have enough memory for this.", "Send less at once.")
    if re.search(_FLAGGED, refused.message):
        return Problem(f"The content check of {named} stopped this text or its answer.", "Rephrase it.")
    return Problem(f"{named} failed at {label}.", "Its message says why. Sending it again is a new prediction.")
