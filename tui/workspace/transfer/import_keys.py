"""Bring the keys of another program's file into a tenant: choose names, plan, and verify each before it is saved.

A stored key is never replaced: another one for the same provider is added beside it, named after the file's format,
and not put to use. A server at a base URL of its own becomes a connection.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tui.domain import DEFAULT_NAME, Credential, VerificationState
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kinds
from tui.providers.spec import Provider
from tui.secret import Secret
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import keyring
from tui.tenancy.connections import NAME, providers
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import key_pair
from tui.workspace.credentials import verify
from tui.workspace.credentials.save_plan import plan_save
from tui.workspace.transfer.file_format import Bundle, FileCredential
from tui.workspace.transfer.formats.entries import COMPATIBLE, KeyEntry, KeyFile
from tui.workspace.transfer.import_plan import Plan, values_of

_ACCEPTED = (VerificationState.READY, VerificationState.RESTRICTED)


EMPTY = Bundle("", "")


@dataclass(frozen=True)
class KeyAssignment:
    """A key of a file with the place that it gets: a provider or connection of the tenant, and a credential's name."""

    entry: KeyEntry = field(repr=False)
    provider: str
    name: str

    @property
    def ref(self) -> tuple[str, str]:
        """Provider and name of the credential."""
        return self.provider, self.name


@dataclass(frozen=True)
class KeyBundle:
    """The keys of a file as settings to import, and what each key of the file becomes."""

    bundle: Bundle
    assigned: tuple[KeyAssignment, ...]


@dataclass(frozen=True)
class RejectedKey:
    """A key that was not saved, as its provider did not accept it or could not be asked."""

    assigned: KeyAssignment
    problem: Problem


def key_bundle(session: TenantSession | None, format_id: str, keys: KeyFile) -> KeyBundle:
    """Return the settings that a file's keys make in a tenant, which is unlocked; None for a new one."""
    assigned: list[KeyAssignment] = []
    names = _Names(session, format_id)
    for entry in keys.keys:
        provider = names.provider(entry)
        assigned.append(KeyAssignment(entry, provider, names.credential(provider, entry)))
    credentials = tuple(_to_credential(place) for place in assigned)
    bundle = Bundle("", "", credentials, connections={name: kind for name, kind in names.connections.items()})
    return KeyBundle(bundle, tuple(assigned))


async def verify_keys(plan: Plan, keys: KeyBundle) -> tuple[KeyBundle, tuple[RejectedKey, ...]]:
    """Ask the providers whether they accept the keys of a plan, all at once; return those that are left to save.

    Nothing is stored. Addresses in plain http have been allowed by then.
    """
    session = plan.copy.tenant(plan.tenant.id)
    results = await asyncio.gather(*(_verify(session, credential) for credential in keys.bundle.credentials))
    places = {place.ref: place for place in keys.assigned}
    rejected = tuple(
        RejectedKey(places[credential.provider, credential.name], result)
        for credential, result in zip(keys.bundle.credentials, results, strict=True)
        if isinstance(result, Problem)
    )
    accepted_refs = {
        (credential.provider, credential.name) for credential in results if isinstance(credential, FileCredential)
    }
    provider_ids = {provider for provider, _ in accepted_refs}
    bundle = replace(
        keys.bundle,
        credentials=tuple(credential for credential in results if isinstance(credential, FileCredential)),
        connections={name: kind for name, kind in keys.bundle.connections.items() if name in provider_ids},
    )
    return KeyBundle(bundle, tuple(place for place in keys.assigned if place.ref in accepted_refs)), rejected


async def _verify(session: TenantSession, credential: FileCredential) -> FileCredential | Problem:
    try:
        values = values_of(session, credential)
        plan = await plan_save(session, credential.provider, values, name=credential.name, allow_http=True)
        result = await verify.verify_plan(plan)
    except Problem as problem:
        return problem
    if result.check.state not in _ACCEPTED:
        return Problem(result.check.message, result.check.hint)
    return replace(
        credential, clear={**credential.clear, **result.region_fields}, check=result.check, listed=result.listed
    )


def _to_credential(place: KeyAssignment) -> FileCredential:
    secrets = {name: value for name, value in place.entry.values.items() if isinstance(value, Secret)}
    clear = {name: value for name, value in place.entry.values.items() if isinstance(value, str)}
    return FileCredential(place.provider, place.name, clear, tuple(secrets), secrets)


class _Names:
    """Chooses where the keys of one file go, so that none takes the place of another or of a stored one."""

    def __init__(self, session: TenantSession | None, format_id: str) -> None:
        self.connections: dict[str, str] = {}
        self._session, self._format = session, format_id
        self._providers: Mapping[str, Provider] = providers(session) if session else PROVIDERS
        self._stored = stored_credentials.stored(session) if session else ()
        self._refs = {(one.provider, one.name) for one in self._stored}

    def provider(self, entry: KeyEntry) -> str:
        """Return the provider of a key: the declared one, or a connection, which is noted if it is new."""
        if entry.kind in PROVIDERS and entry.kind != COMPATIBLE:
            return entry.kind
        url, named = _url(kinds()[entry.kind], entry.values), (entry.name or entry.kind).lower()
        base = entry.kind if entry.kind != COMPATIBLE else re.sub(r"[^a-z0-9_-]", "-", named).strip("-_")[:28]
        for name, provider in self._providers.items():
            at_url = (one for one in self._stored if one.provider == name and _url(provider, one.clear) == url)
            if provider.declared_id == entry.kind and any(name == base or self._same(one, entry) for one in at_url):
                return name
        existing = {**dict.fromkeys(self._providers, ""), **self.connections}
        candidates = [base, *(f"{base}-{number}" for number in range(2, 1000))]
        other_kinds = kinds().keys() - {entry.kind}
        free = (name for name in candidates if name not in existing and name not in other_kinds)
        name = next((name for name in free if NAME.fullmatch(name)), "")
        self.connections[name] = entry.kind
        return name

    def credential(self, provider: str, entry: KeyEntry) -> str:
        """Return the name of a key's credential: that of the stored one if it is the same, else a free one."""
        for one in self._stored:
            if one.provider == provider and self._same(one, entry):
                return one.name
        names = [DEFAULT_NAME, self._format, *(f"{self._format}-{number}" for number in range(2, 1000))]
        name = next(name for name in names if (provider, name) not in self._refs)
        self._refs.add((provider, name))
        return name

    def _same(self, stored: Credential, entry: KeyEntry) -> bool:
        assert self._session is not None
        key = keyring.fingerprint_key(self._session, tenant_of(self._session))
        secrets = {name: value for name, value in entry.values.items() if isinstance(value, Secret)}
        prints = {name: key_pair.fingerprint(key, secret) for name, secret in secrets.items()}
        clear = {name: value for name, value in entry.values.items() if isinstance(value, str)}
        return prints == dict(stored.fingerprints) and clear.items() <= dict(stored.clear).items()


def _url(provider: Provider, values: Mapping[str, str | Secret]) -> str:
    entry = next((declared for declared in provider.fields if declared.url), None)
    value = values.get(entry.name, "") if entry else ""
    default = entry.default if entry else ""
    return (value if isinstance(value, str) else "").rstrip("/") or default.rstrip("/")
