"""Connections by command: several servers of one kind side by side, each with its own models and credentials."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run
from tests.doubles import local_server
from tests.doubles.openai_server import OpenAIServer

NAMES = {"chat": "llama", "embedding": "infinity", "speech2text": "whisper"}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """A chat, an embedding and a speech server, each a process of its own: base URLs by model type."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(local_server.running(kind)) for kind in NAMES}


@pytest.fixture
def local_set(modeldeck: Run, servers: dict[str, str]) -> Run:
    """Commands in a home with the three servers as connections, and a default in each."""
    for kind, url in servers.items():
        name = NAMES[kind]
        added = modeldeck("provider", "add", name, "--like", "openai_compatible", f"base_url={url}")
        assert added.code == 0, added.err
        assert "1 model imported.\n" in added.out
        chosen = modeldeck("default", "set", kind, f"{name}/{local_server.MODELS[kind]}")
        assert chosen.code == 0, chosen.err
    return modeldeck


@pytest.mark.slow
def test_three_local_servers_work_side_by_side(local_set: Run, tmp_path: Path) -> None:
    defaults = json.loads(local_set("default", "show", "--json").out)
    assert [row["state"] for row in defaults] == ["ready"] * 3
    chat = local_set("chat", "hello")
    assert (chat.code, chat.out) == (0, "words of the chat server\n")
    vectors = json.loads(local_set("embed", "--json", "a text").out)
    assert vectors["vector"] == [1.0, 6.0, 0.5]
    path = tmp_path / "call.mp3"
    path.write_bytes(b"ID3 not really")
    assert local_set("transcribe", str(path)).out == "words of the whisper server\n"
    rows = json.loads(local_set("provider", "list", "--json").out)
    states = {row["id"]: row["state"] for row in rows if row.get("like") == "openai_compatible"}
    assert states == {"llama": "ready", "infinity": "ready", "whisper": "ready"}
    assert next(row for row in rows if row["id"] == "openai_compatible")["state"] == "not set up"


@pytest.mark.slow
def test_removing_one_leaves_the_others(local_set: Run) -> None:
    refused = local_set("provider", "remove", "llama")
    assert refused.code == 2
    assert "llama would be removed from acme: credentials default, models 1 imported" in refused.err
    assert "default models chat." in refused.err
    assert local_set("provider", "remove", "llama", "--yes").out == "Removed llama from acme.\n"
    ids = [row["id"] for row in json.loads(local_set("provider", "list", "--json").out)]
    assert "llama" not in ids and {"infinity", "whisper"} < {*ids}
    assert [row["state"] for row in json.loads(local_set("default", "show", "--json").out)][1:] == ["ready"] * 2


@pytest.mark.slow
def test_a_file_brings_connections_and_shows_them_first(local_set: Run, tmp_path: Path) -> None:
    path = tmp_path / "acme.json"
    assert local_set("export", "-o", str(path)).code == 0
    assert json.loads(path.read_text())["providers"]["llama"]["like"] == "openai_compatible"
    plan = local_set("import", str(path), "-t", "copy", "--dry-run")
    assert "llama added, like OpenAI-compatible" in plan.out + plan.err
    assert local_set("import", str(path), "-t", "copy", "--yes").code == 0
    assert local_set("chat", "-t", "copy", "hello").out == "words of the chat server\n"


@pytest.mark.slow
def test_the_audit_log_names_connections(local_set: Run) -> None:
    local_set("provider", "remove", "whisper", "--yes")
    log = local_set("audit", "show").out
    assert "llama added, like OpenAI-compatible" in log
    assert "whisper removed" in log


@pytest.mark.slow
def test_a_connection_without_fields_says_how_to_set_it_up(modeldeck: Run, server: OpenAIServer) -> None:
    added = modeldeck("provider", "add", "second", "--like", "openai")
    assert added.out == "Added second, like OpenAI.\nSet it up: modeldeck provider set second api_key=-\n"
    assert modeldeck("provider", "set", "second", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n").code == 0
    assert modeldeck("chat", "-m", "second/gpt-4o", "hello").code == 0
    assert modeldeck("credential", "list", "second").code == 0
    assert "second, like OpenAI: ready" in modeldeck("provider", "show", "second").out


def test_nothing_is_added_if_it_cannot_be_set_up(modeldeck: Run, server: OpenAIServer) -> None:
    words = ("provider", "add", "second", "--like", "openai", f"base_url={server.url}", "api_key=-")
    assert modeldeck(*words, stdin="sk-FAKE-not-the-right-one-at-all\n").code == 3
    assert "second" not in modeldeck("provider", "list").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("openai", "--like", "openai"), "openai is a provider already."),
        (("Llama", "--like", "openai"), "Llama is not a valid name."),
        (("a/b", "--like", "openai"), "a/b is not a valid name."),
        (("llama", "--like", "opnai"), "Did you mean openai?"),
        (("llama",), "Which provider is it like?"),
    ],
)
def test_names_and_kinds_that_cannot_be_are_refused(modeldeck: Run, words: tuple[str, ...], message: str) -> None:
    refused = modeldeck("provider", "add", *words)
    assert refused.code == 2 and message in refused.err


def test_a_name_is_used_once_and_suggested_when_it_is_mistyped(modeldeck: Run) -> None:
    words = ("provider", "add", "llama", "--like", "openai_compatible")
    assert modeldeck(*words).code == 0
    assert "llama is a connection already." in modeldeck(*words).err
    assert "Did you mean llama?" in modeldeck("provider", "show", "lama").err
