"""Footer keys of the chat: while an answer runs, while typing, and otherwise."""

from tui.console.playground.chat.session import ChatSession
from tui.workspace.playground.conversation import AnswerState


def footer(session: ChatSession, source_keys: tuple[str, ...], *, typing: bool, wide: bool) -> tuple[str, ...]:
    """Return the footer's entries in their order; `source_keys` are those that choose whose key pays."""
    last = session.history.last
    if session.running is not None:
        if not typing:
            return "area.escape: stop", "list.last: follow", "chat.write", "chat.copy", "chat.save"
        return "app.copy-or-stop: stop", "question.page-up", "question.follow", "area.escape: commands"
    if not typing:
        model = ("playground.model", "chat.parameters", *source_keys)
        if last is None:
            return "chat.write", *model, "playground.type"
        return "chat.write", "chat.again", "chat.edit", *model, "chat.copy", "chat.save", "chat.new", "chat.find"
    again = ("chat.again",) if last else ()
    if last is not None and last.trouble is not None:
        return "question.send", *again, "playground.model", "area.escape: commands"
    if last is not None and last.answer is not None and last.answer.state is AnswerState.STOPPED:
        return "question.send", *again, "question.new-line", "playground.model", "area.escape: commands"
    chat = ("chat.save", "chat.copy", "chat.new", "chat.edit") if last else ()
    parameters = ("focus.next: parameters",) if wide else ("chat.parameters",)
    return (
        "question.send",
        "question.new-line",
        *again,
        "playground.model",
        *chat,
        *parameters,
        "question.earlier",
        "area.escape: commands",
    )
