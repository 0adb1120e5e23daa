"""`provider set` with a whole target address: what it holds besides its own is named, and kept where it belongs."""

import json

import pytest

from tests.cli.conftest import KEY as LISTED
from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer

TARGET = "https://acme-east.openai.azure.com/openai/deployments/gpt-east/chat/completions?api-version=2024-10-21"
KEY = "FAKE0key0of0nobody0for0a0test05d1e\n"


def test_an_address_is_split_and_its_deployment_is_one_to_add(modeldeck: Run) -> None:
    words = ("provider", "set", "azure_openai", f"endpoint={TARGET}", "api_key=-", "--no-verify")
    done = modeldeck(*words, stdin=KEY)
    assert done.code == 0, done.err
    assert "Split up: deployment gpt-east and API version 2024-10-21." in done.err
    assert "modeldeck model add azure_openai gpt-east" in done.err
    assert "Azure can't list deployments." in done.out
    (stored,) = json.loads(modeldeck("credential", "list", "azure_openai", "--json").out)
    assert stored["clear"] == {"endpoint": "https://acme-east.openai.azure.com", "api_version": "2024-10-21"}
    assert stored["origins"] == ["https://acme-east.openai.azure.com"]


@pytest.mark.slow
def test_unverified_models_are_imported_by_the_command_that_is_named(modeldeck: Run, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--no-verify")
    saved = modeldeck(*words, stdin=LISTED + "\n")
    assert "Import its models: modeldeck model refresh openai\n" in saved.out
    unknown = modeldeck("chat", "-m", "openai/gpt-5.4-mini", "hello")
    assert (unknown.code, unknown.out) == (2, "")
    assert "Import its models: modeldeck model refresh openai" in unknown.err
    assert modeldeck("model", "refresh", "openai").code == 0
    assert modeldeck("chat", "-m", "openai/gpt-5.4-mini", "hello").code == 0
    again = modeldeck(*words, stdin=LISTED + "\n")
    assert "Import its models" not in again.out, "control: they are there"
    wrong = modeldeck("chat", "-m", "openai/gpt-0", "hello")
    assert "modeldeck model list --provider openai" in wrong.err, "control: there is a list to show"


def test_a_provider_without_a_list_names_how_to_add_a_model(modeldeck: Run) -> None:
    words = ("provider", "set", "replicate", "api_key=-", "--no-verify")
    assert "model refresh" not in modeldeck(*words, stdin="r8_" + "F" * 37 + "\n").out
    unknown = modeldeck("chat", "-m", "replicate/meta/llama", "hello")
    assert "Add one: modeldeck model add replicate MODEL" in unknown.err


def test_two_auth_methods_at_once_are_refused(modeldeck: Run) -> None:
    done = modeldeck(
        "provider", "set", "azure_openai", f"endpoint={TARGET}", "api_key=-", "directory_id=acme", stdin=KEY
    )
    assert done.code == 2
    assert "Azure OpenAI takes API key or Entra ID application, not both." in done.err


@pytest.mark.slow
def test_a_save_names_every_origin_that_it_adds_and_none_that_was_there(modeldeck: Run) -> None:
    words = ("provider", "set", "openai_compatible", "api_key=-", "--no-verify")
    first = modeldeck(*words, "base_url=https://one.example/v1", stdin=KEY)
    assert "OpenAI-compatible: the API key can now be sent to https://one.example.\n" in first.out
    again = modeldeck(*words, stdin=KEY)
    assert (again.code, "can now be sent" in again.out) == (0, False)
    moved = modeldeck(*words, "base_url=https://two.example/v1", stdin=KEY)
    assert moved.out.count("can now be sent to https://two.example.") == 1 and "one.example" not in moved.out


def test_a_save_without_a_key_names_the_origin_of_requests(modeldeck: Run) -> None:
    done = modeldeck("provider", "set", "openai_compatible", "base_url=http://127.0.0.1:9/v1", "--no-verify")
    assert "OpenAI-compatible: requests can now be sent to http://127.0.0.1:9.\n" in done.out


def test_adding_a_model_with_an_address_names_the_origin(modeldeck: Run) -> None:
    modeldeck("provider", "set", "huggingface", "api_token=-", "--no-verify", stdin="hf_FAKEtokenofatest0123456789\n")
    fields = ("endpoint_type=inference_endpoints", "endpoint_url=https://mine.example", "task=text-generation")
    done = modeldeck("model", "add", "huggingface", "org/mine", "--type", "chat", *fields, "--no-verify")
    assert done.code == 0, done.err
    assert "Hugging Face: the API key can now be sent to https://mine.example.\n" in done.out
