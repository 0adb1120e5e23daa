"""Files that were damaged in one way each, and the word with which each must be named."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from tinydb import TinyDB

from tests.campaign.figures import Result
from tui.storage.folder import DiskFolder
from tui.storage.settings_file import CorruptSettings, Document, encode, schema
from tui.storage.store import Store

DATA = {"meta": {"1": {"id": "acme"}}, "models": {"1": {"id": "m"}}}
GOOD = encode(Document(7, "2026-11-22T13:51:00Z", DATA))


def change_bytes(**entries: object) -> bytes:
    """The good file with some entries of its head or its data replaced; `...` takes one out."""
    parsed = json.loads(GOOD) | entries
    return json.dumps({name: entry for name, entry in parsed.items() if entry is not ...}).encode()


def swap(old: bytes, new: bytes) -> bytes:
    """The good file with some bytes in place of others."""
    assert old in GOOD
    return GOOD.replace(old, new)


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n\n", "empty"),
    "zeros": (bytes(4096), "empty"),
    "a zero": (b"\0", "empty"),
    "zeros and a line end": (bytes(512) + b"\r\n", "empty"),
    "zeros at the end": (GOOD + bytes(64), "syntax"),
    "zeros at the beginning": (bytes(64) + GOOD, "syntax"),
    "a sector of zeros": (GOOD[:32] + bytes(32) + GOOD[64:], "syntax"),
    "half old, half new": (GOOD + GOOD[100:], "syntax"),
    "twice in a row": (GOOD + GOOD, "syntax"),
    "an end of another file": (GOOD + b'"}', "syntax"),
    "not utf-8": (swap(b"acme", b"\xff\xfe\xff\xfe"), "encoding"),
    "a surrogate in utf-8": (swap(b"acme", b"\xed\xa0\x80"), "encoding"),
    "half a character": (swap(b"acme", b"\xe6\x98"), "encoding"),
    "overlong utf-8": (swap(b"acme", b"\xc0\xaf"), "encoding"),
    "latin-1": (swap(b"acme", "müller".encode("latin-1")), "encoding"),
    "utf-16": (GOOD.decode().encode("utf-16"), "encoding"),
    "utf-16 without a mark": (GOOD.decode().encode("utf-16-le"), "syntax"),
    "utf-32": (GOOD.decode().encode("utf-32"), "encoding"),
    "gzip": (b"\x1f\x8b\x08\x00" + GOOD, "encoding"),
    "noise": (bytes(range(128, 256)), "encoding"),
    "a web page": (b"<!DOCTYPE html><title>Log in</title>", "syntax"),
    "toml": (b'[meta]\nid = "acme"\n', "syntax"),
    "yaml": (b"meta:\n  id: acme\n", "syntax"),
    "a conflict of git": (b"<<<<<<< HEAD\n" + GOOD + b"=======\n" + GOOD + b">>>>>>> other\n", "syntax"),
    "json lines": (b'{"schema": 1}\n{"schema": 1}\n', "syntax"),
    "a comment": (b"// settings\n" + GOOD, "syntax"),
    "a comma too many": (swap(b'"m"}}', b'"m"},}'), "syntax"),
    "a comma too few": (swap(b'{"schema": 1, ', b'{"schema": 1 '), "syntax"),
    "single quotes": (GOOD.replace(b'"', b"'"), "syntax"),
    "a line end in a text": (swap(b"acme", b"ac\nme"), "syntax"),
    "a zero in a text": (swap(b"acme", b"ac\0me"), "syntax"),
    "a broken escape": (swap(b"acme", b"\\x41cme"), "syntax"),
    "a broken character": (swap(b"acme", b"\\u12"), "syntax"),
    "two marks at the beginning": (b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD, "syntax"),
    "nested too deep": (b"[" * 100_000, "syntax"),
    "nested too deep in an entry": (swap(b'"m"', b"[" * 100_000 + b"]" * 100_000), "syntax"),
    "nested too deep in a record": (change_bytes(data={"a": {"1": {}}}).replace(b"{}", b"[" * 100_000), "syntax"),
    "a number too long": (b'{"schema": ' + b"9" * 5000 + b"}", "syntax"),
    "a number too long in the data": (swap(b'"m"', b"9" * 5000), "syntax"),
    "a list": (b"[1, 2]", "shape"),
    "a list of the whole": (b"[" + GOOD.strip() + b"]", "shape"),
    "an empty list": (b"[]", "shape"),
    "a number": (b"17", "shape"),
    "a text": (b'"settings"', "shape"),
    "true": (b"true", "shape"),
    "null": (b"null", "shape"),
    "an empty object": (b"{}", "shape"),
    "stock tinydb": (b'{"_default": {"1": {"id": "acme"}}}', "shape"),
    "only the data": (json.dumps(DATA).encode(), "shape"),
    "another program's file": (b'{"version": 3, "profiles": {}}', "shape"),
    "twice the same id": (swap(b'"1":{"id":"m"}', b'"1":{"id":"m"},"1":{"id":"n"}'), "duplicate"),
    "twice the same record": (swap(b'"1":{"id":"m"}', b'"1":{"id":"m"},"1":{"id":"m"}'), "duplicate"),
    "twice the same table": (swap(b'"meta":', b'"models":'), "duplicate"),
    "twice the same field": (swap(b'{"id":"m"}', b'{"id":"m","id":"m"}'), "duplicate"),
    "twice the schema": (swap(b'{"schema"', b'{"schema": 1, "schema"'), "duplicate"),
    "twice the data": (swap(b'"data":', b'"data": {},\n"data":'), "duplicate"),
    "not a number": (swap(b'"m"', b"NaN"), "number"),
    "infinity": (swap(b'"m"', b"Infinity"), "number"),
    "less than all numbers": (swap(b'"m"', b"-Infinity"), "number"),
    "a number beyond all": (swap(b'"m"', b"1e999"), "number"),
    "a generation that is no number": (swap(b'"generation": 7', b'"generation": NaN'), "number"),
    "edited by hand": (swap(b"acme", b"evil"), "checksum"),
    "a record put in": (swap(b'{"id":"m"}', b'{"id":"m","base_url":"https://evil.example"}'), "checksum"),
    "a record taken out": (change_bytes(data={"meta": DATA["meta"], "models": {}}), "checksum"),
    "a table taken out": (change_bytes(data={"meta": DATA["meta"]}), "checksum"),
    "all tables taken out": (change_bytes(data={}), "checksum"),
    "a table renamed": (swap(b'"models"', b'"model"'), "checksum"),
    "a record moved": (swap(b'"models":{"1"', b'"models":{"2"'), "checksum"),
    "another spelling of a text": (swap(b'"acme"', b'"acme "'), "checksum"),
    "a number for a text": (swap(b'"m"', b"1"), "checksum"),
    "a higher generation number": (change_bytes(generation=8), "checksum"),
    "a lower generation number": (change_bytes(generation=6), "checksum"),
    "another time": (change_bytes(saved="2026-11-22T13:51:01Z"), "checksum"),
    "a checksum of something else": (change_bytes(sha256="0" * 64), "checksum"),
    "a checksum in capitals": (change_bytes(sha256=json.loads(GOOD)["sha256"].upper()), "checksum"),
    "a checksum with a blank": (change_bytes(sha256=json.loads(GOOD)["sha256"] + " "), "checksum"),
    "half a checksum": (change_bytes(sha256=json.loads(GOOD)["sha256"][:32]), "checksum"),
    "saved by someone else": (change_bytes(by={"pid": 1}), "checksum"),
    "a future schema that was cut": (change_bytes(schema=schema() + 1), "newer"),
    "a future schema of another shape": (change_bytes(schema=schema() + 1, data=[]), "newer"),
    "a future schema without tables": (b'{"schema": 2, "tables": []}', "newer"),
    "a far future": (b'{"schema": 99}', "newer"),
    "a fractional schema": (change_bytes(schema=1.5), "shape"),
    "schema zero": (change_bytes(schema=0), "shape"),
    "schema below zero": (change_bytes(schema=-1), "shape"),
    "an id that is no number": (change_bytes(data={"models": {"one": {}}}), "shape"),
    "an empty id": (change_bytes(data={"models": {"": {}}}), "shape"),
    "an id below zero": (change_bytes(data={"models": {"-1": {}}}), "shape"),
    "an id in other digits": (change_bytes(data={"models": {"١": {}}}), "shape"),
    "an id beyond all": (change_bytes(data={"models": {"9" * 5000: {}}}), "shape"),
    "one id in two spellings": (swap(b'"1":{"id":"m"}', b'"1":{"id":"m"},"01":{"id":"n"}'), "shape"),
    "saved by a text": (change_bytes(by="me"), "shape"),
    "a record beside the tables": (change_bytes(data={"id": "acme"}), "shape"),
}
"""Name -> the bytes of a settings file and the kind of damage."""

_OTHERS: Mapping[str, object] = {
    "null": None,
    "true": True,
    "a number": 1,
    "a fraction": 0.5,
    "a text": "x",
    "a list": [],
    "an object": {},
}
_RIGHT = {
    "schema": {"true", "a number"},
    "generation": {"true", "a number"},
    "saved": {"a text"},
    "data": {"an object"},
}


def _families() -> Iterator[tuple[str, tuple[bytes, str]]]:
    """What can happen at every place of a file."""
    for name, right in _RIGHT.items():
        yield f"no {name}", (change_bytes(**{name: ...}), "shape")
        for kind, entry in _OTHERS.items():
            if kind not in right:
                yield f"{name} is {kind}", (change_bytes(**{name: entry}), "shape")
    for kind, entry in _OTHERS.items():
        yield f"checksum is {kind}", (change_bytes(sha256=entry), "checksum")
        if kind != "an object":
            yield f"a table is {kind}", (change_bytes(data={"models": entry}), "shape")
            yield f"a record is {kind}", (change_bytes(data={"models": {"1": entry}}), "shape")
    yield "no checksum", (change_bytes(sha256=...), "checksum")
    for length in range(1, len(GOOD) - 2, len(GOOD) // 24):
        yield f"cut after {length} bytes", (GOOD[:length], "cut")
    for place in range(GOOD.index(b'"data"') + 8, len(GOOD) - 2):
        if chr(GOOD[place]).isalnum():
            yield f"one bit of byte {place}", (GOOD[:place] + bytes([GOOD[place] ^ 2]) + GOOD[place + 1 :], "checksum")


FILES |= dict(_families())


def files(count: int, seed: int) -> Result:
    """Every file is refused with its word on reading and on writing, and stays as it is."""
    wrong_files = [(name, wrong) for name, (content, kind) in FILES.items() if (wrong := _handled(content, kind))]
    stock = sum(map(_accepted_by_stock, (content for content, _ in FILES.values())))
    kinds = len({kind for _, kind in FILES.values()})
    words = f"{len(FILES)} files of {kinds} kinds" + "".join(f"; {name}: {wrong}" for name, wrong in wrong_files)
    return Result(len(FILES), len(wrong_files), words, f"stock TinyDB opens {stock} of them as if whole", stock > 0)


def _handled(content: bytes, kind: str) -> str:
    """What is wrong with how a damaged file is handled; '' if nothing is."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(DiskFolder(Path(folder) / "acme"))
        store.folder.write(store.name, content)

        def change() -> None:
            with store.transaction() as tables:
                tables.table("models").insert({"id": "new"})

        for attempt in (store.read, change):
            try:
                attempt()
                return "taken for whole"
            except CorruptSettings as problem:
                if problem.kind != kind:
                    return f"named {problem.kind} in place of {kind}"
                if problem.path != store.where or not problem.message.startswith("The settings cannot be read: "):
                    return "not named with its path"
            except Exception as error:
                return type(error).__name__
        return "" if (Path(folder) / "acme" / store.name).read_bytes() == content else "changed"


def _accepted_by_stock(content: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        path.write_bytes(content)
        try:
            TinyDB(path).table("models").all()
        except Exception:
            return False
        return True
