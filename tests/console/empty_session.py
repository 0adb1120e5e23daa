"""A session as a newcomer has it: no tenant, keys of the practice size, practice providers behind the wire."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.practice.tenants import BITS, COST
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy.session import Session

if TYPE_CHECKING:
    from tui.providers.client.client import Client


def empty_session(environ: Mapping[str, str] | None = None) -> Session:
    """Unlike the practice session it looks at its environment and shows whether a tenant is locked."""

    def client_factory() -> "Client":
        from tui.practice import transport
        from tui.providers.client.client import Client

        return Client({}, transport=transport(0.0))

    return Session(
        MemoryFolder(),
        MemoryFolder(),
        client_factory,
        {"USER": "acme", "HOME": "/home/acme", **(environ or {})},
        key_bits=BITS,
        key_cost=COST,
    )
