"""ChatGLM on your own server: the project's scripts, or vLLM. Facts as of 2026-11-22 (source code).

The vendor's hosted models have another wire and are not part of this. What runs at an address is found out by asking.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import Problem
from tui.providers.chatglm import probe, servers
from tui.providers.dialects import attachments, sampling
from tui.providers.dialects.openai import api as openai_api
from tui.providers.dialects.openai import errors
from tui.providers.origins import base_url_origin
from tui.providers.requests import ApiError
from tui.providers.spec import AttachmentLimits, Choice, Field, LocalServer, Parameter, Provider

_ID, _LABEL = "chatglm", "ChatGLM"
_PATHS = ("/openapi.json", "/docs")
_NO_ENDPOINT = ("Not Found", "Method Not Allowed")


def parse_error(status: int, headers: Mapping[str, str], body: Any) -> ApiError:
    """Return the error in a response body: OpenAI's, or FastAPI's, which names the fields that are refused."""
    refused = openai_api.parse_error(status, headers, body)
    detail = body.get("detail") if isinstance(body, dict) else None
    if not isinstance(detail, list):
        return refused
    entries = [error for error in detail if isinstance(error, dict)]
    sentences = [f"{_field(error.get('loc'))}: {error.get('msg', '')}" for error in entries]
    return replace(refused, message="; ".join(sentences)[:2000])


def _field(place: Any) -> str:
    return ".".join(map(str, place[1:])) if isinstance(place, list) else ""


def describe_error(refused: ApiError, model: str) -> Problem | None:
    """Return an error in words, by the server's few words, each of which a script's source gives a reason for."""
    if refused.code == probe.UNKNOWN_SERVER:
        return Problem(
            "The server at this address is not a ChatGLM server.",
            "Check the address and its port, and a path that a proxy may need before it.",
        )
    if refused.status in (404, 405) and refused.message in _NO_ENDPOINT:
        return Problem(
            "The server at this address does not have this endpoint.",
            "Check the path of the address. Vectors come from api_server.py of ChatGLM3 and from vLLM only.",
        )
    if refused.status == 400 and refused.message == "Invalid request":
        return Problem("The server rejected the order of the messages.", "Start a new chat.")
    if refused.status == 500 and refused.message.startswith("Internal Server Error"):
        return Problem(
            "The server failed while answering (500).",
            "Its own log says why: usually too little memory, or incompatible libraries.",
        )
    if refused.status in (502, 504):
        return Problem(
            f"A proxy before the server got no answer from it in time ({refused.status}).",
            "Raise the proxy's timeout, and check that the server is running.",
        )
    return errors.describe_error("The server", refused, model)


# GLM-4, basic_demo/glm4v_server.py; vLLM, multimodal inputs.
_IMAGES = AttachmentLimits(
    source="https://docs.vllm.ai/en/latest/features/multimodal_inputs.html", images=attachments.IMAGES
)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that a model takes, as far as its name tells; the scripts' models take none."""
    scripted = "chatglm" in model.id.lower()
    return attachments.limits_of(model, _IMAGES, False if scripted else attachments.vision_by_name(model.id))


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters of the model's server, as far as its name tells; others are dropped with a notice."""
    supported = servers.supported_parameters(model) if model.type is ModelType.CHAT else frozenset()
    return tuple(parameter for parameter in _PARAMETERS if parameter.name in supported)


_PARAMETERS = (
    sampling.temperature(),
    sampling.top_p(),
    sampling.max_tokens(unset="–"),
    sampling.repetition(high=2),
    sampling.presence(),
    sampling.frequency(),
    sampling.seed(),
    sampling.stop(),
)

PROVIDER = Provider(
    id=_ID,
    label=_LABEL,
    sort_order=80,
    supply=Supply.OWN,
    import_mode=ImportMode.BOTH,
    fields=(
        Field(
            "base_url",
            "Base URL",
            "Where your server answers, such as http://localhost:8000. One that is busy answers late.",
            required=True,
            url=True,
            strip_suffixes=(*(f"{probe.PATH}{ending}" for ending in openai_api.ENDINGS), probe.PATH, *_PATHS),
        ),
        Field(
            "api_key",
            "API key",
            "Only if vLLM or a proxy before the server requires one.",
            secret=True,
            env=("VLLM_API_KEY",),
        ),
        Field(
            "flavour",
            "Server",
            "Detected automatically unless set.",
            choices=tuple(Choice(value, kind.label) for value, kind in servers.KINDS.items()),
            advanced=True,
        ),
    ),
    sign=openai_api.sign,
    origins=base_url_origin,
    verify=servers.listing,
    parse_error=parse_error,
    docs=(
        "https://github.com/zai-org/ChatGLM2-6B/blob/main/README_EN.md",
        "https://github.com/zai-org/ChatGLM3",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
    list_models=servers.listing,
    chat=servers.chat,
    embed=servers.embed,
    describe_error=describe_error,
    repair_request=errors.repair_request,
    parameters=parameters,
    attachments=attachment_limits,
    local_servers=(LocalServer("http://localhost:8000", "ChatGLM"),),
    after_saving="Models that the server lists are imported. api.py lists none: add one by hand, under any name.",
)
