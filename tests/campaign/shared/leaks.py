"""S14: secrets are looked for in what a server keeps and shows: its log, statements at work, a dump, WAL and tables."""

import asyncio
import random
import subprocess
import threading
from typing import Any

from tests.campaign.figures import Result
from tests.campaign.leaks import Place, files, find_leaks
from tests.campaign.shared.hosts import root_at
from tests.doubles.postgres_server import OPERATORS, Server, programs
from tests.doubles.practice import practice_session
from tui.practice.tenants import BITS, COST
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.address import parse
from tui.storage.postgres.schema import initialize
from tui.tenancy import keyring
from tui.tenancy.session import Session
from tui.workspace import operators, recovery, tenants, trials
from tui.workspace.credentials.save import save
from tui.workspace.key_pairs import rotation

_LOUD = (
    *("-c", "log_statement=all", "-c", "log_parameter_max_length=-1", "-c", "log_parameter_max_length_on_error=-1"),
    *("-c", "log_min_duration_statement=0", "-c", "log_error_verbosity=verbose"),
    *("-c", "wal_level=logical", "-c", "track_activity_query_size=65536"),
)
"""All that a server can be told to log."""


def server(count: int, seed: int) -> Result:
    """So many tenants with a secret of each kind, used by two operators on a server that logs all it can."""
    chance = random.Random(seed)
    loud = Server(_LOUD)
    try:
        initialize(parse(loud.address("postgres", "postgres"), {}), OPERATORS)
        with _Statements(loud) as statements:
            secrets = [secret for number in range(count) for secret in _use(loud, chance, number)]
        places = [*_places(loud), ("pg_stat_activity", "\n".join(statements.queries).encode())]
        secrets_by_name = {f"secret {number}": secret.encode() for number, secret in enumerate(secrets)}
        hits = list(find_leaks(secrets_by_name, places))
        planted = f"sk-FAKE-{chance.randbytes(20).hex()}"
        with _Statements(loud) as statements, loud.administrator("postgres") as connection:
            connection.execute("CREATE TABLE planted AS SELECT %s::text AS secret", (planted,))
            statements.look()
        control = {place for place, content in _places(loud) if planted.encode() in content}
    finally:
        loud.remove()
    size = sum(len(content) for _, content in places) // 2**20
    words = f"{len(secrets)} secrets in {len(places)} places of {size} MiB, in every spelling: {len(hits)} found"
    kinds = {place.partition(":")[0] for place in control}
    return Result(len(places), len(hits), words, f"one that was planted is found in {len(control)}", len(kinds) == 3)


class _Statements:
    """What pg_stat_activity shows, looked at again and again."""

    def __init__(self, server: Server) -> None:
        self.queries: set[str] = set()
        self._stop = threading.Event()
        self._connection: Any = server.administrator("postgres")
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "_Statements":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._connection.close()

    def look(self) -> None:
        self.queries |= {row[0] for row in self._connection.execute("SELECT query FROM pg_stat_activity").fetchall()}

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.look()


def _use(server: Server, chance: random.Random, number: int) -> list[str]:
    """Use a tenant in every way that writes to the store; return what was secret in it."""
    canary = chance.randbytes(24).hex()
    keys = [f"sk-proj-FAKE-{canary}", f"sk-FAKE-trial-{canary[::-1]}"]
    phrases = {login: f"correct-horse-{login}-{canary[:16]}" for login in OPERATORS}
    ada, bob = (_machine(server, login) for login in OPERATORS)
    tenant = ada.tenant(asyncio.run(tenants.create(ada, f"Lab {number}")).id)
    asyncio.run(save(tenant, "openai", {"api_key": Secret(keys[0])}))
    if not number:
        asyncio.run(trials.set_trial(ada, "openai", {"api_key": Secret(keys[1])}, ("gpt-5.4-mini",), 3, verify=False))
    requests = {
        login: asyncio.run(operators.request(session, Secret(phrases[login])))
        for login, session in zip(OPERATORS, (ada, bob), strict=True)
    }
    asyncio.run(operators.admit(tenant, "bob", requests["bob"].fingerprint))
    asyncio.run(operators.request(bob, Secret(phrases["bob"])))
    text = asyncio.run(recovery.create(tenant))
    private = [_body(ada, tenant.tenant_id)]
    asyncio.run(rotation.rotate(tenant))
    private.append(_body(ada, tenant.tenant_id))
    asyncio.run(operators.remove(tenant, "bob"))
    keyring.private_key(tenant)
    for session in (ada, bob):
        session.data.close()
    return [*keys, *phrases.values(), *(line.reveal().replace(" ", "") for line in text.lines), *private]


def _machine(server: Server, login: str) -> Session:
    client = practice_session(pace=0.0).client_factory
    root = root_at(server.address("postgres", login))
    return Session(root, MemoryFolder(), client, {"USER": login}, key_bits=BITS, key_cost=COST)


def _body(session: Session, tenant_id: str) -> str:
    """A part of the private key file of a tenant, which is in no other key."""
    folder = session.keys.folder(tenant_id)
    [*_, name] = [name for name in folder.names() if name.endswith(".pem")]
    return b"".join((folder.read(name) or b"").splitlines()[3:6]).decode()


def _places(server: Server) -> list[Place]:
    """The log, a dump as text, and every file of the server: tables, WAL, statistics."""
    with server.administrator("postgres") as connection:
        connection.execute("CHECKPOINT")
    folder = programs()
    assert folder is not None
    command = [str(folder / "pg_dumpall"), "-h", str(server.folder), "-U", "postgres"]
    dump = subprocess.run(command, check=True, capture_output=True).stdout
    log = (server.folder.parent / f"{server.folder.name}.log").read_bytes()
    stored = {place: content.rstrip(b"\0") for place, content in files(server.folder / "data", "file")}
    # What every database is a copy of holds nothing of ours.
    as_created = {content for place, content in stored.items() if place.startswith(("file: base/1/", "file: base/4/"))}
    changed = [(place, content) for place, content in stored.items() if content not in as_created]
    return [("log: all", log), ("dump: all", dump), *changed]
