"""Practice sessions for tests: built once, then copied, as building one takes longer than most tests."""

import time
from collections.abc import Callable, Mapping
from functools import cache

from tui.practice import tenants
from tui.providers import PROVIDERS
from tui.storage.folder import Folder
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy.session import Session


def practice_session(
    environ: Mapping[str, str] | None = None, pace: float = 1.0, clock: Callable[[], float] = time.time
) -> Session:
    """Return a session as `tui.practice.tenants.practice_session` does; its time begins when the original was built."""
    if clock is not time.time:
        return tenants.practice_session(environ, pace, clock)
    original, built = _original(pace, *PROVIDERS)
    age = time.time() - built
    return Session(
        _copy(original.data),
        _copy(original.keys),
        original.client_factory,
        dict(environ or {}),
        original.config,
        practice=True,
        key_bits=original.key_bits,
        key_cost=original.key_cost,
        clock=lambda: time.time() - age,
    )


@cache
def _original(pace: float, *provider_ids: str) -> tuple[Session, float]:
    return tenants.practice_session(pace=pace), time.time()


def _copy(folder: Folder, parent: MemoryFolder | None = None) -> MemoryFolder:
    assert isinstance(folder, MemoryFolder)
    copy = MemoryFolder(parent, folder._name)
    copy._files, copy._writes = dict(folder._files), folder._writes
    copy._folders = {name: _copy(child, copy) for name, child in folder._folders.items()}
    return copy
