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


def operation_id() -> str:
    """Return a new operation id."""
    return str(uuid4())
