"""Where a password comes from: each file is tried against a server that asks for one, and none that others can read."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.doubles.postgres_server import OPERATORS, Server, require
from tui.errors import Problem, UsageError
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link, StoreUnreachable
from tui.storage.postgres.schema import initialize

pytestmark = pytest.mark.slow

PASSWORD = "not-a-real-password-0001"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that asks ada for her password."""
    require()
    started = Server()
    try:
        initialize(parse(started.address("postgres", "postgres"), {}), OPERATORS)
        with started.administrator("postgres") as connection:
            connection.execute(f"ALTER ROLE ada PASSWORD '{PASSWORD}'")
            (started.folder / "data" / "pg_hba.conf").write_text("local all ada scram-sha-256\nlocal all all trust\n")
            connection.execute("SELECT pg_reload_conf()")
        yield started
    finally:
        started.remove()


def login(server: Server, environ: Mapping[str, str] | None = None, more: str = "") -> str:
    """Connect as ada; return the name of the login."""
    link = Link(parse(server.address("postgres", "ada") + more, environ or {}), environ or {})
    try:
        return link.login.name
    finally:
        link.drop()


def password_file(path: Path, mode: int = 0o600) -> Path:
    """Write a password file with a line of another host before the one that is meant."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"other.example.com:*:*:ada:wrong\n*:*:postgres:ada:{PASSWORD}\n")
    path.chmod(mode)
    return path


def test_without_a_password_the_server_refuses(server: Server, tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable) as caught:
        login(server, {"HOME": str(tmp_path)})
    assert "no password supplied" in caught.value.detail


def test_a_password_comes_from_every_file_that_may_hold_it(server: Server, tmp_path: Path) -> None:
    path = password_file(tmp_path / "home" / ".pgpass")
    assert login(server, {"HOME": str(path.parent)}) == "ada"
    assert login(server, {"PGPASSFILE": str(path), "HOME": "/none"}) == "ada"
    assert login(server, more=f"&passfile={path}") == "ada"


def test_a_credential_of_systemd_serves_though_its_group_can_read_it(server: Server, tmp_path: Path) -> None:
    path = password_file(tmp_path / "credentials" / "modeldeck-pgpass", 0o440)
    assert login(server, {"CREDENTIALS_DIRECTORY": str(path.parent), "HOME": "/none"}) == "ada"


def test_a_descriptor_serves_for_every_connection_though_it_can_be_read_once(server: Server, tmp_path: Path) -> None:
    content = password_file(tmp_path / "pgpass").read_bytes()
    read, write = os.pipe()
    os.write(write, content)
    os.close(write)
    assert [login(server, more=f"&passfile=/dev/fd/{read}") for _ in range(2)] == ["ada", "ada"]
    os.close(read)


def test_a_service_file_names_host_login_and_password(server: Server, tmp_path: Path) -> None:
    """In a process of its own: libpq reads the real environment."""
    services = tmp_path / "services"
    services.write_text(f"[team]\nhost={server.folder}\ndbname=postgres\nuser=ada\npassword={PASSWORD}\n")
    services.chmod(0o600)
    program = (
        "import os\nfrom tui.storage.postgres.address import parse\nfrom tui.storage.postgres.connection import Link\n"
        "link = Link(parse('postgresql:///?service=team&sslmode=verify-full', os.environ), os.environ)\n"
        "print(link.login.name)"
    )
    environ = {**os.environ, "PGSERVICEFILE": str(services)}
    ran = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("ada\n", "")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(server: Server, tmp_path: Path, mode: int) -> None:
    path = password_file(tmp_path / ".pgpass", mode)
    for environ, more in (
        ({"HOME": str(tmp_path)}, ""),
        ({"PGPASSFILE": str(path)}, ""),
        ({}, f"&passfile={path}"),
    ):
        with pytest.raises(UsageError, match="can be read by others") as caught:
            login(server, environ, more)
        assert PASSWORD not in str(caught.value)
    services = tmp_path / "services"
    services.write_text(f"[team]\nhost=/tmp\npassword = {PASSWORD}\n")
    services.chmod(mode)
    with pytest.raises(UsageError, match=r"The service file .* has a password"):
        login(server, {"PGSERVICEFILE": str(services)})
    services.write_text("[team]\nhost=/tmp\n")
    with pytest.raises(StoreUnreachable):
        login(server, {"PGSERVICEFILE": str(services)})


def test_a_file_that_is_named_and_missing_is_refused(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no password file"):
        login(server, more=f"&passfile={tmp_path}/none")
    with pytest.raises(UsageError, match="cannot be read"):
        login(server, more="&passfile=/dev/fd/987")


@pytest.mark.parametrize("secret", ["postgresql://ada:{0}@localhost/x", "host=/tmp password={0}", "sslpassword={0}"])
def test_a_password_in_the_address_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(Problem, match="contains a password") as caught:
        parse(secret.format(PASSWORD), {})
    assert PASSWORD not in f"{caught.value} {caught.value.hint} {caught.value.detail}"
