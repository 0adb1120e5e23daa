"""Sample tenants of practice mode, in memory, set up by the verbs that commands call."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import combinations, cycle
from math import lcm
from typing import TYPE_CHECKING

from tui.config import Config
from tui.domain import Model, ModelType, ProviderState, VerificationResult, VerificationState
from tui.practice.transport import folders
from tui.providers import PROVIDERS
from tui.providers.events import ModelsListed
from tui.providers.requests import Frame
from tui.providers.spec import Provider
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy import credentials, last_used, verification
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.vault import key_pair
from tui.vault.key_pair import NewKeyPair, PrivateKey
from tui.vault.pkcs8 import RsaNumbers
from tui.workspace import tenants, trials
from tui.workspace.credentials.save import save
from tui.workspace.models import add as add_model
from tui.workspace.models import catalog, defaults

if TYPE_CHECKING:
    from tui.providers.client.client import Client

BITS = 1024
COST = 2**10
PASSPHRASE = "practice"
LONG_NAME = "customer-emea-production-cluster-reasoning-and-embeddings-07"
_KEYS = {
    "first": "sk-example0-0000-made-up-key-not-real-3f2a",
    "second": "sk-example0-0000-made-up-key-not-real-77c0",
    "refused": "sk-example0-0000-refused-made-up-key-9b1c",
}
_LOCAL = "http://localhost:11434/v1"
_OTHER_STATES = {
    "anthropic": ProviderState.REFUSED,
    "tongyi": ProviderState.READY,
    "minimax": ProviderState.UNDECRYPTABLE,
    "huggingface": ProviderState.READY,
    "replicate": ProviderState.READY,
}
"""The state of further providers of acme, by ID."""

_DELISTED = Model("openai", "text-search-ada-doc-001", ModelType.EMBEDDING)
"""A model that OpenAI listed when acme made it a default, and lists no more."""

_TRIAL_PROVIDER, _TRIAL_CALLS, _USED_CALLS = "spark", 100, 12
_TRIAL_MODELS = ("lite", "spark-embedding", "iat", "generalv3")
"""The trial: its provider and models, how many requests each tenant has, and how many of them acme has used."""


@dataclass
class _Clock:
    """A clock that can be set back by some days."""

    now: Callable[[], float]
    days: float = 0

    def __call__(self) -> float:
        return self.now() - self.days * 86_400


def practice_session(
    environ: Mapping[str, str] | None = None, pace: float = 1.0, clock: Callable[[], float] = time.time
) -> Session:
    """Return a session with four sample tenants in memory; nothing is saved or sent.

    acme is complete but for a default model that no longer exists; north-lab has the passphrase `practice`;
    星河科技有限公司 has its own model server; the one with the long name has an API key that is rejected.
    """

    def client_factory() -> "Client":
        from tui.practice import transport
        from tui.providers.client.client import Client

        return Client({}, transport=transport(pace))

    past, pairs = _Clock(clock), cycle(_pairs())
    session = Session(
        MemoryFolder(),
        MemoryFolder(),
        client_factory,
        dict(environ or {}),
        Config(),
        practice=True,
        key_bits=BITS,
        key_cost=COST,
        clock=past,
        new_key_pair=lambda bits: next(pairs),
    )
    # In a thread: the caller may already run an event loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, _set_up(session, past)).result()
    session.new_key_pair = Session.new_key_pair
    session.open_keys.clear()
    return session


@cache
def _pairs() -> tuple[NewKeyPair, ...]:
    """Return six key pairs, combined from the primes of two, as generating one takes longer than everything else."""
    generated = [key_pair.generate_key_pair(BITS).private.rsa() for _ in range(2)]
    primes = [int(prime) for key in generated for prime in (key.p, key.q)]
    e = int(generated[0].e)
    pairs = (RsaNumbers(p * q, e, pow(e, -1, lcm(p - 1, q - 1)), p, q) for p, q in combinations(primes, 2))
    return tuple(NewKeyPair(key, key.public_pem, key.key_id) for key in map(PrivateKey, pairs))


async def _set_up(session: Session, clock: _Clock) -> None:
    """Create the tenants and their settings, oldest first."""
    clock.days = 60
    names = {"acme": "acme", "north-lab": "north-lab", "tenant-2": "星河科技有限公司", LONG_NAME: LONG_NAME}
    for mark, (tenant_id, name) in enumerate(names.items()):
        passphrase = Secret(PASSPHRASE) if tenant_id == "north-lab" else None
        await tenants.create(session, name, passphrase, id=tenant_id, mark=mark)
    acme, north, star, long = (session.tenant(tenant_id) for tenant_id in names)
    clock.days = 50
    await _openai(acme, "first", more=(_DELISTED,))
    await defaults.set(acme, _DELISTED.type, _DELISTED.ref)
    clock.days = 3
    if _TRIAL_PROVIDER in PROVIDERS:
        await _trial(acme)
    clock.days = 1
    await _openai(acme, "first")
    await _openai(acme, "second", "batch-jobs")
    await _set_up_local_server(acme)
    for provider_id, state in _OTHER_STATES.items():
        if provider_id in PROVIDERS:
            await _set_up_other(acme, PROVIDERS[provider_id], state)
    await _openai(north, "second")
    await _set_up_local_server(star)
    await _openai(long, "refused")
    await _set_up_local_server(long)
    for tenant, kind, provider_id in (
        (acme, ModelType.CHAT, "openai"),
        (north, ModelType.CHAT, "openai"),
        (star, ModelType.CHAT, "openai_compatible"),
        (star, ModelType.EMBEDDING, "openai_compatible"),
        (long, ModelType.CHAT, "openai"),
    ):
        if ref := _proposed_model(tenant, kind, provider_id):
            await defaults.set(tenant, kind, ref)
    clock.days = 0
    for tenant in (acme, north, star, long):
        for stored in credentials.stored(tenant):
            credentials.note(tenant, stored, replace(stored.check, at=tenant.now()))
    for tenant, days in ((long, 50), (star, 2), (north, 1), (acme, 0)):
        clock.days = days
        last_used.touch(tenant)


async def _openai(session: TenantSession, key: str, name: str = "default", more: tuple[Model, ...] = ()) -> None:
    check = _check(session, 212)
    if key == "refused":
        check = _check(session, 212, "OpenAI rejected this key.")
    values = {"api_key": Secret(_KEYS[key])}
    await save(
        session, "openai", values, name=name, check=check, listed=(*_listed_models("openai", "models.json"), *more)
    )


async def _set_up_local_server(session: TenantSession) -> None:
    models = _listed_models("openai_compatible", "ollama.json")
    await save(session, "openai_compatible", {"base_url": _LOCAL}, check=_check(session, 18), listed=models)


async def _set_up_other(session: TenantSession, provider: Provider, state: ProviderState) -> None:
    """Set up a provider from its practice folder, with two of the models that are added by hand."""
    folder = folders()[provider.id]
    check = _check(session, 340)
    if state is ProviderState.REFUSED:
        check = _check(session, 340, f"{provider.label} rejected this key.")
    await save(session, provider.id, _values(provider), check=check, listed=provider.catalogue)
    for model in getattr(folder, "MODELS", ())[:2]:
        add_model.keep(session, model, add_model.access_to(session, model, model.fields))
    if state is ProviderState.UNDECRYPTABLE:
        # As if its key pair had been lost.
        with verification.credential_transaction(session) as tables:
            tables.table("credentials").update(
                {"key_id": "0" * 8}, cond=lambda record: record["provider"] == provider.id
            )


async def _trial(user: TenantSession) -> None:
    """Set up a trial for every tenant, of which one has used some requests."""
    session, provider = user.process, PROVIDERS[_TRIAL_PROVIDER]
    await trials.set_trial(session, provider.id, _values(provider), _TRIAL_MODELS, _TRIAL_CALLS, verify=False)
    operator = session.tenant(OPERATOR)
    if stored := credentials.active(operator, provider.id):
        credentials.note(operator, stored, _check(operator, 340))
    with session.store(OPERATOR).transaction() as tables:
        tables.table("used").insert({"tenant": user.tenant_id, "provider": provider.id, "calls": _USED_CALLS})


def _values(provider: Provider) -> dict[str, str | Secret]:
    """Return the fields that a sample tenant fills in for a provider."""
    secret = {field.name for field in provider.fields if field.secret}
    fields: Mapping[str, str] = folders()[provider.id].FIELDS
    return {name: Secret(value) if name in secret else value for name, value in fields.items()}


def _check(session: TenantSession, ms: int, problem: str = "") -> VerificationResult:
    """Return the result of a verification: accepted, or rejected with a sentence."""
    if problem:
        return VerificationResult(VerificationState.REFUSED, session.now(), ms, problem, "Paste another one.")
    return VerificationResult(VerificationState.READY, session.now(), ms)


def _proposed_model(session: TenantSession, kind: ModelType, provider_id: str) -> str:
    """Return the model that is proposed as the default of a type, '' for none."""
    ids = [model.id for model in catalog.listing(session, kind, provider_id) if not model.gone]
    best = [model_id for model_id in PROVIDERS[provider_id].proposed.get(kind, ()) if model_id in ids]
    return f"{provider_id}/{(best or ids)[0]}" if ids else ""


@cache
def _listed_models(provider_id: str, fixture: str) -> tuple[Model, ...]:
    """Return the models that the practice provider lists, as its dialect reads them."""
    provider = PROVIDERS[provider_id]
    if provider.list_models is None:
        return provider.catalogue
    content = json.loads((files("tui.practice") / provider_id / fixture).read_bytes())
    fields = provider.default_values | {"base_url": _LOCAL}
    read = provider.list_models(fields).reader()
    events = [*read(Frame(content)), *read(None)]
    return tuple(model for event in events if isinstance(event, ModelsListed) for model in event.models)
