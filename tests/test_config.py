"""Preferences: what holds without a file, and which line of it cannot be meant."""

import os
from pathlib import Path

import pytest

from tui.config import THEMES, Config, load, remember_theme
from tui.errors import Problem
from tui.paths import Paths, paths


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
        ("theme = 3\n", "a text in quotes"),
        ('keymap = "vim"\n', "table"),
        ("[keymap]\nquit = 3\n", "line 2: keymap is a table"),
        ('# keys\nkeymap = { a.b = "f8", c = 3 }\n', "line 2: keymap is a table"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("mouse = false\nmouse = true\n", "line 2"),
    ],
)
def test_a_line_that_cannot_be_meant_is_named(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(Problem) as caught:
        loaded(tmp_path, text)
    assert says in caught.value.message and "config.toml" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('# mine\ncolour = "red"\n', "line 2: unknown setting colour, which is ignored. There are: theme, glyphs, "),
        ("log = true\nauto_lok = 3\n", "line 2: unknown setting auto_lok, which is ignored. Did you mean auto_lock?"),
        ("log = true\n\n[future]\nx = 1\n", "line 3: unknown setting future, which is ignored."),
        ('log = true\ntheme = "nrod"\n', "line 2: unknown theme nrod, which is ignored. Did you mean nord?"),
        ('theme = "\\u001b[31mred"\n', "line 1: unknown theme [31mred, which is ignored. There are: ansi-dark, "),
    ],
)
def test_what_this_version_does_not_know_is_ignored_with_a_warning(tmp_path: Path, text: str, says: str) -> None:
    config = loaded(tmp_path, text)
    (warning,) = config.warnings
    assert says in warning and "config.toml, line " in warning
    assert config == Config(log="log" in text)


def test_the_themes_are_those_of_the_screen_library() -> None:
    from textual.theme import BUILTIN_THEMES

    assert set(THEMES) == set(BUILTIN_THEMES)


def test_every_entry_has_its_line(tmp_path: Path) -> None:
    text = '# one\nmouse = true\n\n[keymap]\n"models.add" = "f8"\nmodels.edit = "f9"\n'
    config = loaded(tmp_path, text + "# more\n'list.up' = 'f10'\n")
    assert config.keymap == {"models.add": "f8", "models.edit": "f9", "list.up": "f10"}
    places = [config.place(name) for name in ("mouse", "keymap", *(f"keymap.{name}" for name in config.keymap))]
    assert [int(place.rpartition(" ")[2]) for place in places] == [2, 4, 5, 6, 8]
    inline = loaded(tmp_path, '\nkeymap = { "models.add" = "f8" }\n')
    assert inline.place("keymap.models.add").endswith("line 2")


def test_a_folder_in_its_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(Problem, match="cannot be read"):
        load(paths({"HOME": str(tmp_path), "MODELDECK_CONFIG_DIR": str(tmp_path)}))


@pytest.mark.parametrize("text", ["a = " + "[" * 50_000, "line = " + "9" * 5000, "x" * (2**20 + 1)])
def test_a_hostile_file_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(Problem):
        loaded(tmp_path, text)


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.toml")
    with pytest.raises(Problem, match="cannot be read"):
        load(Paths(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path))


def test_a_new_theme_is_not_written_through_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / ".config.toml.new").symlink_to(other)
    remember_theme(Paths(tmp_path, tmp_path, tmp_path, tmp_path, tmp_path), "nord")
    assert other.read_text() == "mine" and 'theme = "nord"' in (tmp_path / "config.toml").read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('budget = "much"', 'budget is an amount and a currency, such as "20 USD".'),
        ('store = "mysql://host/x"', "store is postgresql://HOST/DATABASE or postgresql:///DATABASE."),
        ('store = "postgresql://ada:FAKE@host/x"', "store contains a password; keep it in a password file"),
        ("history_days = -1", "history_days is 1 to "),
    ],
)
def test_a_value_that_an_entry_cannot_have_is_refused_without_repeating_a_password(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(Problem) as refused:
        loaded(tmp_path, text)
    shown = f"{refused.value.message} {refused.value.hint}"
    assert says in shown and "FAKE" not in shown


def test_a_theme_that_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = paths({"HOME": str(tmp_path), "MODELDECK_CONFIG_DIR": str(tmp_path)})
    file = tmp_path / "config.toml"
    for text in ('"theme" = "nord"\n', 'theme = """\nnord"""\n'):
        file.write_text(text)
        with pytest.raises(Problem, match=r"not on one line|cannot be written"):
            remember_theme(where, "textual-light")
        assert file.read_text() == text
    file.write_text('theme = "nord"\n')

    def fails(path: Path, target: Path) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(Problem, match=r"config\.toml cannot be written") as refused:
        remember_theme(where, "textual-light")
    assert "Read-only file system" in refused.value.hint and file.read_text() == 'theme = "nord"\n'
