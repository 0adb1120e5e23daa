"""From words to a command, help, columns, and the console without a terminal."""

import os
import pty
import subprocess
import sys
import types
from pathlib import Path

import pytest
from rich.cells import cell_len

import tui.cli.output
from tests.cli.conftest import ROOT, Run, environ, run_process
from tests.terminal import Loaded, Terminal
from tui.cli.help import help_text
from tui.cli.output import cells, columns
from tui.cli.parser import parse
from tui.cli.registry import COMMANDS
from tui.errors import UsageError
from tui.tenancy.session import Session


def test_options_and_arguments_in_any_order() -> None:
    for words in (
        "provider set openai a=1 --name team-b b=2 --no-verify -t acme",
        "-t acme provider set --name=team-b openai --no-verify a=1 b=2",
        "--tenant=acme provider -tacme set openai --no-verify a=1 b=2 --name team-b",
    ):
        args = parse(words.split())
        assert args.command.words == ("provider", "set")
        assert (args.one("P"), args.many("FIELD=VALUE")) == ("openai", ("a=1", "b=2"))
        assert (args.one("name"), args.one("tenant"), args.has("no-verify")) == ("team-b", "acme", True)


def test_after_two_dashes_everything_is_an_argument() -> None:
    assert parse(["embed", "--", "--json", "-t"]).many("TEXT") == ("--json", "-t")
    assert parse(["chat", "-"]).one("PROMPT") == "-"


@pytest.mark.parametrize("words", ["--jsn paths", "paths --json=yes", "chat -m", "-t", "-- paths", "tenant rename a"])
def test_words_that_cannot_be_meant(words: str) -> None:
    with pytest.raises(UsageError):
        parse(words.split())


@pytest.mark.parametrize(
    ("words", "missing"),
    [("model add openai", "MODEL"), ("model add", "P"), ("tenant rename", "OLD"), ("tenant rename acme", "NEW")],
)
def test_the_argument_that_is_missing_is_named(words: str, missing: str) -> None:
    with pytest.raises(UsageError, match=f"^Missing {missing}\\b"):
        parse(words.split())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command.words) or "console")
def test_every_command_has_help_with_examples_that_can_be_typed(modeldeck: Run, command: object) -> None:
    words = command.words  # type: ignore[attr-defined]
    ran = modeldeck(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    if len(words) == 2:
        assert command.examples  # type: ignore[attr-defined]
        assert modeldeck(words[0], "-h").out.startswith(f"modeldeck {words[0]}")


def test_examples_are_commands() -> None:
    import shlex

    for command in COMMANDS:
        for example in command.examples:
            words = shlex.split(example.split("<")[0].split(">")[0].split("|")[-1].removesuffix(" 3"))
            first = words.index("modeldeck")  # after `ssh HOST`
            assert parse(words[first + 1 :]).command is command, example


def test_the_overview_names_every_command_and_exit_code() -> None:
    text = help_text(())
    for command in COMMANDS:
        assert all(word in text for word in command.words)
    assert "130 interrupted" in text


def test_prose_in_help_has_no_hanging_indent() -> None:
    shown = help_text(("export",)).split("\n\n")
    prose = next(paragraph for paragraph in shown if paragraph.startswith("Without secrets"))
    assert not any(line.startswith(" ") for line in prose.splitlines())


def test_columns_are_measured_in_cells() -> None:
    assert cells("星河") == 4 and cells("e\u0301") == 1
    assert columns([("星河", "x"), ("abcde", "y")]) == ["星河   x", "abcde  y"]
    assert columns([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "👩‍🔬",
        "👨‍👩‍👧‍👦",
        "🇩🇪",
        "👍🏽",
        "❤️",
        "1️⃣",
        "🏴‍☠️",
        "👩🏽‍🔬 x",
        "⚠️ lab",
        "lab 🧪",
        "한글",
        "नमस्ते",
        "ก็",
        "☂",
        "a❤️b❤️",
    ],
)
def test_an_emoji_of_several_code_points_is_measured_as_it_is_drawn(text: str) -> None:
    assert cells(text) == cell_len(text)
    first, second = columns([(text, "x"), ("a long name", "y")])
    assert cell_len(first) == cell_len(second)


@pytest.mark.slow
def test_headings_are_for_terminals(home: Path) -> None:
    with Terminal(Loaded(["provider", "list"]), environ(home) | {"TERM": "xterm"}) as terminal:
        assert terminal.wait() == 0
        assert terminal.rows[0].split() == ["provider", "name", "state", "source", "models"]
        assert b"\x1b" not in terminal.raw, "no colour, no cursor: plain text"
    assert run_process(home, "provider", "list").out.startswith("openai ")


@pytest.mark.parametrize("words", [(), ("practice",), ("-t", "acme")])
def test_the_console_needs_a_terminal(modeldeck: Run, words: tuple[str, ...]) -> None:
    ran = modeldeck(*words)
    assert (ran.code, ran.out) == (2, "") and "terminal" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("term", ["dumb", ""])
def test_the_console_needs_a_terminal_that_can_place_text(home: Path, term: str) -> None:
    parent, child = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "tui", "practice"],
        cwd=ROOT,
        env=environ(home) | {"TERM": term},
        stdin=child,
        stdout=child,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2 and "position text" in done.stderr
    os.close(child)
    os.close(parent)


@pytest.mark.slow
def test_the_console_opens_on_the_tenant_that_is_named(modeldeck: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[bool, str | None]] = []
    screen = types.ModuleType("tui.console.app")

    def run(session: Session, tenant_id: str | None = None) -> int:
        opened.append((session.practice, tenant_id))
        return 143

    screen.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tui.console.app", screen)
    monkeypatch.setattr("tui.console.app", screen, raising=False)
    monkeypatch.setattr(tui.cli.output, "is_terminal", lambda stream: True)
    for words, variables in ((("-t", "ACME"), {}), ((), {}), ((), {"MODELDECK_TENANT": "acme"}), (("practice",), {})):
        assert modeldeck(*words, TERM="xterm", **variables).code == 143, "the console's exit code is the command's"
    assert opened == [(False, "acme"), (False, None), (False, "acme"), (True, None)]
    assert modeldeck("practice", "-t", "north-lab", TERM="xterm", MODELDECK_TENANT="acme").code == 143
    assert opened[-1] == (True, "north-lab")
    assert modeldeck("-t", "nobody", TERM="xterm").code == 2
    assert modeldeck("practice", "-t", "nobody", TERM="xterm").code == 2


def test_a_model_can_be_named_as_lists_show_it() -> None:
    args = parse(["model", "add", "huggingface/org/model", "task=chat"])
    assert (args.one("P"), args.one("MODEL"), args.one("FIELD=VALUE")) == ("huggingface", "org/model", "task=chat")
