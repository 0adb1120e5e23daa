"""Meter requests of trials in the database. A request is reserved under a token with an expiry time, then ended once.

A call is one trip, and may be repeated after a lost connection: the token says whether it was done.
"""

from dataclasses import dataclass

from tui.storage.postgres.database import Database

EXPIRES = 120.0
"""Seconds after which a reservation expires unless it is renewed; the next reservation frees it."""


@dataclass(frozen=True)
class Reservation:
    """Whether a request was reserved, and how many of the trial are used and pending."""

    reserved: bool
    used: int
    pending: int


def reserve(database: Database, tenant: str, provider: str, token: str, *, allowed: int, initial: int) -> Reservation:
    """Reserve a request if fewer than `allowed` are used or pending; `initial` were used before it was counted here."""
    values = (tenant, provider, allowed, initial, token, EXPIRES)
    row = database.query("SELECT * FROM modeldeck.reserve_trial(%s, %s, %s, %s, %s, %s)", values)[0]
    result = Reservation(*row)
    _note(database, tenant, provider, result.used, result.pending)
    return result


def end(database: Database, tenant: str, provider: str, token: str, *, used: bool) -> None:
    """Count a reserved request, or give it back."""
    values = (tenant, provider, token, "used" if used else "returned")
    for row in database.query("SELECT * FROM modeldeck.end_trial(%s, %s, %s, %s)", values):
        _note(database, tenant, provider, *row)


def renew(database: Database, tenant: str, token: str) -> None:
    """Keep the reservation of a request that takes long."""
    # As rows of a query, which may be repeated.
    database.query("SELECT modeldeck.renew_trial(%s, %s, %s)", (tenant, token, EXPIRES))


def _note(database: Database, tenant: str, provider: str, count: int, pending: int) -> None:
    database.trials = {**database.trials, (tenant, provider): (count, pending)}
