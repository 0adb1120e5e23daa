"""File names in a folder: which are allowed, and how earlier states are numbered."""

from collections.abc import Callable


def generation(name: str, number: int) -> str:
    """Return the name of an earlier state; 1 is the newest."""
    return f"{name}.{number}"


def safe_name(name: str) -> str:
    """Return the name if it can only mean a file of one folder; raise ValueError for any other."""
    if not name or name in {".", ".."} or "/" in name or "\0" in name:
        raise ValueError(f"not a plain file name: {name!r}")
    return name


def earlier_names(names: list[str], name: str) -> list[str]:
    """Return those of the names that are earlier states of `name`, newest first."""
    start = f"{name}."
    numbers = [int(end) for file in names if file.startswith(start) and (end := file.removeprefix(start)).isdigit()]
    return [generation(name, number) for number in sorted(numbers)]


def rotation_renames(present: Callable[[str], bool], name: str, keep: int) -> list[tuple[str, str]]:
    """Return the renames, in order, that free `name.1`; a gap that a killed process left is filled first."""
    last = next((n for n in range(1, keep) if not present(generation(name, n))), keep)
    return [(generation(name, n), generation(name, n + 1)) for n in range(last - 1, 0, -1)]
