"""Add connections: as many entries of one kind of provider as a tenant wants, each with its own credentials."""

import asyncio

from tui.errors import UsageError, did_you_mean, quotable
from tui.providers.openai_compatible.presets import kinds, presets
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.tenancy import connections, verification
from tui.tenancy.connections import NAME, Connection
from tui.tenancy.serialization import to_record
from tui.tenancy.session import TenantSession


def kind_of(text: str) -> Provider:
    """Return the kind of that ID; raise UsageError that names the known ones."""
    by_id = kinds()
    if text in by_id:
        return by_id[text]
    suffix = f" {text}" if quotable(text, by_id) else ""
    raise UsageError(f"Unknown kind of provider{suffix}.", f"{did_you_mean(text, by_id)}Known: {', '.join(by_id)}.")


def planned_provider(session: TenantSession, name: str, kind: str) -> Provider:
    """Return the provider that a connection of that name and kind would be. Nothing is stored.

    Raises:
        UsageError: The name cannot be one, or is taken.
    """
    declared = kind_of(kind)
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{one_line(name, 40) or 'A blank text'} is not a valid name.",
            "Use up to 32 lower-case letters, digits, - and _, a letter or digit first.",
        )
    if name in presets() and name != kind:
        raise UsageError(f"{name} is the name of another kind.", "Choose another name, or that kind.")
    if existing := connections.find_provider(session, name):
        what = "a provider" if not existing.kind else "a connection"
        raise UsageError(f"{name} is {what} already.", "Choose another name.")
    return connections.declaration(Connection(name, declared.id))


async def add(session: TenantSession, name: str, kind: str) -> Provider:
    """Add a connection that is like a provider, with nothing set up, and return it."""
    planned_provider(session, name, kind)

    def work() -> None:
        with verification.credential_transaction(session) as tables:
            table = tables.table("connections")
            if any(record["id"] == name for record in table):
                raise UsageError(f"{name} is a connection already.", "Another session added it.")
            table.insert(to_record(Connection(name, kind)))

    await asyncio.to_thread(work)
    session.process.added_connections.add((session.tenant_id, name, kind))
    return connections.provider_of(session, name)


def suggested_name(session: TenantSession, kind: str) -> str:
    """Return a free name for a connection of a kind: the kind itself if it is none of the providers, else numbered."""
    base = kind.replace("_", "-")
    names = (base, *(f"{base[:28]}-{number}" for number in range(2, 1000)))
    return next((name for name in names if connections.find_provider(session, name) is None), "")
