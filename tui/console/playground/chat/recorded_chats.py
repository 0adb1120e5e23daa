"""The page of recorded chats: newest first; what is typed searches in all their texts."""

import asyncio
import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui.console.frame.chrome import STRIP, ScreenText
from tui.console.frame.screen import PageScreen
from tui.console.keys import bind, hint
from tui.console.pages.save_file import Save
from tui.console.playground.chat.history_settings import HistorySettingsPage
from tui.console.remedies import problem_hint
from tui.console.widgets.filter_bar import Filter
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.row_list import Draw, Lazy, Rows, text_item
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.console.widgets.truncate import fit
from tui.errors import Problem
from tui.sanitize import one_line
from tui.tenancy.timestamps import short_time
from tui.workspace.history import chats
from tui.workspace.history.index import HistoryIndex, Summary
from tui.workspace.history.records import StoredChat
from tui.workspace.history.settings import settings

_TITLE = "Playground › recorded chats"


class RecordedChats(PageScreen[StoredChat]):
    """Answers with the chat to go on with. The tenant is unlocked when it opens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("focus.down", "move(1)"),
        bind("focus.up", "move(-1)"),
        bind("list.page-down", "page(1)"),
        bind("list.page-up", "page(-1)"),
        bind("chats.filter", "filter"),
        bind("chats.rename", "rename"),
        bind("chats.remove", "remove"),
        bind("chats.save", "save"),
        bind("chats.settings", "settings"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._index: HistoryIndex | None = None
        self._matches: list[Summary] = []
        self._by_id: dict[str, Summary] = {}
        self._progress = (0, 0)
        self._problem: Problem | None = None

    def content(self) -> Iterable[Widget]:
        yield Filter("chats.filter", keeps_focus=True, id="filter")
        yield Rows(id="chats", driven=True)

    def on_mount(self) -> None:
        self.query_one(Filter).field.focus()
        self._show()
        self.set_interval(0.5, self._show_progress)
        self.run_guarded(self._open(), "open")

    async def _open(self) -> None:
        session = self.navigator.tenant_session
        self._index = await asyncio.to_thread(chats.open_history, session, self._count)
        self._show()

    def _count(self, number: int, of: int) -> None:
        """Take the progress from the worker thread."""
        self._progress = (number, of)

    def _show_progress(self) -> None:
        if self._index is None and self._problem is None:
            self._show()

    def _show(self, key: str | None = None) -> None:
        words = self._words
        self._matches = self._index.search(" ".join(words)) if self._index else []
        self._by_id = {chat.id: chat for chat in self._matches}
        now = self.navigator.session.now()

        def draw_row(place: int) -> Draw:
            return partial(_draw, self._matches[place], now)

        nothing = [text_item("", text) for text in self._empty_message()]
        rows = Lazy([chat.id for chat in self._matches], draw_row) if self._matches else nothing
        self.query_one(Rows).show(rows, key)
        self.refresh_chrome()

    @property
    def _words(self) -> list[str]:
        return self.query_one(Filter).text.casefold().split()

    def _empty_message(self) -> tuple[str, ...]:
        if self._problem is not None:
            return self._problem.message, problem_hint(self._problem)
        if self._index is None:
            done, of = self._progress
            return (f"Reading chats: {done:,} of {of:,}" if of else "Reading chats …",)
        if self._words:
            return "No recorded chat has these words.", hint("{page.back} clears the search.")
        return "No chat is recorded yet.", "A chat is recorded from its first question on."

    @property
    def _chat(self) -> Summary | None:
        return self._by_id.get(self.query_one(Rows).key)

    def chrome(self) -> ScreenText:
        chat, filtered = self._chat, bool(self._words)
        total = len(self._index.chats) if self._index else 0
        acts = ("list.choose: go on", "chats.rename", "chats.remove", "chats.save") if chat else ()
        find = () if self.typing else ("chats.filter",)
        right = f"{len(self._matches):,} of {total:,}" if filtered else f"{total:,} chat{'' if total == 1 else 's'}"
        move = ("focus.up focus.down: move",) if chat else ()
        keys = (*acts, *move, *find, "chats.settings", "page.back: clear" if filtered else "page.back")
        return ScreenText(_TITLE, keys, right if self._index else "", strip=self._strip(chat))

    def _strip(self, chat: Summary | None) -> STRIP:
        if chat is None:
            state = settings(self.navigator.tenant_session)
            return ("Encrypted for the tenant's key pair, one file a chat.", f"Kept {state.words}." if state.on else "")
        if chat.finding:
            return line(PROBLEM, chat.finding), "The file is not as it was written; what opens is shown."
        around = chat.around(self._words)
        first = around or chat.title
        incomplete = " A session ended while writing its last line." if chat.incomplete else ""
        return first, f"{', '.join(chat.models)}{incomplete}"

    def on_rows_moved(self) -> None:
        self.refresh_chrome()

    def on_rows_chosen(self) -> None:
        if (chat := self._chat) is not None:
            self.run_guarded(self._resume(chat.id), "open")

    async def _resume(self, chat_id: str) -> None:
        self.dismiss(await asyncio.to_thread(chats.open_chat, self.navigator.tenant_session, chat_id))

    def on_filter_changed(self) -> None:
        self._show()
        self.query_one(Rows).action_end(False)

    def on_filter_done(self) -> None:
        self.on_rows_chosen()

    def action_filter(self) -> None:
        self.query_one(Filter).field.focus()

    def action_move(self, step: int) -> None:
        self.query_one(Rows).action_move(step)

    def action_page(self, direction: int) -> None:
        self.query_one(Rows).action_page(direction)

    def action_back(self) -> None:
        if self._words:
            self.query_one(Filter).clear()
        else:
            self.dismiss(None)

    def action_rename(self) -> None:
        if (chat := self._chat) is not None:
            self.run_guarded(self._rename(chat), "change")

    async def _rename(self, chat: Summary) -> None:
        title = await self.app.push_screen_wait(RenameChat(chat.title))
        if title is not None:
            await self._change(chat.id, partial(chats.rename, self.navigator.tenant_session, chat.id, title))

    def action_save(self) -> None:
        if (chat := self._chat) is not None:
            self.run_guarded(self._save(chat.id), "open")

    async def _save(self, chat_id: str) -> None:
        session = self.navigator.tenant_session
        chat = await asyncio.to_thread(chats.open_chat, session, chat_id)

        def text(kind: str) -> str:
            whole = json.dumps(chat.as_json(), ensure_ascii=False, indent=1) + "\n"
            return whole if kind == "json" else f"# {chat.title}\n\n{chat.conversation.as_markdown()}"

        path = await self.app.push_screen_wait(Save(f"chat-{chat_id}", {"md": "Markdown", "json": "JSON"}, text))
        if path is not None:
            form = "json" if path.suffix.lower() == ".json" else "markdown"
            await asyncio.to_thread(session.audit_best_effort, "chats exported", count=1, format=form)

    def action_settings(self) -> None:
        self.run_guarded(self._settings(), "change")

    async def _settings(self) -> None:
        session = self.navigator.tenant_session
        sentence = await self.app.push_screen_wait(HistorySettingsPage(settings(session)))
        if sentence is not None:
            self.dialogs.toast(sentence)
            self._index = await asyncio.to_thread(chats.open_history, session)
            self._show()

    def action_remove(self) -> None:
        if (chat := self._chat) is not None:
            self.run_guarded(self._remove(chat), "change")

    async def _remove(self, chat: Summary) -> None:
        lines = [one_line(chat.title, 60), "It cannot be brought back."]
        if await self.dialogs.ask("Remove the chat", lines, {"keep": "Keep", "remove": "Remove"}) == "remove":
            await self._change("", partial(chats.remove, self.navigator.tenant_session, [chat.id]))

    async def _change(self, key: str, change: Callable[[], object]) -> None:
        """Make a change in a thread, and show the list as it is afterwards."""
        await asyncio.to_thread(change)
        if self._index is not None:
            await asyncio.to_thread(self._index.refresh)
        self._show(key or None)

    def show_problem(self, problem: Problem) -> None:
        if self._index is None:
            self._problem = problem
            self._show()
        else:
            super().show_problem(problem)


def _draw(chat: Summary, now: str, cells: int) -> Content:
    sign = PROBLEM if chat.finding else "  "
    count = f"{chat.questions} question{'' if chat.questions == 1 else 's'}"
    title_cells = max(10, cells - 30)
    return line(
        sign,
        fit(chat.title, title_cells),
        "  ",
        (fit(count, 13), MUTED),
        (fit(short_time(chat.updated, now), 12), MUTED),
    )


class RenameChat(PageScreen[str]):
    """Answers with the new title."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._before = title
        self._row = FieldRow("title", "Title", title, help=("Blank for the first question.",))

    def content(self) -> Iterable[Widget]:
        with Form():
            yield Plain()
            yield self._row
            yield Plain()
            yield Button("Rename", id="rename", primary=True)

    def chrome(self) -> ScreenText:
        keys = ("field.next", "field.clear") if self.typing else ("form.press",)
        return ScreenText(f"{_TITLE} › rename", (*keys, "page.back"))

    def on_mount(self) -> None:
        self._row.field.cursor_position = len(self._row.value)
        self._row.field.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if self._row.value.strip() != self._before else ""

    def on_field_row_next(self) -> None:
        self.dismiss(self._row.value.strip())

    def on_button_pressed(self) -> None:
        self.dismiss(self._row.value.strip())
