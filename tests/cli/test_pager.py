"""Tables that are longer than the terminal go to the program that PAGER names; nothing else does."""

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tui.cli.output import Output

ROWS = [(f"row {number}", "x") for number in range(40)]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pager that keeps what it gets, with its environment."""
    program = tmp_path / "keep"
    program.write_text(f"#!/bin/sh\ncat >{tmp_path}/page; env >{tmp_path}/env\n")
    program.chmod(0o755)
    monkeypatch.setattr("tui.cli.pager.shutil.get_terminal_size", lambda: os.terminal_size((80, 24)))
    monkeypatch.setenv("PAGER", str(program))
    monkeypatch.setenv("MODELDECK_PASSPHRASE", "pa-FAKE-ss")
    return tmp_path / "page"


def printed(
    monkeypatch: pytest.MonkeyPatch,
    rows: Sequence[tuple[str, str]],
    out: type[io.StringIO] = _Terminal,
    pages: bool = True,
) -> str:
    """Print a table where stdin is a terminal, and stdout one of 24 lines; return what was printed."""
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", _Terminal())
        patch.setattr(sys, "stdout", stream := out())
        Output(pages=pages).table(("name", "value"), rows)
    return stream.getvalue()


def test_a_long_table_goes_to_the_pager_without_the_passphrase(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, [*ROWS, ("hostile \x1b[31m", "y")]) == ""
    lines = page.read_text().splitlines()
    assert len(lines) == 42 and lines[0].startswith("name") and "\x1b" not in page.read_text()
    variables = (page.parent / "env").read_text()
    assert "LESS=FRX" in variables and "FAKE" not in variables


def test_a_table_that_fits_is_printed(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert printed(monkeypatch, ROWS[:20]).startswith("name") and not page.exists()


@pytest.mark.parametrize("value", ["", "cat", "no-such-program-here", "'unbalanced"])
def test_without_a_pager_that_can_run_it_is_printed(page: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PAGER", value)
    assert len(printed(monkeypatch, ROWS).splitlines()) == 41 and not page.exists()


def test_words_of_a_shell_in_the_variable_are_arguments(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", f"{page.parent / 'keep'} ; touch {page.parent / 'evil'}")
    assert printed(monkeypatch, ROWS) == ""
    assert page.exists() and not (page.parent / "evil").exists()


def test_no_input_and_a_pipe_are_not_paged(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(printed(monkeypatch, ROWS, io.StringIO).splitlines()) == 40
    assert len(printed(monkeypatch, ROWS, pages=False).splitlines()) == 41 and not page.exists()
