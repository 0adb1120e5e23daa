"""Practice sessions for tests: built once, then copied, as building one takes longer than most tests."""

import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.doubles import keys
from tui.practice import tenants
from tui.providers import PROVIDERS
from tui.storage.folder import DiskFolder, Folder
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy.session import Session
from tui.vault import key_pair


def practice_session(
    environ: Mapping[str, str] | None = None, pace: float = 1.0, clock: Callable[[], float] = time.time
) -> Session:
    """Return a session as `tui.practice.tenants.practice_session` does; its time begins when the original was built."""
    if clock is time.time:
        original, built = _original(pace, None, *PROVIDERS)
        clock = _Later(time.time() - built)
    else:
        original, _ = _original(pace, clock(), *PROVIDERS)
    return Session(
        _copy(original.data),
        _copy(original.keys),
        original.client_factory,
        dict(environ or {}),
        original.config,
        practice=True,
        key_bits=original.key_bits,
        key_cost=original.key_cost,
        clock=clock,
    )


def on_disk(folder: Path, session: Session) -> Session:
    """Return an empty session on real files, with the practice providers of another one behind its client."""
    data, keys = DiskFolder(folder / "data"), DiskFolder(folder / "keys")
    return Session(data, keys, session.client_factory, key_bits=tenants.BITS, key_cost=tenants.COST)


class _Later:
    """A clock that is late by some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self) -> float:
        return time.time() - self._seconds


_generated = iter(keys.practice_pairs())
with patch.object(key_pair, "generate_key_pair", lambda bits: next(_generated)):
    # A process keeps them, whoever needs them first. They are none of those that the tenants of a test get.
    tenants._pairs()


@cache
def _original(pace: float, now: float | None, *provider_ids: str) -> tuple[Session, float]:
    clock = time.time if now is None else lambda: now
    return tenants.practice_session(pace=pace, clock=clock), time.time()


def _copy(folder: Folder, parent: MemoryFolder | None = None) -> MemoryFolder:
    assert isinstance(folder, MemoryFolder)
    copy = MemoryFolder(parent, folder._name)
    copy._files, copy._writes = dict(folder._files), folder._writes
    copy._folders = {name: _copy(child, copy) for name, child in folder._folders.items()}
    return copy
