"""State of providers and their credentials, and changes to which is used."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from tui.domain import (
    Credential,
    KeySource,
    Origin,
    ProviderState,
    VerificationState,
    previous_name,
    previous_of,
)
from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.providers.spec import Provider
from tui.storage.store import Tables
from tui.tenancy import credentials, listings, refused_fields, trials, verification
from tui.tenancy import models as stored_models
from tui.tenancy.connections import provider_of, providers, providers_of
from tui.tenancy.credentials import active, listing
from tui.tenancy.serialization import from_record
from tui.tenancy.session import TenantSession
from tui.tenancy.trials import TrialBalance
from tui.workspace.credentials import lifetime, rotation
from tui.workspace.credentials.discovery import discover_keys
from tui.workspace.credentials.names import unknown_credential
from tui.workspace.playground.key_source import source

_VERIFIED = {
    VerificationState.READY: ProviderState.READY,
    VerificationState.RESTRICTED: ProviderState.RESTRICTED,
    VerificationState.REFUSED: ProviderState.REFUSED,
    VerificationState.UNVERIFIED: ProviderState.UNVERIFIED,
}
TRIAL = "trial"
"""The source of a provider that the operator's key pays for."""

YOUR_KEY = "your key"
"""The source of a provider that the tenant's own API key pays for."""


@dataclass(frozen=True)
class ProviderRow:
    """A provider's state for a tenant.

    `word` is what the list shows of its state. `trial` is what is left of one, in use or not. `models` counts the
    imported ones that are not gone, `added` those added by hand, `found` names a variable of the environment that would
    set it up. `why` is a sentence on what keeps the credential from being used.
    """

    provider: Provider
    credential: Credential | None
    state: ProviderState
    word: str
    source: str = ""
    models: int = 0
    added: int = 0
    discovered: str = ""
    trial: TrialBalance | None = None
    why: str = ""

    @property
    def on_trial(self) -> bool:
        """Whether the operator's key pays."""
        return self.source == TRIAL

    @property
    def usable(self) -> bool:
        """Whether a call can be tried."""
        return self.state.usable


def rows(session: TenantSession) -> list[ProviderRow]:
    """Return all providers, in the order of the registry."""
    return _rows(session, providers(session).values())


def rows_of(session: TenantSession, provider_ids: Collection[str]) -> list[ProviderRow]:
    """Return the rows of these providers, in the order of the registry. Unknown IDs are left out."""
    return _rows(session, providers_of(session, provider_ids))


def row(session: TenantSession, provider_id: str) -> ProviderRow:
    """Return one provider."""
    return _row(session, provider_of(session, provider_id), _counts(session))


def usable_providers(session: TenantSession) -> frozenset[str]:
    """Return the IDs of the providers that can be called: of those with a credential or a trial, which are few."""
    stored = sorted(credentials.stored(session), key=lambda credential: credential.name, reverse=True)
    used = {credential.provider: credential for credential in stored if credential.active}
    balances, sources = trials.balances(session), trials.chosen_sources(session)
    known = providers_of(session, {credential.provider for credential in stored} | balances.keys())

    def state_of(provider_id: str) -> CredentialState | None:
        credential, balance = used.get(provider_id), balances.get(provider_id)
        on_trial = balance is not None if credential is None else sources.get(provider_id) is KeySource.TRIAL
        if on_trial:
            return _trial_state(balance)
        return credential_state(session, credential) if credential else None

    current = ((provider.id, state_of(provider.id)) for provider in known)
    return frozenset(provider_id for provider_id, state in current if state and state.state.usable)


async def use(session: TenantSession, provider_id: str, name: str) -> None:
    """Make a credential the active one of its provider, with the models that it has listed.

    A previous one is restored.
    """
    _require_stored(session, provider_id, name)
    if previous_of(name):
        name = (await rotation.restore_previous(session, provider_id, previous_of(name))).name

    def work() -> None:
        with verification.credential_transaction(session) as tables:
            table = tables.table("credentials")
            if not any(_is(entry, provider_id, name) for entry in table):
                raise unknown_credential(session, provider_id, name)
            # The addresses that the credential in use may reach were entered by a person for this provider.
            before = active(session, provider_id)
            entered = credentials.verified_origins(session, before)
            for record in [record for record in table if record["provider"] == provider_id]:
                table.update({"active": record["name"] == name}, doc_ids=[record.doc_id])
            _switch_models(tables, provider_of(session, provider_id), before, name)
            with suppress(Locked):  # while the tenant is locked, what the key was sealed for stays
                credentials.update_origins(session, tables, provider_id, entered)

    await asyncio.to_thread(work)


async def remove(session: TenantSession, provider_id: str, name: str) -> None:
    """Remove a credential and its previous key, also from every earlier state.

    The first of the remaining credentials becomes active, with the models that it has listed. With the last one the
    provider's models and the defaults that use them are removed as well.
    """
    _require_stored(session, provider_id, name)
    if previous_of(name):
        await rotation.discard_previous(session, provider_id, previous_of(name))
        return
    if not staying(session, provider_id, name):
        await remove_provider(session, provider_id)
        return
    names = (name, previous_name(name))

    def work() -> None:
        def forgotten(table: str, record: Mapping[str, Any]) -> bool:
            stored = table in verification.TABLES and record.get("provider") == provider_id
            return (stored and record.get("name") in names) or lifetime.is_of(table, record, provider_id, names)

        with verification.credential_transaction(session, forgotten) as tables:
            table = tables.table("credentials")
            table.remove(lambda record: forgotten("credentials", record))
            remaining = [entry for entry in table if entry["provider"] == provider_id]
            if not any(entry.get("active") for entry in remaining):
                first = [entry.doc_id for entry in remaining if not previous_of(entry["name"])][:1]
                table.update({"active": True}, doc_ids=first)
                for record in (record for record in remaining if record.doc_id in first):
                    _switch_models(tables, provider_of(session, provider_id), None, record["name"])
            listings.forget(tables, provider_id, name)
            lifetime.forget(tables, provider_id, name)
            credentials.forget_latencies(tables, provider_id, name)

    await asyncio.to_thread(work)
    for entry in names:
        session.process.undecryptable.pop((session.tenant_id, provider_id, entry), None)


def staying(session: TenantSession, provider_id: str, name: str) -> list[Credential]:
    """Return the credentials that remain after one is removed; its previous key does not."""
    names = (name, previous_name(name))
    return [row for row in listing(session, provider_id) if row.name not in names]


async def remove_provider(session: TenantSession, provider_id: str) -> None:
    """Remove a provider's credentials (also from earlier states), models and defaults from a tenant.

    A connection is removed with them.
    """
    provider = provider_of(session, provider_id)
    if not provider.kind and not listing(session, provider_id) and not _counts(session).get(provider_id):
        raise UsageError(f"{provider.label} is not set up.", "There is nothing to remove.")

    def work() -> None:
        def forgotten(table: str, record: Mapping[str, Any]) -> bool:
            stored = table in verification.TABLES and record.get("provider") == provider_id
            return stored or lifetime.is_of(table, record, provider_id)

        with verification.credential_transaction(session, forgotten) as tables:
            listings.forget(tables, provider_id)
            lifetime.forget(tables, provider_id)
            credentials.forget_latencies(tables, provider_id)
            tables.table("connections").remove(lambda record: record["id"] == provider_id)
            refused_fields.forget(tables, provider_id)
            for name in ("credentials", "models", "defaults", "sources"):
                tables.table(name).remove(lambda record: record["provider"] == provider_id)

    await asyncio.to_thread(work)
    for entry in [place for place in session.process.undecryptable if place[:2] == (session.tenant_id, provider_id)]:
        del session.process.undecryptable[entry]


def _rows(session: TenantSession, providers: Iterable[Provider]) -> list[ProviderRow]:
    counts = _counts(session)
    return [_row(session, provider, counts) for provider in providers]


def _row(session: TenantSession, provider: Provider, counts: Mapping[str, tuple[int, int]]) -> ProviderRow:
    credential, balance = active(session, provider.id), trials.left(session, provider.id)
    models, added = counts.get(provider.id, (0, 0))
    if source(session, provider.id) is KeySource.TRIAL:
        state, word, _ = _trial_state(balance)
        return ProviderRow(provider, credential, state, word, TRIAL, models, added, "", balance)
    if credential is None:
        variable = offered.variable if (offered := discover_keys(session.process, provider)) else ""
        word = f"not set up, {variable} found" if variable else str(ProviderState.NOT_SET_UP)
        return ProviderRow(provider, None, ProviderState.NOT_SET_UP, word, "", models, added, variable)
    state, word, why = credential_state(session, credential)
    own = YOUR_KEY if credential.envelope else "by reference" if credential.references else "no key"
    return ProviderRow(provider, credential, state, word, own, models, added, "", balance, why)


class CredentialState(NamedTuple):
    """A credential's state, its word in lists, and the reason as a sentence."""

    state: ProviderState
    word: str
    why: str = ""


def credential_state(session: TenantSession, credential: Credential) -> CredentialState:
    """Return a credential's state, as far as known without opening a key."""
    status = verification.integrity_status(session)
    finding = status.of(credential)
    why = verification.words(session, finding, status.alarm) if finding else ""
    if credentials.is_undecryptable(session, credential, status):
        state = ProviderState.UNDECRYPTABLE
        return CredentialState(state, state, "" if finding and finding.mark.needs_confirmation else why)
    if finding and finding.mark.needs_confirmation:
        return CredentialState(ProviderState.UNCONFIRMED, status.word(finding), why)
    state = _VERIFIED[credential.check.state]
    return CredentialState(state, state)


def why_unusable(session: TenantSession, credential: Credential) -> Problem | None:
    """Return what keeps a credential from being sent, whatever its last check said; None if nothing does."""
    current = credential_state(session, credential)
    if current.state is ProviderState.UNDECRYPTABLE:
        return credentials.undecryptable(session, credential)
    if current.state is ProviderState.UNCONFIRMED:
        return Locked(current.why, remedy=Remedy(Action.CONFIRM_CHANGES, credential.provider, credential.name))
    return None


def _trial_state(balance: TrialBalance | None) -> CredentialState:
    """Return the state of a provider that is used on a trial, and what is left of it."""
    if balance is None:
        return CredentialState(ProviderState.TRIAL_GONE, "trial ended")
    if not balance.left:
        return CredentialState(ProviderState.TRIAL_EXHAUSTED, balance.words)
    return CredentialState(ProviderState.TRIAL_LOW if balance.low else ProviderState.TRIAL, balance.words)


def _counts(session: TenantSession) -> dict[str, tuple[int, int]]:
    """Count the imported and the added models, by provider."""

    def read(_: Tables) -> dict[str, tuple[int, int]]:
        kinds: dict[str, list[str]] = {}
        added = str(Origin.ADDED)
        for record in stored_models.records(session):
            kind = added if record.get("origin") == added else "gone" if record.get("gone") else ""
            try:
                kinds[record["provider"]].append(kind)
            except KeyError:
                kinds[record["provider"]] = [kind]
        return {provider_id: (of.count(""), of.count(added)) for provider_id, of in kinds.items()}

    return session.store.cached("counts", read, trials.trial_models_of(session), table="models")


def _switch_models(tables: Tables, provider: Provider, before: Credential | None, name: str) -> None:
    """Put the models of the credential `name` in the place of those of the one before."""
    for record in [record for record in tables.table("credentials") if _is(record, provider.id, name)]:
        listings.switch(tables, provider, before, from_record(Credential, record))


def _require_stored(session: TenantSession, provider_id: str, name: str) -> None:
    if credentials.find(session, provider_id, name) is None:
        raise unknown_credential(session, provider_id, name)


def _is(record: Mapping[str, Any], provider_id: str, name: str) -> bool:
    return record.get("provider") == provider_id and record.get("name") == name
