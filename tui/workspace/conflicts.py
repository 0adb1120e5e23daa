"""Conflicts: another session saved something else while a form was open."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from tui.errors import Conflict
from tui.process import identity
from tui.sanitize import one_line
from tui.storage.settings_file import Document
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time

T = TypeVar("T")


@dataclass(frozen=True)
class Baseline(Generic[T]):
    """What a form was filled with, None where there was nothing."""

    value: T | None


def other_session(session: TenantSession) -> str:
    """Return who saved last if not this process: `Another session (process 4127 on pts/3)`, or ''.

    In a shared store it is the login: `ada (process 4127 on pts/3 of host2)`.
    """
    document = session.store.document()
    process = "" if is_own(session, document) else identity.describe(document.by)
    return f"{writer_name(session)} ({process})" if process else ""


def is_own(session: TenantSession, document: Document) -> bool:
    """Return True if this process saved a state."""
    return {name: value for name, value in document.by.items() if name != "version"} == session.store.writer()


def writer_name(session: TenantSession) -> str:
    """Return the login that saved last in a shared store, else `Another session`."""
    return one_line(str(session.store.document().by.get("user") or ""), 40) or "Another session"


def require_unchanged(
    session: TenantSession, baseline: Baseline[T] | None, present: T | None, new: T | None, change: str
) -> None:
    """Raise Conflict unless what is stored is what a form was filled with, or what it saves.

    Call it in the transaction of the save. Without `baseline` nothing is compared.

    Args:
        session: The session of the tenant.
        baseline: What the form was filled with.
        present: What is stored.
        new: What the form saves.
        change: What the other session did, as in `renamed it to Acme`.
    """
    if baseline is not None and present not in (baseline.value, new):
        raise conflict(session, change)


def conflict(session: TenantSession, change: str) -> Conflict:
    """Return the problem that another session was first: who, what and when."""
    who = other_session(session) or "Another session"
    at = short_time(session.store.document().saved, session.now())
    return Conflict(f"{who} {change}{f' at {at}' if at else ''}.", "Nothing was saved.")
