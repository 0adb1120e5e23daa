"""modeldeck(1): every command and option is in it, and nothing of the texts is read as a request of roff."""

import re
from pathlib import Path

from tui.cli.manual import _text, manual
from tui.cli.registry import COMMANDS

MACROS = {".TH", ".SH", ".SS", ".TP", ".B", ".PP", ".nf", ".fi"}


def test_every_command_and_option_is_in_it() -> None:
    page = manual()
    for command in COMMANDS:
        if command.words:
            assert f".SS {_text(' '.join(command.words))}\n" in page
        for option in command.options:
            assert _text(option.names[-1]) in page


def test_only_macros_begin_with_a_dot() -> None:
    lines = manual().splitlines()
    requests = {line.split()[0] for line in lines if line[:1] in (".", "'")}
    assert requests == MACROS
    assert not any(re.search(r"\\(?![-e(&])", line) for line in lines)
    assert _text(".so /etc/passwd\\n'x") == "\\&.so /etc/passwd\\en'x"


def test_the_page_that_is_installed_is_that_of_the_commands() -> None:
    page = Path(__file__).parents[2] / "tui" / "cli" / "manual" / "modeldeck.1"
    assert page.read_text(encoding="utf-8") == manual(), "write it with: python -m tui.cli.manual"
