"""A key stands in one declaration: footers, help, palette and sentences name the key that the person has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests import syntax
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.app import Modeldeck
from tui.console.frame.chrome import HintBar
from tui.console.frame.screen import FramedScreen
from tui.console.keys import DECLARED, footer_items, hint, key_of, keys_of, set_keymap
from tui.domain import ModelType

CONSOLE = Path(__file__).parents[2] / "tui" / "console"
CONFIGURABLE = [binding_id for binding_id, declared in DECLARED.items() if not declared.fixed]
NEW_KEYS = {binding_id: f"f{number}" for number, binding_id in enumerate(CONFIGURABLE, 100)}
FIXED_KEYS = {key for binding_id in DECLARED if DECLARED[binding_id].fixed for key in keys_of(binding_id)}

KEY_NAME = re.compile(
    r"(?<![\w+{.'-])(?:esc|enter|tab|space|ctrl\+\w|shift\+\w+|f[1-9]\d?|page (?:up|down))(?![\w+}'-])"
)
LETTER = re.compile(r"(?:^\s*|[;,.:] +|then |press |Press )(?!A )[a-zA-Z0-9/:?] (?:then |and )?[a-z]+s\b")


@pytest.fixture(autouse=True)
def _own_keys_afterwards() -> Iterator[None]:
    yield
    set_keymap({})


# --- texts ---


def test_a_sentence_names_the_key_that_the_person_has() -> None:
    sentence = "{models.add} adds one, {page.back} goes back."
    assert hint(sentence) == "a adds one, esc goes back."
    set_keymap({"models.add": "f8"})
    assert hint(sentence) == "f8 adds one, esc goes back."


def test_while_typing_the_key_is_named_that_types_nothing() -> None:
    assert hint("{area.models} or {area.models:typing}") == "2 or f3"
    assert key_of("page.help", typing=True) == "f1"


def test_a_sentence_that_names_an_unknown_binding_is_a_fault() -> None:
    with pytest.raises(KeyError):
        hint("{models.nothing} does nothing.")


@pytest.mark.parametrize("binding_id", CONFIGURABLE)
def test_every_binding_can_have_another_key(binding_id: str) -> None:
    set_keymap({binding_id: "f88"})
    assert keys_of(binding_id) == ("f88",)
    assert [item.keys for item in footer_items([binding_id], typing=False)] == ["f88"]


def test_a_footer_leaves_out_what_would_type_while_a_field_has_the_focus() -> None:
    entries = ("models.add", "app.help", "area.escape: clear")
    assert [(item.keys, item.word) for item in footer_items(entries, typing=False)] == [
        ("a", "add"),
        ("esc", "clear"),
        ("?", "help"),
    ]
    assert [item.keys for item in footer_items(entries, typing=True)] == ["esc", "f1"]


def _sentences() -> Iterator[tuple[str, str]]:
    for path in sorted(CONSOLE.rglob("*.py")):
        if path == CONSOLE / "keys.py" or path.is_relative_to(CONSOLE / "terminal"):
            continue
        tree = syntax.parse(path.read_text())
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield f"{path.relative_to(CONSOLE)}:{node.lineno}", node.value


def test_no_sentence_of_the_console_holds_a_key_itself() -> None:
    named = [
        (where, text)
        for where, text in _sentences()
        if " " in text.strip() and "{ " not in text and (KEY_NAME.search(text) or LETTER.search(text))
    ]
    assert named == []


@pytest.mark.parametrize("sentence", ["a adds a model", "esc stops it.", "Nothing yet; s saves it.", "f4 sets it."])
def test_such_a_sentence_would_be_noticed(sentence: str) -> None:
    assert KEY_NAME.search(sentence) or LETTER.search(sentence)


# --- screens ---


def names_only_new_keys(pilot: Pilot[str]) -> None:
    """Footer and hints name the new keys, and each of the footer's keys acts where the focus is."""
    app, screen = pilot.app, pilot.app.screen
    assert isinstance(app, Modeldeck) and isinstance(screen, FramedScreen)
    entries = screen.chrome().keys
    for item in footer_items(entries, screen.typing):
        assert set(item.keys.split()) <= {*NEW_KEYS.values(), *FIXED_KEYS}, item
    active = {binding.binding.id for binding in screen.active_bindings.values()}
    ids = [binding_id for entry in entries for binding_id in entry.partition(": ")[0].split()]
    keys = {key: current.binding.id for key, current in screen.active_bindings.items()}
    for binding_id in (name for name in ids if name in NEW_KEYS and name in active):
        assert keys[NEW_KEYS[binding_id]] == binding_id
    for text in (words.plain for words in screen.query_one(HintBar).lines):
        current = KEY_NAME.search(text) or LETTER.search(text)
        assert not current or current[0].strip(" ;,.:").split()[0] in {*NEW_KEYS.values(), *FIXED_KEYS}, text
    assert not re.search(r"(?:^| )[a-zA-Z/:?0-9] [a-z]", rows(pilot)[-1]), rows(pilot)[-1]


async def test_with_every_key_changed_no_screen_names_an_old_one() -> None:
    session = practice_session()
    session.config = Config(keymap=NEW_KEYS)
    async with console(session) as pilot:
        app = pilot.app
        assert isinstance(app, Modeldeck)
        for area, label in (("models", "context"), ("defaults", "Defaults of"), ("providers", "Providers")):
            await pilot.press(NEW_KEYS[f"area.{area}"])
            await until_shown(pilot, label)
            names_only_new_keys(pilot)
            await pilot.press(NEW_KEYS["app.help"])
            await until_shown(pilot, "Help: ")
            help_rows = [row[:12].strip() for row in rows(pilot)[2:12] if row.startswith("   ") and row[3:4].strip()]
            assert help_rows and [row for row in help_rows if row[:2].rstrip() in ("a", "v", "u", "r", "d", "/")] == []
            names_only_new_keys(pilot)
            await pilot.press(NEW_KEYS["page.back"])
            await until(pilot, lambda area=area: getattr(app.screen, "AREA", "") == area)  # type: ignore[misc]
            await pilot.press(NEW_KEYS["app.commands"])
            await until_shown(pilot, "Commands")
            names_only_new_keys(pilot)
            assert not re.search(r"  (?:[a-zA-Z/:?0-9]|\d then \w)$", shown(pilot), re.MULTILINE)
            await pilot.press(NEW_KEYS["page.back"])
            await until(pilot, lambda area=area: getattr(app.screen, "AREA", "") == area)  # type: ignore[misc]
        for kind in ModelType:
            await app.navigator.open_playground(kind)
            await pilot.pause()
            names_only_new_keys(pilot)
        await pilot.press(NEW_KEYS["app.tenants"])
        await until_shown(pilot, "north-lab")
        names_only_new_keys(pilot)
        await pilot.press(NEW_KEYS["tenants.new"])
        await until_shown(pilot, "Passphrase")
        names_only_new_keys(pilot)


@pytest.mark.parametrize(("key", "word"), [("f8", "f8 add"), ("a", "a add")])
async def test_adding_a_model_by_the_key_of_the_configuration(key: str, word: str) -> None:
    session = practice_session()
    session.config = Config(keymap={"models.add": key})
    async with console(session) as pilot:
        await pilot.press("2")
        await until_shown(pilot, f"  {word}  ")
        await pilot.press("a" if key == "f8" else "f8")
        await pilot.pause()
        assert "Models › add" not in shown(pilot)
        await pilot.press(key)
        await until_shown(pilot, "Models › add")


async def test_a_key_that_can_do_nothing_yet_says_why() -> None:
    async with console() as pilot:
        await pilot.press("o")
        await until_shown(pilot, "There is nothing to switch to")
        await pilot.press("4")
        for key in ("ctrl+r", "ctrl+g", "f8", "ctrl+s", "ctrl+n"):
            await until_shown(pilot, "TYPE")
            await pilot.press("x")
            assert "Nothing was asked" not in shown(pilot)
            await pilot.press(key)
            await until_shown(pilot, "Nothing was asked in this chat yet.")
        for sentence in ("Nothing was embedded yet.", "Nothing was transcribed yet.", "Nothing was compared yet."):
            await pilot.press("f5", "ctrl+s")
            await until_shown(pilot, sentence)
    async with console(tenant=None) as pilot:
        await until_shown(pilot, "Tenants")
        await pilot.press("L")
        await until_shown(pilot, "Open a tenant first; then L locks or unlocks it.")
