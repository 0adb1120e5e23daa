"""`modeldeck prompt`: system prompts and parameters under a name."""

from tui.cli.command import DRY_RUN, JSON, MODEL_OPTION, YES, Argument, Command, Option

_NAME = Argument("NAME", "the saved prompt's name")
_SHAPE = "{name, system, parameters, schema"

COMMANDS = (
    Command(
        ("prompt", "list"),
        "chat.prompt_handlers:listing",
        "list the saved prompts of a tenant",
        options=(JSON,),
        details="A saved prompt is a system prompt, parameters and a JSON Schema under a name; chat, compare and batch "
        "use it with --saved-prompt NAME, and the console on its page of parameters. It is stored unencrypted, as "
        "settings are: keep no secrets in it. modeldeck export carries it.",
        shape=f"[{_SHAPE}}}]",
        examples=("modeldeck prompt list",),
        secrets=False,
    ),
    Command(
        ("prompt", "show"),
        "chat.prompt_handlers:show",
        "print a saved prompt",
        (_NAME,),
        (JSON,),
        shape=_SHAPE + "}",
        examples=("modeldeck prompt show reviewer",),
        secrets=False,
    ),
    Command(
        ("prompt", "save"),
        "chat.prompt_handlers:save",
        "save a system prompt, parameters and a schema under a name",
        (_NAME,),
        (
            Option(("-s", "--system"), "the system prompt; - reads stdin", "SYSTEM"),
            Option(("-p", "--parameter"), "a parameter of the model; repeat for several", "NAME=VALUE"),
            MODEL_OPTION,
            Option(("--schema",), "a JSON Schema that answers must fit", "FILE"),
            JSON,
        ),
        "One of the same name is replaced. Parameters are checked for the model of -m, and left out for models that "
        "do not take them.",
        _SHAPE + ", replaced}",
        ("modeldeck prompt save reviewer -s 'Review this.' -p temperature=0",),
        secrets=False,
    ),
    Command(
        ("prompt", "remove"),
        "chat.prompt_handlers:remove",
        "remove a saved prompt",
        (_NAME,),
        (YES, DRY_RUN, JSON),
        "modeldeck undo brings it back.",
        "{name, removed, message}",
        ("modeldeck prompt remove reviewer --yes",),
        secrets=False,
    ),
)
