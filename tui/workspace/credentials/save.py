"""Apply the plan of a save: complete the credential by what is stored, seal its secrets and store it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tui.domain import DEFAULT_NAME, Credential, Model, VerificationResult, VerificationState, previous_of
from tui.errors import Conflict, Problem
from tui.providers.spec import FieldValues, Provider
from tui.sanitize import hint_of
from tui.secret import Secret, SecretReference
from tui.storage.store import stored_records
from tui.tenancy import credentials, keyring, listings, refused_fields, verification
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import envelope as vault
from tui.vault import key_pair
from tui.workspace.credentials import lifetime, rotation
from tui.workspace.credentials.fields import Values
from tui.workspace.credentials.save_plan import SavePlan, plan_save, replan, same_content


class CredentialConflict(Conflict):
    """Raised if another session saved the credential meanwhile; `stored` is what is stored."""

    def __init__(self, label: str, stored: Credential | None) -> None:
        did = "was changed" if stored else "was removed"
        super().__init__(f"{label} {did} in another session.", "Nothing in this form has been saved.")
        self.stored = stored


async def apply_save(
    plan: SavePlan, check: VerificationResult | None = None, listed: tuple[Model, ...] | None = None
) -> Credential:
    """Seal and store the credential of a plan; a provider's first becomes the active one, whose list is imported.

    What the plan found is checked again under the lock: fields that are kept are those that are stored by then.

    Raises:
        PlainHttp: An origin in plain http has not been allowed.
        Locked: The tenant is locked and a stored secret is kept.
        CredentialConflict: Another session saved the credential since the plan was made.
    """
    session, provider, name = plan.session, plan.provider, plan.name

    def work() -> Credential:
        with verification.credential_transaction(session) as tables:
            table = tables.table("credentials")
            stored = {
                record["name"]: record
                for record in stored_records(tables, "credentials").values()
                if record["provider"] == provider.id
            }
            now = from_record(Credential, stored[name]) if name in stored else None
            if plan.watch and not same_content(now, plan.baseline):
                raise CredentialConflict(provider.label, now)
            draft = build_draft(plan)
            created = replace(
                _seal(session, draft, name),
                active=(now is not None and now.active)
                or not (previous_of(name) or any(other.get("active", True) for other in stored.values())),
                created=now.created if now else session.now(),
                check=check or VerificationResult(),
                listed_at=session.now() if listed is not None else now.listed_at if now else "",
            )
            if check and check.expires:
                lifetime.record_expiry(tables, created, check.expires)
            if plan.rotate and now is not None:
                rotation.keep_previous(session, tables, now)
            if name in stored:
                table.remove(lambda record: (record["provider"], record["name"]) == (provider.id, name))
            table.insert(to_record(created))
            refused_fields.forget(tables, provider.id)
            if not stored:
                # With its first own key a tenant uses that one; a trial can be chosen again.
                tables.table("sources").remove(lambda record: record.get("provider") == provider.id)
            models = listed if listed is not None else _known_models(provider, created.check)
            if models is not None:
                listings.apply(tables, provider, created, models, session.today())
        return created

    return await asyncio.to_thread(work)


async def save(
    session: TenantSession,
    provider_id: str,
    values: Values,
    *,
    name: str = DEFAULT_NAME,
    check: VerificationResult | None = None,
    listed: tuple[Model, ...] | None = None,
    plain_http: tuple[str, ...] = (),
    baseline: Credential | None = None,
    watch: bool = False,
    rotate: bool = False,
    model_origins: tuple[str, ...] = (),
    previous: bool = False,
) -> Credential:
    """Plan a save and apply it at once, where nobody can be asked for what it needs."""
    plan_verb = rotation.plan_rotation if rotate else plan_save
    plan = await plan_verb(
        session,
        provider_id,
        values,
        name=name,
        plain_http=plain_http,
        baseline=baseline,
        watch=watch,
        model_origins=model_origins,
        previous=previous,
    )
    return await apply_save(plan, check, listed)


def _known_models(provider: Provider, check: VerificationResult) -> tuple[Model, ...] | None:
    """Return the models of a provider that lists none and knows the key; None where they are left as they are."""
    is_accepted = check.state in (VerificationState.READY, VerificationState.RESTRICTED)
    return provider.catalogue if provider.list_models is None and is_accepted else None


@dataclass(frozen=True)
class CredentialDraft:
    """A credential to be saved, its secrets in clear."""

    provider: Provider
    clear: FieldValues
    secrets: Mapping[str, Secret]
    origins: tuple[str, ...]
    plain_http: tuple[str, ...]
    hint: str
    """The last four characters of the key, if it is the stored one."""
    stored: bool = False
    """Whether any of the secrets is stored already."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Secret fields that are kept elsewhere; they are among `secrets` only where they were resolved."""


def build_draft(plan: SavePlan, *, resolve: bool = False) -> CredentialDraft:
    """Return the whole credential as it would be saved: the values of a plan, completed by what is stored by now.

    With `resolve`, the secrets that are kept elsewhere are fetched, which runs programs that a person has named.

    Raises:
        FieldProblem: A field is missing, or a kept secret would go somewhere else than before.
        PlainHttp: An origin in plain http has not been allowed.
        Locked: A secret that is kept cannot be decrypted.
    """
    session = plan.session
    now = replan(plan)
    now.require()
    if added := [origin for origin in now.origins if origin not in plan.origins]:
        raise Problem(
            f"would now also be sent to {', '.join(added)}.",
            "Another session changed its models. This form was not saved; save it again.",
        )
    stored = now.stored
    stored_secrets: dict[str, Secret] = {}
    refs = {name: secret.text for name, secret in now.entered.items() if isinstance(secret, SecretReference)}
    if stored and (now.reused or plan.rotate):
        if stored.references:
            verification.require_verified(session, stored)
        opened = credentials.secrets(session, stored)
        stored_secrets = {name: secret for name, secret in opened.items() if name in now.reused}
        refs |= {name: text for name, text in stored.references.items() if name in now.reused}
    hint = credentials.key_hint(now.provider, {name: stored.hints[name] for name in stored_secrets}) if stored else ""
    secrets = stored_secrets | {name: secret for name, secret in now.entered.items() if name not in refs}
    if resolve:
        secrets |= credentials.resolve_references(session, refs)
    return CredentialDraft(now.provider, now.clear, secrets, now.origins, now.allowed, hint, bool(now.reused), refs)


def _seal(session: TenantSession, draft: CredentialDraft, name: str) -> Credential:
    """Seal the draft's secrets in an envelope that is bound to all the rest."""
    tenant = tenant_of(session)
    sealed = {field: secret for field, secret in draft.secrets.items() if field not in draft.references}
    credential = Credential(
        provider=draft.provider.id,
        name=name,
        clear=draft.clear,
        envelope="",
        key_id=tenant.key_id,
        origins=draft.origins,
        hints=dict.fromkeys(draft.references, ""),
        references=draft.references,
        plain_http=draft.plain_http,
        changed=session.now(),
        kind=draft.provider.kind,
    )
    if not sealed:
        return credential
    fingerprint_key, public = keyring.fingerprint_key(session, tenant), keyring.public_key(session, tenant)
    bound_to = credentials.binding(session.tenant_id, credential)
    return replace(
        credential,
        envelope=vault.seal(public, sealed, bound_to),
        fingerprints={field: key_pair.fingerprint(fingerprint_key, secret) for field, secret in sealed.items()},
        hints={field: hint_of(secret.reveal()) for field, secret in sealed.items()} | dict(credential.hints),
    )
