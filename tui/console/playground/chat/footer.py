"""Footer keys of the chat: while an answer runs, while typing, and otherwise."""

from tui.console.playground.chat.session import ChatSession


def footer(session: ChatSession, source_keys: tuple[str, ...], *, typing: bool, wide: bool) -> tuple[str, ...]:
    """Return the footer's entries in their order; `source_keys` are those that choose whose key pays."""
    last = session.history.last
    if session.running is not None:
        if not typing:
            return "area.escape: stop", "list.last: follow", "chat.write", "chat.copy", "chat.save"
        return "app.copy-or-stop: stop", "question.follow", "chat.copy", "chat.save", "area.escape: commands"
    if not typing:
        model = ("playground.model", "chat.parameters", *source_keys)
        if last is None:
            return "chat.write", *model, "playground.type", "chat.attach"
        first = ("chat.write", "chat.again", "chat.edit")
        return *first, *model, "chat.copy", "chat.save", "chat.new", "chat.find", "chat.attach"
    chat = ("chat.again", "chat.edit", "chat.copy", "chat.save", "chat.new") if last else ()
    attach = ("chat.attach",) if last else ()  # the empty chat says it itself
    return (
        "question.send",
        "question.new-line",
        "playground.model",
        *(("focus.next: parameters",) if wide else ("chat.parameters: params",)),
        *chat,
        *attach,
        "area.escape: commands",
    )
