"""`modeldeck default`: the default model of each type."""

from tui.cli.command import JSON, TYPE_ARGUMENT, Argument, Command

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
        ("default", "set"),
        "default.handlers:choose",
        "set the default model of a type, and its fallbacks",
        (TYPE_ARGUMENT, Argument("P/MODEL", "provider and model, split at the first slash; fallbacks behind commas")),
        (JSON,),
        "A fallback answers where the models before it do not: the network failed, or the provider is busy or failing. "
        "It never takes over once an answer has begun, nor where a key was rejected, and a request on your key never "
        "goes to a trial. What answered says so. Without fallbacks, those that were set are cleared.",
        "{type, model, fallbacks}",
        (
            "modeldeck default set chat openai/gpt-6-sol",
            "modeldeck default set chat anthropic/claude-opus-5,openai/gpt-6-sol",
        ),
    ),
    Command(
        ("default", "clear"),
        "default.handlers:clear",
        "clear the default model of a type",
        (TYPE_ARGUMENT,),
        (JSON,),
        shape="{type, model, fallbacks}; model is null",
        examples=("modeldeck default clear embedding",),
    ),
)
