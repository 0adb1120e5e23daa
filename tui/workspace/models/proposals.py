"""Propose a default model for each type that has none: what the providers prefer, in their order."""

from collections.abc import Sequence

from tui.domain import Model, ModelType
from tui.providers import PROVIDERS
from tui.tenancy import models
from tui.tenancy.session import TenantSession
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow


def proposed_defaults(session: TenantSession) -> dict[ModelType, Model]:
    """Return a model for each type without a default: the provider's proposal, else its first."""
    current = models.defaults(session)
    offered = catalog.derived(session, "proposed", _offered)
    return {kind: model for kind, model in offered.items() if kind not in current}


def _offered(listed: Sequence[ModelRow]) -> dict[ModelType, Model]:
    usable = [entry.model for entry in listed if entry.usable]
    by_kind = {kind: [entry for entry in usable if entry.type is kind] for kind in ModelType}
    return {kind: first_proposed(of_kind) or of_kind[0] for kind, of_kind in by_kind.items() if of_kind}


def first_proposed(of_kind: list[Model]) -> Model | None:
    """Return the best model of one type, in the order of the providers and of their lists."""
    kind = of_kind[0].type
    wanted = [
        (provider.id, model_id) for provider in PROVIDERS.values() for model_id in provider.proposed.get(kind, ())
    ]
    places = {entry: place for place, entry in enumerate(wanted)}
    there = [entry for entry in of_kind if (entry.provider, entry.id) in places]
    return min(there, key=lambda model: places[model.provider, model.id], default=None)
