"""One connection to the database: opened when first needed, with a deadline for every answer.

A connection that failed is dropped; one that was idle is tested before it is used. Nothing here holds a secret: values
are parameters, never parts of a statement.
"""

import logging
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from tui.errors import Action, NetworkError, Problem, Remedy, SaveFailed, UsageError
from tui.sanitize import one_line
from tui.storage.postgres.address import Address
from tui.storage.postgres.password_file import with_password_file

CLIENT = 1
"""What this version can write: `least_client` of the store is at most this."""

DEADLINE = 10.0
"""Seconds that an answer of the server may take."""

_IDLE = 30.0
"""Seconds without use after which a connection is tested."""

_PREPARE = 5
"""Uses of a statement after which the server keeps its plan: planning took a fifth of a save."""

_ROLES = """
SELECT s.rolname,
       EXISTS (SELECT FROM pg_roles r WHERE r.rolsuper AND pg_has_role(session_user, r.oid, 'MEMBER')),
       EXISTS (SELECT FROM pg_roles r WHERE r.rolbypassrls AND pg_has_role(session_user, r.oid, 'MEMBER')),
       current_user = session_user,
       coalesce(pg_has_role(session_user, to_regrole('modeldeck_owner'), 'MEMBER'), false),
       coalesce(pg_has_role(session_user, to_regrole('modeldeck_operator'), 'USAGE'), false),
       coalesce(pg_has_role(session_user, to_regrole('modeldeck_auditor'), 'USAGE'), false),
       coalesce(pg_has_role(session_user, to_regrole('modeldeck_meter'), 'USAGE'), false),
       EXISTS (SELECT FROM pg_namespace WHERE nspname = 'modeldeck'),
       extract(epoch FROM clock_timestamp()),
       pg_backend_pid()
FROM pg_roles s WHERE s.rolname = session_user
"""

T = TypeVar("T")

# It warns of every connection that was lost, on a terminal that the console draws on; what matters is raised.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)


class StoreUnreachable(NetworkError):
    """The database does not answer. What is on this machine is not used in its place."""


@dataclass(frozen=True)
class Login:
    """Who is connected to which store; `clock_offset` is the server's clock less this machine's, in seconds."""

    name: str
    role: str
    schema_version: int
    min_client: int
    store_id: str
    clock_offset: float


class _Deadlined(psycopg.Connection[tuple[Any, ...]]):
    """A connection that ends when an answer takes longer than `deadline`: the server may be stopped, not gone."""

    deadline = DEADLINE

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run a step of the protocol within the deadline."""
        return super().wait(self._limited(gen), interval)

    def _limited(self, gen: Any) -> Generator[Any, Any, Any]:
        until = time.monotonic() + self.deadline
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready and time.monotonic() > until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("no answer in time")
                state = gen.send(ready)
        except StopIteration as end:
            return end.value


class Link:
    """The connection of a session; not for several threads at once."""

    def __init__(self, address: Address, environ: Mapping[str, str], deadline: float = DEADLINE) -> None:
        self.address = address
        self._deadline = deadline
        self._connection: _Deadlined | None = None
        self._last_use = 0.0
        self._login: Login | None = None
        self._conninfo = with_password_file(address.conninfo, environ)

    def another(self, deadline: float) -> "Link":
        """Return a second connection to the same store, which is opened when first needed."""
        link = Link(self.address, {}, deadline)
        link._conninfo = self._conninfo
        return link

    def adopt(self, login: Login) -> None:
        """Take a login that another connection has, until this one is opened; test this one before it is used."""
        self._login, self._last_use = self._login or login, float("-inf")

    @property
    def login(self) -> Login:
        """Who is connected; connects first if need be."""
        if self._login is None:
            self.connection()
        assert self._login is not None
        return self._login

    def connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return the open connection, tested if it was idle.

        Raises:
            StoreUnreachable: There is none to be had.
            Problem: The login may not be used, or the store is not set up.
        """
        if self._connection is not None and time.monotonic() - self._last_use > _IDLE:
            try:
                self._connection.execute("SELECT 1")
            except psycopg.Error:
                self.drop()
        if self._connection is None or self._connection.closed:
            self._connection, self._login = self._open()
        self._last_use = time.monotonic()
        return self._connection

    def call(self, work: Callable[[psycopg.Connection[tuple[Any, ...]]], T]) -> T:
        """Run reads in no transaction; once more on a new connection if this one turns out to be dead."""
        fresh = self._connection is None
        try:
            return work(self.connection())
        except psycopg.Error as error:
            self.drop()
            if fresh or not is_lost(error):
                raise problem(error, self.address) from None
        try:
            return work(self.connection())
        except psycopg.Error as error:
            self.drop()
            raise problem(error, self.address) from None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that was not closed."""
        return self._connection is not None and not self._connection.closed

    def drop(self) -> None:
        """Close the connection; the next use opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> tuple[_Deadlined, Login]:
        try:
            connection = _Deadlined.connect(self._conninfo, autocommit=True, prepare_threshold=None)
        except psycopg.Error as error:
            raise problem(error, self.address) from None
        connection.deadline = self._deadline
        try:
            login = _check(connection)
        except psycopg.Error as error:
            connection.close()
            raise problem(error, self.address) from None
        except Problem:
            connection.close()
            raise
        return connection, login


def _check(connection: psycopg.Connection[tuple[Any, ...]]) -> Login:
    """Return the login of a connection; raise a Problem if the store must not be used with it."""
    row = connection.execute(_ROLES).fetchone()
    assert row is not None
    name, superuser, bypass, plain, owner, operator, auditor, meter, exists, now, process = row
    refused = (
        "a superuser" if superuser else "exempt from row-level security" if bypass else "an owner" if owner else ""
    )
    if refused or not plain:
        raise UsageError(
            f"The database login {one_line(name, 60)} is {refused or 'not the one that connected'}.",
            "Use a login that sees only its own tenants.",
            remedy=Remedy(Action.SHOW_GRANTS),
        )
    if not exists:
        raise Problem("The database is not set up for Modeldeck.", remedy=Remedy(Action.SET_UP_STORE))
    role = "operator" if operator else "auditor" if auditor else "meter" if meter else ""
    if not role:
        raise UsageError(
            f"The database login {one_line(name, 60)} has no role in Modeldeck.",
            "Its administrator can make it a member of modeldeck_operator.",
            remedy=Remedy(Action.SHOW_GRANTS),
        )
    version, min_client, store_id = connection.execute(
        "SELECT schema_version, least_client, store_id::text FROM modeldeck.meta"
    ).fetchone() or (0, 0, "")
    if process == connection.info.backend_pid:
        # The server itself, and no pooler, behind which a statement may meet a process that has not prepared it.
        connection.prepare_threshold = _PREPARE
    return Login(name, role, version, min_client, store_id, float(now) - time.time())


_LOST = ("08", "57P", "25006", "25P03", "53300", "40P01")
"""How the SQLSTATE begins of an error after which another connection may serve.

The last is a deadlock, such as with a schema that is brought up: nothing was done, and the same is done again.
"""


_FULL = ("53", "58")
"""How the SQLSTATE begins where the server lacks disk, memory or another resource, or its disk fails."""


_NO_LOGIN = 'role "'

_REFUSALS = {
    "certificate verify failed": (
        "The certificate of the store's server cannot be verified.",
        "It has expired, or its authority is not the one named by sslrootcert. Nothing was sent.",
    ),
    "does not match host name": (
        "The certificate of the store's server is for another name.",
        "Correct the host in the address of the store. Nothing was sent.",
    ),
    "password authentication failed": (
        "The store rejected your password.",
        "Nothing was changed. Write the new one into your password file.",
    ),
    "no password supplied": (
        "The store asks for a password, and there is none for this login.",
        "Nothing was changed. Add the line HOST:PORT:DATABASE:LOGIN:PASSWORD to your password file.",
    ),
    "too many connections": ("The store takes no more connections.", "Nothing was changed. Close other consoles."),
    "too many clients": ("The store takes no more connections.", "Nothing was changed. Close other consoles."),
    "connection slots are reserved": ("The store takes no more connections.", "Nothing was changed. Try again."),
    "read-only": (
        "The store's server is read-only: a standby, or under maintenance.",
        "Nothing was changed. Try again once it accepts changes, or name all hosts in the address.",
    ),
    "not permitted to log in": (
        "The store no longer admits your login.",
        "Nothing was changed. Ask its administrator.",
    ),
    "no pg_hba.conf entry": (
        "The store's server admits your login from nowhere, or not from this machine.",
        "Nothing was changed. Its administrator adds a line to pg_hba.conf.",
    ),
    "Peer authentication failed": (
        "The store's server admits your login only to the system user of the same name.",
        "Nothing was changed. Correct the login in the address of the store.",
    ),
    "permission denied for database": (
        "Your login may not use this database.",
        "Nothing was changed. Its administrator can grant CONNECT on it.",
    ),
    _NO_LOGIN: (
        "The store has no such login.",
        "Nothing was changed. A login is the database's own, beside that of the system.",
    ),
    'database "': (
        "The server has no such database.",
        "Nothing was changed. Correct the name in the address of the store.",
    ),
}
"""What a server says of a connection that it refuses, and what that means. Others are told in general words."""


def is_lost(error: psycopg.Error) -> bool:
    """Return True if the connection is gone, or the server is: the same may work on another connection."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate.startswith(_LOST)


def problem(error: psycopg.Error, address: Address) -> Problem:
    """Return an error of the database in words; the server's own words may hold values and are not repeated."""
    if isinstance(error, errors.LockNotAvailable):
        return SaveFailed("Another session has been writing.", "Try again; nothing was changed.")
    if isinstance(error, errors.InsufficientPrivilege):
        return SaveFailed("The store does not allow that to your login.", "Ask an operator of the tenant to admit you.")
    if isinstance(error, errors.UniqueViolation):
        return UsageError("A tenant with this ID already exists in the store.", "Choose another ID.")
    if isinstance(error, errors.QueryCanceled):
        return StoreUnreachable("The store took too long to answer.", "Nothing was changed. Try again.")
    if (error.sqlstate or "").startswith(_FULL) and not is_lost(error):
        return StoreUnreachable(
            "The store's server has no room for this, on its disk or in its memory.",
            "Nothing was changed. Its administrator must free some space.",
            f"SQLSTATE {error.sqlstate}",
        )
    if is_lost(error):
        text = str(error)
        refusal = next((words for words in _REFUSALS if words in text), "")
        message, hint = _REFUSALS.get(refusal) or (
            f"The store cannot be reached ({address.shown or 'the default database'}).",
            "Nothing was changed. Files on this machine are not used in its place.",
        )
        remedy = Remedy(Action.ADD_LOGIN if refusal == _NO_LOGIN else Action.CHECK_STORE)
        return StoreUnreachable(message, hint, _reason(error), remedy)
    return SaveFailed("The store refused the change.", "Nothing was changed.", f"SQLSTATE {error.sqlstate or 'none'}")


def _reason(error: psycopg.Error) -> str:
    """Return what libpq says about a connection that failed: names of hosts and users, no values."""
    return one_line(str(error).splitlines()[0], 200) if str(error) and error.sqlstate is None else ""
