"""Merge a provider's model list: add new models, mark missing ones, keep added ones."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.domain import Model, Origin
from tui.errors import Problem
from tui.providers.events import MAX_LISTED, Event, ModelsListed
from tui.providers.requests import Call
from tui.providers.spec import Provider
from tui.storage.store import Tables
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import Session

if TYPE_CHECKING:
    from tui.providers.client.access import Access


@dataclass(frozen=True)
class SyncResult:
    """The result of a listing: IDs that are new, IDs no longer listed, and the total."""

    added: tuple[str, ...]
    gone: tuple[str, ...]
    total: int


OnEvent = Callable[[Event], None]
"""Called with each event of a request: no response yet, or a retry."""


async def fetch_models(
    session: Session, access: "Access", calls: Iterable[Call], on_event: OnEvent = lambda event: None
) -> tuple[Model, ...] | None:
    """Send requests until one lists models, and return these; None if none of them does."""
    models: tuple[Model, ...] | None = None
    for call in calls:
        async for event in session.client.stream(access, call):
            if isinstance(event, ModelsListed):
                provider = access.provider
                usable = (model for model in event.models if provider.accepts_model_id(model.id))
                # A declaration names itself; its connections have their own names.
                models = (*(models or ()), *(replace(model, provider=provider.id) for model in usable))
                if len(models) > MAX_LISTED:
                    # Pages without end, each of which is a list that is short enough.
                    raise Problem(
                        f"{provider.label} lists more than {MAX_LISTED:,} models.", "Add the ones you use by name."
                    )
            else:
                on_event(event)
        if models is not None:
            break
    return models


def merge_listing(stored: Sequence[Model], listed: Sequence[Model], today: str) -> tuple[list[Model], SyncResult]:
    """Merge a listing into the models of one provider (`stored`), without side effects."""
    added = {(entry.id, entry.type): entry for entry in stored if entry.origin is Origin.ADDED}
    before = {(entry.id, entry.type): entry for entry in stored if entry.origin is Origin.IMPORTED}
    now = {(entry.id, entry.type): entry for entry in listed if (entry.id, entry.type) not in added}
    lost = [entry if entry.gone else replace(entry, gone=today) for key, entry in before.items() if key not in now]
    new_ids = tuple(entry.id for key, entry in now.items() if key not in before or before[key].gone)
    delisted = tuple(entry.id for key, entry in before.items() if key not in now and not entry.gone)
    fresh = [_merge_known(entry, before.get((entry.id, entry.type)), today) for entry in now.values()]
    return [*fresh, *lost, *added.values()], SyncResult(new_ids, delisted, len(now))


def apply_listing(tables: Tables, provider: Provider, listed: Sequence[Model], today: str) -> SyncResult:
    """Merge a listing into the table of models, inside a transaction."""
    table = tables.table("models")
    stored = [from_record(Model, entry) for entry in table if entry["provider"] == provider.id]
    models, refreshed = merge_listing(stored, listed, today)
    if models != stored:
        table.remove(lambda record: record["provider"] == provider.id)
        table.insert_multiple(to_record(model) for model in models)
    return refreshed


def _merge_known(now: Model, before: Model | None, today: str) -> Model:
    if now.price:
        now = replace(now, price={**now.price, "listed": today})
    # Keep what a call measured (the length of vectors) if the listing does not have it.
    if before is None:
        return now
    return replace(now, dimensions=now.dimensions or before.dimensions, context=now.context or before.context)
