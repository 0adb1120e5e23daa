"""Fields of a request that a server refused by name: they are not sent to that model again.

    table refused   {"provider", "model", "field", "instead"}: the field, and the one that takes its place or ''

Saving a credential of the provider forgets them, as it may be another server by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tui.domain import Model
from tui.providers.requests import Call
from tui.storage.store import Tables
from tui.tenancy.session import TenantSession

TABLE = "refused"


def remember(session: TenantSession, model: Model, changes: Sequence[tuple[str, str]]) -> None:
    """Store refused fields, each with its replacement or ''."""
    with session.store.transaction() as tables:
        for field, instead in changes:
            record = {"provider": model.provider, "model": model.id, "field": field, "instead": instead}
            if record not in tables.table(TABLE).all():
                tables.table(TABLE).insert(record)


def forget(tables: Tables, provider_id: str) -> None:
    """Forget what the server of a provider refused, inside a transaction."""
    tables.table(TABLE).remove(lambda record: record.get("provider") == provider_id)


def repair(session: TenantSession, model: Model, call: Call) -> tuple[Call, list[str]]:
    """Return the call without the fields that this model refused before, and a sentence about each."""
    if not isinstance(call.json, dict):
        return call, []
    body, sentences = dict(call.json), []
    for field, instead in _known_refusals(session, model).items():
        if field in body and field not in _REQUIRED_FIELDS:
            value = body.pop(field)
            words = field.replace("_", " ")
            if instead:
                body.setdefault(instead, value)
                sentences.append(f"{model.id} takes {instead} in place of {field}. It was renamed.")
            else:
                sentences.append(f"{model.id} takes no {words}. It was left out.")
    return replace(call, json=body), sentences


_REQUIRED_FIELDS = frozenset(("model", "messages", "prompt", "input", "stream", "response_format"))


def _known_refusals(session: TenantSession, model: Model) -> Mapping[str, str]:
    def read(tables: Tables) -> dict[tuple[str, str], dict[str, str]]:
        known: dict[tuple[str, str], dict[str, str]] = {}
        for record in tables.table(TABLE):
            entries = known.setdefault((str(record.get("provider")), str(record.get("model"))), {})
            entries[str(record.get("field"))] = str(record.get("instead", ""))
        return known

    return session.store.cached("refused fields", read, table=TABLE).get((model.provider, model.id), {})
