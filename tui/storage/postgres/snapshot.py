"""What was read of a shared store, as bytes: a line of JSON, then the settings of the tenants one after another."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tui.storage.postgres.connection import Login


@dataclass(frozen=True)
class Snapshot:
    """The rows of tenants as `HEADS` reads them, their settings by tenant, and whose they are.

    `read_at` is in seconds since the epoch.
    """

    login: Login
    read_at: float
    heads: tuple[tuple[Any, ...], ...]
    documents: Mapping[str, tuple[str, bytes]]

    def encode(self) -> bytes:
        """Return the bytes that `decode` reads."""
        sizes = [[tenant, operation, len(content)] for tenant, (operation, content) in self.documents.items()]
        head = {"login": asdict(self.login), "read_at": self.read_at, "heads": self.heads, "documents": sizes}
        return b"".join((json.dumps(head).encode(), b"\n", *(content for _, content in self.documents.values())))


def decode(content: bytes) -> Snapshot | None:
    """Return a snapshot, or None if the bytes are those of another version."""
    line, _, rest = content.partition(b"\n")
    try:
        head = json.loads(line)
        documents, start = {}, 0
        for tenant, operation, size in head["documents"]:
            documents[tenant] = (operation, rest[start : start + size])
            start += size
        heads = tuple(tuple(row) for row in head["heads"])
        return Snapshot(Login(**head["login"]), float(head["read_at"]), heads, documents)
    except (ValueError, TypeError, KeyError):
        return None
