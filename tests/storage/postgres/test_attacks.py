"""What a login tries that is no use of Modeldeck: raw SQL as each role, against what its role must not do."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.test_roles import acme, login
from tests.storage.postgres.test_watcher import until, watch
from tui.errors import UsageError
from tui.storage.postgres.watcher import Watcher
from tui.storage.store import Store

pytestmark = pytest.mark.slow
__all__ = ["acme", "watch"]

Connection = psycopg.Connection[tuple[object, ...]]

ESCALATIONS = (
    "SET ROLE postgres",
    "SET ROLE modeldeck_owner",
    "SET SESSION AUTHORIZATION bob",
    "RESET SESSION AUTHORIZATION; SET ROLE modeldeck_owner",
    "GRANT modeldeck_owner TO ada",
    "ALTER ROLE ada SUPERUSER",
    "ALTER ROLE ada BYPASSRLS",
    "ALTER TABLE modeldeck.state DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE modeldeck.state OWNER TO ada",
    "CREATE POLICY mine ON modeldeck.state USING (true)",
    "ALTER FUNCTION modeldeck.check_member(text) OWNER TO ada",
    "CREATE OR REPLACE FUNCTION modeldeck.check_member(t text) RETURNS void LANGUAGE sql AS ''",
    "CREATE FUNCTION modeldeck.mine() RETURNS void LANGUAGE sql AS ''",
    "CREATE TABLE modeldeck.mine ()",
    "CREATE TRIGGER mine BEFORE INSERT ON modeldeck.state EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "ALTER TABLE modeldeck.audit DISABLE TRIGGER check_entry",
    "SET session_replication_role = replica",
    "COPY modeldeck.state TO PROGRAM 'cat'",
    "SELECT pg_read_file('/etc/passwd')",
    "DO LANGUAGE plpython3u 'pass'",
    "CREATE EXTENSION dblink",
    "LOCK modeldeck.state IN ACCESS EXCLUSIVE MODE",
    "INSERT INTO modeldeck.member (login, tenant) VALUES ('ada', 'other')",
    "UPDATE modeldeck.member SET tenant = 'other'",
    "UPDATE modeldeck.tenant SET removed = true",
    "UPDATE modeldeck.tenant SET id = 'other' WHERE id = 'acme'",
    "UPDATE modeldeck.meta SET least_client = 99",
    "SELECT setval(pg_get_serial_sequence('modeldeck.tenant', 'number'), 1)",
    "SELECT modeldeck.check_member('other')",
    "SELECT modeldeck.trial_terms('other', 'openai')",
    "SELECT modeldeck.create_tenant('other')",
    "SELECT modeldeck.save('other', 1, gen_random_uuid(), '', 5)",
    "SELECT modeldeck.save('acme', 5, gen_random_uuid(), '', 5)",
    "SELECT modeldeck.add_wrap('other', 'k', 'ada', 'k', 1, '')",
    "SELECT modeldeck.dismiss('other', 'bob')",
    "SELECT modeldeck.drop_wraps('other', 'k')",
    "SELECT modeldeck.drop_state('other', 1)",
    "SELECT modeldeck.remove_member('other', 'bob')",
    "SELECT modeldeck.create_from('other', ARRAY['x'::bytea], gen_random_uuid())",
)
"""Statements that no operator of the tenant acme gets through."""

FORGERIES = (
    "INSERT INTO modeldeck.operator (login, key_id, public_key) VALUES ('bob', '{key}', 'mine')",
    "UPDATE modeldeck.operator SET public_key = 'mine'",
    "DELETE FROM modeldeck.operator",
    "INSERT INTO modeldeck.wrap (tenant, tenant_key, login, operator_key, counter, content) "
    "VALUES ('acme', 'k', 'bob', 'k', 1, '')",
    "INSERT INTO modeldeck.audit (tenant, n, hash, line, db_user) VALUES ('acme', 9, 'h', 'x', 'bob')",
    "INSERT INTO modeldeck.audit (tenant, n, hash, line, client_addr) VALUES ('acme', 9, 'h', 'x', '192.0.2.1')",
    "INSERT INTO modeldeck.audit (tenant, n, hash, line, at) VALUES ('acme', 9, 'h', 'x', now())",
    "UPDATE modeldeck.audit SET db_user = 'bob'",
    "DELETE FROM modeldeck.audit",
    "TRUNCATE modeldeck.audit CASCADE",
    "INSERT INTO modeldeck.state (tenant, version, document, operation, writer) "
    "VALUES ('acme', 9, 'x', gen_random_uuid(), 'bob')",
    "UPDATE modeldeck.state SET writer = 'bob'",
    "DELETE FROM modeldeck.state",
    "INSERT INTO modeldeck.presence (tenant, login, host, what, until) VALUES ('acme', 'bob', 'h', 'w', now())",
    "UPDATE modeldeck.trial SET used = 0",
    "DELETE FROM modeldeck.reservation",
)
"""Statements by which an operator would write as somebody else, or take back what was written."""


@pytest.fixture
def ada(acme: SharedStore) -> Iterator[Connection]:
    with psycopg.connect(acme.text("ada"), autocommit=True) as connection:
        yield connection


def refused(connection: Connection, statements: tuple[str, ...]) -> None:
    """Assert that no statement is carried out."""
    for statement in statements:
        with pytest.raises(psycopg.Error) as caught, connection.transaction():
            connection.execute(statement.format(key="0" * 16).encode())
        # Insufficient privilege, no such language, or a check, a key or a version that stands against it.
        assert str(caught.value.sqlstate) in ("42501", "42704", "0A000", "23505", "40001", "58P01"), statement


def test_an_operator_escalates_by_no_statement_role_or_function(ada: Connection, acme: SharedStore) -> None:
    refused(ada, ESCALATIONS)
    with acme.administrator() as connection:
        owners = (
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'modeldeck'::regnamespace"
        )
        assert connection.execute(owners).fetchall() == [("modeldeck_owner",)]


def test_an_operator_writes_as_nobody_else_and_takes_nothing_back(ada: Connection, acme: SharedStore) -> None:
    refused(ada, FORGERIES)
    ada.execute("INSERT INTO modeldeck.operator (key_id, public_key) VALUES (%s, 'x')", ("0" * 16,))
    assert ada.execute("SELECT login FROM modeldeck.operator").fetchall() == [("ada",)]


def test_control_the_administrator_carries_out_the_same(acme: SharedStore) -> None:
    done = 0
    with psycopg.connect(acme.text("postgres"), autocommit=True) as connection:
        for statement in FORGERIES:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.format(key="0" * 16).encode())
                done += 1
            except psycopg.errors.CheckViolation:
                pass  # of an entry's hash, which holds for everybody
    assert done >= len(FORGERIES) - 3


def test_objects_of_a_login_do_not_replace_those_of_the_store(ada: Connection) -> None:
    """A function that does more than its caller may looks in the store's schema only, and at temporary tables last."""
    ada.execute("CREATE TEMP TABLE member (login name, tenant text)")
    ada.execute("INSERT INTO pg_temp.member VALUES ('ada', 'other')")
    ada.execute("CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'")
    ada.execute("SET search_path = pg_temp, modeldeck, public")
    refused(ada, ("SELECT modeldeck.prune('other', 0)", "SELECT modeldeck.admit_member('other', 'ada')"))
    assert ada.execute("SELECT id FROM modeldeck.tenant").fetchall() == [("acme",)]


def test_every_function_that_does_more_than_its_caller_asks_who_calls_and_has_its_own_path(acme: SharedStore) -> None:
    with acme.administrator() as connection:
        rows = connection.execute(
            "SELECT proname, prosrc, proconfig FROM pg_proc "
            "WHERE prosecdef AND pronamespace = 'modeldeck'::regnamespace"
        ).fetchall()
    assert {name for name, source, _ in rows if "check_member(" not in source} == {
        "check_member",
        "create_tenant",  # asks itself
        "purge_blobs",  # a trigger, of what a function that asks has deleted
        "trial_terms",  # granted to nobody
    }
    assert all(config == ["search_path=modeldeck, pg_temp"] for _, _, config in rows)


@pytest.mark.parametrize("role", ["auditor", "meter"])
def test_who_only_reads_changes_nothing_and_reads_no_other_tenant(acme: SharedStore, role: str) -> None:
    with login(acme, role) as connection:
        connection.autocommit = True
        refused(connection, tuple(entry for entry in (*ESCALATIONS, *FORGERIES) if "modeldeck." in entry))
        refused(connection, ("SELECT * FROM modeldeck.state", "SELECT * FROM modeldeck.wrap"))
        assert connection.execute("SELECT id FROM modeldeck.tenant").fetchall() == [("acme",)]


@pytest.mark.parametrize("attribute", ["SUPERUSER", "BYPASSRLS"])
def test_a_login_that_could_become_one_that_sees_every_tenant_is_refused(shared: SharedStore, attribute: str) -> None:
    name, mighty = f"climber_{shared.name}", f"mighty_{shared.name}"
    with shared.administrator() as connection:
        connection.execute(f"CREATE ROLE {mighty} NOLOGIN {attribute}")
        connection.execute(f"CREATE ROLE {name} LOGIN NOINHERIT IN ROLE modeldeck_operator, {mighty}")
        connection.execute(f"GRANT modeldeck_operator TO {name}")
    with pytest.raises(UsageError, match=f"The database login {name} is"):
        shared.root(name).folders()
    with shared.administrator() as connection:
        connection.execute(f"DROP ROLE {name}, {mighty}")


def test_notices_of_any_text_by_any_login_end_no_watcher(acme: SharedStore, watch: object) -> None:
    root, watcher = watch()  # type: ignore[operator]
    assert isinstance(watcher, Watcher)
    with psycopg.connect(acme.text("bob"), autocommit=True) as bob:
        for payload in ("9" * 5000 + " 1", "1 " + "9" * 5000, "² ³", "-1 -1", "", "x y", "9" * 18 + " 1", "0 0"):
            bob.execute("SELECT pg_notify('modeldeck', %s)", (payload,))
    store = Store(acme.root().folder("acme"))
    with store.transaction() as tables:
        tables.table("models").insert({"id": "after"})
    until(lambda: [row["id"] for row in Store(root.folder("acme")).read().table("models")] == ["after"])
    assert watcher._thread is not None and watcher._thread.is_alive()
