"""What each role may do to each table, and which logins Modeldeck refuses to use."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.doubles.postgres_server import SharedStore
from tui.errors import Problem, UsageError
from tui.storage.postgres import schema
from tui.storage.store import Store

pytestmark = pytest.mark.slow

VERBS = {
    "SELECT": "SELECT * FROM modeldeck.{table}",
    "INSERT": "INSERT INTO modeldeck.{table} DEFAULT VALUES",
    "UPDATE": "UPDATE modeldeck.{table} SET {column} = {column}",
    "DELETE": "DELETE FROM modeldeck.{table}",
}
TABLES = {
    "meta": "schema_version",
    "tenant": "id",
    "member": "login",
    "state": "document",
    "audit": "line",
    "file": "content",
    "operator": "public_key",
    "wrap": "content",
    "trial": "used",
    "reservation": "state",
    "presence": "what",
    "blob": "content",
}
ALLOWED = {
    "operator": {
        *(("SELECT", table) for table in TABLES if table != "reservation"),
        ("UPDATE", "file"),
        ("DELETE", "file"),
        ("INSERT", "operator"),
    },
    "auditor": {("SELECT", table) for table in ("meta", "tenant", "member", "audit", "trial")},
    "meter": {("SELECT", table) for table in ("meta", "tenant", "member", "trial")},
}
"""What is not refused outright: an operator inserts chosen columns only, and nothing for no tenant."""


def login(shared: SharedStore, role: str, tenant: str = "acme") -> Any:
    """A connection of a new login that has a role and is a member of a tenant."""
    name = f"{role}_{shared.name}"
    with shared.administrator() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN IN ROLE modeldeck_{role}")
        connection.execute("INSERT INTO modeldeck.member (login, tenant) VALUES (%s, %s)", (name, tenant))
    return psycopg.connect(shared.text(name))


def create_tenants(shared: SharedStore) -> None:
    """Create the tenant acme of ada's, and the tenant other of bob's."""
    for who, tenant in (("ada", "acme"), ("bob", "other")):
        root = shared.root(who)
        store = Store(root.folder(tenant))
        store.create({"id": tenant})
        with store.folder.lock():
            store.folder.append("audit.log", b'{"n": 1}\n')
            store.folder.write("settings.json.damaged-1", b"x")
        root.close()


@pytest.fixture
def acme(shared: SharedStore) -> SharedStore:
    """A store with a tenant of ada's and one of bob's."""
    create_tenants(shared)
    return shared


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_may_do_only_what_it_needs(acme: SharedStore, role: str) -> None:
    allowed = set()
    with login(acme, role) as connection:
        for table, column in TABLES.items():
            for verb, statement in VERBS.items():
                try:
                    with connection.transaction(force_rollback=True):
                        connection.execute(statement.format(table=table, column=column))
                    allowed.add((verb, table))
                except psycopg.errors.InsufficientPrivilege:
                    pass
                except (psycopg.errors.NotNullViolation, psycopg.errors.UniqueViolation):
                    allowed.add((verb, table))
    assert allowed == ALLOWED[role]


def test_rows_of_other_tenants_are_neither_seen_nor_changed(acme: SharedStore) -> None:
    with psycopg.connect(acme.text("ada")) as ada:
        for table in ("tenant", "state", "audit", "file", "member"):
            names = ada.execute(f"SELECT {'id' if table == 'tenant' else 'tenant'} FROM modeldeck.{table}").fetchall()
            assert names == [("acme",)], table
        assert ada.execute("UPDATE modeldeck.tenant SET version = 9 WHERE id = 'other'").rowcount == 0
        for call in (
            "SELECT modeldeck.prune('other', 0)",
            "SELECT modeldeck.remove_tenant('other')",
            "SELECT modeldeck.rewrite_state('other', 1, '')",
            "SELECT modeldeck.admit_member('other', 'ada')",
            "SELECT modeldeck.reserve_trial('other', 'openai', 9, 0, gen_random_uuid(), 60)",
            "SELECT modeldeck.end_trial('other', 'openai', gen_random_uuid(), 'used')",
            "SELECT modeldeck.renew_trial('other', gen_random_uuid(), 60)",
            "SELECT modeldeck.be_present('other', 'host', 'openai', 60)",
            "SELECT * FROM modeldeck.members('other')",
            "INSERT INTO modeldeck.audit (tenant, n, hash, line) VALUES ('other', 2, '', '')",
            "INSERT INTO modeldeck.state (tenant, version, document, operation) "
            "VALUES ('other', 9, '', gen_random_uuid())",
            "INSERT INTO modeldeck.file (tenant, name, content) VALUES ('other', 'a', '')",
        ):
            with pytest.raises(psycopg.Error) as caught, ada.transaction():
                ada.execute(call)
            assert caught.value.sqlstate in ("42501", "23514"), call


def test_control_the_owner_sees_every_tenant(acme: SharedStore) -> None:
    with acme.administrator() as connection:
        connection.execute("SET ROLE modeldeck_owner")
        assert connection.execute("SELECT count(*) FROM modeldeck.state").fetchone() == (2,)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("SUPERUSER", "a superuser"),
        ("BYPASSRLS", "exempt from row-level security"),
        ("IN ROLE modeldeck_owner", "an owner"),
    ],
)
def test_a_login_that_sees_every_tenant_is_refused(shared: SharedStore, change: str, what: str) -> None:
    name = f"mighty_{shared.name}"
    with shared.administrator() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN {change}")
        if not change.startswith("IN"):
            connection.execute(f"GRANT modeldeck_operator TO {name}")
    with pytest.raises(UsageError, match=f"is {what}"):
        shared.root(name).folders()
    with shared.administrator() as connection:
        connection.execute(f"DROP ROLE {name}")


def test_a_login_without_a_role_is_refused_and_one_that_only_reads_cannot_save(acme: SharedStore) -> None:
    name = f"nobody_{acme.name}"
    with acme.administrator() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
    with pytest.raises(UsageError, match="has no role in Modeldeck"):
        acme.root(name).folders()
    with login(acme, "auditor") as connection:
        auditor = connection.info.user
    root = acme.root(auditor)
    blocker = root.write_blocker()
    assert root.folders() == ["acme"] and blocker and blocker.message == "Your login has the role auditor in the store."
    assert root.folder("acme").read("audit.log") == b'{"n": 1}\n'
    with pytest.raises(Problem, match="auditor"), root.folder("acme").lock():
        pass


def test_who_and_from_where_is_filled_in_by_the_server_and_no_entry_is_changed(acme: SharedStore) -> None:
    with psycopg.connect(acme.text("ada"), autocommit=True) as ada:
        assert ada.execute("SELECT db_user, client_addr FROM modeldeck.audit").fetchall() == [("ada", None)]
        for statement in (
            "INSERT INTO modeldeck.audit (tenant, n, hash, line, db_user) VALUES ('acme', 2, '', '', 'bob')",
            "UPDATE modeldeck.audit SET line = ''",
            "DELETE FROM modeldeck.audit",
            "TRUNCATE modeldeck.audit",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ada.execute(statement)
        for values in ("1, encode(sha256('x'), 'hex'), 'x'", "2, 'another hash', 'x'"):
            with pytest.raises(psycopg.errors.CheckViolation):
                ada.execute(f"INSERT INTO modeldeck.audit (tenant, n, hash, line) VALUES ('acme', {values})")


def test_what_is_deployed_is_compared_with_what_is_granted(shared: SharedStore) -> None:
    address = shared.address("postgres")
    assert schema.check(address) == []
    with shared.administrator() as connection:
        connection.execute("GRANT DELETE ON modeldeck.audit TO modeldeck_operator")
        connection.execute("REVOKE SELECT ON modeldeck.audit FROM modeldeck_auditor")
        connection.execute("ALTER TABLE modeldeck.state NO FORCE ROW LEVEL SECURITY")
        connection.execute(sql.SQL("GRANT SELECT ON modeldeck.state TO PUBLIC"))
    assert schema.check(address) == [
        "Row-level security of the table state is off.",
        "Granted, and should not be: PUBLIC: SELECT on state.",
        "Granted, and should not be: modeldeck_operator: DELETE on audit.",
        "Not granted: modeldeck_auditor: SELECT on audit.",
    ]
    schema.migrate(address)
    assert schema.check(address) == ["Row-level security of the table state is off."]


def test_a_store_that_is_set_up_is_set_up_again_without_harm(acme: SharedStore) -> None:
    assert schema.initialize(acme.address("postgres"), ("ada",)) == schema.latest()
    assert acme.root().folders() == ["acme"]


def test_a_store_of_a_newer_version_is_read_and_not_written(acme: SharedStore) -> None:
    with acme.administrator() as connection:
        connection.execute("UPDATE modeldeck.meta SET least_client = 99")
    root = acme.root()
    assert root.folders() == ["acme"] and root.folder("acme").read("settings.json")
    with pytest.raises(Problem, match="newer Modeldeck"), root.folder("acme").lock():
        pass
