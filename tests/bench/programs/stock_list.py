"""Textual's own OptionList with as many names as a list of Modeldeck: stock_list.py COUNT. The key `o` opens it."""

import sys

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static


class Names(Screen[None]):
    """A list of names."""

    def compose(self) -> ComposeResult:
        yield OptionList(*(f"name-{number:05}" for number in range(int(sys.argv[1]))))
        yield Footer()


class Stock(App[None]):
    """Shows READY, and the list when it is asked for."""

    BINDINGS = [Binding("o", "open", "open")]  # noqa: RUF012 - as Textual declares it

    def compose(self) -> ComposeResult:
        yield Static("READY")
        yield Footer()

    def action_open(self) -> None:
        self.push_screen(Names())


Stock().run()
