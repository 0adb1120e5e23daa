"""The settings of one tenant: TinyDB tables in one file, changed in transactions.

    {"schema": 1, "generation": 7, "saved": "2026-11-22T13:51:00Z", "sha256": "…", "data": {table: {id: record}}}

A transaction holds the folder's lock over fresh read, change and commit, so two sessions lose nothing to each other.
What is written is parsed again first; the five states before stay beside it as `settings.json.1` to `.5`. A file that
cannot be trusted (empty, cut, edited, of a newer version) is named and left as it is, never read as empty.
TinyDB works on memory here: its own file storage rewrites in place and cannot survive being killed.
"""

import hashlib
import json
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

from tinydb import TinyDB
from tinydb.storages import Storage

from tui.errors import Problem, Usage
from tui.files import Folder

SCHEMA = 1
KEPT = 5
_BOM = b"\xef\xbb\xbf"

T = TypeVar("T")
Content = dict[str, dict[str, dict[str, Any]]]
"""Records by table and id."""

Saved = Callable[[Content | None, Content, str], None]
"""(before, after, earlier state put back or '') -> hears of every change, under the lock, once it is on disk."""

Tables = TinyDB
"""The tables of one state of a settings file, as the workspace reads and changes them."""

Forget = Callable[[str, Mapping[str, Any]], bool]
"""(table, record) -> whether the record must vanish from the earlier states as well."""


class Damaged(Problem):
    """A settings file that is not read. `kind` is one word: empty, encoding, cut, syntax, shape, checksum, newer …"""

    def __init__(self, kind: str, what: str, path: str = "", hint: str = "") -> None:
        super().__init__(
            f"The settings cannot be read: {what}.",
            hint or "The file was kept as it is, and nothing has been written.",
        )
        self.kind = kind
        self.what = what
        self.path = path


@dataclass(frozen=True)
class Document:
    """What a settings file holds."""

    generation: int
    saved: str
    data: Content


@dataclass(frozen=True)
class Earlier:
    """An earlier state beside the settings file: its file name, and what it holds or why it cannot be read."""

    name: str
    document: Document | None
    problem: Damaged | None = None


def encode(document: Document) -> bytes:
    """The bytes of a settings file. Canonical JSON: one text for one content."""
    body = _canonical(document.data)
    head = json.dumps({"schema": SCHEMA, "generation": document.generation, "saved": document.saved})
    digest = _digest(SCHEMA, document.generation, document.saved, body)
    return f'{head[:-1]}, "sha256": "{digest}",\n"data": {body}}}\n'.encode()


def decode(content: bytes, path: str = "") -> Document:
    """Reads a settings file, or says as `Damaged` what is wrong with it."""
    parsed = _parsed(content, path)
    if not isinstance(parsed, dict) or not isinstance(parsed.get("schema"), int):
        raise Damaged("shape", "it is JSON, but not a settings file", path)
    if parsed["schema"] > SCHEMA:
        what = f"it was written by a newer Modeldeck (version {parsed['schema']} of the file; this one knows {SCHEMA})"
        raise Damaged("newer", what, path, "Use the newer Modeldeck. The file was kept as it is.")
    generation, saved, data = parsed.get("generation"), parsed.get("saved"), parsed.get("data")
    if (
        parsed["schema"] < 1
        or not isinstance(generation, int)
        or not isinstance(saved, str)
        or not isinstance(data, dict)
        or not all(_is_table(table) for table in data.values())
    ):
        raise Damaged("shape", "parts of it are missing or in the wrong place", path)
    if parsed.get("sha256") != _digest(parsed["schema"], generation, saved, _canonical(data)):
        raise Damaged("checksum", "its content is not what was saved (a bad disk, or an edit by hand)", path)
    return Document(generation, saved, data)


class Store:
    """One settings file in a folder."""

    def __init__(
        self,
        folder: Folder,
        name: str = "settings.json",
        clock: Callable[[], float] = time.time,
        saved: Saved = lambda before, after, restored: None,
    ) -> None:
        self.folder = folder
        self.name = name
        self._clock = clock
        self._saved = saved
        self._kept: dict[str, tuple[tuple[Hashable, Any], Any]] = {}
        self._cache: tuple[Hashable, Tables, dict[str, tuple[Hashable, Any]]] | None = None

    @property
    def where(self) -> str:
        """The path of the file, for people."""
        return str(self.folder.path / self.name) if self.folder.path else self.name

    def stamp(self) -> Hashable | None:
        """Something that differs whenever the file was replaced, by whomever; None if there is none."""
        return self.folder.stamp(self.name)

    def exists(self) -> bool:
        return self.stamp() is not None

    def read(self) -> Tables:
        """The tables as they are now; the same object until the file changes, and never to be written to."""
        return self._current()[1]

    def derive(self, name: str, make: Callable[[Tables], T], key: Hashable = None, table: str = "") -> T:
        """What `make` makes of the tables, made once for each state of the file (and each `key`).

        What depends on one `table` alone is kept as long as that table stays the same.
        """
        _, tables, made = self._current()
        if name not in made or made[name][0] != key:
            records = (tables.storage.read() or {}).get(table, {})
            kept = self._kept.get(name)
            if not table or kept is None or kept[0] != (key, records):
                kept = ((key, records), make(tables))
            if table:
                self._kept[name] = kept
            made[name] = (key, kept[1])
        value: T = made[name][1]
        return value

    def create(self, meta: Mapping[str, Any]) -> None:
        """The first state of the file, with one record in the table `meta`."""
        with self.folder.lock():
            if self.exists() or self.folder.generations(self.name):
                raise Usage(f"There are settings already: {self.where}.", "Choose another id.")
            first = Document(1, self._now(), {"meta": {"1": dict(meta)}})
            self._commit(first, keep=0)
            self._saved(None, first.data, "")

    @contextmanager
    def transaction(self, forget: Forget | None = None) -> Iterator[Tables]:
        """The tables, to be changed; saved at the end unless an exception ends it or nothing was changed.

        With `forget`, the earlier states are rewritten first without the records it names, and the state before this
        change is not kept: what is forgotten is in no file afterwards.
        """
        if not self.exists() and not self.folder.generations(self.name):
            raise Problem("These settings were removed in another session.", "Nothing was written.")
        with self.folder.lock():
            document = self._load()
            before = _canonical(document.data)
            tables = _tables(document.data)
            yield tables
            after = {name: table for name, table in (tables.storage.read() or {}).items() if table}
            if forget is not None:
                self._rewrite_generations(forget)
            if forget is not None or _canonical(after) != before:
                keep = 0 if forget is not None else KEPT
                self._commit(Document(document.generation + 1, self._now(), after), keep)
                self._saved(json.loads(before), after, "")

    def forget_generations(self, forget: Forget) -> None:
        """Rewrites the earlier states without some records; states that cannot be read are removed."""
        with self.folder.lock():
            self._rewrite_generations(forget)

    def earlier(self) -> list[Earlier]:
        """The earlier states, newest first."""
        found = []
        for name in self.folder.generations(self.name):
            try:
                found.append(Earlier(name, decode(self.folder.read(name) or b"", name)))
            except Damaged as problem:
                found.append(Earlier(name, None, problem))
        return found

    def kept_as(self) -> str:
        """The name under which the file that is there is kept when an earlier state takes its place; '' for none."""
        if not self.exists():
            return ""
        taken = self.folder.names()
        numbers = (f"{self.name}.damaged-{n}" for n in range(1, len(taken) + 2))
        return next(each for each in numbers if each not in taken)

    def restore(self, name: str) -> str:
        """Puts an earlier state in place; answers the name under which the file that was there is kept."""
        with self.folder.lock():
            document = decode(self.folder.read(name) or b"", name)
            kept = self.kept_as()
            present = self.folder.read(self.name)
            if kept and present is not None:
                self.folder.write(kept, present)
            self._commit(replace(document, generation=document.generation + 1, saved=self._now()), keep=0)
            self._saved(None, document.data, name)
            return kept

    # --- inside ------------------------------------------------------------------------------------------------------

    def _current(self) -> tuple[Hashable, Tables, dict[str, tuple[Hashable, Any]]]:
        stamp = self.stamp()
        cache = self._cache
        if cache is None or cache[0] != stamp:
            # The stamp is taken before the content: a file replaced in between is read again next time.
            cache = (stamp, _tables(self._load().data), {})
            self._cache = cache
        return cache

    def _load(self) -> Document:
        content = self.folder.read(self.name)
        if content is None:
            raise Damaged("missing", "the file is not there", self.where)
        return decode(content, self.where)

    def _commit(self, document: Document, keep: int) -> None:
        try:
            content = encode(document)
            written = decode(content, self.where)
        except (ValueError, TypeError, RecursionError):
            raise Problem("This cannot be stored as it is.", "Nothing was changed.") from None
        if written.data != document.data:
            raise Problem("This cannot be stored without loss.", "Nothing was changed.")
        self.folder.write(self.name, content, keep)
        # Still under the lock: nobody else can have replaced it since.
        self._cache = (self.stamp(), _tables(written.data), {})

    def _rewrite_generations(self, forget: Forget) -> None:
        for name in self.folder.names():
            if name.startswith(f"{self.name}.damaged-"):
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
                self.folder.write(earlier.name, encode(replace(earlier.document, data=data)))

    def _now(self) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))


class _Held(Storage):
    """TinyDB's storage in memory, over tables that were read already."""

    def __init__(self, data: Content) -> None:
        self._data = data

    def read(self) -> Content:
        return self._data

    def write(self, data: Content) -> None:
        self._data = data


def _tables(data: Content) -> Tables:
    return TinyDB(data, storage=_Held)


def _canonical(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _digest(schema: int, generation: int, saved: str, body: str) -> str:
    return hashlib.sha256(f"{schema}\n{generation}\n{saved}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()


def _is_table(table: Any) -> bool:
    return isinstance(table, dict) and all(
        key.isascii() and key.isdigit() and isinstance(record, dict) for key, record in table.items()
    )


def _parsed(content: bytes, path: str) -> Any:
    if not content.strip(b"\0 \t\r\n"):
        raise Damaged("empty", "the file is empty", path)
    try:
        text = content.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        raise Damaged("encoding", "it is not text in UTF-8", path) from None
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_not_a_number)
    except _Twice:
        raise Damaged("duplicate", "an entry stands in it twice", path) from None
    except _NotANumber:
        raise Damaged("number", "it holds a number that is none", path) from None
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise Damaged("cut", "the file ends in the middle", path) from None
        raise Damaged("syntax", f"it is not JSON (line {error.lineno}, column {error.colno})", path) from None
    except (ValueError, RecursionError):
        raise Damaged("syntax", "it is not JSON that a settings file can hold", path) from None


class _Twice(ValueError):
    pass


class _NotANumber(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice
    return made


def _not_a_number(_: str) -> NoReturn:
    raise _NotANumber
