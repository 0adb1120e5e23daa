"""Plan the save of a credential: clean the values, and say what a person must agree to first. Nothing is stored.

A kept secret keeps its origins: for another one it must be entered again.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tui.domain import DEFAULT_NAME, Credential, Model, previous_of
from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.providers.origins import is_private
from tui.providers.spec import Field, FieldValues, Provider, mask_secrets
from tui.sanitize import one_line
from tui.secret import Secret
from tui.tenancy import credentials, keyring, verification
from tui.tenancy.connections import provider_of
from tui.tenancy.models import added_in, origins_of
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.workspace.credentials import addresses
from tui.workspace.credentials.fields import (
    FieldProblem,
    Values,
    clean_values,
    complete_values,
    reject_foreign_keys,
    reusable_fields,
)
from tui.workspace.credentials.paste import SplitValue, split_values


class PlainHttp(FieldProblem):
    """Raised for an unencrypted URL on another machine that is not allowed yet."""

    def __init__(self, field: str, origins: tuple[str, ...]) -> None:
        super().__init__(
            field,
            f"{', '.join(origins)} uses unencrypted http: anyone on the network can read texts and the key.",
            "Use an https address.",
            Remedy(Action.ALLOW_PLAIN_HTTP),
        )
        self.origins = origins


def destinations(provider: Provider, values: Values, stored: Credential | None) -> tuple[str, ...]:
    """Return the origins that the secrets would be sent to with these values and what is kept; () if unknown."""
    clear = {field.name: field.default for field in provider.fields if not field.secret and field.default}
    clear |= {name: value for name, value in values.items() if isinstance(value, str) and value}
    secrets = {name for name, value in values.items() if isinstance(value, Secret)}
    secrets |= set(stored.hints) & reusable_fields(provider, values) if stored else set()
    try:
        return provider.origins(mask_secrets(clear, secrets))
    except (KeyError, Problem):
        return ()


def needs_plain_http(origins: tuple[str, ...], allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the origins that are reached in plain http beyond this machine and are not allowed yet."""
    return tuple(origin for origin in origins if not is_private(origin) and origin not in allowed)


@dataclass(frozen=True)
class SavePlan:
    """A credential to be saved, and what a person must agree to first. Nothing has been stored or sent.

    `values` are cleaned, by field name. `stored` is the credential of that name as it was found. `origins` are those
    that the secrets would go to, `allowed` the plain http ones that a person has allowed.

    Attributes:
        new_origins: Origins that the stored credential does not have.
        plain_http: Origins in plain http beyond this machine that nobody has allowed yet.
        needs_unlock: Whether the tenant must be unlocked first, as a stored secret or address is kept.
        unchecked: Origins of stored addresses that only the private key can tell from edited ones.
        baseline: With `watch`, the credential that the form was filled from.
        rotate: Whether the stored credential is kept beside the new one.
        model_origins: Origins of added models that came with this very key and that a person has seen.
        previous: Whether the name may be that of a key that a rotation keeps. Such a key is never put to use.
        prefilled: Names of values that are shown as they are stored, and that nobody entered.
        split: What pasted addresses held besides their own.
        clear: The clear fields as they would be stored.
        entered: The secrets among the values.
        reused: Names of the stored secrets that stay, as nothing was entered for them.
    """

    session: TenantSession
    provider: Provider
    name: str
    values: Values = field(repr=False)
    stored: Credential | None = None
    origins: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    plain_http: tuple[str, ...] = ()
    needs_unlock: bool = False
    baseline: Credential | None = None
    watch: bool = False
    rotate: bool = False
    model_origins: tuple[str, ...] = ()
    previous: bool = False
    prefilled: frozenset[str] = frozenset()
    unchecked: tuple[str, ...] = ()
    split: tuple[SplitValue, ...] = ()
    clear: FieldValues = field(default_factory=dict, repr=False)
    entered: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    reused: tuple[str, ...] = ()

    @property
    def new_origins(self) -> tuple[str, ...]:
        """Return the origins that the stored credential does not have."""
        stored = self.stored.origins if self.stored else ()
        return tuple(origin for origin in self.origins if origin not in stored)

    @property
    def changed_fields(self) -> tuple[str, ...]:
        """The names of the fields of the stored credential that the plan would fill, change or clear."""

        def is_changed(field: Field) -> bool:
            value = self.values.get(field.name)
            if not field.secret:
                return value is not None and (value or field.default) != _clear(field, self.stored)
            return bool(value) or (value is not None and self.stored is not None and field.name in self.stored.hints)

        return tuple(field.name for field in self.provider.fields if is_changed(field))

    @property
    def overwrites(self) -> bool:
        """Whether another session has saved the credential since the form was filled."""
        return self.watch and not same_content(self.stored, self.baseline)

    @property
    def url_field(self) -> str:
        """The name of the field with the address, '' without one."""
        return next((declared.name for declared in self.provider.fields if declared.url), "")

    def allow_plain_http(self) -> "SavePlan":
        """Return the plan with every origin in plain http allowed."""
        return replace(self, allowed=(*self.allowed, *self.plain_http), plain_http=())

    def overwrite(self) -> "SavePlan":
        """Return the plan that replaces what another session saved."""
        return replace(self, baseline=self.stored)

    def require(self) -> None:
        """Raise PlainHttp or Locked if something that the plan needs was not settled when it was made."""
        if self.plain_http:
            raise PlainHttp(self.url_field, self.plain_http)
        if self.needs_unlock and self.unchecked:
            raise addresses.locked_address(self.session, self.unchecked)
        if self.needs_unlock:
            raise Locked(f"{tenant_of(self.session).name} is locked.", remedy=Remedy(Action.UNLOCK))


async def plan_save(
    session: TenantSession,
    provider_id: str,
    values: Values,
    *,
    name: str = DEFAULT_NAME,
    plain_http: tuple[str, ...] = (),
    baseline: Credential | None = None,
    watch: bool = False,
    model_origins: tuple[str, ...] = (),
    previous: bool = False,
    prefilled: frozenset[str] = frozenset(),
    own_keys: bool = False,
    allow_http: bool | None = None,
) -> SavePlan:
    """Return what saving these values needs. Values are cleaned here, and only here.

    `plain_http` are origins that a person has allowed. With `watch`, `baseline` is the credential that the form was
    filled from; `prefilled` are the fields of it that nobody changed. With `own_keys`, a key that looks like another
    provider's is refused. Where nobody can be asked, `allow_http` says whether any origin in plain http is allowed.

    Raises:
        UsageError: The name cannot be one.
        PlainHttp: An origin in plain http is not allowed, and `allow_http` is False.
        FieldProblem: A value is wrong or missing.
        ForeignKey: With `own_keys`, a key is probably another provider's.
    """
    _check_name(previous_of(name) or name if previous else name)

    def work() -> SavePlan:
        state = _read(session, provider_id, name)
        provider = state.provider
        split, clean = split_values(provider, values), clean_values(provider, values)
        if own_keys:
            reject_foreign_keys(provider, clean, state.credential)
        plan = _settle(
            SavePlan(
                session,
                provider,
                name,
                clean,
                allowed=plain_http,
                baseline=baseline,
                watch=watch,
                model_origins=model_origins,
                previous=previous,
                prefilled=prefilled,
                split=split,
            ),
            state,
        )
        if allow_http:
            plan = plan.allow_plain_http()
        if allow_http is False and plan.plain_http:
            raise PlainHttp(plan.url_field, plan.plain_http)
        return plan

    return await asyncio.to_thread(work)


async def renew(plan: SavePlan, fields: Mapping[str, str] | None = None) -> SavePlan:
    """Return the plan against what is stored now; another session may have saved. `fields` are put into its values."""
    return await asyncio.to_thread(replan, replace(plan, values={**plan.values, **(fields or {})}))


async def merge(plan: SavePlan) -> tuple[SavePlan, tuple[str, ...]]:
    """Merge a form with what another session saved since it was filled; return the names of fields that both changed.

    Fields that only the other session changed are as it saved them. A secret that was typed here does not follow an
    address that was changed there: that counts as changed by both. Without such fields the plan overwrites nothing.
    """
    if not plan.overwrites:
        return plan, ()
    if plan.stored is None:
        return plan, tuple(plan.values) or ("",)
    stored_changes = {field.name for field in plan.provider.fields if was_changed(field, plan.baseline, plan.stored)}
    form_changes = {field.name for field in plan.provider.fields if _is_entered(field, plan.values, plan.baseline)}
    values = {name: value for name, value in plan.values.items() if name in form_changes or name not in stored_changes}
    merged = await renew(replace(plan, values=values))
    both = stored_changes & form_changes
    if set(merged.origins) - set(plan.origins):
        both |= stored_changes - {field.name for field in plan.provider.fields if field.secret}
    names = tuple(field.name for field in plan.provider.fields if field.name in both)
    return (merged, names) if names else (merged.overwrite(), ())


def was_changed(field: Field, baseline: Credential | None, stored: Credential) -> bool:
    """Return True if another session changed a field."""
    if field.secret:
        before, after = (
            (entry.fingerprints.get(field.name), entry.references.get(field.name)) if entry else (None, None)
            for entry in (baseline, stored)
        )
        return before != after
    return _clear(field, baseline) != _clear(field, stored)


def _is_entered(field: Field, values: Values, baseline: Credential | None) -> bool:
    """Return True if a field of the form holds something else than it was filled with."""
    value = values.get(field.name)
    if isinstance(value, Secret):
        return bool(value)
    return value is not None and not field.secret and (value or field.default) != _clear(field, baseline)


def _clear(field: Field, credential: Credential | None) -> str:
    return (credential.clear.get(field.name, "") if credential else "") or field.default


def replan(plan: SavePlan) -> SavePlan:
    """Return a plan with what follows from what is stored by now: where the secrets would go, and what that needs."""
    return _settle(plan, _read(plan.session, plan.provider.id, plan.name))


def _settle(plan: SavePlan, state: "_StoredState") -> SavePlan:
    provider, values, stored, verified = plan.provider, plan.values, state.credential, state.verified
    clear, entered = complete_values(provider, values, stored)
    stored_secrets = set(stored.hints) & reusable_fields(provider, values) if stored else set()
    own = provider.origins(mask_secrets(clear, {*entered, *stored_secrets}))
    missing = reused_secrets(provider, values, stored)
    unchecked: tuple[str, ...] = ()
    if stored and not verified and (entered or not missing):
        unchecked = addresses.not_entered(provider, values, clear, {*entered, *stored_secrets}, plan.prefilled)
        if unchecked and state.is_open:
            raise addresses.unverified_address(provider, unchecked)
    if stored and missing:
        addresses.require_same(provider.field(missing[0]), stored, own)
    # What nothing vouches for adds no origin: neither a model that was written into the file, nor an import.
    added = {*verified, *plan.model_origins} & {*origins_of(state.added, provider, clear)}
    origins = tuple(dict.fromkeys((*own, *sorted(added))))
    keeps_plain_http = stored is not None and (bool(verified) or not stored.envelope or not entered)
    plain_http_origins = (*plan.allowed, *(stored.plain_http if stored and keeps_plain_http else ()))
    allowed = tuple(dict.fromkeys(origin for origin in plain_http_origins if origin in origins))
    return replace(
        plan,
        stored=stored,
        origins=origins,
        allowed=allowed,
        plain_http=needs_plain_http(origins, allowed),
        needs_unlock=(plan.rotate or bool(missing) or bool(unchecked)) and not state.is_open,
        unchecked=unchecked,
        clear=clear,
        entered=entered,
        reused=tuple(missing),
    )


class _StoredState(NamedTuple):
    """What is stored now. Origins in `verified` are in the signed manifest; `added` are models."""

    provider: Provider
    credential: Credential | None
    verified: tuple[str, ...]
    is_open: bool
    added: tuple[Model, ...]


def _read(session: TenantSession, provider_id: str, name: str) -> _StoredState:
    provider = provider_of(session, provider_id)
    verification.require_connection(session, provider)
    stored = credentials.find(session, provider.id, name)
    verified, is_open = credentials.verified_origins(session, stored), keyring.is_open(session)
    return _StoredState(provider, stored, verified, is_open, added_in(session.store.read(), provider.id))


def reused_secrets(provider: Provider, values: Values, stored: Credential | None) -> list[str]:
    """Return the names of the stored secrets that stay, as nothing was entered for them."""
    if stored is None:
        return []
    reusable = reusable_fields(provider, values)
    return [name for name in stored.hints if name in reusable and not values.get(name)]


def _check_name(name: str) -> None:
    if previous_of(name):
        raise UsageError(f"{one_line(name, 80)} is kept for {one_line(previous_of(name), 40)}.", "Go back to it first.")
    if not re.fullmatch(r"[\w.@+-]{1,64}", name):
        raise UsageError(
            f"{one_line(name, 80)} is not a valid credential name.", "Use letters, digits, . _ - @ +, no spaces."
        )


def same_content(one: Credential | None, other: Credential | None) -> bool:
    """Return True if a form would show the same: otherwise two saves conflict."""
    pair = (one, other)
    contents = [(entry.envelope, dict(entry.clear), dict(entry.references)) if entry else None for entry in pair]
    return contents[0] == contents[1]
