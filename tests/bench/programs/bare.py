"""The least Textual program: a line of text, an input, a footer. What any first paint is held against."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, Input, Static


class Bare(App[None]):
    """Shows READY."""

    def compose(self) -> ComposeResult:
        yield Static("READY")
        yield Input()
        yield Footer()


Bare().run()
