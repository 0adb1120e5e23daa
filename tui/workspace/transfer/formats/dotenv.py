r"""Read the keys of a `.env` file, in which a line is a variable.

There is no standard; this is the whole grammar that is read here:

    file     lines in UTF-8, ended by LF or CR LF; a byte order mark is skipped
    line     blank | # comment | [export ] NAME = value [# comment]
    NAME     a letter or _, then letters, digits and _; blanks around it and around = are skipped
    value    '…'   as it is, up to the next '
             "…"   up to the next "; \" \\ \$ \n \r \t stand for " \ $ and the line end, return and tab
             else  up to a blank and #, or the end of the line; blanks at its end are skipped

Values do not run over several lines. $NAME, ${NAME}, $(…) and `…` outside '…' are not expanded: such a value is named
and left out. Of a name that is there twice, the last counts. Known names are those of the declarations.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kinds, presets
from tui.workspace.credentials.discovery import keys_in
from tui.workspace.transfer.formats.entries import KeyEntry, KeyFile, SkippedEntry, key_file, reference

_NAME = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_UNQUOTED_VALUE = re.compile(r"(.*?)(?:\s+#.*)?\s*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_SECRET = re.compile(r"(API_?KEY|TOKEN|SECRET|SECRET_?KEY|ACCESS_?KEY)$")
_LINE = re.compile(r"\s*(?:#|(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*\s*=)")


@dataclass(frozen=True)
class Variable:
    """A variable of a file; `problem` says why it has no value here."""

    line: int
    name: str
    value: str = ""
    problem: str = ""


def is_dotenv(text: str) -> bool:
    """Return True if the first line that is not blank is a comment or a variable, and one line is a variable."""
    lines = [line for line in text.splitlines() if line.strip()]
    return bool(lines) and bool(_LINE.match(lines[0])) and any(_NAME.match(line) for line in lines)


def variables(text: str) -> Iterator[Variable]:
    """Yield what each line says; what is none has a problem and no name."""
    for number, line in enumerate(re.split(r"\r?\n", text.removeprefix("\ufeff")), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if matched := _NAME.fullmatch(line):
            yield _variable(number, matched[1], matched[2].rstrip())
        else:
            yield Variable(number, "", problem="it is no variable")


def read(text: str) -> KeyFile:
    """Return the keys of the variables that the providers' SDKs read."""
    lines = tuple(variables(text))
    last = {variable.name: variable for variable in lines if variable.name}
    environ = {name: variable.value for name, variable in last.items() if variable.value}
    keys, names = keys_of(environ)
    entries = [KeyEntry(f"line {last[key.where].line}, {key.where}", key.kind, key.values) for key in keys]
    return key_file(
        "an environment file", [*entries, *_unread(lines, last, names)], has_more=bool(environ.keys() - names)
    )


def keys_of(environ: Mapping[str, str]) -> tuple[list[KeyEntry], set[str]]:
    """Return the keys that variables hold, each with the name of its variable, and all names that were used."""
    keys: list[KeyEntry] = []
    names: set[str] = set()
    for provider in (*PROVIDERS.values(), *presets().values()):
        if not provider.local_servers and (key := keys_in(environ, provider)) is not None:
            keys.append(KeyEntry(key.variable, provider.id, key.values))
            names |= {name for entry in provider.fields for name in entry.env}
    return keys, names


def _unread(lines: Sequence[Variable], last: Mapping[str, Variable], names: set[str]) -> Iterator[SkippedEntry]:
    known = {name for provider in kinds().values() for entry in provider.fields for name in entry.env}
    for variable in lines:
        where = f"line {variable.line}" + (f", {variable.name}" if variable.name else "")
        if variable.name and last[variable.name] is not variable:
            continue
        if variable.problem and (not variable.name or variable.name in known or _SECRET.search(variable.name)):
            yield SkippedEntry(where, variable.problem)
        elif variable.value and variable.name not in names and _SECRET.search(variable.name):
            reason = "no provider reads it"
            if variable.name in known:
                plain = variable.value.isascii() and not re.search(r"\s", variable.value)
                reason = _INCOMPLETE if plain else "it holds a character that no key has"
            yield SkippedEntry(where, reason)


def _variable(number: int, name: str, text: str) -> Variable:
    if text.startswith("'"):
        matched = _SINGLE.fullmatch(text)
        return Variable(number, name, matched[1]) if matched else Variable(number, name, problem=_UNENDED)
    if text.startswith('"'):
        matched = _DOUBLE.fullmatch(text)
        if not matched:
            return Variable(number, name, problem=_UNENDED)
        plain = re.sub(r"\\.", "", matched[1])
        value = re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), matched[1])
    else:
        matched = _UNQUOTED_VALUE.fullmatch(text)
        plain = value = "" if text.startswith("#") or matched is None else matched[1]
    if reason := reference(plain):
        return Variable(number, name, problem=reason)
    return Variable(number, name, value)


_INCOMPLETE = "what it needs beside it is not in the file"
_UNENDED = "its quotes do not end on its line"
