"""Whether a tenant's chats are kept, and for how long.

It is off until `history = "sealed"` stands in `config.toml`, for all tenants, or a tenant is switched on by itself:

    table history   one record {"mode": "sealed" or "off", "days"}; days is 0 for ever
"""

from dataclasses import dataclass

from tui.errors import Problem, UsageError
from tui.storage.store import Tables
from tui.tenancy.session import TenantSession

TABLE = "history"
SEALED, OFF = "sealed", "off"
MAX_DAYS = 36_500


@dataclass(frozen=True)
class HistorySettings:
    """Whether chats are kept.

    Attributes:
        on: Whether chats are recorded.
        days: How long a chat is kept after its last change, 0 for ever.
        own: Whether the tenant has settings of its own, in place of those of `config.toml`.
        available: Whether there is a place for chats; a shared store has none.
    """

    on: bool
    days: int
    own: bool
    available: bool

    @property
    def words(self) -> str:
        """How long chats are kept, such as `90 days`."""
        return f"{self.days:,} day{'' if self.days == 1 else 's'}" if self.days else "until removed"


def settings(session: TenantSession) -> HistorySettings:
    """Return whether a tenant's chats are kept."""

    def read(tables: Tables) -> tuple[str, int] | None:
        for record in tables.table(TABLE):
            days = record.get("days", 0)
            if record.get("mode") in (SEALED, OFF) and type(days) is int and 0 <= days <= MAX_DAYS:
                return str(record["mode"]), days
        return None

    own = session.store.cached("history", read, table=TABLE) if session.store.exists() else None
    mode, days = own or (session.config.history, session.config.history_days)
    available = session.history is not None
    return HistorySettings(mode == SEALED and available, days, own is not None, available)


def switch(session: TenantSession, on: bool | None, days: int | None = None) -> HistorySettings:
    """Keep a tenant's chats from now on, or no more; None leaves it to `config.toml`. Chats that exist stay.

    Args:
        session: The tenant.
        on: Whether to keep them.
        days: How long, 0 for ever; None for as long as now.

    Raises:
        UsageError: The number of days is out of range.
        Problem: The settings are in a shared store.
    """
    now = settings(session)
    if on and not now.available:
        raise Problem(
            "Chats are recorded in files on this machine, and these settings are in a shared store.",
            "Nothing is recorded.",
        )
    if days is not None and not 0 <= days <= MAX_DAYS:
        raise UsageError(f"Chats are kept for 1 to {MAX_DAYS:,} days, or 0 for ever.")
    record = {"mode": SEALED if on else OFF, "days": now.days if days is None else days}
    with session.store.transaction() as tables:
        tables.table(TABLE).truncate()
        if on is not None:
            tables.table(TABLE).insert(record)
    return settings(session)
