"""What Microsoft's documents say of Azure OpenAI (REST reference 2024-10-21 and v1, content filter annotations, content
streaming, reasoning models, quotas; identity platform, client credentials flow).

Nothing here was recorded from the adapter; the frames are our own composition of the documented shapes.
"""

from pathlib import Path
from typing import Any

from tests.providers.attached import MB, PARTS, chat_with, figures
from tests.providers.facts import KEY, Chat, Facts, Otherwise, Refusal, Stream, read, sse
from tests.providers.openai.facts import whole
from tui.domain import ImportMode, Model, ModelType, Supply
from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing, UsageError
from tui.practice.azure_openai.server import FIELDS as PRACTICE
from tui.providers.events import (
    Accepted,
    AccessToken,
    Finish,
    ModelDetails,
    Notice,
    SearchResult,
    SearchResults,
    TextDelta,
    Transcript,
    Usage,
    Vectors,
)
from tui.providers.requests import (
    ApiError,
    Call,
    ChatRequest,
    EmbeddingRequest,
    Framing,
    Message,
    TimestampGranularity,
    TranscriptionRequest,
)
from tui.providers.spec import Provider
from tui.secret import Secret

HOST = "https://acme-east.openai.azure.com"
V1 = {"endpoint": HOST}
DATED = {"endpoint": HOST, "api_version": "2024-10-21"}
ENTRA = {"endpoint": HOST, "directory_id": "dir-1", "client_id": "app-1", "client_secret": "dots"}
SOUND = Path("talk.wav")

SAFE = {
    "hate": {"filtered": False, "severity": "safe"},
    "jailbreak": {"filtered": False, "detected": False},
    "violence": {"filtered": False, "severity": "safe"},
}
ABOUT_THE_QUESTION = {
    "choices": [],
    "created": 0,
    "id": "",
    "model": "",
    "object": "",
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": SAFE}],
}


def chunk(piece: Any, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": piece, "finish_reason": reason, "logprobs": None, "content_filter_results": {}}
    return {
        "id": "chatcmpl-Z9",
        "object": "chat.completion.chunk",
        "created": 1795300100,
        "model": "gpt-5.4-mini-2026-03-17",
        "choices": [choice],
        "usage": None,
        **more,
    }


def annotated(reason: str | None = None, **results: Any) -> dict[str, Any]:
    """A chunk of the asynchronous filter, which has no delta."""
    offsets = {"check_offset": 40, "start_offset": 40, "end_offset": 210}
    choice = {"index": 0, "finish_reason": reason, "content_filter_results": results, "content_filter_offsets": offsets}
    return {"id": "", "object": "", "created": 0, "model": "", "choices": [choice], "usage": None}


USED = {"prompt_tokens": 11, "completion_tokens": 6, "total_tokens": 17}


def error(code: str, message: str = "Their words.", **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def filtered(plural: bool = False, **stopped: Any) -> dict[str, Any]:
    results = {f"content_filter_result{'s' if plural else ''}": SAFE | stopped}
    inner = {"code": "ResponsibleAIPolicyViolation", **results}
    message = "The response was filtered due to the prompt triggering the content policy."
    return error("content_filter", message, type=None, param="prompt", status=400, innererror=inner)


def entra(number: int, kind: str = "invalid_client", expected: str = "Their words.") -> dict[str, Any]:
    description = f"AADSTS{number}: {expected}\r\nTrace ID: 1\r\nCorrelation ID: 2\r\nTimestamp: 2026-11-22 08:00:00Z"
    return {"error": kind, "error_description": description, "error_codes": [number], "trace_id": "1"}


STREAM = Stream(
    lambda text: sse(chunk({"content": text})),
    closing=sse(chunk({}, "stop")) + sse(chunk({}, choices=[], usage=USED)) + sse("[DONE]"),
    opening=sse(ABOUT_THE_QUESTION) + sse(chunk({"role": "assistant", "content": "", "refusal": None})),
    error=sse({"error": {"message": "Their words.", "type": "server_error", "param": None, "code": None}}),
    error_message="{label} stopped with an error.",
)
DEPLOYMENT = Model("azure_openai", "gpt-east", ModelType.CHAT, fields={"base_model": "gpt-4.1"})
UNKNOWN_KEY = "Access denied due to invalid subscription key or wrong API endpoint."
NO_KEY = "Azure OpenAI rejected this key at this resource."

LIST_HELPS = "the list of base models is a help, and not every resource shows it"

FACTS = Facts(
    "azure_openai",
    auth_methods={
        "dated": {**PRACTICE, "api_version": "2024-10-21"},
        "entra": {
            "endpoint": PRACTICE["endpoint"],
            "directory_id": "00000000-0000-4000-8000-00000000fa4e",
            "client_id": "00000000-0000-4000-8000-0000000fa4e0",
            "client_secret": "FAKE~client-secret-of-nobody-0000",
        },
    },
    otherwise=(
        Otherwise(
            "*check* */models, *offer* */models",
            "status 40[0345], status 410, status 422, status 50?, page 40[034], page 50?, busy until a date, body *",
            "good",
            LIST_HELPS,
        ),
        Otherwise("*check* */models, *offer* */models", "words *, hostile *, silence in a refusal", "good", LIST_HELPS),
        Otherwise("*transcribe */audio/transcriptions", "body ?text?, text for JSON", "good", "a text is heard"),
        Otherwise("*transcribe */v1/*", "status 404, page 404", "good", "the dated surface is asked in its place"),
    ),
    modules=(
        "azure_openai.api",
        "azure_openai.content_filter",
        "azure_openai.models",
        "azure_openai.errors",
    ),
    chats=(
        Chat("azure_openai", lambda origin: {"endpoint": origin, "api_key": KEY}, DEPLOYMENT, STREAM, whole),
        Chat(
            "azure_openai",
            lambda origin: {"endpoint": f"{origin}/gateway", "api_key": KEY, "api_version": "2024-10-21"},
            DEPLOYMENT,
            STREAM,
            whole,
            name="dated",
        ),
    ),
    refusals=(
        Refusal(401, error("401", UNKNOWN_KEY), NO_KEY, CredentialRejected, "one resource", call="verify"),
        Refusal(401, error("Unauthorized", UNKNOWN_KEY), NO_KEY, CredentialRejected, "Keys and Endpoint"),
        Refusal(
            401,
            error("PermissionDenied", "Principal does not have access to API/Operation."),
            "Entra ID knows this application, but it has no role on this resource.",
            ScopeMissing,
            "Cognitive Services OpenAI User",
            call="verify",
        ),
        Refusal(
            403, error("403", "The principal lacks the required data action."), "Entra ID knows this", ScopeMissing
        ),
        Refusal(
            401,
            error("401", "Audience is incorrect."),
            "This resource rejects the Entra ID token",
            Problem,
            "2024-10-21",
        ),
        Refusal(
            403,
            error("403", "Access denied due to Virtual Network/Firewall rules."),
            "The network rules of this resource block this machine.",
            NetworkError,
            "Networking",
            call="verify",
        ),
        Refusal(
            403, error("403", "Public access is disabled. Configure private endpoint."), "The network", NetworkError
        ),
        Refusal(
            403,
            error("403", "Your resource has been temporarily blocked because we detected abuse."),
            "Microsoft has blocked this resource",
            Problem,
            "owner",
        ),
        Refusal(403, error("403"), "Azure OpenAI does not allow this key to use gpt-east.", ScopeMissing),
        Refusal(
            404,
            error("DeploymentNotFound", "The API deployment for this resource does not exist."),
            "This resource has no deployment gpt-east.",
            Problem,
            "five minutes",
        ),
        Refusal(404, error("model_not_found"), "This resource has no deployment gpt-east."),
        Refusal(404, error("404", "Resource not found"), "This resource does not know that path or API version."),
        Refusal(
            404,
            {"statusCode": 404, "message": "Resource not found"},
            "This resource does not know that path or API version.",
            Problem,
            "v1 surface",
            call="verify",
        ),
        Refusal(
            400,
            error("OperationNotSupported", "The chatCompletion operation does not work with the specified model."),
            "The model behind gpt-east does not support this.",
            Problem,
            "type of its base model",
        ),
        Refusal(
            400,
            filtered(jailbreak={"filtered": True, "detected": True}),
            "The content filter of Azure OpenAI stopped this text: a jailbreak attempt.",
            Problem,
            "Rephrase",
        ),
        Refusal(
            400,
            filtered(plural=True, hate={"filtered": True, "severity": "high"}),
            "The content filter of Azure OpenAI stopped this text: hate.",
        ),
        Refusal(400, error("content_filter"), "The content filter of Azure OpenAI stopped this text."),
        Refusal(400, error("context_length_exceeded"), "This is longer than gpt-east can take."),
        Refusal(
            429,
            error("429", "Requests to ChatCompletions have exceeded the token rate limit of your pricing tier."),
            "The quota per minute of gpt-east is used up.",
            Problem,
            "in the portal",
            retried=True,
        ),
        Refusal(
            429,
            error("429", "The service is temporarily unable to process."),
            "Azure OpenAI is too busy.",
            retried=True,
        ),
        Refusal(429, error("insufficient_quota"), "Your Azure OpenAI account has no credit left."),
        Refusal(503, error("503"), "Azure OpenAI is too busy.", retried=True),
    ),
)
check = FACTS.check


def deployed(name: str, base: str, kind: ModelType = ModelType.CHAT) -> Model:
    return Model("azure_openai", name, kind, fields={"base_model": base})


def chat(p: Provider, fields: Any = V1, stream: bool = True, name: str = "gpt-east", **parameters: Any) -> Call:
    assert p.chat
    messages = (Message("system", "Be brief."), Message("user", "Hello?"))
    return p.chat(fields, ChatRequest(deployed(name, "gpt-5.4-mini"), messages, parameters, stream))


def signed(p: Provider, call: Call, fields: Any = V1, **secrets: str) -> Call:
    boxes = {name: Secret(text) for name, text in (secrets or {"api_key": KEY}).items()}
    return p.sign(call, fields, boxes, 0)


# --- what it is -------------------------------------------------------------------------------------------------------


@check
def what_it_is(p: Provider) -> None:
    assert (p.id, p.label, p.supply, p.import_mode) == ("azure_openai", "Azure OpenAI", Supply.OWN, ImportMode.ADDED)
    key, application = "API key", "Entra ID application"
    assert [
        (form_field.name, form_field.required, form_field.secret, form_field.advanced, form_field.auth_method)
        for form_field in p.fields
    ] == [
        ("endpoint", True, False, False, ""),
        ("api_key", True, True, False, key),
        ("directory_id", True, False, False, application),
        ("client_id", True, False, False, application),
        ("client_secret", True, True, False, application),
        ("api_version", False, False, True, ""),
    ]
    assert p.exclusive_auth_methods
    assert {form_field.name: form_field.env[0] for form_field in p.fields} == {
        "endpoint": "AZURE_OPENAI_ENDPOINT",
        "api_key": "AZURE_OPENAI_API_KEY",
        "directory_id": "AZURE_TENANT_ID",
        "client_id": "AZURE_CLIENT_ID",
        "client_secret": "AZURE_CLIENT_SECRET",
        "api_version": "AZURE_OPENAI_API_VERSION",
    }
    assert "OPENAI_API_VERSION" in p.field("api_version").env
    assert p.field("endpoint").url
    assert (p.model_id.label, [(field.name, field.required) for field in p.model_fields]) == (
        "Deployment",
        [("base_model", True)],
    )
    assert (p.catalogue, p.list_models) == ((), None)
    assert p.key_page == "https://portal.azure.com"
    assert p.after_saving.startswith("Azure can't list deployments. After saving, add each by name")


@check
def where_it_goes(p: Provider) -> None:
    assert p.origins(V1) == p.origins(DATED) == (HOST,)
    assert p.origins(ENTRA) == (HOST, "https://login.microsoftonline.com")
    government = {**ENTRA, "endpoint": "https://acme.openai.azure.us"}
    assert p.origins(government) == ("https://acme.openai.azure.us", "https://login.microsoftonline.us")
    china = {**ENTRA, "endpoint": "https://acme.openai.azure.cn"}
    assert p.origins(china)[1] == "https://login.partner.microsoftonline.cn"
    for fields, service in ((government, "us"), (china, "cn")):
        exchange = p.token(fields)
        assert exchange and exchange.form
        assert exchange.form["scope"] == f"https://cognitiveservices.azure.{service}/.default"


@check
def a_target_address_is_split(p: Provider) -> None:
    parse = p.field("endpoint").parse_pasted
    assert parse
    root, query = f"{HOST}/openai/deployments/gpt-east", "?api-version=2024-10-21"
    for operation in ("chat/completions", "embeddings", "audio/transcriptions"):
        result = parse(f"{root}/{operation}{query}")
        assert result == {"endpoint": HOST, "model": "gpt-east", "api_version": "2024-10-21"}
    assert list(parse(f"{root}{query}")) == ["endpoint", "model", "api_version"]
    for same in ("", "/openai", "/openai/", "/openai/v1", "/openai/v1/", "/openai/v1/chat/completions"):
        assert parse(HOST + same) == {"endpoint": HOST}
    # A date is none of the v1 surface's versions, and that of another API is none of this one's.
    for same in ("/openai/v1/responses?api-version=2025-04-01-preview", "/openai/v1/models?api-version=preview"):
        assert parse(HOST + same) == {"endpoint": HOST}
    several = parse(f"{root}/embeddings?x=1&API-Version=2025-03-01-preview&y=2")
    assert several["api_version"] == "2025-03-01-preview"
    foundry = "https://acme.services.ai.azure.com"
    for same in ("/models/chat/completions?api-version=2024-05-01-preview", "/api/projects/first"):
        assert parse(foundry + same) == {"endpoint": foundry}
    assert parse(f"{HOST}/openai/responses?api-version=2025-04-01-preview")["api_version"] == "2025-04-01-preview"
    gateway = parse("https://gw.example.test/azure/openai/deployments/a%20b/embeddings")
    assert gateway == {"endpoint": "https://gw.example.test/azure", "model": "a b"}
    for other in ("https://openai/v1", "not an address", "https://gw.example.test/openair/x", ""):
        assert parse(other) == {"endpoint": other}


# --- signing ----------------------------------------------------------------------------------------------------------


@check
def the_key_is_a_header_of_its_own(p: Provider) -> None:
    for fields in (V1, DATED):
        for call in (p.verify(fields), chat(p, fields)):
            assert signed(p, call, fields).headers == {"api-key": Secret(KEY)}
    assert signed(p, p.verify(V1)).query == {}
    assert signed(p, chat(p, DATED), DATED).query == {"api-version": "2024-10-21"}
    preview = V1 | {"api_version": "preview"}
    assert signed(p, chat(p, preview), preview).query == {"api-version": "preview"}
    assert chat(p, preview).url == f"{HOST}/openai/v1/chat/completions"


@check
def an_application_signs_in_for_a_token(p: Provider) -> None:
    assert p.token(V1) is None
    exchange = p.token(ENTRA)
    assert exchange
    url = "https://login.microsoftonline.com/dir-1/oauth2/v2.0/token"
    assert (exchange.method, exchange.url, exchange.framing, exchange.json) == ("POST", url, Framing.JSON, None)
    form = {
        "grant_type": "client_credentials",
        "client_id": "app-1",
        "scope": "https://ai.azure.com/.default",
    }
    assert exchange.form == form
    sent = signed(p, exchange, ENTRA, client_secret="hush")
    assert (sent.form, sent.headers, sent.query) == (form | {"client_secret": Secret("hush")}, {}, {})
    versioned = signed(p, exchange, ENTRA | {"api_version": "2024-10-21"}, client_secret="hush")
    assert versioned.query == {}
    values = {"token_type": "Bearer", "expires_in": 3599, "access_token": "t1"}
    assert read(exchange, values) == [AccessToken(Secret("t1"), 3599)]
    for odd in ({}, {"access_token": ""}, {"access_token": 7}, 7):
        assert [event.code for event in read(exchange, odd)] == ["malformed"]
    called = signed(p, chat(p, ENTRA), ENTRA, client_secret="hush", token="t1")
    assert called.headers == {"authorization": Secret("Bearer t1")}
    # Never both.
    assert "api-key" not in signed(p, chat(p), V1, api_key=KEY, token="t1").headers
    odd_directory = p.token(ENTRA | {"directory_id": "a/b"})
    assert odd_directory and odd_directory.url.endswith("/a%2Fb/oauth2/v2.0/token")


@check
def the_service_has_an_older_name(p: Provider) -> None:
    older = "https://cognitiveservices.azure.com/.default"
    dated = p.token(ENTRA | {"api_version": "2024-10-21"})
    assert dated and dated.form and dated.form["scope"] == older
    exchange = p.token(ENTRA)
    assert exchange and exchange.form
    for refused in (
        ApiError(400, "AADSTS500011", "invalid_resource"),
        ApiError(400, "AADSTS500011"),
        ApiError(400, "AADSTS70011"),
        ApiError(400, "AADSTS1002012"),
        ApiError(400, kind="invalid_scope"),
        ApiError(400, kind="invalid_target"),
        ApiError(400, kind="invalid_resource"),
    ):
        again, sentence = p.repair_request(exchange, refused) or (exchange, "")
        assert again.form == {**exchange.form, "scope": older}
        assert "older name" in sentence
        assert p.repair_request(again, refused) is None
        assert p.repair_request(dated, refused) is None
    assert p.repair_request(exchange, ApiError(401, "AADSTS7000215", "invalid_client")) is None


@check
def what_entra_says(p: Provider) -> None:
    for number, kind, words, hint in (
        (7000215, CredentialRejected, "does not accept this client secret", "not its ID"),
        (7000222, CredentialRejected, "has expired", "Certificates & secrets"),
        (700016, CredentialRejected, "no such application in this directory", "(client) ID"),
        (7000112, CredentialRejected, "is disabled", "Enterprise apps"),
        (53003, ScopeMissing, "Conditional Access", "allow"),
        (90002, CredentialRejected, "no such directory", "(tenant) ID"),
        (900023, CredentialRejected, "no such directory", "(tenant) ID"),
        (500011, CredentialRejected, "does not know Azure OpenAI", "subscription"),
        (70011, CredentialRejected, "does not know Azure OpenAI", "subscription"),
        (99999, CredentialRejected, "gives no token", "its own words"),
    ):
        refused = p.parse_error(401, {}, entra(number))
        assert (refused.code, refused.kind) == (f"AADSTS{number}", "invalid_client")
        assert refused.message == f"AADSTS{number}: Their words."
        message = p.describe_error(refused, "")
        assert type(message) is kind and words in message.message and hint in message.hint, number
    for word in ("invalid_client", "unauthorized_client"):
        bare = p.describe_error(p.parse_error(400, {}, {"error": word, "error_description": "Their words."}), "")
        assert isinstance(bare, CredentialRejected) and "gives no token" in bare.message
    for word in ("invalid_scope", "invalid_resource", "invalid_target"):
        bare = p.describe_error(p.parse_error(400, {}, {"error": word, "error_description": "Their words."}), "")
        assert bare and "does not know Azure OpenAI" in bare.message


# --- verifying, and the models behind deployments ---------------------------------------------------------------------


def listed(name: str, ends: int = 0, **capabilities: bool) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "status": "succeeded",
        "capabilities": {"inference": True, "chat_completion": False, "embeddings": False} | capabilities,
        "lifecycle_status": "generally-available",
        "deprecation": {"inference": ends} if ends else {},
    }


@check
def a_list_proves_host_and_key(p: Provider) -> None:
    for fields, path in ((V1, "/openai/v1/models"), (DATED, "/openai/models"), (ENTRA, "/openai/v1/models")):
        call = p.verify(fields)
        assert (call.method, call.url, call.query, call.json) == ("GET", HOST + path, {}, None)
        assert call.framing is Framing.JSON
        # Base models are no deployments: none is imported.
        assert read(call, {"object": "list", "data": [listed("gpt-5.4-mini", chat_completion=True)]}) == [Accepted()]
        for odd in ({}, {"data": None}, 7):
            assert [event.code for event in read(call, odd)] == ["malformed"]
        assert read(call, error("401"))[0].code == "401"
    assert p.verify({"endpoint": f"{HOST}/gateway/"}).url == f"{HOST}/gateway/openai/v1/models"


LIST = {
    "object": "list",
    "data": [
        listed("gpt-5.4-mini-2026-03-17", 1805328000, chat_completion=True),
        listed("gpt-5.4-mini-2025-12-01", 1797033600, chat_completion=True),
        listed("gpt-5.4", 1820000000, chat_completion=True),
        listed("text-embedding-3-small", embeddings=True),
        listed("whisper-001", 1797292800),
        listed("Cohere-embed-v5", embeddings=True),
        listed("grok-9", chat_completion=True),
        listed("gpt-old", inference=False, chat_completion=True),
        listed("gpt-5.1-codex", chat_completion=True),
        listed("tts-hd"),
        listed("dall-e-3"),
    ],
}


@check
def what_a_resource_can_deploy_is_offered(p: Provider) -> None:
    assert list(p.field_options) == ["base_model"]
    call = p.field_options["base_model"](V1, {})
    assert (call.method, call.url, call.query) == ("GET", f"{HOST}/openai/models", {"api-version": "2024-10-21"})
    assert signed(p, call, V1 | {"api_version": "preview"}).query == {"api-version": "2024-10-21"}
    own = DATED | {"api_version": "2025-03-01-preview"}
    assert signed(p, p.field_options["base_model"](own, {}), own).query == {"api-version": "2025-03-01-preview"}
    assert read(call, LIST) == [
        SearchResults(
            (
                SearchResult("Cohere-embed-v5", "embedding"),
                SearchResult("gpt-5.4", "chat, until 2027-09-03"),
                SearchResult("gpt-5.4-mini-2025-12-01", "chat, until 2026-12-12"),
                SearchResult("gpt-5.4-mini-2026-03-17", "chat, until 2027-03-18"),
                SearchResult("grok-9", "chat"),
                SearchResult("text-embedding-3-small", "embedding"),
                SearchResult("whisper-001", "speech-to-text, until 2026-12-15"),
            )
        )
    ]
    assert set(call.accepted_statuses) == {400, 403, 404, 405, 410, 422, 500, 501, 502, 503, 504}
    assert read(call, ApiError(404)) == read(call, {"data": [7, {"id": 7}]}) == read(call, {}) == [SearchResults(())]


@check
def the_model_behind_a_deployment_decides_its_type(p: Provider) -> None:
    assert p.inspect_model

    def inspected(model: Model, *frames: Any) -> Any:
        assert p.inspect_model
        return read(p.inspect_model(V1, model), *frames)

    assert p.infer_model_type("gpt-east", {"base_model": "text-embedding-3-small"}) is ModelType.EMBEDDING
    assert (
        p.infer_model_type("whisper", {}) is ModelType.SPEECH2TEXT
        and p.infer_model_type("east", {"base_model": "own"}) is None
    )
    call = p.inspect_model(V1, deployed("gpt-east", "gpt-5.4-mini"))
    assert (call.url, call.query) == (f"{HOST}/openai/models", {"api-version": "2024-10-21"})
    for base, kind, note in (
        # Of several versions the last one counts; what only begins alike is another model.
        ("gpt-5.4-mini", ModelType.CHAT, "gpt-5.4-mini is served until 2027-03-18."),
        ("gpt-5.4", ModelType.CHAT, "gpt-5.4 is served until 2027-09-03."),
        ("whisper", ModelType.SPEECH2TEXT, "whisper is served until 2026-12-15."),
        ("text-embedding-3-small", ModelType.EMBEDDING, ""),
        ("Cohere-embed-v5", ModelType.EMBEDDING, ""),
        ("gpt-5.5", ModelType.CHAT, "The resource lists no model gpt-5.5; check the spelling."),
        ("acme-large", ModelType.CHAT, "The resource lists no model acme-large; check the spelling."),
    ):
        model = deployed("east", base, kind)
        assert inspected(model, LIST) == [ModelDetails(model, note)]
        for other in set(ModelType) - {kind} if base != "acme-large" else ():
            refused = inspected(deployed("east", base, other), LIST)[0]
            assert refused.code == "wrong_type"
            message = p.describe_error(refused, "east")
            assert isinstance(message, UsageError)
            assert message.message == f"{base} is for {kind.label}; east is to be added as another type."
    unnamed = p.describe_error(ApiError(code="wrong_type", kind="embedding", message="ada"), "")
    assert unnamed and unnamed.message == "ada is for embedding; this is to be added as another type."
    model = deployed("east", "gpt-5.4-mini")
    nothing: Any
    for nothing in (ApiError(404), ApiError(403), {"data": []}, {}):
        assert inspected(model, nothing) == [ModelDetails(model)]


@check
def models_by_their_names(p: Provider) -> None:
    assert p.inspect_model
    kinds = {
        ModelType.CHAT: "gpt-5.5 gpt-5-mini gpt-5-chat gpt-chat-latest gpt-4o gpt-35-turbo model-router o3 o4-mini",
        ModelType.EMBEDDING: "text-embedding-3-large text-embedding-ada-002",
        ModelType.SPEECH2TEXT: "whisper gpt-4o-mini-transcribe gpt-4o-transcribe-diarize",
    }
    for kind, names in kinds.items():
        for name in names.split():
            for other in ModelType:
                result = read(p.inspect_model(V1, deployed("east", name, other)), {})[0]
                assert isinstance(result, ModelDetails) == (other is kind), name


@check
def a_deployment_that_is_a_model_name(p: Provider) -> None:
    missing = ApiError(404, "DeploymentNotFound", message="The API deployment for this resource does not exist.")
    names = (
        "gpt-4o gpt-4o-mini gpt-4.1-nano gpt-5.4-mini gpt-35-turbo gpt-35-turbo-16k gpt-4-32k gpt-5-chat o1 o3-mini"
        " gpt-4o-2024-08-06 text-embedding-3-small text-embedding-ada-002 whisper gpt-4o-transcribe model-router"
        " gpt-chat-latest gpt-oss-120b"
    )
    for name in names.split():
        message = p.describe_error(missing, name)
        assert message and message.message.startswith(f"{name} is the name of a model"), name
        assert "under Deployments" in message.hint
    for name in ("gpt-east", "my-gpt-4o", "gpt-4o-prod", "embed-east", "o1x", "text-embedding-east"):
        message = p.describe_error(missing, name)
        assert message and message.message == f"This resource has no deployment {name}.", name
    assert "that deployment" in getattr(p.describe_error(missing, ""), "message", "")


@check
def what_a_deployment_takes(p: Provider) -> None:
    sampling = [
        "temperature",
        "top_p",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "seed",
        "stop",
    ]
    thinking = ["reasoning_effort", "max_completion_tokens"]
    for base, names in (
        ("gpt-4.1", sampling),
        ("gpt-5-chat", sampling),
        ("model-router", sampling),
        ("gpt-5.4-mini", thinking),
        ("o3", thinking),
    ):
        assert [parameter.name for parameter in p.parameters(deployed("my-deployment", base))] == names, base
        # Without a base model the name of the deployment may be that of its model.
        assert [parameter.name for parameter in p.parameters(Model("azure_openai", base, ModelType.CHAT))] == names
    for base, longest in (("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072)):
        (dimensions,) = p.parameters(deployed("embed-east", base, ModelType.EMBEDDING))
        assert (dimensions.name, dimensions.low, dimensions.high) == ("dimensions", 1, longest)
    assert p.parameters(deployed("embed-east", "text-embedding-ada-002", ModelType.EMBEDDING)) == ()


# --- chats ------------------------------------------------------------------------------------------------------------


@check
def a_chat_on_both_surfaces(p: Provider) -> None:
    for fields, path in (
        (V1, "/openai/v1/chat/completions"),
        (DATED, "/openai/deployments/gpt-east/chat/completions"),
    ):
        call = chat(p, fields, max_completion_tokens=40)
        assert (call.method, call.url, call.framing) == ("POST", HOST + path, Framing.SSE)
        assert call.json == {
            "model": "gpt-east",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": 40,
        }
        whole_call = chat(p, fields, stream=False)
        assert (whole_call.framing, whole_call.json["stream"]) == (Framing.JSON, False)
        assert "stream_options" not in whole_call.json
    odd = chat(p, DATED, name="a/b c")
    assert odd.url == f"{HOST}/openai/deployments/a%2Fb%20c/chat/completions"
    assert chat(p, {"endpoint": f"{HOST}/gateway/"}).url == f"{HOST}/gateway/openai/v1/chat/completions"
    assert chat(p, max_tokens=9).json["max_completion_tokens"] == 9


@check
def the_pieces_of_a_chat(p: Provider) -> None:
    frames = [
        ABOUT_THE_QUESTION,
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": "Grey, "}),
        annotated(hate={"filtered": False, "severity": "safe"}),
        chunk({"content": "with rain."}),
        chunk({}, "stop"),
        annotated(violence={"filtered": False, "severity": "safe"}),
        chunk({}, choices=[], usage=USED),
        "[DONE]",
    ]
    assert read(chat(p), *frames) == [TextDelta("Grey, "), TextDelta("with rain."), Usage(11, 6), Finish("stop")]
    entries = {"choices": [{"finish_reason": "stop", "message": {"content": "Grey."}}], "usage": USED}
    assert read(chat(p, stream=False), entries) == [TextDelta("Grey."), Usage(11, 6), Finish("stop")]


@check
def an_answer_that_the_filter_cuts(p: Provider) -> None:
    stopped = annotated("content_filter", protected_material_text={"detected": True, "filtered": True})
    events = read(chat(p), ABOUT_THE_QUESTION, chunk({"content": "Once"}), stopped, "[DONE]")
    note = "The content filter cut the answer: protected text."
    assert events == [TextDelta("Once"), Finish("content_filter", False, note)]
    words = {
        "hate": "hate",
        "sexual": "sexual content",
        "violence": "violence",
        "self_harm": "self-harm",
        "profanity": "profanity",
        "jailbreak": "a jailbreak attempt",
        "indirect_attack": "instructions hidden in a document",
        "protected_material_code": "protected code",
        "custom_blocklists": "a word on a blocklist of the resource",
        "some_new_rule": "some new rule",
    }
    for name, word in words.items():
        last = read(chat(p), annotated("content_filter", **{name: {"filtered": True}}), "[DONE]")[-1]
        assert last.note == f"The content filter cut the answer: {word}."
    both = {"violence": {"filtered": True}, "hate": {"filtered": True}}
    assert read(chat(p), annotated("content_filter", **both), "[DONE]")[-1].note.endswith(": violence, hate.")
    entries = {"choices": [{"finish_reason": "content_filter", "message": {}, "content_filter_results": both}]}
    assert read(chat(p, stream=False), entries)[-1].note.endswith(": violence, hate.")
    # Annotated only, and cut without saying why.
    assert read(chat(p), annotated("stop", hate={"filtered": True}), "[DONE]")[-1] == Finish(
        "stop", note="The answer is empty."
    )
    assert "content filter" in read(chat(p), annotated("content_filter"), "[DONE]")[-1].note
    assert read(chat(p), {"choices": [7, None]}, {"prompt_filter_results": 7}, "[DONE]")[-1].reason == "stop"


@check
def a_filter_that_fails_says_so_once(p: Provider) -> None:
    failed = {"error": {"code": "content_filter_error", "message": "The contents are not filtered"}}
    question = {**ABOUT_THE_QUESTION, "prompt_filter_results": [{"content_filter_results": failed}]}
    message = Notice("The content filter failed for this answer: it was not filtered.")
    assert read(chat(p), question, chunk({"content": "Hi"}), "[DONE]")[0] == message
    assert read(chat(p), question, annotated("stop", **failed), "[DONE]").count(message) == 1
    assert read(chat(p), annotated("stop", **failed), "[DONE]").count(message) == 1
    # The documents show it under this name as well.
    single = {"index": 0, "delta": {}, "finish_reason": "stop", "content_filter_result": failed}
    assert read(chat(p), {"choices": [single]}, "[DONE]").count(message) == 1


@check
def a_field_that_an_older_version_does_not_know(p: Provider) -> None:
    call = chat(p, DATED)
    message = "Unrecognized request argument supplied: stream_options"
    for refused in (
        ApiError(400, "unknown_parameter", param="stream_options"),
        ApiError(400, message=message),
    ):
        less, sentence = p.repair_request(call, refused) or (call, "")
        assert set(call.json) - set(less.json) == {"stream_options"}
        assert sentence == "gpt-east takes no stream options. It was left out."
    older, _ = p.repair_request(
        chat(p, max_completion_tokens=9), ApiError(400, "unknown_parameter", param="max_completion_tokens")
    ) or (call, "")
    assert older.json["max_tokens"] == 9


# --- vectors and recordings -------------------------------------------------------------------------------------------


@check
def vectors_in_batches(p: Provider) -> None:
    assert p.embed
    model = deployed("embed-east", "text-embedding-3-small", ModelType.EMBEDDING)
    for fields, path in ((V1, "/openai/v1/embeddings"), (DATED, "/openai/deployments/embed-east/embeddings")):
        call = p.embed(fields, EmbeddingRequest(model, tuple(map(str, range(257)))))
        assert (call.method, call.url) == ("POST", HOST + path)
        # Gateways may not know base64.
        assert (call.json["model"], call.json["encoding_format"]) == ("embed-east", "float")
        assert len(call.json["input"]) == 256
        rows = [{"index": place, "embedding": [float(place)]} for place in range(256)]
        after = read(call, {"data": rows, "usage": {"prompt_tokens": 7}})[-1]
        assert (after.url, after.json["input"]) == (call.url, ["256"])
        assert signed(p, after, fields).query == signed(p, call, fields).query
        last = read(after, {"data": [{"index": 0, "embedding": [1.0]}], "usage": {"prompt_tokens": 1}})
        assert last == [Vectors(256, ((1.0,),)), Usage(input=8), Finish("stop")]


def recorded(
    p: Provider,
    base: str,
    fields: Any = V1,
    times: TimestampGranularity = TimestampGranularity.NONE,
    name: str = "ears",
) -> Call:
    assert p.transcribe
    model = deployed(name, base, ModelType.SPEECH2TEXT)
    return p.transcribe(fields, TranscriptionRequest(model, SOUND, "audio/wav", 700, "en", times))


@check
def a_recording_goes_to_a_deployment_in_the_form_of_its_model(p: Provider) -> None:
    for fields, path in (
        (V1, "/openai/v1/audio/transcriptions"),
        (DATED, "/openai/deployments/ears/audio/transcriptions"),
    ):
        call = recorded(p, "whisper", fields, TimestampGranularity.SENTENCE)
        assert (call.method, call.url, call.json) == ("POST", HOST + path, None)
        assert call.upload and (call.upload.path, call.upload.media, call.upload.name) == (SOUND, "audio/wav", "file")
        assert call.upload.parts == (
            ("model", "ears"),
            ("response_format", "verbose_json"),
            ("timestamp_granularities[]", "segment"),
            ("language", "en"),
        )
    for base, part in (
        ("gpt-4o-transcribe-diarize", ("chunking_strategy", "auto")),
        ("gpt-transcribe", ("languages[]", "en")),
        ("gpt-4o-mini-transcribe", ("response_format", "json")),
    ):
        upload = recorded(p, base).upload
        assert upload and part in upload.parts
    assert read(recorded(p, "whisper"), {"text": "Hi"}) == [Transcript("Hi"), Finish("stop")]
    assert p.audio
    for base, times in (("whisper", 3), ("gpt-4o-transcribe-diarize", 2), ("gpt-4o-mini-transcribe", 1)):
        limits = p.audio(deployed("ears", base, ModelType.SPEECH2TEXT))
        assert (len(limits.times), limits.size) == (times, 25 * 1024 * 1024)


@check
def a_region_that_knows_speech_on_the_dated_surface_alone(p: Provider) -> None:
    call = recorded(p, "whisper", name="my ears")
    nowhere = ApiError(404, "404", message="Resource not found")
    dated, sentence = p.repair_request(call, nowhere) or (call, "")
    assert dated.url == f"{HOST}/openai/deployments/my%20ears/audio/transcriptions"
    assert (dated.query, dated.upload) == ({"api-version": "2025-04-01-preview"}, call.upload)
    assert "dated API" in sentence
    assert p.repair_request(dated, nowhere) is None
    assert p.repair_request(call, ApiError(404, "DeploymentNotFound")) is None
    assert p.repair_request(call, ApiError(400)) is None
    assert p.repair_request(chat(p), nowhere) is None


# --- refusals ---------------------------------------------------------------------------------------------------------


@check
def an_error_body(p: Provider) -> None:
    headers = {"apim-request-id": "apim-1", "x-request-id": "req-1"}
    nested = p.parse_error(404, headers, error("DeploymentNotFound", "M"))
    assert nested == ApiError(404, "DeploymentNotFound", "", "M", "", "apim-1", headers)
    assert p.parse_error(404, {"x-request-id": "req-1"}, error("404")).request_id == "req-1"
    assert p.parse_error(404, {}, {"statusCode": 404, "message": "Resource not found"}).message == "Resource not found"
    assert p.parse_error(502, {}, "plain").message == "plain"
    stopped = {"filtered": True, "severity": "high"}
    for plural in (True, False):
        refused = p.parse_error(400, {}, filtered(plural, hate=stopped, violence=stopped))
        assert (refused.code, refused.kind) == ("content_filter", "hate, violence")
    # The v1 specification has another name for the inner error.
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": stopped}}
    for name in ("innererror", "inner_error"):
        more: Any = {name: inner}
        refused = p.parse_error(400, {}, error("400", **more))
        assert (refused.code, refused.kind) == ("content_filter", "hate")
    assert p.parse_error(400, {}, {"error": {"type": "content_filter", "message": "M"}}).code == "content_filter"
    for odd in (filtered(hate=7), error("content_filter", innererror=7), error("content_filter", innererror=None)):
        assert (p.parse_error(400, {}, odd).code, p.parse_error(400, {}, odd).kind) == ("content_filter", "")
    limited = p.parse_error(429, {}, error("429", "rate limit"))
    assert not limited.final
    assert p.describe_error(ApiError(401), "m") is None


@check
def a_failure_in_the_answer(p: Provider) -> None:
    parted = read(chat(p), chunk({"content": "Par"}), error("500", "Their words."), end=False)
    assert parted == [TextDelta("Par"), ApiError(0, "500", message="Their words.")]


# --- images -----------------------------------------------------------------------------------------------------------


@check
def images_and_documents(p: Provider) -> None:
    assert chat_with(p, V1, "answers")["messages"][1]["content"] == PARTS
    named = {"base_model": "gpt-4o"}
    assert figures(p, "answers", fields=named) == {"size": 50 * MB, "count": 10}
    assert figures(p, "answers", fields={"base_model": "gpt-3.5-turbo"}) is None
