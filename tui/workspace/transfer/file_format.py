"""The format of an export: sorted JSON, one item a line. Pure functions.

    {"modeldeck": "settings", "version": 1, "tenant": {"id", "name"}, "defaults": {type: "provider/model"},
     "fallbacks": {type: ["provider/model"]},
     "providers": {id: {"like", "active", "source", "models": […], "credentials": {name: {"fields", "secrets", …}}}},
     "prompts": {name: {"system", "parameters", "schema"}},
     "chats": {id: [{"time", "record"}]}}

`fallbacks` is there only if a default has some, and `chats` only in a file under a passphrase. `like` is the kind of a
connection. `secrets` are the names of the secret fields that are filled; in a file under a passphrase they map to the
secrets. No time is in it but those of chats, nor what a provider said when it was asked: the same settings make the
same file. A file is as trustworthy as whoever could write it: what is not as it should be is refused as a whole, in a
sentence.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from tui.domain import (
    FALLBACK_TYPES,
    MAX_FALLBACKS,
    Default,
    KeySource,
    Model,
    ModelType,
    VerificationResult,
    previous_of,
)
from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.openai_compatible import presets
from tui.sanitize import one_line
from tui.secret import Secret
from tui.storage.settings_file import CorruptSettings, read_json
from tui.tenancy.connections import NAME
from tui.tenancy.serialization import from_record, to_record
from tui.workspace.history import chats
from tui.workspace.history.files import Record
from tui.workspace.playground import saved_prompts
from tui.workspace.playground.answer_schema import parsed_schema
from tui.workspace.playground.saved_prompts import SavedPrompt

KIND = "settings"
VERSION = 1
MAX_SIZE = 64 * 1024 * 1024
"""Bytes of a file; what is not one flat object, as an encrypted file is, may have `_MAX_PLAIN_SIZE`."""
_MAX_PLAIN_SIZE = 16 * 1024 * 1024
_MAX_CREDENTIALS = 100
_MAX_MODELS = 50_000
_MODEL_FIELDS = {field.name for field in fields(Model)} - {"provider"}


@dataclass(frozen=True)
class FileCredential:
    """A credential in a file: `needs` names its secret fields, `secrets` holds those in the file.

    `check` and `listed` are what the provider said of it just now; no file holds them.
    """

    provider: str
    name: str
    clear: Mapping[str, str]
    needs: tuple[str, ...] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    plain_http: tuple[str, ...] = ()
    check: VerificationResult | None = None
    listed: tuple[Model, ...] | None = None


@dataclass(frozen=True)
class FileChat:
    """A recorded chat in a file: its ID, and its records in their order."""

    id: str
    records: tuple[Record, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Bundle:
    """The content of a file.

    `active` is the active credential by provider, `sources` whose key pays, `connections` the kind of each by name.
    """

    id: str
    name: str
    credentials: tuple[FileCredential, ...] = ()
    active: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, KeySource] = field(default_factory=dict)
    models: tuple[Model, ...] = ()
    defaults: tuple[Default, ...] = ()
    connections: Mapping[str, str] = field(default_factory=dict)
    prompts: tuple[SavedPrompt, ...] = ()
    chats: tuple[FileChat, ...] = ()


def to_json(bundle: Bundle) -> str:
    """Format a bundle as JSON. Its secrets and chats are in clear: encrypt the text at once."""
    ids = {
        *(credential.provider for credential in bundle.credentials),
        *(model.provider for model in bundle.models),
        *bundle.sources,
        *bundle.connections,
    }
    prompts = {prompt.name: _prompt(prompt) for prompt in bundle.prompts}
    fallbacks = {str(default.type): list(default.fallbacks) for default in bundle.defaults if default.fallbacks}
    whole = {
        "modeldeck": KIND,
        "version": VERSION,
        "tenant": {"id": bundle.id, "name": bundle.name},
        "defaults": {
            str(default.type): default.ref for default in sorted(bundle.defaults, key=lambda default: default.type)
        },
        **({"fallbacks": fallbacks} if fallbacks else {}),
        "providers": {tenant_id: _provider(bundle, tenant_id) for tenant_id in sorted(ids)},
        **({"prompts": prompts} if prompts else {}),
        **({"chats": {chat.id: _records(chat) for chat in bundle.chats}} if bundle.chats else {}),
    }
    return "\n".join(_lines(whole)) + "\n"


def read(content: bytes, *, decrypted: bool = False) -> Any:
    """Read the JSON of an export, encrypted, decrypted or plain; raise UsageError for anything else."""
    # Nested JSON takes many times its size in memory: that of a stranger is read only up to what settings need.
    flat = content.count(b"{") + content.count(b"[") == 1
    max_size = MAX_SIZE if flat or decrypted else _MAX_PLAIN_SIZE
    if len(content) > max_size:
        raise UsageError(f"The file is larger than {max_size // 1024 // 1024} MiB.", "Is it the right file?")
    try:
        data = read_json(content)
    except CorruptSettings as problem:
        raise UsageError(f"The file cannot be imported: {problem.what}.", "Nothing was changed.") from None
    if not isinstance(data, dict) or not isinstance(data.get("modeldeck"), str):
        raise UsageError("The file was not exported by Modeldeck.", "Is it the right file?")
    return data


def parse(data: Any) -> Bundle:
    """Convert the JSON of an export; raise UsageError that names the first invalid entry."""
    if isinstance(data, dict) and type(data.get("version")) is int and data["version"] > VERSION:
        raise UsageError("The file was written by a newer Modeldeck.", "Use that version here too.")
    whole = _entries(
        data,
        "The file",
        modeldeck=str,
        version=int,
        tenant=dict,
        defaults=dict,
        fallbacks={},
        providers=dict,
        prompts={},
        chats={},
    )
    if (whole["modeldeck"], whole["version"]) != (KIND, VERSION):
        raise _wrong("The file", "is of another kind")
    tenant = _entries(whole["tenant"], "tenant", id=str, name=str)
    bundle = Bundle(tenant["id"], tenant["name"])
    for provider_id, record in whole["providers"].items():
        bundle = _with_provider(bundle, provider_id, record)
    defaults = tuple(_defaults(whole["defaults"], whole["fallbacks"], bundle.connections))
    prompts = tuple(_saved_prompt(name, record) for name, record in whole["prompts"].items())
    recorded = tuple(_chat(chat_id, records) for chat_id, records in whole["chats"].items())
    return replace(bundle, defaults=defaults, prompts=prompts, chats=recorded)


# --- writing ----------------------------------------------------------------------------------------------------------


def _provider(bundle: Bundle, provider_id: str) -> dict[str, Any]:
    record = {
        credential.name: _credential(credential)
        for credential in bundle.credentials
        if credential.provider == provider_id
    }
    models = sorted((model for model in bundle.models if model.provider == provider_id), key=lambda e: (e.type, e.id))
    parts = {
        "like": bundle.connections.get(provider_id, ""),
        "active": bundle.active.get(provider_id, ""),
        "source": str(bundle.sources.get(provider_id, "")),
        "credentials": dict(sorted(record.items())),
        "models": [_of_a_model(model) for model in models],
    }
    return {name: value for name, value in parts.items() if value}


def _prompt(prompt: SavedPrompt) -> dict[str, Any]:
    record = prompt.as_record()
    return {name: record[name] for name in ("system", "parameters", "schema") if record[name]}


def _records(chat: FileChat) -> list[dict[str, Any]]:
    return [{"time": record.time, "record": record.content} for record in chat.records]


def _of_a_model(model: Model) -> dict[str, Any]:
    record = to_record(replace(model, fields=dict(sorted(model.fields.items()))))
    return {name: value for name, value in record.items() if name != "provider" and value is not False}


def _credential(credential: FileCredential) -> dict[str, Any]:
    opened = {name: credential.secrets[name].reveal() for name in sorted(credential.secrets)}
    parts = {
        "fields": dict(sorted(credential.clear.items())),
        "secrets": opened or sorted(credential.needs),
        "plain_http": sorted(credential.plain_http),
    }
    return {name: value for name, value in parts.items() if value}


def _lines(value: Any, indent: str = "", name: str = "", end: str = "") -> Iterator[str]:
    """Format JSON, one entry a line; a model, or a list of names, on one."""
    head = f"{indent}{json.dumps(name, ensure_ascii=False)}: " if name else indent
    of_texts = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    is_model = isinstance(value, dict) and indent and not name
    if not isinstance(value, dict | list) or not value or of_texts or is_model:
        yield f"{head}{json.dumps(value, ensure_ascii=False)}{end}"
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    items = list(value.items()) if isinstance(value, dict) else [("", entry) for entry in value]
    yield f"{head}{opening}"
    for place, (entry, item) in enumerate(items, 1):
        yield from _lines(item, f"{indent}  ", entry, "," if place < len(items) else "")
    yield f"{indent}{closing}{end}"


# --- reading ----------------------------------------------------------------------------------------------------------


def _with_provider(bundle: Bundle, provider_id: str, data: Any) -> Bundle:
    like = data.get("like") if isinstance(data, dict) else None
    if provider_id not in PROVIDERS and not (NAME.fullmatch(provider_id) and presets.kind(str(like))):
        raise _wrong("The file", f"names an unknown provider, {one_line(provider_id, 40)}")
    label = _label(provider_id)
    record = _entries(data, label, like="", active="", source="", credentials={}, models=[])
    if like and provider_id in PROVIDERS:
        raise _wrong(label, "is no connection")
    if len(record["credentials"]) > _MAX_CREDENTIALS or len(record["models"]) > _MAX_MODELS:
        raise _wrong(label, "has too many credentials or models")
    credentials = tuple(_credential_from(provider_id, name, entry) for name, entry in record["credentials"].items())
    models = tuple(_model(provider_id, entry) for entry in record["models"])
    if len({(model.id, model.type) for model in models}) != len(models):
        raise _wrong(label, "has a model twice")
    active, source = record["active"], record["source"]
    if active and active not in {credential.name for credential in credentials}:
        raise _wrong(label, "uses a credential that is not in the file")
    if previous_of(active):
        raise _wrong(label, "uses the previous key of a credential")
    if source and source not in list(KeySource):
        raise _wrong(label, "has a source that is neither own nor trial")
    return replace(
        bundle,
        credentials=(*bundle.credentials, *credentials),
        active={**bundle.active, **({provider_id: active} if active else {})},
        sources={**bundle.sources, **({provider_id: KeySource(source)} if source else {})},
        models=(*bundle.models, *models),
        connections={**bundle.connections, **({provider_id: like} if like else {})},
    )


def _label(provider_id: str) -> str:
    return PROVIDERS[provider_id].label if provider_id in PROVIDERS else provider_id


def _credential_from(provider_id: str, name: str, data: Any) -> FileCredential:
    where = f"{_label(provider_id)} {one_line(name, 40)}"
    secrets = data.get("secrets") if isinstance(data, dict) else None
    opened = secrets if isinstance(secrets, dict) else {}
    record = _entries(data | {"secrets": list(opened)} if opened else data, where, fields={}, secrets=[], plain_http=[])
    texts = (*record["fields"].values(), *record["secrets"], *record["plain_http"], *opened.values())
    if not all(isinstance(text, str) for text in texts):
        raise _wrong(where, "is not valid")
    boxes = {entry: Secret(value) for entry, value in opened.items()}
    return FileCredential(
        provider_id, name, record["fields"], tuple(record["secrets"]), boxes, tuple(record["plain_http"])
    )


def _model(provider_id: str, data: Any) -> Model:
    label = _label(provider_id)
    if not isinstance(data, dict) or not {"id", "type"} <= set(data) <= _MODEL_FIELDS:
        raise _wrong(label, "has a model that is not valid")
    try:
        model = from_record(Model, {**data, "provider": provider_id})
    except CorruptSettings:
        raise _wrong(label, "has a model that is not valid") from None
    if model.id != data["id"]:
        raise _wrong(label, f"has an invalid model ID, {one_line(model.id, 60)}")
    dates = all(not entry or re.fullmatch(r"\d{4}-\d{2}-\d{2}", entry) for entry in (model.ends, model.gone))
    if not dates or not 0 <= min(model.context, model.dimensions) <= max(model.context, model.dimensions) < 10**12:
        raise _wrong(label, f"has an invalid model, {one_line(model.id, 60)}")
    return model


def _defaults(
    data: Mapping[str, Any], fallbacks: Mapping[str, Any], connections: Mapping[str, str]
) -> Iterator[Default]:
    providers = {*PROVIDERS, *connections}
    if not fallbacks.keys() <= data.keys():
        raise _wrong("The file", "has a fallback without a default")
    for kind, ref in data.items():
        others = fallbacks.get(kind, [])
        of_type = kind in list(ModelType) and (not others or kind in FALLBACK_TYPES)
        if not of_type or not isinstance(others, list) or len(others) > MAX_FALLBACKS:
            raise _wrong("The file", "has a default that names no model, or too many")
        refs = [_ref(entry, providers) for entry in (ref, *others)]
        yield Default(ModelType(kind), *refs[0], "", tuple("/".join(other) for other in refs[1:]))


def _ref(ref: Any, providers: set[str]) -> tuple[str, str]:
    provider, slash, model = ref.partition("/") if isinstance(ref, str) else ("", "", "")
    if provider not in providers or not slash or not model:
        raise _wrong("The file", "has a default that names no model")
    return provider, one_line(model, 200)


def _saved_prompt(name: str, data: Any) -> SavedPrompt:
    where = f"The saved prompt {one_line(name, 40)}"
    record = _entries(data, where, system="", parameters={}, schema="")
    if not all(isinstance(text, str) for text in record["parameters"].values()):
        raise _wrong(where, "has no valid parameters")
    try:
        schema = parsed_schema(record["schema"], "The schema") if record["schema"] else None
        return saved_prompts.create(name, record["system"], record["parameters"], schema)
    except UsageError as problem:
        raise UsageError(f"{where} is not valid: {problem.message}", "Nothing was changed.") from None


def _chat(chat_id: str, data: Any) -> FileChat:
    where = f"The chat {one_line(chat_id, 40)}"
    if not isinstance(data, list):
        raise _wrong(where, "is not valid")
    entries = [_entries(entry, where, time=str, record=dict) for entry in data]
    chat = FileChat(chat_id, tuple(Record(entry["time"], entry["record"]) for entry in entries))
    if not chats.is_valid(chat.id, chat.records):
        raise _wrong(where, "is not valid")
    return chat


def _entries(data: Any, where: str, **expected: Any) -> dict[str, Any]:
    """Return the entries of an object with the given types; those with a default may be missing."""
    if not isinstance(data, dict):
        raise _wrong(where, "is not valid")
    if unknown := [entry for entry in data if entry not in expected]:
        raise _wrong(where, f"holds {one_line(unknown[0], 40)}, which this version does not know")
    record = {
        name: data.get(name, None if isinstance(default, type) else default) for name, default in expected.items()
    }
    for name, default in expected.items():
        if type(record[name]) is not (default if isinstance(default, type) else type(default)):
            raise _wrong(where, f"has no valid {name}")
    return record


def _wrong(where: str, what: str) -> UsageError:
    return UsageError(f"{where} {what}.", "The file was not imported, and nothing was changed.")
