"""How secrets come in, and that they never come out."""

import contextlib
import io
import os
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, ROOT, Ran, Run, environ
from tests.doubles.openai_server import OpenAIServer
from tests.terminal import Loaded, Terminal
from tui.cli import inputs, secret_input
from tui.cli.fields import entries
from tui.cli.output import Output
from tui.cli.secret_input import SecretInput, ask
from tui.errors import UsageError
from tui.providers.spec import Field
from tui.secret import Secret

FIELDS = (
    Field("app_id", "App id"),
    Field("api_key", "API key", secret=True),
    Field("api_secret", "API secret", secret=True),
)


def take(words: list[str], monkeypatch: pytest.MonkeyPatch, stdin: str = "") -> dict[str, str | Secret]:
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    return entries(FIELDS, words, SecretInput(), Output())


def test_several_secrets_are_successive_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    values = take(["api_secret=-", "app_id=7=7", "api_key=-"], monkeypatch, "second-of-all\nfirst-of-all\n")
    assert values == {"api_secret": Secret("second-of-all"), "app_id": "7=7", "api_key": Secret("first-of-all")}


@pytest.mark.parametrize(
    "words",
    [
        [f"api_key={KEY}"],
        [KEY],
        [f"api_kye={KEY}"],
        ["api_key=-", "api_key=-"],
        ["api_key=@missing-file"],
        ["api_key=@."],
        ["api_key=-", "api_secret=-"],
    ],
)
def test_what_cannot_be_read_is_reported_without_repeating_it(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError) as caught:
        take(words, monkeypatch, "only one line\n".replace(" ", "-"))
    assert KEY not in caught.value.message + caught.value.hint


def test_a_literal_secret_is_refused_before_anything_is_sent(modeldeck: Run, server: OpenAIServer) -> None:
    ran = modeldeck("provider", "set", "openai", f"base_url={server.url}", f"api_key={KEY}")
    assert (ran.code, ran.out) == (2, "")
    assert "api_key=-" in ran.err and KEY not in ran.err
    assert server.requests == []


@pytest.mark.slow
def test_a_key_of_4000_characters_from_a_file(modeldeck: Run, tmp_path: Path) -> None:
    key = "eyJ" + "a1B2" * 999 + "z"
    path = tmp_path / "key.txt"
    path.write_text(key + "\r\n")
    with OpenAIServer(key=key) as server:
        ran = modeldeck("provider", "set", "openai_compatible", f"base_url={server.url}", f"api_key=@{path}")
        assert (ran.code, ran.err) == (0, "")
        assert modeldeck("provider", "verify", "openai_compatible").code == 0
        assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {key}"}


def test_a_pasted_key_is_cleaned_and_a_message_says_so(modeldeck: Run, server: OpenAIServer) -> None:
    line = f'  export OPENAI_API_KEY="{KEY}" \n'
    ran = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=line)
    assert ran.code == 0 and "quotes" in ran.err and KEY not in ran.err


def test_a_curved_quote_is_named_by_its_place(modeldeck: Run, server: OpenAIServer) -> None:
    ran = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin="sk-test-\u201dx\n")
    assert ran.code == 2 and "9th character is a curved quote" in ran.err
    assert server.requests == []


def test_a_megabyte_is_too_long(modeldeck: Run) -> None:
    ran = modeldeck("provider", "set", "openai", "api_key=-", stdin="x" * 1_000_000)
    assert ran.code == 2 and "longer than" in ran.err


@pytest.mark.slow
def test_no_command_shows_the_key(ready: Run, home: Path) -> None:
    shown: list[Ran] = []
    for words in (
        ("provider", "list"),
        ("provider", "show", "openai"),
        ("provider", "verify", "openai"),
        ("credential", "list", "openai"),
        ("model", "list"),
        ("default", "show"),
        ("tenant", "list"),
    ):
        shown += [ready(*words), ready(*words, "--json")]
    text = "".join(ran.out + ran.err for ran in shown)
    files = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert "wxyz" in text, "the hint is shown, so the key would be found"
    assert KEY not in text and KEY.encode() not in files
    assert KEY[:-4] not in text and KEY[:-4].encode() not in files


@pytest.mark.slow
def test_a_hidden_prompt_shows_nothing_and_is_erased(home: Path, server: OpenAIServer) -> None:
    key = "eyJ" + "k" * 5000
    server.key = key
    words = Loaded(["provider", "set", "openai_compatible", f"base_url={server.url}", "api_key=-"])
    with Terminal(words, environ(home) | {"TERM": "xterm"}) as terminal:
        terminal.until("API key of OpenAI")
        terminal.send("wrong\x15x\x7f")
        for place in range(0, len(key), 500):
            terminal.send(key[place : place + 500])
        terminal.send("\necho pasted along\n")
        assert terminal.wait() == 0, terminal.text
        assert b"eyJ" not in terminal.raw and b"kkk" not in terminal.raw and b"wrong" not in terminal.raw
        assert "API key of" not in terminal.text, "the prompt is erased"
        assert ", verified in" in terminal.text
    assert server.requests_to("/models")[0].headers["authorization"] == f"Bearer {key}"


@pytest.mark.slow
def test_interrupting_a_hidden_prompt_is_130_and_gives_the_echo_back(home: Path) -> None:
    script = f"{sys.executable} -m tui provider set openai api_key=-; echo code $?; stty -a | grep -o '[-]*echo '"
    with Terminal(["bash", "-c", script], environ(home) | {"TERM": "xterm"}) as terminal:
        terminal.until("API key of OpenAI")
        terminal.send("\x03")
        terminal.until("code 130")
        terminal.wait()
        assert "-echo" not in terminal.text and "echo" in terminal.text


@pytest.mark.slow
def test_the_process_list_never_holds_the_key(home: Path, server: OpenAIServer) -> None:
    command = [sys.executable, "-m", "tui", "provider", "set", "openai", f"base_url={server.url}", "api_key=-"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ(home), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stdin
        process.stdin.write(KEY.encode() + b"\n")
        process.stdin.flush()
        command_lines = b""
        while process.poll() is None:
            with contextlib.suppress(OSError):
                command_lines += Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert process.returncode == 0
    assert b"api_key=-" in command_lines and KEY.encode() not in command_lines


@pytest.mark.slow
def test_no_input_means_no_question_on_a_terminal(locked_home: Path) -> None:
    for words, code in ((("vault", "unlock"), 5), (("chat", "-m", "openai/x"), 2)):
        with Terminal(Loaded(["--no-input", *words]), environ(locked_home) | {"TERM": "xterm"}) as terminal:
            assert terminal.wait() == code
            assert "Passphrase of" not in terminal.text and "Type your question" not in terminal.text


def test_a_variable_holds_the_same_passphrase_as_a_file_of_its_text() -> None:
    for text in ("open sesame", "\ufeffopen sesame", "open sesame\r", "open sesame\n"):
        assert SecretInput(environ={"MODELDECK_PASSPHRASE": text}).passphrase_without_prompt("acme") == Secret(
            "open sesame"
        )


def test_a_descriptor_that_was_not_needed_is_closed_too_so_that_no_program_inherits_it() -> None:
    reader, writer = os.pipe()
    os.close(writer)
    SecretInput(str(reader)).close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)
    for odd in ("0", "1", "2", "x", "", str(2**40)):
        SecretInput(odd).close()
    assert all(os.fstat(descriptor) for descriptor in (0, 1, 2))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The far end of a terminal that is the one of this process."""
    far, near = os.openpty()
    opened = os.open
    monkeypatch.setattr(os, "open", lambda path, *more: os.dup(near) if path == "/dev/tty" else opened(path, *more))
    inputs.allow_questions(True)
    yield far
    os.close(far)
    os.close(near)


def read_to(terminal: int, ending: bytes) -> bytes:
    """Read what a terminal shows until it ends with some bytes."""
    output = b""
    while not output.endswith(ending):
        output += os.read(terminal, 100)
    return output


@pytest.mark.parametrize(
    ("typed", "secret"),
    [
        (b"open sesame\n", "open sesame"),
        (b"wrong\x15open\x7fn\r", "open"),
        ("caf\u00e9\u00e9\x7f\n".encode(), "caf\u00e9"),
        (b"\x04", ""),
    ],
    ids=["a line", "erased", "a letter of two bytes", "the end at once"],
)
def test_what_is_typed_at_a_hidden_prompt_is_read_without_echo(
    terminal: int, monkeypatch: pytest.MonkeyPatch, typed: bytes, secret: str
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    before = termios.tcgetattr(terminal)
    output: list[bytes] = []

    def type_at_the_prompt() -> None:
        output.append(read_to(terminal, b"API key: "))
        os.write(terminal, typed)

    thread = threading.Thread(target=type_at_the_prompt)
    thread.start()
    answer = ask("API key: ")
    thread.join()
    output.append(read_to(terminal, b"\x1b[K"))
    assert answer is not None and answer.reveal() == secret
    assert b"".join(output) == b"API key: \r\x1b[K", "nothing is echoed, and the prompt is erased"
    assert termios.tcgetattr(terminal) == before


def test_bytes_that_are_not_text_are_refused_and_no_prompt_is_shown_without_a_terminal(
    terminal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with monkeypatch.context() as patched:
        patched.setattr(termios, "tcsetattr", lambda *_: None)  # which discards what was typed before
        patched.setattr(secret_input, "_read_line", lambda terminal: b"\xff\xfe")
        with pytest.raises(UsageError, match="not UTF-8 text"):
            ask("API key: ")
    assert read_to(terminal, b"\n") == b"API key: \r\n"
    inputs.allow_questions(False)
    assert ask("API key: ") is None
    inputs.allow_questions(True)

    def missing(*_: object) -> int:
        raise OSError

    monkeypatch.setattr(os, "open", missing)
    assert ask("API key: ") is None


def test_a_line_that_is_not_text_is_refused_with_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(b"sk-\xff\n"), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    with pytest.raises(UsageError, match="The line for api_key is not text"):
        entries(FIELDS, ["api_key=-"], SecretInput(), Output())
