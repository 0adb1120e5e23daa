"""S10, S11: what somebody who can write every row changes is named; a removed operator's key opens nothing new."""

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.campaign.figures import Result
from tests.doubles.postgres_server import SharedStore, shared_store
from tests.doubles.practice import practice_session
from tui.errors import Locked, Problem
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.storage.postgres.database import Database
from tui.tenancy import credentials, keyring, verification
from tui.tenancy import operators as table
from tui.tenancy.session import Session, TenantSession
from tui.workspace import audit, operators, tenants
from tui.workspace.credentials.save import save
from tui.workspace.key_pairs import rotation

PHRASES = {"ada": Secret("passphrase of ada"), "bob": Secret("passphrase of bob")}
KEY = "sk-test-not-a-real-key-0123456789-wxyz"


class People:
    """Ada and bob on hosts of their own, and a tenant of ada's to which bob was admitted."""

    def __init__(self, shared: SharedStore, folder: Path) -> None:
        self.shared, self._folder = shared, folder
        ada, bob = self.session("ada"), self.session("bob")
        self.id = asyncio.run(tenants.create(ada, "North Lab")).id
        for number in range(3):
            asyncio.run(save(ada.tenant(self.id), "openai", {"api_key": KEY}, name=f"key-{number}"))
        prints = {
            login: asyncio.run(operators.request(session, PHRASES[login])).fingerprint
            for login, session in (("ada", ada), ("bob", bob))
        }
        asyncio.run(operators.admit(ada.tenant(self.id), "bob", prints["bob"]))
        asyncio.run(operators.request(bob, PHRASES["bob"]))
        asyncio.run(tenants.unlock(bob.tenant(self.id), PHRASES["bob"]))
        self.ada, self.bob = ada, bob
        self.old = keyring.private_key(bob.tenant(self.id)).key_id

    def session(self, login: str) -> Session:
        client = practice_session(pace=0.0).client_factory
        keys = DiskFolder(self._folder / login)
        return Session(self.shared.root(login), keys, client, {"USER": login}, key_bits=BITS, key_cost=COST)

    def look(self, login: str = "ada") -> TenantSession:
        """The tenant as ada's machine reads it by now, or bob's, in a session that knows nothing yet."""
        before, session = (self.ada if login == "ada" else self.bob), self.session(login)
        before.data.close()
        if login == "ada":
            self.ada = session
        else:
            self.bob = session
        tenant = session.tenant(self.id)
        asyncio.run(tenants.unlock(tenant, PHRASES["bob"] if login == "bob" else None))
        return tenant

    def close(self) -> None:
        for session in (self.ada, self.bob):
            session.data.close()


@contextmanager
def _people() -> Iterator[People]:
    with shared_store() as shared, tempfile.TemporaryDirectory() as folder:
        people = People(shared, Path(folder))
        try:
            yield people
        finally:
            people.close()


# --- S10 --------------------------------------------------------------------------------------------------------------


def _edit(people: People, change: Callable[[dict[str, Any]], None]) -> None:
    """Write over the present settings as the database's owner can: with a valid checksum, without a key."""
    mallory = people.session("ada")
    with mallory.tenant(people.id).store.transaction() as tables:
        change(tables.storage.read() or {})
    mallory.data.close()


def _plant_operator(people: People, connection: Any) -> None:
    pair = people.ada.new_key_pair(BITS)
    row = {"login": "mallory", "key_id": pair.key_id, "public_key": pair.public_pem}
    _edit(people, lambda data: data.setdefault("operators", {}).update({"99": row}))


def _swap_operator_key(people: People, connection: Any) -> None:
    pair = people.ada.new_key_pair(BITS)

    def change(data: dict[str, Any]) -> None:
        for row in data["operators"].values():
            if row["login"] == "bob":
                row.update(key_id=pair.key_id, public_key=pair.public_pem)

    _edit(people, change)


def _redirect_key(people: People, connection: Any) -> None:
    _edit(people, lambda data: next(iter(data["credentials"].values())).update(origins=["https://mallory.example"]))


def _swap_tenant_key(people: People, connection: Any) -> None:
    pair = people.ada.new_key_pair(BITS)
    _edit(people, lambda data: next(iter(data["meta"].values())).update(public_key=pair.public_pem))


def _put_back(people: People, connection: Any) -> None:
    connection.execute(
        "UPDATE modeldeck.state SET document = (SELECT document FROM modeldeck.state WHERE tenant = %s "
        "ORDER BY version LIMIT 1 OFFSET 1) WHERE tenant = %s AND version = (SELECT max(version) FROM modeldeck.state "
        "WHERE tenant = %s)",
        (people.id, people.id, people.id),
    )


def _fork_log(people: People, connection: Any) -> None:
    rows = connection.execute("SELECT n, line FROM modeldeck.audit WHERE tenant = %s ORDER BY n", (people.id,))
    number, line = rows.fetchall()[-2]
    entry = {**json.loads(line), "done": "tenant renamed"}
    text = json.dumps(entry, separators=(",", ":")).encode()
    connection.execute(
        "UPDATE modeldeck.audit SET line = %s, hash = %s WHERE tenant = %s AND n = %s",
        (text, sha256(text).hexdigest(), people.id, number),
    )


def _delete_entry(people: People, connection: Any) -> None:
    connection.execute("DELETE FROM modeldeck.audit WHERE tenant = %s AND n = 2", (people.id,))


def _cut_log(people: People, connection: Any) -> None:
    connection.execute(
        "DELETE FROM modeldeck.audit WHERE tenant = %s AND n = (SELECT max(n) FROM modeldeck.audit WHERE tenant = %s)",
        (people.id, people.id),
    )


def _add_member(people: People, connection: Any) -> None:
    connection.execute("INSERT INTO modeldeck.member (login, tenant) VALUES ('mallory', %s)", (people.id,))


def _swap_wraps(people: People, connection: Any) -> None:
    connection.execute(
        "UPDATE modeldeck.wrap w SET content = (SELECT o.content FROM modeldeck.wrap o WHERE o.tenant = w.tenant "
        "AND o.login <> w.login LIMIT 1)"
    )


CHANGES = (
    *(_plant_operator, _swap_operator_key, _redirect_key, _swap_tenant_key, _put_back),
    *(_fork_log, _delete_entry, _cut_log, _add_member, _swap_wraps),
)


def rows(count: int, seed: int) -> Result:
    """So many changes to the rows by their owner, each kind in turn, and whether ada's or bob's machine names it."""
    unnamed = list[str]()
    for number in range(count):
        change = CHANGES[(seed + number) % len(CHANGES)]
        with _people() as people:
            with people.shared.administrator() as connection:
                change(people, connection)
            if not _named(people, swapped=change is _swap_wraps):
                unnamed.append(change.__name__.strip("_").replace("_", " "))
    with _people() as people:
        clean = not _named(people, swapped=False)
        control = clean and _handed_over(people)
    words = f"changes of {min(count, len(CHANGES))} kinds to rows by their owner: {len(unnamed)} unnamed"
    words += f" ({', '.join(sorted(set(unnamed)))})" if unnamed else ", and nothing named where nothing was changed"
    without = "without the list in the manifest a planted operator is handed the key"
    return Result(count, len(unnamed) + (not clean), words, without, control)


def _named(people: People, *, swapped: bool) -> bool:
    """Whether any of what people look at says that something is wrong."""
    try:
        named = False
        for login in PHRASES:
            tenant = people.look(login)
            status = verification.integrity_status(tenant)
            named = named or bool(status.alarm or status.findings or not audit.check(tenant).whole)
            named = named or bool(operators.unlisted_members(tenant))
    except Problem:
        return True
    if swapped:
        people.bob.keys.folder(people.id).destroy()
        try:
            return not asyncio.run(operators.request(people.bob, PHRASES["bob"])).received
        except Locked:
            return True
    return named


def _handed_over(people: People) -> bool:
    """Whether a planted operator has a wrap after a new key pair, where the table is believed."""
    with people.shared.administrator() as connection:
        _plant_operator(people, connection)
        believe = table.from_table

        def all_of_them(tables: Any) -> Any:
            from dataclasses import replace

            return {login: replace(operator, planted=False) for login, operator in believe(tables).items()}

        with patch.object(table, "from_table", all_of_them):
            asyncio.run(rotation.rotate(people.look()))
        row = connection.execute("SELECT count(*) FROM modeldeck.wrap WHERE login = 'mallory'").fetchone()
        return bool(row == (1,))


# --- S11 --------------------------------------------------------------------------------------------------------------


def removals(count: int, seed: int) -> Result:
    """Removals that are killed before and after each commit and each write of a key file, and run again."""
    with _people() as people:
        points = _remove(people, None)
        whole = _opened(people)
    places = range(1 + seed % points, points + 1)[:1] if count == 1 else range(1, points + 1, max(1, points // count))
    bad = int(whole > 0)
    for place in places:
        with _people() as people:
            _remove(people, place)
            asyncio.run(operators.remove(people.look(), "bob"))
            tenant = people.look()
            stored = [credentials.secrets(tenant, entry)["api_key"].reveal() for entry in credentials.stored(tenant)]
            listed = [entry.login for entry in operators.listing(tenant)]
            exposed = len(operators.exposed_credentials(tenant))
            bad += bool(_opened(people)) or stored != [KEY] * 3 or listed != ["ada"] or exposed != 3
    with _people() as people:

        async def same(*_: object) -> None:
            return None

        with patch.object(rotation, "rotate", same):
            asyncio.run(operators.remove(people.look(), "bob"))
        control = _opened(people)
    words = f"killed at {len(list(places))} of {points} places and run again: the old key opens {bad} of what is stored"
    return Result(len(list(places)), bad, words, f"without a new pair it opens {control} envelopes", control > 0)


def _remove(people: People, place: int | None) -> int:
    """Remove bob in a process that dies at a place; return how many places there are."""
    read, write = os.pipe()
    people.look()
    people.close()
    child = os.fork()
    if not child:
        passed = 0

        def point() -> None:
            nonlocal passed
            passed += 1
            if passed == place:
                os._exit(9)

        def around(work: Callable[..., Any]) -> Callable[..., Any]:
            def run(*args: Any, **names: Any) -> Any:
                point()
                result = work(*args, **names)
                point()
                return result

            return run

        try:
            with (
                patch.object(Database, "_send", around(Database._send)),
                patch.object(DiskFolder, "write", around(DiskFolder.write)),
                patch.object(DiskFolder, "remove", around(DiskFolder.remove)),
            ):
                asyncio.run(operators.remove(people.ada.tenant(people.id), "bob"))
            os.write(write, str(passed).encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return int(text or 0)


def _opened(people: People) -> int:
    """How many envelopes of all kept states, and wraps, are for the key pair that bob has."""
    with people.shared.administrator() as connection:
        documents = connection.execute("SELECT convert_from(document, 'UTF8') FROM modeldeck.state").fetchall()
        keys = connection.execute("SELECT tenant_key FROM modeldeck.wrap").fetchall()
    envelopes = sum(int(row[0].count(f"md1.{people.old}")) for row in documents)
    return envelopes + [row[0] for row in keys].count(people.old)
