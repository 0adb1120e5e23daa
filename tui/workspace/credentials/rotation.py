"""Rotate an API key: a new one replaces it, and the previous one is kept until confirmed.

What is kept is a credential like any other, called `<name>.kept` and not in use. Going back swaps the two, as often as
one likes; forgetting what is kept confirms what is in use.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.domain import DEFAULT_NAME, Credential, previous_name, previous_of
from tui.errors import Action, Problem, Remedy, UsageError
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.secret import Secret, SecretReference
from tui.storage.store import Tables
from tui.tenancy import credentials, keyring, verification
from tui.tenancy.connections import provider_of
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import key_pair
from tui.workspace.credentials import lifetime
from tui.workspace.credentials.fields import Values
from tui.workspace.credentials.names import unknown_credential
from tui.workspace.credentials.save_plan import SavePlan, plan_save, replan


def previous_key(session: TenantSession, provider_id: str, name: str) -> Credential | None:
    """Return the previous key of the credential `name`, or None."""
    return credentials.find(session, provider_id, previous_name(name))


def rotation_target(session: TenantSession, provider: Provider, name: str) -> Credential:
    """Return the credential whose key is to be replaced. Needs no private key.

    Raises:
        UsageError: There is none, it holds no key, or a key is kept from the last rotation.
    """
    label, existing = provider.label, credentials.find(session, provider.id, name)
    if existing is None:
        raise unknown_credential(session, provider.id, name, Action.SET_UP_PROVIDER)
    if existing.references:
        raise UsageError(f"The key of {label} is a reference; what it refers to is replaced where it is.")
    if not existing.envelope:
        raise UsageError(
            f"{name} of {label} has no key to rotate.",
            remedy=Remedy(Action.SET_UP_PROVIDER, provider.id, name),
        )
    if previous_of(name):
        raise UsageError(f"{name} of {label} is not in use.", f"Rotate {previous_of(name)}.")
    if previous_key(session, provider.id, name):
        raise _unresolved(provider, name)
    return existing


def _unresolved(provider: Provider, name: str) -> UsageError:
    return UsageError(
        f"{name} of {provider.label} still has its previous key from the last rotation.",
        "Delete it first, or switch back to it.",
        remedy=Remedy(Action.RESOLVE_ROTATION, provider.id, name),
    )


async def plan_rotation(
    session: TenantSession, provider_id: str, values: Values, *, name: str = DEFAULT_NAME, **options: Any
) -> SavePlan:
    """Return the plan of a save that keeps the stored credential beside the new one; `options` are `plan_save`'s.

    Raises:
        UsageError: The credential cannot be rotated, or no secret differs from what is stored.
        FieldProblem: A value is wrong or missing.
    """
    target = await asyncio.to_thread(rotation_target, session, provider_of(session, provider_id), name)
    plan = await plan_save(session, provider_id, values, name=name, **options)

    def work() -> SavePlan:
        differs(session, plan.provider, target, plan.values)
        return replan(replace(plan, rotate=True))

    return await asyncio.to_thread(work)


def rotatable(session: TenantSession, provider: Provider, name: str) -> Credential:
    """Return the credential whose key is to be replaced, once its stored secrets have been decrypted.

    Raises:
        UsageError: As `rotation_target`.
        Locked: The tenant is locked, or the credential cannot be decrypted.
    """
    target = rotation_target(session, provider, name)
    credentials.secrets(session, target)
    return target


def differs(
    session: TenantSession, provider: Provider, credential: Credential, values: Mapping[str, str | Secret]
) -> None:
    """Raise a UsageError unless a secret among these cleaned values is another one than is stored."""
    secrets = {name: value for name, value in values.items() if isinstance(value, Secret) and value}
    if any(isinstance(value, SecretReference) for value in secrets.values()):
        raise UsageError("A key cannot be rotated to a reference.", "Save the reference in its place.")
    if not secrets:
        secret_field = next(field for field in provider.fields if field.name in credential.hints)
        raise UsageError(f"{secret_field.label} is missing.", "Enter the new key.")
    key = keyring.fingerprint_key(session, tenant_of(session))
    prints = {name: key_pair.fingerprint(key, entry) for name, entry in secrets.items()}
    if prints.items() <= credential.fingerprints.items():
        raise UsageError(f"This is already the key of {provider.label}.", "Nothing was changed.")


def keep_previous(session: TenantSession, tables: Tables, credential: Credential) -> None:
    """Keep a credential as the previous one, inside the transaction that replaces it.

    Raises:
        UsageError: It has a previous one by now.
    """
    table, name = tables.table("credentials"), previous_name(credential.name)
    if any((entry["provider"], entry["name"]) == (credential.provider, name) for entry in table):
        raise _unresolved(provider_of(session, credential.provider), credential.name)
    table.insert(to_record(credentials.reseal(session, credential, name=name, active=False)))


async def restore_previous(session: TenantSession, provider_id: str, name: str) -> Credential:
    """Swap the previous and the present key of a credential; return the one that is in use then."""
    require_previous(session, provider_id, name)

    def work() -> Credential:
        with verification.credential_transaction(session) as tables:
            table = tables.table("credentials")
            pair = {
                entry["name"]: from_record(Credential, entry)
                for entry in table
                if entry["provider"] == provider_id and entry["name"] in (name, previous_name(name))
            }
            if len(pair) < 2:
                raise Problem("The credentials were changed in another session.", "Nothing was changed here.")
            new, old = pair[name], pair[previous_name(name)]
            table.remove(lambda record: record["provider"] == provider_id and record["name"] in pair)
            keep_previous(session, tables, new)
            back = credentials.reseal(session, old, name=name, active=new.active)
            table.insert(to_record(back))
            if back.active:
                credentials.update_origins(session, tables, provider_id, entered=new.origins)
            return back

    return await asyncio.to_thread(work)


async def discard_previous(session: TenantSession, provider_id: str, name: str) -> Credential:
    """Delete the previous key of `name`, also from earlier states; return it."""
    discarded = require_previous(session, provider_id, name)
    active = credentials.find(session, provider_id, name)
    secrets = set(discarded.fingerprints.items()) - set(active.fingerprints.items() if active else ())

    def is_previous(record: Mapping[str, Any]) -> bool:
        return record.get("provider") == provider_id and record.get("name") == previous_name(name)

    def forgotten(table: str, record: Mapping[str, Any]) -> bool:
        if table not in verification.TABLES:
            return lifetime.names_key(table, record, secrets)
        same = (record.get("provider"), record.get("name")) == (provider_id, name)
        return is_previous(record) or (same and bool(secrets & set(record.get("fingerprints", {}).items())))

    def work() -> None:
        with verification.credential_transaction(session, forgotten) as tables:
            table = tables.table("credentials")
            # Going back in another session swaps the two: what is forgotten is what was looked at.
            if [entry["envelope"] for entry in table if is_previous(entry)] != [discarded.envelope]:
                raise Problem("The credentials were changed in another session.", "Nothing was changed here.")
            table.remove(lambda record: is_previous(record))
            lifetime.forget_key(tables, secrets)

    await asyncio.to_thread(work)
    session.process.undecryptable.pop((session.tenant_id, provider_id, previous_name(name)), None)
    return discarded


def require_previous(session: TenantSession, provider_id: str, name: str) -> Credential:
    """Return the key that is kept for a credential; raise a UsageError where none is."""
    previous = previous_key(session, provider_id, name)
    if previous is None:
        label = provider_of(session, provider_id).label
        raise UsageError(f"{label} has no previous key for {one_line(name, 40)}.", "Rotating a key keeps the old one.")
    return previous
