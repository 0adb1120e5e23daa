"""S9: each role tries each verb on each table, column and function; nobody reaches the rows of another tenant."""

from collections.abc import Iterator
from typing import Any

import psycopg

from tests.campaign.figures import Result
from tests.doubles.postgres_server import SharedStore, shared_store
from tests.storage.postgres.test_least_privilege import COLUMNS, FUNCTIONS, is_allowed
from tests.storage.postgres.test_roles import ALLOWED, TABLES, VERBS, create_tenants, login
from tui.errors import UsageError

_FUNCTIONS = "SELECT proname::text, pronargs FROM pg_proc WHERE pronamespace = 'modeldeck'::regnamespace ORDER BY 1"
_COLUMNS = (
    "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'modeldeck' "
    "ORDER BY 1, 2"
)
_OF_TENANTS = ("tenant", "member", "state", "audit", "file", "trial", "presence", "blob", "wrap")


def matrix(count: int, seed: int) -> Result:
    """So many times all that each role may try; the control is an owner, whom the program refuses."""
    tries, wrong = 0, list[str]()
    visible, refused = 0, 0
    for _ in range(count):
        with shared_store() as shared:
            create_tenants(shared)
            for role in ALLOWED:
                with login(shared, role) as connection:
                    connection.autocommit = True
                    outcomes = [*_tables(connection, role), *_columns(connection, role), *_functions(connection, role)]
                    outcomes += _other_tenants(connection, role)
                tries += len(outcomes)
                wrong += [words for words, is_right in outcomes if not is_right]
            with shared.administrator() as connection:
                connection.execute("SET ROLE modeldeck_owner")
                visible += connection.execute("SELECT count(DISTINCT tenant) FROM modeldeck.state").fetchone()[0]
            refused += _is_owner_refused(shared)
    words = f"{len(ALLOWED)} roles: {len(wrong)} tries that end otherwise than they should"
    words += "".join(f"; {entry}" for entry in wrong[:5])
    without = f"an owner sees the rows of {visible // count} tenants, and is refused at the start"
    return Result(tries, len(wrong) + count - refused, words, without, visible > count)


def _tables(connection: Any, role: str) -> Iterator[tuple[str, bool]]:
    for table, column in TABLES.items():
        for verb, statement in VERBS.items():
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.format(table=table, column=column))
                allowed = True
            except psycopg.errors.InsufficientPrivilege:
                allowed = False
            except (psycopg.errors.NotNullViolation, psycopg.errors.UniqueViolation):
                allowed = True
            yield f"{role}: {verb} {table}", allowed == ((verb, table) in ALLOWED[role])


def _columns(connection: Any, role: str) -> Iterator[tuple[str, bool]]:
    expected = COLUMNS if role == "operator" else {"INSERT": {}, "UPDATE": {}}
    for table, column in connection.execute(_COLUMNS).fetchall():
        for verb, statement in {
            "INSERT": f"INSERT INTO modeldeck.{table} ({column}) VALUES (NULL)",
            "UPDATE": f"UPDATE modeldeck.{table} SET {column} = NULL WHERE false",
        }.items():
            allowed = is_allowed(connection, statement)
            yield f"{role}: {verb} {table} ({column})", allowed == (column in expected[verb].get(table, ()))


def _functions(connection: Any, role: str) -> Iterator[tuple[str, bool]]:
    for name, count in connection.execute(_FUNCTIONS).fetchall():
        allowed = is_allowed(connection, f"SELECT modeldeck.{name}({', '.join(['NULL'] * count)})")
        yield f"{role}: {name}()", allowed == (name in FUNCTIONS[role])


def _other_tenants(connection: Any, role: str) -> Iterator[tuple[str, bool]]:
    for table in _OF_TENANTS:
        key = "id" if table == "tenant" else "tenant"
        try:
            rows = connection.execute(f"SELECT DISTINCT {key} FROM modeldeck.{table}").fetchall()
        except psycopg.errors.InsufficientPrivilege:
            continue
        yield f"{role}: rows of {table}", {row[0] for row in rows} <= {"acme"}


def _is_owner_refused(shared: SharedStore) -> bool:
    name = f"owner_{shared.name}"
    with shared.administrator() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN IN ROLE modeldeck_owner")
        try:
            shared.root(name).folders()
        except UsageError:
            return True
        finally:
            connection.execute(f"DROP ROLE {name}")
    return False
