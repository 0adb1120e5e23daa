"""Take the models, the defaults and the saved prompts of a file into settings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tui.domain import Default, Model, ModelType, Origin
from tui.errors import UsageError
from tui.providers.spec import Provider
from tui.tenancy import credentials, models
from tui.tenancy.connections import provider_of
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import TenantSession
from tui.workspace.models import add, catalog
from tui.workspace.playground import saved_prompts
from tui.workspace.transfer.file_format import Bundle


def take_added(session: TenantSession, bundle: Bundle) -> None:
    """Take the models of a file that were added by hand; one that is there gets the fields of the file."""
    _take(session, [model for model in bundle.models if model.origin is Origin.ADDED])


def take_imported(session: TenantSession, bundle: Bundle) -> None:
    """Take the models that a provider has listed, once the file's credential is in use.

    Those of another credential stay as they are; only an empty list is filled all the same.
    """
    listed = {model.provider for model in models.stored(session) if model.origin is not Origin.ADDED}

    def fits(provider_id: str) -> bool:
        active = credentials.active(session, provider_id)
        return provider_id not in listed or active is None or active.name == bundle.active.get(provider_id, active.name)

    imported = [model for model in bundle.models if model.origin is not Origin.ADDED]
    _take(session, [model for model in imported if fits(model.provider)])


def _take(session: TenantSession, imported: Sequence[Model]) -> None:
    providers = {
        provider_id: provider_of(session, provider_id) for provider_id in {model.provider for model in imported}
    }
    types = {provider_id: provider.types for provider_id, provider in providers.items()}
    checked = [_check(providers[model.provider], types[model.provider], model) for model in imported]
    with session.store.transaction() as tables:
        table = tables.table("models")
        stored = {_place(record): from_record(Model, record) for record in table}
        changed: dict[tuple[str, str, str], Mapping[str, str]] = {}
        new: list[Mapping[str, Any]] = []
        for model in checked:
            now = stored.get((model.provider, model.id, model.type))
            if now is None:
                new.append(to_record(model))
            elif now.origin is model.origin is Origin.ADDED and now.fields != model.fields:
                changed[model.provider, model.id, model.type] = model.fields
        # The whole table is written by each of these: once, however many models there are.
        table.insert_multiple(new)
        if changed:
            table.update(
                lambda record: record.update(fields=dict(changed[_place(record)])),
                lambda record: _place(record) in changed,
            )


def _check(provider: Provider, types: Sequence[ModelType], model: Model) -> Model:
    if model.type not in types or catalog.model_id_of(provider, model.id) != model.id:
        raise UsageError(f"{model.ref} cannot be a model of {provider.label}.", "The file was not imported.")
    if model.origin is not Origin.ADDED:
        return replace(model, fields={}) if model.fields else model
    declared = {model_field.name for model_field in provider.model_fields}
    # What a provider said about a model is kept beside what a person entered.
    declared_values = {name: value for name, value in model.fields.items() if name in declared}
    unknown = {name: value for name, value in model.fields.items() if name not in declared}
    return replace(model, fields=add.fields_of(provider, declared_values, {}) | unknown)


def take_defaults(session: TenantSession, bundle: Bundle) -> None:
    """Store the default models of a file where they differ."""
    with session.store.transaction() as tables:
        table = tables.table("defaults")
        for default in bundle.defaults:
            new_default = replace(default, set_at=session.now())
            if any(from_record(Default, one) == replace(default, set_at=one.get("set_at", "")) for one in table):
                continue
            table.remove(partial(_is_of_type, default))
            table.insert(to_record(new_default))


def take_prompts(session: TenantSession, bundle: Bundle) -> None:
    """Store the saved prompts of a file; one of the same name is replaced."""
    if bundle.prompts:
        with session.store.transaction() as tables:
            for prompt in bundle.prompts:
                saved_prompts.put(tables, prompt)


def _place(record: Mapping[str, Any]) -> tuple[str, str, str]:
    return record["provider"], record["id"], record["type"]


def _is_of_type(default: Default, tables: Mapping[str, Any]) -> bool:
    return bool(tables["type"] == default.type)
