"""Save the chat of a tab as Markdown."""

from tui.console.frame.navigator import ConsoleNode
from tui.console.pages.save_file import Save
from tui.console.playground.chat.messages import file_name
from tui.console.playground.chat.session import ChatSession


async def save_chat(console: ConsoleNode, session: ChatSession) -> None:
    """Ask for a file, and save the chat there."""
    conversation = session.history.conversation
    page = Save(file_name(session.session.now()), {"md": "Markdown"}, lambda _: conversation.as_markdown())
    if await console.app.push_screen_wait(page):
        session.history.saved = True
