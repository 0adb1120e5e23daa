"""What the checks of Hugging Face share: its facts, models of every kind, and the calls about them."""

import json
from pathlib import Path
from typing import Any

from tests.providers.facts import KEY as SOCKET_KEY
from tests.providers.facts import Chat, Facts, Otherwise, Refusal, Stream
from tests.providers.openai.facts import STREAM, whole
from tui.domain import Model, ModelType, Origin
from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing
from tui.providers.requests import (
    Call,
    ChatRequest,
    EmbeddingRequest,
    Message,
    TimestampGranularity,
    TranscriptionRequest,
)
from tui.providers.spec import Provider
from tui.secret import Secret

BASE = {
    "hub_url": "https://huggingface.co",
    "router_url": "https://router.huggingface.co",
    "endpoints_url": "https://api.endpoints.huggingface.cloud/v2",
}
TOKEN = Secret("hf_FAKE0123456789abcdefghij3f2a")
HOST = "https://x7k2m9.eu-west-1.aws.endpoints.huggingface.cloud"
SERVERLESS = "https://router.huggingface.co/hf-inference/models"
TEXT, TEXT2TEXT, VECTORS, SPEECH = (
    "text-generation",
    "text2text-generation",
    "feature-extraction",
    "automatic-speech-recognition",
)
TYPES = {
    TEXT: ModelType.CHAT,
    TEXT2TEXT: ModelType.CHAT,
    VECTORS: ModelType.EMBEDDING,
    SPEECH: ModelType.SPEECH2TEXT,
}
WAIT_HEADERS = {"x-scale-up-timeout": "100"}
WAITED = "The endpoint is starting, which can take minutes. It is checked every 5 s until it is up."
STARTING = "an endpoint that is not up is waited for, which has tests of its own"
ANOTHER = "the answer of another task has another shape"
UNUP = "status 50[23], busy until a date, page 502"
ASIDE = "how much it takes is good to know, and no more"
OTHER_ENGINE = "what runs there is told by the first of three addresses that answers"
DENIED = "status 40[134], wrong clock"


def hosted_model(name: str, task: str = TEXT, **fields: str) -> Model:
    created = {"endpoint_type": "hosted_inference_api", "task": task, **fields}
    return Model("huggingface", name, TYPES[task], Origin.ADDED, fields=created)


def endpoint(name: str, task: str = TEXT, url: str = HOST, **fields: str) -> Model:
    created = {"endpoint_type": "inference_endpoints", "task": task, **fields} | ({"endpoint_url": url} if url else {})
    return Model("huggingface", name, TYPES[task], Origin.ADDED, fields=created)


def _piece(text: str) -> bytes:
    # No blank after the colon, as TGI writes it.
    token = {"id": 9906, "text": text, "logprob": -0.2, "special": False}
    data = {"index": 1, "token": token, "generated_text": None, "details": None}
    return f"data:{json.dumps(data, ensure_ascii=False)}\n\n".encode()


LAST = {
    "index": 3,
    "token": {"id": 2, "text": "</s>", "logprob": -0.1, "special": True},
    "generated_text": "Good day",
    "details": {"finish_reason": "eos_token", "generated_tokens": 3, "seed": None, "input_length": 5},
}
NATIVE = Stream(
    _piece,
    closing=f"data:{json.dumps(LAST)}\n\n".encode(),
    opening=b":\n\n",
    error=b'data:{"error":"Incomplete generation","error_type":"incomplete_generation"}\n\n',
    error_message="{label} failed on its side (500).",
    error_retried=True,
)


def _fields(origin: str) -> dict[str, str]:
    return {"api_token": SOCKET_KEY, "hub_url": origin, "router_url": origin, "endpoints_url": f"{origin}/v2"}


def _add(fields: Any) -> dict[str, str]:
    return {"endpoint_url": fields["router_url"]}


FACTS = Facts(
    "huggingface",
    modules=tuple(
        f"huggingface.{module}"
        for module in ("hub", "search", "tgi", "tei", "audio", "endpoints", "endpoint_check", "errors")
    ),
    prose=frozenset({"_KINDS", "_SETTINGS", "_PAGE", "WAIT"}),
    otherwise=(
        Otherwise("check*2 /v2/*", DENIED, "good", "a call needs no listing"),
        Otherwise("offer* /v2/*", DENIED, "may not list", "the right to it is one of its own"),
        Otherwise("check* /v1/models/*", "status 40[01345], status 4[12][029], status 50?", "good", ASIDE),
        Otherwise("check* /v1/models/*", "wrong *, busy *", "good", ASIDE),
        Otherwise("check* /v1/models/*", "words *, hostile *, page 4*, page 502, body *, * refusal", "good", ASIDE),
        Otherwise("check* /info", "status 50?, busy until a date, page 502", "waits", STARTING),
        Otherwise("check* /info", "status 40[045], status 422, page 40[04], words *, hostile *", "good", OTHER_ENGINE),
        Otherwise("check* /info", "empty, status 204, body *, half *, text *, deep *", "good", OTHER_ENGINE),
        Otherwise("check* /info", "silence in a refusal", "good", OTHER_ENGINE),
        Otherwise(
            "chat*2 *, embed2 *, tgi* *, toolkit* *", "status 50[23], busy until a date, page 502", "waits", STARTING
        ),
        Otherwise("search*", "body [[]*", "good", "nothing was found"),
        Otherwise("hf-* *, tgi-* *, toolkit* *", "body [[]1*", "does not serve the task", ANOTHER),
        Otherwise("transcribe *", "body ?text?, text for JSON", "good", "a text is read"),
        Otherwise("transcribe *", "body [[]*", "does not serve the task", ANOTHER),
    ),
    chats=(
        Chat("huggingface", _fields, hosted_model("Qwen/Qwen3-32B"), STREAM, whole, name="hosted"),
        Chat(
            "huggingface",
            _fields,
            hosted_model("acme/base", engine="hf-inference"),
            NATIVE,
            lambda text: [{"generated_text": text}],
            name="hf-inference",
        ),
        Chat("huggingface", _fields, endpoint("any", engine="tgi"), STREAM, whole, name="tgi", added=_add),
        Chat(
            "huggingface",
            _fields,
            endpoint("any", TEXT2TEXT, engine="tgi"),
            NATIVE,
            lambda text: {"generated_text": text},
            name="tgi-native",
            added=_add,
        ),
        Chat(
            "huggingface",
            _fields,
            endpoint("any", engine="toolkit"),
            None,
            lambda text: [{"generated_text": f"Hello?{text}"}],
            name="toolkit",
            added=_add,
        ),
    ),
    refusals=(
        Refusal(
            401,
            {"error": "Invalid username or password."},
            "Hugging Face rejected this key.",
            CredentialRejected,
            "tokens",
        ),
        Refusal(
            401,
            {"error": "Invalid username or password."},
            "Hugging Face rejected",
            CredentialRejected,
            "tokens",
            call="verify",
        ),
        Refusal(
            429,
            {"error": "Too many requests"},
            "Hugging Face is too busy.",
            Problem,
            "It asks to wait 3 min",
            {"ratelimit": '"api";r=0;t=200'},
            call="verify",
        ),
        Refusal(
            402,
            {"error": "You have exceeded your monthly included credits."},
            "The monthly credit of your Hugging Face account is used up.",
            hint="huggingface.co/settings/billing",
        ),
        Refusal(
            403,
            {
                "error": "This authentication method does not have sufficient permissions to call Inference Providers"
                " on behalf of user acme"
            },
            "Hugging Face accepted this token, but it may not call hosted models.",
            ScopeMissing,
            "Inference Providers",
        ),
        Refusal(
            403,
            {"error": "missing permissions: inference.endpoints.infer.write"},
            "Hugging Face accepted this token, but it may not call this endpoint.",
            ScopeMissing,
            "Inference Endpoints",
        ),
        Refusal(
            403,
            {"error": "x"},
            "Qwen/Qwen3-32B needs its licence",
            ScopeMissing,
            "accept",
            {"x-error-code": "GatedRepo"},
        ),
        Refusal(403, {"error": "Access to this resource is disabled."}, "Qwen/Qwen3-32B was disabled at Hugging Face."),
        Refusal(404, "Not Found", "{host} returned 404: Qwen/Qwen3-32B is unknown there"),
        Refusal(
            404,
            {"error": "Repository not found"},
            "There is no Qwen/Qwen3-32B at Hugging Face that this token can see.",
            hint="owner/name",
            headers={"x-error-code": "RepoNotFound"},
        ),
        Refusal(
            400,
            {
                "error": {
                    "message": "The requested model 'x' is not supported by any provider you have enabled.",
                    "type": "invalid_request_error",
                    "param": "model",
                    "code": "model_not_supported",
                }
            },
            "None of your enabled providers serves Qwen/Qwen3-32B as a hosted model.",
            hint="huggingface.co/settings/inference-providers",
        ),
        Refusal(400, {"error": "Model not supported by provider together"}, "None of your enabled providers serves"),
        Refusal(
            410, {"error": "gone"}, "Hugging Face has retired this address.", NetworkError, "router.huggingface.co"
        ),
        Refusal(
            503,
            {"error": "Model x is currently loading", "estimated_time": 20.0},
            "Qwen/Qwen3-32B is still loading.",
            hint="in about 20 s",
            retried=True,
        ),
        Refusal(503, {"error": "loading"}, "Qwen/Qwen3-32B is still loading.", hint="in a while", retried=True),
        Refusal(
            400, {"error": "Bad Request: Invalid state"}, "The endpoint of Qwen/Qwen3-32B is paused", hint="Resume it"
        ),
        Refusal(
            400,
            {"error": "The endpoint is paused, ask a maintainer to restart it"},
            "The endpoint of Qwen/Qwen3-32B is paused; requests to it fail until it is resumed.",
            hint="endpoints.huggingface.co",
        ),
        Refusal(
            400, {"error": "CUDA out of memory"}, "The machine that runs Qwen/Qwen3-32B does not have enough memory"
        ),
        Refusal(
            422,
            {"error": "Input validation error: `inputs` must have less than 4095 tokens", "error_type": "validation"},
            "This is longer than Qwen/Qwen3-32B can take.",
        ),
        Refusal(413, {"error": "too many tokens", "error_type": "Validation"}, "This is longer than Qwen/Qwen3-32B"),
        Refusal(
            424, {"error": "CUDA error", "error_type": "generation"}, "Qwen/Qwen3-32B failed while processing this."
        ),
        Refusal(
            429, {"error": "Model is overloaded", "error_type": "overloaded"}, "Hugging Face is too busy.", retried=True
        ),
        Refusal(504, "", "Hugging Face failed on its side (504).", retried=True),
    ),
)
check = FACTS.check


def chat(p: Provider, model: Model, stream: bool = True, question: str = "Hello?", **parameters: Any) -> Call:
    assert p.chat
    return p.chat(BASE, ChatRequest(model, (Message("user", question),), parameters, stream))


def embed(p: Provider, model: Model, *texts: str) -> Call:
    assert p.embed
    return p.embed(BASE, EmbeddingRequest(model, texts))


def transcribe(
    p: Provider, model: Model, media: str = "audio/wav", times: TimestampGranularity = TimestampGranularity.NONE
) -> Call:
    assert p.transcribe
    return p.transcribe(BASE, TranscriptionRequest(model, Path("talk.wav"), media, 700, "", times))


def line(call: Call) -> tuple[str, str]:
    return call.method, call.url


def who(**token: Any) -> dict[str, Any]:
    orgs = [{"type": "org", "name": "acme-research"}, {"type": "org"}]
    return {"type": "user", "name": "acme", "orgs": orgs, "auth": {"type": "access_token", "accessToken": token}}
