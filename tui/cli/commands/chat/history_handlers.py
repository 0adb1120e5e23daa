"""`modeldeck history`: the chats that are kept."""

import asyncio
import json
from pathlib import Path

from tui.cli.context import CommandContext
from tui.cli.inputs import new_file, whole_number
from tui.cli.output import count_noun
from tui.errors import UsageError
from tui.sanitize import one_line
from tui.storage.user_file import write
from tui.tenancy.timestamps import short_time
from tui.workspace.history import chats, settings
from tui.workspace.history.index import HistoryIndex, Summary
from tui.workspace.history.records import StoredChat
from tui.workspace.history.settings import MAX_DAYS

_DEFAULT_COUNT = 40
_TITLE = 60
_DAMAGE_WARNING = "The file of this chat is not as it was written: "


def status(call: CommandContext) -> None:
    """Print whether chats are kept."""
    _print_settings(call)


def switch_on(call: CommandContext) -> None:
    """Record chats from now on."""
    days = whole_number("--days", call.args.one("days"), 0, MAX_DAYS) if call.args.has("days") else None
    settings.switch(call.tenant_session, True, days)
    _print_settings(call)


def switch_off(call: CommandContext) -> None:
    """Record no more chats."""
    settings.switch(call.tenant_session, False)
    _print_settings(call)


def leave_to_config(call: CommandContext) -> None:
    """Leave it to config.toml."""
    settings.switch(call.tenant_session, None)
    _print_settings(call)


def _print_settings(call: CommandContext) -> None:
    state, count = settings.settings(call.tenant_session), chats.count(call.tenant_session)
    if call.out.as_json:
        facts = {"on": state.on, "days": state.days, "own": state.own, "available": state.available, "chats": count}
        call.out.json({"tenant": call.tenant.id, **facts})
        return
    name = call.tenant.name
    if not state.available:
        call.out.line(f"{name} keeps no chats: its settings are in a shared store.")
        return
    by = "by its own setting" if state.own else "by config.toml"
    recording = f"encrypted, kept {state.words}" if state.on else "not recorded"
    stored = f"{count_noun(count, 'chat')} stored" if count else "no chat stored"
    call.out.line(f"The chats of {name} are {'recorded, ' if state.on else ''}{recording}, {by}; {stored}.")


async def _index(call: CommandContext) -> HistoryIndex:
    """Open the history; the first time, or after a long while, that takes a moment, which is said."""
    await call.unlock(call.tenant)

    def show_progress(number: int, of: int) -> None:
        if of > _DEFAULT_COUNT:
            call.out.progress(f"Reading chats: {number:,} of {of:,}")

    index = await asyncio.to_thread(chats.open_history, call.tenant_session, show_progress)
    call.out.end_progress()
    return index


async def listing(call: CommandContext) -> None:
    """Print the chats, newest first."""
    text = call.args.one("number")
    count = whole_number("--number", text) if text else 0 if call.out.as_json else _DEFAULT_COUNT
    stored = (await _index(call)).chats
    newest = stored[:count] if count else stored
    if call.out.as_json:
        call.out.json([chat.as_json() for chat in newest])
        return
    _table(call, newest)
    if call.out.decorated and not stored:
        call.out.note("No chat is recorded.")
    elif call.out.decorated and len(newest) < len(stored):
        call.out.note(f"{count_noun(len(stored) - len(newest), 'older chat')}; -n 0 shows all.")


async def search(call: CommandContext) -> None:
    """Print the chats that have every word."""
    words = " ".join(call.args.many("WORD")).casefold().split()
    if not words:
        raise UsageError("There is no word to search for.", "For example: modeldeck history search sky")
    matches = (await _index(call)).search(" ".join(words))
    if call.out.as_json:
        call.out.json([chat.as_json() | {"around": chat.around(words)} for chat in matches])
        return
    _table(call, matches, words)
    if call.out.decorated and not matches:
        call.out.note("No recorded chat has these words.")


def _table(call: CommandContext, summaries: list[Summary], words: list[str] | None = None) -> None:
    now = call.session.now()
    rows = [
        (
            chat.id,
            short_time(chat.updated, now),
            str(chat.questions),
            one_line(chat.title, _TITLE),
            chat.finding or (chat.around(words) if words else ", ".join(chat.models)),
        )
        for chat in summaries
    ]
    call.out.table(("chat", "changed", "questions", "title", "found" if words else "models"), rows)


async def _chat(call: CommandContext) -> StoredChat:
    chat_id = chats.find(call.tenant_session, call.args.one("ID"))
    await call.unlock(call.tenant)
    return await asyncio.to_thread(chats.open_chat, call.tenant_session, chat_id)


async def show(call: CommandContext) -> None:
    """Print one chat."""
    chat = await _chat(call)
    for finding in chat.findings:
        call.out.note(_DAMAGE_WARNING + finding)
    if chat.incomplete:
        call.out.note("A session ended while writing a line, which is left out.")
    if call.out.as_json:
        call.out.json(chat.as_json())
    else:
        call.out.line(f"# {chat.title}\n\n{chat.conversation.as_markdown()}".rstrip("\n"))


async def export(call: CommandContext) -> None:
    """Save chats in a file."""
    session = call.tenant_session
    named = [chats.find(session, text) for text in call.args.many("ID")] or chats.ids(session)
    if not named:
        raise UsageError("No chat is recorded.", "Nothing was saved.")
    path = new_file(call.args.one("output"), call.args.has("force"))
    await call.unlock(call.tenant)
    await asyncio.to_thread(_save, call, path, named)
    count = count_noun(len(named), "chat")
    form = _format(path)
    target = f"{'JSON' if form == 'json' else 'Markdown'} in {one_line(str(path), 200)}"
    call.out.result(
        {"file": str(path), "chats": len(named), "format": form}, f"Saved {count} as {target}; it is not encrypted."
    )


def _format(path: Path) -> str:
    return "json" if path.suffix.lower() == ".json" else "markdown"


def _save(call: CommandContext, path: Path, named: list[str]) -> None:
    opened = [chats.open_chat(call.tenant_session, chat_id) for chat_id in named]
    if _format(path) == "json":
        text = json.dumps([chat.as_json() for chat in opened], ensure_ascii=False, indent=1) + "\n"
    else:
        text = "\n".join(f"# {chat.title}\n\n{chat.conversation.as_markdown()}" for chat in opened)
    write(path, text)
    call.tenant_session.audit_best_effort("chats exported", count=len(named), format=_format(path))


def rename(call: CommandContext) -> None:
    """Give a chat a title."""
    chat_id = chats.find(call.tenant_session, call.args.one("ID"))
    title = chats.rename(call.tenant_session, chat_id, call.args.one("TITLE"))
    sentence = f"{chat_id} is now called {title}." if title else f"{chat_id} is called by its first question again."
    call.out.result({"id": chat_id, "title": title}, sentence)


async def remove(call: CommandContext) -> None:
    """Remove chats, or say how many would go."""
    session = call.tenant_session
    named = [chats.find(session, text) for text in call.args.many("ID")]
    if bool(named) == call.args.has("all"):
        raise UsageError("Name the chats, or use --all.", "modeldeck history list shows their IDs.")
    ids = list(dict.fromkeys(named)) or chats.ids(session)
    preview = f"{count_noun(len(ids), 'recorded chat')} of {call.tenant.name} would be removed."
    if call.confirm({"chats": ids}, preview, "Add --yes to remove. A chat that was removed cannot be brought back."):
        await call.unlock_without_asking(call.tenant)
        await asyncio.to_thread(chats.remove, session, ids)
        sentence = f"Removed {count_noun(len(ids), 'chat')}."
        call.out.result({"chats": ids, "removed": True, "message": sentence}, sentence)
