"""The chat: rows as drawn, an answer that streams, stops, breaks or never comes, and every key."""

import asyncio
import re
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.console.pilot import console, rows, shown, until, until_shown, windows
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.playground import redraw
from tui.console.playground.chat.tab import ChatTab
from tui.console.playground.screen import Playground
from tui.console.widgets.text_area import LIMIT
from tui.domain import ModelType
from tui.errors import NetworkError
from tui.providers.events import Event, Finish, NoResponseYet, Retrying, TextDelta, ThinkingDelta, Usage
from tui.providers.requests import Message
from tui.workspace import tenants
from tui.workspace.models import catalog, defaults
from tui.workspace.playground import calls

BIG = 1_000_000


@asynccontextmanager
async def open_chat(
    tenant: str = "acme", size: tuple[int, int] = (80, 24), pace: float = 0.0, setup: Any = None
) -> AsyncIterator[tuple[Pilot[str], ChatTab]]:
    """The chat of a practice tenant, its field with the cursor."""
    session = practice_session(pace=pace)
    session.config = Config(start="playground")
    if setup is not None:
        await setup(session)
    async with console(session, tenant, size) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, Playground)
        tab = screen.tab
        assert isinstance(tab, ChatTab)
        yield pilot, tab


async def send(pilot: Pilot[str], tab: ChatTab, question: str) -> None:
    """Type a question, send it, and wait until its answer is over."""
    tab.question.set_text(question)
    await pilot.press("enter")
    await over(pilot, tab)


async def over(pilot: Pilot[str], tab: ChatTab) -> None:
    await pilot.pause()
    await until(pilot, lambda: not tab.busy)
    await pilot.pause()


class Model:
    """A model that answers with what a test tells it, and waits where it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.queue: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self.requests: list[tuple[str, tuple[Message, ...], dict[str, Any]]] = []
        self.closed = 0
        monkeypatch.setattr(calls, "chat_call", self._prepare)
        monkeypatch.setattr(calls, "send", self._send)

    def says(self, *events: Event | Exception | None) -> None:
        for event in events:
            self.queue.put_nowait(event)

    def _prepare(
        self, session: Any, model: Any, messages: Sequence[Message], parameters: dict[str, Any], *_: Any, **__: Any
    ) -> tuple[tuple[Message, ...], dict[str, Any]]:
        return tuple(messages), dict(parameters)

    async def _send(
        self, session: Any, model: Any, messages: tuple[Message, ...], parameters: dict[str, Any], wire_log: Any
    ) -> AsyncIterator[Event]:
        self.requests.append((model.ref, messages, parameters))
        try:
            while (event := await self.queue.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed += 1


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    return Model(monkeypatch)


async def test_it_opens_typing_with_the_rows_as_drawn() -> None:
    async with open_chat() as (pilot, tab):
        assert pilot.app.focused is tab.question
        drawn = rows(pilot)
        assert drawn[0] == " ▪ acme  PRACTICE         f2 Providers  f3 Models  f4 Defaults  [f5 Playground]"
        assert drawn[1] == "── [Chat]  Embedding  Speech-to-text  Compare ─── openai/gpt-6-sol · your key ──"
        assert drawn[2:7] == [
            "",
            "   Ask gpt-6-sol something.",
            "",
            "   f7 attaches an image, a PDF or a text file.",
            "   Chats are not kept when you quit; ctrl+s saves one as Markdown.",
        ]
        assert drawn[20] == "── new chat ────────────────────────── system prompt none · provider defaults ──"
        assert drawn[21].split() == [">", "TYPE"] and len(drawn[21]) == 78
        assert drawn[22:] == ["", " enter send  ctrl+j new line  ctrl+o model  ctrl+t params  esc commands  f1 help"]


async def test_an_answer_streams_in_and_is_over_with_its_figures() -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "Why is the sky blue?")
        drawn = rows(pilot)
        assert drawn[2:6] == [" ▌ you", " ▌ Why is the sky blue?", "", " ▌ gpt-6-sol"]
        assert "   colour    wavelength    scattered, relative to red" in drawn
        assert drawn[20].endswith(" in, 148 out ──") and "first token " in drawn[20]
        assert drawn[21].split() == [">", "TYPE"]
        assert pilot.app.focused is tab.question
        assert tab.question.text == ""


async def test_what_is_known_while_it_runs_stands_in_the_rule(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("hello")
        await pilot.press("enter")
        await until_shown(pilot, "── … waiting for OpenAI")
        assert rows(pilot)[23] == " end follow  f8 copy  ctrl+s save  ctrl+c stop  esc commands  f1 help"
        model.says(TextDelta("Hello "), TextDelta("there"))
        await until_shown(pilot, " Hello there▏")
        await until_shown(pilot, "── … answering")
        await until_shown(pilot, " s · 2 tokens")
        model.says(Usage(12, 296), Finish("stop"), None)
        await over(pilot, tab)
        await until(pilot, lambda: " Hello there" in rows(pilot))
        assert rows(pilot)[20].endswith("12 in, 296 out ──")


async def test_enter_while_it_runs_keeps_the_text(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("one")
        await pilot.press("enter")
        await until(pilot, lambda: model.requests)
        await pilot.press(*"two", "enter")
        await until_shown(pilot, "An answer is running; ctrl+c stops it.")
        assert tab.question.text == "two"
        await pilot.press("!")
        await until(pilot, lambda: "An answer is running" not in shown(pilot))
        assert len(model.requests) == 1


async def test_ctrl_c_stops_at_once_and_keeps_what_came(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("one")
        await pilot.press("enter")
        await until(pilot, lambda: model.requests)
        model.says(TextDelta("Half an"))
        await until_shown(pilot, "Half an▏")
        await pilot.press("ctrl+c")
        assert tab.session.running is None
        await pilot.pause()
        assert rows(pilot)[6:8] == [" Half an", " ■ stopped by you, the answer is incomplete"]
        assert rows(pilot)[20].startswith("── stopped after 0.")
        assert rows(pilot)[20].endswith("tokens, may be charged ──")
        assert rows(pilot)[22:] == [
            " enter send  ctrl+j new line  ctrl+r regenerate  ctrl+g edit  ctrl+o model",
            " ctrl+t params  ctrl+n new  f8 copy  ctrl+s save  esc commands  f1 help",
        ]
        assert pilot.app.focused is tab.question
        await until(pilot, lambda: model.closed == 1)
        model.says(TextDelta("Yes"), Finish("stop"), None)
        await send(pilot, tab, "two")
        assert [message.text for message in model.requests[1][1]] == ["one", "Half an", "two"]
        await until_shown(pilot, "■ stopped by you")


async def test_escape_leaves_typing_first_and_stops_an_answer_second(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("one")
        await pilot.press("enter")
        await until(pilot, lambda: model.requests)
        model.says(TextDelta("Half an"))
        await until_shown(pilot, "Half an▏")
        await pilot.press("escape")
        assert pilot.app.focused is tab.transcript and tab.session.running is not None
        await until_shown(pilot, " KEYS")
        assert rows(pilot)[23] == " G follow  i type  c copy  s save  esc stop  ? help"
        await pilot.press("escape")
        assert tab.session.running is None


async def test_the_playground_opens_with_the_cursor_in_the_question_however_it_was_left() -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("escape")
        await until_shown(pilot, " KEYS")
        await pilot.press("1")
        await until_shown(pilot, "── Providers")
        await pilot.press("4")
        await until_shown(pilot, " TYPE")
        await pilot.press(*"hello")
        assert tab.question.text == "hello"


async def test_a_page_that_closes_leaves_the_mode_as_it_was() -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("escape", "question_mark")
        await until_shown(pilot, "Help")
        await pilot.press("escape")
        await until_shown(pilot, " KEYS")
        assert pilot.app.focused is tab.transcript
        await pilot.press("i", "ctrl+o")
        await until_shown(pilot, "esc back to typing")
        await pilot.press("escape", "1")
        await until_shown(pilot, " > 1")
        await pilot.press("escape", "m")
        await until_shown(pilot, "esc back  f1 help")


async def test_verbs_have_a_key_that_works_while_typing(tmp_path: Path) -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "hello")
        await pilot.press(*"draft", "ctrl+o")
        await until_shown(pilot, "── Playground › chat ─")
        await pilot.press("escape", "ctrl+s")
        await until_shown(pilot, "Save to a file")
        await pilot.press("escape", "ctrl+t")
        await until_shown(pilot, "system prompt")
        await pilot.press("escape", "ctrl+n")
        await until_shown(pilot, "This chat is not saved and will be replaced by a new one.")
        await pilot.press("escape", "ctrl+g")
        await until_shown(pilot, "Sending replaces your last question and its answer.")
        assert tab.question.text == "hello"
        await pilot.press("up")
        assert tab.question.text == "draft"


async def test_escape_five_times_never_leaves(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press(*"half")
        for _ in range(5):
            await pilot.press("escape")
        assert tab.question.text == "half"
        assert isinstance(pilot.app.screen, Playground)
        assert pilot.app.focused is tab.transcript


async def test_a_broken_answer_is_kept_and_marked_with_the_problem() -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "Why is the sky blue? please break")
        text = shown(pilot)
        assert (
            " ■ connection lost, the answer is incomplete\n\n ▲ The connection to OpenAI ended before the answer did."
            in text
        )
        assert "   ctrl+r sends it again as a new request. Nothing is retried automatically." in text
        assert rows(pilot)[20].startswith("── connection lost after ")
        assert rows(pilot)[20].endswith(" tokens, may be charged ──")
        assert "ctrl+r regenerate" in rows(pilot)[22] and "ctrl+o model" in rows(pilot)[22]


@pytest.mark.parametrize(
    ("instruction", "sentence"),
    [
        ("please fail", "OpenAI says: The text breaks a rule."),
        ("please be refused", "▲ OpenAI rejected the key ending 3f2a."),
    ],
)
async def test_refused_before_any_text_gives_the_question_back(instruction: str, sentence: str) -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, instruction)
        await until_shown(pilot, sentence)
        assert tab.question.text == instruction
        assert " gpt-6-sol\n" not in shown(pilot)
        if "refused" in instruction:
            await until_shown(pilot, "f2 opens Providers to replace it.")
        await pilot.press("ctrl+u")
        await send(pilot, tab, "hello")
        assert instruction not in shown(pilot)
        assert len(tab.session.history.entries) == 1


async def test_a_question_typed_meanwhile_is_not_overwritten_by_the_one_returned(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("first")
        await pilot.press("enter")
        await until(pilot, lambda: model.requests)
        await pilot.press(*"next")
        model.says(NetworkError("No network."))
        await over(pilot, tab)
        assert tab.question.text == "next"
        await pilot.press("up")
        assert tab.question.text == "first"
        await pilot.press("down")
        assert tab.question.text == "next"


async def test_the_rule_says_what_a_model_does_from_its_first_words(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redraw, "_STATUS", 3_600.0)  # but for the first words, the rule stays as it was
    async with open_chat() as (pilot, tab):
        tab.question.set_text("one")
        await pilot.press("enter")
        await until_shown(pilot, "… waiting for OpenAI")
        model.says(ThinkingDelta("Hm."))
        await until_shown(pilot, "… thinking ")
        model.says(TextDelta("Yes."))
        await until_shown(pilot, "… answering ")
        model.says(Finish("stop"), None)
        await over(pilot, tab)


async def test_a_retry_counts_down_and_a_silence_is_reported(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("one")
        await pilot.press("enter")
        await until(pilot, lambda: model.requests)
        model.says(Retrying("busy", 60.0, 2, 2))
        await until_shown(pilot, "… busy, retrying in ")

        def left() -> int:
            match = re.search(r"busy, retrying in (\d+) s \(2 of 2\)", shown(pilot))
            return int(match[1]) if match else 0

        before = left()
        await until(pilot, lambda: 0 < left() < before)
        model.says(NoResponseYet(30, 120))
        await until_shown(pilot, " OpenAI has sent nothing for 30 s.\n ctrl+c stops; Modeldeck waits up to 120 s.")
        model.says(TextDelta("Here."), Finish("stop"), None)
        await over(pilot, tab)
        assert "has sent nothing" not in shown(pilot)


async def test_thoughts_are_one_line_that_enter_unfolds(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(ThinkingDelta("First *this*, then that."))
        tab.question.set_text("one")
        await pilot.press("enter")
        await until_shown(pilot, " … thinking 0 s")
        assert "First this" not in shown(pilot)
        model.says(TextDelta("Done."), Finish("stop"), None)
        await over(pilot, tab)
        await until_shown(pilot, " … thought for 0 s, hidden")
        await pilot.press("escape", "k")
        await until_shown(pilot, "enter thoughts")
        await pilot.press("enter")
        await until_shown(pilot, "   First this, then that.")
        assert pilot.app.focused is tab.transcript
        await pilot.press("enter")
        await until(pilot, lambda: "First this" not in shown(pilot))


async def test_enter_on_any_other_row_goes_back_to_the_field() -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "hello")
        await pilot.press("escape")
        assert pilot.app.focused is tab.transcript
        assert rows(pilot)[22:] == [
            " i type  r regenerate  e edit  m model  p parameters  n new  c copy  s save",
            " / find  a attach  ? help",
        ]
        await pilot.press("enter")
        assert tab.question.has_focus
        await pilot.press("escape", "i")
        assert tab.question.has_focus


async def test_again_keeps_the_earlier_answer_behind_and_left_reaches_it(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("Answer one"), Finish("stop"), None)
        await send(pilot, tab, "ask")
        model.says(TextDelta("Answer two"), Finish("stop"), None)
        await pilot.press("ctrl+r")
        await over(pilot, tab)
        assert model.requests[0][1] == model.requests[1][1]
        await until_shown(pilot, "Answer two")
        assert "Answer one" not in shown(pilot)
        await until(pilot, lambda: " ▌ gpt-6-sol   2 of 2, left for the one before" in rows(pilot))
        await pilot.press("escape", "left")
        await until_shown(pilot, "Answer one")
        await until(pilot, lambda: " ▌ gpt-6-sol   1 of 2, right for the one after" in rows(pilot))
        model.says(TextDelta("Next"), Finish("stop"), None)
        await send(pilot, tab, "more") if pilot.app.focused is tab.question else None
        await pilot.press("right")
        await until_shown(pilot, "Answer two")
        await pilot.press("i")
        await send(pilot, tab, "more")
        assert [message.text for message in model.requests[2][1]] == ["ask", "Answer two", "more"]


async def test_again_that_is_refused_shows_the_earlier_answer_and_the_problem(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("Answer one"), Finish("stop"), None)
        await send(pilot, tab, "ask")
        model.says(NetworkError("The network is gone.", "Plug it in."))
        await pilot.press("ctrl+r")
        await over(pilot, tab)
        await until_shown(pilot, "Answer one\n\n ▲ The network is gone.\n   Plug it in.")


async def test_the_last_question_is_edited_in_the_field_and_takes_its_place(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("One."), Finish("stop"), None)
        await send(pilot, tab, "first")
        await pilot.press(*"draft", "escape", "e")
        assert tab.question.text == "first"
        await until_shown(pilot, "Sending replaces your last question")
        model.says(TextDelta("Two."), Finish("stop"), None)
        await pilot.press("!", "enter")
        await over(pilot, tab)
        assert [message.text for message in model.requests[1][1]] == ["first!"]
        assert "One." not in shown(pilot)
        await pilot.press("up", "up")
        assert tab.question.text == "draft"


async def test_another_model_answers_from_the_next_question_on(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("One."), Finish("stop"), None)
        await send(pilot, tab, "first")
        other = catalog.listing(pilot.app.session.tenant("acme"), ModelType.CHAT, "openai_compatible")[0]  # type: ignore[attr-defined]
        tab.set_model(other)
        model.says(TextDelta("Two."), Finish("stop"), None)
        await send(pilot, tab, "second")
        drawn = rows(pilot)
        assert drawn.index(" ▌ gpt-6-sol") < drawn.index(f" ▌ {other.id}")
        assert model.requests[1][0] == other.ref
        assert other.id in drawn[1]
        assert [message.text for message in model.requests[1][1]] == ["first", "One.", "second"]


async def test_the_answer_is_sent_to_the_clipboard_without_claiming_success() -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "hello")
        await pilot.press("escape", "c")
        assert pilot.app.clipboard == str(tab.session.history.entries[0].turn.answers[0].text)
        sentence = f"Sent to your terminal's clipboard, {len(pilot.app.clipboard)} characters."
        await until_shown(pilot, sentence)


async def test_the_chat_is_saved_as_markdown_for_its_owner_alone(tmp_path: Path, model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("One **b**."), Finish("stop"), None)
        await send(pilot, tab, "first")
        await pilot.press("escape", "s")
        await until_shown(pilot, "Playground › save")
        path = tmp_path / "chat.md"
        field = pilot.app.screen.query_one("LineField")
        field.value = str(path)  # type: ignore[attr-defined]
        await pilot.press("enter", "enter")
        await until(pilot, lambda: path.exists())
        assert path.read_text() == "## You\n\nfirst\n\n## openai/gpt-6-sol\n\nOne **b**.\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert tab.session.history.saved


async def test_a_new_chat_asks_where_the_old_one_was_not_saved(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("One."), Finish("stop"), None)
        await send(pilot, tab, "first")
        await pilot.press("escape", "n")
        await until_shown(pilot, "This chat is not saved")
        await pilot.press("enter")
        await until_shown(pilot, "One.")
        await pilot.press("n")
        await until_shown(pilot, "This chat is not saved")
        await pilot.press("down", "enter")
        await until_shown(pilot, "Ask gpt-6-sol something.")
        assert pilot.app.focused is tab.question
        model.says(TextDelta("Two."), Finish("stop"), None)
        await send(pilot, tab, "second")
        assert [message.text for message in model.requests[1][1]] == ["second"]


async def test_find_marks_the_place_above_and_escape_goes_back(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("needle\n\n" + "hay\n\n" * 40), Finish("stop"), None)
        await send(pilot, tab, "first")
        await pilot.press("escape", "slash", *"NEEDLE")
        await until(pilot, lambda: any("needle" in row for row in rows(pilot)))
        await until_shown(pilot, "]  1 of 1")
        await pilot.press("x")
        await until_shown(pilot, "not found")
        await pilot.press("escape")
        assert pilot.app.focused is tab.transcript


async def test_scrolled_up_the_rule_counts_the_lines_below_and_end_follows(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("line\n\n" * 40))
        tab.question.set_text("first")
        await pilot.press("enter")
        await until(pilot, lambda: tab.transcript.rows_below == 0 and "line" in shown(pilot))
        await pilot.press("pageup")
        assert " lines below · end: follow" in rows(pilot)[20]
        assert "answering" in rows(pilot)[20]
        model.says(TextDelta("end"), Finish("stop"), None)
        await over(pilot, tab)
        assert " end" not in rows(pilot)
        await pilot.press("end")
        assert rows(pilot)[19].endswith("end")
        assert "below" not in rows(pilot)[20]


async def test_ctrl_j_makes_new_lines_and_the_field_grows_to_six() -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("a", "ctrl+j", "b")
        assert tab.question.text == "a\nb"
        assert tab.question.size.height == 2
        tab.question.set_text("\n".join("abcdefgh"))
        await pilot.press("ctrl+j")
        await pilot.pause()
        assert tab.question.size.height == 6
        assert not tab.session.history.entries
        assert len(rows(pilot)) == 24 and rows(pilot)[23].startswith(" enter send")


async def test_up_in_the_first_line_brings_questions_back_and_down_what_was_typed(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        for question in ("one", "two"):
            model.says(TextDelta("."), Finish("stop"), None)
            await send(pilot, tab, question)
        await pilot.press(*"draft", "up")
        assert tab.question.text == "two"
        await pilot.press("up", "up")
        assert tab.question.text == "one"
        await pilot.press("down", "down")
        assert tab.question.text == "draft"


async def test_pasted_lines_are_text_and_a_megabyte_is_refused_with_a_sentence() -> None:
    async with open_chat() as (pilot, tab):
        tab.question.post_message(events.Paste("one\ntwo\n\x1b[31mthree\n"))
        await pilot.pause()
        assert tab.question.text == "one\ntwo\n[31mthree\n"
        assert not tab.session.history.entries
        tab.question.post_message(events.Paste("x" * BIG))
        await until_shown(pilot, f"The paste has 1,000,000 characters; a question takes up to {LIMIT:,}.")
        assert tab.question.text == "one\ntwo\n[31mthree\n"


async def test_no_default_says_what_to_do_and_keeps_the_question() -> None:
    async def setup(session: Any) -> None:
        await defaults.clear(session.tenant("acme"), ModelType.CHAT)

    async with open_chat(setup=setup) as (pilot, tab):
        await until(pilot, lambda: "   No default chat model yet." in rows(pilot))
        await until(pilot, lambda: "   ctrl+o picks one for this chat; f4 sets the default." in rows(pilot))
        await pilot.press(*"hello", "enter")
        assert tab.question.text == "hello"
        await until_shown(pilot, "   No default chat model yet; ctrl+o picks one for this chat.")


async def test_the_first_question_of_a_locked_tenant_asks_for_the_passphrase_and_goes_on() -> None:
    async with open_chat("north-lab") as (pilot, tab):
        await pilot.press(*"hello", "enter")
        await until_shown(pilot, "Next: send your question to openai/")
        await pilot.press(*"practice", "enter")
        await until_shown(pilot, "I am a practice model.")
        await over(pilot, tab)


async def test_escape_at_the_passphrase_gives_the_question_back() -> None:
    async with open_chat("north-lab") as (pilot, tab):
        await pilot.press(*"hello", "enter")
        await until_shown(pilot, "Next: send")
        await pilot.press("escape")
        await until(pilot, lambda: tab.question.text == "hello")
        assert not tab.session.history.entries


async def test_locking_hides_the_chat_and_opening_brings_it_back() -> None:
    async def setup(session: Any) -> None:
        from tui.secret import Secret

        await tenants.unlock(session.tenant("north-lab"), Secret("practice"))

    async with open_chat("north-lab", setup=setup) as (pilot, tab):
        await send(pilot, tab, "hello")
        await pilot.press(*"half", "escape", "L")
        await until_shown(pilot, "north-lab is locked; the chat is hidden.")
        assert "practice model" not in shown(pilot)
        await pilot.press("i", "enter")
        await until_shown(pilot, "Next: send")
        await pilot.press(*"practice", "enter")
        await until(pilot, lambda: len(tab.session.history.entries) == 2)
        await over(pilot, tab)
        await pilot.press("escape", "g")
        await until_shown(pilot, "I am a practice model.")


async def test_leaving_the_area_lets_the_answer_go_on(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        tab.question.set_text("one")
        await pilot.press("enter")
        await until(pilot, lambda: model.requests)
        await pilot.press("f3")
        await until_shown(pilot, "[2 Models]" if "[2 Models]" in shown(pilot) else "Models")
        await until_shown(pilot, "Playground …")
        model.says(TextDelta("There you are."), Finish("stop"), None)
        await until(pilot, lambda: not tab.busy)
        await until(pilot, lambda: "Playground …" not in shown(pilot))
        await pilot.press("escape", "4")
        await until_shown(pilot, "There you are.")


async def test_plain_keys_type_in_the_field() -> None:
    async with open_chat() as (pilot, tab):
        keys = "irq?:/04L"
        await pilot.press(*keys)
        assert tab.question.text == keys
        assert isinstance(pilot.app.screen, Playground)


async def test_the_cursor_does_not_blink_and_a_chat_at_rest_draws_nothing(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("One."), Finish("stop"), None)
        await send(pilot, tab, "first")
        assert not tab.question.cursor_blink
        assert tab._drawing._timer is None
        assert not tab.workers._workers


async def test_hostile_answers_are_text(model: Model) -> None:
    hostile = "\x1b]52;c;eA==\x07 [/4] [@click=app.quit]x[/] \x9b31m \u202eabc " + "y" * 50_000
    async with open_chat() as (pilot, tab):
        model.says(TextDelta(hostile), Finish("stop"), None)
        await send(pilot, tab, "\x1b[31m[/x]")
        await pilot.press("escape", "g")
        await until_shown(pilot, "[/4] [@click=app.quit]x[/]")
        assert not set(shown(pilot)) & set("\x1b\x9b\u202e\x07")


async def test_no_row_is_wider_than_the_window_and_the_field_is_always_there() -> None:
    from rich.cells import cell_len

    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "Why is the sky blue? 为什么天空是蓝色的？")
        async for columns, height in windows(pilot, (40, 10), (60, 15), (100, 30), (120, 40)):
            drawn = rows(pilot)
            assert len(drawn) == height
            assert drawn[-2 if height < 16 else -3].startswith(" >")
            assert drawn[-1].endswith("f1 help")
            assert all(cell_len(row) <= columns for row in drawn)


async def test_from_100_columns_the_figures_stand_next_to_the_chat() -> None:
    async with open_chat(size=(120, 40)) as (pilot, tab):
        await send(pilot, tab, "hello")
        text = shown(pilot)
        for words in (
            "│ Parameters",
            "│ system prompt",
            "│ This answer",
            "│ ended           normally",
            "│ questions       1",
        ):
            assert words in text
        keys = "enter send  ctrl+j new line  ctrl+r regenerate  ctrl+g edit  ctrl+o model  ctrl+n new"
        assert rows(pilot)[38].startswith(f" {keys}") and rows(pilot)[39].endswith("esc commands  f1 help")
        assert re.match(r"── [\d.]+ s ─", rows(pilot)[36])
        # Escape leaves a parameter to where it was opened from, and the footer says which that is.
        await pilot.press("tab")
        await until_shown(pilot, "esc back to typing")
        await pilot.press("escape", "escape")
        await until_shown(pilot, "KEYS")
        await pilot.press("p")
        await until_shown(pilot, "esc commands")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.focused is tab.transcript)


async def test_an_error_of_our_own_ends_the_answer_and_not_the_program(model: Model) -> None:
    async with open_chat() as (pilot, tab):
        model.says(TextDelta("Half"), ValueError("a fault of the model"))
        await send(pilot, tab, "one")
        await until_shown(pilot, "■ connection lost, the answer is incomplete")
        assert "a fault of the model" not in shown(pilot)
        model.says(TextDelta("Whole"), Finish("stop"), None)
        await send(pilot, tab, "two")
        await until_shown(pilot, "Whole")


async def test_quitting_asks_first_while_a_chat_is_not_saved_wherever_one_is(tmp_path: Path) -> None:
    async with open_chat() as (pilot, tab):
        await pilot.press("escape", "q")
        await pilot.pause()
        assert not pilot.app.is_running or pilot.app.return_code == 0
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "hello")
        await pilot.press("escape", "1")
        await until_shown(pilot, "── Providers")
        await pilot.press("q")
        await until_shown(pilot, "The chat of acme is not saved. ctrl+s saves it in the playground.")
        await pilot.press("enter")
        await until(pilot, lambda: "is not saved" not in shown(pilot))
        assert pilot.app.is_running
        await pilot.press("0")
        await until_shown(pilot, "north-lab")
        await pilot.press("ctrl+q")
        await until_shown(pilot, "The chat of acme is not saved.")


async def test_quitting_asks_nothing_once_the_chat_is_saved(tmp_path: Path) -> None:
    async with open_chat() as (pilot, tab):
        await send(pilot, tab, "hello")
        await pilot.press("escape", "s")
        await until_shown(pilot, "Save to a file")
        await pilot.press("ctrl+u")
        pilot.app.focused.value = str(tmp_path / "chat.md")  # type: ignore[union-attr]
        await pilot.press("enter", "enter")
        await until(pilot, lambda: tab.session.history.saved)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_switching_tabs_by_a_plain_key_goes_on_acting_and_by_a_function_key_goes_on_typing() -> None:
    async with console() as pilot:
        await pilot.press("4")
        await until(pilot, lambda: rows(pilot)[-3].endswith(" TYPE") or "TYPE" in shown(pilot))
        await pilot.press("escape", "t", "t")
        await until_shown(pilot, "[Speech-to-text]")
        await until_shown(pilot, " KEYS")
        await pilot.press("t")
        await until_shown(pilot, "[Compare]")
        await pilot.press("B")
        await until_shown(pilot, "── Playground › batch ")
        await pilot.press("escape", "t")
        await until_shown(pilot, "[Chat]")
        await until_shown(pilot, " KEYS")
        await pilot.press("f5", "i", "f5")
        await until_shown(pilot, "[Speech-to-text]")
        await until_shown(pilot, " TYPE")
