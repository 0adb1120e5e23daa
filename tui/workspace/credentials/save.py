"""Setting a provider up: what was typed becomes fields, is verified, sealed and stored.

Nothing is stored by verifying. A secret that is kept goes only where it went before: with another origin it is asked
for again.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui.domain import DEFAULT_NAME, Credential, Model, VerificationResult, VerificationState, previous_of
from tui.errors import Action, Problem, Remedy, UsageError
from tui.providers import provider as provider_of
from tui.providers.origins import clean_url, is_private
from tui.providers.spec import Field, FieldValues, Provider, mask_secrets
from tui.sanitize import hint_of, in_words, one_line
from tui.secret import Secret
from tui.tenancy import credentials, keyring, model_sync, verification
from tui.tenancy import models as stored_models
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import get
from tui.vault import envelope as vault
from tui.vault import key_pair
from tui.workspace.credentials import rotation
from tui.workspace.credentials.paste import clean_pasted, split_pasted

Values = Mapping[str, str | Secret]
"""What was typed, by field name. A secret left out or empty keeps the stored one; a clear field left out does too."""


class FieldProblem(UsageError):
    """A Usage that belongs to one field of the form."""

    def __init__(self, field: str, message: str, hint: str = "", remedy: Remedy | None = None) -> None:
        super().__init__(message, hint, remedy=remedy)
        self.field = field


class PlainHttp(FieldProblem):
    """An address beyond this machine in plain http that nobody has allowed yet."""

    def __init__(self, field: str, origins: tuple[str, ...]) -> None:
        super().__init__(
            field,
            f"{', '.join(origins)} is plain http: texts and the key can be read on the way.",
            "Use an https address, or allow it.",
            Remedy(Action.ALLOW_PLAIN_HTTP),
        )
        self.origins = origins


class Conflict(Problem):
    """Another session saved the credential while this form was open; `theirs` is what is stored now."""

    def __init__(self, label: str, theirs: Credential | None) -> None:
        did = "was changed" if theirs else "was removed"
        super().__init__(f"{label} {did} in another session.", "Nothing of this form has been saved.")
        self.theirs = theirs


def validate(provider: Provider, values: Values, stored: Credential | None) -> tuple[FieldValues, dict[str, Secret]]:
    """The clear fields (defaults filled in) and the newly given secrets; a FieldProblem for the first that is wrong."""
    known = {each.name: each for each in provider.fields}
    for name in values:
        if name not in known:
            raise FieldProblem(
                name, f"{provider.label} has no field {one_line(name, 40)}.", f"It has {', '.join(known)}."
            )
    values, keeping = _apart(provider, values), _kept_fields(provider, values)
    clear: dict[str, str] = {}
    given: dict[str, Secret] = {}
    for field in provider.fields:
        typed = values.get(field.name)
        if typed is None and stored and not field.secret and field.name in keeping:
            typed = stored.clear.get(field.name, "")
        text = checked(field, typed.reveal() if isinstance(typed, Secret) else typed or "")
        if field.secret and text:
            given[field.name] = Secret(text)
        elif not field.secret and (text or field.default):
            clear[field.name] = text or field.default
    kept = (set(stored.hints) & keeping) - set(given) if stored else set()
    _complete(provider, {*clear, *given, *kept})
    return clear, given


def destinations(provider: Provider, values: Values, stored: Credential | None) -> tuple[str, ...]:
    """The origins that the secrets would be sent to with these values and what they keep; () where that is open."""
    clear = {each.name: each.default for each in provider.fields if not each.secret and each.default}
    clear |= {name: each for name, each in values.items() if isinstance(each, str) and each}
    secrets = {name for name, each in values.items() if isinstance(each, Secret)}
    secrets |= set(stored.hints) & _kept_fields(provider, values) if stored else set()
    try:
        return provider.origins(mask_secrets(clear, secrets))
    except (KeyError, Problem):
        return ()


def needs_plain_http(origins: tuple[str, ...], allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Those origins that are reached in plain http beyond this machine and are not allowed yet."""
    return tuple(each for each in origins if not is_private(each) and each not in allowed)


async def save(
    session: TenantSession,
    provider_id: str,
    values: Values,
    *,
    name: str = DEFAULT_NAME,
    check: VerificationResult | None = None,
    listed: tuple[Model, ...] | None = None,
    plain_http: tuple[str, ...] = (),
    seen: Credential | None = None,
    watch: bool = False,
    rotate: bool = False,
) -> Credential:
    """Seals and stores a credential and imports what was listed; a provider's first becomes the active one.

    With `rotate`, the one that it takes the place of is kept beside it.
    With `watch`, `seen` is the credential that the form was filled from: Conflict if another is stored by now.
    """

    def work() -> Credential:
        # Under the lock from the first look on: fields that are kept are those that are stored by then.
        with verification.credential_transaction(session) as tables:
            table = tables.table("credentials")
            held = {each["name"]: from_record(Credential, each) for each in table if each["provider"] == provider_id}
            now = held.get(name)
            draft = build_draft(session, provider_id, values, name, plain_http)
            if watch and not same_content(now, seen):
                raise Conflict(draft.provider.label, now)
            made = replace(
                _sealed(session, draft, name),
                active=(now is not None and now.active) or not any(each.active for each in held.values()),
                created=now.created if now else session.now(),
                check=check or VerificationResult(),
                listed_at=session.now() if listed is not None else now.listed_at if now else "",
            )
            if rotate and now is not None:
                rotation.keep_previous(session, tables, rotation.rotatable(session, provider_id, name))
            table.remove(lambda each: (each["provider"], each["name"]) == (provider_id, name))
            table.insert(to_record(made))
            if not held:
                # With its first own key a tenant uses that one; a trial can be chosen again.
                tables.table("sources").remove(lambda each: each.get("provider") == provider_id)
            models = listed if listed is not None else _known_models(draft.provider, made.check)
            if models is not None:
                model_sync.apply_listing(tables, draft.provider, models, session.today())
        return made

    return await asyncio.to_thread(work)


def _known_models(provider: Provider, check: VerificationResult) -> tuple[Model, ...] | None:
    """The models of a provider that lists none and knows the key; None where they are left as they are."""
    knows = check.state in (VerificationState.READY, VerificationState.RESTRICTED)
    return provider.catalogue if provider.list_models is None and knows else None


@dataclass(frozen=True)
class CredentialDraft:
    """A credential as it would be saved, its secrets open."""

    provider: Provider
    clear: FieldValues
    secrets: Mapping[str, Secret]
    origins: tuple[str, ...]
    plain_http: tuple[str, ...]
    hint: str
    """The last four characters of the key, if it is the stored one."""
    stored: bool = False
    """Whether any of the secrets is stored already."""


def build_draft(
    session: TenantSession, provider_id: str, values: Values, name: str, plain_http: tuple[str, ...]
) -> CredentialDraft:
    """The whole credential as it would be saved: what was typed, completed by what is stored.

    Raises Usage for a name, a FieldProblem for a field, PlainHttp for an address that is not right; Locked where a
    secret that is kept cannot be opened.
    """
    provider = provider_of(provider_id)
    _check_name(name)
    held = next((each for each in credentials.listing(session, provider_id) if each.name == name), None)
    clear, given = validate(provider, values, held)
    stays = set(held.hints) & _kept_fields(provider, values) if held else set()
    own = provider.origins(mask_secrets(clear, {*given, *stays}))
    origins = tuple(dict.fromkeys((*own, *stored_models.added_origins(session, provider, clear))))
    url = next((each.name for each in provider.fields if each.url), "")
    allowed = tuple(each for each in (*plain_http, *(held.plain_http if held else ())) if each in origins)
    if open_ones := needs_plain_http(origins, allowed):
        raise PlainHttp(url, open_ones)
    kept: dict[str, Secret] = {}
    if held and (missing := [each for each in held.hints if each in stays and each not in given]):
        _stay_where_they_went(provider.field(missing[0]), held, own)
        kept = {each: secret for each, secret in credentials.secrets(session, held).items() if each in missing}
    hint = credentials.key_hint(provider, {each: held.hints[each] for each in kept}) if held else ""
    return CredentialDraft(provider, clear, {**kept, **given}, origins, tuple(dict.fromkeys(allowed)), hint, bool(kept))


def _check_name(name: str) -> None:
    if previous_of(name):
        raise UsageError(f"{one_line(name, 80)} is kept for {one_line(previous_of(name), 40)}.", "Go back to it first.")
    if not re.fullmatch(r"[\w.@+-]{1,64}", name):
        raise UsageError(
            f"{one_line(name, 80)} cannot name a credential.", "Letters, digits, and . _ - @ + without blanks."
        )


def _stay_where_they_went(field: Field, held: Credential, origins: tuple[str, ...]) -> None:
    """Raise unless what is stored was given for all of these origins; `field` is the first that would be kept."""
    if strange := [each for each in origins if each not in held.origins]:
        raise FieldProblem(
            field.name,
            f"The stored {field.label} was given for {', '.join(held.origins)}, not for {', '.join(strange)}.",
            "Enter it again to send it there.",
        )


def _sealed(session: TenantSession, draft: CredentialDraft, name: str) -> Credential:
    """The draft as a credential, its secrets in an envelope that is bound to all the rest."""
    tenant = get(session)
    prints = {each: key_pair.fingerprint(tenant.fingerprint_key, secret) for each, secret in draft.secrets.items()}
    made = Credential(
        provider=draft.provider.id,
        name=name,
        clear=draft.clear,
        envelope="",
        key_id=tenant.key_id,
        origins=draft.origins,
        hints=_hints(draft.secrets),
        fingerprints=prints,
        plain_http=draft.plain_http,
        changed=session.now(),
    )
    if not draft.secrets:
        return made
    envelope = vault.seal(
        keyring.public_key(session, tenant), draft.secrets, credentials.binding(session.tenant_id, made)
    )
    return replace(made, envelope=envelope)


def same_content(one: Credential | None, other: Credential | None) -> bool:
    """Whether a form would show the same: two forms conflict where it would not."""
    contents = [(each.envelope, dict(each.clear)) if each else None for each in (one, other)]
    return contents[0] == contents[1]


def _hints(secrets: Mapping[str, Secret]) -> dict[str, str]:
    return {name: hint_of(secret.reveal()) for name, secret in secrets.items()}


def checked(field: Field, text: str) -> str:
    """The value of one field in its one form; a FieldProblem if it cannot be one."""
    cleaned = clean_pasted(field, text)
    if cleaned.problem:
        raise FieldProblem(field.name, cleaned.problem)
    value = cleaned.text
    if not value:
        return ""
    if field.url:
        try:
            value = clean_url(value, field.strip_suffixes)
        except UsageError as problem:
            raise FieldProblem(field.name, problem.message, problem.hint, problem.remedy) from None
    if field.choices and not field.url and value not in {each.value for each in field.choices}:
        offered = ", ".join(each.value for each in field.choices)
        raise FieldProblem(field.name, f"{field.label} is one of {offered}.")
    if field.pattern and not re.fullmatch(field.pattern, value):
        raise FieldProblem(field.name, field.pattern_help or f"This is no {field.label}.", field.help)
    return value


def _apart(provider: Provider, values: Values) -> Values:
    """What was typed, addresses that hold more than their own taken apart; what was typed itself wins."""
    known = {each.name for each in provider.fields}
    for field in provider.fields:
        typed = values.get(field.name)
        if field.parse_pasted and isinstance(typed, str):
            found = split_pasted(field, clean_pasted(field, typed).text)
            rest = {name: text for name, text in found.items() if name in known and not values.get(name)}
            values = {**values, **rest, field.name: found[field.name]}
    return values


def _kept_fields(provider: Provider, values: Values) -> set[str]:
    """The fields that keep what is stored where nothing is typed: not those of a way that another one replaces."""
    ways = {each.auth_method for each in provider.fields if each.auth_method and values.get(each.name)}
    return {
        each.name
        for each in provider.fields
        if not (provider.exclusive_auth_methods and ways and each.auth_method) or each.auth_method in ways
    }


def _complete(provider: Provider, filled: set[str]) -> None:
    """Every required field is there; of fields that belong to ways of signing in, those of a way that was begun."""
    ways = list(dict.fromkeys(each.auth_method for each in provider.fields if each.auth_method))
    # What has a default is filled in either case, so that it begins nothing.
    chosen = [each for each in provider.fields if each.auth_method and each.name in filled and not each.default]
    begun = list(dict.fromkeys(each.auth_method for each in chosen))
    if provider.exclusive_auth_methods and len(begun) > 1:
        second = next(each for each in chosen if each.auth_method == begun[1])
        both = " or ".join(begun)
        raise FieldProblem(second.name, f"{provider.label} takes {both}, not both.", "Leave the fields of one empty.")
    for field in provider.fields:
        if (
            not field.required
            or field.name in filled
            or (field.auth_method and field.auth_method not in (begun or ways[:1]))
        ):
            continue
        if field.auth_method and begun:
            beside = in_words([each for each in _needed(provider, field.auth_method) if each != field.label])
            raise FieldProblem(field.name, f"{field.label} is missing; it goes with {beside}.", field.help)
        others = (
            "".join(f" Or give {in_words(_needed(provider, each))}." for each in ways[1:]) if field.auth_method else ""
        )
        raise FieldProblem(field.name, f"{field.label} is missing.", f"{field.help}{others}".strip())


def _needed(provider: Provider, way: str) -> list[str]:
    """The labels of what a way of signing in needs."""
    return [each.label for each in provider.fields if each.auth_method == way and each.required]
