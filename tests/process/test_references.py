"""References to keys: what they mean, and that fetching a value runs no shell, shows nothing of it and ends in time."""

import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.doubles.practice import practice_session
from tui.errors import Problem, UsageError
from tui.process import references
from tui.process.references import ReferenceCache, normalize, parse, resolve
from tui.tenancy.credentials import resolve_references

KEY = "sk-FAKE-71f0c2a9-4b8e"


@pytest.fixture
def environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "A_KEY": KEY, "MODELDECK_PASSPHRASE": "FAKE"}


def value(environ: dict[str, str], text: str) -> str:
    return resolve({"api_key": text}, environ)["api_key"].reveal()


def command(*words: str) -> str:
    return f"command:{json.dumps(words)}"


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("pass:work/open ai", ["pass", "show", "work/open ai"]),
        ("gopass:work/openai", ["gopass", "show", "-o", "work/openai"]),
        ("op://vault/item/field", ["op", "read", "op://vault/item/field"]),
        ("bw:3f2a", ["bw", "get", "password", "3f2a"]),
        ("vault:secret/openai#key", ["vault", "kv", "get", "-field=key", "secret/openai"]),
        ("bao:secret/{0}#key", ["bao", "kv", "get", "-field=key", "secret/{0}"]),
        ('command:printf "%s" $(id)', ["printf", "%s", "$(id)"]),
        ('command:["a", "b c"]', ["a", "b c"]),
    ],
)
def test_a_reference_is_a_list_of_words_for_a_program(text: str, argv: list[str]) -> None:
    stored = normalize(text).text
    assert list(parse(stored).argv) == argv and normalize(stored).text == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pass:",
        "pass:-c",
        "vault:secret/openai",
        "op:item",
        "file:relative",
        "env:A KEY",
        "credential:../key",
        "command:",
        "command:[]",
        'command:"a',
        'command:["a", 1]',
        r'command:["a", "b\u0000"]',
        r'command:["a\ud800"]',
        "http://example.test",
        "pass:a\x1b[31m",
        KEY,
    ],
)
def test_anything_else_is_no_reference(text: str) -> None:
    with pytest.raises(UsageError):
        normalize(text)


def test_a_value_comes_from_where_the_reference_says(environ: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\r\nlogin: somebody\n")
    environ["CREDENTIALS_DIRECTORY"] = str(tmp_path)
    for text in ("env:A_KEY", f"file:{path}", "credential:key", command("cat", str(path)), command("echo", KEY)):
        assert value(environ, text) == KEY, text


def test_a_program_gets_no_shell_no_terminal_and_no_passphrase(environ: dict[str, str], tmp_path: Path) -> None:
    never = tmp_path / "never"
    assert value(environ, command("printf", "%s", f"$(touch${{IFS}}{never})")).startswith("$(touch")
    assert not never.exists()
    assert value(environ, command("sh", "-c", "cat; tty >/dev/null 2>&1 || echo none")) == "none"
    with pytest.raises(Problem):
        value(environ, command("sh", "-c", "env | grep MODELDECK"))


@pytest.mark.parametrize(
    "script",
    [
        f"echo {KEY} >&2; exit 3",
        f"echo {KEY} more",
        f"printf 'ключ{KEY}'",
        "true",
        f"yes {KEY} | head -c 100000 | tr -d '\\n'",
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(environ: dict[str, str], script: str) -> None:
    with pytest.raises(Problem) as refused:
        value(environ, command("sh", "-c", script))
    assert refused.value.hint
    assert KEY not in repr((refused.value.message, refused.value.hint, refused.value.detail))


@pytest.mark.slow
def test_a_program_that_does_not_end_is_ended_with_what_it_started(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "TIMEOUT", 0.3)
    pid = tmp_path / "pid"
    with pytest.raises(Problem, match="did not end within"):
        value(environ, command("sh", "-c", f"sleep 600 & echo $! >{pid}; wait"))
    child, deadline = int(pid.read_text()), time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline


def test_a_program_that_has_ended_is_not_waited_for_because_of_what_it_started(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that a password manager starts keeps its output open."""
    monkeypatch.setattr(references, "TIMEOUT", 20)
    pid = tmp_path / "pid"
    started = f"import os, signal; os.setsid(); open('{pid}', 'w').write(str(os.getpid())); signal.pause()"
    script = f'{sys.executable} -c "$0" & echo {KEY}; until [ -s {pid} ]; do :; done'
    assert value(environ, command("sh", "-c", script, started)) == KEY, "at the limit it would be a problem"
    os.kill(int(pid.read_text()), signal.SIGKILL)


def test_programs_that_run_are_ended_when_nobody_needs_them(environ: dict[str, str], tmp_path: Path) -> None:
    problems: list[Problem] = []

    def fetch() -> None:
        with pytest.raises(Problem) as failed:
            value(environ, command("sh", "-c", f"echo $$ >{tmp_path}/pid; exec sleep 600"))
        problems.append(failed.value)

    thread = threading.Thread(target=fetch)
    thread.start()
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
    references.stop()
    thread.join(20)
    assert not thread.is_alive() and "ended with code -9" in problems[0].message


def test_a_value_is_kept_for_some_minutes(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key"
    path.write_text(KEY)
    text, cache = {"api_key": f"file:{path}"}, ReferenceCache()
    resolve(text, environ, cache)
    path.write_text("sk-FAKE-another")
    assert resolve(text, environ, cache)["api_key"].reveal() == KEY
    cache.clear()
    monkeypatch.setattr(references, "CACHE_SECONDS", 0)
    assert resolve(text, environ, cache)["api_key"].reveal() == "sk-FAKE-another"
    path.write_text(KEY)
    assert resolve(text, environ, cache)["api_key"].reveal() == KEY


async def test_practice_runs_nothing(tmp_path: Path) -> None:
    tenant = practice_session(pace=0.0).tenant("acme")
    with pytest.raises(Problem):
        resolve_references(tenant, {"api_key": command("touch", str(tmp_path / "never"))})
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("env:NEVER_SET_ANYWHERE", "The variable NEVER_SET_ANYWHERE is not set."),
        ("env:BLANK", "The variable BLANK holds no key: its first line is blank."),
        ("credential:key", "this was not started by a service with credentials"),
        ("file:/nowhere/key", "The file /nowhere/key cannot be read: no such file or directory."),
        ("file:/dev/null", "is not a regular file"),
        ('command:["no-such-program"]', "The program no-such-program does not exist here, or cannot be run."),
        ('command:["/etc/passwd"]', "The program /etc/passwd does not exist here, or cannot be run."),
    ],
)
def test_why_a_reference_has_no_value_is_named(environ: dict[str, str], text: str, says: str) -> None:
    environ.pop("CREDENTIALS_DIRECTORY", None)
    environ["BLANK"] = ""
    with pytest.raises(Problem, match=re.escape(says)) as refused:
        value(environ, text)
    assert refused.value.hint  # what to do about it


def test_a_program_of_another_system_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF of another machine")
    program.chmod(0o755)
    with pytest.raises(Problem, match="cannot be run: exec format error"):
        value(environ, command(str(program)))


def test_a_stored_command_that_is_not_a_list_is_refused() -> None:
    for text in ("command:{", "command:" + "[" * 30_000):
        with pytest.raises(UsageError, match="is a list of words"):
            parse(text)
