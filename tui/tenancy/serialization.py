"""Convert dataclasses to records of a settings file, and back.

A record is as trustworthy as whoever could write the file: unknown entries are dropped, wrong kinds are refused, and
every text passes `printable` here, before it can reach a screen. A field with the metadata `stored=False` is neither
written nor read; one with `identity=True` must be stored as it is shown, which only IDs of models (`hidden=True`) need
not be: a provider chose them, and characters that are drawn as nothing are shown as escapes.

What reads records as they are relies on `misshapen`, by which the store refuses settings whose records have another
shape. Tables that it does not know may hold anything: a newer version may have written them. The table of operators is
among them, as one that was planted must not make a tenant unreadable.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any, TypeVar, get_origin, get_type_hints

from tui.sanitize import has_invisible, one_line, printable, visible
from tui.storage.settings_file import CorruptSettings, Damage

T = TypeVar("T")

_DATACLASS = "__dataclass_fields__"
"""What `is_dataclass` looks for, which costs more than all else here."""


def to_record(from_record: Any) -> dict[str, Any]:
    """Convert a dataclass to a JSON object, without default values other than booleans."""
    record: dict[str, Any] = {}
    kind: Any = type(from_record)
    for name, default in _default_values(kind).items():
        value = getattr(from_record, name)
        if value is True or value is False:
            record[name] = value
        elif value is not default:
            value = _entries(value) if hasattr(value, _DATACLASS) else value
            if value != default:
                record[name] = _plain(value)
    return record


def from_record(kind: type[T], record: Mapping[str, Any]) -> T:
    """Convert a JSON object to a dataclass of that type, or raise CorruptSettings."""
    try:
        value: T = _noun(kind, record)
        return value
    except _HiddenCharacters as problem:
        entry = f"an entry for a {kind.__name__.lower()}, {problem}, holds characters that are not shown"
        raise CorruptSettings(Damage.SHAPE, entry) from None
    except (TypeError, ValueError):
        raise CorruptSettings(Damage.SHAPE, f"an entry for a {kind.__name__.lower()} is not valid") from None


class _HiddenCharacters(ValueError):
    """Raised for a text that is shown otherwise than it is stored."""


def _noun(kind: Any, record: Any) -> Any:
    if type(record) is not dict and not isinstance(record, Mapping):
        raise TypeError
    readers = _readers(kind)
    return kind(**{name: readers[name](value) for name, value in record.items() if name in readers})


@cache
def _readers(kind: Any) -> Mapping[str, Callable[[Any], Any]]:
    hints = get_type_hints(kind)
    return {
        field.name: _identity_reader(field) if field.metadata.get("identity") else _reader(hints[field.name])
        for field in _stored_fields(kind)
    }


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin = get_origin(hint) or hint
    if origin is tuple:
        return _texts
    if origin is Mapping:
        return _texts_by_name
    if is_dataclass(origin):
        return partial(_noun, origin)
    if isinstance(origin, type) and issubclass(origin, StrEnum):
        return partial(_member, origin, {member.value: member for member in origin})
    if origin is int:
        return _count
    return _flag if origin is bool else _text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return printable(value)


def _identity_reader(field: Field[Any]) -> Callable[[Any], str]:
    return partial(_exact_text, hidden=bool(field.metadata.get("hidden")))


def _exact_text(value: Any, hidden: bool) -> str:
    """Read a text that records are found by; one that is shown otherwise than it is stored names something else."""
    if type(value) is str and value.isascii() and value.isprintable():
        return value  # a tenant may have 20,000 of them
    if _text(value) != value or (not hidden and has_invisible(value, joiners=True)):
        raise _HiddenCharacters(one_line(visible(value), 80))
    return str(value)


def _member(kind: type[StrEnum], members: Mapping[str, StrEnum], value: Any) -> StrEnum:
    return members.get(value) or kind(_text(value))


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(entry) for entry in value)


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise TypeError
    return {_text(name): _text(entry) for name, entry in value.items()}


def _count(value: Any) -> int:
    if not _is_count(value):
        raise TypeError
    return int(value)


def _flag(value: Any) -> bool:
    if not _is_flag(value):
        raise TypeError
    return bool(value)


@cache
def _default_values(kind: type) -> Mapping[str, Any]:
    return {field.name: _default(field) for field in _stored_fields(kind)}


def _default(field: Field[Any]) -> Any:
    if field.default_factory is MISSING:
        return field.default
    defaults: Any = field.default_factory()
    return _entries(defaults) if is_dataclass(defaults) and not isinstance(defaults, type) else defaults


@cache
def _stored_fields(kind: Any) -> tuple[Field[Any], ...]:
    return tuple(field for field in fields(kind) if field.metadata.get("stored", True))


def _entries(noun: Any) -> dict[str, Any]:
    """Return the stored fields by name; those of a noun in another as a dictionary."""
    kind: Any = type(noun)
    values = {field.name: getattr(noun, field.name) for field in _stored_fields(kind)}
    return {name: _entries(value) if hasattr(value, _DATACLASS) else value for name, value in values.items()}


def _plain(value: Any) -> Any:
    """Convert to plain JSON values: enums to their IDs, tuples to lists."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def invalid_record(table: str, records: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the key of the first record that the table cannot hold, '' if it can hold all of them."""
    fits = _TABLES.get(table)
    return next((key for key, record in records.items() if not fits(record)), "") if fits else ""


def _is_model(record: Mapping[str, Any]) -> bool:
    # Written out, as a tenant may have 20,000 of them and every command reads the file.
    get = record.get
    return (
        type(get("provider")) is type(get("id")) is str
        and (record["provider"].isascii() or _is_name(record["provider"]))
        and get("type") in _MODEL_TYPES
        and type(get("fields", _NONE)) is dict
        and type(get("price", _NONE)) is dict
        and type(get("inputs", _EMPTY)) is list
    )


def _has(required: tuple[str, ...], **kinds: Callable[[Any], bool]) -> Callable[[Mapping[str, Any]], bool]:
    """Return a check of records: the required entries are there, and those of a kind are of it; texts otherwise."""
    known = {name: _is_text for name in required} | kinds

    def fits(record: Mapping[str, Any]) -> bool:
        return all(name in record for name in required) and all(
            is_kind(record[name]) for name, is_kind in known.items() if name in record
        )

    return fits


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_name(value: Any) -> bool:
    """Return True for a text without hidden characters: with them, a name would count as another one."""
    return type(value) is str and (value.isascii() or not has_invisible(value, joiners=True))


def _is_count(value: Any) -> bool:
    """Return True for a whole number from 0 on: a negative one would give back what was used."""
    return type(value) is int and 0 <= value < _COUNTS


def _is_time(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < _COUNTS


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _are_texts(value: Any) -> bool:
    return type(value) is list and all(type(entry) is str for entry in value)


def _are_texts_by_name(value: Any) -> bool:
    return type(value) is dict and all(type(entry) is str for entry in value.values())


def _are_models(value: Any) -> bool:
    return type(value) is list and all(type(entry) is dict and _is_model(entry) for entry in value)


_COUNTS = 2**53
"""No count is larger; JSON readers of other languages hold numbers below it exactly."""
_NONE: Mapping[str, Any] = {}
_EMPTY: list[Any] = []
_MODEL_TYPES = ("chat", "embedding", "speech2text")

_TABLES: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "meta": _has(("id", "name", "key_id", "public_key"), protected=_is_flag, mark=_is_count),
    "credentials": _has(
        ("provider", "name", "envelope", "key_id", "clear", "origins"),
        provider=_is_name,
        name=lambda value: _is_name(value) and value != "",  # in the manifest, a blank one is a connection's
        clear=_are_texts_by_name,
        hints=_are_texts_by_name,
        fingerprints=_are_texts_by_name,
        origins=_are_texts,
        plain_http=_are_texts,
        references=_are_texts_by_name,
        active=_is_flag,
        kind=_is_name,
        created=_is_text,
        changed=_is_text,
        listed_at=_is_text,
        check=lambda value: type(value) is dict,
    ),
    "models": _is_model,
    "listings": _has(("provider", "credential", "models"), provider=_is_name, credential=_is_name, models=_are_models),
    "defaults": _has(
        ("type", "provider", "model"),
        type=lambda value: value in _MODEL_TYPES,
        provider=_is_name,
        set_at=_is_text,
        fallbacks=_are_texts,
    ),
    "connections": _has(("id", "kind"), id=_is_name, kind=_is_name),
    "sources": _has(("provider", "source"), provider=_is_name),
    "trials": _has(("provider", "calls", "models"), provider=_is_name, calls=_is_count, models=_are_texts),
    "used": _has(("tenant", "provider", "calls"), tenant=_is_name, provider=_is_name, calls=_is_count),
    "reservations": _has(
        ("tenant", "provider", "pid", "at"),
        tenant=_is_name,
        provider=_is_name,
        pid=lambda value: type(value) is int and 0 < value < 2**31,
        at=_is_time,
        uptime=_is_time,
    ),
    "prompts": _has(("name",), system=_is_text, parameters=_are_texts_by_name, schema=_is_text),
    "refused": _has(("provider", "model", "field"), provider=_is_name),
}
