"""`modeldeck model search` and `model add` without a type, at a provider that hosts models of others."""

import json

import pytest

import tui.tenancy.session
from tests.cli.conftest import Run
from tests.doubles.practice import practice_session


@pytest.fixture
def practice(modeldeck: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands for a tenant of practice mode, which has every provider."""
    session = practice_session(pace=0.0)
    monkeypatch.setattr(tui.tenancy.session, "open_session", lambda environ: session)
    return lambda *words, **more: modeldeck(*words, "-t", "acme", **more)


def test_models_are_listed_with_the_fields_that_adding_one_takes(practice: Run) -> None:
    search = practice("model", "search", "huggingface", "qwen3-emb", "--type", "embedding")
    assert (search.code, search.err) == (0, "")
    assert search.out.splitlines()[0].startswith("Qwen/Qwen3-Embedding-")
    hits = json.loads(practice("model", "search", "huggingface", "house-style", "--json").out)
    assert [(result["id"], result["usable"]) for result in hits] == [("acme-ai/house-style-7b", False)]
    assert hits[0]["fields"] == {"task": "text-generation", "endpoint_type": "inference_endpoints"}
    assert json.loads(practice("model", "search", "replicate", "whisper", "--type", "speech2text", "--json").out)


def test_a_search_result_is_added_as_it_stands_there_and_its_type_is_known_by_its_task(practice: Run) -> None:
    hits = json.loads(practice("model", "search", "huggingface", "qwen3-emb", "--type", "embedding", "--json").out)
    hit = next(result for result in hits if result["usable"])
    assert practice("model", "remove", "huggingface", hit["id"], "--type", "embedding").code == 0
    fields = [f"{name}={value}" for name, value in hit["fields"].items()]
    added = practice("model", "add", "huggingface", hit["id"], *fields)
    assert (added.code, added.out) == (0, f"Added huggingface/{hit['id']} (embedding).\n"), added.err


def test_the_type_is_requested_where_nothing_tells_it(practice: Run) -> None:
    sign_in = ("endpoint=https://acme-east.openai.azure.com", "api_key=-", "--no-verify")
    assert practice("provider", "set", "azure_openai", *sign_in, stdin="FAKE-azure-key-00000000\n").code == 0
    words = ("model", "add", "azure_openai", "vectors-east", "--no-verify")
    none = practice(*words, "base_model=house-model")
    assert none.code == 2 and "Missing --type" in none.err and "Use one of: chat, embedding, speech2text." in none.err
    assert practice(*words, "base_model=text-embedding-3-small").out.endswith("(embedding), not verified.\n")


def test_a_provider_without_a_search_says_what_to_do(practice: Run) -> None:
    none = practice("model", "search", "openai", "gpt")
    assert (none.code, none.out) == (2, "") and none.err.startswith("OpenAI has no model search.\n")


def test_removing_a_default_is_confirmed_first(practice: Run) -> None:
    model = "Qwen/Qwen3-32B"
    assert practice("default", "set", "chat", f"huggingface/{model}").code == 0
    result = practice("model", "remove", "huggingface", model)
    assert result.code == 2 and "is the default chat model, which would be cleared." in result.err
    done = practice("model", "remove", "huggingface", model, "--yes")
    assert done.out == f"Removed huggingface/{model}. The default chat model is cleared.\n"
