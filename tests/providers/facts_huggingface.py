"""What Hugging Face's documents and servers say: hosted models, endpoints, and each engine's own wire.

Hub API, Inference Providers and Inference Endpoints documentation; text-generation-inference, text-embeddings-inference
and the inference toolkit. The frames are our own composition of the documented shapes.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.providers.facts import KEY as SOCKET_KEY
from tests.providers.facts import Chat, Facts, Said, Stream, read
from tests.providers.facts_openai import STREAM, whole
from tui import errors
from tui.domain import Intake, Model, ModelType, Origin, Supply
from tui.errors import Problem, Refused, Restricted, Unreachable
from tui.providers.calls import Call, ChatAsk, EmbedAsk, Framing, Message, Recording, Refusal, Times, TranscribeAsk
from tui.providers.events import (
    Accepted,
    Finish,
    Found,
    Hit,
    Learned,
    Notice,
    Segment,
    TextDelta,
    ThinkingDelta,
    Transcript,
    Usage,
    Vectors,
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
HELD = {"x-scale-up-timeout": "100"}
WAITED = "The endpoint is starting, which can take minutes. It is asked again every 5 s until it is up."
ON_THE_WAY = "an endpoint that is not up is waited for, which has tests of its own"
WOKEN = dict.fromkeys(("status_502", "status_503", "a_gateway_that_fails_with_a_page"), ON_THE_WAY)


def hosted(name: str, task: str = TEXT, **fields: str) -> Model:
    made = {"endpoint_type": "hosted_inference_api", "task": task, **fields}
    return Model("huggingface", name, TYPES[task], Origin.ADDED, fields=made)


def endpoint(name: str, task: str = TEXT, url: str = HOST, **fields: str) -> Model:
    made = {"endpoint_type": "inference_endpoints", "task": task, **fields} | ({"endpoint_url": url} if url else {})
    return Model("huggingface", name, TYPES[task], Origin.ADDED, fields=made)


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


def _added(fields: Any) -> dict[str, str]:
    return {"endpoint_url": fields["router_url"]}


FACTS = Facts(
    "huggingface",
    dialects=("hub", "hub_search", "tgi", "tei", "hub_speech", "hub_endpoints", "hub_look", "hub_words"),
    prose=frozenset({"_KINDS", "_SETTINGS", "_PAGE", "WAIT"}),
    chats=(
        Chat("huggingface", _fields, hosted("Qwen/Qwen3-32B"), STREAM, whole, name="hosted"),
        Chat(
            "huggingface",
            _fields,
            hosted("acme/base", engine="hf-inference"),
            NATIVE,
            lambda text: [{"generated_text": text}],
            name="hf-inference",
        ),
        Chat("huggingface", _fields, endpoint("any", engine="tgi"), STREAM, whole, name="tgi", added=_added, own=WOKEN),
        Chat(
            "huggingface",
            _fields,
            endpoint("any", TEXT2TEXT, engine="tgi"),
            NATIVE,
            lambda text: {"generated_text": text},
            name="tgi-native",
            added=_added,
            own=WOKEN,
        ),
        Chat(
            "huggingface",
            _fields,
            endpoint("any", engine="toolkit"),
            None,
            lambda text: [{"generated_text": f"Hello?{text}"}],
            name="toolkit",
            added=_added,
            own=WOKEN,
        ),
    ),
    refusals=(
        Said(
            401, {"error": "Invalid username or password."}, "Hugging Face does not know this key.", Refused, "tokens"
        ),
        Said(
            401,
            {"error": "Invalid username or password."},
            "Hugging Face does not know",
            Refused,
            "tokens",
            call="verify",
        ),
        Said(
            429,
            {"error": "Too many requests"},
            "Hugging Face is too busy.",
            Problem,
            "It asks to wait 3 min",
            {"ratelimit": '"api";r=0;t=200'},
            call="verify",
        ),
        Said(
            402,
            {"error": "You have exceeded your monthly included credits."},
            "The monthly credit of your Hugging Face account is used up.",
            hint="huggingface.co/settings/billing",
        ),
        Said(
            403,
            {
                "error": "This authentication method does not have sufficient permissions to call Inference Providers"
                " on behalf of user acme"
            },
            "Hugging Face knows this token, but it may not call hosted models.",
            Restricted,
            "Inference Providers",
        ),
        Said(
            403,
            {"error": "missing permissions: inference.endpoints.infer.write"},
            "Hugging Face knows this token, but it may not call this endpoint.",
            Restricted,
            "Inference Endpoints",
        ),
        Said(
            403, {"error": "x"}, "Qwen/Qwen3-32B needs its licence", Restricted, "accept", {"x-error-code": "GatedRepo"}
        ),
        Said(403, {"error": "Access to this resource is disabled."}, "Qwen/Qwen3-32B was disabled at Hugging Face."),
        Said(404, "Not Found", "{host} found nothing: Qwen/Qwen3-32B is not known there"),
        Said(
            404,
            {"error": "Repository not found"},
            "There is no Qwen/Qwen3-32B at Hugging Face that this token can see.",
            hint="owner/name",
            headers={"x-error-code": "RepoNotFound"},
        ),
        Said(
            400,
            {
                "error": {
                    "message": "The requested model 'x' is not supported by any provider you have enabled.",
                    "type": "invalid_request_error",
                    "param": "model",
                    "code": "model_not_supported",
                }
            },
            "Nobody whom you have enabled serves Qwen/Qwen3-32B as a hosted model.",
            hint="huggingface.co/settings/inference-providers",
        ),
        Said(400, {"error": "Model not supported by provider together"}, "Nobody whom you have enabled serves"),
        Said(410, {"error": "gone"}, "Hugging Face has closed this address.", Unreachable, "router.huggingface.co"),
        Said(
            503,
            {"error": "Model x is currently loading", "estimated_time": 20.0},
            "Qwen/Qwen3-32B is still being loaded.",
            hint="in about 20 s",
            retried=True,
        ),
        Said(503, {"error": "loading"}, "Qwen/Qwen3-32B is still being loaded.", hint="in a while", retried=True),
        Said(
            400, {"error": "Bad Request: Invalid state"}, "The endpoint of Qwen/Qwen3-32B is paused", hint="Resume it"
        ),
        Said(
            400,
            {"error": "The endpoint is paused, ask a maintainer to restart it"},
            "The endpoint of Qwen/Qwen3-32B is paused; calls to it fail until it is resumed.",
            hint="endpoints.huggingface.co",
        ),
        Said(400, {"error": "CUDA out of memory"}, "The machine that runs Qwen/Qwen3-32B has not enough memory"),
        Said(
            422,
            {"error": "Input validation error: `inputs` must have less than 4095 tokens", "error_type": "validation"},
            "This is longer than Qwen/Qwen3-32B can take.",
        ),
        Said(413, {"error": "too many tokens", "error_type": "Validation"}, "This is longer than Qwen/Qwen3-32B"),
        Said(
            424, {"error": "CUDA error", "error_type": "generation"}, "Qwen/Qwen3-32B failed while it worked on this."
        ),
        Said(
            429, {"error": "Model is overloaded", "error_type": "overloaded"}, "Hugging Face is too busy.", retried=True
        ),
        Said(504, "", "Hugging Face failed on its side (504).", retried=True),
    ),
)
check = FACTS.check


def chat(p: Provider, model: Model, stream: bool = True, said: str = "Hello?", **parameters: Any) -> Call:
    assert p.chat
    return p.chat(BASE, ChatAsk(model, (Message("user", said),), parameters, stream))


def embed(p: Provider, model: Model, *texts: str) -> Call:
    assert p.embed
    return p.embed(BASE, EmbedAsk(model, texts))


def transcribe(p: Provider, model: Model, media: str = "audio/wav", times: Times = Times.NONE) -> Call:
    assert p.transcribe
    return p.transcribe(BASE, TranscribeAsk(model, Path("talk.wav"), media, 700, "", times))


def line(call: Call) -> tuple[str, str]:
    return call.method, call.url


# --- the credential ---------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.intake) == ("huggingface", "Hugging Face", Supply.HOSTING, Intake.ADDED)
    assert p.key_page == "https://huggingface.co/settings/tokens"
    assert [each.name for each in p.fields] == ["api_token", "bill_to", "hub_url", "router_url", "endpoints_url"]
    assert {each.name: each.default for each in p.fields if each.default} == BASE
    assert p.fields[0].env == ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACEHUB_API_TOKEN")
    assert p.fields[0].secret and p.fields[0].required
    assert p.origins(BASE) == (
        "https://huggingface.co",
        "https://router.huggingface.co",
        "https://api.endpoints.huggingface.cloud",
    )
    assert p.host_suffixes == ("endpoints.huggingface.cloud",)
    assert p.after_saving


@check
def what_an_added_model_asks(p: Provider) -> None:
    kind, task, namespace, url = p.model_fields
    assert [each.name for each in p.model_fields] == ["endpoint_type", "task", "namespace", "endpoint_url"]
    assert [each.value for each in kind.choices] == ["hosted_inference_api", "inference_endpoints"]
    assert kind.default == "hosted_inference_api"
    assert "free for few models" in kind.help and "paid" in kind.help
    assert {each.value: each.type for each in task.choices} == TYPES
    assert namespace.when == url.when == ("endpoint_type", "inference_endpoints")
    assert url.url
    assert set(p.offers) == {"namespace", "endpoint_url"}
    assert p.model_origins(BASE, endpoint("m")) == (HOST,)
    assert p.model_origins(BASE, hosted("m", endpoint_url=HOST)) == ()
    assert p.model_origins(BASE, endpoint("m", url="")) == ()


@check
def the_token_is_a_bearer_and_the_bill_goes_along_to_the_router(p: Provider) -> None:
    fields = BASE | {"bill_to": "acme-research"}
    bearer = {"authorization": Secret(f"Bearer {TOKEN.reveal()}")}
    signed = p.sign(chat(p, hosted("m")), fields, {"api_token": TOKEN}, 0)
    assert signed.headers == {**bearer, "x-hf-bill-to": "acme-research"}
    assert p.sign(p.verify(BASE), fields, {"api_token": TOKEN}, 0).headers == bearer
    assert p.sign(chat(p, hosted("m")), BASE, {}, 0).headers == {}


def who(**token: Any) -> dict[str, Any]:
    orgs = [{"type": "org", "name": "acme-research"}, {"type": "org"}]
    return {"type": "user", "name": "acme", "orgs": orgs, "auth": {"type": "access_token", "accessToken": token}}


@check
def the_cheapest_verification_is_whoami(p: Provider) -> None:
    assert line(p.verify(BASE)) == ("GET", "https://huggingface.co/api/whoami-v2")
    assert read(p.verify(BASE), who(role="read")) == [Accepted()]
    assert read(p.verify(BASE), {"name": "acme"}) == [Accepted()]
    assert read(p.verify(BASE), {"name": ""})[0].code == "malformed"
    assert read(p.verify(BASE), [])[0].code == "malformed"


@check
def a_fine_grained_token_lists_what_it_may(p: Provider) -> None:
    right, other = "inference.serverless.write", "repo.content.read"
    for rights in (
        {"global": [right], "scoped": []},
        {"global": [], "scoped": [{"entity": {"type": "user", "name": "acme"}, "permissions": [other, right]}]},
    ):
        assert read(p.verify(BASE), who(role="fineGrained", fineGrained=rights)) == [Accepted()]
    lacking = {"global": [other], "scoped": [{"permissions": [other]}, {"permissions": None}]}
    (refused,) = read(p.verify(BASE), who(role="fineGrained", fineGrained=lacking))
    assert refused.status == 403
    problem = p.explain(refused, "")
    assert isinstance(problem, Restricted)
    assert problem.message == "Hugging Face knows this token, but it may not call hosted models."


@check
def the_names_of_the_account_are_offered(p: Provider) -> None:
    call = p.offers["namespace"](BASE, {})
    assert line(call) == ("GET", "https://huggingface.co/api/whoami-v2")
    assert read(call, who()) == [Found((Hit("acme", "your own"), Hit("acme-research", "organization")))]
    assert read(call, {})[0].code == "malformed"


# --- search -----------------------------------------------------------------------------------------------------------


def mapped(task: str, status: str = "live", **more: Any) -> dict[str, Any]:
    return {"status": status, "providerId": "their-name", "task": task, "isModelAuthor": False, **more}


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "downloads": 0, "gated": False, "tags": [], "inferenceProviderMapping": {}, **more}


SHOWN = ("pipeline_tag", "tags", "inferenceProviderMapping", "downloads", "gated")


@check
def models_are_searched_by_what_they_are_for(p: Provider) -> None:
    assert p.search
    wanted = {
        ModelType.CHAT: [{"pipeline_tag": TEXT}, {"pipeline_tag": "image-text-to-text"}, {"filter": TEXT2TEXT}],
        ModelType.EMBEDDING: [{"pipeline_tag": VECTORS}, {"pipeline_tag": "sentence-similarity"}],
        ModelType.SPEECH2TEXT: [{"pipeline_tag": SPEECH}],
    }
    for kind, queries in wanted.items():
        step: Any = p.search(BASE, "qwen3 emb", kind)
        for query in queries:
            assert line(step) == ("GET", "https://huggingface.co/api/models")
            assert step.query == {**query, "search": "qwen3 emb", "sort": "downloads", "limit": "20", "expand": SHOWN}
            step = read(step, [])[0]
        assert step == Found(())
    assert read(p.search(BASE, "x", ModelType.CHAT), {})[0].code == "malformed"


@check
def those_that_are_served_come_first(p: Provider) -> None:
    assert p.search
    first = p.search(BASE, "e", ModelType.EMBEDDING)
    second = read(
        first,
        [
            entry("a/few", downloads=950, inferenceProviderMapping={"hf-inference": mapped(VECTORS)}),
            entry("a/none", downloads=9_000_000),
            entry("a/many", downloads=1_200_000, gated="auto", inferenceProviderMapping={"scaleway": mapped(VECTORS)}),
            "odd",
            {"downloads": 3},
        ],
    )[0]
    ill = {"hf-inference": mapped("sentence-similarity", "error")}
    served = entry("a/ill", downloads=12_000, tags=[VECTORS], inferenceProviderMapping=ill)
    assert read(second, [served, entry("a/none")]) == [
        Found(
            (
                Hit("a/many", "served · 1.2M downloads · licence to accept", fields={"task": VECTORS}),
                Hit("a/ill", "served, not well · 12k downloads", fields={"task": VECTORS}),
                Hit("a/few", "served · 950 downloads", fields={"task": VECTORS}),
                Hit(
                    "a/none",
                    "not served · 9M downloads",
                    False,
                    {"task": VECTORS, "endpoint_type": "inference_endpoints"},
                ),
            )
        )
    ]


# --- one hosted model -------------------------------------------------------------------------------------------------


def looked(p: Provider, model: Model, **more: Any) -> list[Any]:
    assert p.check_model
    return read(p.check_model(BASE, model), entry(model.id, **more))


@check
def a_hosted_model_is_looked_at_on_the_hub(p: Provider) -> None:
    assert p.check_model
    call = p.check_model(BASE, hosted("Qwen/Qwen3 32B?"))
    assert line(call) == ("GET", "https://huggingface.co/api/models/Qwen/Qwen3%2032B%3F")
    assert call.query == {"expand": (*SHOWN, "disabled")}
    assert read(call, [])[0].code == "malformed"


@check
def who_serves_it_is_kept_with_it(p: Provider) -> None:
    def engine(task: str, mapping: Any, **more: Any) -> tuple[str, str]:
        results = looked(p, hosted("a/b", task), inferenceProviderMapping=mapping, **more)
        assert isinstance(results[0], Learned), results
        fields = results[0].model.fields
        assert (fields["task"], fields["endpoint_type"]) == (task, "hosted_inference_api")
        return fields["engine"], fields.get("served_as", "")

    conversational = mapped("conversational")
    assert engine(TEXT, {"nobody-knows-yet": conversational}) == ("router", "")
    # A list whose entries name their provider is the other form.
    assert engine(TEXT, [{"provider": "novita", **conversational}]) == ("router", "")
    assert engine(TEXT, {"hf-inference": mapped(TEXT)}) == ("hf-inference", "")
    assert engine(TEXT, {"featherless-ai": mapped(TEXT), "hf-inference": conversational}) == ("router", "")
    for partner in ("featherless-ai", "together", "novita", "deepinfra"):
        assert engine(TEXT, {partner: mapped(TEXT)}) == (partner, "their-name")
    for task in (TEXT, TEXT2TEXT):
        assert engine(TEXT2TEXT, {"hf-inference": mapped(task)}) == ("hf-inference", "")
    assert engine(VECTORS, {"together": mapped(VECTORS), "hf-inference": mapped(VECTORS)}) == ("hf-inference", "")
    similar = {"hf-inference": mapped("sentence-similarity")}
    assert engine(VECTORS, similar, tags=[VECTORS]) == ("hf-inference", "")
    for partner in ("scaleway", "together", "deepinfra"):
        assert engine(VECTORS, {partner: mapped(VECTORS)}) == (partner, "their-name")
    assert engine(SPEECH, {"deepinfra": mapped(SPEECH), "hf-inference": mapped(SPEECH)}) == ("hf-inference", "")
    assert engine(SPEECH, {"deepinfra": mapped(SPEECH)}) == ("deepinfra", "their-name")
    assert engine(TEXT, {"together": mapped(TEXT, providerId=7)}) == ("together", "")


@check
def what_is_not_well_or_gated_is_told(p: Provider) -> None:
    live, ill = {"x": mapped("conversational")}, {"x": mapped("conversational", "error")}
    assert looked(p, hosted("a/b"), inferenceProviderMapping=live)[0].note == ""
    assert "licence" in looked(p, hosted("a/b"), inferenceProviderMapping=live, gated="manual")[0].note
    assert "health check" in looked(p, hosted("a/b"), inferenceProviderMapping=ill)[0].note
    both = {"x": mapped("conversational", "staging"), "hf-inference": mapped(TEXT)}
    assert looked(p, hosted("a/b"), inferenceProviderMapping=both)[0].model.fields["engine"] == "hf-inference"


@check
def what_cannot_be_used_is_refused_in_words(p: Provider) -> None:
    def said(model: Model, **more: Any) -> Problem:
        (refused,) = looked(p, model, **more)
        problem = p.explain(refused, model.id)
        assert problem and refused.status in (400, 403)
        return problem

    assert said(hosted("a/b"), disabled=True).message == "a/b was disabled at Hugging Face."
    nobody = said(hosted("a/b"))
    assert nobody.message == "Nobody whom you have enabled serves a/b as a hosted model."
    assert "endpoint of your own" in nobody.hint
    assert said(hosted("a/b"), pipeline_tag=TEXT).message == nobody.message
    assert said(hosted("a/b"), pipeline_tag="text-to-image").message == nobody.message
    other = said(hosted("a/b", VECTORS), inferenceProviderMapping={"x": mapped("conversational")})
    assert other.message == "a/b does not serve the task that was chosen. It is for text generation."
    tagged = said(hosted("a/b"), pipeline_tag=SPEECH)
    assert tagged.message.endswith("It is for speech-to-text.")
    untagged = {"hf-inference": mapped("sentence-similarity")}
    assert said(hosted("a/b", VECTORS), inferenceProviderMapping=untagged).message == nobody.message


@check
def a_task_of_another_type_is_named(p: Provider) -> None:
    assert p.check_model
    wrong = replace(hosted("a/b", VECTORS), type=ModelType.CHAT)
    try:
        p.check_model(BASE, wrong)
    except errors.Usage as problem:
        assert problem.message == "feature-extraction is no task of system reasoning models."
    else:
        raise AssertionError


# --- hosted calls -----------------------------------------------------------------------------------------------------


@check
def a_hosted_chat_is_openais_at_the_router(p: Provider) -> None:
    call = chat(p, hosted("Qwen/Qwen3-32B", engine="router"), temperature=0.5, top_p=1.0, max_tokens=9)
    assert line(call) == ("POST", "https://router.huggingface.co/v1/chat/completions")
    assert (call.framing, call.headers) == (Framing.SSE, {})
    assert call.json == {
        "model": "Qwen/Qwen3-32B",
        "messages": [{"role": "user", "content": "Hello?"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.5,
        "top_p": 1.0,
        "max_tokens": 9,
    }
    assert line(chat(p, hosted("m"))) == line(call)


@check
def a_partners_calls_are_openais_too(p: Provider) -> None:
    paths = {
        "featherless-ai": "/featherless-ai/v1",
        "together": "/together/v1",
        "novita": "/novita/v3/openai",
        "deepinfra": "/deepinfra/v1/openai",
    }
    router = "https://router.huggingface.co"
    for partner, path in paths.items():
        call = chat(p, hosted("a/b", engine=partner, served_as="their-name"))
        assert line(call) == ("POST", f"{router}{path}/completions")
        assert (call.json["model"], call.json["prompt"]) == ("their-name", "Hello?")
    for partner, path in {**paths, "scaleway": "/scaleway/v1"}.items():
        if partner in ("scaleway", "together", "deepinfra"):
            call = embed(p, hosted("a/b", VECTORS, engine=partner, served_as="their-name"), "x")
            assert line(call) == ("POST", f"{router}{path}/embeddings")
            assert call.json == {"model": "their-name", "input": ["x"], "encoding_format": "float"}
    call = transcribe(p, hosted("a/b", SPEECH, engine="deepinfra", served_as="their-name"))
    assert line(call) == ("POST", f"{router}/deepinfra/v1/openai/audio/transcriptions")
    assert call.upload and ("model", "their-name") in call.upload.parts


@check
def text_on_hf_inference(p: Provider) -> None:
    for model in (hosted("a/b c", TEXT2TEXT), hosted("a/b c", TEXT, engine="hf-inference")):
        call = chat(p, model, max_new_tokens=9)
        assert line(call) == ("POST", f"{SERVERLESS}/a/b%20c")
        full = {} if model.fields["task"] == TEXT2TEXT else {"return_full_text": False}
        assert call.json == {"inputs": "Hello?", "parameters": {"max_new_tokens": 9, **full}, "stream": True}
        assert (call.framing, call.headers) == (Framing.SSE, {})
    once = chat(p, hosted("a/b", engine="hf-inference"), stream=False)
    assert (once.framing, once.json["stream"]) == (Framing.JSON, False)


@check
def vectors_on_hf_inference(p: Provider) -> None:
    for engine in ({}, {"engine": "hf-inference"}):
        call = embed(p, hosted("a/b", VECTORS, **engine), "x", "y")
        assert line(call) == ("POST", f"{SERVERLESS}/a/b/pipeline/feature-extraction")
        assert (call.json, call.headers) == ({"inputs": ["x", "y"]}, {})


@check
def speech_on_hf_inference(p: Provider) -> None:
    for media, sent in {"audio/wav": "audio/wav", "audio/mp4": "audio/m4a"}.items():
        call = transcribe(p, hosted("a/b", SPEECH), media)
        assert line(call) == ("POST", f"{SERVERLESS}/a/b")
        upload = call.upload
        assert upload and upload.raw and call.json is None
        assert (upload.parts, upload.path, upload.media, upload.size) == ((), Path("talk.wav"), sent, 700)
    timed = transcribe(p, hosted("a/b", SPEECH), times=Times.SENTENCE)
    assert timed.upload is None
    assert timed.json == {"inputs": Recording(Path("talk.wav")), "parameters": {"return_timestamps": True}}


# --- what the engines send --------------------------------------------------------------------------------------------


def native(p: Provider, stream: bool = True, **more: Any) -> Call:
    return chat(p, endpoint("any", TEXT2TEXT, engine="tgi", **more), stream)


@check
def a_stream_of_tgi_as_documented(p: Provider) -> None:
    def token(text: str, special: bool = False, **more: Any) -> dict[str, Any]:
        return {"token": {"id": 1, "text": text, "special": special}, "generated_text": None, "details": None, **more}

    assert read(native(p), token("Good"), token(" day"), LAST, token("late")) == [
        TextDelta("Good"),
        TextDelta(" day"),
        Usage(5, 3),
        Finish("eos_token"),
    ]
    cut = LAST | {"details": {"finish_reason": "length"}}
    assert read(native(p), token("Go"), cut)[-1] == Finish("length", False, "The answer reached its length limit.")
    bare = token("!", generated_text="Good!")
    assert read(native(p), token("Good"), bare) == [TextDelta("Good"), TextDelta("!"), Finish("stop")]
    assert read(native(p), token("Half")) == [
        TextDelta("Half"),
        Finish("interrupted", False, "The answer was cut off before its end."),
    ]
    thought = read(native(p), token("<think>Hm</think>"), token("A"), LAST)
    assert thought[:2] == [ThinkingDelta("Hm"), TextDelta("A")]
    assert read(native(p), LAST)[-1] == Finish("eos_token", note="The answer is empty.")


@check
def text_in_one_piece_in_every_form(p: Provider) -> None:
    answered = {"generated_text": "Good day"}
    for body in (answered, [answered], [[answered]]):
        assert read(native(p, False), body) == [TextDelta("Good day"), Finish("stop")]
    # The toolkit repeats the prompt where it does not know how to leave it out.
    toolkit = chat(p, endpoint("any", engine="toolkit"), said="Once")
    assert read(toolkit, [{"generated_text": "Once upon"}])[0] == TextDelta(" upon")
    assert read(native(p, False), {"generated_text": "Hello? Yes"})[0] == TextDelta("Hello? Yes")


@check
def an_error_in_a_stream_of_200(p: Provider) -> None:
    kinds = {
        "validation": 422,
        "template_error": 422,
        "missing_template_variable": 422,
        "tool_error": 422,
        "generation": 424,
        "overloaded": 429,
        "incomplete_generation": 500,
        "incomplete_generation_stream": 500,
        "stream_serialization_error": 500,
        "healthcheck": 503,
        "": 0,
    }
    for kind, status in kinds.items():
        said = {"error": "Input validation error: `temperature` must be strictly positive", "error_type": kind}
        expected = Refusal(status, kind=kind, message=said["error"])
        assert read(native(p), said, LAST) == [expected]
        assert read(embed(p, endpoint("m", VECTORS, engine="tei"), "x"), said) == [expected]
        assert read(transcribe(p, endpoint("m", SPEECH)), said) == [expected]
    assert read(native(p), {"error": "x"})[0] == Refusal(message="x")


@check
def the_answer_of_another_task_is_named(p: Provider) -> None:
    def other(call: Call, body: Any) -> str:
        refused = read(call, body)[0]
        problem = p.explain(refused, "m")
        assert refused.status == 400 and problem
        assert problem.message.startswith("m does not serve the task that was chosen.")
        return problem.message.partition("chosen.")[2].strip()

    text, vectors = native(p, False), embed(p, endpoint("m", VECTORS, engine="toolkit"), "x")
    speech = transcribe(p, endpoint("m", SPEECH))
    assert other(text, [[[0.1, 0.2]]]) == "It is for embedding."
    assert other(text, {"embeddings": [[0.1]]}) == "It is for embedding."
    assert other(text, {"text": "Good morning"}) == "It is for speech-to-text."
    assert other(text, [{"label": "good", "score": 0.9}]) == ""
    assert other(vectors, [{"generated_text": "x"}]) == "It is for text generation."
    assert other(vectors, {"text": "x"}) == "It is for speech-to-text."
    assert other(vectors, [[{"label": "good"}]]) == other(vectors, [{"score": 1}]) == ""
    assert other(speech, [{"generated_text": "x"}]) == ""
    for call in (text, vectors, speech):
        assert read(call, {"odd": 1})[0].code == "malformed"


@check
def vectors_in_every_shape(p: Provider) -> None:
    def vectors(count: int, body: Any) -> Any:
        return read(embed(p, endpoint("m", VECTORS, engine="toolkit"), *["x"] * count), body)[0]

    one, two = Vectors(0, ((1.0, 2.0),)), Vectors(0, ((1.0, 2.0), (3.0, 4.0)))
    for body in ([1, 2], [[1, 2]], [[[0, 1], [2, 3]]], [[0, 1], [2, 3]], {"embeddings": [1.0, 2.0]}, [[[[1, 2]]]]):
        assert vectors(1, body) == one, body
    ragged = [[[[0, 1], [2, 3]]], [[[3, 4]]]]
    for body in ([[1, 2], [3, 4]], {"embeddings": [[1, 2], [3, 4]]}, [[[1, 2]], [[2, 3], [4, 5]]], ragged):
        assert vectors(2, body) == two, body
    for body in ([], [[]], [[1, 2]], [1, 2], "x", None, [[1, 2], [3]], [["a"], ["b"]], [[1, float("nan")], [1, 2]]):
        assert vectors(2, body).code == "malformed", body
    assert vectors(2, [[[[1, 2]], [[1, 2]]], [[[1, 2]]]]).code == "malformed"
    assert vectors(2, [[[1, 2], [3]], [[1, 2]]]).code == "malformed"


@check
def at_most_32_texts_at_once(p: Provider) -> None:
    texts = tuple(f"text {place}" for place in range(33))
    first = embed(p, endpoint("m", VECTORS, engine="tei"), *texts)
    assert first.json["inputs"] == list(texts[:32])
    answered = read(first, [[1.0]] * 32)
    assert (answered[0].start, len(answered[0].vectors)) == (0, 32)
    second = answered[1]
    assert (line(second), second.headers, second.json["inputs"]) == (line(first), HELD, ["text 32"])
    assert read(second, [[2.0]]) == [Vectors(32, ((2.0,),)), Finish("stop")]
    said = "batch size 32 > maximum allowed batch size 8"
    better = p.amend(first, Refusal(422, kind="Validation", message=said))
    assert better and better[0].json["inputs"] == list(texts[:8])
    assert better[0].json["truncate"] is True and better[0].headers == HELD
    assert read(better[0], [[1.0]] * 8)[1].json["inputs"] == list(texts[8:16])
    for message in ("too long", "batch size 40 > maximum allowed batch size 40"):
        assert p.amend(first, Refusal(422, message=message)) is None


@check
def a_transcript_as_documented(p: Provider) -> None:
    call = transcribe(p, hosted("m", SPEECH), times=Times.SENTENCE)
    chunks = [
        {"timestamp": [0.0, 4.2], "text": " Good morning."},
        {"timestamp": [4.2, None], "text": " Let us begin."},
        {"timestamp": None, "text": "?"},
        "odd",
    ]
    assert read(call, {"text": " Good morning. Let us begin.", "chunks": chunks}) == [
        Transcript(
            "Good morning. Let us begin.",
            (Segment(0.0, 4.2, "Good morning."), Segment(4.2, 4.2, "Let us begin."), Segment(0.0, 0.0, "?")),
            duration=4.2,
        ),
        Finish("stop"),
    ]
    assert read(call, {"text": "Hi"}) == [Transcript("Hi"), Finish("stop")]
    assert p.audio and p.audio(hosted("m", SPEECH)).endings == ("flac", "mp3", "wav", "ogg", "webm", "m4a")
    assert p.audio(hosted("m", SPEECH)).times == (Times.NONE, Times.SENTENCE)


# --- endpoint calls ---------------------------------------------------------------------------------------------------


@check
def a_chat_with_an_endpoint_is_openais_where_it_can_be(p: Provider) -> None:
    for model in (endpoint("any"), endpoint("any", engine="openai"), endpoint("any", engine="tgi")):
        call = chat(p, model)
        assert line(call) == ("POST", f"{HOST}/v1/chat/completions")
        assert (call.json["model"], call.headers) == ("any", HELD)
    assert chat(p, endpoint("any", engine="openai", served_as="/repository")).json["model"] == "/repository"
    # TGI refuses the bounds themselves.
    bounds = chat(p, endpoint("any", engine="tgi"), temperature=0, top_p=1.0, seed=0).json
    assert {"temperature", "top_p"} & set(bounds) == set() and bounds["seed"] == 0
    within = chat(p, endpoint("any", engine="tgi"), temperature=0.1, top_p=0.9).json
    assert (within["temperature"], within["top_p"]) == (0.1, 0.9)
    assert chat(p, endpoint("any", engine="openai"), temperature=0).json["temperature"] == 0


@check
def the_endings_of_a_pasted_address_are_cut(p: Provider) -> None:
    for ending in (
        *("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1", "/v1/", "/generate", "/generate_stream"),
        *("/embed", "/predict", "/info", "/health", "/", ""),
    ):
        assert line(chat(p, endpoint("any", url=HOST + ending))) == ("POST", f"{HOST}/v1/chat/completions"), ending
    try:
        chat(p, endpoint("any", url=""))
    except errors.Usage as problem:
        assert problem.message == "Endpoint URL is missing."
    else:
        raise AssertionError


@check
def text_with_tgi_itself(p: Provider) -> None:
    call = native(p)
    assert (line(call), call.framing, call.headers) == (("POST", f"{HOST}/generate_stream"), Framing.SSE, HELD)
    assert call.json == {"inputs": "Hello?", "parameters": {"max_new_tokens": 512, "details": True}}
    once = native(p, stream=False)
    assert (line(once), once.framing) == (("POST", f"{HOST}/generate"), Framing.JSON)


@check
def text_with_the_toolkit(p: Provider) -> None:
    for model, full in (
        (endpoint("any", engine="toolkit"), {"return_full_text": False}),
        (endpoint("any", TEXT2TEXT), {}),
    ):
        call = chat(p, model)
        assert (line(call), call.framing, call.headers) == (("POST", HOST), Framing.JSON, HELD)
        assert call.json == {"inputs": "Hello?", "parameters": {"max_new_tokens": 512, **full}}


@check
def sampling_within_the_bounds(p: Provider) -> None:
    def sent(**given: Any) -> dict[str, Any]:
        parameters: dict[str, Any] = chat(p, endpoint("any", TEXT2TEXT), **given).json["parameters"]
        return {name: value for name, value in parameters.items() if name != "max_new_tokens"}

    assert sent(temperature=0, top_p=1.0, top_k=0) == {"do_sample": False}
    assert sent(temperature=0.7) == {"temperature": 0.7, "do_sample": True}
    assert sent(top_p=0.9, top_k=40) == {"top_p": 0.9, "top_k": 40, "do_sample": True}
    assert sent(top_p=0) == {}
    assert sent(top_k=5) == {"top_k": 5, "do_sample": True}
    assert sent(repetition_penalty=1.1, stop=["x"]) == {"repetition_penalty": 1.1, "stop": ["x"]}


@check
def vectors_of_an_endpoint(p: Provider) -> None:
    tei = embed(p, endpoint("m", VECTORS, engine="tei"), "x")
    assert (line(tei), tei.headers) == (("POST", f"{HOST}/embed"), HELD)
    assert tei.json == {"inputs": ["x"], "normalize": True, "truncate": True}
    for engine in ({}, {"engine": "toolkit"}):
        call = embed(p, endpoint("m", VECTORS, **engine), "x")
        assert (line(call), call.headers, call.json) == (("POST", HOST), HELD, {"inputs": ["x"]})
    vllm = embed(p, endpoint("m", VECTORS, engine="openai"), "x")
    assert (line(vllm), vllm.headers) == (("POST", f"{HOST}/v1/embeddings"), HELD)


@check
def speech_with_an_endpoint(p: Provider) -> None:
    call = transcribe(p, endpoint("m", SPEECH))
    assert (line(call), call.headers) == (("POST", HOST), HELD)
    assert call.upload and call.upload.raw
    vllm = transcribe(p, endpoint("m", SPEECH, engine="openai"))
    assert (line(vllm), vllm.headers) == (("POST", f"{HOST}/v1/audio/transcriptions"), HELD)


@check
def what_a_model_takes(p: Provider) -> None:
    def names(model: Model) -> list[str]:
        return [each.name for each in p.parameters(model)]

    chats = ["temperature", "top_p", "max_tokens", "presence_penalty", "frequency_penalty", "seed", "stop"]
    texts = ["temperature", "top_p", "top_k", "repetition_penalty", "max_new_tokens", "seed", "stop"]
    for model in (hosted("m"), endpoint("m", engine="tgi"), endpoint("m", url=""), hosted("m", engine="together")):
        assert names(model) == chats
    for model in (hosted("m", TEXT2TEXT), endpoint("m", engine="toolkit"), endpoint("m", TEXT2TEXT, engine="tgi")):
        assert names(model) == texts
    assert names(hosted("m", VECTORS)) == names(hosted("m", SPEECH)) == []
    assert p.parameters(replace(endpoint("m", engine="tgi"), context=4096))[2].high == 4096
    assert p.parameters(hosted("m", TEXT2TEXT))[4].unset == "512"


# --- looking at an endpoint -------------------------------------------------------------------------------------------


def item(
    name: str = "bge", task: str = "sentence-embeddings", state: str = "running", url: str = HOST, **more: Any
) -> Any:
    repository = more.pop("repository", "BAAI/bge")
    status = {"state": state, "message": "the image could not be pulled", **({"url": url} if url else {})}
    model = {"repository": repository, "revision": "main", "task": task, "framework": "pytorch", "image": {}}
    return {"name": name, "type": "protected", "model": model, "status": status, **more}


LISTING = "https://api.endpoints.huggingface.cloud/v2/endpoint/acme"


@check
def the_endpoints_of_a_namespace_are_offered(p: Provider) -> None:
    offer = p.offers["endpoint_url"]
    call = offer(BASE, {"namespace": "acme", "task": VECTORS})
    assert line(call) == ("GET", LISTING)
    items = [
        item(),
        item("e5", VECTORS, "paused", f"{HOST}/e5/", repository="intfloat/e5"),
        item("mini", "sentence-similarity", "scaledToZero", f"{HOST}/mini", repository="a/mini"),
        item("old", VECTORS, "failed", f"{HOST}/old"),
        item("chat", TEXT, "running", f"{HOST}/chat"),
        item("own", "custom", "updateFailed", f"{HOST}/own", repository=7),
        item("new", VECTORS, "initializing", ""),
        "odd",
    ]
    (found,) = read(call, {"items": items})
    filled = {"task": VECTORS, "namespace": "acme"}
    assert found.hits == (
        Hit(HOST, "BAAI/bge · feature-extraction · running", True, {**filled, "model": "BAAI/bge"}, "bge"),
        Hit(f"{HOST}/e5", "intfloat/e5 · feature-extraction · paused", False, {**filled, "model": "intfloat/e5"}, "e5"),
        Hit(
            f"{HOST}/mini",
            "a/mini · feature-extraction · scaled to zero",
            True,
            {**filled, "model": "a/mini"},
            "mini",
        ),
        Hit(f"{HOST}/old", "BAAI/bge · feature-extraction · failed", False, {**filled, "model": "BAAI/bge"}, "old"),
        Hit(f"{HOST}/own", "custom · update failed", False, {"namespace": "acme"}, "own"),
    )
    everything = read(offer(BASE, {"namespace": "acme"}), {"items": items})[0].hits
    assert [each.label for each in everything] == ["bge", "e5", "mini", "old", "chat", "own"]
    states = ("pending", "initializing", "updating", "unheard-of")
    told = read(call, {"items": [item(state=each) for each in states]})[0].hits
    assert [each.note.rpartition(" · ")[2] for each in told] == list(states)
    assert [each.usable for each in told] == [True, True, True, False]
    assert read(call, {"items": [item(task="image-text-to-text")]})[0].hits == ()
    assert read(call, {})[0].code == read(call, [])[0].code == "malformed"
    assert read(call, {"items": [{"name": "x", "status": {"url": "a b"}}, {"status": None, "model": None}]}) == [
        Found(())
    ]


@check
def without_a_namespace_the_accounts_own_is_taken(p: Provider) -> None:
    call = p.offers["endpoint_url"](BASE, {})
    assert line(call) == ("GET", "https://huggingface.co/api/whoami-v2")
    (step,) = read(call, who())
    assert line(step) == ("GET", LISTING)
    assert read(call, {})[0].code == "malformed"


def looking(p: Provider, model: Model) -> Call:
    assert p.check_model
    return p.check_model(BASE, model)


def told(p: Provider, results: list[Any], model: Model) -> str:
    (refused,) = results
    assert isinstance(refused, Refusal) and refused.status == 400
    problem = p.explain(refused, model.id)
    assert problem and type(problem) is Problem and problem.hint
    return problem.message


@check
def for_an_embedding_its_entry_is_looked_at_first(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")
    assert line(looking(p, model)) == ("GET", LISTING)
    unnamed = endpoint("BAAI/bge", VECTORS)
    assert line(looking(p, unnamed)) == ("GET", "https://huggingface.co/api/whoami-v2")
    (step,) = read(looking(p, unnamed), who())
    assert line(step) == ("GET", LISTING)
    probe = read(step, {"items": [item("x", url=f"{HOST}/x"), item()]})[0]
    assert (line(probe), probe.headers, probe.framing) == (("GET", f"{HOST}/info"), HELD, Framing.TEXT)
    # Without an address it is the only one of that model.
    alone = read(looking(p, endpoint("BAAI/bge", VECTORS, "", namespace="acme")), {"items": [item()]})[0]
    assert line(alone) == ("GET", f"{HOST}/info")
    # An endpoint for text may be called anything, and is not looked up unless its owner is named.
    assert line(looking(p, endpoint("any"))) == ("GET", f"{HOST}/info")
    assert line(looking(p, endpoint("any", namespace="acme"))) == ("GET", LISTING)
    assert read(looking(p, endpoint("any", namespace="acme")), {"items": [item(task=TEXT)]})[0].url == f"{HOST}/info"


@check
def what_is_wrong_with_an_entry_is_told(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")

    def said(*items: Any, asked: Model = model) -> str:
        return told(p, read(looking(p, asked), {"items": list(items)}), asked)

    assert said() == "acme has no endpoint at this address, or not exactly one of BAAI/bge."
    assert said(item(url=f"{HOST}/other")) == said()
    nowhere = endpoint("BAAI/bge", VECTORS, "", namespace="acme")
    assert said(item(), item(), asked=nowhere) == said()
    assert said(item(task=TEXT)) == "BAAI/bge does not serve the task that was chosen. It is for text generation."
    assert said(item(repository="a/b")) == "This endpoint runs a/b, not BAAI/bge."
    assert said(item(state="paused")) == ("The endpoint of BAAI/bge is paused; calls to it fail until it is resumed.")
    assert said(item(state="failed")) == "The endpoint of BAAI/bge has failed to start."
    assert said(item(url=""), asked=nowhere) == "The endpoint of BAAI/bge has failed to start."
    (failed,) = read(looking(p, model), {"items": [item(state="failed")]})
    problem = p.explain(failed, "m")
    assert problem and problem.detail == "the image could not be pulled"


@check
def an_endpoint_that_starts_is_waited_for(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")
    for state in ("pending", "initializing", "updating"):
        notice, again = read(looking(p, model), {"items": [item(state=state)]})
        assert notice == Notice(WAITED)
        assert (line(again), again.wait) == (("GET", LISTING), 5.0)
        (once_more,) = read(again, {"items": [item(state=state)]})
        assert once_more.wait == 5.0
        (up,) = read(once_more, {"items": [item()]})
        assert (line(up), up.wait) == (("GET", f"{HOST}/info"), 0.0)
    asleep, probe = read(looking(p, model), {"items": [item(state="scaledToZero")]})
    assert "wakes it" in asleep.text
    assert line(probe) == ("GET", f"{HOST}/info")


@check
def a_token_that_may_not_list_can_be_used_all_the_same(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")
    call = looking(p, model)
    for status in (401, 403, 404):
        assert status in call.takes
        notice, probe = read(call, Refusal(status))
        assert "may not list the endpoints of acme" in notice.text
        assert line(probe) == ("GET", f"{HOST}/info")
    nowhere = endpoint("BAAI/bge", VECTORS, "", namespace="acme")
    assert read(looking(p, nowhere), Refusal(403)) == [Refusal(403)]
    assert p.offers["endpoint_url"](BASE, {"namespace": "acme"}).takes == frozenset()


def found(results: list[Any]) -> dict[str, str]:
    (learned,) = results
    assert isinstance(learned, Learned), results
    return dict(learned.model.fields)


TGI_INFO = {"model_id": "/repository", "max_total_tokens": 4096, "router": "text-generation-router"}
TEI_INFO = {"model_id": "/repository", "model_type": {"embedding": {"pooling": "cls"}}, "max_client_batch_size": 32}


@check
def what_runs_there_is_told_and_not_asked(p: Provider) -> None:
    text, vectors = endpoint("any"), endpoint("BAAI/bge", VECTORS)
    known = {"endpoint_type": "inference_endpoints", "endpoint_url": HOST}
    info = looking(p, text)
    for body in (TGI_INFO, {"router": "text-generation-router"}, {"max_total_tokens": 4096}):
        assert found(read(info, json.dumps(body))) == {**known, "task": TEXT, "engine": "tgi"}
    assert read(info, json.dumps(TGI_INFO))[0].model.context == 4096
    assert found(read(looking(p, endpoint("any", TEXT2TEXT)), json.dumps(TGI_INFO)))["engine"] == "tgi"
    listed = read(read(looking(p, vectors), who())[0], {"items": [item()]})[0]
    tei = found(read(listed, json.dumps(TEI_INFO)))
    assert tei == {**known, "task": VECTORS, "engine": "tei", "namespace": "acme"}
    for absent in (400, 404, 405, 415, 422):
        assert absent in info.takes
        (models,) = read(info, Refusal(absent))
        assert (line(models), models.framing) == (("GET", f"{HOST}/v1/models"), Framing.TEXT)
    for body in ("Not this", "[]", "{}"):
        assert line(read(info, body)[0]) == ("GET", f"{HOST}/v1/models")
    served = {"data": [{"id": "/repository", "owned_by": "vllm"}, {"id": 3}]}
    assert found(read(models, json.dumps(served))) == {
        **known,
        "task": TEXT,
        "engine": "openai",
        "served_as": "/repository",
    }
    by_name = {"data": [{"id": "other"}, {"id": "any"}]}
    assert found(read(models, json.dumps(by_name))) == {**known, "task": TEXT, "engine": "openai"}
    assert "served_as" not in found(read(models, '{"data": []}'))
    for answer in (Refusal(404), "{}", "[]"):
        (health,) = read(models, answer)
        assert (line(health), health.framing) == (("GET", f"{HOST}/health"), Framing.TEXT)
    assert found(read(health, "Ok")) == {**known, "task": TEXT, "engine": "toolkit"}
    assert told(p, read(health, Refusal(404)), text) == "What runs at this address is no server that is known here."


@check
def an_address_of_another_task_is_named(p: Provider) -> None:
    text, vectors = endpoint("any"), endpoint("BAAI/bge", VECTORS, namespace="acme")
    unlisted = read(looking(p, vectors), Refusal(403))[1]
    assert told(p, read(looking(p, text), json.dumps(TEI_INFO)), text).endswith("It is for embedding.")
    assert told(p, read(unlisted, json.dumps(TGI_INFO)), vectors).endswith("It is for text generation.")
    reranker = json.dumps({"model_type": {"reranker": {}}})
    assert told(p, read(unlisted, reranker), vectors) == "BAAI/bge does not serve the task that was chosen."
    # Where it cannot be looked up, the server's own word for its model counts.
    other = json.dumps({**TEI_INFO, "model_id": "a/b"})
    assert told(p, read(unlisted, other), vectors) == "This endpoint runs a/b, not BAAI/bge."
    for name in ("BAAI/bge", "/data/bge", "bge"):
        assert found(read(unlisted, json.dumps({**TEI_INFO, "model_id": name})))["engine"] == "tei"


@check
def a_server_that_is_not_up_is_asked_again(p: Provider) -> None:
    info = looking(p, endpoint("any"))
    for status in (500, 502, 503, 504):
        assert status in info.takes
        notice, again = read(info, Refusal(status))
        assert notice == Notice(WAITED)
        assert (line(again), again.wait, again.headers) == (("GET", f"{HOST}/info"), 5.0, HELD)
        assert [line(each) for each in read(again, Refusal(status))] == [line(info)]
    paused = p.refusal(400, {}, {"error": "Bad Request: Invalid state"})
    assert read(info, paused) == [paused]
    step: Any = info
    for _ in range(120):
        step = read(step, Refusal(503))[-1]
    assert read(step, Refusal(503)) == [Refusal(503)]


@check
def a_call_to_an_endpoint_that_sleeps_waits_for_it(p: Provider) -> None:
    call = chat(p, endpoint("any", engine="tgi"))
    for status in (502, 503):
        amended = p.amend(call, Refusal(status))
        assert amended
        wake, sentence = amended
        assert sentence == WAITED
        assert (line(wake), wake.headers, wake.framing) == (("GET", f"{HOST}/health"), HELD, Framing.TEXT)
        assert wake.takes == {500, 502, 503, 504} and wake.wait == 0
        (again,) = read(wake, Refusal(503))
        assert (line(again), again.wait) == (line(wake), 5.0)
        (woken,) = read(again, "")
        assert woken == replace(call, headers={})
        # Once it is up, a refusal is one.
        assert p.amend(woken, Refusal(503)) is None
    step: Any = wake
    for _ in range(120):
        step = read(step, Refusal(503))[0]
    assert read(step, Refusal(503)) == [Refusal(503)]
    assert p.amend(chat(p, hosted("m")), Refusal(503)) is None


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def every_shape_of_a_refusal(p: Provider) -> None:
    shapes = (
        {"error": "A; b"},
        {"error": ["A", "b"]},
        {"errors": [{"message": "A"}, {"message": "b"}, "odd"]},
        {"error": {"message": "A; b"}},
        {"error": "invalid", "error_description": "A; b"},
        {"message": "A; b", "code": 422, "type": "Validation"},
        "A; b",
    )
    for body in shapes:
        assert p.refusal(400, {}, body).message == "A; b", body
    assert p.refusal(500, {}, None).message == p.refusal(500, {}, {"errors": []}).message == ""
    told = p.refusal(
        403, {"x-error-code": "GatedRepo", "x-error-message": "Access is restricted", "x-request-id": "r1"}, ""
    )
    assert (told.code, told.message, told.request_id) == ("GatedRepo", "Access is restricted", "r1")
    assert p.refusal(422, {}, {"error": "x", "error_type": "validation"}).kind == "validation"
    assert p.refusal(503, {}, {"error": "loading", "estimated_time": 20.4}).param == "20"
    assert p.refusal(503, {}, {"error": "loading", "estimated_time": 1e9}).param == ""
    assert p.refusal(400, {}, {"error": "Invalid state"}).code == "paused"
    assert p.refusal(422, {}, {"error": "Invalid state"}).code == ""


@check
def words_that_the_matrix_does_not_meet(p: Provider) -> None:
    def words(status: int, message: str = "", code: str = "") -> str:
        problem = p.explain(Refusal(status, code=code, message=message), "m")
        return problem.message if problem else ""

    for code in ("RepoNotFound", "RepositoryNotFound"):
        assert words(404, "", code) == "There is no m at Hugging Face that this token can see."
    for said in ("`inputs` tokens + `max_new_tokens` must be <= 4096", "Input is too long", "maximum context length"):
        assert words(422, said) == "This is longer than m can take."
    for said in ("template_error", "There is no chat template", "the chat template is not set"):
        assert words(422, said) == "m has no chat template, so it holds no conversations."
    assert words(0, "", "malformed") == "The answer of Hugging Face cannot be used."
    assert words(403, "Country not supported") == words(401) == words(500) == ""


@check
def what_a_server_does_not_take_is_left_out(p: Provider) -> None:
    toolkit = chat(p, endpoint("m", engine="toolkit"), stop=["x"], top_k=5)
    said = "The following `model_kwargs` are not used by the model: ['stop', 'return_full_text', 'odd'] (note: typos)"
    amended = p.amend(toolkit, Refusal(400, message=said))
    assert amended
    assert amended[0].json["parameters"] == {"max_new_tokens": 512, "top_k": 5, "do_sample": True}
    assert amended[1] == "The model takes no stop, return full text. It was left out."
    assert p.amend(toolkit, Refusal(400, message="The text breaks a rule: stop")) is None
    taken = chat(p, hosted("m"), top_p=0.5)
    better = p.amend(taken, Refusal(400, message="top_p is not supported"))
    assert better and "top_p" not in better[0].json
    vectors = embed(p, hosted("m", VECTORS, engine="together"), "x")
    packed = p.amend(vectors, Refusal(400, message="encoding_format is not supported"))
    assert packed and "encoding_format" not in packed[0].json
    assert p.amend(p.verify(BASE), Refusal(400)) is None


@check
def a_model_without_a_chat_template_continues_the_text(p: Provider) -> None:
    given = {"max_tokens": 9, "temperature": 0.5, "top_p": 0.5, "seed": 3, "stop": ["x"], "frequency_penalty": 1}
    call = chat(p, endpoint("m", engine="tgi"), presence_penalty=1, **given)
    assert p.chat
    amended = p.amend(call, Refusal(422, kind="template_error", message="Template error: template not found"))
    assert amended
    text, sentence = amended
    assert sentence == "The model has no chat template. It continues the text instead."
    assert (line(text), text.framing, text.headers) == (("POST", f"{HOST}/generate_stream"), Framing.SSE, HELD)
    renamed = {"max_new_tokens": 9, "do_sample": True, "return_full_text": False, "details": True}
    kept = {name: value for name, value in given.items() if name != "max_tokens"}
    assert text.json == {"inputs": "Hello?", "parameters": {**kept, **renamed}}
    turns = (Message("system", "Be brief."), Message("user", "Hi"))
    both = p.chat(BASE, ChatAsk(endpoint("m", engine="tgi"), turns, {}, False))
    once = p.amend(both, Refusal(422, message="There is no chat template"))
    assert once and line(once[0]) == ("POST", f"{HOST}/generate")
    assert once[0].json["inputs"] == "Instructions: Be brief.\n\nUser: Hi\n\nAssistant:"
    assert p.amend(call, Refusal(400, kind="template_error")) is None
