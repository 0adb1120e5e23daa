"""Search for model IDs while typing, and suggestions for fields. Never moves the cursor."""

from typing import Any

from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker

from tui.console.frame.screen import FramedScreen, problem_lines
from tui.console.models.add_form import ID, ModelForm
from tui.console.models.search_results import SearchResults
from tui.console.remedies import problem_hint
from tui.errors import Problem
from tui.workspace.models import add

SEARCH_DELAY = 0.3
"""Seconds from the last key to the search."""

_MIN_LETTERS = 2


class ModelSearch:
    """The searches and offers of one form: one search at a time, for the text that the field has when it starts."""

    def __init__(self, screen: FramedScreen[Any], form: ModelForm) -> None:
        self._screen, self._form = screen, form
        self._timer: Timer | None = None
        self._search: Worker[None] | None = None
        self._accepted = form.model_id
        self._requests: dict[str, object] = {}

    def on_typing(self) -> None:
        """Search a moment after the last key."""
        if ID not in self._form.offered or self._form.model_id == self._accepted:
            return
        self._accepted = ""
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._screen.set_timer(SEARCH_DELAY, self._due)

    def accept_choice(self) -> None:
        """Take an ID that was chosen, not typed, without a search."""
        self._accepted = self._form.model_id

    def suggest(self) -> None:
        """Ask for suggestions when a field gets the focus, once for the same values."""
        offered = self._form.focused_results
        name = self._form.name_of(offered) if offered else ID
        if offered is None or name == ID or offered.list.has_focus:
            return
        values = {entry: value for entry, value in self._form.field_values.items() if entry != name}
        if self._requests.get(name) != values:
            self._requests[name] = values
            self._screen.run_worker(self._show_results(name, offered, values), group=f"offer-{name}", exclusive=True)

    def _due(self) -> None:
        self._timer = None
        if self._search is None or self._search.is_finished:
            self._search = self._screen.run_worker(self._run_search(), group="search", exit_on_error=False)

    async def _run_search(self) -> None:
        offered, text = self._form.offered[ID], None
        # What was typed meanwhile is searched next, unless more keys are awaited.
        while text != self._form.model_id and self._timer is None:
            text = self._form.model_id
            await self._search_for(offered, text)

    async def _search_for(self, offered: SearchResults, text: str) -> None:
        if len(text) < _MIN_LETTERS or text == self._accepted:
            offered.show(())
            return
        session, provider = self._screen.navigator.tenant_session, self._form.provider
        offered.searching(True)
        try:
            hits = await add.search(session, provider.id, text, self._form.kind)
        except Problem as problem:
            lines = problem_lines("Search is unavailable; type the full name.", problem.message)
            offered.show((), *lines)
        else:
            if text == self._form.model_id:
                offered.show(hits)
        finally:
            offered.searching(False)
        self._screen.refresh_chrome()

    async def _show_results(self, name: str, offered: SearchResults, values: dict[str, str]) -> None:
        session, provider = self._screen.navigator.tenant_session, self._form.provider
        offered.searching(True)
        try:
            hits = await add.suggestions(session, provider.id, name, values)
        except Problem as problem:
            offered.show((), *problem_lines(problem.message, problem_hint(problem)))
        else:
            offered.show(hits)
            # Your own name is put in. A required field is left to you: a guess there would be wrong data.
            required = any(field.required for field in provider.model_fields if field.name == name)
            if hits and not required and not hits[0].fields and not offered.row.value:
                # Nobody typed it, so what is said about the form stays.
                with offered.row.field.prevent(Input.Changed):
                    offered.row.field.value = hits[0].id
        finally:
            offered.searching(False)
        self._screen.refresh_chrome()
