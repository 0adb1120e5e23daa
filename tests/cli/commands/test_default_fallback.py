"""The fallbacks of a default: which failures they answer for, and who is said to have answered."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run
from tests.doubles.openai_server import OpenAIServer, Response, error_body
from tui.cli.commands.default.references import refs_of
from tui.domain import ModelType
from tui.tenancy.session import Session

CHAT = "/chat/completions"
BUSY = Response(503, error_body("Overloaded.", "server_error"), {"retry-after": "600"})
"""Busy for so long that nothing is sent again."""

ORDER = "openai/gpt-5.4-mini,openai/gpt-4o"


@pytest.fixture
def ordered(ready: Run) -> Run:
    """acme, whose default chat model has a fallback."""
    assert ready("default", "set", "chat", ORDER).code == 0
    return ready


def requested_models(server: OpenAIServer) -> list[str]:
    return [request.json["model"] for request in server.requests_to(CHAT)]


def answer(done: Ran) -> tuple[str, str | None]:
    """Return who answered, and in whose place."""
    shape = json.loads(done.out)
    return shape["model"], shape["fallback"] and shape["fallback"]["model"]


@pytest.mark.slow
def test_a_fallback_answers_where_the_default_is_busy_and_the_answer_says_so(
    ordered: Run, server: OpenAIServer
) -> None:
    server.next(CHAT, BUSY)
    done = ordered("chat", "hi", "-p", "max_completion_tokens=50")
    assert (done.code, done.out) == (0, "The sky is blue because of scattering.\n")
    assert "Answered by openai/gpt-4o, because openai/gpt-5.4-mini: " in done.err
    server.next(CHAT, BUSY)
    assert answer(ordered("chat", "hi", "--json")) == ("openai/gpt-4o", "openai/gpt-5.4-mini")
    assert requested_models(server) == ["gpt-5.4-mini", "gpt-4o"] * 2


@pytest.mark.slow
def test_without_a_failure_only_the_default_gets_the_question(ordered: Run, server: OpenAIServer) -> None:
    assert answer(ordered("chat", "hi", "--json")) == ("openai/gpt-5.4-mini", None)
    assert requested_models(server) == ["gpt-5.4-mini"]


@pytest.mark.slow
@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_what_another_model_would_hide_is_no_reason(ordered: Run, server: OpenAIServer, status: int) -> None:
    server.next(CHAT, Response(status, error_body("No.", "invalid_request_error")))
    assert ordered("chat", "hi").code in (1, 3)
    assert requested_models(server) == ["gpt-5.4-mini"]


@pytest.mark.slow
def test_a_web_page_of_a_gateway_that_refuses_the_key_is_no_reason(ordered: Run, server: OpenAIServer) -> None:
    page = Response(401, "<!doctype html><title>Sign in</title>", {"content-type": "text/html"})
    server.next(CHAT, page)
    assert ordered("chat", "hi").code != 0
    assert requested_models(server) == ["gpt-5.4-mini"]


@pytest.mark.slow
def test_an_answer_that_breaks_off_is_kept_without_another_request(ordered: Run, server: OpenAIServer) -> None:
    server.chat.break_after = 2
    done = ordered("chat", "hi")
    assert done.code != 0 and done.out == "The sky is blue \n"
    assert requested_models(server) == ["gpt-5.4-mini"]


@pytest.mark.slow
def test_where_no_model_answers_the_first_problem_is_the_error(ordered: Run, server: OpenAIServer) -> None:
    server.next(CHAT, BUSY, Response(401, error_body("No.", "invalid_request_error")))
    done = ordered("chat", "hi")
    assert done.code == 1 and "openai/gpt-4o did not answer either: " in done.err
    assert "is too busy" in done.err.partition("either: ")[2]


@pytest.mark.slow
def test_a_model_that_is_named_has_no_fallback(ordered: Run, server: OpenAIServer) -> None:
    server.next(CHAT, BUSY)
    assert ordered("chat", "hi", "-m", "openai/gpt-5.4-mini").code == 1
    assert requested_models(server) == ["gpt-5.4-mini"]


@pytest.mark.slow
def test_a_parameter_that_a_fallback_does_not_take_is_left_out_and_named(ready: Run, server: OpenAIServer) -> None:
    ready("default", "set", "chat", "openai/gpt-4o,openai/gpt-6-sol")
    server.next(CHAT, BUSY)
    done = ready("chat", "hi", "-p", "temperature=0.5", "--json")
    assert json.loads(done.out)["notices"] == ["openai/gpt-6-sol is asked without temperature."]
    assert "temperature" not in server.requests_to(CHAT)[-1].json


@pytest.mark.slow
def test_a_recording_is_transcribed_by_the_fallback(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    ready("default", "set", "speech2text", "openai/gpt-transcribe,openai/whisper-1")
    server.next("/audio/transcriptions", BUSY)
    file = tmp_path / "talk.mp3"
    file.write_bytes(b"ID3" + bytes(2_000))
    done = ready("transcribe", str(file), "--json")
    assert answer(done) == ("openai/whisper-1", "openai/gpt-transcribe"), done.err


@pytest.mark.slow
def test_fallbacks_are_shown_undone_exported_and_in_the_audit_log(ordered: Run, tmp_path: Path) -> None:
    assert "then" in ordered("default", "show").out
    row = json.loads(ordered("default", "show", "--json").out)[0]
    assert [other["model"] for other in row["fallbacks"]] == ["openai/gpt-4o"]
    entry = json.loads(ordered("audit", "show", "--json").out)[-1]
    assert entry["about"]["fallbacks"] == ["openai/gpt-4o"]
    assert "set to openai/gpt-5.4-mini, then openai/gpt-4o" in ordered("audit", "show").out
    bundle = tmp_path / "acme.json"
    ordered("export", "-o", str(bundle))
    assert json.loads(bundle.read_text())["fallbacks"] == {"chat": ["openai/gpt-4o"]}
    assert ordered("undo").code == 0
    assert json.loads(ordered("default", "show", "--json").out)[0]["fallbacks"] == []
    assert ordered("import", str(bundle), "--yes", "--no-verify").code == 0
    assert json.loads(ordered("default", "show", "--json").out)[0]["fallbacks"]
    done = ordered("default", "set", "chat", "openai/gpt-5.4-mini")
    assert "It has no fallback now; before: openai/gpt-4o." in done.out + done.err


@pytest.mark.slow
def test_setting_the_same_order_again_saves_nothing(ordered: Run) -> None:
    before = ordered("audit", "show", "--json").out
    assert ordered("default", "set", "chat", ORDER).code == 0
    assert ordered("audit", "show", "--json").out == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("chat", "openai/gpt-4o,openai/gpt-4o"), "named twice"),
        (("chat", "openai/gpt-4o,openai/nothing"), "no chat model"),
        (("embedding", "openai/text-embedding-3-small,openai/text-embedding-3-large"), "has no fallbacks"),
        (("chat", ",".join(f"openai/{name}" for name in "abcde")), "up to 3 fallbacks"),
    ],
)
def test_an_order_that_cannot_be_meant_is_refused(ordered: Run, words: tuple[str, ...], says: str) -> None:
    done = ordered("default", "set", *words)
    assert done.code == 2 and says in done.err


def test_an_id_with_a_comma_is_one_model(session: Session) -> None:
    acme = session.tenant("acme")
    with session.store("acme").transaction() as tables:
        tables.table("models").insert({"provider": "openai", "id": "a,b", "type": "chat"})
    assert refs_of(acme, ModelType.CHAT, "openai/a,b") == ["openai/a,b"]
    assert refs_of(acme, ModelType.CHAT, "openai/a, openai/b") == ["openai/a", "openai/b"]
