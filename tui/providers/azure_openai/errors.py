"""Errors of Azure OpenAI and Entra ID as problems, and repairs of requests.

Microsoft: Azure OpenAI REST reference, errors; troubleshooting; quotas; identity platform, authentication error codes.
A `code` is often a number as text, members may be missing, and gateways put all of it at the top level.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing, UsageError
from tui.providers.azure_openai import api, models
from tui.providers.azure_openai.content_filter import stopped_by
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import errors
from tui.providers.requests import ApiError, Call

_FILTERED, _UNDEPLOYED = "content_filter", "DeploymentNotFound"
_ENTRA = "AADSTS"
_NO_SCOPE = frozenset({"invalid_scope", "invalid_resource", "invalid_target"})
_NO_SERVICE = frozenset({f"{_ENTRA}500011", f"{_ENTRA}70011", f"{_ENTRA}1002012"})

_NO_ROLE = r"(?i)PermissionDenied|does not have access|lacks the required data action"
_AUDIENCE = r"(?i)audience|\bscope\b"
_NETWORK = r"(?i)virtual network|firewall|private endpoint|public access|network"
_BLOCKED = r"(?i)temporarily blocked|suspended"
_RATE = r"(?i)rate limit|call rate|token rate|quota|tokens per"
_NO_OPERATION = r"(?i)OperationNotSupported|does not work with the specified model"


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body of the service, of a gateway before it, or of Entra ID."""
    refused = openai_api.parse_error(status, headers, body)
    refused = replace(refused, request_id=headers.get("apim-request-id") or refused.request_id)
    if not isinstance(body, dict):
        return refused
    if "error_description" in body:
        numbers = body.get("error_codes")
        code = f"{_ENTRA}{numbers[0]}" if isinstance(numbers, list) and numbers else ""
        message = openai_api.parse_error(status, {}, {"message": body["error_description"], "type": body.get("error")})
        return replace(message, code=code, message=message.message.partition("\n")[0].strip(), headers=headers)
    error: Any = body.get("error")
    error = error if isinstance(error, dict) else {}
    inner = error.get("innererror") or error.get("inner_error")
    inner = inner if isinstance(inner, dict) else {}
    if _FILTERED in (refused.code, error.get("type")) or inner.get("code") == "ResponsibleAIPolicyViolation":
        # The service says result, its documents results.
        results = inner.get("content_filter_result") or inner.get("content_filter_results")
        return replace(refused, code=_FILTERED, kind=", ".join(stopped_by(results)))
    return refused


def describe_error(label: str, refused: ApiError, model: str) -> Problem | None:
    """Return an error in words, by what it means for the resource, the deployment or the application."""
    words = f"{refused.code} {refused.message}"
    if refused.code.startswith(_ENTRA) or refused.kind in ("invalid_client", "unauthorized_client", *_NO_SCOPE):
        return _entra_problem(refused)
    if refused.code == models.WRONG_TYPE:
        message = f"{refused.message} is for {refused.kind}; {model or 'this'} is to be added as another type."
        return UsageError(message, "Choose that type, or correct the base model.")
    if refused.code == _FILTERED:
        by = f": {refused.kind}" if refused.kind else ""
        return Problem(f"The content filter of {label} stopped this text{by}.", "Rephrase it.")
    if refused.status == 401 and words.strip():
        return _key_problem(label, words)
    if refused.status == 403:
        return _resource_problem(label, words)
    if refused.status in (404, 400) and (refused.code == _UNDEPLOYED or refused.code == "model_not_found"):
        return _no_deployment(model)
    if refused.status == 404:
        return _no_path()
    if refused.status == 400 and re.search(_NO_OPERATION, words):
        return Problem(
            f"The model behind {model or 'the deployment'} does not support this.",
            "Add the deployment for the type of its base model. Models of the Responses API alone are not served here.",
        )
    if refused.status == 429 and not refused.final and re.search(_RATE, words):
        return Problem(
            f"The quota per minute of {model or 'the deployment'} is used up.",
            "Wait a minute, or give the deployment more tokens a minute in the portal.",
        )
    return errors.describe_error(label, refused, model)


def repair_request(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return the request with another token audience, an older route, or without the rejected field."""
    if call.form is not None:
        older = api.older_service(call) if refused.kind in _NO_SCOPE or refused.code in _NO_SERVICE else None
        return (older, "The token was requested for the service's older name.") if older else None
    if refused.status == 404 and refused.code != _UNDEPLOYED and (older := api.spoken_to_dated(call)):
        return older, "This region has speech-to-text on the dated API only. The request was sent there."
    return errors.repair_request(call, refused)


def _no_deployment(model: str) -> Problem:
    if models.is_name(model):
        return Problem(
            f"{model} is the name of a model, and this resource has no deployment that is called so.",
            "Enter the name that the deployment was given, as the portal lists it under Deployments.",
        )
    return Problem(
        f"This resource has no deployment {model}." if model else "This resource does not have that deployment.",
        "Look for its name under Deployments in the portal. A new one takes up to five minutes to answer.",
    )


def _no_path() -> Problem:
    return Problem(
        "This resource does not know that path or API version.",
        "Check the endpoint and the API version: without one the v1 surface is asked, and gateways may know only a"
        f" dated one, such as {api.DATED}.",
    )


def _key_problem(label: str, message: str) -> Problem:
    if re.search(_NO_ROLE, message):
        return ScopeMissing(
            "Entra ID knows this application, but it has no role on this resource.",
            "Assign it the role Cognitive Services OpenAI User there. A new role takes a few minutes to apply.",
        )
    if re.search(_AUDIENCE, message):
        return Problem(
            "This resource rejects the Entra ID token, which is for another service.",
            f"Set a dated API version, such as {api.DATED}: its token is for the older name of the service.",
        )
    return CredentialRejected(
        f"{label} rejected this key at this resource.",
        "A key belongs to one resource. Copy key and endpoint from the same page, Keys and Endpoint.",
    )


def _resource_problem(label: str, message: str) -> Problem | None:
    if re.search(_BLOCKED, message):
        return Problem(
            "Microsoft has blocked this resource for now.", "Microsoft tells its owner why; the owner can appeal."
        )
    if re.search(_NETWORK, message):
        return NetworkError(
            "The network rules of this resource block this machine. The key was not checked.",
            "Allow its address under Networking of the resource, or use an allowed network.",
        )
    return _key_problem(label, message) if re.search(_NO_ROLE, message) else None


def _entra_problem(refused: ApiError) -> Problem:
    known: dict[str, Callable[[], Problem]] = {
        "7000215": lambda: CredentialRejected(
            "Entra ID does not accept this client secret.",
            "Enter its value, not its ID. The value is shown once, when the secret is created.",
        ),
        "7000222": lambda: CredentialRejected(
            "This client secret has expired.", "Create another one under Certificates & secrets of the application."
        ),
        "700016": lambda: CredentialRejected(
            "Entra ID knows no such application in this directory.",
            "Check the application (client) ID, and that the directory (tenant) ID is the one it is registered in.",
        ),
        "7000112": lambda: CredentialRejected(
            "This application is disabled.", "Enable it in Entra ID, under Enterprise apps."
        ),
        "53003": lambda: ScopeMissing(
            "A Conditional Access rule blocks this application.", "Ask whoever runs the directory to allow it."
        ),
    }
    known |= dict.fromkeys(("90002", "900023"), _no_directory) | dict.fromkeys(("500011", "70011"), _no_service)
    result = known.get(refused.code.removeprefix(_ENTRA))
    if result is None and refused.kind in _NO_SCOPE:
        result = _no_service
    message = "Entra ID gives no token for this application."
    return (
        result()
        if result
        else CredentialRejected(message, "Check directory, application and secret; its own words say more.")
    )


def _no_directory() -> Problem:
    return CredentialRejected("Entra ID knows no such directory.", "Check the directory (tenant) ID.")


def _no_service() -> Problem:
    message = "The directory of this application does not know Azure OpenAI."
    return CredentialRejected(message, "Enter the directory (tenant) ID of the subscription that the resource is in.")
