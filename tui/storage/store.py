"""The settings of one tenant: TinyDB tables in one file, changed in transactions.

A transaction holds the folder's lock over fresh read, change and commit, so two sessions lose nothing to each other.
What is written is parsed again first; the five states before stay beside it as `settings.json.1` to `.5`. A file that
cannot be trusted (empty, cut, edited, of a newer version) is named and left as it is, never read as empty.
TinyDB works on memory here: its own file storage rewrites in place and cannot survive being killed.
"""

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from tinydb import TinyDB
from tinydb.storages import Storage

from tui import __version__
from tui.errors import Problem, UsageError
from tui.process import identity
from tui.storage.folder import Folder
from tui.storage.settings_file import (
    Content,
    CorruptSettings,
    Damage,
    Document,
    LossyRecord,
    copy_tables,
    decode,
    encode,
    following,
    has_field,
    record_text,
    same,
    schema,
    without_field,
)

EARLIER_STATES = 5
_DAMAGED, _OLDER = ".damaged-", ".v"
"""The part between the name of a settings file and the number of a copy that is kept beside it."""

T = TypeVar("T")

Saved = Callable[[Document | None, Document, str], None]
"""(before, after, earlier state put back or EDITED or '') -> hears of every change, under the lock, once on disk."""

EDITED = "edited"
"""What the file itself held, edited by hand, is what holds from now on."""

Tables = TinyDB
"""The tables of one state of a settings file, as the workspace reads and changes them."""

Forget = Callable[[str, Mapping[str, Any]], bool]
"""(table, record) -> whether the record must vanish from the earlier states as well."""

RepairHistory = Callable[[Tables, Tables], None]
"""(an earlier state, the same without what is forgotten) -> changes the second where something depended on that."""


Misshapen = Callable[[str, Mapping[str, Mapping[str, Any]]], str]
"""(table, records) -> the key of a record that the table cannot hold, or ''."""


@dataclass(frozen=True)
class SavedState:
    """An earlier state beside the settings file: its file name, and what it holds or why it cannot be read."""

    name: str
    document: Document | None
    problem: CorruptSettings | None = None


_EMPTY = Document(0, "", {})


@dataclass
class _State:
    """The cached state: the file's version token and bytes, its document, and what was computed from it."""

    stamp: Hashable
    content: bytes
    document: Document
    tables: Tables
    cache: dict[str, tuple[Hashable, Any]]


class Store:
    """One settings file in a folder."""

    def __init__(
        self,
        folder: Folder,
        name: str = "settings.json",
        clock: Callable[[], float] = time.time,
        saved: Saved = lambda before, after, restored: None,
        misshapen: Misshapen = lambda table, records: "",
        writer: Callable[[], Mapping[str, Any]] = lambda: identity.session(),
    ) -> None:
        self.folder, self.name = folder, name
        self._clock, self._saved, self._misshapen, self.writer = clock, saved, misshapen, writer
        self._by_table: dict[str, tuple[tuple[Hashable, Any], Any]] = {}
        self._converted: dict[str, tuple[Mapping[str, Any], dict[str, Any]]] = {}
        self._cache: _State | None = None

    @property
    def where(self) -> str:
        """The path of the file, or the place in a shared store, for people."""
        return str(self.folder.path / self.name) if self.folder.path else getattr(self.folder, "label", self.name)

    def version_token(self) -> Hashable | None:
        """Return a value that differs whenever the file was replaced; None without a file."""
        return self.folder.version_token(self.name)

    def exists(self) -> bool:
        """Return True if the file exists, readable or not."""
        return self.version_token() is not None

    def read(self) -> Tables:
        """Read the tables; the same object until the file changes. Never write to it."""
        return self._current_state().tables

    def document(self) -> Document:
        """Read the document: the tables, and who saved them when. Never write to it."""
        return self._current_state().document

    def write_blocker(self) -> Problem | None:
        """Return why the settings can be read but not changed, or None."""
        return self.document().newer or self.folder.write_blocker()

    def cached(self, name: str, make: Callable[[Tables], T], key: Hashable = None, table: str = "") -> T:
        """Return `make(tables)`, computed once for each state of the file and each `key`.

        What depends on one `table` alone is kept as long as that table stays the same.
        """
        now = self._current_state()
        tables, cache = now.tables, now.cache
        if name not in cache or cache[name][0] != key:
            records = (tables.storage.read() or {}).get(table, {})
            derived = self._by_table.get(name)
            if not table or derived is None or derived[0] != (key, records):
                derived = ((key, records), make(tables))
            if table:
                self._by_table[name] = derived
            cache[name] = (key, derived[1])
        value: T = cache[name][1]
        return value

    def convert(self, table: str, make: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
        """Return `make(record)` for the records of a table; only records that changed are converted again."""

        def read(tables: Tables) -> tuple[T, ...]:
            records = (tables.storage.read() or {}).get(table, {})
            before, values = self._converted.get(table, ({}, {}))
            values = {
                key: values[key] if before.get(key) == record else make(record) for key, record in records.items()
            }
            self._converted[table] = (records, values)
            return tuple(values.values())

        return self.cached(f"converted {table}", read, table=table)

    def create(self, meta: Mapping[str, Any], tables: Content | None = None) -> None:
        """Write the first state of the file: one record in the table `meta`, and the other tables."""
        with self.folder.lock():
            if self.exists() or self.folder.generations(self.name):
                raise UsageError(f"Settings already exist: {self.where}.", "Choose another ID.")
            first = Document(1, self._now(), {**(tables or {}), "meta": {"1": dict(meta)}})
            self._saved(None, self._commit(first, keep=0), "")

    @contextmanager
    def transaction(self, forget: Forget | None = None, repair: RepairHistory | None = None) -> Iterator[Tables]:
        """Yield the tables for a change; save them at the end, unless nothing changed or an exception ends it.

        With `forget`, the earlier states are rewritten first without the records it names (`repair` mends what depended
        on them), and the state before this change is not kept: what is forgotten is in no file afterwards.
        """
        if not self.exists() and not self.folder.generations(self.name):
            raise Problem("These settings were removed in another session.", "Nothing was written.")
        with self.folder.lock():
            document = self._load()
            if document.newer:
                raise document.newer
            tables = tables_of(copy_tables(document.data), document)
            yield tables
            after = {name: table for name, table in (tables.storage.read() or {}).items() if table}
            if forget is not None:
                self._rewrite_generations(forget, repair)
            if forget is not None or not same(after, document.data):
                self._keep_older(document)
                keep = 0 if forget is not None else EARLIER_STATES
                written = self._commit(Document(document.generation + 1, self._now(), after), keep, document)
                self._saved(document, written, "")

    def forget_generations(self, forget: Forget) -> None:
        """Rewrite the earlier states without some records; unreadable states are removed."""
        with self.folder.lock():
            self._rewrite_generations(forget)

    def remove_field(self, table: str, field: str) -> None:
        """Remove a field from the records of a table, in the settings and in their earlier states.

        No earlier state is added. States that cannot be read are left as they are.
        """
        with self.folder.lock():
            document = self._load()
            if document.newer:
                raise document.newer
            for earlier in self.earlier():
                if earlier.document is not None and has_field(earlier.document.data, table, field):
                    data = without_field(earlier.document.data, table, field)
                    self.folder.write(earlier.name, encode(replace(earlier.document, data=data)))
            if has_field(document.data, table, field):
                data = without_field(document.data, table, field)
                number = document.generation + 1
                changed = replace(document, generation=number, saved=self._now(), data=data)
                self._saved(document, self._commit(changed, keep=0), "")

    def earlier(self) -> list[SavedState]:
        """Return the earlier states, newest first."""
        states = []
        for name in self.folder.generations(self.name):
            try:
                states.append(SavedState(name, self._earlier(name)))
            except CorruptSettings as problem:
                states.append(SavedState(name, None, problem))
        return states

    def hand_edited(self) -> Document | None:
        """Return the document of a file of which only the checksum is wrong: it may have been edited by hand."""
        try:
            self._load()
        except CorruptSettings as damage:
            if damage.kind is Damage.CHECKSUM:
                return self._decode(self.folder.read(self.name) or b"", self.where, edited=True)
        return None

    def accept_edit(self) -> None:
        """Save the file that was edited by hand with a valid checksum."""
        with self.folder.lock():
            document = self.hand_edited()
            if document is None:
                raise UsageError("Nothing was edited by hand.", "The settings are as saved, or cannot be read.")
            self._keep_older(document)
            accepted = replace(document, generation=document.generation + 1, saved=self._now())
            self._saved(None, self._commit(accepted, keep=0), EDITED)

    def copy_name(self) -> str:
        """Return the name that keeps the present file when an earlier state replaces it, or ''."""
        if not self.exists():
            return ""
        names = self.folder.names()
        numbers = (f"{self.name}{_DAMAGED}{n}" for n in range(1, len(names) + 2))
        return next(number for number in numbers if number not in names)

    def restore(self, name: str, generation: int = 0) -> str:
        """Put an earlier state in place; return the name under which a damaged file that was there is kept.

        A file that can be read becomes an earlier state itself. `generation` is the state's as it was looked at.

        Raises:
            Problem: Another session saved, so that another state has that name.
        """
        with self.folder.lock():
            document, present = self._earlier(name), self._read_present()
            if generation and document.generation != generation:
                raise Problem("The settings were saved in another session.", "Nothing was restored. Choose again.")
            copy_name = "" if present else self.copy_name()
            if copy_name:
                self.folder.write(copy_name, self.folder.read(self.name) or b"")
            number = max(document.generation, present.generation if present else 0) + 1
            restored = replace(document, generation=number, saved=self._now())
            self._saved(present, self._commit(restored, EARLIER_STATES if present else 0), name)
            return copy_name

    def _read_present(self) -> Document | None:
        """Return the present document, or None if it cannot be read or is of a newer version."""
        try:
            document = self._load()
        except CorruptSettings:
            return None
        return None if document.newer else document

    # --- inside ------------------------------------------------------------------------------------------------------

    def _current_state(self) -> _State:
        stamp = self.version_token()
        if self._cache is None or self._cache.stamp != stamp:
            # The stamp is taken before the content: a file replaced in between is read again next time.
            self._cache = self._read_state(stamp)
        return self._cache

    def _load(self) -> Document:
        return self._read_state(None).document

    def _read_state(self, stamp: Hashable) -> _State:
        """Read the file; what it holds is decoded unless it is the cached state, byte for byte."""
        content = self.folder.read(self.name)
        if content is None:
            raise CorruptSettings(Damage.MISSING, "the file is not there", self.where)
        if self._cache is not None and self._cache.content == content:
            return replace(self._cache, stamp=stamp)
        return _state(stamp, content, self._decode(content, self.where))

    def _decode(self, content: bytes, where: str, *, edited: bool = False) -> Document:
        """Read a settings file; a record that its table cannot hold is damage, too, before anything reads it."""
        document = decode(content, where, edited=edited)
        for table, records in document.data.items():
            if key := self._misshapen(table, records):
                raise CorruptSettings(Damage.SHAPE, f"entry {key} of {table} is not valid", where)
        return document

    def _earlier(self, name: str) -> Document:
        document = self._decode(self.folder.read(name) or b"", name)
        if document.newer:
            raise CorruptSettings(Damage.NEWER, document.newer.message.rstrip("."), name, document.newer.hint)
        return document

    def _keep_older(self, document: Document) -> None:
        """Keep a copy of a file of an older version before this version replaces it."""
        present = self.folder.read(self.name)
        if document.schema is not None and document.schema < schema() and present is not None:
            self.folder.write(f"{self.name}{_OLDER}{document.schema}", present)

    def _commit(self, document: Document, keep: int, before: Document = _EMPTY) -> Document:
        """Write a document, and return it as it is read again."""
        document = replace(document, by={"version": __version__, **self.writer()}, schema=schema())
        try:
            written = following(document, before)
            content = encode(written)
        except LossyRecord:
            raise Problem("This cannot be stored without loss.", "Nothing was changed.") from None
        except (ValueError, TypeError, RecursionError):
            raise Problem("This cannot be stored.", "Nothing was changed.") from None
        self.folder.write(self.name, content, keep)
        # Still under the lock: nobody else can have replaced it since.
        self._cache = _state(self.version_token(), content, written)
        return written

    def _rewrite_generations(self, forget: Forget, repair: RepairHistory | None = None) -> None:
        for name in self.folder.names():
            if name.startswith((f"{self.name}{_DAMAGED}", f"{self.name}{_OLDER}")):
                self.folder.remove(name)
        for earlier in self.earlier():
            if earlier.document is None:
                self.folder.remove(earlier.name)
                continue
            data = {
                table: {key: record for key, record in records.items() if not forget(table, record)}
                for table, records in earlier.document.data.items()
            }
            if data != earlier.document.data:
                tables = tables_of(data)
                if repair is not None:
                    repair(tables_of(earlier.document.data), tables)
                self.folder.write(earlier.name, encode(replace(earlier.document, data=tables.storage.read() or {})))

    def _now(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))


class _LoadedStorage(Storage):
    """TinyDB's storage in memory, over tables that were read already, from a document if there is one."""

    def __init__(self, data: Content, document: Document | None = None) -> None:
        self._data = data
        self.document = document

    def read(self) -> Content:
        return self._data

    def write(self, data: Content) -> None:
        self._data = data


def _state(stamp: Hashable, content: bytes, document: Document) -> _State:
    return _State(stamp, content, document, tables_of(document.data, document), {})


def tables_of(data: Content, document: Document | None = None) -> Tables:
    """Return the tables of one state, to be read or changed in memory; `document` is what they were read from."""
    return TinyDB(data, document, storage=_LoadedStorage)


def stored_records(tables: Tables, table: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the records of a table by key, as they are: not to be kept, as a transaction changes them in place."""
    content: Content = tables.storage.read() or {}
    return content.get(table, {})


def records_with_text(tables: Tables, table: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield the records of a table with their canonical JSON; only those that are not in the document are encoded."""
    document: Document | None = getattr(tables.storage, "document", None)
    old, known = (document.data.get(table, {}), document.texts(table)) if document else ({}, {})
    for key, record in stored_records(tables, table).items():
        yield record, known[key] if old.get(key) == record else record_text(record)
