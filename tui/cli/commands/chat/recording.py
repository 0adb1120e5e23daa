"""Record a question and its answer of `modeldeck chat`, and continue a recorded chat."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.cli.context import CommandContext
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.tenancy import models
from tui.workspace.history.settings import settings
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.conversation import Answer, ToolRound

if TYPE_CHECKING:
    from tui.workspace.history.chats import Recorder
    from tui.workspace.history.records import StoredChat


async def resumed_chat(call: CommandContext) -> "StoredChat":
    """Open the chat of --resume.

    Raises:
        UsageError: There is no such chat.
        Locked: The tenant is locked.
    """
    from tui.workspace.history import chats

    chat_id = chats.find(call.tenant_session, call.args.one("resume"))
    await call.unlock(call.tenant)
    return await asyncio.to_thread(chats.open_chat, call.tenant_session, chat_id)


def resumed_model(call: CommandContext, chat: "StoredChat") -> Model:
    """Return the model that answered last in a chat; raise Problem if it no longer exists."""
    return models.find(call.tenant_session, chat.model, ModelType.CHAT)


class Recording:
    """Records one question and its answer if history is on. A failure prints a warning and stops nothing."""

    def __init__(self, call: CommandContext, chat: "StoredChat | None") -> None:
        self._call = call
        enabled = not call.args.has("no-history") and settings(call.tenant_session).on
        self._recorder = _recorder(call, chat) if enabled else None
        if chat is not None and not enabled:
            call.out.note("This is not recorded: the chat stays as it was.")

    @property
    def chat_id(self) -> str | None:
        """The ID of the chat that is recorded."""
        return self._recorder.chat_id or None if self._recorder else None

    async def question(
        self, text: str, model: Model, parameters: Mapping[str, Any], system: str, files: Sequence[AttachedFile] = ()
    ) -> None:
        """Record the question with its files before it is sent."""
        if self._recorder is not None:
            record = partial(self._recorder.question, files=files)
            await self._do(record, text, model.ref, dict(parameters), system)

    async def tools(self, tool_round: ToolRound) -> None:
        """Record the results of tools before they are sent."""
        if self._recorder is not None:
            await self._do(self._recorder.tools, tool_round)

    async def answer(self, answer: Answer) -> None:
        """Record the answer, complete or not."""
        if self._recorder is not None and (answer.text or answer.thoughts):
            await self._do(self._recorder.answer, answer)

    async def _do(self, record: Any, *values: Any) -> None:
        try:
            await asyncio.to_thread(record, *values)
        except Problem as problem:
            self._recorder = None
            self._call.out.note(f"The chat is not recorded. {problem.message}")


def _recorder(call: CommandContext, chat: "StoredChat | None") -> "Recorder":
    from tui.workspace.history.chats import Recorder  # only where history is on

    return Recorder(call.tenant_session, chat)
