"""Read the date on which a provider stops accepting a key."""

from datetime import UTC, datetime
from typing import Any


def date_of(timestamp: Any) -> str:
    """Return the UTC date (YYYY-MM-DD) of an ISO 8601 timestamp, '' for anything else."""
    try:
        moment = datetime.fromisoformat(timestamp)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date().isoformat()
    except (ValueError, TypeError, OverflowError):
        return ""
