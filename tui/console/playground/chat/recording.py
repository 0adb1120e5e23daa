"""Record the chat of a tab. One thread writes in order, so the chat never waits for the disk."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tui.errors import Problem
from tui.tenancy.session import TenantSession
from tui.workspace.playground.conversation import Answer, ToolRound

if TYPE_CHECKING:
    from tui.workspace.history.chats import Recorder
    from tui.workspace.history.records import StoredChat

RECORDED, INCOGNITO = "recorded", "incognito"


class ChatRecording:
    """What of a chat is recorded: everything, or nothing from the first question on that was asked incognito.

    Args:
        session: The tenant.
        on_problem: Called in the event loop with a sentence if something cannot be recorded; nothing more is, then.
    """

    def __init__(self, session: TenantSession, on_problem: Callable[[str], None]) -> None:
        self._session, self._on_problem = session, on_problem
        self._recorder: Recorder | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None
        self._broken: list[Recorder] = []
        """Recorders that failed; they record nothing more."""
        self.incognito = False
        self._missed = False
        self._recorded = False

    @property
    def is_on(self) -> bool:
        """Whether history is on for the tenant."""
        from tui.workspace.history.settings import settings  # lazy: history

        return settings(self._session).on

    @property
    def records(self) -> bool:
        """Whether the next question is recorded."""
        return self.is_on and not self.incognito and not self._missed

    @property
    def complete(self) -> bool:
        """Whether all that was asked is recorded, so that nothing is lost with the tab."""
        return self._recorded and self.is_on and not self._missed

    @property
    def word(self) -> str:
        """What the title says of it; '' where history is off."""
        if not self.is_on:
            return ""
        return RECORDED if self.records else INCOGNITO

    def toggle(self) -> str:
        """Switch incognito on or off; return what that means, in a sentence."""
        if self.incognito and self._missed:
            return "This chat stays incognito, as a question is not recorded. The next new chat is recorded."
        self.incognito = not self.incognito
        if self.incognito:
            note = "What was recorded so far stays. " if self._recorded else ""
            return f"Incognito: nothing of this chat is recorded from here on. {note}".rstrip()
        return "This chat is recorded, encrypted."

    def begin(self, chat: "StoredChat | None" = None) -> None:
        """Begin a new chat, or go on with one of the history; incognito stays as it is."""
        self._recorder, self._missed, self._recorded = None, False, chat is not None
        if chat is not None:
            self._recorder = self._new_recorder(chat)
            self.incognito = False

    def question(self, text: str, model: str, parameters: Mapping[str, Any], system: str, **place: Any) -> None:
        """Record a question, without waiting for it; `place` are the other arguments of `records.question`."""
        if not self.records:
            self._missed = True
            return
        self._recorded = True
        recorder = self._recorder = self._recorder or self._new_recorder()
        self._run(recorder, lambda: recorder.question(text, model, dict(parameters), system, **place))

    def tools(self, tool_round: ToolRound) -> None:
        """Record the results of tools, without waiting for it."""
        self._go_on(lambda recorder: recorder.tools(tool_round))

    def answer(self, answer: Answer) -> None:
        """Record an answer, without waiting for it."""
        self._go_on(lambda recorder: recorder.answer(answer))

    def _go_on(self, work: "Callable[[Recorder], None]") -> None:
        recorder = self._recorder
        if recorder is not None and self.records:
            self._run(recorder, lambda: work(recorder))
        else:
            self._missed = True

    def flush(self) -> None:
        """Wait until everything is on the disk."""
        if self._last is not None:
            self._last.result()

    def _new_recorder(self, chat: "StoredChat | None" = None) -> "Recorder":
        from tui.workspace.history.chats import Recorder  # lazy: history

        return Recorder(self._session, chat)

    def _run(self, recorder: "Recorder", work: Callable[[], None]) -> None:
        """Queue the work behind what was queued before."""
        loop = asyncio.get_running_loop()

        def guarded() -> None:
            if recorder in self._broken:
                return
            try:
                work()
            except Problem as problem:
                self._broken.append(recorder)
                with suppress(RuntimeError):  # the console has ended meanwhile
                    loop.call_soon_threadsafe(self._on_failure, recorder, problem)

        # Python waits for its threads at the end of the process: nothing is lost by quitting.
        self._threads = self._threads or ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._last = self._threads.submit(guarded)

    def _on_failure(self, recorder: "Recorder", problem: Problem) -> None:
        self._missed = self._missed or recorder is self._recorder
        self._on_problem(f"This chat is not recorded any more. {problem.message}")
