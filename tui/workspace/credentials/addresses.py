"""Allowed origins of a save: those that a person entered, or stored ones."""

from collections.abc import Mapping

from tui.domain import Credential, previous_of
from tui.errors import Action, Locked, Problem, Remedy
from tui.providers.spec import Field, FieldValues, Provider, mask_secrets
from tui.tenancy import credentials, keyring, models
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import get
from tui.workspace.credentials.fields import FieldProblem, Values


def require_entered(
    session: TenantSession,
    provider: Provider,
    values: Values,
    clear: FieldValues,
    secrets: set[str],
    origins: tuple[str, ...],
) -> None:
    """Raise unless these origins follow from what was entered just now and from the provider's own values.

    A stored address that nothing vouches for may have been edited: a new key must not follow it.
    """
    fields = credentials.defaults(provider) | {name: text for name, text in clear.items() if values.get(name)}
    try:
        known = provider.origins(mask_secrets(fields, secrets))
    except (KeyError, Problem):
        known = ()
    if unknown := [origin for origin in origins if origin not in known]:
        address = ", ".join(unknown)
        if not keyring.is_open(session):
            raise Locked(
                f"{get(session).name} is locked, so the stored address {address} cannot be checked.",
                "Unlock it first, or enter the address and the key again.",
                remedy=Remedy(Action.UNLOCK),
            )
        raise FieldProblem(
            next((field.name for field in provider.fields if field.url), provider.fields[0].name),
            f"The stored address {address} was not saved by Modeldeck.",
            "Nothing was saved or sent. If it is yours, enter it again with the key.",
        )


def require_same(field: Field, credential: Credential, origins: tuple[str, ...]) -> None:
    """Raise unless what is stored was given for all of these origins; `field` is the first that would be kept."""
    if strange := [origin for origin in origins if origin not in credential.origins]:
        raise FieldProblem(
            field.name,
            f"The stored {field.label} is only for {', '.join(credential.origins)}, not for {', '.join(strange)}.",
            "Enter it again to send it there.",
        )


def verified_model_origins(session: TenantSession, provider: Provider, stored: Credential | None) -> tuple[str, ...]:
    """Return the origins of added models that a stored credential may be sent to, as the private key vouches."""
    verified = credentials.verified_origins(session, stored)
    if stored is None or not verified:
        return ()
    fields = credentials.defaults(provider) | dict(stored.clear)
    return tuple(origin for origin in models.added_origins(session, provider, fields) if origin in verified)


def origins_by_name(session: TenantSession, provider_id: str) -> dict[str, tuple[str, ...]]:
    """Return the origins of every credential of a provider, by its name; without previous keys, which go nowhere."""
    stored = credentials.listing(session, provider_id)
    return {credential.name: credential.origins for credential in stored if not previous_of(credential.name)}


def new_origins(before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the origins that a credential has now and did not have before."""
    added = [origin for name, origins in after.items() for origin in origins if origin not in before.get(name, ())]
    return tuple(dict.fromkeys(added))
