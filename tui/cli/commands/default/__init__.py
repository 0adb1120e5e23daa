"""`modeldeck default`: the default model of each type."""

from tui.cli.command import JSON, TYPE_ARGUMENT, Argument, Command

COMMANDS = (
    Command(
        ("default", "show"),
        "default.handlers:show",
        "show the default model of each type, and suggestions",
        options=(JSON,),
        shape="[{type, model, state, sentence, set_at, nearest, proposed}]; models as P/MODEL or null",
        examples=("modeldeck default show",),
    ),
    Command(
        ("default", "set"),
        "default.handlers:choose",
        "set the default model of a type",
        (TYPE_ARGUMENT, Argument("P/MODEL", "provider and model, split at the first slash")),
        (JSON,),
        shape="{type, model}",
        examples=("modeldeck default set chat openai/gpt-6-sol",),
    ),
    Command(
        ("default", "clear"),
        "default.handlers:clear",
        "clear the default model of a type",
        (TYPE_ARGUMENT,),
        (JSON,),
        shape="{type, model}; model is null",
        examples=("modeldeck default clear embedding",),
    ),
)
