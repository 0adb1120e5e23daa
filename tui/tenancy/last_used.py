"""The time of each tenant's last use, in a file beside its settings."""

from tui.errors import Problem
from tui.sanitize import one_line
from tui.tenancy.session import Session, TenantSession
from tui.tenancy.tenants import ids

_FILE = "last-used"


def touch(session: TenantSession) -> None:
    """Store that a tenant was used now; a failure is ignored."""
    folder = session.store.folder
    try:
        if session.store.exists():
            with folder.lock(wait=0.0):
                folder.write(_FILE, session.now().encode())
    except Problem:
        return


def last_use(session: TenantSession) -> str:
    """Return when a tenant was last used, ISO 8601; '' for never."""
    return one_line((session.store.folder.read(_FILE) or b"").decode("ascii", "replace"), 20)


def last_used(session: Session) -> str:
    """Return the ID of the tenant used last, or ''."""
    return max(ids(session), key=lambda tenant_id: last_use(session.tenant(tenant_id)), default="")
