"""Verify credentials with the provider, before a save or stored."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tui.domain import DEFAULT_NAME, Credential, Model, VerificationResult, VerificationState
from tui.errors import Action, CredentialRejected, NetworkError, Problem, ScopeMissing
from tui.providers.events import Accepted, Event, Notice
from tui.providers.origins import host_of, origin_of
from tui.providers.spec import FieldValues, mask_secrets
from tui.tenancy import credentials, model_sync
from tui.tenancy.connections import find_provider, provider_of
from tui.tenancy.session import Session, TenantSession
from tui.workspace.credentials import lifetime
from tui.workspace.credentials.fields import Values
from tui.workspace.credentials.names import unknown_credential
from tui.workspace.credentials.save import CredentialDraft, build_draft
from tui.workspace.credentials.save_plan import SavePlan, plan_save

if TYPE_CHECKING:
    from tui.providers.client.access import Access


@dataclass(frozen=True)
class VerifiedDraft:
    """A provider's answer to unsaved values. `listed` is None if it listed no models.

    `moved` are the fields of another region that took the key when the given one had refused it: to be saved in place
    of those that were given. `note` says so. `notices` are sentences about the list of models.
    """

    check: VerificationResult
    listed: tuple[Model, ...] | None
    fields: FieldValues
    origins: tuple[str, ...]
    region_fields: FieldValues = field(default_factory=dict)
    note: str = ""
    notices: tuple[str, ...] = ()


async def verify(
    session: TenantSession,
    provider_id: str,
    values: Values,
    *,
    name: str = DEFAULT_NAME,
    plain_http: tuple[str, ...] = (),
    on_event: model_sync.OnEvent = lambda event: None,
) -> VerifiedDraft:
    """Plan a save and verify it at once, where nobody can be asked for what it needs."""
    return await verify_plan(await plan_save(session, provider_id, values, name=name, plain_http=plain_http), on_event)


async def verify_plan(plan: SavePlan, on_event: model_sync.OnEvent = lambda event: None) -> VerifiedDraft:
    """Ask the provider whether it accepts what a plan would save. Nothing is stored.

    A key that was never saved is tried in the provider's other regions before it counts as rejected.

    Raises:
        PlainHttp: An origin in plain http has not been allowed; nothing was sent.
        Locked: The tenant is locked and a stored secret is kept; nothing was sent.
        CredentialRejected: The provider does not accept the credential.
        NetworkError: The provider could not be reached.
    """
    session = plan.session
    draft = await asyncio.to_thread(partial(build_draft, plan, resolve=True))
    notices: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, Notice):
            notices.append(event.text)
        on_event(event)

    try:
        check, listed = await _verify_and_list(session.process, _access(draft), note)
    except CredentialRejected as refused:
        for other in _elsewhere(draft):
            with suppress(CredentialRejected, NetworkError):
                check, listed = await _verify_and_list(session.process, _access(other), note)
                moved = {entry: value for entry, value in other.clear.items() if value != draft.clear.get(entry)}
                words = _moved_words(draft, other)
                return VerifiedDraft(check, listed, other.clear, other.origins, moved, words, tuple(notices))
        raise refused from None
    return VerifiedDraft(check, listed, draft.clear, draft.origins, notices=tuple(notices))


def _access(draft: CredentialDraft) -> "Access":
    from tui.providers.client.access import Access

    return Access(
        provider=draft.provider,
        fields=mask_secrets(draft.clear, draft.secrets),
        origins=draft.origins,
        plain_http=draft.plain_http,
        secrets=lambda: draft.secrets,
        key_hint=draft.hint,
    )


def _elsewhere(draft: CredentialDraft) -> list[CredentialDraft]:
    """Return the draft for the provider's other regions; none if a key is stored or a URL is the tenant's."""
    provider, defaults = draft.provider, draft.provider.default_values
    regions = [dict(region) for region in provider.regions(draft.clear)]
    for entry in provider.fields:
        value = draft.clear.get(entry.name, "")
        offered = [defaults.get(entry.name, ""), *(choice.value for choice in entry.choices)]
        offered += [fields.get(entry.name, "") for fields in provider.regions(defaults)]
        if entry.url and value and origin_of(value) not in map(origin_of, filter(None, offered)):
            return []
    if draft.stored:
        return []
    return [
        replace(draft, clear=clear, origins=provider.origins(mask_secrets(clear, draft.secrets)), plain_http=())
        for clear in regions
    ]


def _moved_words(draft: CredentialDraft, other: CredentialDraft) -> str:
    """Say which region the key belongs to, by its name if it has one."""
    names = {choice.value: choice.label for field in draft.provider.fields for choice in field.choices}

    def region(clear: FieldValues, origins: tuple[str, ...], than: FieldValues) -> str:
        changed = [value for name, value in clear.items() if value != than.get(name)]
        return next((names[entry] for entry in changed if entry in names), host_of(origins[0]))

    here, there = region(draft.clear, draft.origins, other.clear), region(other.clear, other.origins, draft.clear)
    return f"{here} rejected this key; {there} accepted it and is used."


async def verify_stored(
    session: TenantSession, provider_id: str, name: str = "", on_event: model_sync.OnEvent = lambda event: None
) -> VerificationResult:
    """Verify a stored credential (by default the active one) and store the result, a rejection too."""
    provider = provider_of(session, provider_id)
    existing = credentials.listing(session, provider_id)
    credential = next((entry for entry in existing if entry.name == name or (not name and entry.active)), None)
    if credential is None:
        raise unknown_credential(session, provider_id, name, Action.SET_UP_PROVIDER)
    access = await asyncio.to_thread(credentials.access_with, session, provider, credential)
    try:
        check, _ = await _verify_and_list(session.process, access, on_event)
    except CredentialRejected as problem:
        check = VerificationResult(
            VerificationState.REFUSED, session.now(), 0, problem.message, problem.hint, problem.detail
        )
    except Problem as problem:
        record = partial(
            session.audit_best_effort, provider=provider_id, credential=credential.name, why=problem.message
        )
        await asyncio.to_thread(record, "credential not verified")
        raise
    await asyncio.to_thread(credentials.note, session, credential, check)
    await asyncio.to_thread(lifetime.note_expiry, session, credential, check.expires)
    return check


def is_billed(session: TenantSession, credential: Credential) -> bool:
    """Return True if the provider bills a check of a credential, which is a request for one token then."""
    provider = find_provider(session, credential.provider)
    if provider is None:
        return False
    return provider.check_is_billed(mask_secrets(dict(credential.clear), credential.hints))


async def _verify_and_list(
    session: Session, access: "Access", on_event: model_sync.OnEvent
) -> tuple[VerificationResult, tuple[Model, ...] | None]:
    """Verify, and list the models if the provider can; one request if that answers both."""
    provider, started = access.provider, time.monotonic()
    listed: tuple[Model, ...] | None = None
    expires = ""

    def note(event: Event) -> None:
        nonlocal expires
        if isinstance(event, Accepted):
            expires = event.expires or expires
        on_event(event)

    def outcome(state: VerificationState, problem: Problem | None = None) -> VerificationResult:
        words = (problem.message, problem.hint, problem.detail) if problem else ("", "", "")
        return VerificationResult(state, session.now(), round((time.monotonic() - started) * 1000), *words, expires)

    try:
        calls = (call(access.fields) for call in (provider.verify, provider.list_models) if call is not None)
        listed = await model_sync.fetch_models(session, access, calls, note)
    except ScopeMissing as problem:
        return outcome(VerificationState.RESTRICTED, problem), None
    return outcome(VerificationState.READY), listed
