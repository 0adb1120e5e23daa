"""Format the text of `--help` from the table of commands."""

import re
import textwrap
from importlib import import_module

from tui.cli.command import EXIT_CODES, GLOBAL_OPTIONS, VARIABLES, Argument, Command, Option
from tui.cli.registry import COMMANDS, CONSOLE

_COLUMN, _WIDTH, _HARD_SPACE = 24, 79, "\xa0"


def help_text(words: tuple[str, ...]) -> str:
    """Return the help of a command, of a noun with its verbs, or (no words) the overview."""
    exact = [command for command in COMMANDS if command.words == words]
    if words and exact:
        return _command_page(exact[0])
    return _noun_page(words[0]) if words else _overview()


def _overview() -> str:
    lines = ["Manage LLM providers for many tenants: encrypted API keys, models, defaults.", ""]
    lines += [_row("modeldeck [-t TENANT]", CONSOLE.summary)]
    lines += [_row(usage(command), command.summary) for command in COMMANDS if _is_only_verb(command)]
    nouns = dict.fromkeys(command.words[0] for command in COMMANDS if len(command.words) == 2)
    for noun in nouns:
        verbs = " | ".join(command.words[1] for command in COMMANDS if command.words[:1] == (noun,))
        lines += [_row(f"modeldeck {noun}", verbs)]
    lines += ["", "Global options:", *(_option_row(option) for option in GLOBAL_OPTIONS)]
    types = (
        "Model types: chat (Dify calls it system reasoning), embedding, speech2text (speech-to-text). "
        "P/MODEL is a provider ID and a model ID."
    )
    lines += ["", _wrap(types, "  "), ""]
    lines += [_wrap("Exit codes: " + EXIT_CODES + ".", "  "), ""]
    lines += ["Environment variables:", *(_row(f"  {name}", what) for name, what in VARIABLES)]
    lines += ["", "See modeldeck COMMAND --help for details and examples."]
    return "\n".join(lines)


def _noun_page(noun: str) -> str:
    verbs = [command for command in COMMANDS if command.words[:1] == (noun,)]
    lines = [_row(usage(command), command.summary) for command in verbs]
    examples = [example for command in verbs for example in command.examples[:1]]
    return "\n".join([*lines, *_block("Examples:", examples), "", f"See modeldeck {noun} VERB --help for details."])


def _command_page(command: Command) -> str:
    lines = [usage(command), "", _wrap(command.summary[0].upper() + command.summary[1:] + ".")]
    if command.details:
        lines += [line for paragraph in command.details.split("\n\n") for line in ("", _wrap(paragraph))]
    described = [argument for argument in command.arguments if argument.help]
    lines += _block("Arguments:", [_row(argument.name, argument.help, _WIDTH - 2).strip() for argument in described])
    lines += _block(command.table[0], [_row(*row, _WIDTH - 2) for row in table_rows(command)])
    lines += ["", "Options:", *(_option_row(option) for option in command.all_options)]
    if command.shape:
        lines += ["", _wrap("With --json: " + command.shape + ".", "  ")]
        lines += [_wrap("An error is then the last line on stderr: {error: {message, hint, detail, exit}}.", "  ")]
    return "\n".join([*lines, *_block("Examples:", command.examples)])


def table_rows(command: Command) -> tuple[tuple[str, str], ...]:
    """Return the rows that a command's help has from elsewhere, such as the settings."""
    module, _, name = command.table[1].partition(":")
    return tuple(getattr(import_module(module), name)) if module else ()


def _block(heading: str, lines: "list[str] | tuple[str, ...]") -> list[str]:
    return ["", heading, *(f"  {line}" for line in lines)] if lines else []


def _synopsis(command: Command) -> str:
    """Return the command's words, arguments and options; optional ones in brackets."""
    arguments = [_argument(argument) for argument in command.arguments]
    options = [_option_text(option) for option in command.options if option.shown]
    return " ".join([*command.words, *arguments, *options])


def usage(command: Command) -> str:
    """Return the synopsis, wrapped between options and never within one."""
    text = re.sub(r"(\[[^]]*\])", lambda match: match[1].replace(" ", _HARD_SPACE), f"modeldeck {_synopsis(command)}")
    lines = textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace(_HARD_SPACE, " ")


def _argument(argument: Argument) -> str:
    name = argument.name + ("…" if argument.many else "")
    return name if argument.min_count else f"[{name}]"


def _option_text(option: Option) -> str:
    text = f"{option.names[0]} {option.value}".strip()
    return text if option.required else f"[{text}]"


def _option_row(option: Option) -> str:
    return _row("  " + ", ".join(option.names) + (f" {option.value}" if option.value else ""), option.help)


def _is_only_verb(command: Command) -> bool:
    return len(command.words) == 1


def _row(left: str, right: str, width: int = _WIDTH) -> str:
    """Format two columns; a long left side puts the right one on the next line."""
    indent = " " * (_COLUMN + 2)
    text = textwrap.fill(right, width, initial_indent=indent, subsequent_indent=indent)
    return f"{left:<{_COLUMN}}  {text.lstrip()}" if len(left) <= _COLUMN else f"{left}\n{text}"


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent)
