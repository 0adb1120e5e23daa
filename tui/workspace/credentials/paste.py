"""Pasted keys: clean them, reject bad characters by place, and recognize the provider."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tui.providers import PROVIDERS
from tui.providers.spec import Choice, Field, Provider
from tui.sanitize import in_words
from tui.secret import Secret

MAX_LENGTH = 20_000
_ASSIGNMENT = (
    r"(?:export\s+)?(?:(?:set|setx|const|let|var)\s+)?(?:\$env:|process\.env\.)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?=\S)"
)
_PLAIN = r"[A-Za-z0-9][A-Za-z0-9._/:-]*"
"""A text of which nothing is ever removed, unless a secret is meant."""

_MEMBER = r"[\"']?([A-Za-z_][\w-]*)[\"']?\s*:\s*(?=\S)"
"""A name and a colon before a key: of JSON, YAML, or a header."""

_BEARER = r"(?i)(?:authorization:\s*)?(?:bearer|token)\s+(?=\S)"
_OPTION = r"(?:-H|-{2}header)[\s=]+(?=\S)"
_COMMENT = r"[ \t](?:#|//).*\Z"
_ESCAPED_END = r"(?i)(?:\\[nr]|%0[ad])+\Z"
_VARIABLE = r"\$\{?[A-Za-z_]\w*\}?|%[A-Za-z_]\w*%"
_KEY_NAMES = frozenset({"key", "apikey", "token", "secret", "xapikey", "authorization"})
_MAX_LAYERS = 10
"""Things around a key that are removed one after another."""

_PAIRS = (("<", ">"), ("[", "]"), ("(", ")"), ("{", "}"))
_TRAILING = {",": "a comma", ";": "a semicolon"}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
_QUOTES = ('"', "'", "`")
_NAMES = {
    "\u2018": "a curved quote",
    "\u2019": "a curved quote",
    "\u201c": "a curved quote",
    "\u201d": "a curved quote",
    "\u2013": "a long dash",
    "\u2014": "a long dash",
    "\u2026": "an ellipsis",
    "\u2022": "a dot that hides a character",
}


@dataclass(frozen=True)
class PastedValue:
    """A cleaned value: its text, what was removed, and its problem ('' if none)."""

    text: str
    notes: tuple[str, ...] = ()
    problem: str = ""


LONG = 300
"""Characters of a key beyond which its length is said."""


def clean_pasted(field: Field, text: str) -> PastedValue:
    """Remove spaces, quotes and the like around a pasted value; characters inside never change."""
    if not field.secret and len(text) <= MAX_LENGTH and re.fullmatch(_PLAIN, text):
        return PastedValue(text)  # a file may hold thousands of IDs
    if len(text) > MAX_LENGTH:
        return PastedValue("", (), f"This is too long to be {_kind(field)}: {len(text):,} characters.")
    notes: list[str] = []

    def cut(rest: str, note: str) -> None:
        nonlocal text
        if rest != text:
            text = rest
            if note not in notes:
                notes.append(note)

    cut(text.rstrip("\r\n"), "a line break")
    cut(text.strip("\r\n"), "an empty line")
    cut(text.strip(), "blanks")
    for entry in _INVISIBLE:
        cut(text.replace(entry, ""), "invisible characters")
    for _ in range(_MAX_LAYERS):
        before = text
        for rest, note in _peel(field, text):
            cut(rest, note)
            if text != before:
                break
    cut(text.strip(), "blanks")
    return PastedValue(text, tuple(notes), _field_problem(field, text))


def _peel(field: Field, text: str) -> Iterator[tuple[str, str]]:
    """Yield what is left of a value without each thing that may stand around it, with what that was."""
    for quote in _QUOTES:
        if len(text) > 1 and text[0] == text[-1] == quote and quote not in text[1:-1]:
            yield text[1:-1].strip(), "quotes"
    if (field.secret or field.env) and (match := re.match(_ASSIGNMENT, text)) and _is_name(field, match[1]):
        yield text[match.end() :], match[0].strip()
    if field.secret:
        if match := re.match(_OPTION, text):
            yield text[match.end() :], match[0].strip()
        if match := re.match(_BEARER, text):
            yield text[match.end() :], match[0].strip()
        if (match := re.match(_MEMBER, text)) and _is_key_name(field, match[1]):
            yield text[match.end() :], match[0].strip()
        yield re.sub(_COMMENT, "", text).rstrip(), "a comment"
    for quote in _QUOTES:
        if len(text) > 1 and text[0] == text[-1] == quote:
            yield text[1:-1].strip(), "quotes"
    if field.secret:
        for opening, close in _PAIRS:
            if len(text) > 2 and (text[0], text[-1]) == (opening, close):
                yield text[1:-1].strip(), "brackets"
        yield re.sub(_ESCAPED_END, "", text), "a line break"
        if text[-1:] in _TRAILING:
            yield text[:-1].rstrip(), _TRAILING[text[-1]]
        if text[:1] in _QUOTES or text[-1:] in _QUOTES:
            yield text.strip("".join(_QUOTES)), "a quotation mark"


def _is_key_name(field: Field, name: str) -> bool:
    return _is_name(field, name) or re.sub(r"[-_]", "", name.lower()) in _KEY_NAMES


def split_pasted(field: Field, text: str) -> Mapping[str, str]:
    """Split a pasted value by field name: a full URL may hold the values of other fields."""
    return field.parse_pasted(text) if field.parse_pasted and text else {field.name: text}


def split_summary(provider: Provider, field: Field, parts: Mapping[str, str]) -> str:
    """Return `deployment gpt-east and API version 2024-10-21`: what else a pasted value held, or ''."""
    labels = {field.name: field.label for field in (provider.model_id, *provider.fields)}
    rest = [f"{in_sentence(labels[name])} {value}" for name, value in parts.items() if name != field.name and value]
    return in_words(rest)


@dataclass(frozen=True)
class SplitValue:
    """What a pasted address holds besides its own: a summary, and the ID of a model in it, '' if there is none."""

    summary: str
    model_id: str


def split_values(provider: Provider, values: Mapping[str, str | Secret]) -> tuple[SplitValue, ...]:
    """Return what the addresses among typed values hold besides their own."""
    split = []
    for field in provider.fields:
        typed = values.get(field.name)
        if isinstance(typed, str) and field.parse_pasted:
            parts = split_pasted(field, typed.strip())
            split.append(SplitValue(split_summary(provider, field, parts), parts.get("model", "")))
    return tuple(split)


def in_sentence(label: str) -> str:
    """Return a label for the middle of a sentence: `organization`, but `API version`."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def likely_provider(provider_id: str, field: Field, text: str) -> str:
    """Return the ID of another provider whose keys look like this one, or ''. A hint only."""
    own = _longest_prefix(field.prefixes, text)
    best, length = "", own
    for provider in PROVIDERS.values():
        if provider.id == provider_id:
            continue
        for entry in provider.fields:
            if entry.secret and (matched := _longest_prefix(entry.prefixes, text)) > length:
                best, length = provider.id, matched
    return best if field.secret and field.prefixes else ""


def key_kind(field: Field, text: str) -> str:
    """Return the name of keys that look like this one, for example `OpenAI project key`, or ''."""
    return next((prefix.label for prefix in field.prefixes if text.startswith(prefix.value)), "")


def unlike(field: Field, text: str) -> str:
    """Return how long a key of no known kind is, and that it begins unlike its provider's keys if those are known."""
    starts = " or ".join(dict.fromkeys(prefix.value for prefix in field.prefixes[-1:]))
    return f"It {f'does not start with {starts} and ' if starts else ''}has {len(text):,} characters."


def _longest_prefix(prefixes: tuple[Choice, ...], text: str) -> int:
    return max((len(prefix.value) for prefix in prefixes if text.startswith(prefix.value)), default=0)


def _is_name(field: Field, name: str) -> bool:
    # A key may hold `=` itself: only a variable's name is taken off, never the beginning of a key.
    return name in field.env or (name.isupper() and "_" in name) or name == field.name


def _field_problem(field: Field, text: str) -> str:
    if field.secret and re.fullmatch(_VARIABLE, text):
        return "This is the name of a variable, not what it holds. Paste its value."
    if field.secret and re.match(r"https?://", text):
        return "This is an address, not a key. Paste the key alone."
    for place, mark in enumerate(text, 1):
        if mark.isprintable() and (mark.isascii() and not mark.isspace()):
            continue
        if not field.secret and mark.isprintable():
            continue
        return f"The {_ordinal(place)} character is {_variable_name(mark)}; {_kind(field)} has none. Paste it again."
    return ""


def _kind(field: Field) -> str:
    return "a key" if field.secret else f"a value for {field.label}"


def _variable_name(mark: str) -> str:
    if mark in _NAMES:
        return _NAMES[mark]
    if mark in "\r\n":
        return "a line break"
    if mark.isspace():
        return "a blank"
    if unicodedata.category(mark).startswith("C"):
        return f"a control character (U+{ord(mark):04X})"
    return f"{mark} (U+{ord(mark):04X})"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
