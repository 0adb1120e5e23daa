"""Saved prompts: a system prompt, parameters and a JSON Schema under a name, for each tenant.

    table prompts   {"name", "system", "parameters": {name: text}, "schema": JSON or ''}

They are settings like the default models and stand in the file unencrypted: whoever chats uses them while the tenant is
locked, and a shared store, which keeps no history, holds them too. Nothing vouches for them, and they reach no key.
Parameters are texts, as they were typed: what a text means depends on the model that it is used with.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tui.errors import Problem, UsageError, did_you_mean
from tui.providers.spec import Parameter
from tui.sanitize import one_line, printable
from tui.storage.store import Tables
from tui.tenancy.session import TenantSession
from tui.workspace.playground.answer_schema import parsed_schema
from tui.workspace.playground.parameters import parse_parameter

if TYPE_CHECKING:
    from tui.workspace.conflicts import Baseline

TABLE = "prompts"
NAME = re.compile(r"[\w][\w.-]{0,39}")
_MAX_PROMPTS = 500
_MAX_CHARACTERS = 100_000
"""Characters of a system prompt or of a schema."""


@dataclass(frozen=True)
class SavedPrompt:
    """The parts of a chat request that can be saved.

    Attributes:
        name: The name, as people type it.
        system: The system prompt, '' for none.
        parameters: Texts by the name of the parameter.
        schema: The JSON Schema that an answer must fit, None for an answer of any form.
    """

    name: str
    system: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the prompt as commands print it."""
        schema = None if self.schema is None else dict(self.schema)
        return {"name": self.name, "system": self.system, "parameters": dict(self.parameters), "schema": schema}

    def as_record(self) -> dict[str, Any]:
        """Return the prompt as it is stored."""
        schema = "" if self.schema is None else json.dumps(self.schema, ensure_ascii=False, sort_keys=True)
        return self.as_json() | {"schema": schema}

    def values(self, parameters: Sequence[Parameter]) -> tuple[dict[str, str], dict[str, Any], list[str]]:
        """Return what a model takes of the parameters, as texts and as values, and the names of those it does not."""
        declared = {parameter.name: parameter for parameter in parameters}
        texts: dict[str, str] = {}
        values: dict[str, Any] = {}
        for name, text in self.parameters.items():
            try:
                value = parse_parameter(declared[name], text)
            except (KeyError, UsageError):
                continue
            if value is not None:
                texts[name], values[name] = text, value
        return texts, values, [name for name in self.parameters if name not in values]


def create(name: str, system: str, parameters: Mapping[str, str], schema: Mapping[str, Any] | None) -> SavedPrompt:
    """Return a prompt that can be saved.

    Raises:
        UsageError: The name cannot be used, a text is too long, or there is nothing to save.
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{one_line(name, 40) or 'A blank name'} cannot be the name of a saved prompt.",
            "Use up to 40 letters, digits, . _ -, no spaces.",
        )
    texts = {key: one_line(text, 1000) for key, text in parameters.items()}
    prompt = SavedPrompt(name, printable(system).strip(), texts, schema)
    if not (prompt.system or prompt.parameters or prompt.schema is not None):
        raise UsageError("There is nothing to save.", "Name a system prompt, a parameter or a schema.")
    if max(len(prompt.system), len(prompt.as_record()["schema"])) > _MAX_CHARACTERS:
        raise UsageError(f"A saved prompt has up to {_MAX_CHARACTERS:,} characters.", "Shorten it.")
    return prompt


def prompts(session: TenantSession) -> tuple[SavedPrompt, ...]:
    """Return the saved prompts of a tenant, by name."""

    def read(tables: Tables) -> tuple[SavedPrompt, ...]:
        saved = map(from_stored, tables.table(TABLE))
        return tuple(sorted(saved, key=lambda prompt: prompt.name.casefold()))

    return session.store.cached("saved prompts", read, table=TABLE) if session.store.exists() else ()


def from_stored(record: Mapping[str, Any]) -> SavedPrompt:
    """Return the prompt of a record. A schema that somebody damaged is left out: it would check nothing."""
    schema: Mapping[str, Any] | None = None
    try:
        schema = parsed_schema(record["schema"], "The schema") if record.get("schema") else None
    except Problem:
        schema = None
    parameters = {one_line(name, 60): one_line(text, 1000) for name, text in record.get("parameters", {}).items()}
    return SavedPrompt(one_line(record["name"], 40), printable(record.get("system", "")), parameters, schema)


def find(session: TenantSession, name: str) -> SavedPrompt:
    """Return the prompt of a name.

    Raises:
        UsageError: There is none.
    """
    saved = {prompt.name: prompt for prompt in prompts(session)}
    if name in saved:
        return saved[name]
    near = did_you_mean(name, saved)
    raise UsageError(f"There is no saved prompt {one_line(name, 40)}.", near or "Save it first.")


def save(session: TenantSession, prompt: SavedPrompt, baseline: "Baseline[SavedPrompt] | None" = None) -> bool:
    """Store a prompt in place of one of its name; return whether there was one.

    Raises:
        Conflict: Another session saved or removed the prompt since `baseline` was read.
    """
    with session.store.transaction() as tables:
        _require_unchanged(session, prompt.name, baseline, prompt)
        return put(tables, prompt)


def put(tables: Tables, prompt: SavedPrompt) -> bool:
    """Store a prompt within a transaction; return whether it took the place of another one."""
    table, record = tables.table(TABLE), prompt.as_record()
    existing = [entry for entry in table if entry.get("name") == prompt.name]
    if not existing and len(table) >= _MAX_PROMPTS:
        raise UsageError(f"A tenant has up to {_MAX_PROMPTS} saved prompts.", "Remove some.")
    if [dict(entry) for entry in existing] != [record]:
        table.remove(doc_ids=[entry.doc_id for entry in existing])
        table.insert(record)
    return bool(existing)


def _require_unchanged(
    session: TenantSession, name: str, baseline: "Baseline[SavedPrompt] | None", new: SavedPrompt | None
) -> None:
    from tui.workspace.conflicts import require_unchanged  # lazy: a prompt that is saved or removed

    present = next((prompt for prompt in prompts(session) if prompt.name == name), None)
    require_unchanged(session, baseline, present, new, f"{'saved' if present else 'removed'} the prompt {name}")


def remove(session: TenantSession, name: str, baseline: "Baseline[SavedPrompt] | None" = None) -> None:
    """Remove a prompt.

    Raises:
        UsageError: There is none.
        Conflict: Another session changed the prompt since `baseline` was read.
    """
    find(session, name)
    with session.store.transaction() as tables:
        _require_unchanged(session, name, baseline, None)
        tables.table(TABLE).remove(lambda record: record.get("name") == name)
