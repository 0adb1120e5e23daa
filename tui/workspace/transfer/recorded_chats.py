"""The chats of a history in an export, and into the history of another tenant."""

import asyncio
from collections.abc import Callable, Sequence

from tui.errors import Problem
from tui.tenancy.session import TenantSession
from tui.workspace.history import chats
from tui.workspace.history.files import CHAT, history_folder, private_keys, read_file
from tui.workspace.history.settings import settings
from tui.workspace.transfer.file_format import FileChat

OnProgress = Callable[[int, int], object]
"""Called with the number of chats that were added, and of all."""


def collect(session: TenantSession, omissions: list[str]) -> tuple[FileChat, ...]:
    """Open every recorded chat of a tenant; what is wrong with one is appended to `omissions`.

    Raises:
        Locked: The tenant is locked.
        Problem: The settings are in a shared store, which keeps no chats.
    """
    history_folder(session)
    private = private_keys(session)
    collected: list[FileChat] = []
    for chat_id in chats.ids(session):
        if (file := read_file(session, chat_id + CHAT, private)) is None:
            continue
        if file.records:
            collected.append(FileChat(chat_id, tuple(file.records)))
        if file.findings:
            omissions.append(f"The chat {chat_id} is not as it was written: {' '.join(file.findings)}")
    return tuple(collected)


def plan(session: TenantSession, recorded: Sequence[FileChat]) -> tuple[tuple[FileChat, ...], tuple[Problem, ...]]:
    """Return the chats of a file that a tenant does not have yet, and why others are left out."""
    if not recorded:
        return (), ()
    if session.history is None:
        return (), (Problem(f"{_count(len(recorded))} left out: a shared store keeps none."),)
    existing, limit = set(chats.ids(session)), chats.oldest_time(session)
    current = [chat for chat in recorded if chat.records[-1].time >= limit]
    added = tuple(chat for chat in current if chat.id not in existing)
    omissions: list[Problem] = []
    if expired := len(recorded) - len(current):
        omissions.append(Problem(f"{_count(expired)} left out: chats are kept {settings(session).words}."))
    if stored := len(current) - len(added):
        omissions.append(Problem(f"{_count(stored)} here already; what is here stays."))
    return added, tuple(omissions)


async def add(session: TenantSession, recorded: Sequence[FileChat], report: OnProgress) -> None:
    """Add chats, one by one; cancelled in between, those that were added stay.

    Raises:
        Problem: One cannot be written.
    """
    count = 0
    try:
        for number, chat in enumerate(recorded):
            report(number, len(recorded))
            count += await asyncio.to_thread(chats.add, session, chat.id, chat.records)
    finally:
        if count:
            session.audit_best_effort("chats imported", count=count)


def _count(number: int) -> str:
    return f"{number:,} chat of the file is" if number == 1 else f"{number:,} chats of the file are"
