"""A desk as a newcomer has it: no tenant, keys of the practice size, practice providers behind the wire."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.practice.tenants import BITS, COST
from tui.storage.memory_folder import Memory
from tui.tenancy.session import Desk

if TYPE_CHECKING:
    from tui.providers.client.client import Wire


def empty_desk(environ: Mapping[str, str] | None = None) -> Desk:
    """Unlike the practice desk it looks at its environment and shows whether a tenant is locked."""

    def wiring() -> "Wire":
        from tui.practice import transport
        from tui.providers.client.client import Wire

        return Wire({}, transport=transport(0.0))

    return Desk(
        Memory(),
        Memory(),
        wiring,
        {"USER": "acme", "HOME": "/home/acme", **(environ or {})},
        key_bits=BITS,
        key_cost=COST,
    )
