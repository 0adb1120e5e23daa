"""When each tenant was used last: a file beside its settings, so that using one saves nothing."""

from tui.errors import Problem
from tui.sanitize import one_line
from tui.tenancy.session import Session
from tui.tenancy.tenants import ids

_FILE = "last-used"


def touch(session: Session, tenant_id: str) -> None:
    """Notes that a tenant was used now; nothing depends on it."""
    folder = session.store(tenant_id).folder
    try:
        if session.store(tenant_id).exists():
            with folder.lock(wait=0.0):
                folder.write(_FILE, session.now().encode())
    except Problem:
        return


def last_use(session: Session, tenant_id: str) -> str:
    """When a tenant was used last, as ISO 8601; '' for never."""
    return one_line((session.store(tenant_id).folder.read(_FILE) or b"").decode("ascii", "replace"), 20)


def last_used(session: Session) -> str:
    """The id of the tenant used last, or ''."""
    return max(ids(session), key=lambda each: last_use(session, each), default="")
