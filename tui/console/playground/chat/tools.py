"""The page that offers a chat model tools: its calls are shown as a form, and you give their results.

Nothing is executed. A result is what is typed, or what a file holds.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from functools import cached_property
from pathlib import Path
from typing import Any

from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines, problem_text
from tui.console.playground.chat.messages import join
from tui.console.playground.chat.recording import ChatRecording
from tui.console.playground.path_field import PathField
from tui.console.remedies import problem_hint
from tui.console.trial_status import warn_of_budget, warn_of_trial
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ACCENT, ATTENTION, MUTED
from tui.console.widgets.text_viewer import Reader
from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.client.wire_log import WireLog
from tui.providers.events import Finish, TextDelta, ToolCall, ToolCalls
from tui.providers.requests import Message, Tool
from tui.sanitize import printable
from tui.workspace.playground import calls
from tui.workspace.playground.conversation import Answer, AnswerState, ToolRound
from tui.workspace.playground.path_completion import expand_home
from tui.workspace.playground.saved_prompts import SavedPrompt
from tui.workspace.playground.tools import check_arguments, format_call, read_result, read_tools

_FILE = "@"
"""How a result begins that is taken from a file."""
_MARGIN = "   "


def name_tools(path: Path) -> str:
    """Return the names of the tools that a file describes."""
    return ", ".join(tool.name for tool in read_tools(path))


class CallForm(Vertical):
    """A call with the field for its result."""

    DEFAULT_CSS = "CallForm { height: auto; margin-top: 1; } CallForm .call { height: auto; padding-left: 3; }"

    def __init__(self, call: ToolCall, number: int, tools: Sequence[Tool]) -> None:
        super().__init__()
        self.call = call
        fit = check_arguments(tools, call)
        self._words = line((format_call(call), ACCENT))
        self._wrong = "" if fit.valid else f"The arguments do not fit at {fit.path}: {fit.message}."
        self.result = FieldRow(f"result-{number}", "Result", help=("Typed, or @ and the path of a file.",))

    def compose(self) -> Iterable[Widget]:
        yield Plain(self._words, classes="call")
        if self._wrong:
            yield Plain((self._wrong, ATTENTION), classes="call")
        yield self.result


class ToolsPage(PageScreen[None]):
    """A file of tools and a question; then call by call, until the model answers."""

    DEFAULT_CSS = """
    ToolsPage Form { height: auto; max-height: 60%; padding-top: 1; }
    ToolsPage #calls, ToolsPage #wrong { height: auto; }
    ToolsPage Button { margin-top: 1; }
    """

    def __init__(
        self,
        model: Model,
        instructions: SavedPrompt,
        home: Path,
        question: str,
        record: Callable[[Model], WireLog],
        *,
        incognito: bool,
    ) -> None:
        super().__init__()
        self._incognito = incognito
        self._model, self._instructions, self._home, self._record = model, instructions, home, record
        self._path = PathField(
            "Tools",
            home,
            name_tools,
            missing="A JSON file: a list of tools with name, description and parameters.",
        )
        self._path.endings = ("json",)
        self._question, self._before = FieldRow("question", "Question", question), question
        self._calls = Vertical(id="calls")
        self._send = Button("Ask", id="send", primary=True)
        self._wrong = Plain(id="wrong")
        self._log: list[Words] = []
        self._tools: tuple[Tool, ...] = ()
        self._messages: tuple[Message, ...] = ()
        self._pending: tuple[str, ToolCalls] | None = None
        """The text and the calls of an answer that waits for results."""

    def content(self) -> Iterable[Widget]:
        with Form():
            yield self._path
            yield self._question
            yield self._calls
            yield self._send
        yield self._wrong
        yield Reader()

    def chrome(self) -> ScreenText:
        keys = self._path.form_keys(running=bool(self._send.activity), typing=self.typing)
        foot = join("nothing is executed", self._recording.word)
        return ScreenText("Chat › tools", keys, self._model.ref, foot=foot)

    @cached_property
    def _recording(self) -> ChatRecording:
        recording = ChatRecording(self.navigator.tenant_session, self.dialogs.toast)
        recording.incognito = self._incognito
        return recording

    def on_mount(self) -> None:
        self._path.field.focus()
        self._path.refresh_file()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._wrong.show("")
        if self._pending is not None and event.input in (self._path.field, self._question.field):
            # Another question begins anew.
            self._pending = None
            self._calls.remove_children()
            self._send.relabel("Ask")

    def on_path_field_completed(self) -> None:
        self._question.field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        fields = [self._path.row, self._question, *(form.result for form in self.query(CallForm))]
        place = fields.index(event.row) + 1
        (fields[place].field if place < len(fields) else self._send).focus()

    def on_button_pressed(self) -> None:
        self._wrong.show("")
        work = self._go_on() if self._pending is not None else self._ask()
        self.run_worker(work, group="tools", exclusive=True, exit_on_error=False)

    def action_back(self) -> None:
        if self._send.activity:
            self._stop()
        else:
            super().action_back()

    def _stop(self) -> None:
        self.workers.cancel_group(self, "tools")

    def unsaved(self) -> str:
        if self._pending is not None:
            return "The results that you typed are not sent."
        written = self._question.value.strip() != self._before and not self._log
        return "The question that you wrote is not sent." if written else ""

    # --- the rounds ---

    async def _ask(self) -> None:
        question = self._question.value.strip()
        try:
            if not self._path.value.strip() or not question:
                raise UsageError("Name a file of tools, and type a question.")
            self._tools = await asyncio.to_thread(read_tools, self._path.path)
        except Problem as problem:
            self._wrong.show(problem_text(problem))
            return
        system = (Message("system", self._instructions.system),) if self._instructions.system else ()
        self._messages = (*system, Message("user", question))
        self._recording.begin()
        self._recording.question(question, self._model.ref, self._parameters(), self._instructions.system)
        self._log = [line((f"{_MARGIN}you  ", MUTED), question)]
        await self._round()

    async def _go_on(self) -> None:
        """Send the results of the calls."""
        assert self._pending is not None
        text, tool_calls = self._pending
        results: dict[str, str] = {}
        for form in self.query(CallForm):
            try:
                results[form.call.id] = await asyncio.to_thread(self._result, form.result.value.strip())
            except Problem as problem:
                form.result.show_lines(*problem_lines(problem.message, problem_hint(problem)))
                form.result.field.focus()
                return
        tool_round = ToolRound(text, tool_calls, results, self._tools)
        self._messages += tool_round.messages
        self._recording.tools(tool_round)
        self._log += [line((f"{_MARGIN}result  ", MUTED), results[call.id]) for call in tool_calls.calls]
        await self._round()

    def _result(self, text: str) -> str:
        if not text:
            raise UsageError("The result is blank.", "Type one, or name a file.")
        return read_result(expand_home(text.removeprefix(_FILE), self._home)) if text.startswith(_FILE) else text

    async def _round(self) -> None:
        """Send the conversation, and show the answer, or its calls as a form."""
        session, text = self.navigator.tenant_session, ""
        tool_calls: ToolCalls | None = None
        finish: Finish | None = None
        state = AnswerState.COMPLETE
        try:
            if not await self.dialogs.ensure_unlocked(f"send your question to {self._model.ref}"):
                return
            await warn_of_budget(self)
            self._pending = None
            await self._calls.remove_children()
            self.console.set_running("playground/tools", self._stop)
            with (
                self.pending_actions.suspend(),
                elapsed(self, lambda since: self._send.show_progress(f"waiting{since}")),
            ):
                self.refresh_chrome()
                await asyncio.to_thread(lambda: session.process.client)  # what it imports takes a moment
                call = calls.chat_call(session, self._model, self._messages, self._parameters(), tools=self._tools)
                async with aclosing(calls.send(session, self._model, *call, self._record(self._model))) as events:
                    async for event in events:
                        if isinstance(event, TextDelta):
                            text += printable(event.text)
                        elif isinstance(event, ToolCalls):
                            tool_calls = event
                        elif isinstance(event, Finish):
                            finish = event
        except Problem as problem:
            self._wrong.show(problem_text(problem))
            tool_calls, state = None, AnswerState.BROKEN
        except asyncio.CancelledError:
            state = AnswerState.STOPPED
            finish = Finish("", complete=False, note="stopped by you")
            raise
        finally:
            self._send.show_progress()
            self.console.set_running("playground/tools", None)
            warn_of_trial(self, self._model)
            if text and not tool_calls:
                self._recording.answer(Answer(text, self._model.ref, state, finish.note if finish else ""))
            if self.is_attached:
                self._show(text, finish.note if finish and not tool_calls else "")
        if tool_calls is not None:
            self._pending = text, tool_calls
            await self._ask_for_results(tool_calls)
        self.refresh_chrome()

    def _parameters(self) -> dict[str, Any]:
        return self._instructions.values(calls.parameters(self.navigator.tenant_session, self._model))[1]

    def _show(self, text: str, note: str) -> None:
        rows = text.rstrip().split("\n") if text.strip() else []
        self._log += [
            line((f"{_MARGIN}model  " if not place else _MARGIN, MUTED), row) for place, row in enumerate(rows)
        ]
        self._log += [line((f"{_MARGIN}{note}", ATTENTION))] if note else []
        reader = self.query_one(Reader)
        reader.show(lambda _: self._log)
        reader.action_end(True)
        self._send.relabel("Ask")
        self.refresh_chrome()

    async def _ask_for_results(self, tool_calls: ToolCalls) -> None:
        self._log += [line((f"{_MARGIN}calls  ", MUTED), (format_call(call), ACCENT)) for call in tool_calls.calls]
        self.query_one(Reader).show(lambda _: self._log)
        forms = [CallForm(call, number, self._tools) for number, call in enumerate(tool_calls.calls)]
        await self._calls.mount_all(forms)
        self._send.relabel("Send the results" if len(forms) > 1 else "Send the result")
        forms[0].result.field.focus()

    def hide_when_locked(self) -> None:
        self.dismiss(None)
