"""`modeldeck schema`: what the commands print with `--json`, for programs that read it."""

from tui.cli.context import CommandContext
from tui.cli.json_schema import schema_of
from tui.cli.registry import COMMANDS
from tui.errors import UsageError, did_you_mean, quotable


def schema(call: CommandContext) -> None:
    """Print the JSON schema of a command, or list the commands that have one."""
    commands = {" ".join(command.words): command for command in COMMANDS if command.shape}
    name = " ".join(call.args.many("COMMAND"))
    if not name:
        call.out.table(("command", "what it does"), [(words, command.summary) for words, command in commands.items()])
    elif name in commands:
        call.out.json(schema_of(commands[name]))
    else:
        suffix = f" {name}" if all(quotable(word, commands) for word in name.split()) else ""
        verbs = [words for words in commands if words.startswith(f"{name} ")]
        hint = f"Use one of: {', '.join(verbs)}. " if verbs else did_you_mean(name, commands, "modeldeck schema ")
        raise UsageError(f"No command{suffix} prints JSON.", f"{hint}modeldeck schema lists those that do.")
