"""Text from a server, a file, an argument or a variable drives no terminal, whichever command repeats it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environ
from tests.doubles.openai_server import OpenAIServer, Response, error_body
from tui.sanitize import printable
from tui.tenancy.session import open_session

HOSTILE = "a\x1b]52;c;aGk=\x07b\x1b[31mc\x9b2J\u202ed\u2066e\x0ef\x7fg\u2028h"
PAIR = ("-m", "openai/gpt-5.4-mini", "-m", "openai/gpt-4o")


def is_inert(text: str) -> bool:
    return printable(text) == text


@pytest.mark.slow
def test_a_hidden_character_in_a_stored_id_is_seen_and_exact_in_json(ready: Run, home: Path) -> None:
    hidden = "gpt\u200b-5.4-mini"
    with open_session(environ(home)).tenant("acme").store.transaction() as tables:
        tables.table("models").insert({"provider": "openai", "id": hidden, "type": "chat", "completion": False})
        tables.table("defaults").update({"model": hidden}, lambda record: record["type"] == "chat")
    shown, exact = "openai/gpt‹U+200B›-5.4-mini", f"openai/{hidden}"
    for words in (("model", "list"), ("default", "show"), ("default", "set", "chat", exact)):
        ran = ready(*words)
        assert ran.code == 0 and shown in ran.out and "\u200b" not in ran.out + ran.err
    assert "‹U+200B›" in ready("model", "test", "openai", f"{hidden}\u2060").err  # the control: there is no such model
    assert exact in [entry["model"] for entry in json.loads(ready("default", "show", "--json").out)]
    assert hidden in [entry["id"] for entry in json.loads(ready("model", "list", "--json").out)]


@pytest.fixture
def hostile(server: OpenAIServer) -> OpenAIServer:
    """A server whose answers and errors are hostile."""
    server.chat.pieces = (HOSTILE, HOSTILE[:5], HOSTILE[5:])
    return server


def test_control_the_text_is_not_inert_by_itself() -> None:
    assert not is_inert(HOSTILE) and is_inert(printable(HOSTILE))


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_answers_and_errors_that_are_compared(ready: Run, hostile: OpenAIServer, as_json: Sequence[str]) -> None:
    refused = Response(400, error_body(HOSTILE, "invalid_request_error", HOSTILE, HOSTILE), {"x-request-id": "r"})
    hostile.next("/chat/completions", refused)
    ran = ready("compare", HOSTILE, *PAIR, *as_json)
    assert is_inert(ran.out) and is_inert(ran.err) and "evil" not in ran.out and "52;c" in ran.out + ran.err


@pytest.mark.slow
def test_a_batch_and_the_file_that_it_writes(ready: Run, hostile: OpenAIServer, tmp_path: Path) -> None:
    prompts, out = tmp_path / f"p{HOSTILE[1:9]}.jsonl", tmp_path / f"o{HOSTILE[1:9]}.jsonl"
    prompts.write_text(json.dumps({"prompt": HOSTILE, "id": HOSTILE}) + "\n")
    hostile.next("/chat/completions", Response(401, error_body(HOSTILE, "x", HOSTILE)))
    for options in ((), ("--json",)):
        ran = ready("batch", str(prompts), *PAIR, "-o", str(out), *options)
        assert is_inert(ran.out) and is_inert(ran.err)
    assert is_inert(out.read_text()) and json.loads(out.read_text().splitlines()[0])["prompt"] == HOSTILE
    prompts.write_text(HOSTILE)
    assert is_inert(ready("batch", str(prompts), *PAIR, "-o", str(prompts)).err)


@pytest.mark.slow
def test_vectors_in_a_file_and_what_is_traced(ready: Run, tmp_path: Path) -> None:
    out, trace = tmp_path / "v.jsonl", tmp_path / "trace.json"
    ran = ready("embed", HOSTILE, "-o", str(out))
    assert ran.code == 0 and is_inert(ran.out) and is_inert(ran.err) and is_inert(out.read_text())
    ran = ready("chat", HOSTILE, "--trace", str(trace))
    assert ran.code == 0 and is_inert(ran.out) and is_inert(ran.err) and is_inert(trace.read_text())


@pytest.mark.slow
def test_what_a_provider_says_of_a_credential(ready: Run, hostile: OpenAIServer) -> None:
    for options in ((), ("--json",)):
        hostile.next("/models", Response(401, error_body(HOSTILE, "invalid_request_error", HOSTILE)))
        ran = ready("health", *options)
        assert ran.code == 3 and is_inert(ran.out) and is_inert(ran.err)
    ran = ready("provider", "show", "openai")
    assert is_inert(ran.out) and is_inert(ran.err)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("exec", "--", HOSTILE),
        ("exec", "--file", f"A={HOSTILE}", "--", "true"),
        ("operator", "admit", HOSTILE, "--fingerprint", HOSTILE),
        ("operator", "remove", HOSTILE),
        ("operator", "recover", "--fingerprint", HOSTILE, "--text-file", HOSTILE),
        ("store", "init", "--dsn", f"postgresql://{HOSTILE}@127.0.0.1:1/x", "--operator", HOSTILE),
        ("store", "status", "--dsn", f"postgresql:///{HOSTILE}?host={HOSTILE}"),
        ("compare", "hi", "-m", f"openai/{HOSTILE}", "-m", f"{HOSTILE}/m"),
        ("batch", HOSTILE.replace("\0", ""), "-m", "openai/gpt-4o", "-o", HOSTILE),
        ("transcribe", HOSTILE),
        ("price", "import", HOSTILE),
        ("audit", "show", "--since", HOSTILE),
    ],
)
def test_what_an_argument_says(ready: Run, words: Sequence[str]) -> None:
    ran = ready(*words)
    assert ran.code != 0 and is_inert(ran.out) and is_inert(ran.err) and "crashed" not in ran.err


def test_the_address_of_a_store(modeldeck: Run) -> None:
    ran = modeldeck("tenant", "list", MODELDECK_STORE=f"postgresql://127.0.0.1:1/{HOSTILE}")
    assert ran.code != 0 and is_inert(ran.err) and "crashed" not in ran.err
