"""Every table, column and function, tried as each role by SQL; what forged settings of a session change is nothing."""

import psycopg
import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.test_roles import TABLES, acme, login
from tui.storage.postgres import schema

pytestmark = pytest.mark.slow
__all__ = ["acme"]

Connection = psycopg.Connection[tuple[object, ...]]

TRIALS = {"reserve_trial", "end_trial", "renew_trial"}
FUNCTIONS = {
    "operator": TRIALS
    | {"be_present", "save", "create_from", "create_tenant", "remove_tenant", "prune", "rewrite_state", "drop_state"}
    | {"admit_member", "remove_member", "members", "add_wrap", "dismiss", "drop_wraps", "lock_tenant"},
    "auditor": set(),
    "meter": TRIALS,
}
"""What each role may call; nobody calls the others: check_member, trial_terms and the triggers'."""

COLUMNS = {
    "INSERT": {
        "state": {"tenant", "version", "document", "operation"},
        "blob": {"tenant", "digest", "content"},
        "audit": {"tenant", "n", "hash", "line"},
        "file": {"tenant", "name", "content"},
        "operator": {"key_id", "public_key"},
    },
    "UPDATE": {"tenant": {"version", "operation", "size", "last_used"}, "file": {"tenant", "name", "content"}},
}
"""What an operator may write, by column; the other roles write nothing."""

SETTINGS = (
    "SET session_authorization = 'bob'",
    "SET role = 'bob'",
    "SET role = 'modeldeck_owner'",
    "SET row_security = off",
    "SET session_replication_role = 'replica'",
    "SET modeldeck.tenant = 'other'",
    "SELECT set_config('role', 'postgres', false)",
    "SELECT set_config('session_authorization', 'bob', true)",
    "SET search_path = pg_temp, pg_catalog, modeldeck",
    "SET check_function_bodies = off",
    "SET default_transaction_read_only = off",
)


@pytest.mark.parametrize("role", FUNCTIONS)
def test_a_role_calls_and_writes_what_it_needs_and_nothing_else(acme: SharedStore, role: str) -> None:
    with acme.administrator() as connection:
        functions = [
            (name, count)
            for name, count in connection.execute(
                "SELECT proname::text, pronargs FROM pg_proc WHERE pronamespace = 'modeldeck'::regnamespace"
            ).fetchall()
        ]
        columns = connection.execute(
            "SELECT table_name::text, column_name::text FROM information_schema.columns "
            "WHERE table_schema = 'modeldeck'"
        ).fetchall()
    assert {table for table, _ in columns} == set(TABLES), "a new table is in the matrix"
    called, written = set(), {"INSERT": dict[str, set[str]](), "UPDATE": dict[str, set[str]]()}
    with login(acme, role) as connection:
        connection.autocommit = True
        for name, count in functions:
            nulls = ", ".join(["NULL"] * count)
            if is_allowed(connection, f"SELECT modeldeck.{name}({nulls})"):
                called.add(name)
        for table, column in columns:
            for verb, statement in {
                "INSERT": f"INSERT INTO modeldeck.{table} ({column}) VALUES (NULL)",
                "UPDATE": f"UPDATE modeldeck.{table} SET {column} = NULL WHERE false",
            }.items():
                if is_allowed(connection, statement):
                    written[verb].setdefault(table, set()).add(column)
    assert called == FUNCTIONS[role]
    assert written == (COLUMNS if role == "operator" else {"INSERT": {}, "UPDATE": {}})


def is_allowed(connection: Connection, statement: str) -> bool:
    """Whether the statement fails, if at all, for another reason than a privilege on what it names."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as error:
        # A function that may be called says itself that this login is no member.
        return "not a member" in str(error) or "the tenant exists" in str(error) or "row-level" in str(error)
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.GeneratedAlways):
        return False  # a trigger's function, or a column that the server fills in
    except psycopg.Error:
        return True
    return True


@pytest.mark.parametrize("role", FUNCTIONS)
def test_forged_settings_of_a_session_show_no_other_tenant(acme: SharedStore, role: str) -> None:
    for setting in SETTINGS:
        with login(acme, role) if setting == SETTINGS[0] else again(acme, role) as connection:
            connection.autocommit = True
            try:
                connection.execute(setting.encode())
            except psycopg.Error:
                continue  # refused, as for `session_authorization`
            for table in ("tenant", "member", "state", "audit", "file", "wrap", "trial", "presence", "blob"):
                key = "id" if table == "tenant" else "tenant"
                try:
                    rows = connection.execute(f"SELECT DISTINCT {key} FROM modeldeck.{table}".encode()).fetchall()
                except psycopg.Error:
                    continue  # not for this role, or `row_security = off` where policies would apply
                assert {row[0] for row in rows} <= {"acme"}, (setting, table)


def again(shared: SharedStore, role: str) -> Connection:
    return psycopg.connect(shared.text(f"{role}_{shared.name}"))


def test_a_temporary_object_of_a_caller_is_used_by_no_function_of_the_store(acme: SharedStore) -> None:
    """As in the attacks on functions with the owner's rights: tables, operators, casts and functions of one's own."""
    with psycopg.connect(acme.text("ada"), autocommit=True) as ada:
        ada.execute("CREATE TEMP TABLE taken (what text)")
        for statement in (
            "CREATE TEMP TABLE member (login name, tenant text)",
            "CREATE TEMP TABLE tenant (id text, version bigint, number bigint, removed boolean)",
            "CREATE TEMP TABLE state (tenant text, version bigint, document bytea)",
            "INSERT INTO pg_temp.member VALUES ('ada', 'other')",
            "CREATE FUNCTION pg_temp.check_member(text) RETURNS void LANGUAGE sql AS ''",
            "CREATE FUNCTION pg_temp.pg_notify(text, text) RETURNS void LANGUAGE sql AS "
            "'INSERT INTO pg_temp.taken VALUES (current_user)'",
            "CREATE FUNCTION pg_temp.same(name, name) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
            "CREATE OPERATOR pg_temp.= (FUNCTION = pg_temp.same, LEFTARG = name, RIGHTARG = name)",
            "SET search_path = pg_temp, pg_catalog, modeldeck",
        ):
            ada.execute(statement.encode())
        for call in (
            "SELECT modeldeck.admit_member('other', 'ada')",
            "SELECT modeldeck.remove_tenant('other')",
            "SELECT * FROM modeldeck.members('other')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ada.execute(call.encode())
        ada.execute("SELECT modeldeck.remove_tenant('acme')")
        assert ada.execute("SELECT count(*) FROM pg_temp.taken").fetchone() == (0,)


def test_control_functions_without_a_path_of_their_own_fall_for_them(acme: SharedStore) -> None:
    with acme.administrator() as connection:
        for name in ("check_member", "remove_tenant"):
            connection.execute(f"ALTER FUNCTION modeldeck.{name}(text) RESET search_path")
    with psycopg.connect(acme.text("ada"), autocommit=True) as ada:
        ada.execute("CREATE TEMP TABLE member (login name, tenant text)")
        ada.execute("GRANT SELECT ON pg_temp.member TO PUBLIC")
        ada.execute("INSERT INTO pg_temp.member VALUES ('ada', 'other')")
        ada.execute("SET search_path = pg_temp, modeldeck")
        ada.execute("SELECT modeldeck.remove_tenant('other')")
    with acme.administrator() as connection:
        assert connection.execute("SELECT id FROM modeldeck.tenant WHERE removed").fetchall() == [("other",)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("CREATE POLICY more ON modeldeck.state USING (true)", "The policy more of the table state should not be"),
        ("ALTER POLICY of_members ON modeldeck.state USING (true)", "of_members of the table state does not ask who"),
        ("DROP POLICY own ON modeldeck.wrap", "The policy own of the table wrap is missing."),
        ("ALTER FUNCTION modeldeck.prune(text, integer) RESET search_path", "The function prune belongs to"),
        ("ALTER TABLE modeldeck.audit DISABLE TRIGGER check_entry", "The trigger check_entry is missing or off."),
        ("ALTER FUNCTION modeldeck.members(text) OWNER TO postgres", "The function members belongs to postgres"),
    ],
)
def test_what_no_grant_says_is_compared_as_well(shared: SharedStore, change: str, sentence: str) -> None:
    address = shared.address("postgres")
    assert schema.check(address) == []
    with shared.administrator() as connection:
        connection.execute(change.encode())
    assert sentence in " ".join(schema.check(address))
