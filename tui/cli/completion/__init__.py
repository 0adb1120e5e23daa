"""Shell completion: the words that can come next, from the table of commands and the names on disk.

A shell's function (`modeldeck.bash`, `.zsh`, `.fish` here) asks `modeldeck __complete` at every tab key:

    modeldeck __complete words WORD…      the words behind the program; the last one is being typed
    modeldeck __complete line LINE STOPS  bash: the whole line, and the characters that end a word for its editor

The first line of the answer says what follows: `words`, `files` (the shell's own file names) or `programs`. Then one
candidate a line, behind a tab what it is. Only characters that no shell interprets are offered, so that a name in a
settings file cannot run anything. Nothing is unlocked, sent or written.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tui.cli.command import GLOBAL_OPTIONS, Argument, Command, Option
from tui.cli.completion import names
from tui.cli.registry import COMMANDS, CONSOLE

WORDS, FILES, PROGRAMS = "words", "files", "programs"
MAX_CANDIDATES = 60
"""Candidates up to the next slash or hyphen are offered in place of more than these."""

_SAFE = re.compile(r"[\w.:/@+=,-]+")


class Candidate(NamedTuple):
    """A word that can come next, and what it is."""

    word: str
    help: str = ""


class _Line(NamedTuple):
    """What the words so far say: the command if it is known, the words that name it, its plain words and options."""

    command: Command | None
    named: tuple[str, ...]
    plain: tuple[str, ...]
    options: Mapping[str, str]
    pending: Option | None
    after_dashes: bool


def answer(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return what the shell's function reads, for the words behind `__complete`."""
    kind, *rest = words or ("",)
    cut, described = 0, True
    if kind == "line" and len(rest) == 2:
        typed, quoted = split(rest[0])
        described = False
        if not quoted:
            cut = max((typed[-1].rfind(stop) + 1 for stop in rest[1] if not stop.isspace()), default=0)
    elif kind == "words":
        typed = [*rest] or [""]
    else:
        return f"{WORDS}\n"
    directive, candidates = complete(typed, environ)
    lines = [f"{word[cut:]}\t{text}" if described and text else word[cut:] for word, text in candidates]
    return "\n".join([directive, *lines]) + "\n"


def split(line: str) -> tuple[list[str], bool]:
    """Return the words behind the program's name in an unfinished line, and True if the last one has an open quote."""
    import shlex

    mark = "\0"  # keeps the last word, also an empty one
    for ending in ("", "'", '"'):
        try:
            words = shlex.split(line + mark + ending)
        except ValueError:
            continue
        while len(words) > 1 and re.match(r"\w+=", words[0]):
            del words[0]
        return [word.removesuffix(mark) for word in words[1:]] or [""], bool(ending)
    return [""], False


def complete(words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, list[Candidate]]:
    """Return the directive and the candidates for the last of the words."""
    *before, current = words
    line = _read(before)
    if line.after_dashes:
        runs_program = line.command is not None and "CMD" in (argument.name for argument in line.command.arguments)
        return (PROGRAMS if runs_program and not line.plain else FILES, [])
    if line.pending:
        return _values(line, line.pending.value, line.pending.choices, current, environ)
    if current.startswith("--") and "=" in current:
        name, _, value = current.partition("=")
        option = next((option for option in _options(line) if name in option.names and option.value), None)
        if option is None:
            return WORDS, []
        directive, candidates = _values(line, option.value, option.choices, value, environ)
        return directive, [candidate._replace(word=f"{name}={candidate.word}") for candidate in candidates]
    if current.startswith("-"):
        options = [Candidate(name, option.help) for option in _options(line) for name in option.names]
        present = {name for option in _options(line) if option.key in line.options for name in option.names}
        return WORDS, _matching((option for option in options if option.word not in present), current)
    if line.command is None or line.command is CONSOLE:
        return WORDS, _matching(_verbs(line.named), current)
    argument = _argument(line.command, len(line.plain))
    return _values(line, argument.name, argument.choices, current, environ) if argument else (WORDS, [])


def _read(words: Sequence[str]) -> _Line:
    """Read the words so far, as the parser does, but without errors."""
    by_words = {command.words: command for command in COMMANDS if command.words}
    named: tuple[str, ...] = ()
    plain: list[str] = []
    options: dict[str, str] = {}
    pending: Option | None = None
    after_dashes = False
    for word in words:
        command = by_words.get(named)
        if after_dashes:
            plain.append(word)
        elif pending:
            options[pending.key], pending = word, None
        elif word == "--":
            after_dashes, plain = True, []
        elif word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            available = command.all_options if command else GLOBAL_OPTIONS
            option = next((option for option in available if name in option.names), None)
            if option:
                options[option.key] = value
                pending = option if option.value and not equals else None
        elif command is None and not (named == () and word == "help"):
            named = (*named, word)
        elif command is not None:
            plain.append(word)
    return _Line(by_words.get(named), named, tuple(plain), options, pending, after_dashes)


def _options(line: _Line) -> tuple[Option, ...]:
    return (line.command or CONSOLE).all_options


def _verbs(named: tuple[str, ...]) -> list[Candidate]:
    """Return the words that can follow those that name a command so far."""
    following: dict[str, str] = {}
    for command in COMMANDS:
        if command.words[: len(named)] == named and len(command.words) > len(named):
            word = command.words[len(named)]
            following[word] = command.summary if len(command.words) == len(named) + 1 else ""
    return [Candidate(word, text) for word, text in following.items()]


def _argument(command: Command, position: int) -> Argument | None:
    """Return the argument that the plain word at a position is."""
    for argument in command.arguments:
        if argument.many or position == 0:
            return argument
        position -= 1
    return None


def _values(
    line: _Line, kind: str, choices: Sequence[str], current: str, environ: Mapping[str, str]
) -> tuple[str, list[Candidate]]:
    """Return the candidates for a value of that kind, by the name that the help shows for it."""
    if choices:
        return WORDS, _matching(map(Candidate, choices), current)
    if kind == "FILE":
        return FILES, []
    stored = names.Stored(environ, line.options.get("tenant") or environ.get("MODELDECK_TENANT", ""))
    noun = line.named[0] if line.named else ""
    first = line.plain[0] if line.plain else ""
    if kind == "TENANT" or (noun == "tenant" and kind in ("NAME", "OLD") and line.named[1:] != ("create",)):
        values: Iterable[str] = stored.tenants()
    elif kind == "P" and line.named == ("provider", "add"):
        values = names.kinds()
    elif kind == "P":
        values = [*stored.connections(), *names.providers()]
    elif kind == "P/MODEL":
        values = [f"{provider}/{model}" for provider, model in stored.models()]
    elif kind == "MODEL":
        values = [model for provider, model in stored.models() if provider == first]
    elif kind == "CRED":
        values = stored.credentials(first)
    elif kind == "FIELD=VALUE":
        values = _fields(line, stored) if "=" not in current else []
    elif kind == "COMMAND":
        values = [word for word, _ in _verbs(line.plain)]
    else:
        return WORDS, []
    return WORDS, _matching(map(Candidate, dict.fromkeys(values)), current)


def _fields(line: _Line, stored: names.Stored) -> list[str]:
    """Return `FIELD=` for each field that the words so far do not give yet."""
    provider = line.options.get("like") or (line.plain[0] if line.plain else "")
    keyword = "model_fields" if line.named[:1] == ("model",) else "fields"
    present = {word.partition("=")[0] for word in line.plain}
    return [f"{name}=" for name in names.fields(stored.kind_of(provider), keyword) if name not in present]


def _matching(candidates: Iterable[Candidate], current: str) -> list[Candidate]:
    """Return the candidates that begin with what is typed; of very many, only up to where they differ next."""
    matching = [
        candidate for candidate in candidates if candidate.word.startswith(current) and _SAFE.fullmatch(candidate.word)
    ]
    if len(matching) <= MAX_CANDIDATES:
        return [Candidate(word, " ".join(text.split())) for word, text in matching]
    ends = (re.search(r"[/-]|$", word[len(current) :]) for word, _ in matching)
    stems = (word[: len(current) + end.end()] for (word, _), end in zip(matching, ends, strict=True) if end)
    return [Candidate(stem) for stem in dict.fromkeys(stems)]
