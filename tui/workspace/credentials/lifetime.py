"""Expiry dates and rotation periods of API keys: when a key is due to be replaced.

    table lifetimes   {"provider", "credential", "expires", "every", "fingerprints"}: the expiry date (YYYY-MM-DD) of
                      the key with these fingerprints, and the days after which any key of the credential is replaced;
                      "reported" if the provider told the date

It is a table of its own, as the manifest covers whatever else a credential holds. Nothing vouches for it: it protects
nothing, and is set while the tenant is locked. A record without a date and a period says that the key is never due.
"""

import asyncio
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tui.domain import Credential, previous_of
from tui.errors import UsageError
from tui.sanitize import one_line
from tui.storage.store import Tables
from tui.tenancy import credentials
from tui.tenancy.connections import label_of
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.conflicts import Baseline, conflict, require_unchanged
from tui.workspace.credentials.names import unknown_credential

_TABLE = "lifetimes"
NOTICE = 14
"""Days before its expiry from which a key is due."""

MAX_ROTATION_DAYS = 3650
"""Days of the longest rotation period."""

_MAX_NAMES = 3
_UNITS = {"d": 1, "w": 7}


@dataclass(frozen=True)
class Lifetime:
    """How long an API key is used.

    Attributes:
        expires: The date on which the provider stops accepting it, YYYY-MM-DD; '' if none is known.
        every: The days after which it is replaced, 0 for no period.
    """

    expires: str = ""
    every: int = 0


def lifetime(session: TenantSession, credential: Credential) -> Lifetime | None:
    """Return what was set for a credential, None for nothing. An expiry date goes with the key that it was set for."""
    record = _records(session).get((credential.provider, credential.name))
    if record is None:
        return None
    expires, every = _date(record.get("expires")), record.get("every", 0)
    every = every if type(every) is int and 0 < every <= MAX_ROTATION_DAYS else 0
    if expires and record.get("fingerprints") != dict(credential.fingerprints):
        return Lifetime("", every) if every else None
    return Lifetime(expires.isoformat() if expires else "", every)


def age_days(credential: Credential, now: str) -> int | None:
    """Return the days since the key was saved or rotated, None if unknown."""
    since = credential.changed or credential.created
    try:
        return max(0, (datetime.fromisoformat(now) - datetime.fromisoformat(since)).days)
    except (ValueError, TypeError):
        return None


def due_on(credential: Credential, terms: Lifetime) -> str:
    """Return the date on which a key expires or is to be replaced, whichever comes first; '' for never."""
    return min(filter(None, (terms.expires, _rotation(credential, terms))), default="")


def is_due(credential: Credential, terms: Lifetime, today: str) -> bool:
    """Return True if a key expires within `NOTICE` days, has expired, or has been used for its whole period."""
    rotation, expires, now = _rotation(credential, terms), _date(terms.expires), _date(today)
    near = expires is not None and now is not None and (expires - now).days <= NOTICE
    return near or bool(rotation and rotation <= today)


@dataclass(frozen=True)
class LifetimeBaseline:
    """What a form was filled with: a credential, and the terms of its key."""

    credential: Credential
    terms: Lifetime


async def set_lifetime(
    session: TenantSession, provider_id: str, name: str, terms: Lifetime, baseline: LifetimeBaseline | None = None
) -> Credential:
    """Store the expiry date and the rotation period of a credential's key; needs no private key.

    With `baseline`, what only another session changed since then stays as it is.

    Raises:
        UsageError: There is no such credential, or it has no key.
        Conflict: Another session changed the same, or replaced the key that a date is set for.
    """
    with_key(session, provider_id, name)

    def work() -> Credential:
        with session.store.transaction() as tables:
            credential = with_key(session, provider_id, name)
            new = _merge(session, credential, terms, baseline) if baseline else terms
            record = {
                "provider": provider_id,
                "credential": name,
                "expires": new.expires,
                "every": new.every,
                "fingerprints": dict(credential.fingerprints) if new.expires else {},
            }
            if _records(session).get((provider_id, name)) != record:
                forget(tables, provider_id, name)
                tables.table(_TABLE).insert(record)
        return credential

    return await asyncio.to_thread(work)


def _merge(session: TenantSession, credential: Credential, new: Lifetime, baseline: LifetimeBaseline) -> Lifetime:
    """Return what a form sets, with what only another session changed; raise Conflict where both changed the same."""
    before, present = baseline.terms, lifetime(session, credential) or Lifetime()
    expires, every = new.expires, new.every
    if expires == before.expires:
        expires = present.expires
    else:
        if expires and dict(baseline.credential.fingerprints) != dict(credential.fingerprints):
            raise conflict(session, "replaced the key")
        change = f"set the expiry date to {present.expires}" if present.expires else "removed the expiry date"
        require_unchanged(session, Baseline(before.expires), present.expires, expires, change)
    if every == before.every:
        every = present.every
    else:
        change = f"set the rotation to every {present.every} days" if present.every else "removed the rotation period"
        require_unchanged(session, Baseline(before.every), present.every, every, change)
    return Lifetime(expires, every)


def record_expiry(tables: Tables, credential: Credential, expires: str) -> None:
    """Store the expiry date that the provider tells of a key, inside a transaction; its rotation period stays."""
    table, place = tables.table(_TABLE), (credential.provider, credential.name)
    before = next((record for record in table if (record.get("provider"), record.get("credential")) == place), None)
    terms = {"expires": expires, "fingerprints": dict(credential.fingerprints), "reported": True}
    if before is None:
        table.insert({"provider": place[0], "credential": place[1], "every": 0, **terms})
    else:
        table.update(terms, doc_ids=[before.doc_id])


def note_expiry(session: TenantSession, credential: Credential, expires: str) -> None:
    """Store the expiry date that the provider tells of a stored key, unless it is known; '' tells nothing."""
    terms = lifetime(session, credential)
    if expires and (terms is None or terms.expires != expires):
        with session.store.transaction() as tables:
            record_expiry(tables, credential, expires)


def with_key(session: TenantSession, provider_id: str, name: str = "") -> Credential:
    """Return a credential that holds a key, the active one unless named; raise a UsageError if there is none."""
    existing = credentials.find(session, provider_id, name) if name else credentials.active(session, provider_id)
    if existing is None:
        raise unknown_credential(session, provider_id, name)
    label = label_of(session, provider_id)
    if previous_of(existing.name):
        raise UsageError(f"{existing.name} of {label} is a previous key.", f"Use {previous_of(existing.name)}.")
    if not existing.envelope and not existing.references:
        raise UsageError(f"{existing.name} of {label} has no API key.", "It has nothing that expires.")
    return existing


def expiry_of(text: str, today: str) -> str:
    """Return the expiry date that a person typed, YYYY-MM-DD; raise UsageError if it is none or in the past."""
    day = _date(text.strip())
    if day is None:
        raise UsageError(f"{one_line(text, 40)} is not a date.", "For example 2027-01-31.")
    if day.isoformat() < today:
        raise UsageError(f"{day} is in the past.", "Give the date on which the key expires, such as 2027-01-31.")
    return day.isoformat()


def period_of(text: str) -> int:
    """Return the days of a rotation period that a person typed, such as 90d or 12w; raise UsageError if it is none."""
    match = re.fullmatch(r"([0-9]{1,5})([dw])", text.strip())
    days = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < days <= MAX_ROTATION_DAYS:
        message = f"{one_line(text, 40)} is not a period of at most {MAX_ROTATION_DAYS:,} days."
        raise UsageError(message, "Give days or weeks, for example 90d or 12w.")
    return days


def forget(tables: Tables, provider_id: str, name: str = "") -> None:
    """Remove what was set for a credential, or for all of a provider, inside a transaction."""
    tables.table(_TABLE).remove(lambda record: is_of(_TABLE, record, provider_id, (name,) if name else ()))


def is_of(table: str, record: Mapping[str, Any], provider_id: str, names: Collection[str] = ()) -> bool:
    """Return True if a record of a table was set for one of these credentials, or for any of the provider."""
    return (
        table == _TABLE and record.get("provider") == provider_id and (not names or record.get("credential") in names)
    )


def names_key(table: str, record: Mapping[str, Any], fingerprints: Collection[tuple[str, str]]) -> bool:
    """Return True if a record of a table holds one of these fingerprints, given by field."""
    stored = record.get("fingerprints")
    return table == _TABLE and isinstance(stored, dict) and any(stored.get(name) == mark for name, mark in fingerprints)


def forget_key(tables: Tables, fingerprints: Collection[tuple[str, str]]) -> None:
    """Remove the expiry dates of a key that is no longer stored, inside a transaction."""
    table = tables.table(_TABLE)
    for record in [record for record in table if names_key(_TABLE, record, fingerprints)]:
        if record.get("every"):
            table.update({"expires": "", "fingerprints": {}}, doc_ids=[record.doc_id])
        else:
            table.remove(doc_ids=[record.doc_id])


def due_keys(session: TenantSession) -> list[tuple[str, Credential]]:
    """Return the credentials whose key is due by what was set for it, each with its date, the earliest first."""
    due = []
    for credential in credentials.stored(session) if _records(session) else ():
        terms = None if previous_of(credential.name) else lifetime(session, credential)
        if terms and is_due(credential, terms, session.today()):
            due.append((due_on(credential, terms), credential))
    return sorted(due, key=lambda entry: (entry[0], entry[1].provider, entry[1].name))


def due_words(session: TenantSession) -> str:
    """Return one line that names the keys that are due by what was set for them, '' if none is."""
    due = due_keys(session)
    names = ", ".join(
        f"{label_of(session, entry.provider)} {one_line(entry.name, 40)} ({short_time(day, session.now())})"
        for day, entry in due[:_MAX_NAMES]
    )
    more = f" and {len(due) - _MAX_NAMES} more" if len(due) > _MAX_NAMES else ""
    return f"API keys to replace: {names}{more}." if due else ""


def _rotation(credential: Credential, terms: Lifetime) -> str:
    saved = _date((credential.changed or credential.created)[:10])
    with suppress(OverflowError):
        return (saved + timedelta(days=terms.every)).isoformat() if saved and terms.every else ""
    return ""


def _date(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError):
        return None


def _records(session: TenantSession) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    def read(tables: Tables) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {
            (str(record.get("provider")), str(record.get("credential"))): dict(record)
            for record in tables.table(_TABLE)
        }

    return session.store.cached(_TABLE, read, table=_TABLE)
