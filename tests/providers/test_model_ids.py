"""Model IDs that become part of a URL's path lead to no other path, and an ID is shown as it is stored."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.providers.http_server import run
from tests.providers.surfaces import TALK, access_of, added_to, fill
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.practice import transport
from tui.providers import PROVIDERS
from tui.providers.client.access import Access, check_origin
from tui.providers.client.client import Client
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, Message, TranscriptionRequest
from tui.providers.spec import Provider

VARIANTS: dict[str, list[dict[str, str]]] = {
    "azure_openai": [{"api_version": "2024-10-21"}],
    "wenxin": [{"legacy_api_key": "a" * 24, "legacy_secret_key": "b" * 32, "bearer_token": "", "api_key": ""}],
}
"""Other ways to fill in the form of a provider, with other URLs."""
HOSTILE = ("../../account", "..", ".", "owner/..", "../owner/name", "owner/./name", "owner\\..\\name", "a/../../b")
ORDINARY = ("owner/name", "gpt-5.4-mini", "name.with.dots", "a..b/c...d", "owner/name:" + "0" * 64)


def accesses(declared: Provider) -> Iterator[Access]:
    values = fill(declared)
    for changed in ({}, *VARIANTS.get(declared.id, [])):
        yield access_of(declared, {name: value for name, value in (values | changed).items() if value})


def requests(access: Access, model_id: str) -> Iterator[Call]:
    """Yield every request about a model with this ID, as it is added by hand or listed."""
    declared = access.provider
    for kind in declared.types:
        samples = [model for model in added_to(declared) if model.type is kind] or [Model(declared.id, "", kind)]
        for sample in samples:
            fields = {name: value for name, value in sample.fields.items() if name not in ("deployment", "version")}
            model = replace(sample, id=model_id, fields=fields)
            if kind is ModelType.CHAT and declared.chat:
                yield declared.chat(access.fields, ChatRequest(model, (Message("user", "Hi"),), {}, True))
            if kind is ModelType.EMBEDDING and declared.embed:
                yield declared.embed(access.fields, EmbeddingRequest(model, ("a",)))
            if kind is ModelType.SPEECH2TEXT and declared.transcribe:
                yield declared.transcribe(access.fields, TranscriptionRequest(model, TALK, "audio/wav", 4000, "en"))
            if declared.inspect_model:
                yield declared.inspect_model(access.fields, model)


def is_in_path(declared: Provider) -> bool:
    """Return True if the ID of a model is part of the path of any request."""
    calls = (call for access in accesses(declared) for call in requests(access, "owner/zzmarker"))
    return any("zzmarker" in call.url for call in calls)


def test_the_providers_whose_model_ids_are_in_paths() -> None:
    assert {declared.id for declared in PROVIDERS.values() if is_in_path(declared)} >= {
        "azure_openai",
        "huggingface",
        "replicate",
        "wenxin",
    } & set(PROVIDERS)


@pytest.mark.parametrize("declared", PROVIDERS.values(), ids=lambda declared: declared.id)
def test_an_id_in_a_path_has_no_dot_segments(declared: Provider) -> None:
    if is_in_path(declared):
        assert [text for text in HOSTILE if declared.accepts_model_id(text)] == []
    assert [text for text in ORDINARY if not declared.accepts_model_id(text)] == []


@pytest.mark.parametrize("declared", PROVIDERS.values(), ids=lambda declared: declared.id)
@pytest.mark.parametrize("text", ["", "gpt\u200e", "gpt\u200b", "gpt\U000e0041", "gpt\x1b[2J", "gpt\n"])
def test_an_id_is_shown_as_it_is(declared: Provider, text: str) -> None:
    assert not declared.accepts_model_id(text)


@pytest.mark.parametrize("declared", PROVIDERS.values(), ids=lambda declared: declared.id)
@pytest.mark.parametrize("text", HOSTILE)
async def test_a_hostile_id_in_the_settings_is_not_requested(declared: Provider, text: str) -> None:
    """As if somebody had written it into the file: either it stays out of the path, or nothing is sent."""
    for access in accesses(declared):
        try:
            calls = list(requests(access, text))
        except Problem:
            continue
        for call in calls:
            if any(part in (".", "..") for part in call.url.split("?")[0].split("/")):
                _, problem = await run(Client({}, transport(0)), access, call)
                assert problem is not None and "Nothing was sent" in str(problem)


@pytest.mark.parametrize("path", ["/v1/models/../account", "/v1/./x", "/v1/%2e%2e/account", "/v1/%2E%2e", "/.."])
def test_a_url_with_dot_segments_is_refused(path: str) -> None:
    access = Access(PROVIDERS["openai"], {}, ("https://api.openai.com",))
    with pytest.raises(Problem, match="Nothing was sent"):
        check_origin(access, f"https://api.openai.com{path}")
    check_origin(access, "https://api.openai.com/v1/models/a..b/.well-known")
