"""Who has which form open: advice for people, which expires by the database's clock."""

from dataclasses import dataclass
from datetime import datetime

from tui.storage.postgres.database import Database


@dataclass(frozen=True)
class PresentOperator:
    """Another login, or another machine of the same one, that has a form open, and since when (epoch seconds)."""

    login: str
    host: str
    since: float


def announce(database: Database, tenant: str, host: str, what: str, seconds: float) -> list[PresentOperator]:
    """Say for so many seconds that this login has a form open, 0 for no longer; return who else has."""
    rows = database.query(
        "SELECT * FROM modeldeck.be_present(%s, %s, %s, %s)", (tenant, host[:100] or "?", what[:200], seconds)
    )
    return [PresentOperator(login, name, _seconds(since)) for login, name, since in rows]


def _seconds(since: datetime) -> float:
    return since.timestamp()
