"""`modeldeck config`, `config check` and `keys`: settings and their origins, and what is wrong with the file."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui.config import NAME, load, remember_theme
from tui.errors import Problem
from tui.paths import paths

FILE = """# mine
theme = "blu"
mouse = false
glyphs = "emoji"
colour = 3

[keymap]
"models.ad" = "f8"
"models.add" = "u"
"chat.copy" = "f33x"
"app.undo" = "f24"
"""


def write_config(home: Path, text: str) -> Path:
    """Write the preferences of a home."""
    folder = home / ".config/modeldeck"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(text)
    return folder / NAME


def test_every_setting_is_shown_with_its_value_and_where_it_comes_from(modeldeck: Run, home: Path) -> None:
    write_config(home, 'mouse = false\n[keymap]\n"app.undo" = "f24"\n')
    shown = modeldeck("config", MODELDECK_DISPLAY="whole")
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["mouse", "false", "~/.config/modeldeck/config.toml,", "line", "1"] in lines
    assert ["display", "whole", "MODELDECK_DISPLAY"] in lines and ["auto_lock", "15", "default"] in lines
    rows = {row["name"]: row for row in json.loads(modeldeck("config", "--json").out)}
    assert rows["keymap.app.undo"]["value"] == "f24" and rows["keymap.app.undo"]["line"] == 3
    assert rows["theme"] == {"name": "theme", "value": "", "default": "", "from": "default", "line": None}


def test_check_names_line_key_and_what_was_probably_meant(modeldeck: Run, home: Path) -> None:
    write_config(home, FILE)
    ran = modeldeck("config", "check")
    assert ran.code == 1
    for line, sentence in (
        (2, "unknown theme blu, which is ignored."),
        (4, "glyphs is one of auto, ascii, unicode."),
        (5, "unknown setting colour, which is ignored."),
        (8, "unknown binding models.ad, which is ignored. Did you mean models.add?"),
        (9, "u is also the key of models.use; only one of them works."),
        (10, "unknown key f33x, which is ignored."),
    ):
        assert f"config.toml, line {line}: {sentence}" in ran.out
    rows = json.loads(modeldeck("config", "check", "--json").out)
    assert [row["line"] for row in rows] == [2, 4, 5, 8, 9, 10] and [row["ignored"] for row in rows].count(False) == 1


def test_an_invalid_value_hides_no_setting_and_no_key(modeldeck: Run, home: Path) -> None:
    write_config(home, FILE)
    ran = modeldeck("config")
    assert ran.code == 1 and "line 4: glyphs is one of auto, ascii, unicode." in ran.err
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["glyphs", "auto", "default"] in lines and any(line[:2] == ["mouse", "false"] for line in lines)
    ran = modeldeck("keys")
    assert ran.code == 0 and "line 4: glyphs is one of auto" in ran.err and "f24" in ran.out


def test_a_whole_file_and_none_pass_the_check(modeldeck: Run, home: Path) -> None:
    assert modeldeck("config", "check").code == 0
    write_config(home, 'theme = "nord"\n[keymap]\n"chat.copy" = "f24"\n')
    ran = modeldeck("config", "check")
    assert (ran.code, ran.out) == (0, "")


def test_keys_are_those_of_the_file(modeldeck: Run, home: Path) -> None:
    write_config(home, '[keymap]\n"app.undo" = "f24"\n')
    rows = {row["id"]: row for row in json.loads(modeldeck("keys", "--json").out)}
    assert rows["app.undo"]["keys"] == ["f24"] and rows["field.next"]["fixed"]
    assert "app.undo" in modeldeck("keys").out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'theme = "nord"\n'),
        ("# mine\ntheme='dracula' # dark\nmouse = false\n", '# mine\ntheme = "nord" # dark\nmouse = false\n'),
        ('[keymap]\n"app.undo" = "f24"\n', 'theme = "nord"\n[keymap]\n"app.undo" = "f24"\n'),
    ],
)
def test_a_theme_is_remembered_and_the_rest_of_the_file_stays(tmp_path: Path, before: str, after: str) -> None:
    where = paths({"HOME": str(tmp_path)})
    if before:
        write_config(tmp_path, before)
    remember_theme(where, "nord")
    assert (where.config / NAME).read_text() == after and load(where).theme == "nord"


def test_a_file_that_is_not_toml_is_left_as_it_is(tmp_path: Path) -> None:
    path = write_config(tmp_path, "theme = \n")
    with pytest.raises(Problem, match="not TOML"):
        remember_theme(paths({"HOME": str(tmp_path)}), "nord")
    assert path.read_text() == "theme = \n"
