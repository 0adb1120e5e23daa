"""`modeldeck price show | check | import`."""

import time
from datetime import date, timedelta
from decimal import Decimal

from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.errors import UsageError
from tui.paths import paths
from tui.storage import user_file
from tui.tenancy import models
from tui.workspace.pricing import import_file, table
from tui.workspace.pricing.cost import UNKNOWN, plain
from tui.workspace.pricing.prices import Price, Rates

_OLD = timedelta(days=180)
_MAX_SIZE = 32 << 20
_OWNERS = {"yours": "your prices.toml", "listing": "its list", "imported": "imported", "table": "Modeldeck's table"}


def show(call: CommandContext) -> None:
    """Print the price of one model, or of all that have one."""
    named = call.args.one("P/MODEL")
    session = call.tenant_session
    chosen = [models.find(session, named)] if named else models.all_models(session)
    prices = [(model.ref, table.price_of(session, model)) for model in chosen]
    if not named:
        prices = [(ref, price) for ref, price in prices if price]
    if call.out.as_json:
        call.out.json([{"model": ref, "price": price.as_json() if price else None} for ref, price in prices])
        return
    headings = ("model", "in", "cached", "out", "", "looked up", "by")
    call.out.table(headings, [_row(ref, price) for ref, price in prices])
    if named and prices[0][1]:
        for words in _details(prices[0][1]):
            call.out.line(words)
    elif call.out.decorated:
        call.out.note("Estimates, a million tokens each unless it says otherwise; – is unknown.")


def _row(ref: str, price: Price | None) -> tuple[str, ...]:
    if price is None:
        return (ref, UNKNOWN, UNKNOWN, UNKNOWN, "", "", "no price is known")
    rates = price.rates
    if rates.minute is not None:
        return (
            ref,
            _format_rate(rates.minute),
            "",
            "",
            f"{price.currency} a minute",
            price.as_of,
            _OWNERS[price.owner],
        )
    figures = (_format_rate(rates.input), _format_rate(rates.cached), _format_rate(rates.output))
    return (ref, *figures, price.currency, price.as_of, _OWNERS[price.owner])


def _format_rate(rate: Decimal | None) -> str:
    return UNKNOWN if rate is None else plain(rate)


def _details(price: Price) -> list[str]:
    """Return what the row of a price has no room for."""
    rest = {
        "cache write": price.rates.cache_write,
        "cache write, 1 hour": price.rates.cache_write_1h,
        "reasoning": price.rates.reasoning,
        "audio": price.rates.audio,
    }
    lines = [f"{name}: {_format_rate(rate)} {price.currency}" for name, rate in rest.items() if rate is not None]
    lines += [f"above {above:,} tokens in the prompt: {_tier(rates)}" for above, rates in price.tiers]
    if price.start:
        lines.append(f"from {price.start}")
    if price.hours:
        lines.append(f"at {', '.join(price.hours)} UTC{', Monday to Friday' if price.weekdays else ''}")
    return [*lines, f"source: {price.source}, looked up on {price.as_of}"]


def _tier(rates: Rates) -> str:
    if rates == Rates():
        return "not known"
    return f"{_format_rate(rates.input)} in, {_format_rate(rates.cached)} cached, {_format_rate(rates.output)} out"


def check(call: CommandContext) -> None:
    """Read the price files, and count what has a price."""
    session, environ = call.tenant_session, call.environ
    files = {table.OWN_FILE: table.own_prices(environ), table.IMPORTED_FILE: table.imported_prices(environ)}
    counts = [{"file": name, "prices": sum(map(len, content.values()))} for name, content in files.items()]
    listed = models.all_models(session)
    prices = {model.ref: table.price_of(session, model) for model in listed}
    unpriced = sorted(ref for ref, price in prices.items() if price is None)
    limit = (date.fromisoformat(session.today()) - _OLD).isoformat()
    old = {ref: price.as_of for ref, price in sorted(prices.items()) if price and price.as_of < limit}
    if call.out.as_json:
        priced = len(prices) - len(unpriced)
        old_rows = [{"model": ref, "looked_up": day} for ref, day in old.items()]
        call.out.json({"files": counts, "models": len(prices), "priced": priced, "unpriced": unpriced, "old": old_rows})
        return
    for row in counts:
        if row["prices"]:
            call.out.line(f"{row['file']}: {count_noun(int(str(row['prices'])), 'price')}.")
    call.out.line(f"{len(prices) - len(unpriced):,} of {count_noun(len(prices), 'model')} have a price.")
    for ref in unpriced:
        call.out.line(f"{ref}: no price")
    for ref, day in old.items():
        call.out.line(f"{ref}: looked up on {day}")


def import_prices(call: CommandContext) -> None:
    """Read a downloaded file, and keep its prices in the config folder."""
    path = user_file.local_path(call.args.one("FILE"))
    content = user_file.read(path, _MAX_SIZE)
    if len(content) > _MAX_SIZE:
        raise UsageError("The file is too large to be a table of prices.", "Choose api.json or data.json.")
    day = time.strftime("%Y-%m-%d", time.gmtime(path.stat().st_mtime))
    prices = import_file.read_prices(
        content.decode(errors="replace"), day, {host for host, _ in table.shipped_prices()}
    )
    folder = paths(call.environ).config
    target = folder / table.IMPORTED_FILE
    hosts = len({host for price in prices for host in price.hosts})
    shape = {"file": str(target), "prices": len(prices), "hosts": hosts}
    count = f"{count_noun(len(prices), 'price')} of {count_noun(hosts, 'address', 'addresses')}"
    if call.args.has("dry-run"):
        call.out.answer(shape, f"Would import {count} into {target}.")
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise user_file.unwritable(folder, error) from None
    user_file.write(target, import_file.as_toml(prices))
    call.out.result(shape, f"Imported {count} into {target}.")
