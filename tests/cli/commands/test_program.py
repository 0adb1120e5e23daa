"""`modeldeck exec` and `env`: real programs get a tenant's keys, and nothing else does."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, environ, run_process
from tests.doubles.openai_server import OpenAIServer
from tests.terminal import Loaded, Terminal
from tui.cli.commands.shell import FORMATS, program
from tui.cli.commands.shell.formats import format_variables
from tui.process import hardening
from tui.secret import Secret
from tui.workspace.program_environment import ProgramEnvironment

pytestmark = pytest.mark.slow

ELSEWHERE = {
    "OPENAI_API_BASE": "http://evil.test",
    "OPENAI_BASE_URL": "http://evil.test",
    "ANTHROPIC_API_BASE": "http://evil.test",
    "UNRELATED": "kept",
}
"""What a program could inherit that would send a key to somebody else."""

SHOW = "import json, os; print(json.dumps([dict(os.environ), os.getpid(), os.umask(0)]))"

SDK = """
import json, os, urllib.request
# What the vendor's SDK does: key and address from its two variables.
request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/models")
request.add_header("Authorization", "Bearer " + os.environ["OPENAI_API_KEY"])
print(len(json.load(urllib.request.urlopen(request))["data"]))
"""


@pytest.fixture
def stocked(modeldeck: Run, home: Path, server: OpenAIServer) -> Path:
    """The home of acme with a key for OpenAI, at the server of the test, and a connection gpu without a key."""
    words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
    assert modeldeck(*words, stdin=KEY + "\n").code == 0
    assert modeldeck("default", "set", "chat", "openai/gpt-5.4-mini").code == 0
    gpu = ("provider", "add", "gpu", "--like", "openai_compatible", "base_url=http://127.0.0.1:9/v1", "--no-verify")
    assert modeldeck(*gpu).code == 0
    return home


def child(home: Path, *options: str, **variables: str) -> dict[str, str]:
    """Return the environment that a program gets."""
    ran = run_process(home, "exec", *options, "--", sys.executable, "-c", SHOW, env=variables)
    assert ran.code == 0, ran.err
    variables_there, _, umask = json.loads(ran.out)
    assert umask == int(subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True).stdout, 8)
    return dict(variables_there)


def test_a_program_gets_key_and_address_and_no_other_address(stocked: Path, server: OpenAIServer) -> None:
    variables = child(stocked, **ELSEWHERE)
    assert (variables["OPENAI_API_KEY"], variables["OPENAI_BASE_URL"]) == (KEY, server.url)
    assert "OPENAI_API_BASE" not in variables and "http://evil.test" in child(stocked, **ELSEWHERE).values()
    assert (variables["UNRELATED"], variables["MODELDECK_EXEC"]) == ("kept", "acme")
    assert (variables["MODELDECK_CHAT_PROVIDER"], variables["MODELDECK_CHAT_MODEL"]) == ("openai", "gpt-5.4-mini")
    only = child(stocked, "--only", "--provider", "openai", **ELSEWHERE)
    assert "http://evil.test" not in only.values() and "UNRELATED" not in only and only["HOME"] == str(stocked)


def test_a_server_without_a_key_gets_no_key_that_is_inherited(stocked: Path) -> None:
    variables = child(stocked, "--provider", "gpu", **ELSEWHERE, OPENAI_API_KEY="sk-FAKE-of-somebody-else")
    assert variables["OPENAI_BASE_URL"] == "http://127.0.0.1:9/v1"
    assert "OPENAI_API_KEY" not in variables and "OPENAI_API_BASE" not in variables


def test_a_server_that_has_to_be_named_is_named_where_nothing_else_is_there(
    modeldeck: Run, server: OpenAIServer
) -> None:
    words = ("provider", "set", "openai_compatible", f"base_url={server.url}", "api_key=-")
    assert modeldeck(*words, stdin=KEY + "\n").code == 0
    ran = modeldeck("env")
    assert (ran.code, ran.out) == (1, "") and "--provider openai_compatible" in ran.err
    assert f"OPENAI_BASE_URL={server.url}" in modeldeck("env", "--provider", "openai_compatible").out.replace("'", "")


def test_a_python_program_calls_the_provider_as_its_sdk_does(stocked: Path, server: OpenAIServer) -> None:
    ran = run_process(stocked, "exec", "--provider", "openai", "--only", "--", sys.executable, "-c", SDK)
    assert (ran.code, ran.out.strip().isdigit()) == (0, True), ran.err
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"


def test_the_program_takes_the_place_of_the_command_and_no_argument_holds_a_key(stocked: Path) -> None:
    probe = "import os, sys; print(os.getpid(), open('/proc/self/cmdline').read().replace(chr(0), ' '), flush=True)"
    words = [sys.executable, "-m", "tui", "exec", "--", sys.executable, "-c", probe]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=environ(stocked), text=True) as process:
        pid, _, command_line = str(process.communicate()[0]).partition(" ")
    assert int(pid) == process.pid and KEY not in command_line
    stored = b"".join(path.read_bytes() for path in stocked.rglob("*") if path.is_file())
    assert b"program started" in stored and KEY.encode() not in stored


def test_a_program_is_ended_by_a_closed_pipe_and_its_exit_code_is_kept(stocked: Path) -> None:
    ran = run_process(stocked, "exec", "--", "bash", "-c", "yes | head -1; echo ${PIPESTATUS[0]}; exit 7")
    assert (ran.code, ran.out) == (7, "y\n141\n"), "Python ignores SIGPIPE, and a program would inherit that"


def test_a_key_is_handed_as_a_file_without_a_name(stocked: Path) -> None:
    script = 'cat "$KEY_FILE"; echo; stat -L -c %a "$KEY_FILE"; echo "${OPENAI_API_KEY-unset}"'
    ran = run_process(stocked, "exec", "--file", "KEY_FILE=OPENAI_API_KEY", "--", "sh", "-c", script)
    assert ran.out == f"{KEY}\n600\nunset\n", ran.err
    wrong = run_process(stocked, "exec", "--file", "KEY_FILE=OPENAI_KEY", "--", "true")
    assert wrong.code == 2 and "Did you mean OPENAI_API_KEY?" in wrong.err


@pytest.mark.parametrize(
    ("words", "variables", "code", "says"),
    [
        (("--", "no-such-program"), {}, 127, "no-such-program does not exist."),
        (("--", "/etc/passwd"), {}, 126, "/etc/passwd cannot be run."),
        (("--", "true"), {"MODELDECK_EXEC": "acme"}, 2, "already runs with the keys of acme"),
        (("--nest", "--", "true"), {"MODELDECK_EXEC": "acme"}, 0, ""),
        (("--provider", "openai", "--provider", "gpu", "--", "true"), {}, 2, "both use the variable OPENAI_BASE_URL"),
        (("--provider", "opnai", "--", "true"), {}, 2, "Did you mean openai?"),
        (("--provider", "anthropic", "--", "true"), {}, 1, "is not set up"),
        (("python", "-c", "x"), {}, 2, "after --"),
    ],
)
def test_what_cannot_be_started_is_named(
    stocked: Path, words: tuple[str, ...], variables: dict[str, str], code: int, says: str
) -> None:
    ran = run_process(stocked, "exec", *words, env=variables)
    assert (ran.code, ran.out) == (code, "") and says in ran.err


def test_the_key_of_a_trial_is_never_handed_over(modeldeck: Run, server: OpenAIServer) -> None:
    words = ("trial", "set", "openai", f"base_url={server.url}", "api_key=-", "--calls", "5", "--models", "gpt-4o")
    assert modeldeck(*words, stdin=KEY + "\n").code == 0
    for options in ((), ("--provider", "openai")):
        ran = modeldeck("env", *options)
        assert (ran.code, ran.out) == (1, "") and KEY not in ran.err
    assert "the key of a trial never leaves Modeldeck" in ran.err


def test_a_locked_tenant_needs_its_passphrase(locked_home: Path) -> None:
    setup = run_process(locked_home, "provider", "set", "openai", "api_key=-", "--no-verify", stdin=KEY + "\n")
    assert setup.code == 0, setup.err
    assert run_process(locked_home, "exec", "--", "true").code == 5
    assert (
        run_process(locked_home, "vault", "confirm", "--yes", "--passphrase-fd", "0", stdin="open sesame\n").code == 0
    )
    ran = run_process(locked_home, "env", "--passphrase-fd", "0", stdin="open sesame\n")
    assert f"export OPENAI_API_KEY={KEY}" in ran.out


def test_keys_are_not_printed_to_a_terminal_unless_wanted(stocked: Path) -> None:
    with Terminal(Loaded(["env"]), environ(stocked) | {"TERM": "xterm"}) as terminal:
        assert terminal.wait() == 2
        assert "scrollback" in terminal.text and KEY.encode() not in terminal.raw
    with Terminal(Loaded(["env", "--reveal"]), environ(stocked) | {"TERM": "xterm"}) as terminal:
        assert terminal.wait() == 0 and KEY.encode() in terminal.raw


ODD = "a'b\"c\\d$HOME`id`$(id) #e!{x}%~*"
ENVIRONMENT = ProgramEnvironment({"ODD": Secret(ODD), "PLAIN": "x"}, frozenset(("STALE",)), ("openai",))


@pytest.mark.parametrize("shell", ["sh", "bash", "fish"])
def test_shells_read_back_every_character(shell: str) -> None:
    if not shutil.which(shell) and not os.environ.get("MODELDECK_WHOLE_GATE"):
        pytest.skip(f"not on this machine: {shell}")
    text = format_variables("fish" if shell == "fish" else "sh", ENVIRONMENT)
    done = subprocess.run(
        [shell, "-c", text + "env"], env={"PATH": os.environ["PATH"], "STALE": "1", "HOME": "/"}, capture_output=True
    )
    lines = done.stdout.decode().splitlines()
    assert f"ODD={ODD}" in lines and "PLAIN=x" in lines and not any(line.startswith("STALE") for line in lines)


def test_files_hold_every_character() -> None:
    assert json.loads(format_variables("json", ENVIRONMENT)) == {"ODD": ODD, "PLAIN": "x"}
    escaped = ODD.replace("\\", "\\\\").replace('"', '\\"')
    assert format_variables("systemd", ENVIRONMENT) == f'ODD="{escaped}"\nPLAIN="x"\n'
    assert format_variables("dotenv", ENVIRONMENT) == f"ODD=\"{escaped}\"\nPLAIN='x'\n"
    assert set(FORMATS) == {"sh", "fish", "json", "systemd", "dotenv"}


@dataclass
class Started:
    """What a program was started with."""

    path: str = ""
    words: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    umask: list[int] = field(default_factory=list)
    signals: list[object] = field(default_factory=list)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """Note what this process would become, and let it go on."""
    what = Started()

    def become(path: str, words: list[str], variables: dict[str, str]) -> int:
        what.path, what.words, what.variables = path, tuple(words), variables
        return 0

    monkeypatch.setattr(os, "execve", become)
    monkeypatch.setattr(os, "umask", what.umask.append)
    monkeypatch.setattr(signal, "signal", lambda *change: what.signals.append(change))
    monkeypatch.setattr(hardening, "inherited_umask", 0o027)
    return what


def test_a_program_starts_with_the_key_and_as_this_process_was_started(
    modeldeck: Run, stocked: Path, server: OpenAIServer, started: Started
) -> None:
    modeldeck("exec", "--only", "--", "sh", "-c", "true", **ELSEWHERE)
    assert os.path.basename(started.path) == "sh" and started.words == ("sh", "-c", "true")
    assert (started.variables["OPENAI_API_KEY"], started.variables["OPENAI_BASE_URL"]) == (KEY, server.url)
    assert started.variables["MODELDECK_TENANT"] == "acme" and "UNRELATED" not in started.variables
    assert "http://evil.test" not in started.variables.values()
    assert started.umask == [0o027]
    assert started.signals == [(signal.SIGPIPE, signal.SIG_DFL), (signal.SIGXFSZ, signal.SIG_DFL)]
    (entry,) = json.loads(modeldeck("audit", "show", "-n", "1", "--json").out)
    assert entry["done"] == "program started"


def test_a_program_gets_its_key_as_a_file_in_memory(modeldeck: Run, stocked: Path, started: Started) -> None:
    modeldeck("exec", "--file", "KEY_FILE=OPENAI_API_KEY", "--", "sh", **ELSEWHERE)
    assert started.variables["UNRELATED"] == "kept" and "OPENAI_API_KEY" not in started.variables
    path = Path(started.variables["KEY_FILE"])
    assert path.read_text() == KEY and path.stat().st_mode & 0o777 == 0o600
    os.close(int(path.name))
    wrong = modeldeck("exec", "--file", "KEY_FILE=OPENAI_KEY", "--", "sh")
    assert wrong.code == 2 and "Did you mean OPENAI_API_KEY?" in wrong.err


def test_a_program_that_the_system_refuses_is_named(
    modeldeck: Run, stocked: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOEXEC, "")

    monkeypatch.setattr(os, "execve", refuse)
    ran = modeldeck("exec", "--", "sh")
    assert (ran.code, ran.out) == (126, "") and "sh cannot be run: exec format error." in ran.err
    nested = modeldeck("exec", "--", "sh", MODELDECK_EXEC="acme")
    assert nested.code == 2 and "already runs with the keys of acme" in nested.err and "--nest" in nested.err


@pytest.mark.usefixtures("on_terminal")
def test_on_a_terminal_keys_are_shown_only_with_reveal(modeldeck: Run, stocked: Path) -> None:
    hidden = modeldeck("env")
    assert (hidden.code, hidden.out) == (2, "") and "scrollback" in hidden.err
    assert f"export OPENAI_API_KEY={KEY}" in modeldeck("env", "--reveal").out


def test_a_locked_tenant_is_opened_for_a_program_and_a_server_without_a_key_left_out(
    run_in: Run, locked_home: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = ("open sesame",)
    assert run_in(locked_home, "provider", "set", "openai", "api_key=-", "--no-verify", typed=(KEY, *typed)).code == 0
    more = ("provider", "add", "gpu", "--like", "openai_compatible", "base_url=http://127.0.0.1:9/v1", "--no-verify")
    assert run_in(locked_home, *more, typed=typed).code == 0
    assert run_in(locked_home, "vault", "confirm", "--yes", typed=typed).code == 0
    monkeypatch.setattr(program, "is_terminal", lambda stream: True)
    ran = run_in(locked_home, "exec", "--", "sh", typed=typed)
    assert "Left out. " in ran.err and started.variables["OPENAI_API_KEY"] == KEY, ran
