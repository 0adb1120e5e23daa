"""A second user of the machine: what one left open is refused in words that mend it, what was made is closed to others.

Every folder and file in turn is given a loose mode, another owner, or a link in its place. Root forks and becomes the
users; without root only what one user can do is tried.
"""

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

from tinydb import TinyDB

from tests.campaign.figures import Result
from tests.second_user import OTHER, output_as
from tui.errors import Problem
from tui.practice.tenants import BITS, COST
from tui.storage.folder import DiskFolder
from tui.tenancy import keyring
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.workspace import tenants

STRANGER = OTHER - 1
ROOT = os.geteuid() == 0
FOLDERS = ("data", "data/tenants", "data/tenants/acme", "keys", "keys/acme")
FILES = ("data/tenants/acme/settings.json", "data/tenants/acme/.lock", "keys/acme/*.pem")
PLACES = (FOLDERS, FILES)


@dataclass(frozen=True)
class Loose:
    """One thing that is not as it must be: a mode, `owner` for another one, `link` for a link in its place."""

    place: str
    how: int | str

    def __str__(self) -> str:
        return f"{self.place} {self.how:o}" if isinstance(self.how, int) else f"{self.place} {self.how}"

    def make(self, home: Path) -> Path:
        (path,) = home.glob(self.place)
        if isinstance(self.how, int):
            path.chmod(self.how)
        elif self.how == "owner":
            os.chown(path, 0, 0)
        else:
            victim = home / "victim"
            shutil.move(path, victim)
            path.symlink_to(victim)
        return path


def cells() -> list[Loose]:
    """The whole matrix."""
    modes = (0o710, 0o701, 0o750, 0o705, 0o770, 0o707, 0o777), (0o640, 0o604, 0o620, 0o602, 0o644, 0o660, 0o666)
    kinds = [
        Loose(place, mode)
        for places, of in zip((FOLDERS, FILES), modes, strict=True)
        for place in places
        for mode in of
    ]
    others = [Loose(place, how) for place in (*FOLDERS, *FILES) for how in (("owner", "link") if ROOT else ("link",))]
    return [*kinds, *others]


def matrix(count: int, seed: int) -> Result:
    """`count` cells of the matrix, and every file that was made seen by a stranger; the control is stock TinyDB."""
    tried = cells()
    random.Random(seed).shuffle(tried)
    tried = tried[:count]
    wrong = [f"{cell}: {text}" for cell in tried if (text := is_refused(cell))]
    with create() as home:
        closed, read = [path for path in home.rglob("*")], output_as(STRANGER, lambda: _opened_of(home))
    wrong += [f"a stranger opened {read}"] if read and ROOT else []
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        before = os.umask(0o022)
        TinyDB(Path(folder) / "stock.json").insert({"id": "acme"})
        os.umask(before)
        output = output_as(STRANGER, lambda: _opened_of(Path(folder)))
    words = f"{len(tried)} loose modes, owners and links; {len(closed)} files and folders closed to a stranger"
    control = f"of stock TinyDB a stranger opened {output or 'nothing'}"
    return Result(len(tried) + len(closed), len(wrong), "; ".join([words, *wrong]), control, "stock.json" in output)


def is_refused(cell: Loose) -> str:
    """What was wrong with how it was met; '' if it was refused, nothing was touched, and the sentence mended it."""
    with create() as home:
        path = cell.make(home)
        before = _content(home)
        text = output_as(OTHER, lambda: _use(home))
        if str(path) not in text:
            return f"said {text!r}"
        if _content(home) != before:
            return "something was changed"
        commands = [line for line in text.split("\t") if line.startswith(("chmod ", "chown "))]
        if cell.how == "link":
            path.unlink()
            shutil.move(home / "victim", path)
        elif len(commands) != 1:
            return f"no command to mend it: {text!r}"
        else:
            subprocess.run(commands[0].split(), check=True)
        after = output_as(OTHER, lambda: _use(home))
        return "" if after == "used" else f"mended as told, and still {after!r}"


def _use(home: Path) -> str:
    """Read, opened and changed; or the problem, its lines apart by tabs."""
    session = _session(home)
    try:
        tenant_registry.tenant_of(session.tenant("acme"))
        keyring.private_key(session.tenant("acme"))
        asyncio.run(tenants.rename(session.tenant("acme"), "acme two"))
        asyncio.run(tenants.rename(session.tenant("acme"), "acme"))
    except Problem as problem:
        return "\t".join([problem.message, *problem.hint.split("\n")])
    return "used"


@cache
def _import() -> None:
    """All that the work imports on the way: the other user may not be allowed to read where Python lies."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.umask(0o022)
        _make(Path(folder))
        _use(Path(folder))
        os.umask(before)


@contextmanager
def create() -> Iterator[Path]:
    """A home in which that user made a tenant, by the umask that most have."""
    _import()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if ROOT:
            os.chown(home, OTHER, OTHER)
        os.chmod(home, 0o755)
        text = output_as(OTHER, lambda: _make(home))
        if text != "made":
            raise RuntimeError(text)
        yield home


def _make(home: Path) -> str:
    os.umask(0o022)
    asyncio.run(tenants.create(_session(home), "acme"))
    return "made"


def _session(home: Path) -> Session:
    def offline() -> NoReturn:
        raise AssertionError("nothing here calls a provider")

    return Session(DiskFolder(home / "data"), DiskFolder(home / "keys"), offline, {}, key_bits=BITS, key_cost=COST)


def _opened_of(home: Path) -> str:
    """The names of the files and folders below that can be opened."""
    opened = []
    for path in home.iterdir():
        try:
            os.close(os.open(path, os.O_RDONLY))
        except PermissionError:
            continue
        opened.append(path.name)
    return " ".join(opened)


def _content(home: Path) -> dict[str, bytes]:
    """What all files hold, but who held the lock last."""
    files = (path for path in home.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(home)): path.read_bytes() for path in files}
