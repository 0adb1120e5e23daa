"""Models belong to the credential that listed them: another one saved beside it changes nothing until it is used."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.doubles.openai_server import OpenAIServer


@pytest.fixture
def servers() -> Iterator[tuple[OpenAIServer, OpenAIServer]]:
    """Two servers of the same kind, each with a chat model of its own."""
    first = OpenAIServer(models=(("qwen", None), ("bge-m3", None)))
    with first, OpenAIServer(models=(("llama", None),)) as second:
        yield first, second


@pytest.fixture
def both(modeldeck: Run, servers: tuple[OpenAIServer, OpenAIServer]) -> Run:
    """Commands in a home with a credential in use and its default, and a second credential beside it."""
    first, second = servers
    assert modeldeck("provider", "set", "openai_compatible", f"base_url={first.url}").code == 0
    assert modeldeck("default", "set", "chat", "openai_compatible/qwen").code == 0
    saved = modeldeck("provider", "set", "openai_compatible", f"base_url={second.url}", "--name", "second")
    assert saved.code == 0, saved.err
    assert "1 model listed, none imported before you switch.\n" in saved.out
    assert "Another credential stays active." in saved.out and "Suggested" not in saved.out
    return modeldeck


def listed(modeldeck: Run) -> list[tuple[str, str]]:
    rows = json.loads(modeldeck("model", "list", "--json").out)
    return [(row["id"], row["state"]) for row in rows]


@pytest.mark.slow
def test_a_credential_that_is_not_used_is_verified_and_imports_nothing(
    both: Run, servers: tuple[OpenAIServer, OpenAIServer]
) -> None:
    assert servers[1].requests_to("/models"), "it was verified"
    assert listed(both) == [("qwen", "ready"), ("bge-m3", "ready")]
    assert json.loads(both("default", "show", "--json").out)[0]["state"] == "ready"
    assert both("chat", "hello").code == 0
    assert servers[0].requests_to("/chat/completions") and not servers[1].requests_to("/chat/completions")
    shape = json.loads(
        both("provider", "set", "openai_compatible", f"base_url={servers[1].url}", "--name", "third", "--json").out
    )
    assert (shape["active"], shape["models"], shape["proposed"]) == (False, 0, [])


@pytest.mark.slow
def test_switching_shows_the_models_of_the_credential_in_use(both: Run) -> None:
    assert both("credential", "use", "openai_compatible", "second").out == "Now using second for OpenAI-compatible.\n"
    assert listed(both) == [("llama", "ready")]
    unknown = both("chat", "-m", "openai_compatible/qwen", "hello")
    assert unknown.code == 2 and "There is no chat model qwen" in unknown.err
    default = both("default", "show").out
    assert "a model of the credential default, which is not in use" in default
    assert both("credential", "use", "openai_compatible", "default").code == 0
    assert listed(both) == [("qwen", "ready"), ("bge-m3", "ready")], "both are as they were"
    assert json.loads(both("default", "show", "--json").out)[0]["state"] == "ready"


@pytest.mark.slow
def test_a_refresh_lists_the_models_of_the_credential_in_use(
    both: Run, servers: tuple[OpenAIServer, OpenAIServer]
) -> None:
    both("credential", "use", "openai_compatible", "second")
    servers[1].models = (("llama", None), ("mistral", None))
    assert both("model", "refresh", "openai_compatible").code == 0
    assert [model for model, _ in listed(both)] == ["llama", "mistral"]
    both("credential", "use", "openai_compatible", "default")
    assert [model for model, _ in listed(both)] == ["qwen", "bge-m3"]


@pytest.mark.slow
def test_a_credential_without_a_listing_names_the_command_that_imports(
    both: Run, servers: tuple[OpenAIServer, OpenAIServer]
) -> None:
    url = f"base_url={servers[1].url}"
    assert both("provider", "set", "openai_compatible", url, "--name", "later", "--no-verify").code == 0
    used = both("credential", "use", "openai_compatible", "later")
    assert "It has listed no models yet. Import its models: modeldeck model refresh openai_compatible\n" in used.out
    assert listed(both) == []
    assert both("model", "refresh", "openai_compatible").code == 0
    assert listed(both) == [("llama", "ready")]


def test_the_models_of_a_removed_credential_go_with_it(both: Run) -> None:
    assert both("credential", "remove", "openai_compatible", "default", "--yes").code == 0
    assert listed(both) == [("llama", "ready")], "the second one took its place"


@pytest.mark.slow
def test_models_added_by_hand_stay_whichever_is_used(both: Run) -> None:
    assert both("model", "add", "openai_compatible", "by-hand", "--type", "chat", "--no-verify").code == 0
    both("credential", "use", "openai_compatible", "second")
    assert {model for model, _ in listed(both)} == {"llama", "by-hand"}


@pytest.mark.slow
def test_an_export_brings_the_models_of_the_credential_in_use(both: Run, tmp_path: Path) -> None:
    both("credential", "use", "openai_compatible", "second")
    path = tmp_path / "acme.json"
    assert both("export", "-o", str(path)).code == 0
    models = [model["id"] for model in json.loads(path.read_text())["providers"]["openai_compatible"]["models"]]
    assert models == ["llama"]
    both("credential", "use", "openai_compatible", "default")
    assert both("import", str(path), "--yes").code == 0
    assert [model for model, _ in listed(both)] == ["llama"]
    both("credential", "use", "openai_compatible", "default")
    assert [model for model, _ in listed(both)] == ["qwen", "bge-m3"]
