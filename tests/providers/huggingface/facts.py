"""What Hugging Face's documents say: the account, search, hosted models and refusals; engines and endpoints beside it.

Hub API and Inference Providers documentation; huggingface_hub. Nothing here was recorded from the adapter.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.providers.attached import PARTS, chat_with, figures
from tests.providers.facts import SCHEMA, read
from tests.providers.huggingface import endpoints, engines
from tests.providers.huggingface.kit import (
    BASE,
    FACTS,
    HOST,
    SERVERLESS,
    SPEECH,
    TEXT,
    TEXT2TEXT,
    TOKEN,
    TYPES,
    VECTORS,
    WAIT_HEADERS,
    chat,
    check,
    embed,
    endpoint,
    hosted_model,
    line,
    transcribe,
    who,
)
from tui import errors
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import Problem, ScopeMissing
from tui.providers.events import (
    Accepted,
    ModelDetails,
    SearchResult,
    SearchResults,
)
from tui.providers.requests import ApiError, Base64File, Call, ChatRequest, Framing, Message, TimestampGranularity
from tui.providers.spec import Provider
from tui.secret import Secret

__all__ = ["FACTS", "endpoints", "engines"]  # with the checks that are in them


# --- the credential ---------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("huggingface", "Hugging Face", Supply.HOSTING, ImportMode.ADDED)
    assert p.key_page == "https://huggingface.co/settings/tokens"
    assert [form_field.name for form_field in p.fields] == [
        "api_token",
        "bill_to",
        "hub_url",
        "router_url",
        "endpoints_url",
    ]
    assert {form_field.name: form_field.default for form_field in p.fields if form_field.default} == BASE
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
    assert [field.name for field in p.model_fields] == ["endpoint_type", "task", "namespace", "endpoint_url"]
    assert [choice.value for choice in kind.choices] == ["hosted_inference_api", "inference_endpoints"]
    assert kind.default == "hosted_inference_api"
    assert "free for few models" in kind.help and "paid" in kind.help
    assert {choice.value: choice.type for choice in task.choices} == TYPES
    assert namespace.visible_when == url.visible_when == ("endpoint_type", "inference_endpoints")
    assert url.url
    assert set(p.field_options) == {"namespace", "endpoint_url"}
    assert p.model_origins(BASE, endpoint("m")) == (HOST,)
    assert p.model_origins(BASE, hosted_model("m", endpoint_url=HOST)) == ()
    assert p.model_origins(BASE, endpoint("m", url="")) == ()


@check
def the_token_is_a_bearer_and_the_bill_goes_along_to_the_router(p: Provider) -> None:
    fields = BASE | {"bill_to": "acme-research"}
    bearer = {"authorization": Secret(f"Bearer {TOKEN.reveal()}")}
    signed = p.sign(chat(p, hosted_model("m")), fields, {"api_token": TOKEN}, 0)
    assert signed.headers == {**bearer, "x-hf-bill-to": "acme-research"}
    assert p.sign(p.verify(BASE), fields, {"api_token": TOKEN}, 0).headers == bearer
    assert p.sign(chat(p, hosted_model("m")), BASE, {}, 0).headers == {}


@check
def the_cheapest_verification_is_whoami(p: Provider) -> None:
    assert line(p.verify(BASE)) == ("GET", "https://huggingface.co/api/whoami-v2")
    assert p.verify(BASE | {"hub_url": "https://mirror.test/x/"}).url == "https://mirror.test/x/api/whoami-v2"
    assert read(p.verify(BASE), who(role="read")) == [Accepted()]
    assert read(p.verify(BASE), {"name": "acme"}) == [Accepted()]
    assert read(p.verify(BASE), {"name": ""})[0].code == "malformed"
    assert read(p.verify(BASE), [])[0].code == "malformed"


@check
def whoami_tells_when_the_token_expires(p: Provider) -> None:
    ends, older = who(role="read"), who(role="read", expiration="2031-02-03T00:00:00.000Z")
    ends["auth"]["expiresAt"] = "2030-12-31T23:30:00-01:00"
    assert read(p.verify(BASE), ends) == [Accepted("2031-01-01")]
    assert read(p.verify(BASE), older) == [Accepted("2031-02-03")]
    ends["auth"]["accessToken"] = None
    assert read(p.verify(BASE), ends) == [Accepted("2031-01-01")]
    odd: Any
    for odd in (None, 7, "soon", "9999-12-31T23:59:59-12:00", ["2031-01-01"], {}):
        assert read(p.verify(BASE), who(expiration=odd)) == [Accepted()]


@check
def a_fine_grained_token_lists_what_it_may(p: Provider) -> None:
    right, other = "inference.serverless.write", "repo.content.read"
    for rights in (
        {"global": [right], "scoped": []},
        {"global": [], "scoped": [{"entity": {"type": "user", "name": "acme"}, "permissions": [other, right]}]},
    ):
        assert read(p.verify(BASE), who(role="fineGrained", fineGrained=rights)) == [Accepted()]
    insufficient = {"global": [other], "scoped": [{"permissions": [other]}, {"permissions": None}]}
    (refused,) = read(p.verify(BASE), who(role="fineGrained", fineGrained=insufficient))
    assert refused == ApiError(403, code="no_inference")
    problem = p.describe_error(refused, "")
    assert isinstance(problem, ScopeMissing)
    assert problem.message == "Hugging Face accepted this token, but it may not call hosted models."


@check
def the_names_of_the_account_are_offered(p: Provider) -> None:
    call = p.field_options["namespace"](BASE, {})
    assert line(call) == ("GET", "https://huggingface.co/api/whoami-v2")
    assert read(call, who()) == [
        SearchResults((SearchResult("acme", "your own"), SearchResult("acme-research", "organization")))
    ]
    assert read(call, {})[0].code == "malformed"


# --- search -----------------------------------------------------------------------------------------------------------


def mapped(task: str, status: str = "live", **more: Any) -> dict[str, Any]:
    return {"status": status, "providerId": "their-name", "task": task, "isModelAuthor": False, **more}


def entry(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "downloads": 0, "gated": False, "tags": [], "inferenceProviderMapping": {}, **more}


FIELDS = ("pipeline_tag", "tags", "inferenceProviderMapping", "downloads", "gated")


@check
def models_are_searched_by_what_they_are_for(p: Provider) -> None:
    assert p.search
    expected = {
        ModelType.CHAT: [{"pipeline_tag": TEXT}, {"pipeline_tag": "image-text-to-text"}, {"filter": TEXT2TEXT}],
        ModelType.EMBEDDING: [{"pipeline_tag": VECTORS}, {"pipeline_tag": "sentence-similarity"}],
        ModelType.SPEECH2TEXT: [{"pipeline_tag": SPEECH}],
    }
    for kind, queries in expected.items():
        step: Any = p.search(BASE, "qwen3 emb", kind)
        for query in queries:
            assert line(step) == ("GET", "https://huggingface.co/api/models")
            assert step.query == {**query, "search": "qwen3 emb", "sort": "downloads", "limit": "20", "expand": FIELDS}
            step = read(step, [])[0]
        assert step == SearchResults(())
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
        SearchResults(
            (
                SearchResult("a/many", "served · 1.2M downloads · licence to accept", fields={"task": VECTORS}),
                SearchResult("a/ill", "served, degraded · 12k downloads", fields={"task": VECTORS}),
                SearchResult("a/few", "served · 950 downloads", fields={"task": VECTORS}),
                SearchResult(
                    "a/none",
                    "not served · 9M downloads",
                    False,
                    {"task": VECTORS, "endpoint_type": "inference_endpoints"},
                ),
            )
        )
    ]


# --- one hosted model -------------------------------------------------------------------------------------------------


def inspected(p: Provider, model: Model, **more: Any) -> list[Any]:
    assert p.inspect_model
    results = read(p.inspect_model(BASE, model), entry(model.id, **more))
    # The router is asked for the size; that it does not tell it hinders nothing.
    return read(results[0], ApiError(404)) if isinstance(results[0], Call) else results


@check
def how_much_text_it_takes_comes_from_the_router(p: Provider) -> None:
    assert p.inspect_model
    mapping = {"novita": mapped("conversational")}
    call = p.inspect_model(BASE, hosted_model("Qwen/Qwen3 32B?"))
    (size,) = read(call, entry("Qwen/Qwen3-32B", inferenceProviderMapping=mapping))
    assert line(size) == ("GET", "https://router.huggingface.co/v1/models/Qwen/Qwen3%2032B%3F")
    assert size.accepted_statuses == {400, 401, 403, 404, 405, 410, 422, 429, 500, 502, 503, 504}
    both = [{"provider": "novita", "context_length": 32_768}, {"provider": "x", "context_length": 131_072}, {}]
    for answer in ({"id": "a", "providers": both}, {"data": {"id": "a", "providers": both}}):
        assert read(size, answer)[0].model.context == 131_072
    nothing: Any
    for nothing in (ApiError(503), {}, {"providers": None}, {"data": []}, [], 7):
        assert read(size, nothing)[0].model.context == 0
    (direct,) = read(call, entry("a/b", inferenceProviderMapping={"hf-inference": mapped(TEXT)}))
    assert isinstance(direct, ModelDetails)


@check
def a_hosted_model_is_inspected_on_the_hub(p: Provider) -> None:
    assert p.inspect_model
    call = p.inspect_model(BASE, hosted_model("Qwen/Qwen3 32B?"))
    assert line(call) == ("GET", "https://huggingface.co/api/models/Qwen/Qwen3%2032B%3F")
    assert call.query == {"expand": (*FIELDS, "disabled")}
    assert read(call, [])[0].code == "malformed"


@check
def who_serves_it_is_stored_with_it(p: Provider) -> None:
    def engine(task: str, mapping: Any, **more: Any) -> tuple[str, str]:
        results = inspected(p, hosted_model("a/b", task), inferenceProviderMapping=mapping, **more)
        assert isinstance(results[0], ModelDetails), results
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
    assert engine(TEXT, {"novita": {"task": "conversational"}, "hf-inference": mapped(TEXT)}) == ("router", "")
    plain = replace(hosted_model("a/b"), fields={})
    assert inspected(p, plain, inferenceProviderMapping={"x": conversational})[0].model.fields["task"] == TEXT


@check
def what_is_not_well_or_gated_is_reported(p: Provider) -> None:
    live, ill = {"x": mapped("conversational")}, {"x": mapped("conversational", "error")}
    assert inspected(p, hosted_model("a/b"), inferenceProviderMapping=live)[0].note == ""
    assert "licence" in inspected(p, hosted_model("a/b"), inferenceProviderMapping=live, gated="manual")[0].note
    assert "health check" in inspected(p, hosted_model("a/b"), inferenceProviderMapping=ill)[0].note
    both = {"x": mapped("conversational", "staging"), "hf-inference": mapped(TEXT)}
    assert inspected(p, hosted_model("a/b"), inferenceProviderMapping=both)[0].model.fields["engine"] == "hf-inference"


@check
def what_cannot_be_used_is_refused_in_words(p: Provider) -> None:
    def problem_of(model: Model, **more: Any) -> Problem:
        (refused,) = inspected(p, model, **more)
        problem = p.describe_error(refused, model.id)
        assert problem and refused.status in (400, 403)
        assert refused.code == ("disabled" if more.get("disabled") else "not_served")
        return problem

    assert problem_of(hosted_model("a/b"), disabled=True).message == "a/b was disabled at Hugging Face."
    nobody = problem_of(hosted_model("a/b"))
    assert nobody.message == "None of your enabled providers serves a/b as a hosted model."
    assert "your own endpoint" in nobody.hint
    assert problem_of(hosted_model("a/b"), pipeline_tag=TEXT).message == nobody.message
    assert problem_of(hosted_model("a/b"), pipeline_tag="text-to-image").message == nobody.message
    other = problem_of(hosted_model("a/b", VECTORS), inferenceProviderMapping={"x": mapped("conversational")})
    assert other.message == "a/b does not serve the task that was chosen. It is for text generation."
    tagged = problem_of(hosted_model("a/b"), pipeline_tag=SPEECH)
    assert tagged.message.endswith("It is for speech-to-text.")
    untagged = {"hf-inference": mapped("sentence-similarity")}
    assert problem_of(hosted_model("a/b", VECTORS), inferenceProviderMapping=untagged).message == nobody.message


@check
def a_task_of_another_type_is_named(p: Provider) -> None:
    assert p.inspect_model
    wrong = replace(hosted_model("a/b", VECTORS), type=ModelType.CHAT)
    try:
        p.inspect_model(BASE, wrong)
    except errors.UsageError as problem:
        assert problem.message == "feature-extraction is no task of chat models."
    else:
        raise AssertionError


# --- hosted calls -----------------------------------------------------------------------------------------------------


@check
def a_hosted_chat_is_openais_at_the_router(p: Provider) -> None:
    call = chat(p, hosted_model("Qwen/Qwen3-32B", engine="router"), temperature=0.5, top_p=1.0, max_tokens=9)
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
    assert line(chat(p, hosted_model("m"))) == line(call)


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
        call = chat(p, hosted_model("a/b", engine=partner, served_as="their-name"))
        assert line(call) == ("POST", f"{router}{path}/completions")
        assert (call.json["model"], call.json["prompt"]) == ("their-name", "Hello?")
    for partner, path in {**paths, "scaleway": "/scaleway/v1"}.items():
        if partner in ("scaleway", "together", "deepinfra"):
            call = embed(p, hosted_model("a/b", VECTORS, engine=partner, served_as="their-name"), "x")
            assert line(call) == ("POST", f"{router}{path}/embeddings")
            assert call.json == {"model": "their-name", "input": ["x"], "encoding_format": "float"}
    call = transcribe(p, hosted_model("a/b", SPEECH, engine="deepinfra", served_as="their-name"))
    assert line(call) == ("POST", f"{router}/deepinfra/v1/openai/audio/transcriptions")
    assert call.upload and ("model", "their-name") in call.upload.parts


@check
def text_on_hf_inference(p: Provider) -> None:
    for model in (hosted_model("a/b c", TEXT2TEXT), hosted_model("a/b c", TEXT, engine="hf-inference")):
        call = chat(p, model, max_new_tokens=9)
        assert line(call) == ("POST", f"{SERVERLESS}/a/b%20c")
        full = {} if model.fields["task"] == TEXT2TEXT else {"return_full_text": False}
        assert call.json == {"inputs": "Hello?", "parameters": {"max_new_tokens": 9, **full}, "stream": True}
        assert (call.framing, call.headers) == (Framing.SSE, {})
    once = chat(p, hosted_model("a/b", engine="hf-inference"), stream=False)
    assert (once.framing, once.json["stream"]) == (Framing.JSON, False)


@check
def vectors_on_hf_inference(p: Provider) -> None:
    for engine in ({}, {"engine": "hf-inference"}):
        call = embed(p, hosted_model("a/b", VECTORS, **engine), "x", "y")
        assert line(call) == ("POST", f"{SERVERLESS}/a/b/pipeline/feature-extraction")
        assert (call.json, call.headers) == ({"inputs": ["x", "y"]}, {})


@check
def speech_on_hf_inference(p: Provider) -> None:
    for media, sent in {"audio/wav": "audio/wav", "audio/mp4": "audio/m4a"}.items():
        call = transcribe(p, hosted_model("a/b", SPEECH), media)
        assert line(call) == ("POST", f"{SERVERLESS}/a/b")
        upload = call.upload
        assert upload and upload.raw and call.json is None
        assert (upload.parts, upload.path, upload.media, upload.size) == ((), Path("talk.wav"), sent, 700)
    timed = transcribe(p, hosted_model("a/b", SPEECH), times=TimestampGranularity.SENTENCE)
    assert (line(timed), timed.upload) == (line(call), None)
    assert timed.json == {"inputs": Base64File(Path("talk.wav")), "parameters": {"return_timestamps": True}}


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
        assert p.parse_error(400, {}, body).message == "A; b", body
    assert p.parse_error(500, {}, None).message == p.parse_error(500, {}, {"errors": []}).message == ""
    error = p.parse_error(
        403, {"x-error-code": "GatedRepo", "x-error-message": "Access is restricted", "x-request-id": "r1"}, ""
    )
    assert (error.code, error.message, error.request_id) == ("GatedRepo", "Access is restricted", "r1")
    assert p.parse_error(422, {}, {"error": "x", "error_type": "validation"}).kind == "validation"
    assert p.parse_error(503, {}, {"error": "loading", "estimated_time": 20.4}).param == "20"
    assert p.parse_error(503, {}, {"error": "loading", "estimated_time": 1e9}).param == ""
    assert p.parse_error(400, {}, {"error": "Invalid state"}).code == "paused"
    assert p.parse_error(422, {}, {"error": "Invalid state"}).code == ""


@check
def words_that_the_matrix_does_not_meet(p: Provider) -> None:
    def words(status: int, message: str = "", code: str = "") -> str:
        problem = p.describe_error(ApiError(status, code=code, message=message), "m")
        return problem.message if problem else ""

    for code in ("RepoNotFound", "RepositoryNotFound"):
        assert words(404, "", code) == "There is no m at Hugging Face that this token can see."
    for text in ("`inputs` tokens + `max_new_tokens` must be <= 4096", "Input is too long", "maximum context length"):
        assert words(422, text) == "This is longer than m can take."
    for text in ("template_error", "There is no chat template", "the chat template is not set"):
        assert words(422, text) == "m has no chat template, so it does not support chat."
    assert words(0, "", "malformed") == "The response of Hugging Face cannot be read."
    assert words(403, "Country not supported") == words(401) == words(500) == ""


@check
def what_a_server_does_not_take_is_left_out(p: Provider) -> None:
    toolkit = chat(p, endpoint("m", engine="toolkit"), stop=["x"], top_k=5)
    message = (
        "The following `model_kwargs` are not used by the model: ['stop', 'return_full_text', 'odd'] (note: typos)"
    )
    amended = p.repair_request(toolkit, ApiError(400, message=message))
    assert amended
    assert amended[0].json["parameters"] == {"max_new_tokens": 512, "top_k": 5, "do_sample": True}
    assert amended[1] == "The model takes no stop, return full text. It was left out."
    assert p.repair_request(toolkit, ApiError(400, message="The text breaks a rule: stop")) is None
    call = chat(p, hosted_model("m"), top_p=0.5)
    better = p.repair_request(call, ApiError(400, message="top_p is not supported"))
    assert better and "top_p" not in better[0].json
    vectors = embed(p, hosted_model("m", VECTORS, engine="together"), "x")
    packed = p.repair_request(vectors, ApiError(400, message="encoding_format is not supported"))
    assert packed and "encoding_format" not in packed[0].json
    assert p.repair_request(p.verify(BASE), ApiError(400)) is None


@check
def a_model_without_a_chat_template_continues_the_text(p: Provider) -> None:
    values: dict[str, Any] = {
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.5,
        "seed": 3,
        "stop": ["x"],
        "frequency_penalty": 1,
    }
    call = chat(p, endpoint("m", engine="tgi"), presence_penalty=1, **values)
    assert p.chat
    amended = p.repair_request(call, ApiError(422, kind="template_error", message="Template error: template not found"))
    assert amended
    text, sentence = amended
    assert sentence == "The model has no chat template. It continues the text instead."
    assert (line(text), text.framing, text.headers) == (("POST", f"{HOST}/generate_stream"), Framing.SSE, WAIT_HEADERS)
    renamed = {"max_new_tokens": 9, "do_sample": True, "return_full_text": False, "details": True}
    remaining = {name: value for name, value in values.items() if name != "max_tokens"}
    assert text.json == {"inputs": "Hello?", "parameters": {**remaining, **renamed}}
    turns = (Message("system", "Be brief."), Message("user", "Hi"))
    both = p.chat(BASE, ChatRequest(endpoint("m", engine="tgi"), turns, {}, False))
    once = p.repair_request(both, ApiError(422, message="There is no chat template"))
    assert once and line(once[0]) == ("POST", f"{HOST}/generate")
    assert once[0].json["inputs"] == "Instructions: Be brief.\n\nUser: Hi\n\nAssistant:"
    assert p.repair_request(call, ApiError(400, kind="template_error")) is None


@check
def a_schema_is_a_grammar_for_tgi_and_a_response_format_elsewhere(p: Provider) -> None:
    assert p.chat
    grammar = {"type": "json", "value": SCHEMA}

    def ask(model: Model) -> Call:
        assert p.chat
        return p.chat(BASE, ChatRequest(model, (Message("user", "Hello?"),), {}, False, SCHEMA))

    chats = ask(endpoint("m", engine="tgi"))
    assert chats.json["response_format"] == grammar
    continued = p.repair_request(chats, ApiError(422, kind="template_error"))
    assert continued and continued[0].json["parameters"]["grammar"] == grammar
    generates = ask(endpoint("m", TEXT2TEXT, engine="tgi"))
    assert generates.json["parameters"]["grammar"] == grammar
    unused = "The following `model_kwargs` are not used by the model: ['grammar']"
    assert p.repair_request(generates, ApiError(400, message=unused)) is None
    assert ask(hosted_model("Qwen/Qwen3-32B")).json["response_format"]["type"] == "json_schema"


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    fields = {"router_url": "https://router.huggingface.co"}
    assert chat_with(p, fields, "Qwen/Qwen3-VL-8B-Instruct")["messages"][1]["content"] == PARTS
    assert figures(p, "Qwen/Qwen3-VL-8B-Instruct") == {} and figures(p, "Qwen/Qwen3-8B") == {"certain": False}
