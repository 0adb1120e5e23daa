"""Connections: further entries of a tenant in its list of providers, each like a provider that is declared.

    table connections   {"id", "kind"}: the name, and the provider whose declaration it has

Every declared provider is the first connection of its kind, under its own ID. A connection holds no address: those are
fields of its credentials. Anybody who can write the settings can change the table, so each credential is sealed for
its kind as well (`Credential.kind`, in the envelope's binding and in the manifest), and nothing is decrypted for
another one.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from tui.errors import UsageError, did_you_mean, quotable
from tui.providers import PROVIDERS, order
from tui.providers.openai_compatible.presets import BASE, kind, kinds, presets
from tui.providers.spec import Provider
from tui.storage.store import Tables
from tui.tenancy.serialization import from_record
from tui.tenancy.session import TenantSession

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
"""What the name of a connection looks like."""


@dataclass(frozen=True)
class Connection:
    """A named entry in the list of providers. `kind` is the ID of the provider whose declaration it has."""

    id: str = field(metadata={"identity": True})
    kind: str = field(metadata={"identity": True})


def declaration(connection: Connection) -> Provider:
    """Return the provider's declaration under the name of a connection."""
    declared = kinds()[connection.kind]
    catalogue = tuple(replace(model, provider=connection.id) for model in declared.catalogue)
    return replace(declared, id=connection.id, label=connection.id, kind=declared.id, catalogue=catalogue)


def connections(session: TenantSession) -> Mapping[str, Provider]:
    """Return the declarations of a tenant's connections by name. An entry that cannot be one is left out."""

    def read(tables: Tables) -> dict[str, Provider]:
        stored = (from_record(Connection, record) for record in tables.table("connections"))
        return {
            connection.id: declaration(connection)
            for connection in stored
            if NAME.fullmatch(connection.id) and connection.id not in PROVIDERS and kind(connection.kind)
        }

    return session.store.cached("connections", read, table="connections") if session.store.exists() else {}


def providers(session: TenantSession) -> Mapping[str, Provider]:
    """Return every provider of a tenant by ID: the declared ones, each followed by the connections that are like it.

    Those that are like a preset follow the provider that it extends.
    """
    added = connections(session)
    if not added:
        return PROVIDERS
    ordered: dict[str, Provider] = {}
    for provider_id, provider in PROVIDERS.items():
        ordered[provider_id] = provider
        similar = (provider_id, *presets()) if provider_id == BASE else (provider_id,)
        ordered |= {name: connection for name, connection in added.items() if connection.kind in similar}
    return ordered


def providers_of(session: TenantSession, provider_ids: Collection[str]) -> list[Provider]:
    """Return the providers of these IDs in the order of `providers`. Unknown IDs are left out.

    The declarations of other providers are not imported, which takes longer than most commands.
    """
    added = connections(session)
    places = {name: place for place, name in enumerate(added, 1)}

    def rank(provider: Provider) -> tuple[object, int]:
        declared = (PROVIDERS.get(provider.kind) or PROVIDERS[BASE]) if provider.kind else provider
        return order(declared), places.get(provider.id, 0)

    return sorted(filter(None, (PROVIDERS.get(name) or added.get(name) for name in {*provider_ids})), key=rank)


def find_provider(session: TenantSession, provider_id: str) -> Provider | None:
    """Return the provider or connection of that ID, or None."""
    return PROVIDERS.get(provider_id) or connections(session).get(provider_id)


def provider_of(session: TenantSession, provider_id: str) -> Provider:
    """Return the provider or connection of that ID.

    Raises:
        UsageError: naming the known IDs, and the nearest.
    """
    if declared := PROVIDERS.get(provider_id):
        return declared
    added = connections(session)
    if provider_id in added:
        return added[provider_id]
    names = [*PROVIDERS, *added]
    suffix = f" {provider_id}" if quotable(provider_id, names) else ""
    hint = did_you_mean(provider_id, names)
    raise UsageError(f"Unknown provider{suffix}.", f"{hint}Known providers: {', '.join(names)}.")


def label_of(session: TenantSession, provider_id: str) -> str:
    """Return the label of a provider or connection, or the ID itself if it is unknown."""
    provider = find_provider(session, provider_id)
    return provider.label if provider else provider_id
