"""What a transaction over rows of tenants has read and written so far."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg

from tui.errors import Problem

SAVE = "SELECT new_version, notice_number FROM modeldeck.save(%s, %s, %s, %s, %s)"
"""Tenant, version before (None to create it), operation, settings, how many earlier states to keep."""

DOCUMENTS = """
SELECT s.tenant, s.operation::text, s.document FROM modeldeck.state s
JOIN modeldeck.tenant t ON t.id = s.tenant AND t.version = s.version WHERE s.tenant = ANY(%s) AND NOT t.removed
"""
"""Settings of tenants as they are stored: tenant, operation, document."""

TAIL = 12
"""Entries of the audit log that are read with the lock: the next one is chained to the last."""

NO_OPERATION = "00000000-0000-0000-0000-000000000000"
_ALL_TENANTS = 7_305_805_274_106_203_201
"""The number of the transaction-level lock that is taken to create a tenant."""

_SCHEMA = 7
"""The first schema of a store that has a function for the lock; before, four statements do the same."""

_LOCK_TENANT = "SELECT * FROM modeldeck.lock_tenant(%s, %s, %s, %s)"
_LIMITS = "SELECT set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', '30s', true)"
_LOCK = """
SELECT number, version, coalesce(operation::text, ''), size, last_used FROM modeldeck.tenant
WHERE id = %s AND NOT removed FOR UPDATE
"""
_UNLESS_KNOWN = """
SELECT s.document FROM modeldeck.state s JOIN modeldeck.tenant t
ON t.id = s.tenant AND t.version = s.version WHERE s.tenant = %s AND s.operation <> %s::uuid
"""
_LAST_ENTRIES = "SELECT line FROM modeldeck.audit WHERE tenant = %s ORDER BY n DESC LIMIT %s"


@dataclass(frozen=True)
class TenantHead:
    """What is known of a tenant without its settings; `operation` is that of the save that made the version."""

    tenant: str
    number: int
    version: int
    operation: str
    size: int
    last_used: str


@dataclass
class Change:
    """What a transaction has read and written of one tenant; `head` is None for one that there is not."""

    head: TenantHead | None
    document: bytes | None
    operation: str = ""
    log: list[bytes] = field(default_factory=list)
    tail: list[bytes] = field(default_factory=list)
    """The last entries of the audit log, newest first: `TAIL` of them, or all."""
    earlier: list[int | None] | None = None


@dataclass
class Transaction:
    """The open transaction of a thread: its tenants, and the statements to be sent with its COMMIT."""

    thread: int
    wait: float
    connection: psycopg.Connection[tuple[Any, ...]] | None = None
    changes: dict[str, Change] = field(default_factory=dict)
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    receipts: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    """Queries that have a row if and only if this transaction was committed."""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is done on this machine once it is committed."""
    failed: Problem | None = None


def rows_of(
    connection: psycopg.Connection[tuple[Any, ...]], statement: str, values: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    return connection.execute(statement, values, binary=True).fetchall()


def lock_tenant(
    connection: psycopg.Connection[tuple[Any, ...]], schema: int, tenant: str, known: str, wait: float, begin: bool
) -> tuple[TenantHead, bytes | None, list[bytes]] | None:
    """Lock a tenant's row, first beginning a transaction if need be, and read what a save needs.

    Returns:
        The row, the settings as stored unless they are those of the operation `known`, and the last entries of the
        audit log, newest first. None if there is no such tenant.
    """
    if schema >= _SCHEMA:
        with connection.pipeline():
            if begin:
                connection.execute("BEGIN")
            cursor = connection.execute(_LOCK_TENANT, (tenant, _limit(wait), known, TAIL), binary=True)
        # Outside of the pipeline: within it, it is one more trip.
        row = cursor.fetchone()
        return None if row is None else (TenantHead(tenant, *row[:5]), row[5], row[6])
    with connection.pipeline():
        if begin:
            connection.execute("BEGIN")
        connection.execute(_LIMITS, (_limit(wait),))
        locked = connection.execute(_LOCK, (tenant,))
        # A statement of its own: only one that begins after the lock was given sees what was saved before.
        read = connection.execute(_UNLESS_KNOWN, (tenant, known), binary=True)
        entries = connection.execute(_LAST_ENTRIES, (tenant, TAIL), binary=True, prepare=False)
    row, content = locked.fetchone(), read.fetchone()
    if row is None:
        return None
    return TenantHead(tenant, *row), content[0] if content else None, [entry[0] for entry in entries.fetchall()]


def lock_all_tenants(connection: psycopg.Connection[tuple[Any, ...]], wait: float, begin: bool) -> None:
    """Take the lock for creating a tenant, first beginning a transaction if need be."""
    with connection.pipeline():
        if begin:
            connection.execute("BEGIN")
        connection.execute(_LIMITS, (_limit(wait),))
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ALL_TENANTS,))


def _limit(wait: float) -> str:
    return f"{max(1, int(wait * 1000))}ms"


def operation_id() -> str:
    """Return a new operation id."""
    return str(uuid4())
