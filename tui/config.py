"""Preferences from `config.toml`. It never holds a secret.

    theme = "textual-light"
    auto_lock = 30

    [keymap]
    "models.add" = "f8"  # by the ID of a binding, as in `console.keys`

The fields of `Config` are the settings; `modeldeck config --help` lists them from there.

What this version does not know (a setting, a theme, a binding, a key) is ignored with a warning: a newer version may
share the file. A setting with a value that it cannot have stops whatever reads the file.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from tui.errors import Problem, did_you_mean
from tui.paths import Paths, read_file
from tui.sanitize import one_line

NAME = "config.toml"
_MAX_SIZE = 2**20
"""Bytes of the file."""
_MAX_SECONDS = 24 * 60 * 60
_MAX_DAYS = 36_500
_MAX_LISTED = 30
_MAX_EVENT_SIZE = 64
"""The largest `event_size` in MiB: that of a whole answer (`client.limits`)."""

_CHOICES = {
    "glyphs": ("auto", "ascii", "unicode"),
    "start": ("providers", "playground"),
    "display": ("differences", "whole"),
    "history": ("off", "sealed"),
}

THEMES = (
    *("ansi-dark", "ansi-light", "textual-dark", "textual-light", "atom-one-dark", "atom-one-light"),
    *("catppuccin-frappe", "catppuccin-latte", "catppuccin-macchiato", "catppuccin-mocha", "dracula", "flexoki"),
    *("gruvbox", "monokai", "nord", "rose-pine", "rose-pine-dawn", "rose-pine-moon", "solarized-dark"),
    *("solarized-light", "tokyo-night"),
)
"""Textual's themes, checked by commands, too, which do not import it."""


def _setting(default: Any, meaning: str) -> Any:
    """Return the field of a setting: its default value, and what help says of it."""
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Config:
    """Preferences, with their default values.

    What is no setting: `warnings`, sentences about what is ignored; `file`, the file's name as it is shown; `lines`,
    the line of each entry by its name, such as `mouse` or `keymap.models.add`.
    """

    theme: str = _setting("", "ansi-dark for your terminal's own colours, or any Textual theme")
    glyphs: str = _setting("auto", "auto, ascii or unicode signs")
    mouse: bool = _setting(True, "false leaves the mouse to your terminal")
    start: str = _setting("providers", "the area that the console opens in: providers or playground")
    keymap: Mapping[str, str] = field(default_factory=dict)
    auto_lock: int = _setting(15, "minutes without typing after which tenants are locked; 0 never locks them")
    log: bool = _setting(False, "true writes debug.log, without keys and without what you or a model say")
    display: str = _setting("differences", "whole sends whole rows, if your terminal shows something wrong")
    line: int = _setting(0, "bit/s of a slow line behind tmux, such as 9600; 0 measures it")
    first_token_timeout: int = _setting(0, "seconds until a streamed answer has to begin; 0 takes stream_timeout")
    stream_timeout: int = _setting(0, "seconds of silence that end a streamed answer; 0 means 120")
    response_timeout: int = _setting(0, "the same for an answer in one piece; 0 means 600")
    event_size: int = _setting(0, "the most MiB of one event of a streamed answer; 0 means 8")
    budget: str = _setting("", 'of each tenant a month, such as "20 USD"; you are warned, nothing is stopped')
    history: str = _setting("off", "sealed keeps chats, encrypted; off keeps none; a tenant's own setting wins")
    history_days: int = _setting(0, "days after which a kept chat is removed; 0 keeps it until you remove it")
    store: str = _setting("", "a database that operators share, postgresql://HOST/DATABASE; none: local files")
    warnings: tuple[str, ...] = field(default=(), compare=False)
    file: str = field(default=NAME, compare=False)
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    def place(self, entry: str) -> str:
        """Return file and line of an entry, such as `~/.config/modeldeck/config.toml, line 3`."""
        line = self.lines.get(entry) or self.lines.get(entry.partition(".")[0], 1)
        return f"{self.file}, line {line}"


SETTINGS = tuple(setting.name for setting in fields(Config) if setting.compare)
HELP = tuple((setting.name, setting.metadata["help"]) for setting in fields(Config) if setting.metadata)
"""Settings and what each means."""


def load(where: Paths) -> Config:
    """Read the preferences; without a file, return the defaults.

    Raises:
        Problem: The file cannot be read, or a setting cannot have its value; the message names the line.
    """
    read = _read(where)
    if read is None:
        return Config()
    entries, config = read
    faults = list(_faults(entries))
    for fault in faults:
        if not fault.ignored:
            raise Problem(f"{config.place(fault.entry)}: {fault.sentence}", "Fix or delete that line.")
    unknown = {fault.entry for fault in faults}
    sentences = tuple(f"{config.place(fault.entry)}: {fault.sentence}" for fault in faults)
    return replace(config, warnings=sentences, **{name: entries[name] for name in entries if name not in unknown})


class Fault(NamedTuple):
    """What is wrong with an entry: its name and a sentence. An `ignored` one stops nothing that reads the file."""

    entry: str
    sentence: str
    ignored: bool


def check(where: Paths) -> tuple[Config, tuple[Fault, ...]]:
    """Return the usable preferences, and every problem of the file.

    Raises:
        Problem: The file cannot be read, or is not TOML.
    """
    read = _read(where)
    if read is None:
        return Config(), ()
    entries, config = read
    faults = tuple(_faults(entries))
    wrong = {fault.entry.partition(".")[0] for fault in faults}
    return replace(config, **{name: entries[name] for name in entries if name not in wrong}), faults


def remember_theme(where: Paths, theme: str) -> None:
    """Write the theme into the file; every other line stays as it is.

    Raises:
        Problem: The file cannot be read or written.
    """
    import tomllib

    read = _read(where)
    path = (where.config / NAME).resolve()
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if read else []
        entry = f'theme = "{theme}"'
        number = _lines("".join(lines)).get("theme", 0)
        if number:
            lines[number - 1] = _THEME_LINE.sub(entry, lines[number - 1], count=1)
        else:
            lines.insert(0, f"{entry}\n")
        text = "".join(lines)
        if tomllib.loads(text).get("theme") != theme:
            raise Problem(
                f"{where.short(path)} was not changed: its theme is not on one line.", f"Write {entry} there."
            )
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{NAME}.new")
        draft.unlink(missing_ok=True)
        with draft.open("x", encoding="utf-8") as file:  # follows no link that somebody put there
            file.write(text)
        if read:
            draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Problem(f"{one_line(where.short(path))} cannot be written.", f"The system says: {error}.") from None


_THEME_LINE = re.compile(r"""theme\s*=\s*("[^"]*"|'[^']*')""")


def _read(where: Paths) -> tuple[dict[str, Any], Config] | None:
    """Return the entries of the file, and a `Config` that knows their lines; None without a file."""
    path = where.config / NAME
    shown = one_line(where.short(path))
    try:
        text = read_file(path, _MAX_SIZE).removeprefix(b"\xef\xbb\xbf").decode()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise Problem(f"{shown} is not UTF-8 text.", "Save it as UTF-8.") from None
    except OSError as error:
        raise Problem(f"{shown} cannot be read.", f"The system says: {error.strerror}.") from None
    import tomllib  # by its time a tenth of a command's, and most people have no such file

    try:
        entries = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is a ValueError of its own
        raise Problem(
            f"{shown} is not TOML: {one_line(str(error))}.", "Fix that line, or move the file away."
        ) from None
    if isinstance(entries.get("keymap"), dict):
        entries["keymap"] = dict(_flatten(entries["keymap"]))
    return entries, Config(file=shown, lines=_lines(text))


def _faults(entries: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the problems of the entries: unknown names, which are ignored, and invalid values."""
    for name, value in entries.items():
        if sentence := _unknown_problem(name, value):
            yield Fault(name, sentence, True)
        elif sentence := _entry_problem(name, value):
            yield Fault(_wrong_entry(name, value), sentence, False)


def _flatten(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the entries of a table and of the tables in it: to TOML, models.add without quotes is one."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def unknown_name_sentence(what: str, name: str, names: Collection[str]) -> str:
    """Return the sentence about an unknown name in the file; if `names` are few, it lists them."""
    listed = f"There are: {', '.join(names)}." if len(names) <= _MAX_LISTED else ""
    return f"unknown {what} {one_line(name, 40)}, which is ignored. {did_you_mean(name, names) or listed}".rstrip()


def _unknown_problem(name: str, value: Any) -> str:
    """Return a sentence if the setting or its theme is unknown, else ''."""
    if name not in SETTINGS:
        return unknown_name_sentence("setting", name, SETTINGS)
    if name == "theme" and isinstance(value, str) and value not in ("", *THEMES):
        return unknown_name_sentence("theme", value, THEMES)
    return ""


def _wrong_entry(name: str, value: Any) -> str:
    """Return the entry of a table that is at fault, else the setting itself."""
    entries = value.items() if isinstance(value, dict) else ()
    return next((f"{name}.{key}" for key, entry in entries if not isinstance(entry, str)), name)


def _entry_problem(name: str, value: Any) -> str:
    """Return a sentence that says why an entry is invalid, or '' if it is valid."""
    defaults = Config()
    if name in _CHOICES and value not in _CHOICES[name]:
        return f"{name} is one of {', '.join(_CHOICES[name])}."
    if name == "keymap":
        whole = isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
        return "" if whole else "keymap is a table of key names in quotes."
    if type(value) is not type(getattr(defaults, name)):
        kinds = {bool: "true or false", int: "a whole number", str: "a text in quotes"}
        return f"{name} is {kinds[type(getattr(defaults, name))]}."
    if name == "budget" and not re.fullmatch(r"(\d{1,12}(\.\d{1,6})? [A-Z]{3})?", value):
        return 'budget is an amount and a currency, such as "20 USD".'
    if name == "store" and value and not value.startswith(STORES):
        return "store is postgresql://HOST/DATABASE or postgresql:///DATABASE."
    if name == "store" and re.search(_PASSWORD, value):
        return "store contains a password; keep it in a password file such as ~/.pgpass."
    if name == "history_days" and not 0 <= value <= _MAX_DAYS:
        return f"history_days is 1 to {_MAX_DAYS}, or 0 for ever."
    if name == "auto_lock" and not 0 <= value <= 24 * 60:
        return "auto_lock is 0 to 1440 minutes."
    if name == "line" and not (value == 0 or value >= 1200):
        return "line is 0, or 1200 bits a second and more."
    if name.endswith("_timeout") and not 0 <= value <= _MAX_SECONDS:
        return f"{name} is 1 to {_MAX_SECONDS} seconds, or 0 for the default."
    if name == "event_size" and not 0 <= value <= _MAX_EVENT_SIZE:
        return f"event_size is 1 to {_MAX_EVENT_SIZE} MiB, or 0 for the default."
    return ""


STORES = ("postgresql://", "postgres://")
"""How the address of a shared store begins."""

_PASSWORD = r"//[^/@]*:[^/@]*@|[?&](?:ssl)?password="
_PART = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_TABLE_LINE = rf"\s*\[\s*({_PART}(?:\s*\.\s*{_PART})*)\s*\]"
_ENTRY_LINE = rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*="


def _lines(text: str) -> dict[str, int]:
    """Return the line of each table and entry by its name; tomllib tells none."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(_TABLE_LINE, line):
            table = _name(match[1])
            lines.setdefault(table.partition(".")[0], number)
        elif match := re.match(_ENTRY_LINE, line):
            name = f"{table}.{_name(match[1])}" if table else _name(match[1])
            lines.setdefault(name.partition(".")[0], number)
            lines.setdefault(name, number)
    return lines


def _name(written: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, written))
