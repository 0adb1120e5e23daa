"""Allowed origins of a save: those that a person entered, or stored ones."""

from collections.abc import Mapping

from tui.domain import Credential, previous_of
from tui.errors import Action, Locked, Problem, Remedy
from tui.providers.spec import Field, FieldValues, Provider, mask_secrets
from tui.tenancy import credentials, models
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.workspace.credentials.fields import FieldProblem, UnverifiedAddress, Values


def not_entered(
    provider: Provider, values: Values, clear: FieldValues, secrets: set[str], prefilled: frozenset[str]
) -> tuple[str, ...]:
    """Return the origins that follow neither from what was entered just now nor from the provider's own values.

    A stored address that nothing vouches for may have been edited: neither a new key nor a request may follow it.
    Values that are only `prefilled` from what is stored were not entered.
    """
    defaults = provider.default_values
    entered = defaults | {name: text for name, text in clear.items() if values.get(name) and name not in prefilled}
    regions = [{field.name: choice.value} for field in provider.fields if field.url for choice in field.choices]
    offered = [
        entered,
        *(entered | region for region in regions if not region.keys() & (entered.keys() - defaults.keys())),
    ]
    known = {origin for fields in offered for origin in _origins(provider, mask_secrets(fields, secrets))}
    return tuple(origin for origin in _origins(provider, mask_secrets(clear, secrets)) if origin not in known)


def unverified_address(provider: Provider, origins: tuple[str, ...]) -> UnverifiedAddress:
    """Return the problem of a stored address that the private key does not vouch for."""
    return UnverifiedAddress(
        next((field.name for field in provider.fields if field.url), provider.fields[0].name),
        f"The stored address {', '.join(origins)} was not saved by Modeldeck.",
        "Nothing was saved or sent. If it is yours, enter it again with the key.",
    )


def locked_address(session: TenantSession, origins: tuple[str, ...]) -> Locked:
    """Return the problem of a stored address that cannot be checked while the tenant is locked."""
    return Locked(
        f"{tenant_of(session).name} is locked, so the stored address {', '.join(origins)} cannot be checked.",
        "Unlock it first, or enter the address and the key again.",
        remedy=Remedy(Action.UNLOCK),
    )


def _origins(provider: Provider, fields: FieldValues) -> tuple[str, ...]:
    """Return the provider's origins with these fields; none if one that they need is missing."""
    try:
        return provider.origins(fields)
    except (KeyError, Problem):
        return ()


def require_same(field: Field, credential: Credential, origins: tuple[str, ...]) -> None:
    """Raise unless what is stored was given for all of these origins; `field` is the first that would be kept."""
    if others := [origin for origin in origins if origin not in credential.origins]:
        raise FieldProblem(
            field.name,
            f"The stored {field.label} is only for {', '.join(credential.origins)}, not for {', '.join(others)}.",
            "Enter it again to send it there.",
        )


def verified_model_origins(session: TenantSession, provider: Provider, stored: Credential | None) -> tuple[str, ...]:
    """Return the origins of added models that a stored credential may be sent to, as the private key vouches."""
    verified = credentials.verified_origins(session, stored)
    if stored is None or not verified:
        return ()
    fields = provider.default_values | dict(stored.clear)
    return tuple(origin for origin in models.added_origins(session, provider, fields) if origin in verified)


def origins_by_name(session: TenantSession, provider_id: str) -> dict[str, tuple[str, ...]]:
    """Return the origins of every credential of a provider, by its name; without previous keys, which go nowhere."""
    stored = credentials.listing(session, provider_id)
    return {credential.name: credential.origins for credential in stored if not previous_of(credential.name)}


def new_origins(before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the origins that a credential has now and did not have before."""
    added = [origin for name, origins in after.items() for origin in origins if origin not in before.get(name, ())]
    return tuple(dict.fromkeys(added))
