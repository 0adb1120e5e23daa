"""Words of a command line -> `ParsedArgs`. Options and arguments may come in any order; nothing is abbreviated.

What stands on the command line is never repeated in an error, as it may hold a secret typed in the wrong place.
"""

from collections.abc import Mapping, Sequence

from tui.cli.command import GLOBAL_OPTIONS, Command, Option
from tui.cli.registry import COMMANDS, CONSOLE
from tui.errors import UsageError


class ParsedArgs:
    """A command and what was given to it. `help_on` holds the words whose help was asked for, else None."""

    def __init__(
        self, command: Command, values: Mapping[str, Sequence[str]], help_on: tuple[str, ...] | None = None
    ) -> None:
        self.command = command
        self.help_on = help_on
        self._values = values

    def one(self, name: str, otherwise: str = "") -> str:
        """The value of an option or argument; the last one counts."""
        values = self._values.get(name)
        return values[-1] if values else otherwise

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(self._values.get(name, ()))

    def has(self, name: str) -> bool:
        return name in self._values


def parse(words: Sequence[str]) -> ParsedArgs:
    """Read the words; `Usage` names what cannot be meant."""
    found, rest = _command(words)
    if not isinstance(found, Command):
        if _asks_help(rest):
            return ParsedArgs(CONSOLE, {}, found)
        raise _incomplete(found)
    if _asks_help(rest):
        return ParsedArgs(found, {}, found.words)
    return ParsedArgs(found, _values(found, rest))


def _command(words: Sequence[str]) -> tuple[Command | tuple[str, ...], list[str]]:
    """The command named by the first words that are not options, or the noun that lacks its verb; and the rest."""
    rest: list[str] = []
    named: tuple[str, ...] = ()
    nouns = {command.words[0] for command in COMMANDS if command.words}
    waiting = list(words)
    while waiting and named not in _BY_WORDS:
        word = waiting.pop(0)
        if word == "--":
            raise UsageError("A command comes before --.", "modeldeck --help lists the commands.")
        if word.startswith("-") and word != "-":
            rest.append(word)
            option = _option(GLOBAL_OPTIONS, _name(word))
            if option and option.value and _attached(word) is None and waiting:
                rest.append(waiting.pop(0))
        elif (not named and word in nouns) or (named and (*named, word) in _BY_WORDS):
            named = (*named, word)
        else:
            raise _unknown(named, word)
    rest += waiting
    if named in _BY_WORDS:
        return _BY_WORDS[named], rest
    return (CONSOLE, rest) if not named and not _asks_help(rest) else (named, rest)


def _values(command: Command, words: Sequence[str]) -> dict[str, list[str]]:
    """What was given for each option and argument of a command, by name; an option without a value has ''."""
    values: dict[str, list[str]] = {}
    plain: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            plain += waiting
            break
        if word.startswith("-") and word != "-":
            option, value = _given_option(command, word, waiting)
            values.setdefault(option.key, []).append(value)
        else:
            plain.append(word)
    for option in command.options:
        if option.required and option.value and option.key not in values:
            raise UsageError(f"{option.names[-1]} is missing.", _how(command))
    return values | _arguments(command, plain)


def _given_option(command: Command, word: str, waiting: list[str]) -> tuple[Option, str]:
    """The option that a word names, and its value: attached, or else taken from the words that wait behind it."""
    option, value = _option((*command.options, *GLOBAL_OPTIONS), _name(word)), _attached(word)
    if option is None or (value is not None and not option.value):
        raise UsageError(
            "There is an unknown option among them.", _how(command, "a text that begins with - goes after --")
        )
    if option.value and value is None:
        if not waiting:
            raise UsageError(f"{option.names[-1]} wants a value.", _how(command))
        value = waiting.pop(0)
    if option.choices and value not in option.choices:
        raise UsageError(f"{option.names[-1]} is one of {', '.join(option.choices)}.", _how(command))
    return option, value or ""


def _arguments(command: Command, plain: list[str]) -> dict[str, list[str]]:
    """The words that are no options, by argument: those behind one that takes many get what they need at least."""
    values: dict[str, list[str]] = {}
    for place, argument in enumerate(command.arguments):
        left = sum(later.min_count for later in command.arguments[place + 1 :])
        room = len(plain) - left
        take = room if argument.many else min(room, 1)
        if take < argument.min_count:
            raise UsageError(f"{argument.name} is missing.", _how(command))
        if take > 0:
            values[argument.name] = plain[:take]
        if argument.choices and take > 0 and plain[0] not in argument.choices:
            raise UsageError(f"{argument.name} is one of {', '.join(argument.choices)}.", _how(command))
        plain = plain[max(take, 0) :]
    if plain:
        raise UsageError("There is one argument too many.", _how(command, "a text with blanks goes in quotes"))
    return values


def _option(options: Sequence[Option], name: str) -> Option | None:
    return next((option for option in options if name in option.names), None)


def _name(word: str) -> str:
    """The name in `--name`, `--name=VALUE`, `-n` or `-nVALUE`."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _attached(word: str) -> str | None:
    """The value in `--name=VALUE` or `-nVALUE`, None if the word holds the name alone."""
    if word.startswith("--"):
        _, equals, value = word.partition("=")
        return value if equals else None
    return word[2:] or None


def _asks_help(words: Sequence[str]) -> bool:
    before = words[: words.index("--")] if "--" in words else words
    return "-h" in before or "--help" in before


def _how(command: Command, more: str = "") -> str:
    ask = " ".join(("modeldeck", *command.words, "--help"))
    return f"{ask} shows how; {more}." if more else f"{ask} shows how."


def _incomplete(named: tuple[str, ...]) -> UsageError:
    verbs = ", ".join(words[-1] for words in _BY_WORDS if words[:-1] == named)
    return UsageError(
        f"modeldeck {' '.join(named)} wants one of: {verbs}.", f"modeldeck {' '.join(named)} --help tells more."
    )


def _unknown(named: tuple[str, ...], word: str) -> UsageError:
    if named:
        return _incomplete(named)
    import difflib

    near = difflib.get_close_matches(word, sorted({words[0] for words in _BY_WORDS if words}), n=1)
    meant = f"Did you mean modeldeck {near[0]}? " if near else ""
    return UsageError("There is no such command.", f"{meant}modeldeck --help lists the commands.")


_BY_WORDS = {command.words: command for command in COMMANDS if command.words}
