"""Preferences: what holds without a file, and which line of it cannot be meant."""

from pathlib import Path

import pytest

from tui.config import Config, load
from tui.errors import Problem
from tui.paths import paths


def loaded(folder: Path, text: str | bytes) -> Config:
    (folder / "config.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(paths({"HOME": str(folder), "MODELDECK_CONFIG_DIR": str(folder)}))


def test_without_a_file_everything_is_as_usual(tmp_path: Path) -> None:
    assert load(paths({"HOME": str(tmp_path)})) == Config()


def test_every_preference_is_accepted(tmp_path: Path) -> None:
    text = 'theme = "textual-light"\nglyphs = "ascii"\nmouse = false\nstart = "playground"\nauto_lock = 0\nlog = true\n'
    text += 'display = "whole"\nline = 9600\n'
    text += "first_token_timeout = 600\nstream_timeout = 300\nresponse_timeout = 900\nevent_size = 16\n"
    assert loaded(tmp_path, text + '[keymap]\npalette = "f8"\n') == Config(
        "textual-light", "ascii", False, "playground", {"palette": "f8"}, 0, True, "whole", 9600, 600, 300, 900, 16
    )


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert loaded(tmp_path, b"\xef\xbb\xbfmouse = false\n").mouse is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mouse = no\n", "line 1"),
        ("\n\nmouse = 1\n", "line 3: mouse is true or false"),
        ("log = true\nauto_lock = true\n", "line 2: auto_lock is a whole number"),
        ("auto_lock = -1\n", "0 to 1440"),
        ("line = 300\n", "1200 bits a second"),
        ("stream_timeout = -1\n", "stream_timeout is 1 to 86400 seconds, or 0 for the default"),
        ("\nfirst_token_timeout = 86401\n", "line 2: first_token_timeout is 1 to 86400 seconds"),
        ("response_timeout = 1.5\n", "response_timeout is a whole number"),
        ("event_size = 65\n", "event_size is 1 to 64 MiB"),
        ('glyphs = "emoji"\n', "one of auto, ascii, unicode"),
        ('start = "models"\n', "one of providers, playground"),
        ('# mine\ncolour = "red"\n', "line 2: unknown setting colour"),
        ("theme = 3\n", "a text in quotes"),
        ('keymap = "vim"\n', "table"),
        ("[keymap]\nquit = 3\n", "line 1: keymap is a table"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("mouse = false\nmouse = true\n", "line 2"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(Problem) as caught:
        loaded(tmp_path, text)
    assert says in caught.value.message and "config.toml" in caught.value.message
    assert caught.value.hint


def test_a_folder_in_its_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(Problem, match="cannot be read"):
        load(paths({"HOME": str(tmp_path), "MODELDECK_CONFIG_DIR": str(tmp_path)}))
