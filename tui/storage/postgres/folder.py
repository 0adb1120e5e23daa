"""The rows of a tenant as a folder of files, so that the store works on them as it does on a disk.

settings.json        the state of the tenant's version      settings.json.1 … .5    the states before, newest first
audit.log            the entries of the audit log           last-used               a column of the tenant
anything else        a row of the table `file`
"""

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tui.errors import Problem, SaveFailed
from tui.process import identity
from tui.storage.audit_log import LOG
from tui.storage.generations import generation, safe_name
from tui.storage.lock import TIMEOUT
from tui.storage.postgres import blobs
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.transaction import SAVE, TAIL, Change, operation_id
from tui.storage.postgres.watcher import Watcher
from tui.storage.watch import StateCache

SETTINGS = "settings.json"
LAST_USED = "last-used"
_MAX_EARLIER_STATES = 5
_SAVED = "SELECT version FROM modeldeck.state WHERE operation = %s"


class TenantFolder:
    """A tenant's rows."""

    shared = ""
    path: Path | None = None

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self._tenant = tenant

    @property
    def label(self) -> str:
        """Where its settings are, for people."""
        return f"{self._tenant} in the shared store ({self._database.link.address.shown or 'the default database'})"

    def write_blocker(self) -> Problem | None:
        """Return why nothing can be written, or None."""
        return _write_blocker(self._database)

    def names(self) -> list[str]:
        """Return the names of all that there is, sorted."""
        files = [row[0] for row in self._query("SELECT name FROM modeldeck.file WHERE tenant = %s", self._tenant)]
        if self.version_token(SETTINGS) is not None:
            files.append(SETTINGS)
        if self._query("SELECT FROM modeldeck.audit WHERE tenant = %s LIMIT 1", self._tenant):
            files.append(LOG)
        if self._last_used():
            files.append(LAST_USED)
        return sorted([*files, *self.generations(SETTINGS)])

    def generations(self, name: str) -> list[str]:
        """Return the names of the earlier states, newest first."""
        if name != SETTINGS:
            return []
        return [generation(name, n) for n, version in enumerate(self._earlier(), 1) if version is not None]

    def sizes(self) -> dict[str, int]:
        """Return the sizes of all contents in bytes, by name."""
        return {name: len(self.read(name) or b"") for name in self.names()}

    def read(self, name: str, last: int = 0) -> bytes | None:
        """Return a content, or at most `last` bytes of its end; None if there is none."""
        safe_name(name)
        if name == LOG:
            return self._log(last)
        content = self._content(name)
        return content[-last:] if content is not None and last else content

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield the lines without their ends, and what follows the last line end."""
        content = self.read(name)
        if content is not None:
            yield from content.split(b"\n")

    def version_token(self, name: str) -> Hashable | None:
        """Return a value that differs whenever the content was replaced; None without it."""
        if name == SETTINGS:
            if (change := self._change()) is not None:
                return change.operation or (change.head.operation if change.head and change.head.version else None)
            head = self._database.heads().get(self._tenant)
            return head.operation if head is not None and head.version else None
        if name in (LOG, LAST_USED) or self._is_generation(name):
            content = self.read(name)
            return None if content is None else hashlib.sha256(content).hexdigest()
        rows = self._query(
            "SELECT encode(sha256(content), 'hex') FROM modeldeck.file WHERE tenant = %s AND name = %s",
            *(self._tenant, name),
        )
        return rows[0][0] if rows else None

    def write(self, name: str, data: bytes, keep: int = 0) -> None:
        """Replace a content; the settings get a new version, and `keep` says whether the present one is kept."""
        safe_name(name)
        with self._database.transaction(self._tenant) as change:
            if name == SETTINGS:
                self._save(change, data, keep)
            elif name == LAST_USED:
                text = data.decode("ascii", "replace")
                self.send("UPDATE modeldeck.tenant SET last_used = %s WHERE id = %s", text, self._tenant)
            elif (number := self._number(name)) is not None:
                self.send("SELECT modeldeck.rewrite_state(%s, %s, %s)", self._tenant, number, self._in_parts(data))
            else:
                self.send(
                    "INSERT INTO modeldeck.file (tenant, name, content) VALUES (%s, %s, %s) "
                    "ON CONFLICT (tenant, name) DO UPDATE SET content = excluded.content",
                    *(self._tenant, name, data),
                )

    def append(self, name: str, data: bytes) -> None:
        """Append to a content; lines of the audit log become a row each."""
        if name != LOG:
            with self._database.transaction(self._tenant):
                self.send(
                    "INSERT INTO modeldeck.file AS f (tenant, name, content) VALUES (%s, %s, %s) "
                    "ON CONFLICT (tenant, name) DO UPDATE SET content = f.content || excluded.content",
                    *(self._tenant, safe_name(name), data),
                )
            return
        with self._database.transaction(self._tenant) as change:
            transaction = self._database.transaction_here()
            assert transaction is not None
            if change.head is None and not change.operation:
                # What is done for all tenants has a log before it has settings.
                self.send("SELECT modeldeck.create_tenant(%s)", self._tenant)
            for line in data.split(b"\n"):
                if line:
                    digest, number = hashlib.sha256(line).hexdigest(), json.loads(line)["n"]
                    self.send(
                        "INSERT INTO modeldeck.audit (tenant, n, hash, line) VALUES (%s, %s, %s, %s)",
                        *(self._tenant, number, digest, line),
                    )
                    transaction.receipts.append(
                        (
                            "SELECT n FROM modeldeck.audit WHERE tenant = %s AND n = %s AND hash = %s",
                            (self._tenant, number, digest),
                        )
                    )
                    change.log.append(line)

    def remove(self, name: str) -> None:
        """Remove a content, if there is one."""
        safe_name(name)
        with self._database.transaction(self._tenant) as change:
            if (number := self._number(name)) is not None:
                self.send("SELECT modeldeck.drop_state(%s, %s)", self._tenant, number)
                if change.earlier is not None:
                    change.earlier = [None if version == number else version for version in change.earlier]
            else:
                self.send("DELETE FROM modeldeck.file WHERE tenant = %s AND name = %s", self._tenant, name)

    @contextmanager
    def lock(self, wait: float = TIMEOUT) -> Iterator[None]:
        """Hold the lock of the tenant's row; what is written in the block is one commit at its end."""
        with self._database.transaction(self._tenant, wait):
            yield

    def folder(self, name: str) -> "TenantFolder":
        """Return nothing: a tenant's rows have no folders in them."""
        raise SaveFailed("A tenant of a shared store has no folders.", "Nothing was changed.")

    def folders(self) -> list[str]:
        """Return no names."""
        return []

    def close(self) -> None:
        """End the connection; the next call opens another one."""
        self._database.close()

    def destroy(self) -> None:
        """Remove the tenant with its states; its audit log stays, as nobody may take entries out."""
        with self._database.transaction(self._tenant) as change:
            if change.head is not None:
                self.send("SELECT modeldeck.remove_tenant(%s)", self._tenant)

    def create(self, states: list[bytes]) -> None:
        """Create the tenant with these states, the present one last. Call it under the lock."""
        change = self._change()
        transaction = self._database.transaction_here()
        assert change is not None and transaction is not None
        change.operation, change.document = operation_id(), states[-1]
        self.send("SELECT modeldeck.create_tenant(%s)", self._tenant)
        for number, state in enumerate(states, 1):
            operation = change.operation if number == len(states) else operation_id()
            self.send(blobs.NEXT_STATE, operation, self._in_parts(state), self._tenant)
        transaction.receipts.append((_SAVED, (change.operation,)))

    def after_commit(self, work: Callable[[], None]) -> None:
        """Do something on this machine once the open transaction is committed, and not before."""
        transaction = self._database.transaction_here()
        assert transaction is not None
        transaction.afterwards.append(work)

    def send(self, statement: str, *values: Any) -> None:
        """Send a statement with the COMMIT of the open transaction."""
        transaction = self._database.transaction_here()
        assert transaction is not None
        transaction.statements.append((statement, values))

    # --- inside ------------------------------------------------------------------------------------------------------

    def _save(self, change: Change, data: bytes, keep: int) -> None:
        transaction = self._database.transaction_here()
        assert transaction is not None
        before = change.head.version if change.head else None
        if change.operation:
            raise SaveFailed("Settings are saved once in a transaction.", "Nothing was changed.")
        change.operation, change.document = operation_id(), data
        # A tenant that is created here has no rows yet to which blobs could belong.
        content = data if before is None else self._in_parts(data)
        self.send(SAVE, self._tenant, before, change.operation, content, keep)
        transaction.receipts.append((_SAVED, (change.operation,)))

    def _content(self, name: str) -> bytes | None:
        if name == SETTINGS:
            change = self._change()
            return change.document if change is not None else self._database.document(self._tenant)
        if name == LAST_USED:
            return self._last_used().encode() or None
        if (number := self._number(name)) is not None:
            statement, key = "SELECT document FROM modeldeck.state WHERE tenant = %s AND version = %s", number
            rows = self._query(statement, self._tenant, key)
        elif self._is_generation(name):
            return None
        else:
            rows = self._query("SELECT content FROM modeldeck.file WHERE tenant = %s AND name = %s", self._tenant, name)
        return blobs.whole(self._tenant, rows[0][0], self._database.documents(), self._database.query) if rows else None

    def _in_parts(self, document: bytes) -> bytes:
        """Return the settings as they are stored; large ones in parts."""
        database = self._database
        return blobs.in_parts(self._tenant, document, database.link.login.schema_version, database.query, self.send)

    def _log(self, last: int) -> bytes | None:
        """Return the audit log, with what this transaction adds; of its end, few rows are read first."""
        change = self._change()
        added = b"".join(line + b"\n" for line in change.log) if change is not None else b""
        tail = change.tail if change is not None and change.head is not None else []
        if last and tail and (len(tail) < TAIL or sum(map(len, tail)) >= last):
            return (b"".join(line + b"\n" for line in reversed(tail)) + added)[-last:]
        statement = "SELECT line FROM modeldeck.audit WHERE tenant = %s ORDER BY n DESC"
        limit = TAIL if last else None
        while True:
            rows = self._query(f"{statement} LIMIT %s", self._tenant, limit)
            content = b"".join(row[0] + b"\n" for row in reversed(rows)) + added
            if limit is None or len(rows) < limit or len(content) >= last:
                break
            limit *= 8
        if not content:
            return None
        return content[-last:] if last else content

    def _last_used(self) -> str:
        head = self._database.heads().get(self._tenant)
        return head.last_used if head is not None else ""

    def _earlier(self) -> list[int | None]:
        """Return the versions of the earlier states, newest first; the same list throughout a transaction."""
        change = self._change()
        if change is not None and change.earlier is not None:
            return change.earlier
        rows = self._query(
            "SELECT s.version FROM modeldeck.state s JOIN modeldeck.tenant t ON t.id = s.tenant "
            "WHERE s.tenant = %s AND s.version < t.version ORDER BY s.version DESC LIMIT %s",
            *(self._tenant, _MAX_EARLIER_STATES),
        )
        versions: list[int | None] = [row[0] for row in rows]
        if change is not None:
            change.earlier = versions
        return versions

    def _number(self, name: str) -> int | None:
        """Return the version of the earlier state that a name means, or None."""
        if not self._is_generation(name):
            return None
        number, versions = int(name.removeprefix(f"{SETTINGS}.")), self._earlier()
        return versions[number - 1] if 0 < number <= len(versions) else None

    def _is_generation(self, name: str) -> bool:
        return name.startswith(f"{SETTINGS}.") and name.removeprefix(f"{SETTINGS}.").isdecimal()

    def _change(self) -> Change | None:
        transaction = self._database.transaction_here()
        return transaction.changes.get(self._tenant) if transaction is not None else None

    def _query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._database.query(statement, values)


class RootFolder:
    """The data folder of a shared store, and its folder of tenants: it holds folders only."""

    shared = ""
    path: Path | None = None

    def __init__(self, database: Database) -> None:
        self.database = database

    def write_blocker(self) -> Problem | None:
        """Return why nothing can be written, or None."""
        return _write_blocker(self.database)

    def names(self) -> list[str]:
        """Return no names: there are no files."""
        return []

    def generations(self, name: str) -> list[str]:
        """Return no names: there are no files."""
        return []

    def sizes(self) -> dict[str, int]:
        """Return no sizes: there are no files."""
        return {}

    def read(self, name: str, last: int = 0) -> bytes | None:
        """Return None: there are no files."""
        return None

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield nothing: there are no files."""
        yield from ()

    def version_token(self, name: str) -> Hashable | None:
        """Return None: there are no files."""
        return None

    def write(self, name: str, data: bytes, keep: int = 0) -> None:
        """Refuse to write: files belong to tenants."""
        raise SaveFailed("A shared store has no files beside its tenants.", "Nothing was changed.")

    def append(self, name: str, data: bytes) -> None:
        """Refuse to write: files belong to tenants."""
        self.write(name, data)

    def remove(self, name: str) -> None:
        """Do nothing: there are no files."""

    @contextmanager
    def lock(self, wait: float = TIMEOUT) -> Iterator[None]:
        """Keep others from creating a tenant meanwhile."""
        with self.database.transaction("", wait):
            yield

    def folder(self, name: str) -> Any:
        """Return the folder of tenants by its name, or that of a tenant."""
        return self if name == "tenants" else TenantFolder(self.database, safe_name(name))

    def writer(self) -> dict[str, Any]:
        """Return what others know whoever saves by: login, machine, process and terminal."""
        return {"user": self.database.link.login.name, **identity.session(), "host": identity.host()}

    def folders(self) -> list[str]:
        """Return the ids of the tenants."""
        return self.database.listing()

    def watch(self, cache: StateCache | None = None) -> Watcher:
        """Keep what is read up to date from now on; read it from the cache while the store is away.

        Raises:
            Problem: The store cannot be used, or is away and the cache holds nothing of it.
        """
        return Watcher(self.database, cache)

    def close(self) -> None:
        """End the connection; the next call opens another one."""
        self.database.close()

    def destroy(self) -> None:
        """Refuse to remove everything."""
        raise SaveFailed("A shared store is removed by its administrator.", "Nothing was changed.")


def open_store(address: str, environ: Mapping[str, str]) -> RootFolder:
    """Return the data folder of a shared store. Nothing is connected yet."""
    return RootFolder(Database(Link(parse(address, environ), environ)))


def _write_blocker(database: Database) -> Problem | None:
    if (problem := database.outage()) is not None:
        return problem
    login = database.link.login
    return (
        None
        if login.role == "operator"
        else Problem(f"Your login has the role {login.role} in the store.", "You can view it.")
    )
