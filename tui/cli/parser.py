"""Parse command-line arguments into `ParsedArgs`, in any order, without abbreviations.

An error repeats a word only if `errors.quotable` allows it, as any other may be a secret typed in the wrong place.
"""

from collections.abc import Sequence

from tui.cli.command import GLOBAL_OPTIONS, Argument, Command, Option, ParsedArgs
from tui.cli.registry import COMMANDS, CONSOLE
from tui.errors import UsageError, did_you_mean, quotable

_VERSION = ("--version", "-V", "version")
"""What shows the version if it is the only word."""

_OTHER_WORDS = {"ls": "list", "rm": "remove", "delete": "remove", "test": "verify", "login": "provider set"}
"""What other programs call a verb -> what it, or the whole command, is called here."""


def parse(words: Sequence[str]) -> ParsedArgs:
    """Parse the words.

    Raises:
        UsageError: naming the word that is wrong, and a near one that exists.
    """
    if words and words[0] == "help":
        words = [*words[1:], "--help"]
    if words and words[0] in _VERSION:
        raise _version_with_more()
    command, rest = _command(words)
    if not isinstance(command, Command):
        if _asks_help(rest):
            return ParsedArgs(CONSOLE, {}, command)
        raise _verb_missing(command)
    if _asks_help(rest):
        return ParsedArgs(command, {}, command.words)
    return ParsedArgs(command, _values(command, rest))


def _command(words: Sequence[str]) -> tuple[Command | tuple[str, ...], list[str]]:
    """Return the command named by the first words that are not options, or a noun without its verb; and the rest."""
    rest: list[str] = []
    named: tuple[str, ...] = ()
    nouns = {command.words[0] for command in COMMANDS if command.words}
    waiting = list(words)
    while waiting and named not in _BY_WORDS:
        word = waiting.pop(0)
        if word == "--":
            raise UsageError("Put the command before --.", "modeldeck --help lists the commands.")
        if word.startswith("-") and word != "-":
            rest.append(word)
            option = _option(GLOBAL_OPTIONS, _name(word))
            if option and option.value and _attached_value(word) is None and waiting:
                rest.append(waiting.pop(0))
        elif (not named and word in nouns) or (named and (*named, word) in _BY_WORDS):
            named = (*named, word)
        else:
            raise _unknown_verb(named, word) if named else _unknown_command(word, waiting)
    rest += waiting
    if named in _BY_WORDS:
        return _BY_WORDS[named], rest
    return (CONSOLE, rest) if not named and not _asks_help(rest) else (named, rest)


def _values(command: Command, words: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of each option and argument by name; a switch has ''."""
    values: dict[str, list[str]] = {}
    plain: list[str] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            plain += waiting
            break
        if word.startswith("-") and word != "-":
            option, value = _option_value(command, word, waiting)
            values.setdefault(option.key, []).append(value)
        else:
            plain.append(word)
    for option in command.options:
        if option.required and option.value and option.key not in values:
            raise UsageError(f"Missing {option.names[-1]}.", _usage_hint(command))
    return values | _arguments(command, plain)


def _option_value(command: Command, word: str, waiting: list[str]) -> tuple[Option, str]:
    """Return the option that a word names, and its value: attached, or taken from the words that wait behind it."""
    options = command.all_options
    name, value = _name(word), _attached_value(word)
    option = _option(options, name)
    if option is None:
        raise _unknown_option(command, word)
    option_name = option.names[-1]
    if value is not None and not option.value:
        raise UsageError(f"{option_name} takes no value.", _usage_hint(command))
    if option.value and value is None:
        if not waiting or _option(options, _name(waiting[0])) or waiting[0] == "--":
            raise UsageError(f"{option_name} needs a value: {option.value}.", _usage_hint(command))
        value = waiting.pop(0)
    if option.choices and value not in option.choices:
        raise _invalid_choice(command, option_name, value or "", option.choices)
    return option, value or ""


def _arguments(command: Command, plain: list[str]) -> dict[str, list[str]]:
    """Return the plain words by argument; one that takes many leaves the later ones what they need at least."""
    values: dict[str, list[str]] = {}
    if [argument.name for argument in command.arguments[:2]] == ["P", "MODEL"] and plain:
        plain = [*plain[0].split("/", 1), *plain[1:]]  # P/MODEL, as lists show it
    required = [argument for argument in command.arguments for _ in range(argument.min_count)]
    if len(plain) < len(required):
        missing = required[len(plain)]
        raise UsageError(f"Missing {missing.name}{_describe(missing)}.", _usage_hint(command))
    for place, argument in enumerate(command.arguments):
        reserved = sum(later.min_count for later in command.arguments[place + 1 :])
        capacity = len(plain) - reserved
        take = capacity if argument.many else min(capacity, 1)
        if take > 0:
            values[argument.name] = plain[:take]
        if argument.choices and take > 0 and plain[0] not in argument.choices:
            raise _invalid_choice(command, argument.name, plain[0], argument.choices)
        plain = plain[max(take, 0) :]
    if plain:
        raise UsageError(
            f"Too many arguments: {len(plain)} left over.", _usage_hint(command, "put a text with spaces in quotes")
        )
    return values


def _describe(argument: Argument) -> str:
    return f": {argument.help}" if argument.help else ""


def _option(options: Sequence[Option], name: str) -> Option | None:
    return next((option for option in options if name in option.names), None)


def _name(word: str) -> str:
    """Return the name in `--name`, `--name=VALUE`, `-n` or `-nVALUE`."""
    return word.partition("=")[0] if word.startswith("--") else word[:2]


def _attached_value(word: str) -> str | None:
    """Return the value in `--name=VALUE` or `-nVALUE`, None if the word holds the name alone."""
    if word.startswith("--"):
        _, equals, value = word.partition("=")
        return value if equals else None
    return word[2:] or None


def _asks_help(words: Sequence[str]) -> bool:
    before = words[: words.index("--")] if "--" in words else words
    return "-h" in before or "--help" in before


# --- errors -----------------------------------------------------------------------------------------------------------


def _usage_hint(command: Command, more: str = "") -> str:
    ask = " ".join(("modeldeck", *command.words, "--help"))
    return f"{ask} shows how; {more}." if more else f"{ask} shows how."


def _unknown_option(command: Command, word: str) -> UsageError:
    names = [name for option in command.all_options for name in option.names]
    name = word.partition("=")[0]
    if name in _VERSION and not command.words:
        return _version_with_more()
    names += [] if command.words else ["--version"]
    hint = did_you_mean(name, [candidate for candidate in names if candidate.startswith("--")])
    suffix = f" {name}" if quotable(name, names) else f"; {' '.join(command.words) or 'the console'} has no such option"
    return UsageError(f"Unknown option{suffix}.", hint + _usage_hint(command, "put a text that begins with - after --"))


def _version_with_more() -> UsageError:
    return UsageError("--version takes no other words.", "modeldeck --version shows the version.")


def _invalid_choice(command: Command, name: str, word: str, choices: Sequence[str]) -> UsageError:
    suffix = f" {word}" if quotable(word, choices) else ""
    hint = did_you_mean(word, choices)
    return UsageError(f"Unknown {name}{suffix}. Use one of: {', '.join(choices)}.", hint + _usage_hint(command))


def _verb_missing(named: tuple[str, ...]) -> UsageError:
    noun = " ".join(named)
    return UsageError(f"modeldeck {noun} needs one of: {', '.join(_verbs(named))}.", _noun_help(noun))


def _unknown_verb(named: tuple[str, ...], word: str) -> UsageError:
    noun, verbs = " ".join(named), _verbs(named)
    suffix = f" {noun} {word}" if quotable(word, verbs) else f" of {noun}"
    hint = did_you_mean(word, verbs, f"modeldeck {noun} ")
    return UsageError(
        f"Unknown command{suffix}. {noun.capitalize()} has: {', '.join(verbs)}.", f"{hint}{_noun_help(noun)}"
    )


def _unknown_command(word: str, behind: Sequence[str]) -> UsageError:
    nouns = sorted({words[0] for words in _BY_WORDS if words})
    suffix = f" {word}" if quotable(word, nouns) else ""
    swapped = next((f"{noun} {word}" for noun in behind[:1] if (noun, word) in _BY_WORDS), "")
    hint = f"Did you mean modeldeck {swapped}? " if swapped else did_you_mean(word, nouns, "modeldeck ")
    return UsageError(
        f"Unknown command{suffix}.", f"{hint or _commands_with_verb(word)}modeldeck --help lists the commands."
    )


def _commands_with_verb(word: str) -> str:
    """Return the commands that have the word, or what it is called here, as their verb; '' if none has."""
    verb = _OTHER_WORDS.get(word, word)
    named = {" ".join(words): words for words in _BY_WORDS if len(words) > 1}
    commands = [f"modeldeck {name}" for name, words in named.items() if verb in (words[-1], name)]
    return f"Did you mean {' or '.join(filter(None, (', '.join(commands[:-1]), commands[-1])))}? " if commands else ""


def _verbs(named: tuple[str, ...]) -> list[str]:
    return [words[-1] for words in _BY_WORDS if words[:-1] == named and len(words) == len(named) + 1]


def _noun_help(noun: str) -> str:
    return f"modeldeck {noun} --help describes them."


_BY_WORDS = {command.words: command for command in COMMANDS if command.words}
