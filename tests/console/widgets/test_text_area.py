"""The field of several lines, as it looks under each theme."""

from tests.console.pilot import console
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.widgets.text_area import LinesField


async def test_the_cursor_of_the_question_is_reverse_text_under_every_theme() -> None:
    session = practice_session(pace=0)
    session.config = Config(start="playground")
    async with console(session) as pilot:
        for theme in ("textual-light", "textual-dark", "ansi-dark"):
            pilot.app.theme = theme
            await pilot.pause()
            field = pilot.app.screen.query(LinesField).first()
            cursor, text = field.get_component_rich_style("text-area--cursor"), field.rich_style
            assert cursor.reverse and cursor.color == text.color, theme
