"""Propose a default model for each type that has none: what the providers prefer, in their order."""

from collections.abc import Collection, Iterable

from tui.domain import Model, ModelType
from tui.providers import PROVIDERS, order
from tui.providers.spec import Provider
from tui.storage.store import Tables
from tui.tenancy import models
from tui.tenancy.connections import providers_of
from tui.tenancy.models import Record
from tui.tenancy.serialization import from_record
from tui.tenancy.session import TenantSession
from tui.tenancy.trials import trial_models_of
from tui.workspace.credentials import status


def proposed_defaults(session: TenantSession, provider_id: str = "") -> dict[ModelType, Model]:
    """Return a model for each type without a default: the provider's proposal, else its first.

    With `provider_id`, only models of that provider are proposed.
    """
    current = models.defaults(session)
    if len(current) == len(ModelType):
        return {}
    trial, usable, today = trial_models_of(session), status.usable_providers(session), session.today()
    if provider_id:
        usable &= {provider_id}

    def read(_: Tables) -> dict[ModelType, Model]:
        kinds = [kind for kind in ModelType if kind not in current]
        listed = (record for record in models.records(session) if record["type"] not in current)
        usable_ones = (
            record for record in listed if record.get("provider") in usable and not _is_retired(record, today)
        )
        return _best_models(providers_of(session, usable), kinds, usable_ones)

    return session.store.cached("proposed", read, (usable, today, trial, frozenset(current)))


def _is_retired(record: Record, today: str) -> bool:
    return bool(record.get("gone") or (record.get("ends") and record["ends"] <= today))


def _best_models(
    providers: Collection[Provider], kinds: Iterable[ModelType], listed: Iterable[Record]
) -> dict[ModelType, Model]:
    """Return the best model of each of these types; of thousands, only these are converted."""
    positions = {provider.id: place for place, provider in enumerate(providers)}
    places: dict[str, dict[tuple[str, str], int]] = {kind: _places(kind, providers) for kind in kinds}
    best: dict[str, tuple[tuple[int, int], Record]] = {}
    for record in listed:
        kind = record["type"]
        place = places[kind].get((record["provider"], record["id"]), len(places[kind]))
        rank = (place, positions.get(record["provider"], len(positions)))
        if kind not in best or rank < best[kind][0]:
            best[kind] = rank, record
    return {ModelType(kind): from_record(Model, best[kind][1]) for kind in places if kind in best}


def _places(kind: ModelType, providers: Iterable[Provider]) -> dict[tuple[str, str], int]:
    """Return the models that declared providers propose for a type, the best one at 0."""
    declared = (provider for provider in providers if not provider.kind)
    proposals = [(provider.id, model_id) for provider in declared for model_id in provider.proposed.get(kind, ())]
    return {entry: place for place, entry in enumerate(proposals)}


def first_proposed(of_kind: list[Model]) -> Model | None:
    """Return the best model of one type, in the order of the providers and of their lists."""
    declared = filter(None, map(PROVIDERS.get, {model.provider for model in of_kind}))
    places = _places(of_kind[0].type, sorted(declared, key=order))
    there = [entry for entry in of_kind if (entry.provider, entry.id) in places]
    return min(there, key=lambda model: places[model.provider, model.id], default=None)
