"""`modeldeck price`: what models cost."""

from tui.cli.command import DRY_RUN, JSON, Argument, Command

_SHAPE = (
    "{model, price: {currency, unit, input, output, cached, cache_write, cache_write_1h, audio, reasoning, "
    "audio_output, minute, tiers: [{above, …}], from, hours, weekdays, source, looked_up, owner}}]; figures are texts, "
    "null is unknown"
)

COMMANDS = (
    Command(
        ("price", "show"),
        "price.handlers:show",
        "show what a tenant's models cost, and where each price is from",
        (Argument("P/MODEL", "one model; blank shows every model that has a price", min_count=0),),
        (JSON,),
        "Prices are for estimates. The first of these that has a price counts: your prices.toml, the provider's list, "
        "and the newer of imported prices and the table of this version.",
        f"[{_SHAPE}]",
        ("modeldeck price show openai/gpt-6-sol",),
        secrets=False,
    ),
    Command(
        ("price", "check"),
        "price.handlers:check",
        "check your price files, and name models without a price or with an old one",
        options=(JSON,),
        details="The exit code is 1 if a file cannot be read.",
        shape="{files: [{file, prices}], models, priced, unpriced: [P/MODEL], old: [{model, looked_up}]}",
        examples=("modeldeck price check",),
        secrets=False,
    ),
    Command(
        ("price", "import"),
        "price.handlers:import_prices",
        "read prices from a file of models.dev or genai-prices that you downloaded",
        (Argument("FILE", "api.json of models.dev, or data.json of genai-prices; nothing is fetched"),),
        (DRY_RUN, JSON),
        "The prices replace those of the last import. Your own prices.toml stays as it is.",
        "{file, prices, hosts}",
        ("modeldeck price import api.json",),
        secrets=False,
    ),
)
