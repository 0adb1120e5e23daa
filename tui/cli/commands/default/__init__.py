"""`modeldeck default`: the default model of each type."""

from tui.cli.command import ALL_TENANTS, DRY_RUN, JSON, TENANTS, TYPE_ARGUMENT, Argument, Command

_ALL_TENANTS_SHAPE = "--all-tenants: [{tenant, before: [model], after: [model], changed, problem}]"

COMMANDS = (
    Command(
        ("default", "show"),
        "default.handlers:show",
        "show the default model of each type, and suggestions",
        options=(JSON,),
        shape="[{type, model, state, sentence, set_at, nearest, proposed, "
        "fallbacks: [{model, state, sentence}]}]; models as P/MODEL or null",
        examples=("modeldeck default show",),
    ),
    Command(
        ("default", "matrix"),
        "default.many_tenants:matrix",
        "show the default models of many tenants, by type",
        options=(TENANTS, JSON),
        details="Every tenant, unless --tenants names some. Below the table, each model that cannot be used is named.",
        shape="[{tenant, name, problem, defaults: [{type, model, state, sentence, broken, fallbacks: [model]}]}]",
        examples=("modeldeck default matrix", "modeldeck default matrix --json"),
    ),
    Command(
        ("default", "set"),
        "default.handlers:choose",
        "set the default model of a type, and its fallbacks",
        (TYPE_ARGUMENT, Argument("P/MODEL", "provider and model, split at the first slash; fallbacks behind commas")),
        (TENANTS, ALL_TENANTS, DRY_RUN, JSON),
        "A fallback answers where the models before it do not: the network failed, or the provider is busy or failing. "
        "It never takes over once an answer has begun, nor where a key was rejected, and a request on your key never "
        "goes to a trial. What answered says so. Without fallbacks, those that were set are cleared.",
        "{type, model, fallbacks}; " + _ALL_TENANTS_SHAPE,
        (
            "modeldeck default set chat openai/gpt-6-sol",
            "modeldeck default set chat anthropic/claude-opus-5,openai/gpt-6-sol",
            "modeldeck default set chat openai/gpt-6-sol --all-tenants --dry-run",
        ),
    ),
    Command(
        ("default", "clear"),
        "default.handlers:clear",
        "clear the default model of a type",
        (TYPE_ARGUMENT,),
        (TENANTS, ALL_TENANTS, DRY_RUN, JSON),
        shape="{type, model, fallbacks}; model is null; " + _ALL_TENANTS_SHAPE,
        examples=("modeldeck default clear embedding",),
    ),
)
