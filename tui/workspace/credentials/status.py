"""Providers of a tenant and their credentials: what is set up, and how that stands."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from tui.domain import CheckState, Credential, Model, Origin, Source, kept_for, kept_name
from tui.errors import Locked, Usage
from tui.providers import PROVIDERS
from tui.providers import provider as provider_of
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.storage.store import Tables
from tui.tenancy import credentials, trials, verification
from tui.tenancy import models as shelf
from tui.tenancy.credentials import access, active, listing, masked
from tui.tenancy.session import Desk
from tui.tenancy.trials import Left
from tui.workspace.credentials import rotation
from tui.workspace.credentials.discovery import Found, Server, found, look_for_servers, runs_here
from tui.workspace.credentials.paste import (
    Cleaned,
    apart_words,
    belongs_to,
    clean_paste,
    in_sentence,
    shape,
    taken_apart,
)
from tui.workspace.credentials.save import Conflict, FieldProblem, PlainHttp, needs_plain_http, save, validate
from tui.workspace.credentials.verify import Verified, verify, verify_stored
from tui.workspace.playground.key_source import source

__all__ = [
    "Cleaned",
    "Conflict",
    "FieldProblem",
    "Found",
    "PlainHttp",
    "ProviderRow",
    "Server",
    "Verified",
    "access",
    "active",
    "apart_words",
    "belongs_to",
    "clean_paste",
    "found",
    "in_sentence",
    "listing",
    "look_for_servers",
    "masked",
    "needs_plain_http",
    "remove",
    "remove_provider",
    "row",
    "rows",
    "runs_here",
    "save",
    "shape",
    "staying",
    "taken_apart",
    "use",
    "validate",
    "verify",
    "verify_stored",
]

_WORDS = {
    CheckState.READY: "ready",
    CheckState.RESTRICTED: "restricted",
    CheckState.REFUSED: "key refused",
    CheckState.UNVERIFIED: "not verified",
}
_USABLE = ("ready", "restricted", "not verified", "trial", "trial low")
TRIAL = "trial"
UNCONFIRMED = "not confirmed"


@dataclass(frozen=True)
class ProviderRow:
    """A provider as it stands for a tenant.

    `state` is one of ready, restricted, not verified, key refused, cannot be opened, not confirmed, not set up; of a
    provider that is used on trial one of trial, trial low, trial used up, trial gone. `word` is what the list shows.
    `trial` is what is left of one, in use or not. `models` counts the imported ones that are not gone, `added` those
    added by hand, `found` names a variable of the environment that would set it up. `why` is a sentence on what keeps
    the credential from being used.
    """

    provider: Provider
    credential: Credential | None
    state: str
    word: str
    source: str = ""
    models: int = 0
    added: int = 0
    found: str = ""
    trial: Left | None = None
    why: str = ""

    @property
    def on_trial(self) -> bool:
        """Whether the operator's key pays."""
        return self.source == TRIAL

    @property
    def usable(self) -> bool:
        """Whether a call can be tried."""
        return self.state in _USABLE


def rows(desk: Desk, tenant_id: str) -> list[ProviderRow]:
    """All providers, in the order of the registry."""
    counts = _counts(desk, tenant_id)
    return [_row(desk, tenant_id, each, counts) for each in PROVIDERS.values()]


def row(desk: Desk, tenant_id: str, provider_id: str) -> ProviderRow:
    """One provider."""
    return _row(desk, tenant_id, provider_of(provider_id), _counts(desk, tenant_id))


async def use(desk: Desk, tenant_id: str, provider_id: str, name: str) -> None:
    """Makes a credential the active one of its provider. One that is kept goes back to its place for that."""
    _named(desk, tenant_id, provider_id, name)
    if kept_for(name):
        name = (await rotation.go_back(desk, tenant_id, provider_id, kept_for(name))).name

    def work() -> None:
        with verification.changing(desk, tenant_id) as tables:
            table = tables.table("credentials")
            if not any(_is(each, provider_id, name) for each in table):
                raise _unknown(provider_id, name)
            for each in [each for each in table if each["provider"] == provider_id]:
                table.update({"active": each["name"] == name}, doc_ids=[each.doc_id])
            with suppress(Locked):  # while the tenant is locked, what the key was sealed for stays
                credentials.fit(desk, tenant_id, tables, provider_id)

    await asyncio.to_thread(work)


async def remove(desk: Desk, tenant_id: str, provider_id: str, name: str) -> None:
    """Removes a credential, and what is kept for it, here and in every earlier state.

    Of what is left, the first becomes active. With the last one the provider is not set up any more: its models and the
    defaults that use them go as well.
    """
    _named(desk, tenant_id, provider_id, name)
    if kept_for(name):
        await rotation.confirm(desk, tenant_id, provider_id, kept_for(name))
        return
    if not staying(desk, tenant_id, provider_id, name):
        await remove_provider(desk, tenant_id, provider_id)
        return
    going = (name, kept_name(name))

    def work() -> None:
        def forgotten(table: str, record: Mapping[str, Any]) -> bool:
            return (
                table in verification.TABLES and record.get("provider") == provider_id and record.get("name") in going
            )

        with verification.changing(desk, tenant_id, forgotten) as tables:
            table = tables.table("credentials")
            table.remove(lambda each: forgotten("credentials", each))
            left = [each for each in table if each["provider"] == provider_id]
            if not any(each.get("active") for each in left):
                first = [each.doc_id for each in left if not kept_for(each["name"])][:1]
                table.update({"active": True}, doc_ids=first)

    await asyncio.to_thread(work)
    for each in going:
        desk.sealed_shut.pop((tenant_id, provider_id, each), None)


def staying(desk: Desk, tenant_id: str, provider_id: str, name: str) -> list[Credential]:
    """The credentials that are left when one is removed; what is kept for it goes with it."""
    going = (name, kept_name(name))
    return [each for each in listing(desk, tenant_id, provider_id) if each.name not in going]


async def remove_provider(desk: Desk, tenant_id: str, provider_id: str) -> None:
    """Removes all that a tenant has of a provider: credentials (in every earlier state), models, defaults."""
    provider = provider_of(provider_id)
    if not listing(desk, tenant_id, provider_id) and not _counts(desk, tenant_id).get(provider_id):
        raise Usage(f"{provider.label} is not set up.", "There is nothing to remove.")

    def work() -> None:
        def forgotten(table: str, record: Mapping[str, Any]) -> bool:
            return table in verification.TABLES and record.get("provider") == provider_id

        with verification.changing(desk, tenant_id, forgotten) as tables:
            for name in ("credentials", "models", "defaults", "sources"):
                tables.table(name).remove(lambda each: each["provider"] == provider_id)

    await asyncio.to_thread(work)
    for each in [place for place in desk.sealed_shut if place[:2] == (tenant_id, provider_id)]:
        del desk.sealed_shut[each]


def _row(desk: Desk, tenant_id: str, provider: Provider, counts: Mapping[str, tuple[int, int]]) -> ProviderRow:
    credential, left = active(desk, tenant_id, provider.id), trials.left(desk, tenant_id, provider.id)
    models, added = counts.get(provider.id, (0, 0))
    if source(desk, tenant_id, provider.id) is Source.TRIAL:
        state, word = _trial_words(left)
        return ProviderRow(provider, credential, state, word, TRIAL, models, added, "", left)
    if credential is None:
        variable = offered.variable if (offered := found(desk, provider)) else ""
        word = f"not set up, {variable} found" if variable else "not set up"
        return ProviderRow(provider, None, "not set up", word, "", models, added, variable)
    state, word, why = standing(desk, tenant_id, credential)
    own = "own key" if credential.envelope else "no key"
    return ProviderRow(provider, credential, state, word, own, models, added, "", left, why)


class CredentialState(NamedTuple):
    """How a credential stands: one of the states of a `ProviderRow`, its words in a list, and why in a sentence."""

    state: str
    word: str
    why: str = ""


def standing(desk: Desk, tenant_id: str, credential: Credential) -> CredentialState:
    """How a credential stands, as far as that is known without opening a key."""
    found = verification.standing(desk, tenant_id)
    finding = found.of(credential)
    why = verification.words(desk, tenant_id, finding, found.alarm) if finding else ""
    if credentials.is_shut(desk, tenant_id, credential, found):
        return CredentialState("cannot be opened", "cannot be opened", "" if finding and finding.mark.waits else why)
    if finding and credentials.waits(desk, tenant_id, credential):
        return CredentialState(UNCONFIRMED, found.word(finding), why)
    word = _WORDS[credential.check.state]
    return CredentialState(word, word)


def _trial_words(left: Left | None) -> tuple[str, str]:
    """The state and its words of a provider that is used on trial."""
    if left is None:
        return "trial gone", "no trial any more"
    return "trial used up" if not left.left else "trial low" if left.low else "trial", left.words


def _counts(desk: Desk, tenant_id: str) -> dict[str, tuple[int, int]]:
    """Imported and added models by provider."""

    def read(_: Tables) -> dict[str, tuple[int, int]]:
        counts: dict[str, tuple[int, int]] = {}
        for each in shelf.held(desk, tenant_id):
            imported, added = counts.get(each.provider, (0, 0))
            counts[each.provider] = _counted(each, imported, added)
        return counts

    return desk.store(tenant_id).derive("counts", read, trials.lent_to(desk, tenant_id), table="models")


def _counted(model: Model, imported: int, added: int) -> tuple[int, int]:
    if model.origin is Origin.ADDED:
        return imported, added + 1
    return imported + (not model.gone), added


def _named(desk: Desk, tenant_id: str, provider_id: str, name: str) -> Credential:
    for each in listing(desk, tenant_id, provider_of(provider_id).id):
        if each.name == name:
            return each
    raise _unknown(provider_id, name)


def _unknown(provider_id: str, name: str) -> Usage:
    label = provider_of(provider_id).label
    return Usage(f"There is no credential {one_line(name, 40)} of {label}.", "modeldeck credential list shows them.")


def _is(record: Mapping[str, Any], provider_id: str, name: str) -> bool:
    return record.get("provider") == provider_id and record.get("name") == name
