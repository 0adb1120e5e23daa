"""Actions on models (use, remove, refresh). Each returns the notice to show, or ''."""

from collections.abc import Mapping, Sequence

from tui.console.keys import hint
from tui.console.models.rows import short_name
from tui.domain import Default, ImportMode, Model, ModelType, Origin, Supply
from tui.errors import UsageError
from tui.providers.spec import Provider
from tui.tenancy import models
from tui.tenancy.model_sync import SyncResult
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog, defaults
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


def listed_notice(results: Sequence[SyncResult]) -> str:
    """Return the notice of a refresh of several providers."""
    total, added = sum(result.total for result in results), sum(len(result.added) for result in results)
    return f"{total:,} models listed: {added:,} new, {sum(len(result.gone) for result in results):,} gone."


async def use_all(session: TenantSession, rows: Sequence[ModelRow]) -> str:
    """Use each model as the default of its type; the types' fallbacks stay. It can be undone.

    Raises:
        UsageError: Two are of one type, or one cannot be a default. Nothing is changed then.
    """
    chosen: dict[ModelType, Default] = {}
    current = models.defaults(session)
    for row in rows:
        kind = row.model.type
        if not row.usable:
            raise UsageError(f"{short_name(row.model)} cannot be a default: {row.word}.", "Nothing was changed.")
        if kind in chosen:
            raise UsageError(f"Two of the marked are {kind.label} models; a type has one default.", "Unmark one.")
        before = current.get(kind)
        fallbacks = [ref for ref in before.fallbacks if ref != row.model.ref] if before else []
        chosen[kind] = defaults.check(session, kind, row.model.ref, *fallbacks)
    await defaults.set_all(session, [*chosen.values()])
    names = ", ".join(f"{short_name(row.model)} ({row.model.type.label})" for row in rows)
    return f"The defaults are now {names}."


async def remove(session: TenantSession, rows: Sequence[ModelRow]) -> str:
    """Remove models that can be, and the defaults that they are; it can be undone. Raise UsageError if none can be."""
    removable = [row for row in rows if catalog.removable(row.model)]
    if not removable:
        one = f"{rows[0].provider_label} lists this model, so it would come back."
        message = one if len(rows) == 1 else "Providers list all of these models, so they would come back."
        raise UsageError(message, hint("{models.remove} removes added models only."))
    await catalog.remove(session, *(row.model for row in removable))
    what = short_name(removable[0].model) if len(removable) == 1 else f"{len(removable):,} models"
    kinds = [row.model.type.label for row in removable if row.default]
    cleared = f" The default {' and '.join(kinds)} model{' is' if len(kinds) == 1 else 's are'} cleared."
    listed = len(rows) - len(removable)
    remaining = f" {listed:,} listed by {'its provider stays' if listed == 1 else 'providers stay'}." if listed else ""
    return f"Removed {what}.{cleared if kinds else ''}{remaining}"
