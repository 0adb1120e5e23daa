"""Hosts and people on a shared store, for the figures here."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.storage.audit_log import MAC_KEY, AuditEvent, Log
from tui.storage.memory_folder import MemoryFolder
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.settings_file import Document
from tui.storage.store import Store

TIME = "2026-11-22T13:51:00Z"


def process(work: Callable[[], Any]) -> tuple[int, int]:
    """Start a host: a process of its own. Return its number, and a pipe from which `result` reads what it found."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    code = 1
    try:
        content = json.dumps(work()).encode()
        while content:
            content = content[os.write(write, content) :]
        code = 0
    finally:
        os._exit(code)


def result(host: tuple[int, int]) -> Any:
    """Wait for a host, and return what it found; None of one that was killed."""
    child, read = host
    with open(read, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    return json.loads(content) if content else None


def acme(root: RootFolder) -> Store:
    """The store of the tenant acme on a host that was admitted: every save has an entry in the audit log."""
    folder, keys = root.folder("acme"), MemoryFolder()
    keys.write(MAC_KEY, b"01" * 32)
    log = Log("acme", folder, keys, others=True)

    def saved(before: Document | None, after: Document, restored: str) -> None:
        log.append(TIME, {"user": "ada"}, [AuditEvent("settings changed")])

    return Store(folder, saved=saved)


def add(store: Store, value: object) -> None:
    """Save one more value."""
    with store.transaction() as tables:
        tables.table("models").insert({"id": value})


def values(store: Store) -> list[Any]:
    """What was saved, in order."""
    return [row["id"] for row in store.read().table("models")]


@contextmanager
def cut_proxy(shared: SharedStore) -> Iterator[CutProxy]:
    """A proxy before the server of a store."""
    proxy = CutProxy(shared.server.folder)
    try:
        yield proxy
    finally:
        proxy.close()


def through(shared: SharedStore, proxy: CutProxy, login: str = "ada", deadline: float = 10.0) -> RootFolder:
    """The data folder of a session whose connections lead through a proxy."""
    return root_at(shared.text(login).replace(str(shared.server.folder), str(proxy.folder)), deadline)


def root_at(address: str, deadline: float = 10.0) -> RootFolder:
    """The data folder of a session on a store by its address."""
    return RootFolder(Database(Link(parse(address, {}), {}, deadline)))


def text_of(path: Path) -> str:
    """A file, whatever bytes are in it."""
    return path.read_bytes().decode("latin-1")
