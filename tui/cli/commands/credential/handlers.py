"""`modeldeck credential list | use | remove`."""

from typing import Any

from tui.cli.context import CommandContext
from tui.cli.remedies import remedy_text
from tui.domain import Credential, previous_of
from tui.errors import Action, Remedy
from tui.sanitize import group_fingerprint, mask
from tui.tenancy import credentials
from tui.tenancy.connections import provider_of
from tui.workspace.credentials import rotation, status
from tui.workspace.credentials.lifetime import Lifetime, age_days, due_on, lifetime
from tui.workspace.credentials.names import unknown_credential


def credential_shape(credential: Credential, terms: Lifetime | None = None) -> dict[str, Any]:
    """Return a credential as JSON; of a secret only hint and fingerprint."""
    return {
        "provider": credential.provider,
        "name": credential.name,
        "active": credential.active,
        "state": credential.check.state,
        "clear": dict(credential.clear),
        "secrets": {
            name: {
                "hint": credential.hints.get(name, ""),
                "fingerprint": credential.fingerprints.get(name, ""),
                "reference": credential.references.get(name),
            }
            for name in sorted({*credential.hints, *credential.fingerprints})
        },
        "origins": list(credential.origins),
        "plain_http": list(credential.plain_http),
        "verified_at": credential.check.at,
        "ms": credential.check.ms,
        "changed": credential.changed,
        **lifetime_shape(credential, terms),
    }


def lifetime_shape(credential: Credential, terms: Lifetime | None) -> dict[str, Any]:
    """Return how long a key is used as JSON."""
    return {
        "expires": (terms.expires if terms else "") or None,
        "every_days": (terms.every if terms else 0) or None,
        "due_on": (due_on(credential, terms) if terms else "") or None,
    }


def list_all(call: CommandContext) -> None:
    """Print the credentials of one provider; secrets as dots."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    stored = credentials.listing(call.tenant_session, provider.id)
    if call.out.as_json:
        call.out.json([credential_shape(entry, lifetime(call.tenant_session, entry)) for entry in stored])
        return
    if not stored and call.out.decorated:
        call.out.note(f"{provider.label} is not set up. Set it up: modeldeck provider set {provider.id}")
    terms = [lifetime(call.tenant_session, credential) for credential in stored]
    due = [due_on(credential, entry) if entry else "" for credential, entry in zip(stored, terms, strict=True)]
    call.out.table(
        ("credential", "", "state", "age", *(["due"] if any(due) else []), "secrets", "sent to"),
        [
            (
                credential.name,
                "active"
                if credential.active
                else f"previous key of {previous_of(credential.name)}"
                if previous_of(credential.name)
                else "",
                credential.check.state,
                _age(call, credential),
                *([day or "–"] if any(due) else []),
                ", ".join(_secret_text(credential, name) for name in credential.hints) or "no key",
                ", ".join(f"{at} (plain http)" if at in credential.plain_http else at for at in credential.origins),
            )
            for credential, day in zip(stored, due, strict=True)
        ],
    )


def _secret_text(credential: Credential, name: str) -> str:
    fingerprint = group_fingerprint(credential.fingerprints.get(name, ""))
    return f"{credentials.masked_secret(credential, name)} {fingerprint}".strip()


def _age(call: CommandContext, credential: Credential) -> str:
    days = age_days(credential, call.session.now())
    return "–" if days is None else f"{days:,} d"


async def use(call: CommandContext) -> None:
    """Make a credential the active one."""
    provider, name = provider_of(call.tenant_session, call.args.one("P")), call.args.one("CRED")
    if previous_of(name):
        rotation.require_previous(call.tenant_session, provider.id, previous_of(name))
        await call.unlock(call.tenant)
    with call.naming_new_origins(provider):
        await status.use(call.tenant_session, provider.id, name)
    now = previous_of(name) or name
    shape = {"provider": provider.id, "credential": now, "active": True}
    call.out.result(shape, f"Now using {now} for {provider.label}.")
    if provider.list_models is not None and not status.row(call.tenant_session, provider.id).models:
        write = call.out.note if call.out.as_json else call.out.line
        write(f"It has listed no models yet. {remedy_text(Remedy(Action.IMPORT_MODELS, provider.id))}")


async def remove(call: CommandContext) -> None:
    """Delete a credential, or say what would be deleted."""
    provider, name = provider_of(call.tenant_session, call.args.one("P")), call.args.one("CRED")
    stored = credentials.listing(call.tenant_session, provider.id)
    existing = next((credential for credential in stored if credential.name == name), None)
    if existing is None:
        raise unknown_credential(call.tenant_session, provider.id, name)
    keys = ", ".join(mask(hint) for hint in existing.hints.values()) or "no key"
    which = "The active credential" if existing.active else "The credential"
    is_last = not previous_of(name) and not status.staying(call.tenant_session, provider.id, name)
    last = f" It is the last one, so models and default models of {provider.label} are removed too." if is_last else ""
    preview = f"{which} {name} of {provider.label} would be deleted ({keys}).{last}"
    shape = {"provider": provider.id, "credential": name}
    if call.confirm(shape, preview, "Add --yes to delete it."):
        await status.remove(call.tenant_session, provider.id, name)
        sentence = f"Deleted the credential {name} of {provider.label}."
        call.out.result({**shape, "removed": True, "message": sentence}, sentence)
