"""What was read of a shared store, and transactions over the rows of its tenants.

A transaction locks the row of its tenant, as a transaction on files locks the folder, for as long as the change takes
to compute: no save is lost to another, and nobody's form holds a lock. What is written is kept here and sent with its
COMMIT in one go. If the connection is lost on the way, the same is looked for by its operation id and sent again only
where it is not there and nobody saved in between.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import psycopg

from tui.errors import Problem, SaveFailed
from tui.sanitize import one_line
from tui.storage.lock import TIMEOUT
from tui.storage.postgres.blobs import whole
from tui.storage.postgres.connection import CLIENT, Link, StoreUnreachable, is_lost, problem
from tui.storage.postgres.transaction import (
    DOCUMENTS,
    NO_OPERATION,
    SAVE,
    Change,
    TenantHead,
    Transaction,
    lock_all_tenants,
    lock_tenant,
    rows_of,
)

CACHE_SECONDS = 1.0
"""Seconds for which the versions that were read are taken for the present ones."""

TRIES = 5
"""Tries of a save."""

_PAUSE = 0.1
_READ_AHEAD = 8 * 2**20
"""Bytes of settings that are read ahead for a list of tenants."""

HEADS = """
SELECT id, number, version, coalesce(operation::text, ''), size, last_used FROM modeldeck.tenant WHERE NOT removed
"""
TRIALS = "SELECT tenant, provider, used, held FROM modeldeck.trial"


class Database:
    """One shared store, as this process sees it."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._lock = threading.RLock()
        self._view = threading.Lock()
        self._heads: dict[str, TenantHead] = {}
        self._documents: dict[str, tuple[str, bytes]] = {}
        self.writes = 0
        """Changes so far to what is known, other than by `adopt`: what was read before one is older than that."""
        self.trials: Mapping[tuple[str, str], tuple[int, int]] = {}
        """Requests of trials used and pending, by tenant and provider, as they were last read."""
        self.watched = False
        """Whether a watcher keeps what is known up to date, so that nothing else reads it again."""
        self.outage: Callable[[], Problem | None] = lambda: None
        """Returns why nothing can be read or written now, where that is known."""
        self.lost: Callable[[], None] = lambda: None
        """Is called when the store turned out to be out of reach."""
        self._read_at = float("-inf")
        self._listed = False
        self._open: Transaction | None = None

    def close(self) -> None:
        """End the connection; the next call opens another one."""
        self.link.drop()

    # --- reading -----------------------------------------------------------------------------------------------------

    def heads(self) -> Mapping[str, TenantHead]:
        """Return the tenants that this login may see, by id."""
        if not self.watched and time.monotonic() - self._read_at > CACHE_SECONDS:
            self.refresh()
        return self._heads

    def refresh(self, tenants: Collection[str] | None = None) -> None:
        """Read which version every tenant has, or those named."""
        if tenants is None:
            self.adopt(self.query(HEADS))
        else:
            self.adopt(self.query(f"{HEADS} AND id = ANY(%s)", (list(tenants),)), tenants)
        self._read_at = time.monotonic()

    def adopt(
        self,
        rows: Collection[tuple[Any, ...]],
        tenants: Collection[str] | None = None,
        documents: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> None:
        """Take rows of tenants for the present ones: of all, or of those named. `documents` are by tenant."""
        with self._view:
            rest = {} if tenants is None else {name: head for name, head in self._heads.items() if name not in tenants}
            self._documents = {**self._documents, **(documents or {})}
            self._heads = rest | {row[0]: TenantHead(*row) for row in rows}

    def trial_counts(self) -> Mapping[tuple[str, str], tuple[int, int]]:
        """Return the requests of trials used and pending, by tenant and provider."""
        if not self.watched:
            self.trials = {(row[0], row[1]): (row[2], row[3]) for row in self.query(TRIALS)}
        return self.trials

    def documents(self) -> Mapping[str, tuple[str, bytes]]:
        """Return the settings that were read so far, by tenant: the operation that saved them, and the content."""
        return self._documents

    def listing(self) -> list[str]:
        """Return the ids of all tenants, whose settings are probably read next."""
        self._listed = True
        return sorted(self.heads())

    def document(self, tenant: str) -> bytes | None:
        """Return the settings of a tenant as they were last read, or None."""
        head = self.heads().get(tenant)
        if head is None or not head.version:
            return None
        if self._documents.get(tenant, ("", b""))[0] != head.operation:
            self._read_documents(tenant)
        return self._documents.get(tenant, ("", None))[1]

    def query(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, inside the transaction of this thread if there is one."""
        transaction = self.transaction_here()
        if transaction is None:
            with self._reached(), self._locked(TIMEOUT):
                return self.link.call(lambda connection: rows_of(connection, statement, values))
        try:
            assert transaction.connection is not None
            return rows_of(transaction.connection, statement, values)
        except psycopg.Error as error:
            transaction.failed = problem(error, self.link.address)
            raise transaction.failed from None

    def _read_documents(self, tenant: str) -> None:
        """Read the settings of a tenant, and after a listing those of others, too, so that a list takes few trips."""
        tenants, size = [tenant], 0
        if self._listed:
            for head in self._heads.values():
                if head.version and self._documents.get(head.tenant, ("", b""))[0] != head.operation:
                    size += head.size
                    if size > _READ_AHEAD:
                        break
                    tenants.append(head.tenant)
        rows = self.query(DOCUMENTS, (tenants,))
        self._documents.update({row[0]: (row[1], whole(row[0], row[2], self._documents, self.query)) for row in rows})
        for name, operation, _ in rows:
            if (current := self._heads.get(name)) and current.operation != operation:
                self._read_at = float("-inf")  # saved in between

    # --- transactions ------------------------------------------------------------------------------------------------

    def transaction_here(self) -> Transaction | None:
        """Return the open transaction of this thread."""
        transaction = self._open
        return transaction if transaction is not None and transaction.thread == threading.get_ident() else None

    @contextmanager
    def transaction(self, tenant: str, wait: float = TIMEOUT) -> Iterator[Change]:
        """Hold the lock of a tenant's row; commit what was written at the end of the outermost block.

        Without a tenant ('') it is the lock for creating one.
        """
        outer = self.transaction_here()
        if outer is not None:
            yield self._join(outer, tenant)
            return
        with self._reached(), self._locked(wait):
            self._check_client()
            transaction = self._open = Transaction(threading.get_ident(), wait)
            try:
                yield self._begin(transaction, tenant)
                if transaction.failed is not None:
                    raise transaction.failed
                self._commit(transaction)
            except BaseException:
                self._roll_back()
                raise
            finally:
                self._open = None

    def _check_client(self) -> None:
        login = self.link.login
        if login.min_client > CLIENT:
            raise SaveFailed("The store was set up by a newer Modeldeck.", "You can view it, not change it.")
        if login.role != "operator":
            raise SaveFailed(f"Your login has the role {login.role} in the store.", "You can view it, not change it.")

    def _begin(self, transaction: Transaction, tenant: str) -> Change:
        """Open the transaction and lock the row; tried again where the server asks for that."""
        for attempt in range(TRIES):
            transaction.connection = self.link.connection()
            try:
                change = transaction.changes[tenant] = self._lock_row(transaction, tenant, begin=True)
                return change
            except psycopg.Error as error:
                self._roll_back()
                if attempt + 1 == TRIES or not (is_lost(error) or error.sqlstate in ("40001", "40P01")):
                    raise self._refused(error, tenant) from None
            time.sleep(random.uniform(0, _PAUSE * 2**attempt))
        raise AssertionError("unreachable")

    def _join(self, transaction: Transaction, tenant: str) -> Change:
        """Lock one more tenant in an open transaction, and read it as it is under the lock."""
        if tenant not in transaction.changes:
            try:
                transaction.changes[tenant] = self._lock_row(transaction, tenant)
            except psycopg.Error as error:
                transaction.failed = problem(error, self.link.address)
                raise transaction.failed from None
        return transaction.changes[tenant]

    def _lock_row(self, transaction: Transaction, tenant: str, begin: bool = False) -> Change:
        connection = transaction.connection
        assert connection is not None
        if not tenant:
            lock_all_tenants(connection, transaction.wait, begin)
            self._read_at = float("-inf")  # under the lock nothing read before counts
            return Change(None, None)
        operation, document = self._documents.get(tenant, (NO_OPERATION, None))
        locked = lock_tenant(connection, self.link.login.schema_version, tenant, operation, transaction.wait, begin)
        if locked is None:
            return Change(None, None)
        head, content, tail = locked
        if content is not None:
            document = whole(tenant, content, self._documents, partial(rows_of, connection))
        with self._view:
            if content is not None and document is not None:
                self._documents = {**self._documents, tenant: (head.operation, document)}
            if self._heads.get(tenant) != head:
                self.writes += 1
                self._heads = {**self._heads, tenant: head}
        return Change(head, document if head.version else None, tail=tail)

    def _commit(self, transaction: Transaction) -> None:
        if not transaction.statements:
            self._roll_back()
            return
        try:
            self._send(transaction)
        except psycopg.Error as error:
            if isinstance(error, psycopg.errors.SerializationFailure):
                self._roll_back()
                raise SaveFailed(*self._saved_first(next(iter(transaction.changes)))) from None
            if not is_lost(error):
                raise problem(error, self.link.address) from None
            self.link.drop()
            self._send_again(transaction)
        for work in transaction.afterwards:
            with suppress(Problem):  # it is committed, and that is what whoever saves hears
                work()
        for tenant in transaction.changes:
            self._forget_unless_saved(tenant, transaction)

    def _send(self, transaction: Transaction) -> None:
        """Send all statements and the COMMIT in one go."""
        connection = transaction.connection
        assert connection is not None
        with connection.pipeline():
            cursors = [connection.execute(statement, values) for statement, values in transaction.statements]
            connection.execute("COMMIT")
        for cursor, (statement, values) in zip(cursors, transaction.statements, strict=True):
            if statement is SAVE:
                row = cursor.fetchone()
                assert row is not None
                document = transaction.changes[values[0]].document or b""
                self.saved(values[0], TenantHead(values[0], row[1], row[0], values[2], len(values[3]), ""), document)

    def _send_again(self, transaction: Transaction) -> None:
        """After a connection was lost: find out whether it was committed; if not, send it again.

        Raises:
            SaveFailed: Somebody saved in between.
            StoreUnreachable: It cannot be found out.
        """
        for attempt in range(TRIES):
            time.sleep(random.uniform(0, _PAUSE * 2**attempt))
            try:
                connection = transaction.connection = self.link.connection()
                connection.execute("BEGIN")
                changed = False
                for tenant, change in transaction.changes.items():
                    # Under the row's lock: the lost transaction is over, committed or not.
                    present = self._lock_row(transaction, tenant)
                    changed = changed or (present.head and present.head.operation) != (
                        change.head and change.head.operation
                    )
                receipts = transaction.receipts
                if receipts and all(connection.execute(*receipt).fetchone() for receipt in receipts):
                    self._roll_back()
                    self._read_at = float("-inf")
                    return
                if changed:
                    self._roll_back()
                    raise SaveFailed(*self._saved_first(next(iter(transaction.changes))))
                self._send(transaction)
                return
            except psycopg.Error as error:
                self.link.drop()
                if isinstance(error, psycopg.errors.LockNotAvailable):
                    break  # the lost one still holds the row, and waits for a standby, say
                if not is_lost(error):
                    raise problem(error, self.link.address) from None
            except StoreUnreachable:
                self.link.drop()
        self._read_at = float("-inf")  # it may be there
        raise StoreUnreachable(
            "The connection to the store was lost while it was saving.",
            "It may or may not have been saved. Look at it when the store is back, before you do it again.",
        )

    def saved(self, tenant: str, head: TenantHead, document: bytes) -> None:
        """Take what was saved for what is there now."""
        with self._view:
            self.writes += 1
            self._documents = {**self._documents, tenant: (head.operation, document)}
            last_used = self._heads[tenant].last_used if tenant in self._heads else ""
            self._heads = {**self._heads, tenant: replace(head, last_used=last_used)}

    def _forget_unless_saved(self, tenant: str, transaction: Transaction) -> None:
        """Read a tenant again that was removed, or written to in another way than by a save."""
        change = transaction.changes[tenant]
        if not change.operation or (head := self._heads.get(tenant)) is None or head.operation != change.operation:
            self._read_at = float("-inf")
            if self.watched:
                with suppress(Problem):
                    self.refresh(transaction.changes)

    def _roll_back(self) -> None:
        """End the transaction of this connection, if there is one."""
        try:
            if self.link.is_open:
                self.link.connection().execute("ROLLBACK")
        except (psycopg.Error, Problem):
            self.link.drop()

    def _refused(self, error: psycopg.Error, tenant: str) -> Problem:
        if isinstance(error, psycopg.errors.LockNotAvailable) and tenant:
            return SaveFailed(*self._saved_first(tenant, "has been writing"))
        return problem(error, self.link.address)

    def _saved_first(self, tenant: str, what: str = "saved first") -> tuple[str, str]:
        """Return the sentence and hint that say who was first, and when."""
        try:
            rows = self.link.call(
                lambda connection: connection.execute(
                    "SELECT writer, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') FROM modeldeck.state "
                    "WHERE tenant = %s ORDER BY version DESC LIMIT 1",
                    (tenant,),
                ).fetchall()
            )
        except Problem:
            rows = []
        last = f"; the last to save was {one_line(rows[0][0], 60)}, at {rows[0][1]} UTC" if rows else ""
        return f"Another session {what}{last}.", "Nothing was changed. Try again."

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Raise at once while the store is known to be away; report it if it turns out to be."""
        if (problem := self.outage()) is not None:
            raise problem
        try:
            yield
        except StoreUnreachable:
            self.lost()
            raise

    @contextmanager
    def _locked(self, wait: float) -> Iterator[None]:
        """Keep the other threads of this process from the connection."""
        if not self._lock.acquire(timeout=max(wait, 0.001)):
            raise SaveFailed("Another part of Modeldeck is writing.", "Try again; nothing was changed.")
        try:
            yield
        finally:
            self._lock.release()
