"""Preferences from `config.toml`. It never holds a secret.

theme = "textual-light"
glyphs = "ascii"             # or "unicode", "auto"
mouse = false
start = "playground"         # or "providers"
auto_lock = 15               # minutes without a key press; 0 never locks
log = true
display = "whole"            # or "differences": only what changed is sent to the terminal
line = 9600                  # bits a second of a slow line behind tmux, which hides it; 0: as fast as it answers
first_token_timeout = 600    # seconds without a first piece that end a streamed answer; 0: stream_timeout
stream_timeout = 120         # seconds of silence that end a streamed answer; 0: the default
response_timeout = 600       # seconds of silence that end an answer in one piece; 0: the default
event_size = 8               # MiB that one event of a streamed answer may have; 0: the default

[keymap]
palette = "f8"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.errors import Problem
from tui.paths import Paths
from tui.sanitize import one_line

NAME = "config.toml"
_MAX_SECONDS = 24 * 60 * 60
_MAX_EVENT_SIZE = 64
"""The largest `event_size` in MiB: that of a whole answer (`client.limits`)."""

_CHOICES = {
    "glyphs": ("auto", "ascii", "unicode"),
    "start": ("providers", "playground"),
    "display": ("differences", "whole"),
}


@dataclass(frozen=True)
class Config:
    """Preferences, with their default values.

    `auto_lock` is in minutes, 0 for never; `line` in bits a second, 0 for a line that is measured. The timeouts are in
    seconds and `event_size` is in MiB, 0 for the defaults in `providers.client.limits`.
    """

    theme: str = ""
    glyphs: str = "auto"
    mouse: bool = True
    start: str = "providers"
    keymap: Mapping[str, str] = field(default_factory=dict)
    auto_lock: int = 15
    log: bool = False
    display: str = "differences"
    line: int = 0
    first_token_timeout: int = 0
    stream_timeout: int = 0
    response_timeout: int = 0
    event_size: int = 0


def load(where: Paths) -> Config:
    """Read the preferences; without a file, return the defaults.

    Raises:
        Problem: The file cannot be read, or a line is not valid; the message names the line.
    """
    path = where.config / NAME
    shown = one_line(where.short(path))
    try:
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
    except FileNotFoundError:
        return Config()
    except UnicodeDecodeError:
        raise Problem(f"{shown} is not UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as error:
        raise Problem(f"{shown} cannot be read.", f"The system says: {error.strerror}.") from None
    import tomllib  # by its time a tenth of a command's, and most people have no such file

    try:
        entries = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Problem(
            f"{shown} is not TOML: {one_line(str(error))}.", "Fix that line, or move the file away."
        ) from None
    for name, value in entries.items():
        fault = _fault(name, value)
        if fault:
            raise Problem(f"{shown}, line {_line(text, name)}: {fault}", "Fix or delete that line.")
    return Config(**entries)


def _fault(name: str, value: Any) -> str:
    """Return a sentence that says why an entry is invalid, or '' if it is valid."""
    usual = Config()
    if name not in Config.__dataclass_fields__:
        return f"unknown setting {one_line(name, 40)}. Settings: {', '.join(Config.__dataclass_fields__)}."
    if name in _CHOICES and value not in _CHOICES[name]:
        return f"{name} is one of {', '.join(_CHOICES[name])}."
    if name == "keymap":
        whole = isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
        return "" if whole else "keymap is a table of key names in quotes."
    if type(value) is not type(getattr(usual, name)):
        kinds = {bool: "true or false", int: "a whole number", str: "a text in quotes"}
        return f"{name} is {kinds[type(getattr(usual, name))]}."
    if name == "auto_lock" and not 0 <= value <= 24 * 60:
        return "auto_lock is 0 to 1440 minutes."
    if name == "line" and not (value == 0 or value >= 1200):
        return "line is 0, or 1200 bits a second and more."
    if name.endswith("_timeout") and not 0 <= value <= _MAX_SECONDS:
        return f"{name} is 1 to {_MAX_SECONDS} seconds, or 0 for the default."
    if name == "event_size" and not 0 <= value <= _MAX_EVENT_SIZE:
        return f"event_size is 1 to {_MAX_EVENT_SIZE} MiB, or 0 for the default."
    return ""


def _line(text: str, name: str) -> int:
    lines = text.splitlines()
    matches = (n for n, line in enumerate(lines, 1) if line.strip().lstrip("[").strip("\"' ").startswith(name))
    return next(matches, 1)
