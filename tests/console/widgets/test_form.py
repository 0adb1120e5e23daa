"""The signs that say that a form goes on above or below what is in sight."""

from textual.app import App, ComposeResult

from tui.console.widgets.form import Form
from tui.console.widgets.static_text import Plain


class _Page(App[None]):
    def compose(self) -> ComposeResult:
        yield Form(Plain("first\nsecond\nthird"), Plain(), Plain(" "))


async def test_a_form_whose_hidden_rows_are_blank_does_not_say_that_more_is_below() -> None:
    app = _Page()
    async with app.run_test(size=(20, 3)) as pilot:
        form = app.query_one(Form)
        await pilot.pause()
        assert form.virtual_size.height > 3 and form.hidden_below == ""
        await pilot.resize_terminal(20, 2)
        await pilot.pause()
        assert form.hidden_below == "↓ more below"
