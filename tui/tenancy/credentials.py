"""Stored credentials, and decrypting them for a request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tui.domain import Credential, VerificationResult
from tui.errors import Action, Locked, Problem, Remedy
from tui.providers.openai_compatible.presets import kind
from tui.providers.origins import is_private
from tui.providers.spec import Provider, mask_secrets
from tui.sanitize import hint_of, mask, one_line
from tui.secret import Secret
from tui.storage.store import Tables, stored_records
from tui.tenancy import keyring, models, verification
from tui.tenancy.connections import find_provider, label_of, provider_of
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.tenancy.verification import IntegrityStatus
from tui.vault import envelope, key_pair
from tui.vault.envelope import HandleLost

if TYPE_CHECKING:
    from tui.process.references import ReferenceCache
    from tui.providers.client.access import Access

_LATENCIES = "latencies"
"""The table of how long the last checks of each credential took; bookkeeping."""

_MAX_LATENCIES = 10


def stored(session: TenantSession) -> tuple[Credential, ...]:
    """Return all credentials of a tenant."""
    return session.store.convert("credentials", partial(from_record, Credential))


def listing(session: TenantSession, provider_id: str) -> list[Credential]:
    """Return the credentials of one provider, the active one first."""
    credentials = [credential for credential in stored(session) if credential.provider == provider_id]
    return sorted(credentials, key=lambda credential: (not credential.active, credential.name))


def find(session: TenantSession, provider_id: str, name: str) -> Credential | None:
    """Return the credential of a provider that has that name, or None. No other one is converted, of hundreds."""
    records = stored_records(session.store.read(), "credentials").values()
    record = next((entry for entry in records if entry["name"] == name and entry["provider"] == provider_id), None)
    return from_record(Credential, record) if record is not None else None


def active(session: TenantSession, provider_id: str) -> Credential | None:
    """Return the credential that requests use, or None."""
    return next((row for row in listing(session, provider_id) if row.active), None)


def binding(tenant_id: str, credential: Credential) -> envelope.Binding:
    """Return what a credential's envelope is bound to."""
    return envelope.Binding(
        tenant_id,
        f"{credential.provider} like {credential.kind}" if credential.kind else credential.provider,
        credential.name,
        credential.key_id,
        credential.origins,
        credential.clear,
        credential.plain_http,
    )


def secrets(session: TenantSession, credential: Credential) -> dict[str, Secret]:
    """Decrypt the secrets of a credential, by field.

    Those by reference are not among them: see `resolved_secrets`.

    Raises:
        Locked: The tenant is locked, the envelope cannot be decrypted, or the manifest does not vouch for it.
    """
    if not credential.envelope:
        return {}
    opened = decrypt_unverified(session, credential)
    verification.require_verified(session, credential)
    return opened


def resolved_secrets(session: TenantSession, credential: Credential) -> dict[str, Secret]:
    """Return the secrets of a credential that are kept elsewhere, by field. Runs programs; call it in a thread.

    Raises:
        Locked: Nothing vouches for the credential, so nothing was run.
        Problem: A value cannot be had.
    """
    if not credential.references:
        return {}
    require_listed(session, provider_of(session, credential.provider), credential)
    return resolve_references(
        session, credential.references, session.process.resolved.setdefault(session.tenant_id, {})
    )


def resolve_references(
    session: TenantSession, entered: Mapping[str, str], cache: "ReferenceCache | None" = None
) -> dict[str, Secret]:
    """Return the values of references that a person has just entered, or that the manifest lists; run in a thread."""
    if session.process.practice and entered:
        raise Problem("Practice mode does not fetch keys stored elsewhere.")
    if not entered:
        return {}
    from tui.process import references  # most keys are sealed here, and start without it

    if references.stop not in session.process.closing:
        session.process.closing.append(references.stop)
    return references.resolve(entered, session.process.environ, cache)


def decrypt_unverified(session: TenantSession, credential: Credential) -> dict[str, Secret]:
    """Open an envelope, whoever sealed it: to be confirmed or sealed again, never for a call.

    Where nothing vouches for the credential, what is shown of its key must fit the key itself: anybody can seal.
    """
    place = (session.tenant_id, credential.provider, credential.name)
    if not of_its_kind(session, credential):
        raise undecryptable(session, credential)
    key, bound_to = keyring.key_handle(session), binding(session.tenant_id, credential)
    try:
        opened = key.unseal(credential.envelope, bound_to)
        if verification.integrity_status(session).of(credential) and not _fits(session, credential, opened):
            raise Locked("The characters shown of this key do not match it.")
    except HandleLost:
        raise
    except Locked:
        session.process.undecryptable[place] = credential.envelope
        raise undecryptable(session, credential) from None
    session.process.undecryptable.pop(place, None)
    return opened


def _fits(session: TenantSession, credential: Credential, opened: Mapping[str, Secret]) -> bool:
    """Return True if the stored hints and fingerprints are those of the opened secrets."""
    key = keyring.fingerprint_key(session, tenant_of(session))
    hints = {name: hint_of(secret.reveal()) for name, secret in opened.items()} | dict.fromkeys(
        credential.references, ""
    )
    prints = {name: key_pair.fingerprint(key, secret) for name, secret in opened.items()}
    return (hints, prints) == (dict(credential.hints), dict(credential.fingerprints))


def of_its_kind(session: TenantSession, credential: Credential) -> bool:
    """Return True if a credential's connection is like the provider that it was sealed for."""
    provider = find_provider(session, credential.provider)
    return provider is not None and provider.kind == credential.kind


def misses_key(credential: Credential) -> bool:
    """Return True if a credential holds no secret though its provider requires one."""
    provider = kind(credential.kind or credential.provider)
    return (
        not credential.envelope
        and not credential.references
        and provider is not None
        and any(field.secret and field.required for field in provider.fields)
    )


def reseal(session: TenantSession, credential: Credential, **changes: Any) -> Credential:
    """Return the credential with changes to what its envelope is bound to, its secrets sealed again.

    Raises:
        Locked: The private key does not vouch for the credential, with a key or without one, or it cannot be decrypted.
    """
    resealed = replace(credential, **changes)
    if not credential.envelope:
        # Without a key nothing proves it but the manifest, which would list whatever it holds from here on.
        if keyring.key_if_open(session):
            verification.require_verified(session, credential)
        return resealed
    opened = secrets(session, credential)
    public, bound_to = keyring.public_key(session, tenant_of(session)), binding(session.tenant_id, resealed)
    return replace(resealed, envelope=envelope.seal(public, opened, bound_to))


def update_origins(
    session: TenantSession,
    tables: Tables,
    provider_id: str,
    entered: Sequence[str] = (),
    plain_http: Sequence[str] = (),
) -> None:
    """Give the active credential of a provider, inside a transaction, the origins that it needs: no more, no fewer.

    Those are the provider's own and those of its added models. Nothing vouches for the table of models, so the origin
    of a model counts only if the credential was sealed for it already, or if a person `entered` it just now. In plain
    http only what a person allowed.
    """
    provider, table = provider_of(session, provider_id), tables.table("credentials")
    for record in [record for record in table if record["provider"] == provider_id and record.get("active")]:
        credential = from_record(Credential, record)
        if not of_its_kind(session, credential):
            continue
        fields = provider.default_values | dict(credential.clear)
        allowed = (*credential.plain_http, *plain_http)
        accepted = {*credential.origins, *entered}
        added = [
            origin
            for origin in models.origins_of(models.added_in(tables, provider_id), provider, fields)
            if origin in accepted and (is_private(origin) or origin in allowed)
        ]
        origins = tuple(dict.fromkeys((*provider.origins(mask_secrets(fields, credential.hints)), *added)))
        allowed = tuple(dict.fromkeys(origin for origin in allowed if origin in origins))
        if (origins, allowed) != (credential.origins, credential.plain_http):
            resealed = reseal(session, credential, origins=origins, plain_http=allowed)
            table.remove(doc_ids=[record.doc_id])
            table.insert(to_record(resealed))


def verified_origins(session: TenantSession, credential: Credential | None) -> tuple[str, ...]:
    """Return the origins of a credential that the private key vouches for; none while the tenant is locked."""
    if credential is None or keyring.key_if_open(session) is None:
        return ()
    status = verification.integrity_status(session)
    return credential.origins if status.proved and status.covers(credential) else ()


def is_undecryptable(session: TenantSession, credential: Credential, status: IntegrityStatus | None = None) -> bool:
    """Return True if the credential cannot be decrypted, whatever the passphrase.

    Pass `status` to reuse an integrity status.
    """
    if not of_its_kind(session, credential):
        return True
    if not credential.envelope:
        return misses_key(credential)
    tenant, change = tenant_of(session), (status or verification.integrity_status(session)).of(credential)
    place = (session.tenant_id, credential.provider, credential.name)
    return (
        credential.key_id != tenant.key_id
        or not keyring.has_key(session, tenant)
        or session.process.undecryptable.get(place) == credential.envelope
        or (change is not None and not change.mark.needs_confirmation)
    )


def undecryptable(session: TenantSession, credential: Credential) -> Locked:
    """Return the problem of a credential that cannot be decrypted: why, and that it can be replaced."""
    label = label_of(session, credential.provider)
    tenant = tenant_of(session)
    change = verification.integrity_status(session).of(credential)
    if not of_its_kind(session, credential):
        what = f"{label} was changed to another kind of provider since its credential was saved."
    elif misses_key(credential):
        what = f"{label} requires an API key, and none is stored: the settings were changed."
    elif session.process.shares and credential.key_id == tenant.key_id and not keyring.has_key(session, tenant):
        return keyring.no_key_here(tenant)
    elif credential.key_id != tenant.key_id or not keyring.has_key(session, tenant):
        what = f"The key of {label} was encrypted for a key pair that no longer exists."
    elif change is not None and not change.mark.needs_confirmation:
        what = f"The key of {label} cannot be decrypted. {verification.words(session, change)}"
    else:
        what = f"The key of {label} cannot be decrypted: its settings were changed since it was sealed."
    return Locked(what, remedy=Remedy(Action.REPLACE_CREDENTIAL, credential.provider, credential.name))


def needs_unlock(session: TenantSession, provider_id: str, name: str = "") -> bool:
    """Return True if using a provider's credential (the active one unless named) needs the tenant's passphrase."""
    credential = next(
        (row for row in listing(session, provider_id) if row.name == name or (not name and row.active)), None
    )
    if credential is None or not credential.envelope or keyring.is_open(session):
        return False
    return not is_undecryptable(session, credential)


def access(session: TenantSession, provider_id: str, model: str = "") -> "Access":
    """Return what a request needs: the provider, clear fields, origins, and how to decrypt the key just in time."""
    provider = provider_of(session, provider_id)
    credential = active(session, provider_id)
    if credential is None:
        name = tenant_of(session).name
        raise Problem(f"{provider.label} is not set up for {name}.", remedy=Remedy(Action.SET_UP_PROVIDER, provider_id))
    return access_with(session, provider, credential, model)


def access_with(session: TenantSession, provider: Provider, credential: Credential, model: str = "") -> "Access":
    """Return the access of one credential, active or not."""
    from tui.providers.client.access import Access

    require_listed(session, provider, credential)

    def opened() -> Mapping[str, Secret]:
        return {**secrets(session, credential), **resolved_secrets(session, credential)}

    return Access(
        provider=provider,
        fields=mask_secrets(provider.default_values | dict(credential.clear), credential.hints),
        origins=credential.origins,
        plain_http=credential.plain_http,
        secrets=opened,
        key_hint=key_hint(provider, credential.hints),
        model=model,
    )


def require_listed(session: TenantSession, provider: Provider, credential: Credential) -> None:
    """Raise Locked or Problem unless the manifest lists exactly this credential.

    While the tenant is locked, that is the manifest that was last written with the private key.
    """
    if is_undecryptable(session, credential):
        raise undecryptable(session, credential)
    verification.require_connection(session, provider)
    if credential.envelope:
        keyring.key_handle(session)
        _require(session, credential)
    elif keyring.key_if_open(session):
        _require(session, credential)
    elif not verification.integrity_status(session).covers(credential):
        # Without a key nothing is opened. While the tenant is locked, what the manifest does not hold asks first.
        tenant = tenant_of(session)
        raise Locked(
            f"{tenant.name} is locked, and {provider.label} was changed meanwhile.", remedy=Remedy(Action.UNLOCK)
        )


def note(session: TenantSession, credential: Credential, check: VerificationResult) -> None:
    """Store the outcome of a verification, unless the credential was replaced or removed meanwhile."""
    with session.store.transaction() as tables:
        tables.table("credentials").update(
            {"check": to_record(check)},
            lambda entry: (
                (entry["provider"], entry["name"]) == (credential.provider, credential.name)
                and (entry["envelope"], entry["clear"]) == (credential.envelope, credential.clear)
                and entry.get("references", {}) == credential.references
            ),
        )
        add_latency(tables, credential, check.ms)


def add_latency(tables: Tables, credential: Credential, milliseconds: int) -> None:
    """Add the time of a check, inside a transaction; 0 is a check that was not timed."""
    if milliseconds <= 0:
        return
    table = tables.table(_LATENCIES)
    times = [time for record in table if _is_latency_of(record, credential) for time in _times(record)]
    table.remove(lambda record: _is_latency_of(record, credential))
    times = [*times, milliseconds][-_MAX_LATENCIES:]
    table.insert({"provider": credential.provider, "credential": credential.name, "ms": times})


def forget_latencies(tables: Tables, provider_id: str, name: str = "") -> None:
    """Remove the times of a credential, or of all of a provider, inside a transaction."""
    tables.table(_LATENCIES).remove(
        lambda record: record.get("provider") == provider_id and (not name or record.get("credential") == name)
    )


def median_ms(session: TenantSession, credential: Credential) -> int:
    """Return the median time of the last checks in milliseconds, 0 without any."""
    records = session.store.read().table(_LATENCIES)
    times = [time for record in records if _is_latency_of(record, credential) for time in _times(record)]
    if not times:
        return 0
    from statistics import median  # a twentieth of the start of a program with keys

    return round(median(times))


def _is_latency_of(record: Mapping[str, Any], credential: Credential) -> bool:
    return (record.get("provider"), record.get("credential")) == (credential.provider, credential.name)


def _times(record: Mapping[str, Any]) -> list[int]:
    times = record.get("ms")
    return [time for time in times if type(time) is int and time > 0] if isinstance(times, list) else []


def key_hint(provider: Provider, hints: Mapping[str, str]) -> str:
    """Return the last four characters of the key, by which people recognize a credential."""
    return next((hints[field.name] for field in provider.fields if field.secret and hints.get(field.name)), "")


def masked_secret(credential: Credential, field: str) -> str:
    """Return a secret field as it is shown: its reference, or dots and the stored hint, or '' if it is blank."""
    if field in credential.references:
        return one_line(credential.references[field], 200)
    return mask(credential.hints[field]) if field in credential.hints else ""


def _require(session: TenantSession, credential: Credential) -> None:
    """Raise Locked unless the manifest vouches for the credential, or if it cannot be decrypted."""
    if credential.envelope and verification.integrity_status(session).of(credential):
        decrypt_unverified(session, credential)
    verification.require_verified(session, credential)
    if not verification.integrity_status(session).covers(credential):
        raise Problem("The credential was changed in another session.", "Nothing was sent. Try again.")
