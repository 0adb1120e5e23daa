"""Which addresses of a database are accepted: no password, and verified TLS to another machine."""

from pathlib import Path

import pytest

from tui.errors import UsageError
from tui.storage.postgres.address import parse


@pytest.mark.parametrize(
    "local",
    ["postgresql:///team", "postgresql:///team?host=/run/postgresql", "postgresql://127.0.0.1/team", "host=localhost"],
)
def test_a_socket_and_loopback_need_no_certificate(local: str) -> None:
    assert "sslmode" not in parse(local, {}).conninfo


@pytest.mark.parametrize("remote", ["postgresql://db.example/team", "service=team", "host=/tmp,db.example"])
def test_another_machine_must_prove_who_it_is(remote: str) -> None:
    assert "sslmode=verify-full" in parse(remote, {}).conninfo
    with pytest.raises(UsageError, match="sslmode=require"):
        parse(f"{remote}{'?' if '://' in remote else ' '}sslmode=require", {})
    with pytest.raises(UsageError, match="sslmode=prefer"):
        parse("postgresql:///team?sslmode=prefer", {"PGHOST": "db.example"})


@pytest.mark.parametrize("local", ["postgresql:///team", "postgresql://localhost/team"])
def test_an_address_in_the_environment_counts_whatever_the_host_is_called(local: str) -> None:
    assert "sslmode=verify-full" in parse(local, {"PGHOSTADDR": "203.0.113.5"}).conninfo
    assert "sslmode" not in parse(local, {"PGHOSTADDR": "127.0.0.1"}).conninfo
    with pytest.raises(UsageError, match="sslmode=disable"):
        parse(f"{local}?sslmode=disable", {"PGHOSTADDR": "127.0.0.1,203.0.113.5"})
    # The control: libpq takes the variable only where the address itself has none.
    assert "sslmode" not in parse(f"{local}?hostaddr=127.0.0.1", {"PGHOSTADDR": "203.0.113.5"}).conninfo


@pytest.mark.parametrize(
    "text", ["postgresql://ada:secret@db.example/team", "host=/tmp password=secret", "postgresql://[::1"]
)
def test_a_password_or_nonsense_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, {})
    assert "secret" not in f"{caught.value.message} {caught.value.hint}"


def test_what_people_see_names_host_database_and_login_only() -> None:
    assert parse("postgresql://ada@db.example:5433/team?passfile=/home/ada/.pgpass", {}).shown == (
        "host=db.example port=5433 dbname=team user=ada"
    )


def test_an_authority_in_the_service_file_is_not_overridden(tmp_path: Path) -> None:
    services = tmp_path / "services"
    services.write_text("[private]\nhost=db.example.com\nsslrootcert=/etc/ssl/private-ca.pem\n[public]\nhost=db\n")
    environ = {"PGSERVICEFILE": str(services)}
    assert "sslrootcert" not in parse("postgresql:///?service=private", environ).conninfo
    assert "sslmode=verify-full" in parse("postgresql:///?service=private", environ).conninfo
    assert "sslrootcert" in parse("postgresql:///?service=public", environ).conninfo
    assert "sslrootcert" in parse("postgresql://db.example.com/x", environ | {"PGSERVICE": "public"}).conninfo
