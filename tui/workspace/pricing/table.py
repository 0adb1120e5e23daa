"""Find the price of a model: in the person's file, else the provider's own list, else the newer of two tables.

$CONFIG/prices.toml             the person's own prices
$CONFIG/prices-imported.toml    what `modeldeck price import` read from a file
prices.toml beside this module  the table of this version
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tui.domain import Model
from tui.errors import Problem
from tui.paths import paths, read_file
from tui.tenancy import credentials
from tui.tenancy.connections import find_provider
from tui.tenancy.session import TenantSession
from tui.workspace.pricing.listing import listed_price
from tui.workspace.pricing.prices import Price, parse

OWN_FILE = "prices.toml"
IMPORTED_FILE = "prices-imported.toml"

_MAX_SIZE = 64 * 2**20
"""Bytes of a file of prices; that of every model of models.dev has less than 2 MiB."""

Table = Mapping[tuple[str, str], tuple[Price, ...]]
"""Prices by host and model ID."""


@cache
def shipped_prices() -> Table:
    """Return the table of this version."""
    return _table(parse(_shipped_text(), OWN_FILE, "table"))


@cache
def _shipped_for(host: str) -> Table:
    """Return the part of the table for one host: reading the whole takes longer than all else of a command."""
    head, *routes = _shipped_text().split("\n[[route]]\n")
    chosen = [route for route in routes if f'"{host}"' in route.partition("\ncurrency")[0]]
    return _table(parse("\n[[route]]\n".join([head, *chosen]), OWN_FILE, "table"))


@cache
def _shipped_text() -> str:
    return Path(__file__).with_name(OWN_FILE).read_text(encoding="utf-8")


def own_prices(environ: Mapping[str, str]) -> Table:
    """Return the person's own prices. Raises Problem if their file cannot be read."""
    return _read(paths(environ).config / OWN_FILE, "yours")


def imported_prices(environ: Mapping[str, str]) -> Table:
    """Return the prices that were imported. Raises Problem if their file cannot be read."""
    return _read(paths(environ).config / IMPORTED_FILE, "imported")


def _read(path: Path, owner: str) -> Table:
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return {}
    return _parse(path, stamp, owner)


@cache
def _parse(path: Path, stamp: int, owner: str) -> Table:
    """Read a file again only when it was written."""
    try:
        return _table(parse(read_file(path, _MAX_SIZE).decode(), path.name, owner))
    except (OSError, UnicodeDecodeError):
        raise Problem(f"{path.name} cannot be read.", "It must be a UTF-8 file that you may read.") from None


def _table(prices: Iterable[Price]) -> Table:
    table: dict[tuple[str, str], tuple[Price, ...]] = {}
    for price in prices:
        for host in price.hosts:
            table[host, price.model] = (*table.get((host, price.model), ()), price)
    return table


def hosts_of(session: TenantSession, model: Model) -> tuple[str, ...]:
    """Return the hosts that requests to a model go to: those of the credential in use, else the declared ones."""
    provider = find_provider(session, model.provider)
    if provider is None:
        return ()
    credential = credentials.active(session, model.provider)
    fields = {entry.name: entry.default for entry in provider.fields if entry.default and not entry.secret}
    fields |= dict(credential.clear) if credential else {}
    try:
        origins = (*provider.model_origins(fields, model), *provider.origins(fields))
    except (KeyError, ValueError, Problem):
        return ()
    return tuple(dict.fromkeys(urlsplit(origin).hostname or "" for origin in origins))


def price_of(session: TenantSession, model: Model, moment: str = "") -> Price | None:
    """Return the price of a model at a moment (ISO 8601, UTC; now if blank); None if it is unknown."""
    moment = moment or session.now()
    hosts, environ = hosts_of(session, model), session.process.environ
    model_id = model.id.removeprefix("models/")  # Gemini lists its models so
    if not session.practice and (price := at(own_prices(environ), hosts, model_id, moment)):
        return price
    if hosts and (price := listed_price(model, hosts)):
        return price
    tables = [_shipped_for(host) for host in hosts]
    tables += [] if session.practice else [imported_prices(environ)]
    prices = [at(table, hosts, model_id, moment) for table in tables]
    return max((price for price in prices if price), key=lambda price: price.as_of, default=None)


def at(table: Table, hosts: Iterable[str], model_id: str, moment: str) -> Price | None:
    """Return the price that holds at a moment: the latest one, and of those the one for certain hours."""
    for host in hosts:
        valid = [price for price in table.get((host, model_id), ()) if price.holds_at(moment)]
        if valid:
            return max(valid, key=lambda price: (price.start, bool(price.hours), price.weekdays))
    return None
