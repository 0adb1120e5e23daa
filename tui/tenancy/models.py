"""Stored models and default models."""

from collections.abc import Iterable, Mapping
from typing import Any

from tui.domain import Default, ImportMode, Model, ModelType, Origin
from tui.errors import Action, Remedy, UsageError, did_you_mean
from tui.providers.spec import FieldValues, Provider
from tui.sanitize import one_line
from tui.storage.settings_file import Content
from tui.storage.store import Tables
from tui.tenancy.connections import provider_of
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.tenancy.trials import trial_models_of

_KINDS = list(ModelType)

Record = Mapping[str, Any]
"""A model as it is stored."""


def all_models(session: TenantSession) -> tuple[Model, ...]:
    """Return the stored models, and those from trials alone."""
    own, trial = stored(session), trial_models_of(session)
    if not trial:
        return own
    own_keys = {(entry.provider, entry.id, entry.type) for entry in own}
    return (*own, *(entry for entry in trial if (entry.provider, entry.id, entry.type) not in own_keys))


def records(session: TenantSession) -> list[Record]:
    """Return what `all_models` returns as records, none of which is checked: to count and choose among thousands."""
    own, trial = _table(session.store.read()), trial_models_of(session)
    if not trial:
        return list(own)
    own_keys = {(record["provider"], record["id"], record["type"]) for record in own}
    return [*own, *(to_record(entry) for entry in trial if (entry.provider, entry.id, entry.type) not in own_keys)]


def has_any(session: TenantSession, provider_id: str) -> bool:
    """Return True if there is a model of the provider, in use or gone."""
    return any(record["provider"] == provider_id for record in records(session))


def has_stored(session: TenantSession, provider_id: str) -> bool:
    """Return True if the tenant's settings have a model of the provider, in use or gone."""
    return any(record["provider"] == provider_id for record in _table(session.store.read()))


def by_id(session: TenantSession, provider_id: str, model_id: str) -> tuple[Model, ...]:
    """Return the models of one ID, of every type. No other model is converted, however many there are."""
    own = tuple(from_record(Model, record) for record in _of_id(session, provider_id, model_id))
    types = {entry.type for entry in own}
    trial = (entry for entry in trial_models_of(session) if (entry.provider, entry.id) == (provider_id, model_id))
    return (*own, *(entry for entry in trial if entry.type not in types))


def _of_id(session: TenantSession, provider_id: str, model_id: str) -> list[Record]:
    # Looked up once or a few times: an index over thousands would cost more than it saves.
    return [
        record
        for record in _table(session.store.read())
        if record.get("id") == model_id and record.get("provider") == provider_id
    ]


def _table(tables: Tables) -> Iterable[Record]:
    content: Content = tables.storage.read() or {}
    return content.get("models", {}).values()


def find(session: TenantSession, ref: str, type: ModelType | None = None) -> Model:  # noqa: A002
    """Return the model of a reference `provider/model id`; the ID may contain slashes."""
    provider_id, slash, model_id = ref.partition("/")
    if not slash or not model_id:
        raise UsageError(f"{one_line(ref, 80)} is not a model reference.", "Write a model as provider/model.")
    provider = provider_of(session, provider_id)
    of_id = by_id(session, provider_id, model_id)
    matches = sorted(
        (entry for entry in of_id if type in (None, entry.type)), key=lambda model: _KINDS.index(model.type)
    )
    if not matches:
        kind = f" {type.label}" if type else ""
        names = [
            stored_model.id
            for stored_model in all_models(session)
            if stored_model.provider == provider_id and type in (None, stored_model.type)
        ]
        raise UsageError(
            f"There is no{kind} model {one_line(model_id, 80)} of {provider.label}.",
            did_you_mean(model_id, names).strip(),
            remedy=Remedy(_next_action(session, provider), provider_id),
        )
    return next((entry for entry in matches if not entry.gone), matches[0])


def _next_action(session: TenantSession, provider: Provider) -> Action:
    """Return what to do if a model is unknown: an empty list has nothing to show."""
    if has_any(session, provider.id):
        return Action.LIST_MODELS
    return Action.ADD_MODEL if provider.import_mode is ImportMode.ADDED else Action.IMPORT_MODELS


def stored(session: TenantSession) -> tuple[Model, ...]:
    """Return the models in the tenant's settings."""

    def read(tables: Tables) -> tuple[Model, ...]:
        return tuple([from_record(Model, record) for record in _table(tables)])

    return session.store.cached("models", read, table="models")


def defaults(session: TenantSession) -> dict[ModelType, Default]:
    """Return the default models that are set, usable or not, in the order of the types."""

    def read(tables: Tables) -> dict[ModelType, Default]:
        chosen = [from_record(Default, record) for record in tables.table("defaults")]
        return {default.type: default for default in sorted(chosen, key=lambda default: _KINDS.index(default.type))}

    return session.store.cached("defaults", read, table="defaults")


def added_origins(session: TenantSession, provider: Provider, fields: FieldValues) -> tuple[str, ...]:
    """Return the origins of a provider's added models. The table can be edited by anybody who can write the file."""
    return origins_of(added_in(session.store.read(), provider.id), provider, fields)


def added_in(tables: Tables, provider_id: str) -> tuple[Model, ...]:
    """Return the models of a provider that were added by hand."""
    added = str(Origin.ADDED)
    models = (
        entry for entry in tables.table("models") if (entry["provider"], entry.get("origin")) == (provider_id, added)
    )
    return tuple(from_record(Model, entry) for entry in models)


def origins_of(added: Iterable[Model], provider: Provider, fields: FieldValues) -> tuple[str, ...]:
    """Return the origins that the URLs of these models need."""
    return tuple(dict.fromkeys(origin for entry in added for origin in provider.model_origins(fields, entry)))
