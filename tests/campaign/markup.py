"""Texts that look like markup, in the pieces of which every screen is made: they stay text, and nothing is raised."""

import asyncio
import random

from textual.content import Content
from textual.markup import MarkupError

from tests.campaign.figures import Result
from tests.console.pilot import console
from tui.console.app import Modeldeck
from tui.console.playground.chat.blocks import ProblemBlock, QuestionBlock
from tui.console.widgets.markdown.renderer import markdown_rows
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import TURN
from tui.console.widgets.truncate import fit
from tui.sanitize import one_line, printable

SIGNS = (
    *"[]/@\\$#=.'\" {}|<>*_`~\na",
    *("[/", "[/INST]", "[@click=app.quit]", "[red]", "[link=", "[[", "]]", "on "),
)
BATCH_SIZE = 100
SHORT = 8
"""Characters of a text that the control reads."""


def as_text(count: int, seed: int) -> Result:
    """That many texts through each kind of place; the control reads them as Textual does unless told otherwise."""
    return asyncio.run(_as_text(count, random.Random(seed)))


async def _as_text(count: int, chance: random.Random) -> Result:
    texts = ["".join(chance.choices(SIGNS, k=chance.randrange(1, 24))) for _ in range(count)]
    bad = [text for text in texts if not _is_unchanged(text)]
    async with console() as pilot:
        app = pilot.app
        assert isinstance(app, Modeldeck)
        plain = next(widget for widget in app.screen.query(Plain) if widget.display)
        for number, text in enumerate(texts):
            plain.show(text)
            bad += [] if _text_of(plain) == printable(text) else [text]
            if number % BATCH_SIZE == 0:
                app.dialogs.toast(text)
                asking = app.run_worker(app.dialogs.ask(text, [text], {"stay": text, "go": "Go"}))
                await pilot.pause()
                await pilot.press("escape")
                await asking.wait()
        bad += ["the console ended"] if app.crash is not None or not app.is_running else []
    # Textual's parser takes minutes for some texts of twenty signs.
    refused = sum(_refused_as_markup(text) for text in texts if len(text) <= SHORT)
    words = f"5 kinds of place each, {len(texts) // BATCH_SIZE or 1} as toasts and questions"
    details = f"; first: {bad[0]!r}" if bad else ""
    return Result(5 * count, len(bad), words + details, f"read as markup, {refused:,} raise an error", refused > 0)


def _is_unchanged(text: str) -> bool:
    """Whether a text is drawn as it is by what draws lines, questions, problems, cells and answers."""
    clean, short, cells = printable(text), one_line(text), 10_000
    markdown_rows(text, cells)
    shown = "\n".join(row.plain.removeprefix(f"{TURN} ") for row in QuestionBlock(text).rows(cells))
    drawn = "\n".join(row.plain for row in ProblemBlock("It failed.", detail=short, by="x").rows(cells))
    return (
        line((text, "bold")).plain == clean
        and "\n".join(line.rstrip() for line in clean.splitlines()).strip("\n") in shown
        and short in drawn
        and fit(short, cells).rstrip() == short
    )


def _text_of(widget: Plain) -> str:
    content = widget.content
    return content.plain if isinstance(content, Content) else str(content)


def _refused_as_markup(text: str) -> bool:
    try:
        Content.from_markup(text)
    except MarkupError:
        return True
    return False
