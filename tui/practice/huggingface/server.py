"""Hugging Face in practice: the Hub, its router, the listing of endpoints, and a few endpoints of made-up owners.

`models.json` and `endpoints.json` are entries as the Hub and the management API send them, `tgi_info.json` and
`tei_info.json` what the servers say of themselves, `generate.sse` how text comes in pieces.
"""

import json
from functools import cache
from typing import Any

from tui.domain import Model, ModelType, Origin
from tui.practice import openai_server, sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.huggingface import engines
from tui.practice.transport import fixture

_HUB, _ROUTER, _LISTING = (
    "https://huggingface.co",
    "https://router.huggingface.co",
    "https://api.endpoints.huggingface.cloud",
)
_ENDPOINT = "https://{}.eu-west-1.aws.endpoints.huggingface.cloud"
_SERVERS = {
    _ENDPOINT.format("x7k2m9"): engines.tei,
    _ENDPOINT.format("c5h1t8"): engines.tgi,
    _ENDPOINT.format("s3m9z4"): engines.toolkit,
    _ENDPOINT.format("w8r2k6"): engines.sleeper,
    _ENDPOINT.format("v1l5m7"): engines.vllm,
    _ENDPOINT.format("p4d8q1"): engines.paused_endpoint,
}

ORIGINS = (_HUB, _ROUTER, _LISTING, *_SERVERS)
FIELDS = {"api_token": "hf_FAKEexample0TokenOfNobody00003f2a"}


def _model(name: str, kind: ModelType, **fields: str) -> Model:
    return Model("huggingface", name, kind, Origin.ADDED, fields=fields)


_HOSTED = {"endpoint_type": "hosted_inference_api"}
_OWN = {"endpoint_type": "inference_endpoints", "namespace": "acme-ai"}
MODELS = (
    _model("Qwen/Qwen3-32B", ModelType.CHAT, **_HOSTED, task="text-generation", engine="router"),
    _model(
        "Qwen/Qwen3-Embedding-0.6B", ModelType.EMBEDDING, **_HOSTED, task="feature-extraction", engine="hf-inference"
    ),
    _model(
        "openai/whisper-large-v3",
        ModelType.SPEECH2TEXT,
        **_HOSTED,
        task="automatic-speech-recognition",
        engine="hf-inference",
    ),
    _model(
        "house-chat",
        ModelType.CHAT,
        **_OWN,
        task="text-generation",
        engine="tgi",
        endpoint_url=_ENDPOINT.format("c5h1t8"),
    ),
    _model(
        "BAAI/bge-large-en-v1.5",
        ModelType.EMBEDDING,
        **_OWN,
        task="feature-extraction",
        engine="tei",
        endpoint_url=_ENDPOINT.format("x7k2m9"),
    ),
)


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request; None for a path that the wire does not have."""
    if refusal := _by_key(request):
        return refusal
    if request.origin == _HUB:
        return _hub(request)
    if request.origin == _LISTING:
        owner = request.path.removeprefix("/v2/endpoint/")
        listed = json.loads(fixture("huggingface", "endpoints.json")).get(owner)
        return json_answer(listed) if listed else json_answer({"error": "Unauthorized"}, 401)
    return _SERVERS[request.origin](request) if request.origin in _SERVERS else _router(request)


def _by_key(request: ReceivedRequest) -> Answer | None:
    """Return the error for an invalid token; None for a valid one."""
    if "refused" in request.key:
        return json_answer({"error": "Invalid username or password."}, 401)
    if "busy" in request.key:
        return json_answer({"error": "Too many requests"}, 429, {"ratelimit": '"api";r=0;t=2'})
    if request.origin == _ROUTER and "restricted" in request.key:
        message = "This authentication method does not have sufficient permissions to call Inference Providers"
        return json_answer({"error": f"{message} on behalf of user acme-ai"}, 403)
    if request.origin == _ROUTER and "nocredit" in request.key:
        return json_answer({"error": "You have exceeded your monthly included credits for Inference Providers."}, 402)
    return None


# --- the Hub ----------------------------------------------------------------------------------------------------------


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in json.loads(fixture("huggingface", "models.json"))}


def _hub(request: ReceivedRequest) -> Answer | None:
    if request.path == "/api/whoami-v2":
        who = json.loads(fixture("huggingface", "whoami.json"))
        if "restricted" in request.key:
            who["auth"]["accessToken"]["fineGrained"]["global"] = []
        return json_answer(who)
    if request.path == "/api/models":
        text = request.query.get("search", "").lower()
        matches = [entry for name, entry in _entries().items() if text in name.lower() and _fits(entry, request)]
        return json_answer(matches)
    name = request.path.removeprefix("/api/models/")
    if entry := _entries().get(name):
        return json_answer(entry)
    return json_answer({"error": "Repository not found"}, 404, {"x-error-code": "RepoNotFound"})


def _fits(entry: dict[str, Any], request: ReceivedRequest) -> bool:
    tag, tag_filter = request.query.get("pipeline_tag"), request.query.get("filter")
    return (not tag or entry["pipeline_tag"] == tag) and (not tag_filter or tag_filter in entry["tags"])


# --- the router -------------------------------------------------------------------------------------------------------


def _router(request: ReceivedRequest) -> Answer | None:
    partner, _, rest = request.path.removeprefix("/").partition("/")
    if (request.method, rest.partition("/")[0]) == ("GET", "models"):
        name = rest.removeprefix("models/")
        serving_it = [
            {"provider": provider, "status": "live", "context_length": 40_960} for provider in ("novita", "together")
        ]
        return json_answer({"id": name, "object": "model", "providers": serving_it})
    if partner == "hf-inference":
        return _serverless(request, rest.removeprefix("models/"))
    model = str((request.data or {}).get("model", "")) if isinstance(request.data, dict) else ""
    mapped = {
        mapping["providerId"] for entry in _entries().values() for mapping in entry["inferenceProviderMapping"].values()
    }
    if model not in mapped | {name for name, entry in _entries().items() if entry["inferenceProviderMapping"]}:
        message = f"The requested model '{model}' is not supported by any provider you have enabled."
        kind, code = "invalid_request_error", "model_not_supported"
        return json_answer({"error": {"message": message, "type": kind, "param": "model", "code": code}}, 400)
    if request.path.endswith("/embeddings"):
        return openai_server.embeddings(request, {})
    return openai_server.chat(request, False) if request.path.endswith("/chat/completions") else None


def _serverless(request: ReceivedRequest, path: str) -> Answer:
    name, _, pipeline = path.partition("/pipeline/")
    if "hf-inference" not in _entries().get(name, {}).get("inferenceProviderMapping", {}):
        return Answer(404, (b"Not Found",), {"content-type": "text/plain"})
    if pipeline:
        return json_answer([sample_answers.vector(text, 384) for text in request.data["inputs"]])
    if _entries()[name]["pipeline_tag"] == "automatic-speech-recognition":
        return engines.transcribe(request)
    return engines.generate(request, bool(request.data.get("stream")), listed=True)
