"""Configuration for other programs, written from a tenant's providers and models. No key is in it.

Keys are referred to by the variables that `program_environment` hands over, so the text is of use only to a program
that is started with them. An address is written only if the private key vouches for its credential, as a key will be
sent there.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tui.domain import Model
from tui.providers.spec import FieldValues, Provider
from tui.tenancy import credentials, models
from tui.tenancy.session import TenantSession


@dataclass(frozen=True)
class DeployedProvider:
    """A provider with the values of its clear fields, defaults filled in, and the names of its secret fields."""

    provider: Provider
    fields: FieldValues
    secrets: tuple[str, ...]
    models: tuple[Model, ...] = ()


@dataclass(frozen=True)
class Target:
    """A configuration as text, and sentences about what it lacks."""

    text: str
    lacks: tuple[str, ...] = ()


def deployed(session: TenantSession, chosen: Iterable[Provider]) -> list[DeployedProvider]:
    """Return what other programs need to know of these providers; the tenant must be unlocked.

    Raises:
        Locked: Nothing vouches for a credential, so nobody knows where its key should go.
    """
    known = [model for model in models.all_models(session) if not model.gone]
    result = []
    for provider in chosen:
        access = credentials.access(session, provider.id)
        credential = credentials.active(session, provider.id)
        fields = credentials.defaults(provider) | dict(credential.clear if credential else {})
        own = tuple(
            model
            for model in known
            if model.provider == provider.id and {*provider.model_origins(fields, model)} <= {*access.origins}
        )
        result.append(DeployedProvider(provider, fields, tuple(credential.hints) if credential else (), own))
    return result
