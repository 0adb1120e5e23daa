"""What config.toml says for the console, and NO_COLOR."""

import os
from pathlib import Path

import pytest

from tests.terminal import Loaded, Terminal
from tui.config import Config
from tui.console.keys import DECLARED
from tui.console.preferences import keymap

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "G",
        "?",
        "+",
        "星",
        "f8",
        "ctrl+x",
        "ctrl+shift+up",
        "question_mark",
        "esc",
        "page up",
        " f8 , ctrl+x ",
        "space",
    ],
)
def test_a_key_is_a_character_or_a_name(key: str) -> None:
    read = keymap(Config(keymap={"models.add": key}))
    assert not any("unknown" in warning for warning in read.warnings) and list(read.keys) == ["models.add"]


@pytest.mark.parametrize(
    ("keymap_of_file", "clashes"),
    [
        ({"models.add": "u"}, ["models.add"]),
        ({"chat.copy": "m"}, ["chat.copy"]),
        ({"chat.copy": "G"}, ["chat.copy"]),
        ({"models.add": "f7", "models.edit": "f7"}, ["models.add"]),
        ({"models.add": "o", "providers.source": "f7"}, []),
        ({"chat.copy": "y", "speech.copy": "y"}, []),
    ],
)
def test_two_actions_on_one_key_of_a_screen_are_named(keymap_of_file: dict[str, str], clashes: list[str]) -> None:
    assert [binding_id for binding_id, _ in keymap(Config(keymap=keymap_of_file)).faults] == clashes


def test_keys_are_written_as_in_the_help() -> None:
    read = keymap(Config(keymap={"models.add": "esc, page up,f8"}))
    assert read.keys == {"models.add": "escape,pageup,f8"}


@pytest.mark.parametrize(
    ("binding_id", "key", "says"),
    [
        ("models.ad", "f8", "unknown binding models.ad, which is ignored. Did you mean models.add?"),
        ("field.next", "f8", "unknown binding field.next, which is ignored."),
        ("models.add", "entr", "unknown key entr, which is ignored. Did you mean enter?"),
        ("models.add", "f8,contrl+x", "unknown key contrl+x, which is ignored."),
        ("models.add", "f8,", "unknown key without a name, which is ignored."),
        ("models.add", "ctrl+", "unknown key ctrl+, which is ignored."),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_with_its_line(binding_id: str, key: str, says: str) -> None:
    lines = {"keymap": 3, f"keymap.{binding_id}": 5}
    read = keymap(Config(keymap={binding_id: key, "list.up": "f24"}, lines=lines))
    assert read.keys == {"list.up": "f24"}, "the others are used"
    (warning,) = read.warnings
    assert warning.startswith(f"config.toml, line 5: {says}")


@pytest.mark.slow
def test_the_default_keys_are_keys() -> None:
    declared = {binding_id: entry.keys for binding_id, entry in DECLARED.items() if not entry.fixed}
    assert keymap(Config(keymap=declared)).warnings == ()


def environ(home: Path, **more: str) -> dict[str, str]:
    known = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return known | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | more


def colors(home: Path, **more: str) -> set[tuple[str, str]]:
    """The colours, foreground and background, that a terminal shows for the practice console."""
    with Terminal(Loaded(["practice"]), environ(home, **more), cwd=str(home)) as terminal:
        terminal.until("▸ ▪ acme")
        terminal.settle()
        cells = (terminal.screen.buffer[y][x] for y in range(24) for x in range(80))
        return {(cell.fg, cell.bg) for cell in cells}


@pytest.mark.slow
def test_no_color_leaves_the_colors_of_the_terminal(tmp_path: Path) -> None:
    assert colors(tmp_path, NO_COLOR="1") == {("default", "default")}
    colored = colors(tmp_path)
    assert len(colored) > 2, "the control"
    assert colors(tmp_path, NO_COLOR="") == colored, "blank means unset"


@pytest.mark.slow
def test_what_the_console_ignores_is_shown_at_its_start(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('theme = "nrod"\n[keymap]\n"models.ad" = "f8"\n')
    known = environ(tmp_path, MODELDECK_CONFIG_DIR=str(tmp_path))
    with Terminal(Loaded(), known, columns=120, cwd=str(tmp_path)) as terminal:
        terminal.until("unknown theme nrod")
        terminal.until("Did you mean models.add?")
        terminal.until("── Welcome ──")
