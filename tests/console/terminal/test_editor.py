"""Editing a text in $EDITOR: a private file that is gone afterwards, and a sentence for each failure."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.console.pilot import console, until_shown
from tui.console.terminal.editor import edit
from tui.errors import Problem
from tui.tenancy.session import Session


def script(tmp_path: Path, body: str) -> str:
    """Return the command of an editor that is a shell script; its file is $1."""
    path = tmp_path / "an editor"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return f"'{path}' --wait"


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """The private folder of a user's session."""
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


def test_the_text_is_in_a_private_file_until_the_editor_ends(tmp_path: Path, runtime: Path) -> None:
    log = tmp_path / "seen"
    body = f'stat -c "%a %n" "$2" "$(dirname "$2")" > {log}; touch "$2~"; printf "Grüße\\n" >> "$2"'
    variables = {
        "PATH": os.defpath,
        "VISUAL": script(tmp_path, body),
        "EDITOR": "false",
        "XDG_RUNTIME_DIR": str(runtime),
    }
    assert edit("one\ntwo ", variables) == "one\ntwo Grüße"
    file, folder = log.read_text().splitlines()
    assert file.startswith(f"600 {runtime}/modeldeck-") and folder.startswith(f"700 {runtime}/modeldeck-")
    assert not list(runtime.iterdir())


def test_a_folder_that_others_can_read_is_not_used(tmp_path: Path, runtime: Path) -> None:
    runtime.chmod(0o755)
    editor = script(tmp_path, f'dirname "$2" > {tmp_path}/seen')
    edit("", {"PATH": os.defpath, "EDITOR": editor, "XDG_RUNTIME_DIR": str(runtime)})
    folder = Path((tmp_path / "seen").read_text().strip())
    assert runtime not in folder.parents and not folder.exists()
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o755


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("exit 3", "The editor an editor ended with exit code 3."),
        ('rm "$2"', "The editor left no file."),
        ("printf '\\377' > \"$2\"", "What the editor saved is not UTF-8 text."),
    ],
)
def test_what_goes_wrong_in_the_editor_is_a_sentence(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(Problem) as caught:
        edit("text", {"PATH": os.defpath, "EDITOR": script(tmp_path, body)})
    assert (caught.value.message, caught.value.hint) == (message, "Your text is unchanged.")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "No editor is set."),
        ({"EDITOR": "no-such-editor"}, "The editor no-such-editor cannot be started: no such file or directory."),
        ({"VISUAL": "vi 'x"}, "VISUAL is not a command: a quote is missing."),
    ],
)
def test_an_editor_that_is_missing_is_a_sentence_with_a_remedy(variables: dict[str, str], message: str) -> None:
    with pytest.raises(Problem) as caught:
        edit("text", {"PATH": os.defpath, **variables})
    assert caught.value.message == message and ("VISUAL" in caught.value.hint or "EDITOR" in caught.value.hint)


async def test_the_screen_comes_back_where_no_editor_is_set(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    resumed = []

    @contextmanager
    def suspend() -> Iterator[None]:
        """Give the terminal away; as with Textual, an exception keeps it away."""
        yield
        resumed.append(True)

    session.environ = {}
    async with console(session) as pilot:
        monkeypatch.setattr(pilot.app, "suspend", suspend)
        await pilot.press("4")
        await until_shown(pilot, "TYPE")
        await pilot.press("f12")
        await until_shown(pilot, "No editor is set.")
        assert resumed
