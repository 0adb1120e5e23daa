"""Record, find, open, rename and remove chats of the history."""

import re
import time
from collections.abc import Sequence
from secrets import token_hex
from typing import Any

from tui.errors import Problem, UsageError, did_you_mean
from tui.sanitize import one_line
from tui.tenancy import keyring
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import known_id
from tui.workspace.history import records
from tui.workspace.history.files import CHAT, INDEX, LineWriter, Record, history_folder, read_file, rewrite
from tui.workspace.history.index import HistoryIndex, open_index
from tui.workspace.history.records import StoredChat
from tui.workspace.history.settings import settings
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.conversation import Answer, ToolRound

_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4,16}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY = 24 * 60 * 60
LAST = "last"
"""The word for the chat that was begun last."""
_MAX_TITLE = 200


class Recorder:
    """Records one chat. Everything is on the disk when a method returns; each can raise a Problem.

    Args:
        session: The tenant.
        chat: The chat to continue; without it, one begins with the first question.
    """

    def __init__(self, session: TenantSession, chat: StoredChat | None = None) -> None:
        self._session = session
        self.chat_id = chat.id if chat else ""
        self._writer = LineWriter(session, chat.id + CHAT, new=False) if chat else None
        self._system = chat.conversation.system if chat else ""

    def question(
        self,
        text: str,
        model: str,
        parameters: dict[str, Any],
        system: str = "",
        *,
        replaces: bool = False,
        shown: int = -1,
        files: Sequence[AttachedFile] = (),
    ) -> None:
        """Record a question before it is sent, and the system prompt if it is another one."""
        changed = [records.system(system)] if system != self._system else []
        entry = records.question(text, model, parameters, replaces=replaces, shown=shown, files=files)
        self._append([*changed, entry])
        self._system = system

    def tools(self, tool_round: ToolRound) -> None:
        """Record what an answer to the last question asked of tools, and their results, before they are sent."""
        self._append([records.tools(tool_round)])

    def answer(self, answer: Answer) -> None:
        """Record an answer to the last question."""
        self._append([records.answer(answer)])

    def _append(self, entries: Sequence[dict[str, Any]]) -> None:
        if self._writer is None:
            self.chat_id = _new_id(self._session)
            self._writer = LineWriter(self._session, self.chat_id + CHAT, new=True)
        self._writer.append(entries)


def _new_id(session: TenantSession) -> str:
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime(session.clock())) + token_hex(4)


def ids(session: TenantSession) -> list[str]:
    """Return the IDs of all chats, the one begun last first; nothing is opened."""
    if session.history is None:
        return []
    names = (name.removesuffix(CHAT) for name in session.history.names() if name.endswith(CHAT))
    return sorted((name for name in names if _ID.fullmatch(name)), reverse=True)


def find(session: TenantSession, text: str) -> str:
    """Return the ID of a chat by its ID, a beginning or an end of it that no other has, or `last`.

    Raises:
        UsageError: There is no such chat, or more than one.
    """
    existing = ids(session)
    if text == LAST and existing:
        return existing[0]
    matches = [chat_id for chat_id in existing if text and (chat_id.startswith(text) or chat_id.endswith(text))]
    if text in matches or len(matches) == 1:
        return text if text in matches else matches[0]
    if matches:
        raise UsageError(f"{len(matches):,} chats have IDs like {one_line(text, 40)}.", "Type more of it.")
    near = did_you_mean(text, existing)
    raise UsageError(f"There is no chat {one_line(text, 40)}." if existing else "No chat is kept.", near)


def open_chat(session: TenantSession, chat_id: str) -> StoredChat:
    """Open a chat.

    Raises:
        Locked: The tenant is locked.
        UsageError: There is no such chat.
    """
    file = read_file(session, chat_id + CHAT) if _ID.fullmatch(chat_id) else None
    if file is None:
        raise UsageError(f"There is no chat {one_line(chat_id, 40)}.")
    return records.chat_of(chat_id, file)


def rename(session: TenantSession, chat_id: str, title: str) -> str:
    """Give a chat another title, '' for its first question; this needs no private key. Return the title."""
    clean = one_line(title, _MAX_TITLE + 1)
    if len(clean) > _MAX_TITLE:
        raise UsageError(f"A title has up to {_MAX_TITLE} characters.", "Shorten it.")
    LineWriter(session, find(session, chat_id) + CHAT, new=False).append([records.title(clean)])
    return clean


def remove(session: TenantSession, chat_ids: Sequence[str], *, reason: str = "") -> None:
    """Remove chats, from the index too. What is removed cannot be brought back.

    While the tenant is locked, the whole index goes: it is made again when the history is opened.
    """
    if not chat_ids:
        return
    folder = history_folder(session)
    with folder.lock():
        # First the index: killed in between, a chat that is still there comes back into it.
        if keyring.key_if_open(session) is None:
            folder.remove(INDEX)
        else:
            HistoryIndex(session).load().forget(chat_ids)
        for chat_id in chat_ids:
            folder.remove(chat_id + CHAT)
    session.audit_best_effort("chats removed", count=len(chat_ids), reason=reason)


def open_history(session: TenantSession, report: Any = lambda done, of: None) -> HistoryIndex:
    """Open the history of a tenant, without the chats that are older than they are kept.

    Raises:
        Locked: The tenant is locked.
    """
    index = open_index(session, report)
    if old := _expired_chats(session, index):
        remove(session, old, reason=f"kept for {settings(session).words}")
        index.refresh()
    return index


def _expired_chats(session: TenantSession, index: HistoryIndex) -> list[str]:
    limit = oldest_time(session)
    return [chat.id for chat in index.chats if chat.updated < limit]


def oldest_time(session: TenantSession) -> str:
    """Return the time before which a chat is not kept any more, '' for none (ISO 8601, UTC)."""
    days = settings(session).days
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session.clock() - days * _DAY)) if days else ""


def is_valid(chat_id: str, records: Sequence[Record]) -> bool:
    """Return True if a chat of a file can be one of the history: its ID, and the times of its records."""
    return bool(_ID.fullmatch(chat_id) and records and all(_TIME.fullmatch(record.time) for record in records))


def add(session: TenantSession, chat_id: str, records: Sequence[Record]) -> bool:
    """Add a chat with all its records, sealed for this tenant; return False if there is one with that ID.

    The file is written at once: killed at any point, the chat is there as a whole or not at all.

    Raises:
        Locked: The public key is not the tenant's, or cannot be checked.
        Problem: It cannot be written.
    """
    folder = history_folder(session)
    with folder.lock():
        if not is_valid(chat_id, records) or folder.version_token(chat_id + CHAT) is not None:
            return False
        rewrite(session, chat_id + CHAT, records)
    return True


def count(session: TenantSession) -> int:
    """Return how many chats a tenant has; nothing is opened. 0 where they cannot be counted."""
    try:
        return len(ids(session.process.tenant(known_id(session.tenant_id))))
    except Problem:
        return 0
