"""When each tenant was used last: a file beside its settings, so that using one saves nothing."""

from tui.errors import Problem
from tui.sanitize import one_line
from tui.tenancy.session import Desk
from tui.tenancy.tenants import ids

_FILE = "last-used"


def touch(desk: Desk, tenant_id: str) -> None:
    """Notes that a tenant was used now; nothing depends on it."""
    folder = desk.store(tenant_id).folder
    try:
        if desk.store(tenant_id).exists():
            with folder.lock(wait=0.0):
                folder.write(_FILE, desk.now().encode())
    except Problem:
        return


def last_use(desk: Desk, tenant_id: str) -> str:
    """When a tenant was used last, as ISO 8601; '' for never."""
    return one_line((desk.store(tenant_id).folder.read(_FILE) or b"").decode("ascii", "replace"), 20)


def last_used(desk: Desk) -> str:
    """The id of the tenant used last, or ''."""
    return max(ids(desk), key=lambda each: last_use(desk, each), default="")
