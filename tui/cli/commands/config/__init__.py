"""`modeldeck config` and `modeldeck keys`: the preferences, and the keys of the console."""

from tui.cli.command import JSON, Argument, Command

COMMANDS = (
    Command(
        ("config",),
        "config.handlers:config",
        "show every setting, its value and where it comes from",
        (
            Argument(
                "check", "say what is wrong with the file; the exit code is 1 if anything is", 0, False, ("check",)
            ),
        ),
        (JSON,),
        details="The settings are in config.toml; modeldeck paths shows where that is. All are optional.",
        table=("Settings:", "tui.config:HELP"),
        shape="[{name, value, default, from, line}]; with check [{entry, line, sentence, ignored}]",
        examples=("modeldeck config", "modeldeck config check"),
        secrets=False,
    ),
    Command(
        ("keys",),
        "config.handlers:keys",
        "list the keys of the console, with their IDs for [keymap]",
        options=(JSON,),
        details="A fixed key belongs to fields and focus; no keymap changes it.",
        shape="[{id, keys, word, description, fixed}]",
        examples=("modeldeck keys",),
        secrets=False,
    ),
)
