"""The page modeldeck(1) of the manual, in man(7) macros, from the table of commands that --help shows.

`python -m tui.cli.manual` writes it to `modeldeck.1` beside this file, from where the wheel installs it.
"""

from tui import __version__
from tui.cli.command import EXIT_CODES, GLOBAL_OPTIONS, VARIABLES, Command, Option
from tui.cli.help import table_rows, usage
from tui.cli.registry import COMMANDS, CONSOLE

_FILES = (
    ("~/.local/share/modeldeck", "settings: encrypted API keys, models, defaults"),
    ("~/.local/state/modeldeck/keys", "private keys of the tenants"),
    ("~/.config/modeldeck/config.toml", "preferences, see modeldeck config"),
    ("~/.local/state/modeldeck/log", "crash reports and the debug log"),
)


def manual() -> str:
    """Return the page as text."""
    lines = [
        f'.TH MODELDECK 1 "" "modeldeck {__version__}" "User Commands"',
        ".SH NAME",
        _text("modeldeck - manage LLM providers for many tenants: encrypted API keys, models, defaults"),
        ".SH SYNOPSIS",
        ".B modeldeck",
        _text("[-t TENANT] [COMMAND] [ARGUMENTS]"),
        ".SH DESCRIPTION",
        _text(f"Without a command: {CONSOLE.summary}. With a command, the same is done from a shell or a script."),
        ".SH COMMANDS",
    ]
    for command in COMMANDS:
        if command.words:
            lines += _command(command)
    lines += [".SH OPTIONS", "Every command takes these options.", *_options(GLOBAL_OPTIONS)]
    lines += [".SH ENVIRONMENT", *(part for name, what in VARIABLES for part in _entry(name, what))]
    lines += [".SH FILES", *(part for path, what in _FILES for part in _entry(path, what))]
    lines += ["modeldeck paths", "prints where they are."]
    lines += [".SH EXIT STATUS", _text(f"{EXIT_CODES}.")]
    return "\n".join(lines) + "\n"


def _command(command: Command) -> list[str]:
    """Return the section of one command."""
    lines = [f".SS {_text(' '.join(command.words))}", ".nf", _text(usage(command)), ".fi", ".PP"]
    lines.append(_text(f"{command.summary[0].upper()}{command.summary[1:]}."))
    if command.details:
        lines += [line for paragraph in command.details.split("\n\n") for line in (".PP", _text(paragraph))]
    lines += [part for argument in command.arguments if argument.help for part in _entry(argument.name, argument.help)]
    lines += [part for row in table_rows(command) for part in _entry(*row)]
    lines += _options(tuple(option for option in command.all_options if option not in GLOBAL_OPTIONS))
    if command.shape:
        lines += [".PP", _text(f"With --json: {command.shape}.")]
    if command.examples:
        lines += [".PP", "Examples:", ".nf", *(f"    {_text(example)}" for example in command.examples), ".fi"]
    return lines


def _options(options: tuple[Option, ...]) -> list[str]:
    return [
        part for option in options for part in _entry(f"{', '.join(option.names)} {option.value}".strip(), option.help)
    ]


def _entry(name: str, what: str) -> list[str]:
    return [".TP", f".B {_text(name)}", _text(what)]


def _text(text: str) -> str:
    """Return a text in which nothing is a request or an escape of roff."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...").replace("–", "\\(en")
    return "\n".join(f"\\&{line}" if line[:1] in (".", "'") else line for line in escaped.splitlines())
