"""Actions on models (remove, refresh, test). Each returns the notice to show, or ''."""

from collections.abc import Mapping, Sequence

from tui.console.frame.navigator import Questions
from tui.console.models.rows import called
from tui.domain import ImportMode, Model, Origin, Supply
from tui.providers.spec import Provider
from tui.tenancy.model_sync import Refreshed
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow


def editable(model: Model, providers: Mapping[str, ProviderRow]) -> bool:
    """Return True if the model was added by hand and has fields."""
    row = providers.get(model.provider)
    return model.origin is Origin.ADDED and row is not None and bool(row.provider.model_fields)


def provider_to_add_to(row: ModelRow | None, providers: Mapping[str, ProviderRow]) -> str:
    """Return the id of the model's provider if that hosts models, '' where one is to be picked."""
    provider = providers.get(row.model.provider) if row else None
    hosts = provider is not None and provider.usable and provider.provider.supply is Supply.HOSTING
    return provider.provider.id if provider and hosts else ""


def listing_providers(session: TenantSession) -> list[Provider]:
    """Return the providers that can be used now and list their models."""
    rows = status.rows(session)
    return [row.provider for row in rows if row.usable and row.provider.import_mode is not ImportMode.ADDED]


def listed_notice(results: Sequence[Refreshed]) -> str:
    """Return the notice of a refresh of several providers."""
    total, added = sum(result.total for result in results), sum(len(result.added) for result in results)
    return f"{total:,} models listed: {added} new, {sum(len(result.gone) for result in results)} gone."


async def unlocked_for_test(questions: Questions, row: ModelRow) -> bool:
    """Return True once the tenant is unlocked for a test call to the model."""
    return await questions.ensure_unlocked(f"send a test request to {row.model.ref}")


def price_note(session: TenantSession, row: ModelRow) -> str:
    """Return who bills a test request, '' for a server of your own."""
    return f", billed by {row.provider_label}" if catalog.billed(session, row.model.provider) else ""


async def remove(session: TenantSession, row: ModelRow) -> str:
    """Remove a model that was added by hand, and the default that it is; it can be undone."""
    await catalog.remove(session, row.model)
    cleared = f" The default {row.model.type.label} model is cleared." if row.default else ""
    return f"Removed {called(row.model)}.{cleared}"
