"""What each command imports, and that the version is there at once. Processes of their own, as imports stay."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, ROOT, environ, run_process
from tests.doubles.openai_server import OpenAIServer

PROBE = """
import json, sys
from tui.cli import main, skip_command_of_httpx
skip_command_of_httpx()
code = main(sys.argv[1:])
sys.stdout.flush()
print(json.dumps([code, sorted(name for name, module in sys.modules.items() if module)]), file=sys.stderr)
"""
ONE_BY_ONE = """
import io, json, sys
from tui.cli import main, skip_command_of_httpx
skip_command_of_httpx()
commands, typed = json.loads(sys.argv[1]), sys.stdin.read()
for words in commands:
    sys.stdin = io.TextIOWrapper(io.BytesIO(typed.encode()))
    code = main(words)
    sys.stdout.flush()
    print(json.dumps([words, code, sorted({name.split(".")[0] for name, module in sys.modules.items() if module})]))
"""
SCREEN = {"textual", "rich"}
HEAVY = SCREEN | {"httpx", "Crypto", "tinydb", "asyncio", "importlib.metadata"}


def imported(home: Path, *words: str, stdin: str = "") -> set[str]:
    """The packages that a command imports."""
    return {name.split(".")[0] for name in imported_modules(home, *words, stdin=stdin)}


def imported_modules(home: Path, *words: str, stdin: str = "") -> set[str]:
    """The modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environ(home),
        start_new_session=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stderr
    return set(modules)


@pytest.mark.parametrize(
    "words", [("--version",), ("-V",), ("--help",), ("-h",), ("provider", "-h"), ("provider", "set", "--help")]
)
def test_version_and_help_import_next_to_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert imported(tmp_path, *words) & HEAVY == set()


@pytest.mark.slow
def test_the_version_is_the_package_s(tmp_path: Path) -> None:
    from tui import __version__

    assert run_process(tmp_path, "--version").out == f"modeldeck {__version__}\n"


@pytest.mark.slow
@pytest.mark.parametrize("words", [("model", "list"), ("default", "show")])
def test_a_provider_that_is_not_set_up_is_not_imported(home: Path, words: tuple[str, ...]) -> None:
    assert imported_modules(home, *words) & {"tui.providers.replicate", "tui.providers.anthropic"} == set()


@pytest.mark.slow
def test_control_the_list_of_providers_imports_all(home: Path) -> None:
    assert "tui.providers.replicate" in imported_modules(home, "provider", "list")


@pytest.mark.slow
def test_no_command_but_the_console_imports_the_screen_library(home: Path, server: OpenAIServer) -> None:
    local = f"base_url={server.url}"
    commands = (
        ("paths",),
        ("tenant", "list"),
        ("tenant", "rename", "acme", "Acme"),
        ("provider", "set", "openai", local, "api_key=-"),
        ("provider", "list"),
        ("provider", "show", "openai"),
        ("provider", "verify", "openai"),
        ("credential", "list", "openai"),
        ("model", "list"),
        ("model", "refresh", "openai"),
        ("default", "set", "chat", "openai/gpt-4o"),
        ("default", "show"),
        ("chat", "-m", "openai/gpt-4o", "Why?"),
        ("embed", "-m", "openai/text-embedding-3-small", "a cat"),
    )
    command = [sys.executable, "-c", ONE_BY_ONE, json.dumps(commands)]
    done = subprocess.run(command, input=KEY + "\n", capture_output=True, text=True, cwd=ROOT, env=environ(home))
    ran = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('[["')]
    assert [(words, code) for words, code, _ in ran] == [([*words], 0) for words in commands], done.stderr
    assert [words for words, _, packages in ran if SCREEN & {*packages}] == []
    assert imported(home, "model", "list") & {"httpx"} == set(), "what asks nobody needs no network library"


@pytest.mark.slow
def test_a_server_that_wants_no_key_is_called_without_any_cryptography(home: Path, server: OpenAIServer) -> None:
    server.key = None
    imported(home, "provider", "set", "openai_compatible", f"base_url={server.url}")

    modules = imported(home, "chat", "-m", "openai_compatible/gpt-4o", "Why?")

    assert "httpx" in modules and modules & {"Crypto"} == set()


@pytest.mark.slow
def test_the_probe_can_fail(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.replace("import json, sys", "import json, sys, textual"), "--version"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environ(tmp_path),
    )
    assert set(json.loads(done.stderr.splitlines()[-1])[1]) & SCREEN
