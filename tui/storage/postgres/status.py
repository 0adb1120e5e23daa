"""What there is to say about a shared store: login, schema, connections, clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.sanitize import one_line
from tui.storage.postgres.connection import CLIENT
from tui.storage.postgres.database import Database
from tui.storage.postgres.schema import latest

_MAX_CLOCK_OFFSET = 30
_CONNECTIONS = """
SELECT current_setting('max_connections')::int, (SELECT count(*)::int FROM pg_stat_activity
WHERE datname = current_database()), current_setting('server_version'), pg_is_in_recovery()
"""


@dataclass(frozen=True)
class StoreStatus:
    """A shared store as `store status` shows it: values for programs, rows and advice for people."""

    fields: Mapping[str, Any]
    rows: list[tuple[str, str]]
    advice: list[str]
    usable: bool


def of_store(database: Database) -> StoreStatus:
    """Connect, and say what is there.

    Raises:
        Problem: The store cannot be reached, is not set up, or refuses the login.
    """
    login = database.link.login
    max_connections, connections, server, standby = database.query(_CONNECTIONS)[0]
    tenants = len(database.heads())
    fields = {
        "store": database.link.address.shown,
        "login": login.name,
        "role": login.role,
        "server": server,
        "schema": login.schema_version,
        "latest": latest(),
        "store_id": login.store_id,
        "tenants": tenants,
        "connections": connections,
        "max_connections": max_connections,
        "clock_offset": round(login.clock_offset, 1),
    }
    advice = []
    if login.schema_version < latest():
        advice.append(f"The schema is {login.schema_version}; its administrator can bring it up to {latest()}.")
    if login.min_client > CLIENT:
        advice.append("The store was set up by a newer Modeldeck: you can view it, not change it.")
    if standby:
        advice.append("This server is a standby: you can view it, not change it.")
    if abs(login.clock_offset) > _MAX_CLOCK_OFFSET:
        advice.append(f"The clocks of this machine and the server differ by {abs(login.clock_offset):.0f} s.")
    if connections * 2 > max_connections:
        advice.append(f"{connections} of {max_connections} connections are in use; a console takes two, a command one.")
    rows = [
        ("store", one_line(database.link.address.shown)),
        ("server", f"PostgreSQL {one_line(server, 40)}"),
        ("login", f"{one_line(login.name, 60)} ({login.role})"),
        ("schema", f"{login.schema_version} of {latest()}"),
        ("tenants", f"{tenants:,}"),
        ("connections", f"{connections:,} of {max_connections:,}"),
    ]
    usable = login.role == "operator" and login.min_client <= CLIENT and not standby
    return StoreStatus(fields, rows, advice, usable)
