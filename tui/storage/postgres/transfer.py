"""Move a tenant's settings between files and a shared store: earlier states, audit log and all, compared afterwards."""

from tui.errors import Problem, UsageError
from tui.storage.audit_log import LOG
from tui.storage.folder import Folder
from tui.storage.generations import generation
from tui.storage.postgres.folder import LAST_USED, SETTINGS, RootFolder

_MAX_EARLIER_STATES = 5


def push(files: Folder, root: RootFolder, tenant: str) -> int:
    """Copy a tenant's files into the store, in one transaction; return how many states it has there.

    Raises:
        Problem: The store has a tenant of that id, the files are missing, or what was copied is not the same.
    """
    check_push(files, root, tenant)
    states, log, shared = _states(files), files.read(LOG) or b"", root.folder(tenant)
    last_used = files.read(LAST_USED)
    with files.lock(), shared.lock():
        shared.create(states)
        if log:
            shared.append(LOG, log)
        if last_used:
            shared.write(LAST_USED, last_used)
    _compare(_states(shared), states, shared.read(LOG) or b"", log)
    return len(states)


def pull(root: RootFolder, files: Folder, tenant: str) -> int:
    """Copy a tenant of the store into files; return how many states there are.

    Raises:
        Problem: There are files of that tenant, it is not in the store, or what was copied is not the same.
    """
    _require_no_files(files, tenant)
    shared = root.folder(tenant)
    with files.lock(), shared.lock():
        states, log = _states(shared), shared.read(LOG) or b""
        if not states:
            raise UsageError(f"The store has no tenant {tenant}.", "Nothing was copied.")
        for state in states:
            files.write(SETTINGS, state, _MAX_EARLIER_STATES)
        if log:
            files.append(LOG, log)
    _compare(_states(files), states, files.read(LOG) or b"", log)
    return len(states)


def check_push(files: Folder, root: RootFolder, tenant: str) -> int:
    """Return how many states a push would copy; raise UsageError if it would copy nothing."""
    if not (states := _states(files)):
        raise UsageError(f"There are no files of the tenant {tenant}.", "Nothing was copied.")
    if root.folder(tenant).version_token(SETTINGS) is not None:
        raise UsageError(f"The store has a tenant {tenant} already.", "Nothing was copied.")
    return len(states)


def check_pull(root: RootFolder, files: Folder, tenant: str) -> int:
    """Return how many states a pull would copy; raise UsageError if it would copy nothing."""
    _require_no_files(files, tenant)
    if not (states := _states(root.folder(tenant))):
        raise UsageError(f"The store has no tenant {tenant}.", "Nothing was copied.")
    return len(states)


def _require_no_files(files: Folder, tenant: str) -> None:
    if files.version_token(SETTINGS) is not None or files.generations(SETTINGS):
        raise UsageError(f"There are files of the tenant {tenant} on this machine.", "Nothing was copied.")


def _states(folder: Folder) -> list[bytes]:
    """Return the states of a tenant's settings, the present one last; a gap in the files is left out."""
    names = [generation(SETTINGS, number) for number in range(_MAX_EARLIER_STATES, 0, -1)]
    return [content for name in [*names, SETTINGS] if (content := folder.read(name)) is not None]


def _compare(copied: list[bytes], states: list[bytes], copied_log: bytes, log: bytes) -> None:
    if copied != states or copied_log.split() != log.split():
        raise Problem("The copy differs from the original.", "Compare the two before you use either.")
