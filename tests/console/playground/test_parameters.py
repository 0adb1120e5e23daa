"""Parameters and system prompt: a page at 80 columns, the column beside the chat from 100 on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from tests.console.pilot import console, rows, shown, until, until_shown, windows
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.playground.chat.tab import ChatTab
from tui.console.playground.parameters import Parameters
from tui.console.playground.screen import Playground
from tui.domain import ModelType
from tui.workspace.models import catalog


@asynccontextmanager
async def open_chat(
    provider: str = "openai_compatible", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[str], ChatTab]]:
    """The chat with the first model of a provider, in the state of keys."""
    session = practice_session(pace=0)
    session.config = Config(start="playground")
    async with console(session, "acme", size) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, Playground) and isinstance(screen.tab, ChatTab)
        screen.tab.set_model(catalog.listing(session.tenant("acme"), ModelType.CHAT, provider)[0])
        await pilot.press("escape")
        yield pilot, screen.tab


async def open_parameters(pilot: Pilot[str]) -> None:
    await pilot.press("p")
    await until(pilot, lambda: isinstance(pilot.app.screen, Parameters) and pilot.app.focused)
    await pilot.pause()


async def test_rows_as_drawn() -> None:
    async with open_chat() as (pilot, tab):
        await open_parameters(pilot)
        drawn = rows(pilot)
        assert tab.model is not None
        assert drawn[0] == " ▪ acme  PRACTICE"
        assert drawn[1].startswith("── Playground › parameters ───")
        assert drawn[1].endswith(f" {tab.model.ref} ──")
        assert drawn[2:6] == [
            "   parameter          value          range            provider default",
            " ▸ system prompt      [                                                 ]",
            "   temperature        [         ]    0 – 2            1",
            "   top_p              [         ]    0 – 1            1",
        ]
        assert "   seed               [         ]    whole number     –" in drawn
        assert "   stop               [         ]    up to 4 texts    –" in drawn
        assert "   [ Reset to provider defaults ]" in drawn
        assert drawn[23] == " enter next  ctrl+u clear  ctrl+j new line  esc back  f1 help"


async def test_values_are_kept_without_saving_and_used_by_the_next_question() -> None:
    async with open_chat() as (pilot, tab):
        await open_parameters(pilot)
        await pilot.press(*"Be terse.", "enter", *"0.7", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Playground))
        assert tab.session.history.conversation.system == "Be terse."
        assert tab.parameters.values == {"temperature": 0.7}
        assert rows(pilot)[20].endswith(" system prompt set · temperature 0.7 ──")
        await open_parameters(pilot)
        await until_shown(pilot, "[0.7      ]")
        await until_shown(pilot, "[Be terse.")


async def test_values_belong_to_the_model_and_the_system_prompt_to_the_chat() -> None:
    async with open_chat() as (pilot, tab):
        await open_parameters(pilot)
        await pilot.press("x", "enter", "1", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Playground))
        before = tab.model
        assert before is not None
        tab.set_model(catalog.listing(tab.navigator.session.tenant("acme"), ModelType.CHAT, "openai")[0])
        assert tab.parameters.values == {}
        assert tab.session.history.conversation.system == "x"
        tab.set_model(before)
        assert tab.parameters.values == {"temperature": 1.0}


async def test_out_of_range_is_shown_under_the_row_and_the_last_valid_value_is_used() -> None:
    async with open_chat() as (pilot, tab):
        await open_parameters(pilot)
        await pilot.press("enter", "1", "enter", "up", "ctrl+u", "3", "enter")
        await until_shown(pilot, "   ▲ temperature goes from 0 to 2.")
        row = next(iter(pilot.app.screen.query("ParameterFields"))).row  # type: ignore[attr-defined]
        assert row is not None and row.parameter.name == "temperature"
        assert tab.parameters.values == {"temperature": 1.0}
        await pilot.press("ctrl+u", "2", "enter")
        await until(pilot, lambda: "goes from" not in shown(pilot))
        assert tab.parameters.values == {"temperature": 2.0}


async def test_the_button_leaves_everything_to_the_server_but_not_the_system_prompt() -> None:
    async with open_chat() as (pilot, tab):
        await open_parameters(pilot)
        await pilot.press("s", "enter", "1", "enter", "shift+tab", "shift+tab", "shift+tab")
        assert rows(pilot)[23].startswith(" enter press")
        await pilot.press("enter")
        await until(pilot, lambda: tab.parameters.values == {})
        await until_shown(pilot, "[s ")
        assert "[1 " not in shown(pilot)


async def test_only_what_the_model_takes_is_listed_with_its_choices_in_the_strip() -> None:
    async with open_chat("openai") as (pilot, tab):
        listed = catalog.listing(tab.navigator.session.tenant("acme"), ModelType.CHAT, "openai")
        tab.set_model(next(model for model in listed if model.id == "gpt-6-sol"))
        await open_parameters(pilot)
        text = shown(pilot)
        labels = {parameter.label for parameter in tab.known_parameters}
        for label in ("temperature", "top_p", "reasoning effort", "seed"):
            assert (f"   {label} " in text) is (label in labels)
        choice = next(parameter for parameter in tab.known_parameters if parameter.choices)
        assert set(choice.choices) <= set(text.replace(",", " ").split()), "none is cut"
        await pilot.press("enter")
        await until_shown(pilot, f"It takes {choice.choices[0]}, ")


async def test_the_system_prompt_has_several_lines_and_a_paste_submits_nothing() -> None:
    async with open_chat() as (pilot, tab):
        await open_parameters(pilot)
        assert pilot.app.focused is not None
        pilot.app.focused.post_message(events.Paste("one\ntwo\n"))
        await pilot.press("ctrl+j", *"three")
        assert isinstance(pilot.app.screen, Parameters)
        await pilot.press("down")
        assert rows(pilot)[23].startswith(" enter next  up down move")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Playground))
        assert tab.session.history.conversation.system == "one\ntwo\n\nthree"


async def test_from_100_columns_p_goes_into_the_column_and_escape_back() -> None:
    async with open_chat(size=(120, 40)) as (pilot, tab):
        text = shown(pilot)
        assert "│ temperature        –      0 – 2" in text
        assert "│ seed               –" in text
        await pilot.press("p")
        assert isinstance(pilot.app.screen, Playground)
        await pilot.press("enter", *"0.5", "enter")
        assert tab.parameters.values == {"temperature": 0.5}
        await until_shown(pilot, "   top_p: ")
        assert "Blank: provider default." in " ".join(shown(pilot).split()), "the sentence is not cut"
        assert "TYPE" in shown(pilot), "keys type in the field of a parameter"
        await pilot.press("escape")
        assert pilot.app.focused is tab.transcript, "where p was pressed"
        assert "top_p: " not in shown(pilot)
        await pilot.press("tab")
        assert tab.side.fields is not None and tab.side.fields.row is not None
        await pilot.press("escape")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "│ temperature" not in shown(pilot))
        await pilot.press("escape")
        await open_parameters(pilot)
        await until_shown(pilot, "[0.5      ]")


async def test_the_column_belongs_to_the_chat_and_the_model_that_are_shown() -> None:
    async with open_chat(size=(120, 40)) as (pilot, tab):
        tab.session.history.add("one")
        tab.session.history.conversation.system = "old"
        await pilot.press("n")
        await until(pilot, lambda: not tab.session.history.entries)
        await pilot.press("tab")
        await until(pilot, lambda: tab.side.fields is not None and tab.side.fields.row is not None)
        await pilot.press("x", "escape")
        await until(pilot, lambda: tab.session.history.conversation.system not in ("old", ""))
        assert "x" in tab.session.history.conversation.system
        tab.set_model(catalog.listing(tab.navigator.session.tenant("acme"), ModelType.CHAT, "openai")[0])
        await until(pilot, lambda: tab.side.fields is not None and tab.side.fields.parameters == tab.known_parameters)


async def test_every_parameter_is_one_row_at_every_size() -> None:
    async with open_chat() as (pilot, _):
        await open_parameters(pilot)
        async for columns, _height in windows(pilot, (80, 24), (60, 16), (40, 10)):
            drawn = [row for row in rows(pilot) if row[3:].startswith(("temperature", "top_p", "max tokens"))]
            assert len(drawn) == 3
            assert all(len(row) <= columns for row in rows(pilot))


async def test_what_is_wrong_with_a_value_is_shown_whole_in_a_narrow_window() -> None:
    async with open_chat("openai", (60, 20)) as (pilot, tab):
        session = tab.navigator.tenant_session
        tab.set_model(next(row for row in catalog.listing(session, ModelType.CHAT, "openai") if row.id == "gpt-6-sol"))
        await open_parameters(pilot)
        await pilot.press("down", "9", "enter")
        await until_shown(pilot, "▲ reasoning_effort is one of none, minimal, low, medium,\n   high, xhigh, max.")
