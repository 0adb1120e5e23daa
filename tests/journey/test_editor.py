"""The editor on a real terminal: the question goes there and comes back, and the console takes keys again."""

from pathlib import Path

import pytest

from tests.journey.console import ENTER, opened
from tests.terminal import environ

pytestmark = pytest.mark.slow


def test_a_question_is_edited_in_the_editor_and_sent(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho EDITING; printf ' and more' >> \"$1\"\n")
    editor.chmod(0o700)
    with opened(environ(tmp_path, EDITOR=str(editor)), "practice") as terminal:
        terminal.until("Tenants")
        terminal.until("acme")
        terminal.settle()
        terminal.send(ENTER)
        terminal.until("1 Providers")
        terminal.send("4")
        terminal.until("enter send")
        terminal.type("hello")
        terminal.until("hello")
        terminal.send("\x18")
        terminal.send("\x05")
        terminal.until("hello and more")
        assert b"EDITING" in terminal.raw
        terminal.type(" words")
        terminal.until("hello and more words")
        terminal.send(ENTER)
        terminal.until("first token")
