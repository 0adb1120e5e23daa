"""Kills the making of a new key pair at random points, and counts what that did.

Half of the kills come at a random moment, half at a random one of the system calls by which something is changed. The
control is the same with a rotation that takes the wrong order: key file first, then one credential after the other.
"""

import asyncio
import contextlib
import os
import random
import select
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.campaign.figures import MEMORY, Result
from tests.doubles.keys import cached_pair
from tui.config import Config
from tui.domain import Credential
from tui.errors import Problem
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import keyring, retired_keys
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import Session
from tui.vault import envelope, key_pair
from tui.workspace import tenants
from tui.workspace.credentials import confirmation, save
from tui.workspace.key_pairs import rotation

BITS, COST = 1024, 2**10
CREDENTIALS = 12
STEPS = ("open", "fsync", "replace", "link", "unlink", "rename", "mkdir", "ftruncate", "pwrite")
_POOL = 12


@dataclass
class Counts:
    """What was seen. `old` and `new` count the runs that ended with one pair or the other as the present one,
    `left` names files of killed runs that are still there after the next start."""

    kills: int = 0
    bad: int = 0
    old: int = 0
    new: int = 0
    left: list[str] = field(default_factory=list)
    seed: int = 0
    problems: list[str] = field(default_factory=list)


MIN_CONTROL_KILLS = 100
"""Kills that the control gets at least: it stops at the first loss, which comes after a few."""


def kill_rotations(count: int, seed: int) -> Result:
    """That many rotations are killed; afterwards each credential opens, in the settings and in every earlier state."""
    modeldeck, wrong = run(count, seed), control(max(count, MIN_CONTROL_KILLS), seed)
    words = (
        f"{modeldeck.bad} with a credential that does not open, {len(modeldeck.left)} files left; "
        f"{modeldeck.old} old, {modeldeck.new} new"
    )
    details = "".join(f"; {problem}" for problem in (*modeldeck.problems[:3], *modeldeck.left[:3]))
    broken = f"in the wrong order, credentials are lost after {wrong.kills} kills"
    return Result(modeldeck.kills, modeldeck.bad + len(modeldeck.left), words + details, broken, wrong.bad > 0)


def run(count: int, seed: int) -> Counts:
    """Kills `count` rotations; every credential opens afterwards, and the next start leaves no file behind."""
    return _kill(count, seed, lambda session, _: asyncio.run(rotation.rotate(session.tenant("acme"))))


def control(count: int, seed: int) -> Counts:
    """The same with the wrong order; stops at the first loss."""
    return _kill(count, seed, _wrong_order, stop_at_first=True)


def _kill(
    count: int, seed: int, rotate: Callable[[Session, key_pair.NewKeyPair], object], stop_at_first: bool = False
) -> Counts:
    chance, counts = random.Random(seed), Counts(seed=seed)
    pool = [cached_pair(number) for number in range(_POOL)]
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        secrets = asyncio.run(_begin(_session(Path(folder)), pool[0]))
        seconds = _child(Path(folder), _pick(Path(folder), pool, chance), rotate, until=None)[1]
        steps = _child(Path(folder), _pick(Path(folder), pool, chance), rotate, until=None)[0]
        while counts.kills < count:
            before = tenant_registry.tenant_of(_session(Path(folder)).tenant("acme")).key_id
            at: float | int = chance.random() * seconds * 1.1 if counts.kills % 2 else chance.randint(1, steps)
            _child(Path(folder), _pick(Path(folder), pool, chance), rotate, until=at)
            counts.kills += 1
            problem = _state_of(Path(folder), secrets, counts)
            after = _key_id(Path(folder))
            counts.old, counts.new = counts.old + (after == before), counts.new + (after != before)
            if problem:
                counts.bad += 1
                counts.problems.append(f"kill {counts.kills} at {at:.3f}: {problem}")
                if stop_at_first:
                    break
    return counts


def _session(folder: Path) -> Session:
    def no_wire() -> None:
        raise AssertionError("nothing is sent")

    data, private = DiskFolder(folder / "data"), DiskFolder(folder / "keys")
    return Session(data, private, no_wire, {}, Config(), key_bits=BITS, key_cost=COST)  # type: ignore[arg-type]


async def _begin(session: Session, pair: key_pair.NewKeyPair) -> dict[str, str]:
    """A tenant with credentials; the secret of each by its name."""
    key_pair.generate_key_pair = lambda bits=BITS: pair
    await tenants.create(session, "acme")
    secrets = {f"number-{n}": f"sk-FAKE-key-number-{n:04}-{'x' * n}" for n in range(CREDENTIALS)}
    for name, text in secrets.items():
        await save.save(session.tenant("acme"), "openai", {"api_key": Secret(text)}, name=name)
    return secrets


def _pick(folder: Path, pool: list[key_pair.NewKeyPair], chance: random.Random) -> key_pair.NewKeyPair:
    """A pair that is neither the present nor a retired one."""
    there = {path.stem for path in (folder / "keys").rglob("*.pem")}
    return chance.choice([tenant for tenant in pool if tenant.key_id not in there])


def _child(
    folder: Path,
    pair: key_pair.NewKeyPair,
    rotate: Callable[[Session, key_pair.NewKeyPair], object],
    until: float | int | None,
) -> tuple[int, float]:
    """One rotation in a process: killed after so many seconds (float) or before a system call (int), or to its end.

    Answers how many system calls and seconds it took, if it came to its end.
    """
    reading, writing = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            key_pair.generate_key_pair = lambda bits=BITS: pair
            calls = _count(until if isinstance(until, int) else 0)
            rotate(_session(folder), pair)
            os.write(writing, str(len(calls)).encode())
            os._exit(0)
        os._exit(1)
    os.close(writing)
    if isinstance(until, float):
        select.select([reading], [], [], until)
        os.kill(child, signal.SIGKILL)
    received = os.read(reading, 16)
    os.close(reading)
    os.waitpid(child, 0)
    return int(received or b"0"), time.monotonic() - started


def _count(last: int) -> list[str]:
    """Counts the system calls from here on; the process is killed before the one with that number."""
    names: list[str] = []

    def wrapped(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **named: object) -> object:
            names.append(name)
            if len(names) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **named)

        return counted

    for name in STEPS:
        setattr(os, name, wrapped(name, getattr(os, name)))
    return names


def _key_id(folder: Path) -> str:
    try:
        return tenant_registry.tenant_of(_session(folder).tenant("acme")).key_id
    except Problem:
        return ""


def _state_of(folder: Path, secrets: dict[str, str], counts: Counts) -> str:
    """What is wrong, '' for nothing: before and after a start has tidied up."""
    for tidied in (False, True):
        session = _session(folder)
        if tidied:
            for place in (
                session.keys.folder("acme"),
                session.keys.folder("acme").folder("audit"),
                session.store("acme").folder,
            ):
                with place.lock():
                    pass  # taking it sweeps what a killed writer left
            retired_keys.prune(session.tenant("acme"))
        try:
            opened = {
                credential.name: stored_credentials.decrypt_unverified(session.tenant("acme"), credential)[
                    "api_key"
                ].reveal()
                for credential in stored_credentials.stored(session.tenant("acme"))
            }
            status = asyncio.run(confirmation.examine(session.tenant("acme")))
            _earlier_states_open(session, secrets)
        except Problem as problem:
            return problem.message
        if opened != secrets:
            return "a credential is gone or holds something else"
        if status.alarm or status.findings:
            return f"the manifest does not hold: {status.alarm or status.findings}"
    present = tenant_registry.tenant_of(session.tenant("acme")).key_id
    counts.left += [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.startswith(".tmp-")
        or (path.suffix == ".pem" and path.parent.name == "acme" and path.stem != present)
    ]
    return ""


def _earlier_states_open(session: Session, secrets: dict[str, str]) -> None:
    """Each credential of each earlier state opens with the pair that it names. Problem if not."""
    for state in session.store("acme").earlier():
        if state.document is None:
            raise state.problem or Problem("an earlier state cannot be read")
        pems: dict[str, bytes] = {}
        for record in state.document.data.get("credentials", {}).values():
            credential = from_record(Credential, record)
            if credential.key_id not in pems:
                owner = replace(
                    tenant_registry.tenant_of(session.tenant("acme")), key_id=credential.key_id, public_key=""
                )
                pem = keyring.pem(session.tenant(owner.id), owner)
                if pem is None:
                    raise Problem(f"the pair {credential.key_id} of {state.name} is gone")
                pems[credential.key_id] = pem
            binding = stored_credentials.binding("acme", credential)
            if _opened(pems[credential.key_id], credential.envelope, binding) != secrets[credential.name]:
                raise Problem(f"{credential.name} of {state.name} holds something else")


_known: dict[tuple[bytes, str, bytes], str] = {}
"""Secrets that were opened before, by key file, envelope and binding: earlier states stay as they are for a while."""


def _opened(pem: bytes, text: str, binding: envelope.Binding) -> str:
    known = pem, text, binding.data()
    if known not in _known:
        _known[known] = envelope.unseal(key_pair.load(pem), text, binding)["api_key"].reveal()
    return _known[known]


def _wrong_order(session: Session, pair: key_pair.NewKeyPair) -> None:
    """The new key file, the old one away, then one credential after the other."""
    old, tenant = keyring.private_key(session.tenant("acme")), tenant_registry.tenant_of(session.tenant("acme"))
    after = replace(tenant, key_id=pair.key_id, public_key=pair.public_pem)
    keyring.write(session.tenant(after.id), after, pair.private, None)
    keyring.discard(session.tenant(tenant.id), tenant)
    with session.store("acme").transaction() as tables:
        tables.table("meta").truncate()
        tables.table("meta").insert(to_record(after))
    for credential in stored_credentials.stored(session.tenant("acme")):
        opened = envelope.unseal(old, credential.envelope, stored_credentials.binding("acme", credential))
        new = replace(credential, key_id=pair.key_id)
        new = replace(new, envelope=envelope.seal(pair.public_pem, opened, stored_credentials.binding("acme", new)))
        with session.store("acme").transaction() as tables:
            table = tables.table("credentials")
            table.update(to_record(new), lambda record, name=credential.name: record["name"] == name)
