"""`modeldeck spend`: what a tenant's requests cost, estimated."""

from tui.cli.command import JSON, Command, Option

COMMANDS = (
    Command(
        ("spend",),
        "spend.handlers:spend",
        "show what a tenant's requests cost, estimated from dated prices",
        options=(
            Option(("--since",), "only newer requests: a date, a time, or an age such as 12h or 30d", "WHEN"),
            Option(
                ("--by",),
                "one sum for each model, provider, credential, key, day, month or tenant",
                "GROUP",
                ("model", "provider", "credential", "key", "day", "month", "tenant"),
            ),
            JSON,
        ),
        details="Every amount is an estimate by the price of the request's own time; it is not the bill. A request "
        "without a known price counts as unpriced, not as 0. Records hold no texts and no secrets. --by tenant sums "
        "every tenant; --by key tells your own key from a trial's.",
        shape="[{name, requests, unpriced, usage: {input, output, …}, cost: {CURRENCY: amount}, estimate}]; amounts "
        "are texts",
        examples=("modeldeck spend --since 30d --by model",),
        secrets=False,
    ),
)
