"""Hugging Face's errors as problems, and repairs (huggingface_hub, utils/_http.py; TGI, TEI, toolkit)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.domain import Model, ModelType
from tui.errors import NetworkError, Problem, ScopeMissing
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import errors
from tui.providers.huggingface import endpoints, hub, tei, tgi
from tui.providers.requests import ApiError, Call, ChatRequest, Message

_SETTINGS = "huggingface.co/settings"
_PAGE = "its page at endpoints.huggingface.co"
_KINDS = {
    hub.TEXT: "text generation",
    hub.TEXT2TEXT: "text to text",
    hub.VECTORS: "embedding",
    hub.SPEECH: "speech-to-text",
}
_PAUSED = r"(?i)invalid state|endpoint is paused"
_NO_CALLS = r"(?i)sufficient permissions to call inference providers"
_NO_ENDPOINT_CALLS = r"(?i)inference\.endpoints\.infer"
_CONTEXT_ERROR = r"(?i)must have less than|must be <=|input is too long|maximum context length|too many tokens"
_NO_TEMPLATE = r"(?i)template_error|no chat template|chat template is not"
_MEMORY = r"(?i)out of memory"
_UNSERVED = r"(?i)model_not_supported|not supported by (any )?provider"
_UNUSED = r"`model_kwargs` are not used by the model: \[([^\]]*)\]"


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body, in any of the shapes that the Hub, the router and the engines have."""
    data = body if isinstance(body, dict) else {}
    error, several = data.get("error"), data.get("errors")
    if isinstance(several, list):
        words = "; ".join(str(error.get("message", "")) for error in several if isinstance(error, dict))
        body = {"error": words} if words else None  # an empty list says nothing
    elif isinstance(error, list):
        body = {"error": "; ".join(str(part) for part in error)}
    elif isinstance(error, str) and isinstance(data.get("error_description"), str):
        body = {"error": data["error_description"]}
    refused = openai_api.parse_error(status, headers, body)
    message = refused.message or headers.get("x-error-message", "")
    code = refused.code or headers.get("x-error-code", "")
    kind, wait = data.get("error_type"), data.get("estimated_time")
    return replace(
        refused,
        code=endpoints.PAUSED if status == 400 and re.search(_PAUSED, message) else code,
        kind=refused.kind or (kind if isinstance(kind, str) else ""),
        message=message,
        param=f"{wait:.0f}" if isinstance(wait, int | float) and 0 < wait < 3600 else refused.param,
        headers=headers,
    )


def describe_error(label: str, refused: ApiError, model: str) -> Problem | None:
    """Return an error in words where the Hub, the router or an engine says more than the status."""
    named, words = model or "the model", f"{refused.code} {refused.kind} {refused.message}"
    problem = (
        _token_problem(label, refused) or _model_problem(label, refused, named) or _endpoint_problem(refused, named)
    )
    if problem:
        return problem
    if refused.status == 402:
        return Problem(
            f"The monthly credit of your {label} account is used up.",
            f"Add credit at {_SETTINGS}/billing, or use your own endpoint.",
        )
    if refused.status == 410:
        return NetworkError(
            f"{label} has retired this address.", "Set the router URL to https://router.huggingface.co."
        )
    if re.search(_MEMORY, words):
        return Problem(f"The machine that runs {named} does not have enough memory for this.", "Send less at once.")
    if refused.status in (0, 400, 413, 422) and re.search(_CONTEXT_ERROR, words):
        return Problem(f"This is longer than {named} can take.", "Shorten the text, or start a new chat.")
    if refused.status == 424:
        return Problem(f"{named} failed while processing this.", "Try again, or look at the log of the endpoint.")
    if re.search(_NO_TEMPLATE, words):
        return Problem(f"{named} has no chat template, so it does not support chat.", "Pick another model.")
    return errors.describe_error(label, refused, model) if refused.status != 403 else None


def _token_problem(label: str, refused: ApiError) -> Problem | None:
    if refused.code == hub.NO_INFERENCE or (refused.status == 403 and re.search(_NO_CALLS, refused.message)):
        return ScopeMissing(
            f"{label} accepted this token, but it may not call hosted models.",
            f"Allow it to make calls to Inference Providers at {_SETTINGS}/tokens. Endpoints may work without.",
        )
    if refused.code == endpoints.NO_LISTING:
        return ScopeMissing(f"This token may not list the endpoints of {refused.param}.", f"Type the URL from {_PAGE}.")
    if refused.status == 403 and re.search(_NO_ENDPOINT_CALLS, refused.message):
        return ScopeMissing(
            f"{label} accepted this token, but it may not call this endpoint.",
            f"Allow it to make calls to your Inference Endpoints at {_SETTINGS}/tokens.",
        )
    return None


def _model_problem(label: str, refused: ApiError, named: str) -> Problem | None:
    if refused.code == "GatedRepo":
        return ScopeMissing(
            f"{named} needs its licence accepted first.", "Open its page on huggingface.co, accept, and verify again."
        )
    if refused.code == hub.DISABLED or (refused.status == 403 and "disabled" in refused.message):
        return Problem(f"{named} was disabled at {label}.", "Pick another model.")
    if refused.code in ("RepoNotFound", "RepositoryNotFound"):
        return Problem(
            f"There is no {named} at {label} that this token can see.",
            "Write it as owner/name. A private or gated one needs a token of an account that may see it.",
        )
    if refused.code == hub.NOT_SERVED and refused.param:
        return _wrong_task(named, refused.param)
    if refused.code == hub.NOT_SERVED or (
        refused.status == 400 and re.search(_UNSERVED, f"{refused.code} {refused.message}")
    ):
        return Problem(
            f"None of your enabled providers serves {named} as a hosted model.",
            f"Choose one that is served, look at {_SETTINGS}/inference-providers, or use your own endpoint.",
        )
    if refused.status == 503 and "loading" in refused.message:
        wait = f" in about {refused.param} s" if refused.param else " in a while"
        return Problem(f"{named} is still loading.", f"Try again{wait}.")
    return None


def _endpoint_problem(refused: ApiError, named: str) -> Problem | None:
    if refused.code == tgi.OTHER_TASK:
        return _wrong_task(named, refused.param)
    if refused.code == endpoints.PAUSED:
        return Problem(
            f"The endpoint of {named} is paused; requests to it fail until it is resumed.", f"Resume it on {_PAGE}."
        )
    if refused.code == endpoints.FAILED:
        return Problem(f"The endpoint of {named} has failed to start.", f"Its log is on {_PAGE}.", refused.message)
    if refused.code == endpoints.NO_ENDPOINT:
        return Problem(
            f"{refused.param} has no endpoint at this address, or not exactly one of {named}.",
            f"Choose the user or organization that it belongs to, and its URL from {_PAGE}.",
        )
    if refused.code == endpoints.WRONG_MODEL:
        return Problem(
            f"This endpoint runs {refused.param}, not {named}.",
            "For embedding the model must be the one that was deployed. For text any name will do.",
        )
    if refused.code == endpoints.NO_ENGINE:
        return Problem(
            "The server at this address is of an unknown kind.",
            "Known are TGI, TEI, the default toolkit, and servers with OpenAI's API such as vLLM.",
        )
    return None


def _wrong_task(named: str, task: str) -> Problem:
    purpose = f" It is for {_KINDS[task]}." if task in _KINDS else ""
    return Problem(f"{named} does not serve the task that was chosen.{purpose}", "Choose the task that it serves.")


def repair_request(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    """Return a corrected call: to an endpoint once it is up, without what it does not take, or in its older words."""
    if refused.status in (502, 503):
        return endpoints.wake(call)
    if isinstance(call.reader, tei.Batch):
        fewer = call.reader.smaller(refused)
        return (fewer, "The server accepts fewer texts at once.") if fewer else None
    body = call.json if isinstance(call.json, dict) else {}
    if "parameters" in body:
        return _fewer_parameters(call, refused)
    texts = "messages" in body and all(isinstance(message["content"], str) for message in body["messages"])
    if texts and refused.status == 422 and re.search(_NO_TEMPLATE, f"{refused.kind} {refused.message}"):
        return _as_prompt(call), "The model has no chat template. It continues the text instead."
    return errors.repair_request(call, refused) if "messages" in body or "input" in body else None


def _fewer_parameters(call: Call, refused: ApiError) -> tuple[Call, str] | None:
    unused = re.search(_UNUSED, refused.message)
    names = [
        name
        for name in call.json["parameters"]
        if unused and name != "grammar" and re.search(rf"['\"]{name}['\"]", unused[1])
    ]
    if not names:
        return None
    parameters = {name: value for name, value in call.json["parameters"].items() if name not in names}
    words = ", ".join(name.replace("_", " ") for name in names)
    return replace(call, json={**call.json, "parameters": parameters}), f"The model takes no {words}. It was left out."


_RENAMED = {"max_tokens": "max_new_tokens", "response_format": "grammar"}
_SHARED = ("temperature", "top_p", "seed", "stop", "frequency_penalty")


def _as_prompt(call: Call) -> Call:
    """Return a chat of TGI as a prompt to be continued."""
    body = call.json
    parameters = {_RENAMED.get(name, name): body[name] for name in (*_RENAMED, *_SHARED) if name in body}
    messages = tuple(Message(message["role"], message["content"]) for message in body["messages"])
    request = ChatRequest(Model("", "", ModelType.CHAT), messages, parameters, body["stream"])
    url = call.url.removesuffix("/v1/chat/completions")
    return tgi.generate(tgi.TGI, url, request).with_headers(call.headers)
