"""Credentials as they are stored, and what opens them for a call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tui.domain import Credential, VerificationResult
from tui.errors import Action, Locked, Problem, Remedy
from tui.providers import provider as provider_of
from tui.providers.origins import is_private
from tui.providers.spec import Provider, mask_secrets
from tui.sanitize import mask
from tui.secret import Secret
from tui.storage.store import Tables
from tui.tenancy import keyring, models, verification
from tui.tenancy.manifest import CredentialChange
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import get
from tui.tenancy.verification import IntegrityStatus
from tui.vault import envelope

if TYPE_CHECKING:
    from tui.providers.client.access import Access


def stored(session: TenantSession) -> tuple[Credential, ...]:
    """All credentials of a tenant."""

    def read(tables: Tables) -> tuple[Credential, ...]:
        return tuple(from_record(Credential, each) for each in tables.table("credentials"))

    return session.store.cached("credentials", read, table="credentials")


def listing(session: TenantSession, provider_id: str) -> list[Credential]:
    """The credentials of one provider, the active one first."""
    found = [each for each in stored(session) if each.provider == provider_id]
    return sorted(found, key=lambda each: (not each.active, each.name))


def active(session: TenantSession, provider_id: str) -> Credential | None:
    """The credential that calls use."""
    return next((each for each in listing(session, provider_id) if each.active), None)


def binding(tenant_id: str, credential: Credential) -> envelope.Binding:
    """What the credential's envelope is bound to."""
    return envelope.Binding(
        tenant_id,
        credential.provider,
        credential.name,
        credential.key_id,
        credential.origins,
        credential.clear,
        credential.plain_http,
    )


def secrets(session: TenantSession, credential: Credential) -> dict[str, Secret]:
    """The opened secrets; Locked while the tenant is, if they do not open, or if its key does not vouch for them."""
    if not credential.envelope:
        return {}
    opened = decrypt_unverified(session, credential)
    verification.require_verified(session, credential)
    return opened


def decrypt_unverified(session: TenantSession, credential: Credential) -> dict[str, Secret]:
    """What an envelope holds, whoever sealed it: to be confirmed or sealed anew, never for a call."""
    place = (session.tenant_id, credential.provider, credential.name)
    private = keyring.private_key(session)
    try:
        opened = envelope.unseal(private, credential.envelope, binding(session.tenant_id, credential))
    except Locked:
        session.process.undecryptable[place] = credential.envelope
        raise undecryptable(session, credential) from None
    session.process.undecryptable.pop(place, None)
    return opened


def reseal(session: TenantSession, credential: Credential, **changes: Any) -> Credential:
    """The credential with changes to what its envelope is bound to, its secrets sealed anew for them."""
    made = replace(credential, **changes)
    if not credential.envelope:
        return made
    public = keyring.public_key(session, get(session))
    opened = secrets(session, credential)
    return replace(made, envelope=envelope.seal(public, opened, binding(session.tenant_id, made)))


def update_origins(session: TenantSession, tables: Tables, provider_id: str, plain_http: Sequence[str] = ()) -> None:
    """Gives the active credential of a provider, inside a transaction, the origins that it needs: no more, no fewer.

    Those are the provider's own and those of its added models; in plain http only what a person allowed.
    """
    provider, table = provider_of(provider_id), tables.table("credentials")
    for each in [each for each in table if each["provider"] == provider_id and each.get("active")]:
        credential = from_record(Credential, each)
        fields = defaults(provider) | dict(credential.clear)
        added = models.origins_of(models.added_in(tables, provider_id), provider, fields)
        allowed = (*credential.plain_http, *plain_http)
        reached = [each for each in added if is_private(each) or each in allowed]
        origins = tuple(dict.fromkeys((*provider.origins(mask_secrets(fields, credential.hints)), *reached)))
        allowed = tuple(dict.fromkeys(each for each in allowed if each in origins))
        if (origins, allowed) != (credential.origins, credential.plain_http):
            made = reseal(session, credential, origins=origins, plain_http=allowed)
            table.remove(doc_ids=[each.doc_id])
            table.insert(to_record(made))


def is_undecryptable(session: TenantSession, credential: Credential, known: IntegrityStatus | None = None) -> bool:
    """Whether it is known that the credential cannot be opened, by any passphrase.

    `known` is how the tenant's credentials stand, for who has asked already.
    """
    if not credential.envelope:
        return False
    tenant, found = get(session), (known or verification.integrity_status(session)).of(credential)
    place = (session.tenant_id, credential.provider, credential.name)
    return (
        credential.key_id != tenant.key_id
        or not keyring.has_key(session, tenant)
        or session.process.undecryptable.get(place) == credential.envelope
        or (found is not None and not found.mark.needs_confirmation)
    )


def undecryptable(session: TenantSession, credential: Credential) -> Locked:
    """Return the problem of a credential that cannot be decrypted: why, and that it can be replaced."""
    label = provider_of(credential.provider).label
    tenant = get(session)
    found = verification.integrity_status(session).of(credential)
    if credential.key_id != tenant.key_id or not keyring.has_key(session, tenant):
        what = f"The key of {label} was sealed with a key pair that is gone."
    elif found is not None and not found.mark.needs_confirmation:
        what = f"The key of {label} cannot be opened. {verification.words(session, found)}"
    else:
        what = f"The key of {label} cannot be opened: its settings were changed since it was sealed."
    return Locked(what, remedy=Remedy(Action.REPLACE_CREDENTIAL, credential.provider, credential.name))


def needs_confirmation(session: TenantSession, credential: Credential) -> CredentialChange | None:
    """What is to be confirmed before the credential is used, as far as it is known.

    Without a key in it, it is used as it stands while the tenant is locked.
    """
    if not credential.envelope and not keyring.is_open(session):
        return None
    found = verification.integrity_status(session).of(credential)
    return found if found and found.mark.needs_confirmation and not is_undecryptable(session, credential) else None


def needs_unlock(session: TenantSession, provider_id: str, name: str = "") -> bool:
    """Return True if using a provider's credential (the active one unless named) needs the tenant's passphrase."""
    used = next(
        (each for each in listing(session, provider_id) if each.name == name or (not name and each.active)), None
    )
    if used is None or not used.envelope or keyring.is_open(session):
        return False
    return not is_undecryptable(session, used)


def access(session: TenantSession, provider_id: str, model: str = "") -> "Access":
    """What a call needs: the provider, the clear fields, where the key may go, and how to open it just in time."""
    provider = provider_of(provider_id)
    credential = active(session, provider_id)
    if credential is None:
        name = get(session).name
        raise Problem(f"{provider.label} is not set up for {name}.", remedy=Remedy(Action.SET_UP_PROVIDER, provider_id))
    return access_with(session, provider, credential, model)


def access_with(session: TenantSession, provider: Provider, credential: Credential, model: str = "") -> "Access":
    """The same for one credential, active or not."""
    from tui.providers.client.access import Access

    if credential.envelope:
        if is_undecryptable(session, credential):
            raise undecryptable(session, credential)
        keyring.private_key(session)
        _require(session, credential)
    elif keyring.key_if_open(session):
        # What holds no key is used as it stands while the tenant is locked, or when its key file is gone.
        _require(session, credential)

    def opened() -> Mapping[str, Secret]:
        return secrets(session, credential)

    return Access(
        provider=provider,
        fields=mask_secrets(defaults(provider) | dict(credential.clear), credential.hints),
        origins=credential.origins,
        plain_http=credential.plain_http,
        secrets=opened,
        key_hint=key_hint(provider, credential.hints),
        model=model,
    )


def defaults(provider: Provider) -> dict[str, str]:
    """The clear fields as they are when nothing is typed."""
    return {each.name: each.default for each in provider.fields if each.default and not each.secret}


def note(session: TenantSession, credential: Credential, check: VerificationResult) -> None:
    """Stores the outcome of a verification, unless the credential was replaced or removed since."""
    with session.store.transaction() as tables:
        tables.table("credentials").update(
            {"check": to_record(check)},
            lambda each: (
                (each["provider"], each["name"]) == (credential.provider, credential.name)
                and (each["envelope"], each["clear"]) == (credential.envelope, credential.clear)
            ),
        )


def key_hint(provider: Provider, hints: Mapping[str, str]) -> str:
    """The last four characters of the key that people recognise a credential by."""
    return next((hints[each.name] for each in provider.fields if each.secret and hints.get(each.name)), "")


def masked(credential: Credential, field: str) -> str:
    """A secret field as it is shown: dots and the stored hint, or nothing if it is not filled."""
    return mask(credential.hints[field]) if field in credential.hints else ""


def _require(session: TenantSession, credential: Credential) -> None:
    """Locked unless the tenant's key vouches for the credential; says so first where it does not open at all."""
    if credential.envelope and verification.integrity_status(session).of(credential):
        decrypt_unverified(session, credential)
    verification.require_verified(session, credential)
    if not verification.integrity_status(session).vouches(credential):
        raise Problem("The credential was changed in another session.", "Nothing was sent. Try again.")
