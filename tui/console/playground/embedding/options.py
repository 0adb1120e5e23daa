"""What an embedding request takes beside the texts: their kind, and the length of the vectors."""

from typing import NamedTuple

from tui.domain import Model
from tui.providers.dialects.sampling import DIMENSIONS
from tui.providers.spec import Parameter
from tui.tenancy.connections import provider_of
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls


class EmbeddingOptions(NamedTuple):
    """Whether the texts are search queries, and the length of the vectors, 0 for the model's own."""

    queries: bool = False
    dimensions: int = 0


class AcceptedOptions(NamedTuple):
    """Which of them a model takes."""

    queries: bool = False
    length: Parameter | None = None

    def __bool__(self) -> bool:
        return self.queries or self.length is not None

    def apply(self, options: EmbeddingOptions) -> EmbeddingOptions:
        """Return the options with those left out that the model does not take."""
        return EmbeddingOptions(options.queries and self.queries, options.dimensions if self.length else 0)


def accepted_by(session: TenantSession, model: Model | None) -> AcceptedOptions:
    """Return which options a model takes."""
    if model is None:
        return AcceptedOptions()
    lengths = (parameter for parameter in calls.parameters(session, model) if parameter.name == DIMENSIONS)
    return AcceptedOptions(provider_of(session, model.provider).distinguishes_queries, next(lengths, None))
