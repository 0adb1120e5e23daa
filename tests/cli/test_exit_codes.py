"""0 done, 1 failed, 2 usage, 3 refused, 4 network, 5 locked, 130 interrupted; errors are a sentence and a hint."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, ROOT, Run, environ, run_process
from tests.doubles.closed_port import closed_port
from tests.doubles.openai_server import Chat, OpenAIServer, Response, error_body


def stored(modeldeck: Run) -> list[str]:
    return [row["name"] for row in json.loads(modeldeck("credential", "list", "openai", "--json").out)]


def test_a_refused_key_is_3_and_nothing_is_saved(modeldeck: Run, server: OpenAIServer) -> None:
    ran = modeldeck(
        "provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin="sk-test-wrong-0000000000\n"
    )
    assert (ran.code, ran.out) == (3, "")
    sentence, hint, *_ = ran.err.splitlines()
    assert "OpenAI" in sentence and "key" in sentence and hint
    assert stored(modeldeck) == []


@pytest.mark.slow
def test_a_refused_key_leaves_the_stored_one(ready: Run) -> None:
    before = ready("credential", "list", "openai", "--json").out
    assert ready("provider", "set", "openai", "api_key=-", stdin="sk-test-wrong-0000000000\n").code == 3
    assert ready("credential", "list", "openai", "--json").out == before


def test_a_key_that_may_not_list_is_saved_and_not_called_verified(modeldeck: Run, server: OpenAIServer) -> None:
    busy = Response(503, error_body("busy", "server_error"), {"retry-after": "0"})
    scopes = error_body("You have insufficient permissions. Missing scopes: x", "invalid_request_error")
    server.next("/models", busy, Response(403, scopes))
    ran = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert ran.code == 0
    assert "Saved OpenAI, restricted: OpenAI accepted this key, but it may not list models.\n" in ran.out
    assert "verified in" not in ran.out
    assert "retrying" in ran.err, "whoever waits is told why"


def test_nobody_there_is_4_and_nothing_is_saved(modeldeck: Run) -> None:
    url = f"base_url=http://127.0.0.1:{closed_port()}/v1"
    ran = modeldeck("provider", "set", "openai_compatible", url)
    assert (ran.code, ran.out) == (4, "")
    assert len(ran.err.splitlines()) >= 2
    assert json.loads(modeldeck("credential", "list", "openai_compatible", "--json").out) == []


@pytest.mark.slow
def test_without_verifying_it_is_saved_and_nothing_is_sent(modeldeck: Run, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-", "--no-verify")
    ran = modeldeck(*words, stdin="sk-test-wrong-0000000000\n")
    assert ran.code == 0 and "not verified" in ran.out
    assert server.requests == []
    assert modeldeck("provider", "verify", "openai").code == 3
    row = next(row for row in json.loads(modeldeck("provider", "list", "--json").out) if row["id"] == "openai")
    assert row["state"] == "key refused", "the outcome is kept"


@pytest.mark.slow
def test_verify_all_reports_every_one_and_exits_with_the_first_failure(ready: Run, server: OpenAIServer) -> None:
    ready("provider", "set", "openai_compatible", f"base_url=http://127.0.0.1:{closed_port()}/v1", "--no-verify")
    ran = ready("provider", "verify", "--all", "--json")
    assert ran.code == 4
    assert [(row["provider"], row["state"]) for row in json.loads(ran.out)] == [
        ("openai", "ready"),
        ("openai_compatible", "failed"),
    ]
    works, failed = json.loads(ran.out)
    assert works["ms"] > 0 and failed["ms"] is None, "what was not answered took no time that is known"


def test_a_locked_tenant_without_a_passphrase_at_hand_is_5(
    run_in: Run, locked_home: Path, server: OpenAIServer
) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert run_in(locked_home, *words, stdin=KEY + "\n").code == 0, "sealing needs the public key only"
    ran = run_in(locked_home, "chat", "-m", "openai/gpt-4o", "Why?")
    assert (ran.code, ran.out) == (5, "")
    assert "locked" in ran.err and "--passphrase-fd" in ran.err
    assert server.requests_to("/chat/completions") == []


@pytest.mark.slow
def test_a_wrong_passphrase_is_5(run_in: Run, locked_home: Path) -> None:
    ran = run_in(locked_home, "tenant", "passphrase", "north-lab", typed=("open barley", "new", "new"))
    assert ran.code == 5
    assert "barley" not in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("fhat",),
        ("provider",),
        ("provider", "paint"),
        ("provider", "show"),
        ("provider", "show", "nobody"),
        ("provider", "verify"),
        ("provider", "verify", "openai", "--all"),
        ("provider", "set", "openai", "colour=blue"),
        ("provider", "remove", "openai", "--yes"),
        ("credential", "use", "openai", "team-b"),
        ("model", "list", "--type", "poetry"),
        ("model", "add", "openai", "x"),
        ("default", "set", "chat", "gpt-4o"),
        ("default", "set", "chat", "openai/nobody"),
        ("chat", "Why?"),
        ("chat", "Why?", "-m", "openai/nobody"),
        ("transcribe", "missing.wav"),
        ("tenant", "create", "ACME"),
        ("tenant", "create", ""),
        ("tenant", "remove", "nobody", "--yes"),
        ("-t", "nobody", "model", "list"),
        ("paths", "--colour"),
        ("paths", "too", "many"),
        ("embed", "--passphrase-fd", "x", "text"),
        (),
        ("practice",),
    ],
)
def test_what_cannot_be_meant_is_2_with_a_hint(modeldeck: Run, words: tuple[str, ...]) -> None:
    ran = modeldeck(*words)
    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert len(lines) >= 1 and lines[0].endswith((".", "…")) and "Traceback" not in ran.err


@pytest.mark.slow
def test_nothing_is_removed_without_yes(ready: Run) -> None:
    for words, named in (
        (("provider", "remove", "openai"), "default"),
        (("credential", "remove", "openai", "default"), "wxyz"),
        (("tenant", "remove", "acme"), "1 credential,"),
    ):
        ran = ready(*words)
        assert ran.code == 2 and named in ran.err and "--yes" in ran.err
    assert stored(ready) == ["default"]
    assert ready("provider", "remove", "openai", "--yes").code == 0
    assert stored(ready) == []
    assert ready("tenant", "remove", "acme", "--yes").code == 0
    assert ready("tenant", "list", "--json").out == "[]\n"


@pytest.mark.slow
def test_a_broken_answer_is_kept_on_stdout_and_marked_on_stderr(ready: Run, server: OpenAIServer) -> None:
    server.chat = Chat(break_after=2)
    ran = ready("chat", "Why?")
    assert ran.code in (1, 4)
    assert ran.out == "The sky is blue \n"
    assert "incomplete" in ran.err

    server.chat = Chat(break_after=2, error=error_body("The server had an error.", "server_error"))
    ran = ready("chat", "Why?", "--json")
    assert ran.code == 1
    answer = json.loads(ran.out)
    assert (answer["text"], answer["complete"], answer["usage"]) == ("The sky is blue ", False, None)


@pytest.mark.slow
def test_no_credit_is_shown_at_once(ready: Run, server: OpenAIServer) -> None:
    body = error_body("You exceeded your current quota.", "insufficient_quota", "insufficient_quota")
    server.next("/chat/completions", Response(429, body))
    ran = ready("chat", "Why?")
    assert (ran.code, ran.out) == (1, "")
    assert len(server.requests_to("/chat/completions")) == 1, "asking again would not help"


@pytest.mark.slow
def test_a_busy_provider_is_retried_and_a_message_says_so(ready: Run, server: OpenAIServer) -> None:
    server.next("/chat/completions", Response(503, error_body("Overloaded.", "server_error"), {"Retry-After": "0"}))
    ran = ready("chat", "Why?")
    assert ran.code == 0 and ran.out.startswith("The sky")
    assert ran.err == "Busy: retrying now, 1 of 2.\n"
    assert len(server.requests_to("/chat/completions")) == 2


def test_a_web_page_instead_of_an_answer_is_reported(modeldeck: Run, server: OpenAIServer) -> None:
    page = Response(200, "<!DOCTYPE html><html><title>Log in</title></html>", {"Content-Type": "text/html"})
    server.next("/models", page)
    ran = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert ran.code in (1, 2, 4) and "page" in ran.err
    assert stored(modeldeck) == []


@pytest.mark.slow
def test_interrupting_an_answer_is_130_and_what_came_stays(home: Path, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert run_process(home, *words, stdin=KEY + "\n").code == 0
    server.chat = Chat(hold=(hold := threading.Event()))
    command = [sys.executable, "-m", "tui", "chat", "-m", "openai/gpt-4o", "Why?"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        assert os.read(process.stdout.fileno(), 100) == b"The sky ", "each piece is flushed as it comes"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        hold.set()
        assert process.stdout.read() == b"\n"
        assert process.stderr.read().decode() == "■ Stopped; the answer is incomplete.\n"


@pytest.mark.slow
def test_interrupting_an_answer_in_json_prints_what_came(home: Path, server: OpenAIServer) -> None:
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert run_process(home, *words, stdin=KEY + "\n").code == 0
    server.chat = Chat(hold=(hold := threading.Event()))
    command = [sys.executable, "-m", "tui", "chat", "-m", "openai/gpt-4o", "--json", "Why?"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ(home), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        deadline = time.monotonic() + 60
        while not server.requests_to("/chat/completions") and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        hold.set()
        shape = json.loads(process.stdout.read())
    assert (shape["finish"], shape["complete"]) == ("stopped", False) and "The sky ".startswith(shape["text"])


@pytest.mark.slow
def test_a_closed_pipe_is_quiet(home: Path) -> None:
    command = f"{sys.executable} -m tui provider show openai --json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environ(home), capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.slow
def test_a_full_disk_behind_stdout_is_reported(home: Path) -> None:
    command = [sys.executable, "-m", "tui", "provider", "list", "--json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=ROOT, env=environ(home), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "Standard output cannot be written: no space left on device.\nWrite it elsewhere, or free some space.\n"
    )


@pytest.mark.slow
def test_streams_that_are_closed_are_no_fault(home: Path) -> None:
    command = f"{sys.executable} -m tui tenant list >&-; echo $?; {sys.executable} -m tui chat -m openai/x <&-; echo $?"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environ(home), capture_output=True, text=True)
    assert done.stdout == "1\n2\n" and "bug" not in done.stderr and "fault" not in done.stderr


def test_a_fault_of_our_own_is_one_sentence_and_a_note_without_values(
    modeldeck: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tui.cli.commands.store.paths

    def broken(call: object) -> None:
        secret_in_hand = KEY
        raise KeyError(f"lost {secret_in_hand}")

    monkeypatch.setattr(tui.cli.commands.store.paths, "paths", broken)
    ran = modeldeck("paths")
    assert ran.code == 1 and ran.out == ""
    assert len(ran.err.splitlines()) == 2 and "KeyError" in ran.err and "Traceback" not in ran.err
    (note,) = (home / ".local/state/modeldeck/log").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
    assert note.parent.stat().st_mode & 0o777 == note.parent.parent.stat().st_mode & 0o777 == 0o700
    assert "in broken" in note.read_text()
    assert KEY not in note.read_text() + ran.err
