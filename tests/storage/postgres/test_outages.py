"""Each kind of outage has a sentence and exit code 4, ends in time, and leaves the files of this machine alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.doubles.postgres_server import OPERATORS, Server, SharedStore, require
from tests.storage.postgres.cut_proxy import CutProxy
from tests.storage.postgres.test_saves import add, ids, opened
from tests.storage.postgres.test_tls import certificate
from tests.storage.postgres.test_watcher import until
from tui.cli.remedies import problem_hint
from tui.errors import Exit, Problem
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link, StoreUnreachable
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.postgres.schema import initialize
from tui.storage.store import Store

pytestmark = pytest.mark.slow


def root_at(text: str, deadline: float = 1.0) -> RootFolder:
    return RootFolder(Database(Link(parse(text, {}), {}, deadline)))


def saved(store: Store) -> Problem | None:
    """What a save says; None if it was done."""
    try:
        add(store, "x")
    except Problem as problem:
        return problem
    return None


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may end, with an initialized database."""
    require()
    started = Server()
    initialize(parse(started.address("postgres", "postgres"), {}), OPERATORS)
    opened(root_at(started.address("postgres", "ada"))).create({"id": "acme"})
    yield started
    started.remove()


_READ_ONLY, _STANDBYS = "SHOW default_transaction_read_only", "SHOW synchronous_standby_names"


def stop(server: Server) -> None:
    server.stop()


def freeze(server: Server) -> None:
    with server.administrator("postgres") as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").fetchall()
    for pid in (server.process.pid, *(row[0] for row in rows)):
        os.kill(pid, signal.SIGSTOP)


def make_read_only(server: Server) -> None:
    with server.administrator("postgres") as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
    # A new connection has it once every other one was told.
    while psycopg.connect(server.address("postgres", "ada")).execute(_READ_ONLY).fetchone() != ("on",):
        pass


def revoke_login(server: Server) -> None:
    with server.administrator("postgres") as connection:
        connection.execute("ALTER ROLE ada NOLOGIN")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'")


def take_all_connections(server: Server) -> None:
    with server.administrator("postgres") as connection:
        connection.execute("ALTER ROLE ada CONNECTION LIMIT 0")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (stop, "The store cannot be reached (host="),
        (freeze, "The store cannot be reached (host="),
        (make_read_only, "The store's server is read-only"),
        (revoke_login, "The store no longer admits your login."),
        (take_all_connections, "The store takes no more connections."),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_store_that_cannot_be_used_says_so_with_exit_code_4(
    own_server: Server, break_it: Callable[[Server], None], sentence: str
) -> None:
    address = own_server.address("postgres", "ada") + "&connect_timeout=2"
    roots = [root_at(address, deadline=0.3) for _ in range(2)]
    connected, new = map(opened, roots)
    assert saved(connected) is None
    break_it(own_server)
    for store in (connected, new):
        problem = saved(store)
        assert isinstance(problem, StoreUnreachable) and problem.code is Exit.NETWORK
        assert problem.message.startswith(sentence), problem.message
    for root in roots:
        root.close()


def test_a_server_that_refuses_a_login_says_why(own_server: Server) -> None:
    def refusal(database: str, login: str) -> Problem:
        problem = saved(opened(root_at(own_server.address(database, login))))
        assert isinstance(problem, StoreUnreachable) and problem.remedy
        return problem

    def is_refused_with(words: str) -> bool:
        return words in refusal("postgres", "ada").message

    unknown = refusal("postgres", "nobody")
    assert unknown.message == "The store has no such login."
    assert problem_hint(unknown).endswith("modeldeck store init --dsn … --operator LOGIN")
    assert refusal("missing", "ada").message == "The server has no such database."
    with own_server.administrator("postgres") as connection:
        connection.execute("CREATE DATABASE closed")
        connection.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    assert refusal("closed", "ada").message == "Your login may not use this database."
    for rule, words in (("peer", "only to the system user of the same name"), ("", "not from this machine")):
        rules = "local all postgres trust\n" + (f"local all all {rule}\n" if rule else "")
        (own_server.folder / "data" / "pg_hba.conf").write_text(rules)
        with own_server.administrator("postgres") as connection:
            connection.execute("SELECT pg_reload_conf()")
        until(partial(is_refused_with, words))


def test_a_full_disk_is_named_and_nothing_was_changed(shared: SharedStore) -> None:
    store = opened(shared.root())
    store.create({"id": "acme"})
    add(store, 1)
    with shared.administrator() as connection:
        connection.execute(
            "CREATE FUNCTION modeldeck.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER full_disk BEFORE INSERT ON modeldeck.state EXECUTE FUNCTION modeldeck.full_disk()"
        )
        connection.execute("GRANT EXECUTE ON FUNCTION modeldeck.full_disk() TO PUBLIC")
    problem = saved(store)
    assert isinstance(problem, StoreUnreachable) and problem.code is Exit.NETWORK
    assert problem.message == "The store's server has no room for this, on its disk or in its memory."
    with shared.administrator() as connection:
        connection.execute("DROP TRIGGER full_disk ON modeldeck.state")
    add(store, 2)
    assert ids(opened(shared.root())) == [1, 2]


def test_a_network_that_is_cut_in_the_middle_of_a_commit_and_stays_away_is_unknown_and_says_so(
    shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.storage.postgres.database._PAUSE", 0.001)
    proxy = CutProxy(shared.server.folder)
    store = opened(root_at(shared.text().replace(str(shared.server.folder), str(proxy.folder))))
    store.create({"id": "acme"})
    proxy.sent = 0
    add(store, 1)
    size = proxy.sent
    cut = proxy._cut

    def cut_and_stay_away(*ends: socket.socket) -> None:
        cut(*ends)
        proxy.refuse()

    monkeypatch.setattr(proxy, "_cut", cut_and_stay_away)
    proxy.cut_answer_after(size - 400)
    problem = saved(store)
    assert isinstance(problem, StoreUnreachable) and problem.code is Exit.NETWORK
    assert problem.message == "The connection to the store was lost while it was saving."
    assert "It may or may not have been saved." in problem.hint
    proxy.heal()
    assert ids(store) == ids(opened(shared.root())) and ids(store) in ([1], [1, "x"]), "the next look says which"
    proxy.close()


# --- passwords and certificates ---------------------------------------------------------------------------------------


def test_a_changed_password_and_an_expired_certificate_are_named(tmp_path: Path) -> None:
    require()
    certificate(tmp_path, "authority")
    certificate(tmp_path, "db.example.com", "authority")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tls=(tmp_path / "db.example.com.crt", tmp_path / "db.example.com.key"), port=port)
    try:
        initialize(parse(server.address("postgres", "postgres"), {}), OPERATORS)
        (server.folder / "data" / "pg_hba.conf").write_text(
            "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        )
        with server.administrator("postgres") as connection:
            connection.execute("ALTER ROLE ada PASSWORD 'first FAKE'")
            connection.execute("SELECT pg_reload_conf()")
        passwords = tmp_path / "pgpass"
        passwords.write_text("*:*:*:ada:first FAKE\n")
        passwords.chmod(0o600)
        text = (
            f"postgresql://ada@db.example.com:{port}/postgres?hostaddr=127.0.0.1"
            f"&sslrootcert={tmp_path}/authority.crt&passfile={passwords}&channel_binding=require"
        )
        assert root_at(text).folders() == []
        with server.administrator("postgres") as connection:
            connection.execute("ALTER ROLE ada PASSWORD 'second FAKE'")
        with pytest.raises(StoreUnreachable) as caught:
            root_at(text).folders()
        assert caught.value.message == "The store rejected your password." and "FAKE" not in repr(caught.value)
        expire(tmp_path)
        server.process.send_signal(signal.SIGHUP)
        for name in ("crt", "key"):
            target = server.folder / "data" / f"server.{name}"
            target.write_bytes((tmp_path / f"expired.{name}").read_bytes())
        with server.administrator("postgres") as connection:
            connection.execute("SELECT pg_reload_conf()")
            since = datetime.now(UTC)
        assert until_refused(text, since) == "The certificate of the store's server cannot be verified."
    finally:
        server.remove()


def until_refused(text: str, since: datetime) -> str:
    """What libpq says once the server has read its new certificate; before, the password is refused."""
    while (datetime.now(UTC) - since).total_seconds() < 30:
        with pytest.raises(StoreUnreachable) as caught:
            root_at(text).folders()
        if "password" not in caught.value.message:
            return caught.value.message
    raise AssertionError("never read")


def expire(folder: Path) -> None:
    """Write expired.crt and its key, by the authority, for db.example.com, whose time is over."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    from tests.doubles.authority import DAY, NOW

    issuer = x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes())
    authority = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db.example.com")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 2 * DAY)
        .not_valid_after(NOW - DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("db.example.com")]), False)
    )
    signed = built.sign(authority, hashes.SHA256())  # type: ignore[arg-type]
    (folder / "expired.crt").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "expired.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_a_command_never_falls_to_the_files_of_this_machine(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd()}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tui", *words]
        return subprocess.run(command, env={**environ, **more}, capture_output=True, text=True, timeout=60)

    assert run("tenant", "create", "Local").returncode == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    away = {"MODELDECK_STORE": f"postgresql:///none?host={tmp_path}"}
    for words in (
        ("tenant", "list"),
        ("tenant", "create", "Other"),
        ("tenant", "rename", "local", "Other"),
        ("provider", "list", "-t", "local"),
        ("vault", "status", "-t", "local"),
        ("trial", "show"),
        ("operator", "list", "-t", "local"),
        ("store", "status"),
    ):
        done = run(*words, **away)
        assert done.returncode == Exit.NETWORK and "cannot be reached" in done.stderr, (words, done.stderr)
        assert "Local" not in done.stdout
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_save_is_unknown_until_its_synchronous_standby_confirms(own_server: Server) -> None:
    root = root_at(own_server.address("postgres", "ada"), deadline=0.3)
    store = opened(root)
    add(store, 1)
    with own_server.administrator("postgres") as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'absent'")
        connection.execute("SELECT pg_reload_conf()")
    while psycopg.connect(own_server.address("postgres", "ada")).execute(_STANDBYS).fetchone() != ("absent",):
        pass
    problem = saved(store)
    assert isinstance(problem, StoreUnreachable) and "It may or may not have been saved." in problem.hint
    with own_server.administrator("postgres") as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")
    later = opened(root_at(own_server.address("postgres", "ada")))
    with later.folder.lock(wait=30):
        pass
    assert ids(later) == [1, "x"], "it was waiting, and nobody was told that it was refused"
    root.close()
