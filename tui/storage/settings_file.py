"""Encode and decode a settings file. Pure functions.

    {"schema": 1, "generation": 7, "saved": "2026-11-22T13:51:00Z", "by": {"version": "1.4", "pid": 4127, …},
     "sha256": "…", "data": {table: {id: record}}}

The checksum is over all the rest: it tells bad disks and edits by hand from what was saved. A file of an older schema
is brought up on reading, by one pure function for each step; one of a newer schema can be looked at, not written.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import isfinite
from typing import Any, NoReturn

from tui import __version__
from tui.errors import Problem
from tui.sanitize import one_line

Content = dict[str, dict[str, dict[str, Any]]]
"""Records by table and id."""

MIGRATIONS: tuple[Callable[[Content], Content], ...] = ()
"""What brings the tables of schema 1 to 2, of 2 to 3, and so on. Each may change the copy that it is given."""

_DATA, _END = b',\n"data": ', b"}\n"
"""What stands before and behind the tables in a file. No JSON text holds a line end, so the first one is meant."""

_MAYBE_SURROGATE = b"\xed"
"""What a surrogate begins with that was encoded all the same."""

_BOM = b"\xef\xbb\xbf"
_DECODE = json.JSONDecoder(parse_constant=lambda text: _not_a_number(text)).decode
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_ID = re.compile(r"0|[1-9][0-9]{0,17}").fullmatch
_RECORDS_PER_PIECE = 200
"""Records that are put into JSON in one piece: other threads have their turn in between."""


def schema() -> int:
    """Return the schema number that this version writes."""
    return len(MIGRATIONS) + 1


class Damage(StrEnum):
    """What is wrong with a settings file that is not read."""

    MISSING = "missing"
    EMPTY = "empty"
    ENCODING = "encoding"
    CUT = "cut"
    SYNTAX = "syntax"
    SHAPE = "shape"
    DUPLICATE = "duplicate"
    NUMBER = "number"
    CHECKSUM = "checksum"
    NEWER = "newer"


class CorruptSettings(Problem):
    """Raised for a settings file that is not read."""

    def __init__(self, kind: Damage, what: str, path: str = "", hint: str = "") -> None:
        super().__init__(
            f"The settings cannot be read: {what}.",
            hint or "The file is unchanged; nothing was saved.",
        )
        self.kind = kind
        self.what = what
        self.path = path


class LossyRecord(ValueError):
    """Raised for a record that JSON holds as another one."""


@dataclass(frozen=True)
class Document:
    """One state of the settings: its number, when it was saved (ISO 8601, UTC) and by which process, its tables.

    `schema` is that of the file that it was read from, None for one that is to be written.
    """

    generation: int
    saved: str
    data: Content
    by: Mapping[str, Any] = field(default_factory=dict)
    schema: int | None = None
    _texts: dict[str, Mapping[str, str]] = field(default_factory=dict, init=False, compare=False, repr=False)
    _tables: dict[str, bytes] = field(default_factory=dict, init=False, compare=False, repr=False)
    _digests: dict[frozenset[str], str] = field(default_factory=dict, init=False, compare=False, repr=False)

    def texts(self, table: str) -> Mapping[str, str]:
        """Return the canonical JSON of the records of a table by ID; encoded once, when it is first needed."""
        if table not in self._texts:
            self._texts[table] = {key: record_text(record) for key, record in self.data.get(table, {}).items()}
        return self._texts[table]

    def encoded_table(self, table: str) -> bytes:
        """Return the canonical JSON of a table; encoded once."""
        if table not in self._tables:
            texts = self.texts(table)
            entries = ",".join([f'"{key}":{texts[key]}' for key in sorted(texts)])
            self._tables[table] = f"{{{entries}}}".encode("utf-8", "surrogatepass")
        return self._tables[table]

    def canonical(self, tables: Iterable[str]) -> bytes:
        """Return some tables as JSON, always in the same order and layout; only what has no text yet is encoded."""
        return b"".join(self._pieces(tables))

    def digest(self, tables: Iterable[str]) -> str:
        """Return the SHA-256 of some tables, in hex; computed once."""
        names = frozenset(tables)
        if names not in self._digests:
            sha256 = hashlib.sha256()
            for piece in self._pieces(names):
                sha256.update(piece)
            self._digests[names] = sha256.hexdigest()
        return self._digests[names]

    def _pieces(self, tables: Iterable[str]) -> Iterator[bytes]:
        yield b"{"
        for number, name in enumerate(sorted(tables)):
            yield f"{',' if number else ''}{_json(name)}:".encode("utf-8", "surrogatepass")
            yield self.encoded_table(name)
        yield b"}"

    @property
    def newer(self) -> Problem | None:
        """Why this state is read-only; None if it can be changed."""
        if self.schema is None or self.schema <= schema():
            return None
        version = one_line(str(self.by.get("version") or "of a later version"), 40)
        return Problem(f"Written by Modeldeck {version}; this is {__version__}.", "You can view it, not change it.")


def encode(document: Document) -> bytes:
    """Encode a document as the bytes of a settings file: canonical JSON, one text for one content."""
    body = document.canonical(document.data)
    if _MAYBE_SURROGATE in body:
        body.decode()  # raises ValueError for a lone surrogate, which UTF-8 has not
    head = {"schema": schema(), "generation": document.generation, "saved": document.saved}
    if document.by:
        head["by"] = dict(document.by)
    line = f'{json.dumps(head)[:-1]}, "sha256": "{_digest(head, body)}"'
    return b"".join((line.encode(), _DATA, body, _END))


def decode(content: bytes, path: str = "", *, edited: bool = False) -> Document:
    """Read a settings file; CorruptSettings says what is wrong with it. With `edited` its checksum may be wrong."""
    parsed = _as_saved(content)
    whole = parsed is not None
    if parsed is None:
        parsed = read_json(content, path)
    if not isinstance(parsed, dict) or type(parsed.get("schema")) is not int:
        raise CorruptSettings(Damage.SHAPE, "it is JSON, but not a settings file", path)
    generation, saved, data, by = (parsed.get(name) for name in ("generation", "saved", "data", "by"))
    if (
        parsed["schema"] < 1
        or type(generation) is not int
        or not 0 <= generation < 2**53
        or not isinstance(saved, str)
        or not isinstance(by or {}, dict)
        or not isinstance(data, dict)
        or not all(_is_table(table) for table in data.values())
    ):
        raise _invalid_record(parsed["schema"], path)
    try:
        whole = whole or parsed.get("sha256") == _digest(parsed, canonical(data).encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        raise CorruptSettings(Damage.SYNTAX, "it is not JSON that a settings file can hold", path) from None
    if not whole and parsed["schema"] > schema():
        raise _invalid_record(parsed["schema"], path)
    if not whole and not edited:
        hint = "It was edited by hand, or the disk is faulty. Nothing was saved."
        raise CorruptSettings(Damage.CHECKSUM, "it is not as it was saved", path, hint)
    return Document(generation, saved, _brought_up(data, parsed["schema"], path), by or {}, parsed["schema"])


def _as_saved(content: bytes) -> dict[str, Any] | None:
    """Read a file whose checksum fits the bytes as `encode` lays them out; None for any other.

    It needs neither the tables written again for the checksum nor a look for entries that appear twice.
    """
    head, mark, rest = content.partition(_DATA)
    if not mark or not rest.endswith(_END):
        return None
    body = rest[: -len(_END)]
    try:
        parsed = read_json(head + b"}")
        if parsed["sha256"] != _digest(parsed, body):
            return None
        return {**parsed, "data": json.loads(body, parse_constant=_not_a_number, parse_float=_finite)}
    except (CorruptSettings, LookupError, TypeError, ValueError, RecursionError):
        return None


def canonical(data: Content) -> str:
    """Encode the tables as JSON, always in the same order and layout."""
    tables = (f"{json.dumps(name, ensure_ascii=False)}:{{{','.join(_pieces(data[name]))}}}" for name in sorted(data))
    return f"{{{','.join(tables)}}}"


def record_text(record: Mapping[str, Any]) -> str:
    """Return a record as canonical JSON. Raises ValueError or TypeError for what JSON cannot hold."""
    return _ENCODER.encode(record)


def following(document: Document, before: Document) -> Document:
    """Return a document to be written after another; only what differs between the two is encoded, and parsed again.

    Raises:
        ValueError, TypeError, RecursionError: A record cannot be stored.
        LossyRecord: A record is another when it is read again.
    """
    data: Content = {}
    texts: dict[str, Mapping[str, str]] = {}
    tables: dict[str, bytes] = {}
    for name, table in document.data.items():
        old, known = before.data.get(name, {}), before.texts(name)
        if table == old:
            data[name], texts[name], tables[name] = old, known, before.encoded_table(name)
            continue
        changed = {key: record_text(record) for key, record in table.items() if old.get(key) != record}
        entries = ",".join([f'"{key}":{text}' for key, text in changed.items()])
        read = _DECODE(f"{{{entries}}}")
        if not _is_table(read) or any(read[key] != table[key] for key in read):
            raise LossyRecord
        data[name] = {key: read[key] if key in read else old[key] for key in table}
        texts[name] = {key: changed[key] if key in changed else known[key] for key in table}
    after = replace(document, data=data)
    after._texts.update(texts)
    after._tables.update(tables)
    return after


def copy_tables(data: Content) -> Content:
    """Return a copy whose records can be changed; what is in an entry of a record is replaced, never changed."""
    return {name: {key: dict(record) for key, record in table.items()} for name, table in data.items()}


def same(one: Content, other: Content) -> bool:
    """Return True if two states have the same records; compared one by one, so that threads can switch."""
    return one.keys() == other.keys() and all(
        table.keys() == other[name].keys() and all(record == other[name][key] for key, record in table.items())
        for name, table in one.items()
    )


def has_field(data: Content, table: str, field: str) -> bool:
    """Return True if a record of a table has that field."""
    return any(field in record for record in data.get(table, {}).values())


def without_field(data: Content, table: str, field: str) -> Content:
    """Return the tables without a field of the records of one."""
    records = data.get(table, {}).items()
    stripped = {key: {name: value for name, value in record.items() if name != field} for key, record in records}
    return {**data, table: stripped}


def _pieces(table: Mapping[str, Any]) -> Iterator[str]:
    ids = sorted(table)
    for start in range(0, len(ids), _RECORDS_PER_PIECE):
        yield _json({tenant_id: table[tenant_id] for tenant_id in ids[start : start + _RECORDS_PER_PIECE]})[1:-1]


def _json(value: Any) -> str:
    return _ENCODER.encode(value)


def _digest(head: Mapping[str, Any], body: bytes) -> str:
    """Return the SHA-256 over the fields beside the checksum in a file, and over the tables."""
    lines = [
        str(head["schema"]),
        str(head["generation"]),
        head["saved"],
        *([_json(head["by"])] if "by" in head else []),
    ]
    sha256 = hashlib.sha256(b"".join([line.encode("utf-8", "surrogatepass") + b"\n" for line in lines]))
    sha256.update(body)
    return sha256.hexdigest()


def _brought_up(data: Content, version: int, path: str) -> Content:
    for step in range(version, schema()):
        try:
            data = MIGRATIONS[step - 1](deepcopy(data))
            canonical(data)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise CorruptSettings(
                Damage.SHAPE, f"its version {version} could not be brought up to {step + 1}", path
            ) from None
    return data


def _invalid_record(version: int, path: str) -> CorruptSettings:
    if version > schema():
        what = f"it was written by a newer Modeldeck (version {version} of the file; this one knows {schema()})"
        return CorruptSettings(Damage.NEWER, what, path, "Use the newer Modeldeck. The file is unchanged.")
    return CorruptSettings(Damage.SHAPE, "parts of it are missing or misplaced", path)


def _is_table(table: Any) -> bool:
    return isinstance(table, dict) and all(map(_ID, table)) and all(type(record) is dict for record in table.values())


def read_json(content: bytes, path: str = "") -> Any:
    """Decode strict JSON in UTF-8.

    Raises:
        CorruptSettings: The content is anything else, for example an object with a key twice.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise CorruptSettings(Damage.EMPTY, "the file is empty", path)
    try:
        text = content.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        raise CorruptSettings(Damage.ENCODING, "it is not text in UTF-8", path) from None
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_not_a_number, parse_float=_finite)
    except _DuplicateName:
        raise CorruptSettings(Damage.DUPLICATE, "an entry appears twice", path) from None
    except _NotANumber:
        raise CorruptSettings(Damage.NUMBER, "it contains an invalid number", path) from None
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise CorruptSettings(Damage.CUT, "the file ends in the middle", path) from None
        place = f"line {error.lineno}, column {error.colno}"
        raise CorruptSettings(Damage.SYNTAX, f"it is not JSON ({place})", path) from None
    except (ValueError, RecursionError):
        raise CorruptSettings(Damage.SYNTAX, "it is not JSON that a settings file can hold", path) from None


class _DuplicateName(ValueError):
    pass


class _NotANumber(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise _DuplicateName
    return unique


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise _NotANumber
    return number


def _not_a_number(_: str) -> NoReturn:
    raise _NotANumber
