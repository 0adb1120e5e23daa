"""Documented error codes as data: HTTP status, retry, and the text for people.

A provider whose errors carry codes of its own keeps them in `error_codes.toml` beside its declaration, under the
pages that document them. The file is read when the first error arrives, not at start-up.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tui.errors import CredentialRejected, Problem, ScopeMissing

FILE_NAME = "error_codes.toml"
PROBLEMS: Mapping[str, type[Problem]] = {
    "Problem": Problem,
    "CredentialRejected": CredentialRejected,
    "ScopeMissing": ScopeMissing,
}
"""The values of `problem` in a file."""


@dataclass(frozen=True)
class ErrorCode:
    """The meaning of an error code.

    `status` is the HTTP status that it amounts to, 0 if the documents name none. `final` means that a retry does not
    help. `message` and `hint` are templates with `{label}` and `{model}`; without a message the status decides.
    """

    status: int = 0
    final: bool = False
    problem: str = "Problem"
    message: str = ""
    hint: str = ""

    def to_problem(self, label: str, model: str) -> Problem | None:
        """Return the problem in words, or None if the code has no sentence."""
        names = {"label": label, "model": model or "the model"}
        if not self.message:
            return None
        return PROBLEMS[self.problem](self.message.format(**names), self.hint.format(**names))


_UNDOCUMENTED = ErrorCode()


def lookup(provider_id: str, code: str) -> ErrorCode:
    """Return what a provider documents about a code; an empty `ErrorCode` for one that it does not document.

    An entry with `prefix = true` also covers the longer codes that begin with one of its own.
    """
    codes, prefixes = _load(provider_id)
    if code in codes:
        return codes[code]
    return next((prefixes[prefix] for prefix in prefixes if code.startswith(prefix)), _UNDOCUMENTED)


def path_of(provider_id: str) -> Path:
    """Return the path of a provider's file."""
    return Path(__file__).parents[1] / provider_id / FILE_NAME


@cache
def _load(provider_id: str) -> tuple[dict[str, ErrorCode], dict[str, ErrorCode]]:
    """Return the entries by code, and those that cover longer codes too."""
    data = tomllib.loads(path_of(provider_id).read_text("utf-8"))
    codes: dict[str, ErrorCode] = {}
    prefixes: dict[str, ErrorCode] = {}
    for entry in data["errors"]:
        values: dict[str, Any] = {name: value for name, value in entry.items() if name not in ("codes", "prefix")}
        codes |= dict.fromkeys(entry["codes"], ErrorCode(**values))
        if entry.get("prefix"):
            prefixes |= dict.fromkeys(entry["codes"], ErrorCode(**values))
    return codes, prefixes
