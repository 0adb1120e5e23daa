"""Complete a path while typing, as a shell does."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MAX_ENTRIES = 500
"""Entries of a folder that are offered; more letters find the others."""


@dataclass(frozen=True)
class Entry:
    """A file or folder that a typed path can go on with. `text` is the path as it would be typed, `size` in bytes."""

    name: str
    text: str
    folder: bool = False
    size: int = 0


@dataclass(frozen=True)
class Offer:
    """What a typed path can become: its entries, folders first, and the text that they all begin with."""

    typed: str
    entries: tuple[Entry, ...] = ()
    agreed: str = ""

    @property
    def completes(self) -> bool:
        """Whether there is something to add to what was typed."""
        return len(self.agreed) > len(self.typed)


def expand_home(text: str, home: Path) -> Path:
    """Return the typed path, with `~` replaced by the home folder."""
    text = text.strip()
    if text == "~" or text.startswith("~/"):
        return home / text[2:]
    return Path(os.path.abspath(text)) if text else Path()


def sibling_path(typed: str, ending: str) -> str:
    """Return the typed path of a file with another ending: `texts.vectors.npy` for `texts.txt`."""
    head, dot, last = typed.rpartition(".")
    return f"{head if dot and '/' not in last else typed}.{ending}"


def offer(typed: str, home: Path, endings: Sequence[str] | None) -> Offer:
    """Look at the folder of a typed path. Files are offered by their endings, hidden entries once a dot is typed.

    Without endings, every file is offered.
    """
    if typed.strip() == "~":
        return Offer(typed, (), "~/")
    head, slash, begin = typed.rpartition("/")
    folder = expand_home(head + slash, home) if head + slash else Path()
    offered: list[Entry] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(begin) and (begin or not entry.name.startswith(".")):
                    offered += _entry(entry, head + slash, endings)
                if len(offered) >= _MAX_ENTRIES:
                    break
    except (OSError, ValueError):
        return Offer(typed)
    offered.sort(key=lambda entry: (not entry.folder, entry.name.casefold()))
    return Offer(typed, tuple(offered), _common_prefix([entry.text for entry in offered]))


def _common_prefix(texts: Sequence[str]) -> str:
    """Return the common prefix."""
    if not texts:
        return ""
    # All that lie between the first and the last in order begin with what these two have in common.
    first, last = min(texts), max(texts)
    return first[: next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _entry(entry: "os.DirEntry[str]", head: str, endings: Sequence[str] | None) -> list[Entry]:
    try:
        if entry.is_dir():
            return [Entry(f"{entry.name}/", f"{head}{entry.name}/", folder=True)]
        if (endings is None or entry.name.rpartition(".")[2].lower() in endings) and entry.is_file():
            return [Entry(entry.name, head + entry.name, size=entry.stat().st_size)]
    except OSError:
        pass
    return []
