"""Sample tenants of practice mode, in memory."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tui.config import Config
from tui.domain import (
    Credential,
    Default,
    Model,
    ModelType,
    Origin,
    ProviderState,
    Tenant,
    VerificationResult,
    VerificationState,
)
from tui.providers import PROVIDERS
from tui.providers.events import ModelsListed
from tui.providers.requests import Frame
from tui.providers.spec import Provider, mask_secrets
from tui.sanitize import hint_of
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy import credentials, keyring, verification
from tui.tenancy.serialization import to_record
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.trials import Trial
from tui.vault import envelope as vault
from tui.vault import key_pair

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
_OTHERS = {
    "anthropic": ProviderState.REFUSED,
    "tongyi": ProviderState.READY,
    "minimax": ProviderState.UNDECRYPTABLE,
    "huggingface": ProviderState.READY,
    "replicate": ProviderState.READY,
}
"""How further providers stand with acme, by id."""

_TRIAL_PROVIDER, _TRIAL_CALLS, _USED_CALLS = "spark", 100, 12
"""The provider that the operator lends a key of, to how many calls each, and how many of them acme has made."""


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

    session = Session(
        MemoryFolder(),
        MemoryFolder(),
        client_factory,
        dict(environ or {}),
        Config(),
        practice=True,
        key_bits=BITS,
        key_cost=COST,
    )
    session.clock = clock
    acme = _tenant(session.tenant("acme"), "acme", 0)
    _openai(session.tenant(acme.id), acme, "first", ("default", "batch-jobs"))
    _local(session.tenant(acme.id), acme)
    for provider_id, state in _OTHERS.items():
        if provider_id in PROVIDERS:
            _other(session.tenant(acme.id), acme, PROVIDERS[provider_id], state)
    _default(session.tenant(acme.id), acme, ModelType.CHAT, "openai")
    _delisted_default(session.tenant(acme.id), acme)
    north = _tenant(session.tenant("north-lab"), "north-lab", 1, PASSPHRASE)
    _openai(session.tenant(north.id), north, "second")
    _default(session.tenant(north.id), north, ModelType.CHAT, "openai")
    star = _tenant(session.tenant("tenant-2"), "星河科技有限公司", 2)
    _local(session.tenant(star.id), star)
    _default(session.tenant(star.id), star, ModelType.CHAT, "openai_compatible")
    _default(session.tenant(star.id), star, ModelType.EMBEDDING, "openai_compatible")
    long = _tenant(session.tenant(LONG_NAME), LONG_NAME, 3)
    _openai(session.tenant(long.id), long, "refused")
    _local(session.tenant(long.id), long)
    _default(session.tenant(long.id), long, ModelType.CHAT, "openai")
    if _TRIAL_PROVIDER in PROVIDERS:
        _lend(session, PROVIDERS[_TRIAL_PROVIDER], acme)
    session.open_keys.clear()
    for tenant, age in ((long, 50), (star, 2), (north, 1), (acme, 0)):
        _used(session.tenant(tenant.id), tenant, age)
    return session


@cache
def _pair() -> key_pair.NewKeyPair:
    # One for all of them: making a pair takes longer than all the rest, and bindings keep tenants apart all the same.
    return key_pair.generate_key_pair(BITS)


def _tenant(session: TenantSession, name: str, mark: int, passphrase: str = "") -> Tenant:
    pair = _pair()
    tenant = Tenant(
        id=session.tenant_id,
        name=name,
        created=_ago(session.process, 60),
        key_id=pair.key_id,
        public_key=pair.public_pem,
        protected=bool(passphrase),
        mark=mark,
    )
    keyring.write(session, tenant, pair.private, Secret(passphrase) if passphrase else None)
    session.store.create(to_record(tenant))
    session.process.open_keys[session.tenant_id] = (
        pair.private
    )  # so that the key vouches for what is put there; locked again at the end
    return tenant


def _openai(session: TenantSession, tenant: Tenant, key: str, names: tuple[str, ...] = ("default",)) -> None:
    state = VerificationState.REFUSED if key == "refused" else VerificationState.READY
    words = ("OpenAI rejected this key.", "Paste another one.") if state is VerificationState.REFUSED else ("", "")
    check = VerificationResult(state, _ago(session.process, 0), 212, *words)
    for number, name in enumerate(names):
        text = _KEYS[key] if not number else _KEYS["second"]
        _credential(session, tenant, "openai", name, {"api_key": Secret(text)}, {}, check, active=not number)
    _models(session, tenant, _listed("openai", "models.json"))


def _other(session: TenantSession, tenant: Tenant, provider: Provider, state: ProviderState) -> None:
    """Set up a provider from its practice folder; an undecryptable one is sealed for a lost key pair."""
    from tui.practice.transport import folders

    folder = folders()[provider.id]
    secret = {field.name for field in provider.fields if field.secret}
    secrets = {name: Secret(value) for name, value in folder.FIELDS.items() if name in secret}
    clear = {name: value for name, value in folder.FIELDS.items() if name not in secret}
    words = (
        (f"{provider.label} rejected this key.", "Paste another one.") if state is ProviderState.REFUSED else ("", "")
    )
    check = VerificationResult(
        VerificationState.REFUSED if state is ProviderState.REFUSED else VerificationState.READY,
        _ago(session.process, 0),
        340,
        *words,
    )
    sealed_for = replace(tenant, key_id="0" * 8) if state is ProviderState.UNDECRYPTABLE else tenant
    _credential(session, sealed_for, provider.id, "default", secrets, clear, check)
    _models(session, tenant, (*provider.catalogue, *getattr(folder, "MODELS", ())[:2]))


def _lend(session: Session, provider: Provider, user: Tenant) -> None:
    """Set up a trial for every tenant, of which one has used some requests."""
    _other(session.tenant(OPERATOR), _tenant(session.tenant(OPERATOR), OPERATOR, 0), provider, ProviderState.READY)
    with session.store(OPERATOR).transaction() as tables:
        models = tuple(dict.fromkeys(entry["id"] for entry in tables.table("models")))
        tables.table("trials").insert(to_record(Trial(provider.id, _TRIAL_CALLS, models[:4], _ago(session, 3))))
        tables.table("used").insert({"tenant": user.id, "provider": provider.id, "calls": _USED_CALLS})


def _local(session: TenantSession, tenant: Tenant) -> None:
    check = VerificationResult(VerificationState.READY, _ago(session.process, 0), 18)
    _credential(session, tenant, "openai_compatible", "default", {}, {"base_url": _LOCAL}, check)
    _models(session, tenant, _listed("openai_compatible", "ollama.json"))


def _credential(
    session: TenantSession,
    tenant: Tenant,
    provider_id: str,
    name: str,
    secrets: Mapping[str, Secret],
    clear: Mapping[str, str],
    check: VerificationResult,
    active: bool = True,
) -> None:
    provider = PROVIDERS[provider_id]
    fields = credentials.defaults(provider) | dict(clear)
    fingerprint_key = keyring.fingerprint_key(session, tenant)
    unsealed = Credential(
        provider=provider_id,
        name=name,
        clear=fields,
        envelope="",
        key_id=tenant.key_id,
        origins=provider.origins(mask_secrets(fields, secrets)),
        hints={entry: hint_of(secret.reveal()) for entry, secret in secrets.items()},
        fingerprints={entry: key_pair.fingerprint(fingerprint_key, secret) for entry, secret in secrets.items()},
        active=active,
        created=_ago(session.process, 2),
        changed=_ago(session.process, 1),
        check=check,
        listed_at=check.at,
    )
    envelope = vault.seal(tenant.public_key, secrets, credentials.binding(tenant.id, unsealed)) if secrets else ""
    with verification.credential_transaction(session.process.tenant(tenant.id)) as tables:
        tables.table("credentials").insert(to_record(replace(unsealed, envelope=envelope)))


def _models(session: TenantSession, tenant: Tenant, models: tuple[Model, ...]) -> None:
    with session.store.transaction() as tables:
        tables.table("models").insert_multiple(to_record(model) for model in models)


@cache
def _listed(provider_id: str, fixture: str) -> tuple[Model, ...]:
    """Return the models that the practice provider lists, as its dialect reads them."""
    provider = PROVIDERS[provider_id]
    if provider.list_models is None:
        return provider.catalogue
    content = json.loads((files("tui.practice") / provider_id / fixture).read_bytes())
    fields = credentials.defaults(provider) | {"base_url": _LOCAL}
    read = provider.list_models(fields).reader()
    events = [*read(Frame(content)), *read(None)]
    return tuple(model for event in events if isinstance(event, ModelsListed) for model in event.models)


def _default(session: TenantSession, tenant: Tenant, kind: ModelType, provider_id: str) -> None:
    with session.store.transaction() as tables:
        credentials = [
            entry["id"] for entry in tables.table("models") if (entry["provider"], entry["type"]) == (provider_id, kind)
        ]
        best = [entry for entry in PROVIDERS[provider_id].proposed.get(kind, ()) if entry in credentials]
        if credentials:
            chosen = Default(kind, provider_id, (best or credentials)[0], _ago(session.process, 1))
            tables.table("defaults").insert(to_record(chosen))


def _delisted_default(session: TenantSession, tenant: Tenant) -> None:
    """Set a default embedding model that the provider no longer lists."""
    delisted = Model(
        "openai", "text-search-ada-doc-001", ModelType.EMBEDDING, Origin.IMPORTED, gone=_ago(session.process, 1)[:10]
    )
    with session.store.transaction() as tables:
        tables.table("models").insert(to_record(delisted))
        tables.table("defaults").insert(
            to_record(Default(delisted.type, delisted.provider, delisted.id, _ago(session.process, 50)))
        )


def _used(session: TenantSession, tenant: Tenant, days: float) -> None:
    session.store.folder.write("last-used", _ago(session.process, days).encode())


def _ago(session: Session, days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(session.clock() - days * 86_400))
