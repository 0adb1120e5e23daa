"""A PostgreSQL server for tests: one for each worker, on a private socket, a fresh database for each test."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tui.storage.postgres.address import Address, parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.schema import initialize

OPERATORS = ("ada", "bob")
_numbers = count()


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None where it is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    on_path = shutil.which("postgres")
    return installed[-1].parent if installed else Path(on_path).resolve().parent if on_path else None


def require() -> None:
    """Skip a test where there is no PostgreSQL; the gate installs it and skips nothing."""
    if programs() is None:
        if "MODELDECK_WHOLE_GATE" in os.environ:
            pytest.fail("PostgreSQL is not installed")
        pytest.skip("PostgreSQL is not installed")


class Server:
    """A server on a socket in a private folder. `stop` and `start` are for tests of an outage."""

    def __init__(
        self,
        options: tuple[str, ...] = (),
        tls: tuple[Path, Path] | None = None,
        port: int = 5432,
        primary: Path | None = None,
    ) -> None:
        """With `tls`, a certificate and its key, it also listens on loopback, where it takes nothing else.

        With `primary`, the folder of another server's socket, it is a standby of that one until it is promoted.
        """
        installed = programs()
        assert installed is not None
        self._programs, self._options, self._port = installed, options, port
        self.folder = Path(tempfile.mkdtemp(prefix="md-pg-", dir="/tmp"))
        self._user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
        data = f"{self.folder}/data"
        if primary is None:
            self._run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        else:
            self._run(
                *("pg_basebackup", "-D", data, "-h", str(primary), "-U", "postgres"),
                *("-R", "--no-sync", "-c", "fast"),
            )
        if tls is not None:
            self._listen(*tls)
        self.start()

    def _listen(self, certificate: Path, key: Path) -> None:
        """Listen on loopback, for TLS alone."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            target = self.folder / "data" / name
            shutil.copy(source, target)
            target.chmod(0o600)
            if self._user:
                shutil.chown(target, "postgres", "postgres")
        (self.folder / "data" / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 trust\n")
        self._options = (*self._options, "-h", "127.0.0.1", "-c", "ssl=on")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *self._user,
                    str(self._programs / "postgres"),
                    *("-D", f"{self.folder}/data", "-k", str(self.folder), "-h", "", "-p", str(self._port)),
                    *("-c", "fsync=off", "-c", "full_page_writes=off"),
                    *("-c", "shared_buffers=16MB", "-c", "max_connections=60"),
                    *self._options,
                ],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.address("postgres", "postgres")).close()
                return
            except psycopg.OperationalError:
                assert time.monotonic() < deadline and self.process.poll() is None
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop it at once."""
        self.process.send_signal(signal.SIGINT)  # by SIGTERM it waits for its clients
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def kill(self) -> None:
        """Kill it at once, and wait until its processes ended, so that it can be started again."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.process.kill()
        self.process.wait(10)
        deadline = time.monotonic() + 30
        while any(Path(f"/proc/{child}").exists() for child in children):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def remove(self) -> None:
        """Stop it, and delete its files."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder.parent / f"{self.folder.name}.log").unlink(missing_ok=True)

    def address(self, database: str, user: str) -> str:
        """Return a connection string."""
        port = "" if self._port == 5432 else f"&port={self._port}"
        return f"postgresql:///{database}?host={self.folder}&user={user}{port}"

    def administrator(self, database: str) -> Any:
        """Return a connection of the superuser, in autocommit."""
        return psycopg.connect(self.address(database, "postgres"), autocommit=True)

    def _run(self, program: str, *args: str) -> None:
        subprocess.run([*self._user, str(self._programs / program), *args], check=True, capture_output=True)


@cache
def server() -> Server:
    """Return the server of this worker, with a database that the others are copies of."""
    require()
    started = Server()
    atexit.register(started.remove)
    with started.administrator("postgres") as connection:
        connection.execute("CREATE DATABASE original")
    initialize(parse(started.address("original", "postgres"), {}), OPERATORS)
    return started


class SharedStore:
    """A fresh shared store: a copy of the original database."""

    def __init__(self) -> None:
        self.server = server()
        self.name = f"store{next(_numbers)}"
        with self.server.administrator("postgres") as connection:
            # By its files, which nobody flushes here: written to the log block by block it takes eight times as long.
            copy = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
            connection.execute(f"CREATE DATABASE {self.name} TEMPLATE original{copy}")

    def text(self, login: str = "ada") -> str:
        """Return the address as a person would write it."""
        return self.server.address(self.name, login)

    def address(self, login: str = "ada") -> Address:
        """Return the address for a login."""
        return parse(self.text(login), {})

    def database(self, login: str = "ada", deadline: float = 10.0) -> Database:
        """Return a connection of its own to the store."""
        return Database(Link(self.address(login), {}, deadline))

    def root(self, login: str = "ada") -> RootFolder:
        """Return the data folder of a session of that login."""
        return RootFolder(self.database(login))

    def administrator(self) -> Any:
        """Return a connection of the superuser, in autocommit."""
        return self.server.administrator(self.name)

    def weaken(self, function: str, words: str) -> None:
        """Take words out of a function of the schema, for a control."""
        with self.administrator() as connection:
            (source,) = connection.execute(f"SELECT pg_get_functiondef('modeldeck.{function}'::regproc)").fetchone()
            assert words in source
            connection.execute(source.replace(words, ""))

    def empty(self) -> None:
        """End the connections to the database, and delete its rows."""
        with self.administrator() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            # Not TRUNCATE, which makes files anew. The tenants come last, as the others refer to them.
            tables = connection.execute(
                "SELECT relname::text FROM pg_class WHERE relnamespace = 'modeldeck'::regnamespace AND relkind = 'r' "
                "AND relname <> 'meta' ORDER BY relname = 'tenant'"
            ).fetchall()
            connection.execute("; ".join(f"DELETE FROM modeldeck.{name}" for (name,) in tables))

    def remove(self) -> None:
        """Drop the database."""
        with self.server.administrator("postgres") as connection:
            connection.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


_empty_stores: list[SharedStore] = []


@contextmanager
def reused_store() -> Iterator[SharedStore]:
    """Yield an empty store to a test that writes only what a session writes: emptied, it is good for the next one."""
    store = _empty_stores.pop() if _empty_stores else SharedStore()
    try:
        yield store
    finally:
        store.empty()
        _empty_stores.append(store)


@contextmanager
def shared_store() -> Iterator[SharedStore]:
    """Yield a fresh shared store for one test."""
    created = SharedStore()
    try:
        yield created
    finally:
        created.remove()
