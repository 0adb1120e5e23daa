"""S12: the schema is brought up from every earlier one while clients save."""

import threading
from unittest.mock import patch

import psycopg

from tests.campaign.figures import Result
from tests.campaign.shared.hosts import acme, add, root_at, values
from tests.doubles.postgres_server import OPERATORS, Server, server
from tui.storage.postgres import schema
from tui.storage.postgres.address import parse

_GRANTS = """
GRANT USAGE ON SCHEMA modeldeck TO modeldeck_operator;
GRANT SELECT ON ALL TABLES IN SCHEMA modeldeck TO modeldeck_operator;
GRANT UPDATE (version, operation, size, last_used) ON modeldeck.tenant TO modeldeck_operator;
GRANT INSERT (tenant, version, document, operation) ON modeldeck.state TO modeldeck_operator;
GRANT INSERT (tenant, n, hash, line) ON modeldeck.audit TO modeldeck_operator;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA modeldeck TO modeldeck_operator;
"""
"""What every earlier schema granted to a client that saves."""
_CLIENTS = 4


def from_every_schema(count: int, seed: int) -> Result:
    """So many times from each earlier schema: clients save all the while, and then all is granted as it should be."""
    bad, saved, differences = 0, 0, 0
    earlier = schema.latest() - 1
    for turn in range(count):
        for number in range(1, earlier + 1):
            lost, acknowledged, differing = _migrate(server(), f"schema{number}_{turn}", number)
            bad, saved, differences = bad + lost, saved + acknowledged, differences + differing
    control = _without_transaction(server())
    words = (
        f"{saved:,} saves by {_CLIENTS} clients while the schema went from 1 … {earlier} to {earlier + 1}: {bad} lost"
    )
    words += f", {differences} differences from what is granted"
    without = "a step that fails and is not one transaction leaves half of it"
    return Result(count * earlier, bad + differences, words, without, control)


def _at(server: Server, name: str, number: int) -> str:
    """Create a database with an earlier schema; return the administrator's address."""
    with server.administrator("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}")
    address = server.address(name, "postgres")
    steps = [step for step in schema.migrations() if step[0] <= number]
    with (
        patch.object(schema, "migrations", lambda: steps),
        patch.object(schema, "_package", _OlderGrants(number).joinpath),
    ):
        schema.initialize(parse(address, {}), OPERATORS)
    return address


class _OlderGrants:
    """The package with the grants of an earlier schema in it."""

    def __init__(self, number: int) -> None:
        self._package = schema._package()

    def joinpath(self) -> "_OlderGrants":
        return self

    def __truediv__(self, name: str) -> object:
        return _Text(_GRANTS) if name == "grants.sql" else self._package / name


class _Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def read_bytes(self) -> bytes:
        return self._text.encode()


def _migrate(server: Server, name: str, number: int) -> tuple[int, int, int]:
    """Saves that were acknowledged and are not there once, those acknowledged, and differences at the end."""
    address = _at(server, name, number)
    first = root_at(server.address(name, "ada"))
    acme(first).create({"id": "acme"})
    first.close()
    acknowledged, stop, ready = list[str](), threading.Event(), threading.Barrier(_CLIENTS + 1)

    def client(who: int) -> None:
        root, at = root_at(server.address(name, "ada")), 0
        store = acme(root)
        add(store, f"{who} first")
        acknowledged.append(f"{who} first")
        ready.wait(60)
        while not stop.is_set() or at < 2:
            at += 1
            add(store, f"{who} {at}")
            acknowledged.append(f"{who} {at}")
        root.close()

    threads = [threading.Thread(target=client, args=(who,)) for who in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        ready.wait(60)
        schema.migrate(parse(address, {}))
    finally:
        stop.set()  # Clients that save on would keep the process from ending.
    for thread in threads:
        thread.join()
    root = root_at(server.address(name, "ada"))
    stored = values(acme(root))
    root.close()
    lost = sum(stored.count(value) != 1 for value in acknowledged) + abs(len(stored) - len(acknowledged))
    return lost, len(acknowledged), len(schema.check(parse(address, {})))


def _without_transaction(server: Server) -> bool:
    """Whether a step that fails leaves half of itself where it is not one transaction, and nothing where it is."""
    broken = "CREATE TABLE modeldeck.half (); SELECT 1 / 0;"
    address = parse(_at(server, "broken", 1), {})
    steps = [(1, ""), (2, broken)]
    with patch.object(schema, "migrations", lambda: steps):
        try:
            schema.migrate(address)
        except Exception as error:
            assert "a statement" in str(error)
    present = "SELECT to_regclass('modeldeck.half') IS NOT NULL"
    with server.administrator("broken") as connection:
        whole: bool = connection.execute(present).fetchone() == (False,)
        try:
            for statement in broken.split(";"):
                connection.execute(statement)
        except psycopg.errors.DivisionByZero:
            pass
        half: bool = connection.execute(present).fetchone() == (True,)
    return whole and half
