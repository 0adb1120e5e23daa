"""JSON Schema of what a command prints with `--json`, read from the shape that its help shows.

A shape is written for people, in a small grammar:

    value   = [value] an array | {member, …} an object | words for anything else
    member  = NAME, NAME? that may be missing, NAME: value; NAME in capitals stands for any name, … for more members

Behind the first value come remarks after `;`. One that begins with an option, or with `with`, `or`, `compared:` or `two
models:`, gives another form of the output. Within a version keys are added, and none is renamed or dropped.
"""

import re
from collections.abc import Mapping
from typing import Any

from tui.cli.command import Command

VERSION = 1
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_OTHER_FORM = re.compile(r"\s*(?:or|with \w+|compared:|two models:|-[\w-]+:)\s*(?=[\[{])")
_WORD = re.compile(r"[^\[\]{},;]*")
_NAME = re.compile(r"\s*([\w…]+)(\??)\s*")

_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "detail": {"type": "string"},
                "exit": {"type": "integer"},
            },
            "required": ["message", "hint", "detail", "exit"],
        }
    },
    "required": ["error"],
}


def schema_of(command: Command) -> dict[str, Any]:
    """Return the schema of a command's `--json`, which must have a shape."""
    name = " ".join(command.words)
    forms = _forms(command.shape)
    return {
        "$schema": _DRAFT,
        "$id": f"urn:modeldeck:{'-'.join(command.words)}:{VERSION}",
        "title": f"modeldeck {name} --json",
        "description": f"{command.shape}. A failure is the last line of stderr instead, see $defs/error.",
        **(forms[0] if len(forms) == 1 else {"anyOf": forms}),
        "$defs": {"error": _ERROR},
    }


def keys_of(command: Command) -> list[str]:
    """Return the outermost keys of a command's JSON, in their order."""
    objects = [form.get("items", form) for form in _forms(command.shape)]
    return list(dict.fromkeys(name for entry in objects for name in entry.get("properties", {})))


def _forms(shape: str) -> list[dict[str, Any]]:
    """Return the schema of each form of an output."""
    reader = _Reader(shape)
    reader.skip_to_value()
    forms = [reader.value(nested=False)]
    while not reader.at_end():
        if reader.match(_OTHER_FORM):
            forms.append(reader.value(nested=False))
        else:
            reader.skip_remark()
    return forms


class _Reader:
    """Reads a shape from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Go past what matches here, and return the match."""
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match

    def skip_to_value(self) -> None:
        """Go to the first bracket."""
        while self._text[self._at] not in "[{":
            self._at += 1

    def skip_remark(self) -> None:
        """Go past the next `;`, or to the end."""
        end = self._text.find(";", self._at)
        self._at = len(self._text) if end < 0 else end + 1

    def value(self, nested: bool = True) -> dict[str, Any]:
        """Read a value; one within another can be null where nothing is known."""
        here = self._text[self._at : self._at + 1]
        if here == "[":
            self._at += 1
            items = self.value(nested=False)
            self._expect("]")
            return {"type": ["array", "null"] if nested else "array", "items": items}
        if here == "{":
            self._at += 1
            return {"type": ["object", "null"] if nested else "object", **self._members()}
        words = self.match(_WORD)
        text = words[0].strip() if words else ""
        return {"const": int(text)} if text.isdigit() else {}

    def _members(self) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        others: Mapping[str, Any] | None = None
        while name := self.match(_NAME):
            value: dict[str, Any] = {}
            if self._text[self._at] == ":":
                self._at += 1
                self.match(re.compile(r"\s*"))
                value = self.value()
            if name[1].isupper() or name[1] == "…":
                others = value
            else:
                properties[name[1]] = value
                required += [] if name[2] else [name[1]]
            self.match(re.compile(r"\s*,"))
        self._expect("}")
        return {
            **({"properties": properties} if properties else {}),
            **({"required": required} if required else {}),
            **({"additionalProperties": dict(others)} if others is not None else {}),
        }

    def _expect(self, bracket: str) -> None:
        if self._text[self._at : self._at + 1] != bracket:
            raise ValueError(f"{bracket} is missing at {self._at} of {self._text}")
        self._at += 1
