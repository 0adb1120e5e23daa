"""The desk of practice mode: made-up tenants in memory, providers that answer in-process, keys of no use elsewhere."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tui.config import Config
from tui.domain import Check, CheckState, Credential, Default, Model, ModelType, Origin, Tenant
from tui.providers import PROVIDERS
from tui.providers.events import Listed
from tui.providers.requests import Frame
from tui.providers.spec import Provider, told
from tui.sanitize import hint_of
from tui.secret import Secret
from tui.storage.memory_folder import Memory
from tui.tenancy import credentials, verification
from tui.tenancy.serialization import record
from tui.tenancy.session import OPERATOR, Desk
from tui.tenancy.trials import Trial
from tui.vault import envelope as vault

if TYPE_CHECKING:
    from tui.providers.client.client import Wire

BITS = 1024
COST = 2**10
PASSPHRASE = "practice"
LONG_NAME = "customer-emea-production-cluster-reasoning-and-embeddings-07"
_KEYS = {
    "first": "sk-practice-0000-made-up-key-not-real-3f2a",
    "second": "sk-practice-0000-made-up-key-not-real-77c0",
    "refused": "sk-practice-0000-refused-made-up-key-9b1c",
}
_LOCAL = "http://localhost:11434/v1"
_SHUT = "shut"
_OTHERS = {"anthropic": "refused", "tongyi": "ready", "minimax": _SHUT, "huggingface": "ready", "replicate": "ready"}
"""How further providers stand with acme, by id."""

_LENT, _CALLS, _MADE = "spark", 100, 12
"""The provider that the operator lends a key of, to how many calls each, and how many of them acme has made."""


def practice_desk(
    environ: Mapping[str, str] | None = None, pace: float = 1.0, clock: Callable[[], float] = time.time
) -> Desk:
    """A desk with four tenants, each standing differently; nothing is written and nothing leaves the process.

    acme is complete but for one default that is gone; north-lab has the passphrase `practice`; 星河科技有限公司 has a
    model server of its own; the one with the long name has a key that is refused.
    """

    def wiring() -> "Wire":
        from tui.practice import transport
        from tui.providers.client.client import Wire

        return Wire({}, transport=transport(pace))

    desk = Desk(Memory(), Memory(), wiring, dict(environ or {}), Config(), practice=True, key_bits=BITS, key_cost=COST)
    desk.clock = clock
    acme = _tenant(desk, "acme", "acme", 0)
    _openai(desk, acme, "first", ("default", "batch-jobs"))
    _local(desk, acme)
    for provider_id, state in _OTHERS.items():
        if provider_id in PROVIDERS:
            _other(desk, acme, PROVIDERS[provider_id], state)
    _default(desk, acme, ModelType.CHAT, "openai")
    _gone(desk, acme)
    north = _tenant(desk, "north-lab", "north-lab", 1, PASSPHRASE)
    _openai(desk, north, "second")
    _default(desk, north, ModelType.CHAT, "openai")
    star = _tenant(desk, "tenant-2", "星河科技有限公司", 2)
    _local(desk, star)
    _default(desk, star, ModelType.CHAT, "openai_compatible")
    _default(desk, star, ModelType.EMBEDDING, "openai_compatible")
    long = _tenant(desk, LONG_NAME, LONG_NAME, 3)
    _openai(desk, long, "refused")
    _local(desk, long)
    _default(desk, long, ModelType.CHAT, "openai")
    if _LENT in PROVIDERS:
        _lend(desk, PROVIDERS[_LENT], acme)
    desk.open_keys.clear()
    for tenant, age in ((long, 50), (star, 2), (north, 1), (acme, 0)):
        _used(desk, tenant, age)
    return desk


@cache
def _pair() -> vault.Made:
    # One for all of them: making a pair takes longer than all the rest, and bindings keep tenants apart all the same.
    return vault.make(BITS)


def _tenant(desk: Desk, tenant_id: str, name: str, mark: int, passphrase: str = "") -> Tenant:
    made = _pair()
    tenant = Tenant(
        id=tenant_id,
        name=name,
        created=_ago(desk, 60),
        key_id=made.key_id,
        public_key=made.public_pem,
        fingerprint_key=vault.fingerprint_key(),
        protected=bool(passphrase),
        mark=mark,
    )
    pem = vault.export(made.private, Secret(passphrase) if passphrase else None, COST)
    desk.keys.folder(tenant_id).write(f"{tenant.key_id}.pem", pem)
    desk.store(tenant_id).create(record(tenant))
    desk.open_keys[tenant_id] = made.private  # so that the key vouches for what is put there; locked again at the end
    return tenant


def _openai(desk: Desk, tenant: Tenant, key: str, names: tuple[str, ...] = ("default",)) -> None:
    state = CheckState.REFUSED if key == "refused" else CheckState.READY
    words = ("OpenAI does not know this key.", "Paste another one.") if state is CheckState.REFUSED else ("", "")
    check = Check(state, _ago(desk, 0), 212, *words)
    for number, name in enumerate(names):
        text = _KEYS[key] if not number else _KEYS["second"]
        _credential(desk, tenant, "openai", name, {"api_key": Secret(text)}, {}, check, active=not number)
    _models(desk, tenant, _listed("openai", "models.json"))


def _other(desk: Desk, tenant: Tenant, provider: Provider, state: str) -> None:
    """A provider as its practice folder fills it in; a shut one was sealed with a key pair that is gone."""
    from tui.practice.transport import folders

    folder = folders()[provider.id]
    secret = {each.name for each in provider.fields if each.secret}
    secrets = {name: Secret(value) for name, value in folder.FIELDS.items() if name in secret}
    clear = {name: value for name, value in folder.FIELDS.items() if name not in secret}
    words = (f"{provider.label} does not know this key.", "Paste another one.") if state == "refused" else ("", "")
    check = Check(CheckState.REFUSED if state == "refused" else CheckState.READY, _ago(desk, 0), 340, *words)
    sealed_for = replace(tenant, key_id="0" * 8) if state == _SHUT else tenant
    _credential(desk, sealed_for, provider.id, "default", secrets, clear, check)
    _models(desk, tenant, (*provider.catalogue, *getattr(folder, "MODELS", ())[:2]))


def _lend(desk: Desk, provider: Provider, user: Tenant) -> None:
    """A trial for every tenant, of which one has used some."""
    _other(desk, _tenant(desk, OPERATOR, OPERATOR, 0), provider, "ready")
    with desk.store(OPERATOR).transaction() as tables:
        models = tuple(dict.fromkeys(each["id"] for each in tables.table("models")))
        tables.table("trials").insert(record(Trial(provider.id, _CALLS, models[:4], _ago(desk, 3))))
        tables.table("used").insert({"tenant": user.id, "provider": provider.id, "calls": _MADE})


def _local(desk: Desk, tenant: Tenant) -> None:
    check = Check(CheckState.READY, _ago(desk, 0), 18)
    _credential(desk, tenant, "openai_compatible", "default", {}, {"base_url": _LOCAL}, check)
    _models(desk, tenant, _listed("openai_compatible", "ollama.json"))


def _credential(
    desk: Desk,
    tenant: Tenant,
    provider_id: str,
    name: str,
    secrets: Mapping[str, Secret],
    clear: Mapping[str, str],
    check: Check,
    active: bool = True,
) -> None:
    provider = PROVIDERS[provider_id]
    fields = credentials.defaults(provider) | dict(clear)
    unsealed = Credential(
        provider=provider_id,
        name=name,
        clear=fields,
        envelope="",
        key_id=tenant.key_id,
        origins=provider.origins(told(fields, secrets)),
        hints={each: hint_of(secret.reveal()) for each, secret in secrets.items()},
        fingerprints={each: vault.fingerprint(tenant.fingerprint_key, secret) for each, secret in secrets.items()},
        active=active,
        created=_ago(desk, 2),
        changed=_ago(desk, 1),
        check=check,
        listed_at=check.at,
    )
    envelope = vault.seal(tenant.public_key, secrets, credentials.binding(tenant.id, unsealed)) if secrets else ""
    with verification.changing(desk, tenant.id) as tables:
        tables.table("credentials").insert(record(replace(unsealed, envelope=envelope)))


def _models(desk: Desk, tenant: Tenant, models: tuple[Model, ...]) -> None:
    with desk.store(tenant.id).transaction() as tables:
        tables.table("models").insert_multiple(record(each) for each in models)


@cache
def _listed(provider_id: str, fixture: str) -> tuple[Model, ...]:
    """What the practice provider lists, as its dialect reads it; a refresh finds the same."""
    provider = PROVIDERS[provider_id]
    if provider.list_models is None:
        return provider.catalogue
    content = json.loads((files("tui.practice") / provider_id / fixture).read_bytes())
    fields = credentials.defaults(provider) | {"base_url": _LOCAL}
    read = provider.list_models(fields).reader()
    events = [*read(Frame(content)), *read(None)]
    return tuple(model for each in events if isinstance(each, Listed) for model in each.models)


def _default(desk: Desk, tenant: Tenant, kind: ModelType, provider_id: str) -> None:
    with desk.store(tenant.id).transaction() as tables:
        held = [
            each["id"] for each in tables.table("models") if (each["provider"], each["type"]) == (provider_id, kind)
        ]
        best = [each for each in PROVIDERS[provider_id].proposed.get(kind, ()) if each in held]
        if held:
            chosen = Default(kind, provider_id, (best or held)[0], _ago(desk, 1))
            tables.table("defaults").insert(record(chosen))


def _gone(desk: Desk, tenant: Tenant) -> None:
    """A default for embedding that the provider listed once and lists no longer."""
    gone = Model("openai", "text-search-ada-doc-001", ModelType.EMBEDDING, Origin.IMPORTED, gone=_ago(desk, 1)[:10])
    with desk.store(tenant.id).transaction() as tables:
        tables.table("models").insert(record(gone))
        tables.table("defaults").insert(record(Default(gone.type, gone.provider, gone.id, _ago(desk, 50))))


def _used(desk: Desk, tenant: Tenant, days: float) -> None:
    desk.store(tenant.id).folder.write("last-used", _ago(desk, days).encode())


def _ago(desk: Desk, days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(desk.clock() - days * 86_400))
