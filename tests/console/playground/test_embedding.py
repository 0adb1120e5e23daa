"""The embedding tab: texts are typed or pasted one a line, and what comes is drawn as a map, kept, copied and saved."""

import json
from asyncio import Event as Signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, rows, screen_of, shown, until, until_shown, windows
from tests.providers.registry import register
from tui.console.playground.embedding.heatmap import Heatmap, plan
from tui.console.playground.embedding.nearest import NearestLines, match_rows
from tui.console.playground.embedding.tab import EmbeddingTab
from tui.console.playground.embedding.to_file import EmbedFile
from tui.console.widgets.static_text import line
from tui.console.widgets.text_area import LinesField
from tui.console.widgets.truncate import width
from tui.domain import ModelType
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.events import Usage, Vectors
from tui.tenancy import models
from tui.workspace.playground import calls

TEXTS = (
    "The sky is blue because short waves of light scatter more than long ones.",
    "Why does the sky look blue?",
    "Rayleigh scattering of sunlight",
    "Where do I find my invoice?",
    "我在哪里可以找到发票？",
    "Change the billing address",
    "A cat sleeps on the warm roof",
    "The cat naps up on the roof",
)


async def open_embedding(pilot: Pilot[str], ref: str = "openai/text-embedding-3-small") -> EmbeddingTab:
    """The tab with a model."""
    app = app_of(pilot)
    await app.navigator.open_playground(
        ModelType.EMBEDDING, models.find(app.navigator.tenant_session, ref, ModelType.EMBEDDING) if ref else None
    )
    await pilot.pause()
    return app.screen.query_one(EmbeddingTab)


async def embed(pilot: Pilot[str], *texts: str) -> EmbeddingTab:
    """The tab with a result for these texts."""
    tab = await open_embedding(pilot)
    before = tab.compared
    if before is not None:
        await pilot.press("i")
    tab.query_one(LinesField).text = "\n".join(texts)
    assert tab.unsaved() == "The texts that you wrote are not embedded."
    await pilot.press("enter")
    await until(pilot, lambda: tab.compared is not before and not pilot.app.screen.typing)  # type: ignore[attr-defined]
    await pilot.pause()
    assert not tab.unsaved()
    return tab


def answering(monkeypatch: pytest.MonkeyPatch, *events: Any) -> None:
    """Have these events come instead of a call; one that is an exception is raised, a signal waited for."""

    async def send(*_: Any) -> AsyncIterator[Any]:
        for event in events:
            if isinstance(event, Exception):
                raise event
            if isinstance(event, Signal):
                await event.wait()
            else:
                yield event

    monkeypatch.setattr(calls, "send", send)


async def test_it_opens_in_typing_and_says_what_to_write() -> None:
    async with console() as pilot:
        await open_embedding(pilot)
        lines = rows(pilot)
        assert lines[0].endswith("f2 Providers  f3 Models  f4 Defaults  [f5 Playground]")
        assert lines[1] == "── Chat  [Embedding]  Speech-to-text  Compare ─ text-embed…3-small · your key ──"
        assert lines[3] == "   One text per line; two or more are compared."
        assert lines[-1] == " enter send  ctrl+j next  ctrl+o model  ctrl+t params  esc commands  f1 help"


async def test_pasted_lines_are_texts_and_a_paste_sends_nothing() -> None:
    async with console() as pilot:
        tab = await open_embedding(pilot)
        from textual import events

        tab.query_one(LinesField).post_message(events.Paste("\n".join(TEXTS) + "\n"))
        await until_shown(pilot, " 8 texts ──")
        assert tab.texts == list(TEXTS)
        assert tab.compared is None


async def test_ctrl_j_is_the_next_text_and_plain_keys_type() -> None:
    async with console() as pilot:
        tab = await open_embedding(pilot)
        await pilot.press(*"mt", "ctrl+j", *"rs1")
        assert tab.texts == ["mt", "rs1"]
        await pilot.press("enter")
        await until(pilot, lambda: tab.compared is not None)


async def test_eight_texts_give_the_map_as_drawn() -> None:
    async with console() as pilot:
        await embed(pilot, *TEXTS)
        lines = rows(pilot)
        assert lines[2].startswith("   8 texts · 1,536 dimensions · ")
        assert lines[4] == "                                         1   2   3   4   5   6   7   8   norm"
        assert lines[5].startswith(" ▸ 1 The sky is blue because short …     ·  ░")
        assert lines[9].startswith("   5 我在哪里可以找到发票？              ")
        assert lines[11].endswith("▓65  1.00")
        assert lines[12].endswith("▓65  ·   1.00")
        assert lines[14].startswith("   nearest   7–8  0.65    ")
        assert lines[15].startswith("   furthest  ")
        assert lines[-5] == "── cosine × 100 ───────────────────────── █ 80 and up  ▓ 60  ▒ 40  ░ 20 ── KEYS"
        assert lines[-4] == f"   1 {TEXTS[0]}"
        assert lines[-3].startswith("   nearest: 2 (0.")
        assert lines[-2] == " i type  r embed again  m model  p params  c copy  s save  x scatter"
        assert lines[-1] == " = two models  n nearest  t next type  ? help"
        async for _ in windows(pilot, (60, 20)):
            await until(pilot, lambda: rows(pilot)[4].endswith(" norm") and rows(pilot)[5].startswith(" ▸ 1 The"))


async def test_the_row_and_the_column_of_the_cursor_are_marked_by_reverse_numbers() -> None:
    async with console() as pilot:
        await embed(pilot, *TEXTS)
        await pilot.press("down")
        await pilot.pause()
        strips = pilot.app.screen._compositor.render_strips()
        marked = [
            (y, segment.text)
            for y in range(4, 13)
            for segment in strips[y]
            if segment.style and segment.style.reverse and segment.text.strip()
        ]
        assert marked == [(4, "2"), (6, "2")]
        assert rows(pilot)[-4] == f"   2 {TEXTS[1]}"


async def test_enter_sorts_by_nearness_to_the_text_and_back() -> None:
    async with console() as pilot:
        tab = await embed(pilot, *TEXTS)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert tab.query_one(Heatmap).order[:3] == [1, 0, 7]
        assert rows(pilot)[5].startswith(" ▸ 2 Why does the sky look blue?")
        await pilot.press("enter")
        await pilot.pause()
        assert tab.query_one(Heatmap).order == list(range(8))
        assert rows(pilot)[6].startswith(" ▸ 2 ")


async def test_two_texts_give_one_number_and_one_gives_its_first_numbers() -> None:
    async with console() as pilot:
        await embed(pilot, *TEXTS[-2:])
        await until_shown(pilot, "   cosine    0.65")
        assert "░" not in shown(pilot)
        await embed(pilot, "a cat")
        await until_shown(pilot, "1 text · 1,536 dimensions")
        await until_shown(pilot, "its first values")
        await until_shown(pilot, "more; s saves them all.")


async def test_fourteen_columns_fit_and_more_scroll_sideways() -> None:
    async with console() as pilot:
        await embed(pilot, *(f"text number {n} about {n * n}" for n in range(20)))
        assert plan(80, 20).columns == 14
        assert rows(pilot)[4].split() == [*(str(n) for n in range(1, 15)), "norm"]
        await pilot.press("right", "right")
        await pilot.pause()
        assert rows(pilot)[4].split() == [*(str(n) for n in range(3, 17)), "norm"]
        await pilot.press(*["right"] * 9, "left")
        await pilot.pause()
        assert rows(pilot)[4].split() == [*(str(n) for n in range(6, 20)), "norm"]


async def test_more_than_sixty_texts_give_the_nearest_pairs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = tuple((1.0, n / 100) for n in range(61))
    answering(monkeypatch, Vectors(0, vectors), Usage(61))
    async with console() as pilot:
        await embed(pilot, *(f"text number {n}" for n in range(61)))
        lines = rows(pilot)
        assert lines[4] == "   nearest pairs of 1,830"
        assert lines[5].startswith(" ▸ 60–61    1.00  text number 59")
        assert lines[-4] == "   60 text number 59"
        assert lines[-3] == "   61 text number 60"


async def test_a_vector_of_another_length_is_shown_in_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, Vectors(0, ((1.0, 0.0), (1.0, 0.0, 0.0), (0.6, 0.8), (0.0, 0.0))))
    async with console() as pilot:
        await embed(pilot, "one", "two", "three", "four")
        lines = rows(pilot)
        assert "▲ Text 2 has a different length." in lines[6]
        assert "▲ Text 4 has an all-zero vector." in lines[8]
        assert "▒60  1.00" in lines[5] or "▓60" in lines[5]


async def test_keys_typed_until_the_vectors_come_go_on_typing(monkeypatch: pytest.MonkeyPatch) -> None:
    arrived = Signal()
    answering(monkeypatch, arrived, Vectors(0, ((1.0, 0.0),)))
    async with console() as pilot:
        tab = await open_embedding(pilot)
        await pilot.press(*"one", "enter")
        await until_shown(pilot, "── … embedding 0 of 1")
        await pilot.press("ctrl+j", "s")
        arrived.set()
        await until(pilot, lambda: tab.compared is not None)
        await pilot.press(*"ix")
        await until(pilot, lambda: tab.texts == ["one", "six"])
        await until_shown(pilot, " TYPE")


async def test_escape_stops_and_keeps_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, Vectors(0, ((1.0,), (0.5,))), Signal())
    async with console() as pilot:
        tab = await open_embedding(pilot)
        tab.query_one(LinesField).text = "one\ntwo\nthree"
        await pilot.press("enter")
        await until_shown(pilot, "── … embedding 2 of 3")
        assert rows(pilot)[-1] == " ctrl+c stop  esc commands  f1 help"
        await pilot.press("escape")
        await until(pilot, lambda: rows(pilot)[-1] == " esc stop  ? help")
        await pilot.press("escape")
        await until_shown(pilot, "── stopped after ")
        assert tab.texts == ["one", "two", "three"]
        assert tab.compared is None


async def test_a_problem_stands_in_its_place_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    async with console() as pilot:
        tab = await embed(pilot, *TEXTS[:3])
        answering(monkeypatch, Problem("OpenAI is too busy.", "Wait.", "OpenAI says: [red]slow[/] down"))
        await pilot.press("r")
        await until_shown(pilot, "▲ OpenAI is too busy.")
        await until_shown(pilot, "OpenAI says: [red]slow[/] down")
        await until_shown(pilot, "   3 texts · 1,536 dimensions")
        assert tab.texts == list(TEXTS[:3])


async def test_a_model_that_was_removed_says_so() -> None:
    async with console() as pilot:
        tab = await open_embedding(pilot, "")
        assert tab.model is not None
        assert tab.model.gone
        tab.query_one(LinesField).text = "one"
        await pilot.press("enter")
        await until_shown(pilot, "▲ ")
        assert tab.texts == ["one"]


async def test_without_a_model_it_says_how_one_is_picked() -> None:
    async with console(tenant="customer-emea-production-cluster-reasoning-and-embeddings-07") as pilot:
        tab = await open_embedding(pilot, "")
        assert tab.model is None
        await pilot.press("a", "enter")
        await until_shown(pilot, "▲ No default embedding model yet.")
        assert tab.texts == ["a"]


async def test_a_locked_tenant_asks_for_the_passphrase_and_goes_on() -> None:
    async with console(tenant="north-lab") as pilot:
        tab = await open_embedding(pilot)
        await pilot.press("a", "ctrl+j", "b", "enter")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "Unlock")
        await pilot.press(*"practice", "enter")
        await until(pilot, lambda: tab.compared is not None)
        await pilot.press("L")
        await until_shown(pilot, "north-lab is locked.")
        assert "cosine    " not in shown(pilot)


async def test_it_is_saved_as_json_and_csv_and_copied_as_a_table(tmp_path: Path) -> None:
    async with console() as pilot:
        tab = await embed(pilot, *TEXTS[:3])
        assert tab.compared is not None
        data = json.loads(tab.compared.as_json("openai/text-embedding-3-small"))
        assert data["dimensions"] == 1536
        assert [text["text"] for text in data["texts"]] == list(TEXTS[:3])
        assert len(tab.compared.as_csv().splitlines()) == 4
        await pilot.press("s")
        await until_shown(pilot, "( ) CSV")
        await pilot.press("escape", "c")
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard.startswith(f"{TEXTS[0]}\t1.0000\t0.")


async def test_hostile_text_is_drawn_as_text() -> None:
    async with console() as pilot:
        tab = await open_embedding(pilot)
        from textual import events

        tab.query_one(LinesField).post_message(events.Paste("\x1b[31mred\x1b]0;x\x07\n[bold]b[/] [/x]\n\u202eback"))
        await until(pilot, lambda: len(tab.texts) == 3)
        await pilot.press("enter")
        await until(pilot, lambda: tab.compared is not None)
        await pilot.pause()
        await until_shown(pilot, "[31mred]0;x")
        await until_shown(pilot, "[bold]b[/] [/x]")
        assert "\x1b" not in shown(pilot)
        assert "\u202e" not in shown(pilot)


async def test_a_paste_of_more_than_a_megabyte_is_left_out_with_a_sentence() -> None:
    async with console() as pilot:
        tab = await open_embedding(pilot)
        from textual import events

        tab.query_one(LinesField).post_message(events.Paste("x" * 1_000_001))
        await until_shown(pilot, "▲ The paste has 1,000,001 characters, too many. Nothing was pasted.")
        assert tab.query_one(LinesField).text == ""


async def test_more_texts_than_are_compared_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, AssertionError("sent"))
    async with console() as pilot:
        tab = await open_embedding(pilot)
        tab.query_one(LinesField).text = "\n".join(f"t{n}" for n in range(301))
        await pilot.press("enter")
        await until_shown(pilot, "▲ You entered 301 texts; up to 300 can be compared.")


async def test_no_row_is_wider_than_the_window() -> None:
    from tui.console.widgets.truncate import width

    async with console() as pilot:
        await embed(pilot, *TEXTS)
        async for columns, _ in windows(pilot, (40, 10), (80, 24), (120, 40)):
            assert all(width(line) <= columns for line in rows(pilot))
            assert rows(pilot)[-1].endswith("? help")


async def test_a_model_that_distinguishes_questions_learns_what_the_lines_are(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[bool] = []

    async def send(*_: Any) -> AsyncIterator[Any]:
        yield Vectors(0, ((1.0, 0.0),))

    def prepare(session: Any, model: Any, texts: Any, query: bool, **_: Any) -> tuple[None, None]:
        requests.append(query)
        return None, None

    monkeypatch.setattr(calls, "embed_call", prepare)
    monkeypatch.setattr(calls, "send", send)
    async with console() as pilot:
        tab = await open_embedding(pilot, "openai/text-embedding-ada-002")
        await pilot.press("escape", "p")
        assert "p params" not in shown(pilot) and pilot.app.screen is tab.screen
        register(monkeypatch, replace(PROVIDERS["openai"], distinguishes_queries=True))
        tab.refresh_chrome()
        await until_shown(pilot, "p params")
        await pilot.press("p")
        await until_shown(pilot, "These lines are")
        await pilot.press("right", "enter", "enter")
        await until_shown(pilot, "── queries, one per line ──")
        await pilot.press("i")
        tab.query_one(LinesField).text = "Why is the sky blue?"
        await pilot.press("enter")
        await until(pilot, lambda: tab.compared is not None)
        assert requests == [True]


async def test_vectors_are_shortened_scattered_searched_and_compared_with_another_model(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(TEXTS[3:]) + "\n\nThe sky is blue\n")
    async with console() as pilot:
        await open_embedding(pilot)
        await pilot.press("escape", "x")
        await until_shown(pilot, "Three embedded texts are needed.")
        await pilot.press("p", *"9999", "enter", "enter")
        await until_shown(pilot, "▲")
        await pilot.press("ctrl+u", *"256", "enter", "enter")
        await until_shown(pilot, "256 dimensions ──")
        await pilot.press("i")
        await embed(pilot, *TEXTS)
        await until_shown(pilot, "8 texts · 256 dimensions")
        await pilot.press("x")
        await until_shown(pilot, "Scatter: openai/text-embedding-3-small")
        await until_shown(pilot, " 1 – 18 of 18 ──")
        await until(pilot, lambda: any("\u2800" < sign <= "\u28ff" for sign in shown(pilot)))
        await pilot.press("escape", "=")
        await until_shown(pilot, "text-embedding-3-large")
        await pilot.press(*"3-large", "enter")
        await until_shown(pilot, "Rank correlation of all pairs")
        await until_shown(pilot, "B openai/text-embedding-3-large")
        await pilot.press("escape", "n")
        await until_shown(pilot, "Embedding › nearest lines")
        page = screen_of(pilot, NearestLines)
        page._search.focus()
        await pilot.press("enter")
        await until_shown(pilot, "Type the path of a file, and a query.")
        page._path.field.value = str(path)
        await until_shown(pilot, "6 lines.")
        page._path.field.focus()
        await pilot.press("enter")
        await until(pilot, lambda: page._query.field.has_focus)
        page._query.field.value = "Why does the sky look blue?"
        await pilot.press("enter")
        await until(pilot, lambda: page._search.has_focus)
        await pilot.press("enter")
        await until_shown(pilot, "cosine    line")
        first = next(row for row in rows(pilot) if "The sky is blue" in row)
        assert first.split()[1] == "7", "the number of the line counts blank ones"
        vectors = page._documents[1]
        page._search.focus()
        await pilot.press("enter")
        await until(pilot, lambda: page._query.field.has_focus)
        assert page._documents[1] is vectors, "the lines of the file are embedded once"
        page.hide_when_locked()
        await until_shown(pilot, "The tenant is locked; the lines are hidden.")
        await pilot.press("escape")
        await until_shown(pilot, "The query that you wrote was not searched for.")
        await pilot.press("y", "B")
        await until_shown(pilot, "Embedding › file")
        file = screen_of(pilot, EmbedFile)
        file._start.focus()
        await pilot.press("enter")
        await until_shown(pilot, "Type the path of a file of texts, and one for the vectors.")
        file._path.field.value = str(path)
        await until_shown(pilot, "6 lines.")
        await until(pilot, lambda: file._output.value == str(tmp_path / "lines.vectors.npy"))
        file._path.field.focus()
        await pilot.press("enter")
        await until(pilot, lambda: file._output.field.has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: file._start.has_focus)
        await pilot.press("enter")
        await until_shown(pilot, "6 vectors are in")
        assert (tmp_path / "lines.vectors.npy").read_bytes().startswith(b"\x93NUMPY")
        await pilot.press("enter")
        await until_shown(pilot, "lines.vectors.npy already exists.")


async def test_the_scatter_is_next_to_the_map_on_a_wide_window() -> None:
    async with console(size=(120, 40)) as pilot:
        tab = await embed(pilot, *TEXTS)
        await until(pilot, lambda: any("\u2800" < sign <= "\u28ff" for sign in shown(pilot)))
        assert max(map(width, rows(pilot))) <= 120 and tab.query_one(Heatmap).size.width < 80
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: not any("\u2800" < sign <= "\u28ff" for sign in shown(pilot)))


def test_a_long_line_of_a_file_has_a_column_of_its_own() -> None:
    drawn = [line(row).plain for row in match_rows([(0.5, 4, "long " * 30), (-0.1, 12, "寬字" * 40)], 60)]
    assert drawn[1].startswith("    0.500       4  long long")
    assert all(row.startswith(" " * 19) for row in (drawn[2], drawn[-1]))
    assert max(map(width, drawn)) <= 60
