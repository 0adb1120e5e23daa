"""What Replicate's HTTP API reference says of the account, names, models, schemas and search; the rest is beside it.

Nothing here was recorded from the adapter; predictions, schemas and events are our own composition of their shapes.
"""

import json
from pathlib import Path
from typing import Any

from tests.providers.attached import IMAGE, URL, chat_with, figures
from tests.providers.facts import read
from tests.providers.replicate import outputs, predictions
from tests.providers.replicate.kit import (
    BASE,
    CHAT,
    DEPLOYED,
    EMBEDDING,
    FACTS,
    FILE,
    HASH,
    LISTED,
    LLAMA,
    NUMBERS,
    OLDER,
    PIECES,
    ROOT,
    SPEECH,
    STORED_INPUTS,
    TALK,
    TEXT,
    URI,
    chat,
    check,
    checked,
    entry,
    schema,
)
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import Problem, UsageError
from tui.providers.events import (
    Accepted,
    ModelDetails,
    SearchResult,
    SearchResults,
)
from tui.providers.requests import ApiError, Attachment, ChatRequest, Message, Upload
from tui.providers.spec import Provider
from tui.secret import Secret

__all__ = ["FACTS", "outputs", "predictions"]  # with the checks that are in them


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("replicate", "Replicate", Supply.HOSTING, ImportMode.ADDED)
    assert p.types == (CHAT, EMBEDDING, SPEECH)
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced) for form_field in p.fields
    ] == [
        ("api_token", True, True, False),
        ("base_url", False, False, True),
    ]
    assert [(field.name, field.required) for field in p.model_fields] == [("version", False), ("deployment", False)]
    assert p.field("api_token").env == ("REPLICATE_API_TOKEN",)
    assert p.field("base_url").env == ("REPLICATE_BASE_URL", "REPLICATE_API_BASE_URL")
    assert [prefix.value for prefix in p.field("api_token").prefixes] == ["r8_"]
    assert p.field("base_url").default == ROOT
    assert p.key_page == "https://replicate.com/account/api-tokens"
    assert p.catalogue == () and p.list_models is None


@check
def where_the_token_goes(p: Provider) -> None:
    assert p.origins(BASE) == ("https://api.replicate.com",)
    assert p.host_suffixes == ("replicate.com", "replicate.net", "replicate.delivery")
    call = p.verify(BASE)
    signed = p.sign(call, BASE, {"api_token": Secret("r8_FAKE0000")}, 0)
    token = signed.headers["authorization"]
    assert isinstance(token, Secret) and token.reveal() == "Bearer r8_FAKE0000"
    assert p.sign(call, BASE, {}, 0) == call


@check
def verifying_asks_whose_the_token_is(p: Provider) -> None:
    for root in (ROOT, "https://api.replicate.com", f"{ROOT}/"):
        call = p.verify({"base_url": root})
        assert (call.method, call.url, call.json, call.query) == ("GET", f"{ROOT}/account", None, {})
        assert call.idempotent
    account = {"type": "organization", "username": "acme", "name": "Acme Corp", "github_url": "https://github.com/acme"}
    assert read(call, account) == [Accepted()]
    assert read(call, {"detail": "hm"})[0].code == "malformed"
    assert read(call, [])[0].code == "malformed"


# --- names ------------------------------------------------------------------------------------------------------------

PASTED = {
    LLAMA: (LLAMA, ""),
    "xai/x": ("xai/x", ""),
    f"{LLAMA}:{HASH}": (LLAMA, HASH),
    f"https://replicate.com/{LLAMA}": (LLAMA, ""),
    f"replicate.com/{LLAMA}/": (LLAMA, ""),
    f"https://www.replicate.com/{LLAMA}/api/schema?tab=http#y": (LLAMA, ""),
    f"https://replicate.com/{LLAMA}/versions/{HASH}": (LLAMA, HASH),
    f"https://api.replicate.com/v1/models/{LLAMA}": (LLAMA, ""),
    f"https://api.replicate.com/v1/models/{LLAMA}/versions/{HASH}": (LLAMA, HASH),
    f"r8.im/{LLAMA}@sha256:{HASH}": (LLAMA, HASH),
}


@check
def a_pasted_address_is_split(p: Provider) -> None:
    parsed = p.model_id.parse_pasted
    assert parsed
    for pasted, (model, version) in PASTED.items():
        call = chat(p, pasted)
        assert call.url == f"{ROOT}/predictions"
        assert call.json["version"] == (f"{model}:{version}" if version else model)
        assert parsed(pasted) == {"model": model} | ({"version": version} if version else {})
    for pasted in DEPLOYED:
        assert chat(p, pasted).url == f"{ROOT}/deployments/acme/fast-llama/predictions"
        assert parsed(pasted)["deployment"] == "acme/fast-llama"
    for pasted in (*DEPLOYED, "acme/fast-llama"):
        assert chat(p, deployment=pasted).url == f"{ROOT}/deployments/acme/fast-llama/predictions"
    assert parsed("llama") == {"model": "llama"}
    for wrong in ("llama", "https://replicate.com/explore", f"{LLAMA}:latest", "a b/c", "https://example.test/a/b"):
        try:
            chat(p, wrong)
        except UsageError as problem:
            assert "names no model of Replicate" in problem.message
        else:
            raise AssertionError(wrong)


# --- schemas ----------------------------------------------------------------------------------------------------------


@check
def what_is_stored_of_a_schema(p: Provider) -> None:
    call = checked(p)
    assert (call.method, call.url, call.json, call.query) == ("GET", f"{ROOT}/models/{LLAMA}", None, {})
    (learned,) = read(call, entry(TALK, official=True))
    assert learned == ModelDetails(Model("replicate", LLAMA, CHAT, fields={"inputs": STORED_INPUTS}), "")


@check
def a_community_model_gets_a_version(p: Provider) -> None:
    (learned,) = read(checked(p, f"https://replicate.com/{LLAMA}"), entry(TALK, official=False))
    assert (learned.model.id, dict(learned.model.fields)) == (LLAMA, {"version": HASH, "inputs": STORED_INPUTS})
    assert learned.note.startswith(f"Of this community model the newest version was taken, {HASH[:8]}. It may take")
    # Older answers do not tell; then its newest version is as good a guess.
    assert read(checked(p), entry(TALK))[0].model.fields["version"] == HASH
    (same,) = read(checked(p, version=HASH), entry(TALK, official=False))
    assert same.model.fields["version"] == HASH and same.note.startswith("It may take minutes")
    (other,) = read(checked(p, f"{LLAMA}:{OLDER}"), entry(TALK, official=False))
    assert (other.method, other.url) == ("GET", f"{ROOT}/models/{LLAMA}/versions/{OLDER}")
    assert other.accepted_statuses == {404}
    (learned,) = read(other, TALK | {"id": OLDER})
    assert dict(learned.model.fields) == {"version": OLDER, "inputs": STORED_INPUTS}
    assert read(other, ApiError(404, message="not found")) == [ApiError(code="no_version", param=LLAMA)]
    assert read(other, [])[0].code == "malformed"
    assert read(checked(p), entry(official=False)) == [ApiError(code="nothing_pushed", param=LLAMA)]


@check
def an_official_model_is_run_without_one(p: Provider) -> None:
    (learned,) = read(checked(p, version=OLDER), entry(TALK, official=True))
    assert dict(learned.model.fields) == {"inputs": STORED_INPUTS}
    assert "the version was left out" in learned.note
    for entries in (True, None):
        (learned,) = read(checked(p), entry(None, official=entries))
        assert dict(learned.model.fields) == {}
        assert "has no schema" in learned.note
    assert read(checked(p), {"detail": "hm"})[0].code == read(checked(p), [])[0].code == "malformed"


@check
def a_deployment_runs_a_version_of_a_model(p: Provider) -> None:
    release = {"owner": "acme", "name": "fast-llama", "current_release": {"number": 1, "model": LLAMA, "version": HASH}}
    for call in (checked(p, deployment="acme/fast-llama"), checked(p, DEPLOYED[0])):
        assert (call.method, call.url) == ("GET", f"{ROOT}/deployments/acme/fast-llama")
        (get,) = read(call, release)
        assert get.url == f"{ROOT}/models/{LLAMA}"
        (learned,) = read(get, entry(TALK, official=False))
        assert learned.model.id == LLAMA
        assert dict(learned.model.fields) == {"deployment": "acme/fast-llama", "inputs": STORED_INPUTS}
        (older,) = read(get, entry(TALK | {"id": OLDER}, official=False))
        assert older.url == f"{ROOT}/models/{LLAMA}/versions/{HASH}"
    other = checked(p, "acme/other", deployment="acme/fast-llama")
    assert read(other, release) == [ApiError(code="other_model", param=LLAMA)]
    nothing: Any
    for nothing in ({"current_release": None}, {"current_release": {"model": LLAMA}}, []):
        assert read(other, nothing) == [ApiError(code="nothing_pushed", param="acme/fast-llama")]


USABLE: list[tuple[ModelType, dict[str, Any], Any]] = [
    (CHAT, {"prompt": {"type": "string"}}, PIECES),
    (CHAT, {"prompt": {"type": "string"}}, {"type": "string"}),
    (CHAT, {"input": {"type": "string"}}, {}),
    (CHAT, {"message": {"type": "string"}}, {"type": "string"}),
    (CHAT, TEXT, {"type": "string"}),
    (CHAT, {"messages": {"type": "array", "items": {"type": "object"}}}, PIECES),
    (EMBEDDING, TEXT, {"type": "array", "items": {"$ref": "#/components/schemas/One"}}),
    (EMBEDDING, LISTED, {"type": "array", "items": NUMBERS}),
    (EMBEDDING, {"texts": {"type": "string"}}, NUMBERS),
    (EMBEDDING, {"query_texts": {"type": "string"}}, {"type": "object", "properties": {"embeddings": {}}}),
    (EMBEDDING, {"inputs": {"type": "string"}}, {"type": "object", "properties": {"vectors": {}}}),
    (EMBEDDING, {"input": {"type": "string"}}, {"type": "object", "properties": {"vector": {}}}),
    (EMBEDDING, {"sentences": {"type": "string"}}, {"type": "array", "items": {"type": "integer"}}),
    (EMBEDDING, LISTED, {"anyOf": [URI, {"type": "array", "items": NUMBERS}]}),
    (EMBEDDING, LISTED, {"oneOf": [URI, {"type": "array", "items": NUMBERS}]}),
    (EMBEDDING, {**TEXT, "output_format": {"type": "string"}}, {"type": "string"}),
    (SPEECH, FILE, {"type": "string"}),
    *[
        (SPEECH, {name: URI}, {"type": "object", "properties": {phrase: {"type": "string"}, "srt_file": URI}})
        for name, phrase in (
            ("audio_file", "transcription"),
            ("audio_path", "text"),
            ("audio_url", "translation"),
            ("file", "segments"),
            ("sound", "chunks"),
            ("audio", "transcript"),
            ("audio", "txt_file"),
        )
    ],
]


@check
def models_of_every_type_by_what_they_take_and_give(p: Provider) -> None:
    one = {"type": "object", "properties": {"embedding": NUMBERS}}
    for kind, values, gives in USABLE:
        (learned,) = read(checked(p, kind=kind), entry(schema(values, gives, One=one), official=True))
        assert isinstance(learned, ModelDetails), (kind, values, gives)
        assert learned.model.type is kind
    pair = {"type": "object", "properties": {"audio": URI, "cover": URI}}
    for files in (
        {"anyOf": [URI, {"type": "null"}]},
        URI,
        {"type": "array", "items": URI},
        {"$ref": "#/components/schemas/File"},
        pair,
    ):
        picture = schema({"prompt": {"type": "string"}}, files, File=URI)
        assert read(checked(p), entry(picture, official=True)) == [ApiError(code="files", param=LLAMA)]
    vectors = schema(TEXT, {"type": "array", "items": NUMBERS})
    assert read(checked(p), entry(vectors, official=True)) == [
        ApiError(code="other_type", kind="embedding", param="chat")
    ]
    assert read(checked(p, kind=EMBEDDING), entry(TALK, official=True)) == [
        ApiError(code="other_type", kind="chat", param="embedding")
    ]
    sound = schema(FILE, {"type": "string"})
    assert read(checked(p), entry(sound, official=True))[0].kind == "speech2text"
    picture = schema({"image": URI, "mask": URI}, {"type": "string"})
    assert read(checked(p, kind=SPEECH), entry(picture, official=True)) == [
        ApiError(code="other_type", kind="", param="speech2text")
    ]
    for gives in ({"type": "object", "properties": {"score": {"type": "number"}}}, {"type": "number"}):
        (refused,) = read(checked(p), entry(schema({"prompt": {"type": "string"}}, gives), official=True))
        assert refused == ApiError(code="other_type", kind="", param="chat")
    several = schema({"input": {"type": "array", "items": {"type": "string"}}}, PIECES)
    assert read(checked(p), entry(several, official=True))[0].code == "other_type"
    more = schema({"prompt": {"type": "string"}, "image": URI, "mask": URI}, PIECES, ("image", "mask", "prompt"))
    assert read(checked(p), entry(more, official=True)) == [ApiError(code="needs", param="image, mask")]
    lists = schema(LISTED, {"type": "array", "items": {"type": "array"}})
    (learned,) = read(checked(p, kind=EMBEDDING), entry(lists, official=True))
    assert learned.model.fields["inputs"] == '{"takes":[{"name":"texts","type":"texts"}],"gives":"vectors"}'


@check
def search_results_in_words(p: Provider) -> None:
    for refused, message, hint in (
        (ApiError(code="files"), "returns files such as images or audio", "text, vectors or a transcript"),
        (ApiError(code="no_version", param=LLAMA), f"{LLAMA} has no such version.", "under Versions"),
        (ApiError(code="nothing_pushed", param=LLAMA), f"{LLAMA} has no version that can be run", "push"),
        (ApiError(code="other_model", param="a/b"), "The deployment runs a/b, and not", "Add a/b"),
        (
            ApiError(code="other_type", kind="embedding", param="chat"),
            "is for embedding, not for chat.",
            "as embedding.",
        ),
        (ApiError(code="other_type", param="chat"), "is not for chat", "another model"),
        (ApiError(code="needs", param="image"), "more than text or a recording: image.", "another"),
    ):
        problem = p.describe_error(refused, LLAMA)
        assert problem and type(problem) is Problem
        assert message in problem.message, problem.message
        assert hint in problem.hint, problem.hint
        assert refused.code == "needs" or LLAMA in problem.message
    assert p.describe_error(ApiError(500), LLAMA) is None
    unpaid = p.describe_error(ApiError(402), LLAMA)
    assert unpaid and unpaid.hint == "Add one at https://replicate.com/account/billing"


# --- search -----------------------------------------------------------------------------------------------------------


@check
def models_are_searched_by_words(p: Provider) -> None:
    assert p.search
    call = p.search(BASE, " llama ", CHAT)
    assert (call.method, call.url, call.query) == ("GET", f"{ROOT}/search", {"query": "llama", "limit": "20"})
    labels = {CHAT: "language model", EMBEDDING: "text embedding", SPEECH: "speech to text"}
    for kind, text in labels.items():
        assert p.search(BASE, "", kind).query["query"] == text
    picture = schema({"prompt": {"type": "string"}}, URI)
    vectors = schema(TEXT, {"type": "array", "items": NUMBERS})
    odd = schema({"n": {"type": "number"}}, {"type": "number"})
    result = [
        entry(picture, owner="a", name="pictures", run_count=2_000_000, description="Makes images."),
        entry(vectors, owner="b", name="vectors", run_count=0),
        entry(odd, owner="c", name="odd", run_count=None),
        entry(TALK, True, run_count=1_200, description="Talks."),
        entry(None, False, owner="d", name="unknown"),
    ]
    results = {
        "query": "llama",
        "models": [
            *({"model": candidate, "metadata": {"score": 0.5}} for candidate in result),
            {"model": {}},
            {"model": None},
            7,
        ],
        "collections": [],
        "pages": [],
    }
    assert read(call, results) == [
        SearchResults(
            (
                SearchResult(LLAMA, "official · 1.2k runs · Talks."),
                SearchResult("d/unknown", "community · 1 run"),
                SearchResult("a/pictures", "community · makes files · 2M runs · Makes images.", usable=False),
                SearchResult("b/vectors", "community · embedding", usable=False),
                SearchResult("c/odd", "community · of another kind", usable=False),
            )
        )
    ]
    assert read(call, {"models": None})[0].code == read(call, [])[0].code == "malformed"


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    def model(name: str, kind: str = "string") -> dict[str, Any]:
        takes = [{"name": "prompt", "type": "string"}, {"name": name, "type": kind, "file": True}]
        return {"fields": {"inputs": json.dumps({"takes": takes, "gives": "text"})}}

    for name in ("image", "images", "image_input", "input_image", "input_images", "img"):
        inputs = chat_with(p, BASE, LLAMA, **model(name))["input"]
        assert list(inputs) == ["prompt", name] and inputs[name] == URL
    photo, image = {"name": "photo", "file": True}, {"name": "image", "type": "string", "file": True}
    both = json.dumps({"takes": [photo, image], "gives": "text"})
    assert list(chat_with(p, BASE, LLAMA, fields={"inputs": both})["input"])[-1] == "image"
    assert chat_with(p, BASE, LLAMA, IMAGE, IMAGE, **model("images", ""))["input"]["images"] == [URL, URL]
    assert figures(p, LLAMA, **model("image")) == {"size": 100_000_000, "count": 1}
    assert figures(p, LLAMA, **model("images", "")) == {"size": 100_000_000}
    assert figures(p, LLAMA, **model("video")) is None and figures(p, LLAMA) is None
    large = Attachment("a.png", "image/png", bytes(200_000))
    assert p.chat
    ask = ChatRequest(Model("replicate", LLAMA, CHAT, **model("image")), (Message("user", "What?", (large,)),))
    upload = p.chat(BASE, ask)
    assert (upload.method, upload.url) == ("POST", f"{ROOT}/files")
    assert upload.upload == Upload((), Path(), "image/png", 200_000, "content", False, "a.png", large.content)
    laid, create = read(upload, {"id": "demo", "urls": {"get": f"{ROOT}/files/demo"}})
    assert laid.anyway and create.json["input"]["image"] == f"{ROOT}/files/demo"
