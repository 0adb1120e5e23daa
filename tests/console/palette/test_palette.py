"""The command palette: everything that can be done is in it, found by words and done by enter; it teaches keys."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual import events
from textual.binding import Binding

from tests.console.pilot import app_of, console, rows, shown, until, until_shown, windows
from tui import domain
from tui.config import Config
from tui.console.palette.entries import _theme, global_commands, large_groups, local_commands
from tui.console.palette.matching import CommandGroup, CommandIndex
from tui.console.palette.screen import Commands
from tui.console.widgets.truncate import width
from tui.domain import ModelType
from tui.errors import Problem
from tui.tenancy import models
from tui.workspace import tenants
from tui.workspace.models import catalog


def every_command(app: Any) -> CommandIndex:
    """All that the palette holds on the screen shown."""
    few = local_commands(app.screen), global_commands(app.screen)
    return CommandIndex([*map(CommandGroup.of, few), *large_groups(app.screen, app.navigator.tenant)])


async def test_it_opens_with_the_actions_of_the_screen_and_teaches_their_keys() -> None:
    async with console() as pilot:
        await pilot.press(":")
        await until_shown(pilot, "── Commands ──")
        lines = rows(pilot)
        assert lines[0] == " ▪ acme  PRACTICE"
        assert lines[2].startswith("   [")
        assert lines[2].rstrip().endswith("]")
        assert any(line.startswith("   Verify all ") and line.endswith(" V") for line in lines)
        assert lines[-1] == " enter run  up down move  esc back  f1 help"


async def test_words_find_and_the_drawing_holds() -> None:
    async with console() as pilot:
        await pilot.press(":", *"emb")
        await until_shown(pilot, " ▸ Playground: embedding ")
        matches = [line for line in rows(pilot) if "Playground: embedding" in line]
        assert matches == [" ▸ Playground: embedding                                            4 then f5"]
        await until(
            pilot, lambda: "   Default embedding model …                                        3" in rows(pilot)
        )
        await until(
            pilot, lambda: "   Show only embedding models                                       2 then t" in rows(pilot)
        )
        await until(pilot, lambda: "   Model text-embedding-3-small (OpenAI)" in rows(pilot))
        assert rows(pilot)[1].endswith(f" of {len(pilot.app.screen._all)} ──")  # type: ignore[attr-defined]


async def test_the_default_theme_and_plain_characters_have_words_of_their_own() -> None:
    async with console() as pilot:
        commands = {command.words: command for command in every_command(app_of(pilot))}
        assert "terminal's own colors" in commands["Theme: ansi-dark (default)"].description
        assert "Theme: nord" in commands and "ASCII" in commands["Plain characters: on"].description
        await pilot.press("colon", *"theme light")  # the first entry is what enter runs
        await until_shown(pilot, "▸ Theme: ansi-light")
        await until(pilot, lambda: "dark" not in shown(pilot))


async def test_it_holds_every_action_area_provider_model_and_tenant() -> None:
    async with console() as pilot:
        app: Any = pilot.app
        words = "\n".join(command.words for command in every_command(app))
        for binding in Binding.make_bindings(type(app.screen).BINDINGS):
            if binding.id and binding.show:
                assert binding.tooltip in words
        for area in ("Providers", "Models", "Defaults", "Playground: chat", "Playground: speech-to-text", "Tenants"):
            assert area in words
        from tui.providers import PROVIDERS

        assert all(provider.label in words for provider in PROVIDERS.values())
        assert all(row.model.id in words for row in catalog.rows(app.session.tenant("acme")))
        others = [row.tenant.name for row in tenants.rows(app.session) if row.tenant and row.id != "acme"]
        assert all(f"Tenant {name}" in words for name in others)
        for action in ("Models: add a model", "Defaults: clear"):
            assert action in words


async def test_what_cannot_be_done_now_comes_last_with_the_reason_and_does_nothing() -> None:
    async with console() as pilot:
        await pilot.press(":", *"lock")
        await until_shown(pilot, "Lock or unlock: acme has no passphrase")
        screen: Any = pilot.app.screen
        assert screen._all[screen._shown[-1]].words == "Lock or unlock"
        for _ in range(30):
            await pilot.press("down")
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Commands)


async def test_enter_does_it_on_the_screen_one_comes_from() -> None:
    async with console() as pilot:
        area = pilot.app.screen
        await pilot.press(":", *"filter the prov", "enter")
        await until(pilot, lambda: pilot.app.screen is area and area.typing)  # type: ignore[attr-defined]


async def test_a_model_opens_the_playground_with_it() -> None:
    async with console() as pilot:
        await pilot.press(":", *"model text-embedding-3-small", "enter")
        await until_shown(pilot, "[Embedding]")
        await until_shown(pilot, "text-embed…3-small · your key")


async def test_a_type_shows_only_its_models() -> None:
    async with console() as pilot:
        await pilot.press(":", *"show only speech", "enter")
        await until_shown(pilot, "[2 Models]")
        await until_shown(pilot, "whisper-1")
        assert "gpt-6-sol" not in shown(pilot)


async def test_an_action_of_another_area_goes_there_first() -> None:
    async with console() as pilot:
        await pilot.press(":", *"models: filter", "enter")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "Models" and pilot.app.screen.typing)  # type: ignore[attr-defined]


async def test_a_provider_opens_its_form_and_a_tenant_its_providers() -> None:
    async with console() as pilot:
        await pilot.press(":", *"change openai", "enter")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "Setup")
        await pilot.press("escape")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "Providers")
        await pilot.press(":", *"north", "enter")
        await until_shown(pilot, "── north-lab › unlock ──")
        await pilot.press("escape")
        await until_shown(pilot, "▪ north-lab")
        await until_shown(pilot, "[1 Providers]")


async def test_a_default_is_chosen_in_the_picker() -> None:
    async with console() as pilot:
        await pilot.press(":", *"default speech", "enter")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "PickModel")


async def test_plain_characters_can_be_switched_on_and_off() -> None:
    async with console() as pilot:
        app: Any = pilot.app
        assert not app.ascii
        await pilot.press(":", *"plain", "enter")
        await until(pilot, lambda: app.ascii)
        await pilot.press(":", *"ascii", "enter")
        await until(pilot, lambda: not app.ascii)


async def test_it_opens_while_typing_by_its_second_name_and_escape_goes_back_to_the_field() -> None:
    async with console() as pilot:
        await pilot.press("slash", "x")
        area = pilot.app.screen
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(pilot.app.screen, Commands))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is area)


async def test_no_digit_changes_the_area_and_a_paste_does_nothing_but_type() -> None:
    async with console() as pilot:
        await pilot.press(":", "2", "q", ":")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Commands)
        pilot.app.focused.post_message(events.Paste("quit\nquit\n"))  # type: ignore[union-attr]
        await until_shown(pilot, "[2q:quit quit")
        assert isinstance(pilot.app.screen, Commands)
        await until_shown(pilot, "nothing found")
        await pilot.press("enter", "down", "up", "pagedown", "enter")
        assert isinstance(pilot.app.screen, Commands)


async def test_hostile_names_are_drawn_as_text() -> None:
    async with console() as pilot:
        app: Any = pilot.app
        from tui.tenancy import serialization

        model = domain.Model("openai", "evil]0;x[red]name", ModelType.CHAT)
        with app.session.store("acme").transaction() as tables:
            tables.table("models").insert(serialization.to_record(model))
        await pilot.press(":", *"evil")
        await until_shown(pilot, "[red]")
        assert "\x1b" not in shown(pilot)
        assert "\u202e" not in shown(pilot)


async def test_it_finds_one_of_thousands_of_models() -> None:
    async with console() as pilot:
        app: Any = pilot.app
        from tui.tenancy import serialization

        with app.session.store("acme").transaction() as tables:
            many = (domain.Model("openai", f"gpt-many-{n}", ModelType.CHAT) for n in range(2000))
            tables.table("models").insert_multiple(serialization.to_record(model) for model in many)
        all_of_them = every_command(app)
        matches = all_of_them.matching("many 1999")
        assert [all_of_them[index].words for index in matches] == ["Model gpt-many-1999 (OpenAI)"]


async def test_a_default_is_set_and_confirmed_as_in_its_area(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console() as pilot:
        navigator = app_of(pilot).navigator
        model = models.find(navigator.tenant_session, "openai/text-embedding-3-large", ModelType.EMBEDDING)

        async def pick(*_: object) -> domain.Model:
            return model

        monkeypatch.setattr(navigator, "pick_model", pick)
        await pilot.press(":", *"default", "space", *"embedding", "enter")
        await until_shown(pilot, "text-embedding-3-large is now the default embedding model.")
        assert models.defaults(navigator.tenant_session)[ModelType.EMBEDDING].ref == model.ref


async def test_no_row_is_wider_than_the_window() -> None:
    async with console() as pilot:
        await pilot.press(":", *"m")
        await until(pilot, lambda: isinstance(pilot.app.screen, Commands))
        async for columns, _ in windows(pilot, (40, 10), (80, 24), (120, 40)):
            assert all(width(line) <= columns for line in rows(pilot))
            assert rows(pilot)[-1].endswith("f1 help")


async def test_a_command_that_fails_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console() as pilot:

        async def raised(_: object) -> bool:
            raise Problem("The disk is full.", "Make room.")

        monkeypatch.setattr(app_of(pilot).navigator, "set_up", raised)
        await pilot.press(":", *"change openai", "enter")
        await until_shown(pilot, "The disk is full. Make room.")


@pytest.mark.parametrize("practice", [True, False])
async def test_a_theme_is_used_at_once_and_remembered_outside_practice(tmp_path: Path, practice: bool) -> None:
    toasts: list[str] = []
    session = SimpleNamespace(config=Config(), practice=practice, environ={"HOME": str(tmp_path)})
    screen: Any = SimpleNamespace(
        navigator=SimpleNamespace(session=session),
        app=SimpleNamespace(theme=""),
        dialogs=SimpleNamespace(toast=toasts.append),
    )
    await _theme(screen, "nord")
    assert (screen.app.theme, session.config.theme) == ("nord", "nord")
    file = tmp_path / ".config/modeldeck/config.toml"
    if practice:
        assert toasts == ["Now using nord, until you leave practice mode."] and not file.exists()
    else:
        assert toasts == ["Now using nord; ~/.config/modeldeck/config.toml remembers it."]
        assert file.read_text() == 'theme = "nord"\n'


async def test_commands_on_a_tenant_and_a_provider_are_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console() as pilot:
        navigator, done = app_of(pilot).navigator, list[object]()

        async def add(provider_id: str) -> bool:
            done.append(provider_id)
            return True

        async def pick(*_: object) -> None:
            done.append("picked nothing")

        monkeypatch.setattr(navigator, "add_model", add)
        monkeypatch.setattr(navigator, "set_up", add)
        monkeypatch.setattr(navigator, "pick_model", pick)
        commands = {command.words: command for command in every_command(app_of(pilot))}
        for words, says in (
            ("Add a model: OpenAI …", "openai"),
            ("Change OpenAI …", "openai"),
            ("Default embedding model …", "picked nothing"),
        ):
            commands[words].run()
            await until(pilot, lambda: done)
            assert done.pop() == says and not done
        rotate = next(command for name, command in commands.items() if name.startswith("New key pair for"))
        rotate.run()
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "KeyPair")
