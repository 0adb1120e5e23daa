"""Models and defaults as they are stored."""

from collections.abc import Iterable

from tui.domain import Default, Model, ModelType, Origin
from tui.providers.spec import Fields, Provider
from tui.store import Tables
from tui.workspace.desk import Desk
from tui.workspace.records import noun
from tui.workspace.trial_store import lent_to


def held(desk: Desk, tenant_id: str) -> tuple[Model, ...]:
    """All models: those stored, and those that the tenant has by trials alone."""
    own, lent = stored(desk, tenant_id), lent_to(desk, tenant_id)
    if not lent:
        return own
    known = {(each.provider, each.id, each.type) for each in own}
    return (*own, *(each for each in lent if (each.provider, each.id, each.type) not in known))


def stored(desk: Desk, tenant_id: str) -> tuple[Model, ...]:
    """The models in the tenant's settings."""

    def read(tables: Tables) -> tuple[Model, ...]:
        return tuple(noun(Model, each) for each in tables.table("models"))

    return desk.store(tenant_id).derive("models", read, table="models")


def defaults(desk: Desk, tenant_id: str) -> dict[ModelType, Default]:
    """The defaults that are set, usable or not."""

    def read(tables: Tables) -> dict[ModelType, Default]:
        return {each.type: each for each in (noun(Default, record) for record in tables.table("defaults"))}

    return desk.store(tenant_id).derive("defaults", read, table="defaults")


def added_origins(desk: Desk, tenant_id: str, provider: Provider, fields: Fields) -> tuple[str, ...]:
    """The origins that the addresses of a provider's added models need."""
    return origins_of(added_in(desk.store(tenant_id).read(), provider.id), provider, fields)


def added_in(tables: Tables, provider_id: str) -> tuple[Model, ...]:
    """The models of a provider that were added by hand."""
    added = str(Origin.ADDED)
    found = (each for each in tables.table("models") if (each["provider"], each.get("origin")) == (provider_id, added))
    return tuple(noun(Model, each) for each in found)


def origins_of(added: Iterable[Model], provider: Provider, fields: Fields) -> tuple[str, ...]:
    """The origins that the addresses of these models need."""
    return tuple(dict.fromkeys(origin for each in added for origin in provider.model_origins(fields, each)))
