"""Another machine's database is used only over TLS, with a certificate of its name by an authority that is named."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.postgres_server import OPERATORS, Server, require
from tui.errors import UsageError
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link, StoreUnreachable
from tui.storage.postgres.schema import initialize

pytestmark = pytest.mark.slow


def certificate(folder: Path, name: str, issuer: str = "") -> None:
    """Write NAME.crt and NAME.key, by an authority that was written before, else by itself."""
    signed = ["-CA", f"{folder}/{issuer}.crt", "-CAkey", f"{folder}/{issuer}.key"] if issuer else []
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", f"/CN={name}", "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt"),
            *(["-addext", f"subjectAltName=DNS:{name}"] if issuer else []),
            *signed,
        ],
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server on loopback that only takes TLS, as db.example.com; its address, and the folder of authorities."""
    require()
    folder = tmp_path_factory.mktemp("tls")
    certificate(folder, "authority")
    certificate(folder, "another")
    certificate(folder, "db.example.com", "authority")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tls=(folder / "db.example.com.crt", folder / "db.example.com.key"), port=port)
    try:
        initialize(parse(server.address("postgres", "postgres"), {}), OPERATORS)
        yield f"postgresql://ada@db.example.com:{port}/postgres?hostaddr=127.0.0.1", folder
    finally:
        server.remove()


def test_tls_is_verified_against_the_authority_and_the_name(secured: tuple[str, Path]) -> None:
    address, folder = secured

    def login(text: str) -> str:
        link = Link(parse(text, {}), {})
        try:
            return link.login.name
        finally:
            link.drop()

    assert login(f"{address}&sslrootcert={folder}/authority.crt") == "ada"
    with pytest.raises(StoreUnreachable) as caught:
        login(f"{address}&sslrootcert={folder}/another.crt")
    assert "certificate verify failed" in caught.value.detail
    other_name = address.replace("db.example.com", "other.example.com")
    with pytest.raises(StoreUnreachable) as caught:
        login(f"{other_name}&sslrootcert={folder}/authority.crt")
    assert "does not match host name" in caught.value.detail
    for mode in ("disable", "prefer", "require", "verify-ca"):
        with pytest.raises(UsageError, match=f"sslmode={mode}"):
            parse(f"{address}&sslmode={mode}", {})
