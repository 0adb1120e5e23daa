"""Where a folder lies: who could replace it from above, and what would copy it elsewhere."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tui.errors import Problem
from tui.sanitize import one_line
from tui.storage import filesystem


def check_parents(path: Path) -> None:
    """Raise a Problem if everybody can rename or replace a folder above `path`, which need not exist.

    A sticky folder such as /tmp passes: there only the owner of an entry can.
    """
    for parent, status in _parents(path):
        if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            raise Problem(
                f"Other users of this machine can replace {one_line(str(path))}: everybody can write to "
                f"{one_line(str(parent))}.",
                f"Remove that permission:\nchmod o-w {parent}",
            )


def warnings(what: str, path: Path, kind: str = "") -> tuple[str, ...]:
    """Return the warnings about the location of `what`; `kind` is its network file system, '' for none."""
    texts = [filesystem.warning(what, kind)] if kind else []
    if parent := _replaceable_by(path):
        texts.append(f"Other users can replace the {what}: they can write to {one_line(str(parent))}.")
    if work_tree := _git_work_tree(path):
        texts.append(f"The {what} are in the git work tree {one_line(str(work_tree))}. Keep them out of its commits.")
    return tuple(texts)


def _replaceable_by(path: Path) -> Path | None:
    """Return a folder above a path that a group can write to, or that neither root nor this user owns."""
    for parent, status in _parents(path):
        shared = status.st_mode & stat.S_IWGRP and not status.st_mode & stat.S_ISVTX
        if shared or status.st_uid not in (0, os.geteuid()):
            return parent
    return None


def _git_work_tree(path: Path) -> Path | None:
    real = Path(os.path.realpath(path))
    return next((parent for parent in (real, *real.parents) if os.path.lexists(parent / ".git")), None)


def _parents(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the folders above a path, as it is written and as links lead, which exist and can be looked at."""
    real = Path(os.path.realpath(path))
    for parent in dict.fromkeys((*path.parents, *real.parents)):
        try:
            yield parent, os.stat(parent)
        except OSError:
            continue
