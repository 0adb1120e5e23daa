"""What was written into the settings without the private key: no origin of a key, and no public key, comes of it."""

import asyncio
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from itertools import count as numbers
from itertools import product
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import httpx

from tests.campaign.figures import Result
from tests.doubles import keys
from tui.config import Config
from tui.domain import Model, ModelType, Origin
from tui.errors import Problem
from tui.practice.tenants import BITS, COST
from tui.secret import Secret, SecretReference
from tui.storage.folder import DiskFolder
from tui.tenancy import credentials, keyring, models, verification
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session, TenantSession
from tui.vault import envelope, key_pair, public_key
from tui.workspace import tenants, undo
from tui.workspace.credentials import confirmation, lifetime, rotation, save, status
from tui.workspace.key_pairs import rotation as key_rotation
from tui.workspace.models import catalog
from tui.workspace.transfer import copy as transfer_copy
from tui.workspace.transfer import export, import_plan
from tui.workspace.transfer.file_format import Bundle

Trial = TypeVar("Trial")

KEY, OTHER = "hf_FAKE0000111122223333444455556666", "hf_FAKE7777888899990000aaaabbbbcccc"
EVIL = "https://evil.example.test"
PASSPHRASE = "a FAKE long passphrase"
PROVIDER = "huggingface"
ENDPOINT = {"endpoint_type": "inference_endpoints", "endpoint_url": EVIL, "task": "text-generation"}

Change = Callable[[TenantSession], None]
Verb = Callable[[TenantSession], Awaitable[object]]


def open_workspace(folder: Path, hosts: list[str]) -> Session:
    """Return a session on real files; every host that is asked goes into `hosts`, with a key in its headers or not."""

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(f"{request.url.scheme}://{request.url.host}")
        return httpx.Response(200, json={"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]})

    def client() -> Any:
        from tui.providers.client.client import Client

        return Client({}, transport=httpx.MockTransport(answer))

    data, key_folder = DiskFolder(folder / "data"), DiskFolder(folder / "keys")
    return Session(data, key_folder, client, {}, Config(), key_bits=BITS, key_cost=COST)


# --- what is written into the file ------------------------------------------------------------------------------------


def _update(tenant: TenantSession, table: str, entries: Mapping[str, Any], name: str = "") -> None:
    """Change records as someone does who can write the file, with a right checksum."""
    with tenant.store.transaction() as tables:
        tables.table(table).update(dict(entries), lambda record: not name or record.get("name") == name)


def _edited_model(tenant: TenantSession) -> None:
    _update(tenant, "models", {"fields": ENDPOINT})


def _planted_model(tenant: TenantSession) -> None:
    planted = Model(PROVIDER, "org/planted", ModelType.CHAT, Origin.ADDED, fields=ENDPOINT)
    with tenant.store.transaction() as tables:
        tables.table("models").insert(to_record(planted))


def _edited_address(tenant: TenantSession) -> None:
    _planted_model(tenant)
    _update(tenant, "credentials", {"clear": {"router_url": EVIL}, "origins": [EVIL]}, "default")


def _edited_origins(tenant: TenantSession) -> None:
    _planted_model(tenant)
    origins = list((credentials.active(tenant, PROVIDER) or credentials.stored(tenant)[0]).origins)
    _update(tenant, "credentials", {"origins": [*origins, EVIL]})


def _without_its_key(tenant: TenantSession) -> None:
    _planted_model(tenant)
    _update(tenant, "credentials", {"envelope": "", "hints": {}, "fingerprints": {}, "origins": [EVIL]}, "default")


CHANGES: dict[str, Change] = {
    "an edited endpoint": _edited_model,
    "a planted endpoint": _planted_model,
    "an edited address": _edited_address,
    "edited origins": _edited_origins,
    "a record without its key": _without_its_key,
}
IMPORTED = "an imported endpoint"


# --- what seals again -------------------------------------------------------------------------------------------------


async def _save(tenant: TenantSession) -> None:
    await save.save(tenant, PROVIDER, {"api_token": Secret(OTHER)})


async def _field_changed(tenant: TenantSession) -> None:
    await save.save(tenant, PROVIDER, {"bill_to": "acme"})


async def _model_added(tenant: TenantSession) -> None:
    await catalog.add(tenant, PROVIDER, "org/new", ModelType.CHAT, {"task": "text-generation"}, verify=False)


async def _model_removed(tenant: TenantSession) -> None:
    await catalog.remove(tenant, models.find(tenant, f"{PROVIDER}/org/other"))


async def _model_edited(tenant: TenantSession) -> None:
    for model in models.stored(tenant):
        with suppress(Problem):
            await catalog.edit(tenant, model, {"task": "text-generation"}, verify=False)


async def _other_used(tenant: TenantSession) -> None:
    await status.use(tenant, PROVIDER, "other")


async def _used_again(tenant: TenantSession) -> None:
    await status.use(tenant, PROVIDER, "other")
    await status.use(tenant, PROVIDER, "default")


async def _rotate(tenant: TenantSession) -> None:
    await save.save(tenant, PROVIDER, {"api_token": Secret(OTHER)}, rotate=True)


async def _restore(tenant: TenantSession) -> None:
    await rotation.restore_previous(tenant, PROVIDER, "default")


async def _key_pair_rotated(tenant: TenantSession) -> None:
    await key_rotation.rotate(tenant, Secret(PASSPHRASE))


async def _imported_again(tenant: TenantSession) -> None:
    exported = await export.export(tenant)
    bundle = await import_plan.open_bundle(exported.text.encode())
    await import_plan.carry_out(tenant.process, await import_plan.plan(tenant, bundle))


async def _exported_with_secrets(tenant: TenantSession) -> None:
    exported = await export.export(tenant, Secret(PASSPHRASE))
    bundle = await import_plan.open_bundle(exported.text.encode(), Secret(PASSPHRASE))
    await import_plan.carry_out(tenant.process, await import_plan.plan_new(tenant.process, bundle, "Elsewhere"))


async def _copied(tenant: TenantSession) -> None:
    bundle, _ = await transfer_copy.content_of(tenant, secrets=True)
    plan = await import_plan.plan_new(tenant.process, bundle, "Beta")
    await transfer_copy.carry_out(tenant, bundle, plan, secrets=True)


async def _undone(tenant: TenantSession) -> None:
    await catalog.remove(tenant, *[model for model in models.stored(tenant) if model.fields.get("endpoint_url")])
    await undo.undo(tenant, undo.last_change(tenant))


async def _state_restored(tenant: TenantSession) -> None:
    await _field_changed(tenant)
    await tenants.restore(tenant, tenants.earlier(tenant)[0].name)
    await _confirm(tenant)


async def _passphrase_changed(tenant: TenantSession) -> None:
    for new in ("another FAKE long passphrase", None):
        await tenants.set_passphrase(tenant, Secret(new) if new else None, Secret(PASSPHRASE))
        await _field_changed(tenant)


async def _expiry_set(tenant: TenantSession) -> None:
    await lifetime.set_lifetime(tenant, PROVIDER, "default", lifetime.Lifetime("2099-01-01", 90))
    await _field_changed(tenant)


async def _reference_saved(tenant: TenantSession) -> None:
    await save.save(tenant, PROVIDER, {"api_token": SecretReference("file:/nonexistent")})
    await save.save(tenant, PROVIDER, {"api_token": Secret(OTHER)})


async def _other_removed(tenant: TenantSession) -> None:
    await status.remove(tenant, PROVIDER, "default")


async def _confirm(tenant: TenantSession) -> None:
    await confirmation.confirm(tenant, (await confirmation.examine(tenant)).waiting)


VERBS: dict[str, Verb] = {
    "saved": _save,
    "a field changed": _field_changed,
    "a model added": _model_added,
    "a model removed": _model_removed,
    "models edited": _model_edited,
    "the other used": _other_used,
    "used again": _used_again,
    "rotated": _rotate,
    "restored": _restore,
    "a new key pair": _key_pair_rotated,
    "imported": _imported_again,
    "exported with secrets": _exported_with_secrets,
    "copied": _copied,
    "undone": _undone,
    "a state restored": _state_restored,
    "the passphrase changed": _passphrase_changed,
    "an expiry set": _expiry_set,
    "a reference saved": _reference_saved,
    "a credential removed": _other_removed,
}


async def _set_up(session: Session, passphrase: str, change: str) -> TenantSession:
    tenant = session.tenant((await tenants.create(session, "Acme", Secret(passphrase) if passphrase else None)).id)
    if change == IMPORTED:
        planted = Model(PROVIDER, "org/planted", ModelType.CHAT, Origin.ADDED, fields=ENDPOINT)
        bundle = Bundle("acme", "Acme", models=(planted,))
        await import_plan.carry_out(session, await import_plan.plan(session.tenant(tenant.tenant_id), bundle))
    await save.save(tenant, PROVIDER, {"api_token": Secret(KEY)})
    await save.save(tenant, PROVIDER, {"api_token": Secret(OTHER)}, name="other")
    for name in ("org/edited", "org/other"):
        await catalog.add(tenant, PROVIDER, name, ModelType.CHAT, {"task": "text-generation"}, verify=False)
    return tenant


async def _try(change: str, verb: str, passphrase: str) -> bool:
    """Return True if the address that nobody entered is sent something, whatever is called after the verb."""
    hosts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        session = open_workspace(Path(folder), hosts)
        tenant = await _set_up(session, passphrase, change)
        if verb == "restored":
            await _rotate(tenant)
        if change in CHANGES:
            CHANGES[change](tenant)
        with suppress(Problem):
            await VERBS[verb](tenant)
        for tenant_session in map(session.tenant, tenant_registry.ids(session)):
            for model in models.stored(tenant_session):
                with suppress(Problem):
                    await catalog.test(tenant_session, model)
        await session.aclose()
    return EVIL in hosts


def _trials() -> list[tuple[str, str, str]]:
    return list(product((*CHANGES, IMPORTED), VERBS, (PASSPHRASE, "")))


def origins(count: int, seed: int) -> Result:
    """That many of all combinations of a change, a verb and a passphrase or none; nothing is sent to the address."""
    combinations = _trials()
    random.Random(seed).shuffle(combinations)
    trials = combinations[:count]
    bad = _all(trials)
    with ExitStack() as unchecked:
        for module, name in ((verification, "require_verified"), (credentials, "_require")):
            unchecked.enter_context(patch.object(module, name, lambda *_: None))
        unchecked.enter_context(patch("tui.providers.client.client.check_origin", lambda *_: None))
        controlled, caught = _until_caught(combinations, max(8, count // 4), _all)
    words = f"{len(trials)} of {len(combinations)} ways: {len(bad)} sent something to an address that nobody entered"
    details = "".join(f"; {' × '.join(filter(None, trial))}" for trial in bad[:3])
    control = f"with the checks removed {caught} of {controlled} send it"
    return Result(len(trials), len(bad), words + details, control, caught > 0)


def _all(trials: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    number = numbers()
    with patch.object(key_pair, "generate_key_pair", lambda bits=BITS: keys.make(bits, next(number) % 8)):
        return [trial for trial in trials if asyncio.run(_try(*trial))]


def _until_caught(trials: list[Trial], count: int, try_all: Callable[[list[Trial]], list[Trial]]) -> tuple[int, int]:
    """Try so many at a time until one is caught, as a control may miss some. Return how many were tried, and caught."""
    tried = caught = 0
    while not caught and tried < len(trials):
        some = trials[tried : tried + count]
        tried, caught = tried + len(some), len(try_all(some))
    return tried, caught


# --- public keys ------------------------------------------------------------------------------------------------------


def _swap(tenant: TenantSession, planted: key_pair.NewKeyPair) -> Mapping[str, Any]:
    return {"public_key": planted.public_pem}


def _with_its_id(tenant: TenantSession, planted: key_pair.NewKeyPair) -> Mapping[str, Any]:
    return {"public_key": planted.public_pem, "key_id": planted.key_id}


def _as_if_locked(tenant: TenantSession, planted: key_pair.NewKeyPair) -> Mapping[str, Any]:
    return {"public_key": planted.public_pem, "protected": True}


def _as_if_open(tenant: TenantSession, planted: key_pair.NewKeyPair) -> Mapping[str, Any]:
    return {"public_key": planted.public_pem, "protected": False}


METAS = {
    "swapped": _swap,
    "with its own id": _with_its_id,
    "as if locked": _as_if_locked,
    "as if open": _as_if_open,
}


async def _another_saved(tenant: TenantSession) -> None:
    await save.save(tenant, "openai", {"api_key": Secret("sk-FAKE000011112222333344445555")})


SEALING: dict[str, Verb] = {
    "another saved": _another_saved,
    "confirmed": _confirm,
    **{name: verb for name, verb in VERBS.items() if name not in ("imported", "exported with secrets", "copied")},
}


async def _sealed_for_them(meta: str, verb: str, passphrase: str, locked: bool, same_id: bool) -> bool:
    """Return True if something that was sealed after the change opens with the key of who made it."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as forged:
        session = open_workspace(Path(folder), [])
        tenant = await _set_up(session, passphrase, "")
        if verb == "restored":
            await _rotate(tenant)
        if locked:
            session.open_keys.clear()
        planted, key_id = key_pair.generate_key_pair(BITS), tenant_registry.tenant_of(tenant).key_id
        before = {credential.envelope for credential in credentials.stored(tenant)}
        _update(tenant, "meta", METAS[meta](tenant, planted))
        if same_id:
            # As for somebody who found a key with the same short id.
            known = {planted.public_pem: key_id}
            of = public_key.key_id
            forged.enter_context(patch.object(public_key, "key_id", lambda pem: known.get(pem) or of(pem)))
        with suppress(Problem):
            await SEALING[verb](tenant)
        sealed = [entry for entry in credentials.stored(tenant) if entry.envelope and entry.envelope not in before]
        return any(_opens(planted, tenant, entry) for entry in sealed)


def _opens(planted: key_pair.NewKeyPair, tenant: TenantSession, credential: Any) -> bool:
    from Crypto.Cipher import PKCS1_OAEP
    from Crypto.Hash import SHA256

    wrapped = envelope.split(credential.envelope).wrapped
    with suppress(ValueError):
        return (
            len(PKCS1_OAEP.new(planted.private.rsa(), hashAlgo=SHA256, label=b"modeldeck md1").decrypt(wrapped)) == 32
        )
    return False


Swap = tuple[str, str, str, bool, bool]


def _swaps() -> Iterator[Swap]:
    for meta, verb, passphrase, same_id in product(METAS, SEALING, (PASSPHRASE, ""), (False, True)):
        yield from ((meta, verb, passphrase, locked, same_id) for locked in (True, False) if passphrase or locked)


def public_keys(count: int, seed: int) -> Result:
    """That many of all combinations of a changed public key and a verb that seals; nothing opens with that key."""
    combinations = list(_swaps())
    random.Random(seed).shuffle(combinations)
    trials = combinations[:count]
    bad = _all_swaps(trials)
    with patch.object(keyring, "public_key", lambda session, tenant: tenant.public_key):
        controlled, caught = _until_caught(combinations, max(8, count // 4), _all_swaps)
    words = f"{len(trials)} of {len(combinations)} ways: {len(bad)} sealed a key for somebody else"
    details = "".join(f"; {trial[0]} × {trial[1]}" for trial in bad[:3])
    control = f"without comparing the keys {caught} of {controlled} are"
    return Result(len(trials), len(bad), words + details, control, caught > 0)


def _all_swaps(trials: list[Swap]) -> list[Swap]:
    number = numbers()
    with patch.object(key_pair, "generate_key_pair", lambda bits=BITS: keys.make(bits, next(number) % 8)):
        return [trial for trial in trials if asyncio.run(_sealed_for_them(*trial))]
