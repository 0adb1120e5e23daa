"""Imported models belong to the credential that listed them.

    table models     the models of each provider's active credential, and those added by hand
    table listings   what each other credential has listed: {"provider", "credential", "models": [record, …]}

A credential saved by a version before this table has no entry: it keeps the models that are there when it is put to
use. A provider that lists none has a built-in list, which is the same for all of its credentials.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tui.domain import Credential, Model, Origin
from tui.providers.spec import Provider
from tui.storage.settings_file import CorruptSettings, Damage
from tui.storage.store import Tables
from tui.tenancy import model_sync
from tui.tenancy.model_sync import SyncResult
from tui.tenancy.serialization import from_record, to_record

_TABLE = "listings"


def apply(
    tables: Tables, provider: Provider, credential: Credential, listed: Sequence[Model], today: str
) -> SyncResult:
    """Store what a credential has listed, inside a transaction: in the list of models only if it is the active one."""
    if credential.active:
        return model_sync.apply_listing(tables, provider, listed, today)
    if provider.list_models is not None:
        _store(tables, provider.id, credential.name, listed)
    return SyncResult((), (), len(listed))


def switch(tables: Tables, provider: Provider, before: Credential | None, after: Credential) -> None:
    """Replace the imported models of a provider by those of the credential that is active from now on.

    Those of the one `before` are kept for its return; None means that it is removed, and they go with it.
    """
    if provider.list_models is None or (before is not None and before.name == after.name):
        return
    models, table = tables.table("models"), tables.table(_TABLE)
    imported = [from_record(Model, record) for record in models if _is_imported(record, provider.id)]
    listed = _listed_models(tables, provider.id, after.name)
    forget(tables, provider.id, after.name)
    if before is not None:
        table.remove(lambda record: _is(record, provider.id, before.name))
        _store(tables, provider.id, before.name, imported)
    if listed is None:
        if after.listed_at:
            return
        listed = ()
    added = {(entry["id"], entry["type"]) for entry in models if entry["provider"] == provider.id} - {
        (model.id, model.type) for model in imported
    }
    models.remove(lambda record: _is_imported(record, provider.id))
    models.insert_multiple(to_record(model) for model in listed if (model.id, model.type) not in added)


def forget(tables: Tables, provider_id: str, name: str = "") -> None:
    """Remove what a credential has listed, or all credentials of a provider."""
    tables.table(_TABLE).remove(lambda record: _is(record, provider_id, name or str(record.get("credential"))))


def owner(tables: Tables, provider_id: str, model_id: str, kind: str) -> str:
    """Return the name of an inactive credential that has listed a model, or ''."""
    for record in tables.table(_TABLE):
        models = _models(record) if record.get("provider") == provider_id else ()
        if any((model.id, model.type) == (model_id, kind) for model in models):
            return str(record.get("credential", ""))
    return ""


def _store(tables: Tables, provider_id: str, name: str, models: Iterable[Model]) -> None:
    forget(tables, provider_id, name)
    records = [to_record(model) for model in models]
    tables.table(_TABLE).insert({"provider": provider_id, "credential": name, "models": records})


def _listed_models(tables: Tables, provider_id: str, name: str) -> tuple[Model, ...] | None:
    record = next((record for record in tables.table(_TABLE) if _is(record, provider_id, name)), None)
    return None if record is None else _models(record)


def _models(record: Mapping[str, Any]) -> tuple[Model, ...]:
    """Read the models of an entry; one of another provider, or added by hand, is not among what was listed."""
    entries = record.get("models")
    if not isinstance(entries, list):
        raise CorruptSettings(Damage.SHAPE, "an entry for a list of models is not valid")
    models = (from_record(Model, entry) for entry in entries)
    return tuple(model for model in models if model.provider == record["provider"] and model.origin is Origin.IMPORTED)


def _is(record: Mapping[str, Any], provider_id: str, name: str) -> bool:
    return (record.get("provider"), record.get("credential")) == (provider_id, name)


def _is_imported(record: Mapping[str, Any], provider_id: str) -> bool:
    return record["provider"] == provider_id and record.get("origin") != str(Origin.ADDED)
