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
from tui.workspace.program_environment import is_plain_id


@dataclass(frozen=True)
class DeployedProvider:
    """A provider with the values of its clear fields, defaults filled in, and the names of its secret fields.

    Attributes:
        models: Its models, but those whose IDs another program could take for something else.
        unclear: How many those are.
    """

    provider: Provider
    fields: FieldValues
    secrets: tuple[str, ...]
    models: tuple[Model, ...] = ()
    unclear: int = 0

    @property
    def omissions(self) -> tuple[str, ...]:
        """A sentence about the models that are left out, if any."""
        if not self.unclear:
            return ()
        ids = "1 model ID" if self.unclear == 1 else f"{self.unclear} model IDs"
        return (f"{self.provider.label}: left out {ids} that other programs could take for an address or a setting.",)


@dataclass(frozen=True)
class Target:
    """A configuration as text, and sentences about what it lacks."""

    text: str
    omissions: tuple[str, ...] = ()


def deployed_providers(session: TenantSession, chosen: Iterable[Provider]) -> list[DeployedProvider]:
    """Return what other programs need to know of these providers; the tenant must be unlocked.

    Raises:
        Locked: Nothing vouches for a credential, so nobody knows where its key should go.
    """
    current_models = [model for model in models.all_models(session) if not model.gone]
    result = []
    for provider in chosen:
        access = credentials.access(session, provider.id)
        credential = credentials.active(session, provider.id)
        fields = provider.default_values | dict(credential.clear if credential else {})
        own = tuple(
            model
            for model in current_models
            if model.provider == provider.id and {*provider.model_origins(fields, model)} <= {*access.origins}
        )
        secrets = tuple(credential.hints) if credential else ()
        plain = tuple(model for model in own if is_plain_id(model.id))
        result.append(DeployedProvider(provider, fields, secrets, plain, len(own) - len(plain)))
    return result
