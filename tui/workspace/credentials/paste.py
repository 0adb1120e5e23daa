"""Pasted keys: clean them, reject bad characters by place, and recognize the provider."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from tui.providers import PROVIDERS
from tui.providers.spec import Choice, Field, Provider
from tui.sanitize import in_words

LONGEST = 20_000
_ASSIGNMENT = re.compile(r"(?:export\s+|set\s+|\$env:)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?=\S)")
_BEARER = re.compile(r"(?:authorization:\s*)?bearer\s+", re.IGNORECASE)
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
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
    if len(text) > LONGEST:
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
    for entry in _UNSEEN:
        cut(text.replace(entry, ""), "invisible characters")
    if field.secret or field.env:
        if (assignment := _ASSIGNMENT.match(text)) and _is_name(field, assignment[1]):
            cut(text[assignment.end() :], assignment[0].strip())
            cut(text.removesuffix(";"), "a semicolon")
        if field.secret and (assignment := _BEARER.match(text)):
            cut(text[assignment.end() :], assignment[0].strip())
    for quote in _QUOTES:
        if len(text) > 1 and text[0] == text[-1] == quote:
            cut(text[1:-1], "quotes")
    cut(text.strip(), "blanks")
    return PastedValue(text, tuple(notes), _field_problem(field, text))


def split_pasted(field: Field, text: str) -> Mapping[str, str]:
    """Split a pasted value by field name: a full URL may hold the values of other fields."""
    return field.parse_pasted(text) if field.parse_pasted and text else {field.name: text}


def split_summary(provider: Provider, field: Field, parts: Mapping[str, str]) -> str:
    """Return `deployment gpt-east and API version 2024-10-21`: what else a pasted value held, or ''."""
    labels = {field.name: field.label for field in (provider.model_id, *provider.fields)}
    rest = [f"{in_sentence(labels[name])} {value}" for name, value in parts.items() if name != field.name and value]
    return in_words(rest)


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
