"""The schema of a shared store: numbered SQL, applied forward only; roles and grants, and what is deployed."""

import os
import random
import time
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import psycopg
from psycopg import sql

from tui.errors import Problem, UsageError
from tui.sanitize import one_line
from tui.storage.postgres.address import Address
from tui.storage.postgres.connection import CLIENT, problem
from tui.storage.postgres.password_file import with_password_file

TRIES = 10
ROLES = ("modeldeck_owner", "modeldeck_operator", "modeldeck_auditor", "modeldeck_meter")
_ALL = "auditor meter operator"
_POLICIES = {
    **{
        (table, "by_functions"): "ALL owner"
        for table in (
            *("tenant", "member", "state", "audit", "file", "operator", "wrap", "trial", "reservation", "presence"),
            "blob",
        )
    },
    ("blob", "of_members"): "ALL operator",
    **{(table, "of_members"): "ALL auditor operator" for table in ("state", "audit", "file")},
    ("tenant", "of_members"): f"ALL {_ALL}",
    ("trial", "of_members"): f"SELECT {_ALL}",
    ("presence", "of_members"): "SELECT operator",
    ("member", "own"): f"SELECT {_ALL}",
    ("operator", "of_all"): "SELECT operator",
    ("operator", "own"): "INSERT operator",
    ("wrap", "own"): "SELECT operator",
}
"""The policies of row-level security by table and name: for which command, and for which of our roles."""
_TABLES = "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_get_userbyid(c.relowner) FROM pg_class c"


def migrations() -> list[tuple[int, str]]:
    """Return the migrations in this package: number and SQL."""
    folder = _package() / "migrations"
    files = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(int(name.split("_")[0]), (folder / name).read_text()) for name in files]


def latest() -> int:
    """Return the number of the last migration."""
    return migrations()[-1][0]


def grants() -> str:
    """Return the SQL of roles and grants, for an administrator to read and run."""
    return f"{(_package() / 'roles.sql').read_text()}\n{(_package() / 'grants.sql').read_text()}"


def initialize(address: Address, operators: tuple[str, ...] = ()) -> int:
    """Create roles, schema and logins of operators; return the schema's version. May be run again.

    Raises:
        Problem: The login may not do that, or the database cannot be reached.
    """
    with _administrator(address) as connection:
        connection.execute((_package() / "roles.sql").read_bytes())
        administrator = connection.execute("SELECT session_user").fetchone()
        assert administrator is not None
        connection.execute(sql.SQL("GRANT modeldeck_owner TO {}").format(sql.Identifier(administrator[0])))
        version = _migrate(connection)
        for login in operators:
            existing = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (login,)).fetchone()
            if existing is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(login)))
            connection.execute(sql.SQL("GRANT modeldeck_operator TO {}").format(sql.Identifier(login)))
        return version


def migrate(address: Address) -> int:
    """Apply what is missing, in one transaction for each number; return the schema's version."""
    with _administrator(address) as connection:
        return _migrate(connection)


def check(address: Address) -> list[str]:
    """Return what differs in a database from what this version grants, as sentences."""
    with _administrator(address) as connection:
        return list(_differences(connection))


def _administrator(address: Address) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return _Administrator.connect(with_password_file(address.conninfo, os.environ), autocommit=True)
    except psycopg.Error as error:
        raise problem(error, address) from None


class _Administrator(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose errors become problems at the end of its block."""

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        super().__exit__(kind, error, traceback)
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            raise UsageError(
                f"This login may not set up the store: {one_line(error.diag.message_primary or '', 120)}.",
                "Use one that may create roles in the database, for example postgres.",
            ) from None
        if isinstance(error, psycopg.Error):
            raise Problem(
                "The database rejected a statement.", "Nothing was applied.", one_line(str(error), 200)
            ) from None


def _migrate(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    present = _version(connection)
    if present > latest():
        raise Problem(f"The store has schema {present}; this version knows {latest()}.", "Use the newer Modeldeck.")
    for number, text in migrations():
        if number > present:
            _apply(connection, number, text)
    with connection.transaction():
        connection.execute("SET LOCAL ROLE modeldeck_owner")
        connection.execute((_package() / "grants.sql").read_bytes())
    return latest()


def _apply(connection: psycopg.Connection[tuple[Any, ...]], number: int, text: str) -> None:
    """Apply one step in one transaction; again where clients at work and the step waited for each other."""
    for attempt in range(TRIES):
        try:
            with connection.transaction():
                connection.execute("SET LOCAL ROLE modeldeck_owner")
                if number > 1:
                    # Who saves locks it first: they end before the step begins, and wait for its end.
                    connection.execute("LOCK TABLE modeldeck.tenant")
                connection.execute(text.encode())
                connection.execute("UPDATE modeldeck.meta SET schema_version = %s, least_client = %s", (number, CLIENT))
            return
        except psycopg.errors.DeadlockDetected:
            if attempt + 1 == TRIES:
                raise
            time.sleep(random.uniform(0, 0.2))


def _version(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    row = connection.execute("SELECT to_regclass('modeldeck.meta') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return 0
    row = connection.execute("SELECT schema_version FROM modeldeck.meta").fetchone()
    return int(row[0]) if row else 0


def _differences(connection: psycopg.Connection[tuple[Any, ...]]) -> Iterator[str]:
    for role in ROLES:
        row = connection.execute(
            "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", (role,)
        ).fetchone()
        if row is None:
            yield f"The role {role} is missing."
        elif any(row):
            yield f"The role {role} can log in, is a superuser or is exempt from row-level security."
    if _version(connection) != latest():
        yield f"The schema is {_version(connection)}; this version has {latest()}."
        return
    tables = connection.execute(f"{_TABLES} WHERE c.relnamespace = 'modeldeck'::regnamespace AND c.relkind = 'r'")
    for table, enabled, forced, owner in tables.fetchall():
        if owner != "modeldeck_owner":
            yield f"The table {table} belongs to {one_line(owner, 60)}."
        if table != "meta" and not (enabled and forced):
            yield f"Row-level security of the table {table} is off."
    yield from _policy_differences(connection)
    # A login that may not is told so, rather than what a missing privilege means below.
    connection.execute("SET ROLE modeldeck_owner")
    connection.execute("RESET ROLE")
    before = _privileges(connection)
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET LOCAL ROLE modeldeck_owner")
            connection.execute((_package() / "grants.sql").read_bytes())
            connection.execute("RESET ROLE")
            expected = _privileges(connection)
    except psycopg.errors.InsufficientPrivilege:
        yield "Grants cannot be compared: a part of the schema does not belong to modeldeck_owner."
        return
    for entry in sorted(before - expected):
        yield f"Granted, and should not be: {entry}."
    for entry in sorted(expected - before):
        yield f"Not granted: {entry}."
    for login, flaw in connection.execute(
        "SELECT r.rolname, CASE WHEN r.rolsuper THEN 'a superuser' ELSE 'exempt from row-level security' END "
        "FROM pg_roles r WHERE (r.rolsuper OR r.rolbypassrls) AND EXISTS "
        "(SELECT FROM pg_auth_members m WHERE m.member = r.oid AND m.roleid = 'modeldeck_operator'::regrole)"
    ).fetchall():
        yield f"The operator {one_line(login, 60)} is {flaw}."


def _policy_differences(connection: psycopg.Connection[tuple[Any, ...]]) -> Iterator[str]:
    """Yield what differs in row-level security, functions and triggers, which no grant says anything of."""
    rows = connection.execute(
        "SELECT tablename::text, policyname::text, cmd, roles::text[], concat(qual, with_check) FROM pg_policies "
        "WHERE schemaname = 'modeldeck' AND permissive = 'PERMISSIVE' ORDER BY 1, 2"
    ).fetchall()
    for table, policy, command, roles, condition in rows:
        expected = _POLICIES.get((table, policy), "")
        if expected != f"{command} {' '.join(sorted(role.removeprefix('modeldeck_') for role in roles))}":
            yield f"The policy {one_line(policy, 60)} of the table {table} should not be there, or is another one."
        elif "owner" not in roles[0] and policy != "of_all" and "session_user" not in condition.lower():
            yield f"The policy {policy} of the table {table} does not ask who is logged in."
    for table, policy in sorted(_POLICIES.keys() - {(row[0], row[1]) for row in rows}):
        yield f"The policy {policy} of the table {table} is missing."
    for name, owner, path in connection.execute(
        "SELECT proname::text, pg_get_userbyid(proowner)::text, coalesce(proconfig::text, '') FROM pg_proc "
        "WHERE pronamespace = 'modeldeck'::regnamespace ORDER BY 1"
    ).fetchall():
        if owner != "modeldeck_owner" or "search_path=modeldeck, pg_temp" not in path:
            yield f"The function {one_line(name, 60)} belongs to {one_line(owner, 60)}, or has no search_path."
    enabled = connection.execute(
        "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid IN "
        "('modeldeck.tenant'::regclass, 'modeldeck.audit'::regclass, 'modeldeck.state'::regclass)"
    ).fetchall()
    for name in sorted({"check_version", "check_entry", "list_blobs", "purge_blobs"} - {row[0] for row in enabled}):
        yield f"The trigger {name} is missing or off."


def _privileges(connection: psycopg.Connection[tuple[Any, ...]]) -> set[str]:
    """Return who may do what in the schema, the owner left out, one text for each."""
    rows = connection.execute("""
        SELECT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee)::text END
               || ': ' || privilege_type || ' on ' || object
        FROM (
          SELECT a.grantee, a.privilege_type, c.relname::text AS object
          FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'modeldeck'::regnamespace
          UNION ALL
          SELECT a.grantee, a.privilege_type, c.relname || ' (' || t.attname || ')'
          FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
          WHERE c.relnamespace = 'modeldeck'::regnamespace
          UNION ALL
          SELECT a.grantee, a.privilege_type, p.proname::text
          FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
          WHERE p.pronamespace = 'modeldeck'::regnamespace
        ) AS granted WHERE grantee <> 'modeldeck_owner'::regrole
    """).fetchall()
    return {row[0] for row in rows}


def _package() -> Traversable:
    return resources.files("tui.storage.postgres")
