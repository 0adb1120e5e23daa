"""Choose a recorded chat to go on with; offer to switch history on where it is off."""

import asyncio

from tui.console.frame.navigator import ConsoleNode
from tui.console.keys import hint
from tui.console.playground.chat import messages
from tui.console.playground.chat.session import ChatSession
from tui.workspace.history import chats
from tui.workspace.history.records import StoredChat
from tui.workspace.history.settings import settings, switch

_OFF = (
    "Chats are not recorded.",
    "Recorded ones are encrypted for the tenant's key pair, in files of this machine.",
    "The audit log notes that it was switched on, and never what you say.",
)


async def choose_chat(console: ConsoleNode, session: ChatSession) -> StoredChat | None:
    """Return the chat that a person chose, None for none.

    Raises:
        Problem: The settings cannot be changed.
    """
    tenant, dialogs = session.session, console.dialogs
    state = settings(tenant)
    if session.running is not None:
        dialogs.toast(hint(messages.ANSWER_RUNNING))
        return None
    if not state.available:
        dialogs.toast("A shared store keeps no chats; history needs settings in files of this machine.")
        return None
    if not state.on:
        choices = {"off": "Leave it off", "on": "Record chats"}
        if chats.count(tenant):
            choices["list"] = "Show those that were recorded"
        choice = await dialogs.ask("History", _OFF, choices)
        if choice == "on":
            await asyncio.to_thread(switch, tenant, True)
            dialogs.toast("Chats are recorded from now on; this one from a new chat on.")
        if choice != "list":
            return None
    if session.unsaved and await dialogs.ask("Recorded chats", *messages.OTHER_CHAT) != "open":
        return None
    if not await dialogs.ensure_unlocked("open the recorded chats"):
        return None
    from tui.console.playground.chat.recorded_chats import RecordedChats  # lazy: the page

    return await console.app.push_screen_wait(RecordedChats())
