"""Files that `modeldeck attach` hands to the open console of a tenant, through a private folder of the state.

Only this user can write into it: the folder has mode 0700, and a file in it that is a link or a pipe, or that others
own or can read, is not read. What was collected is removed at once; what nobody collected is removed by who put it.
"""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from tui.errors import Problem
from tui.paths import paths
from tui.storage.folder import DiskFolder
from tui.tenancy.session import TenantSession

OLDEST = 60.0
"""Seconds after which an uncollected file is removed, as its sender must have been killed."""

_ENDING = ".file"


def folder_of(session: TenantSession) -> DiskFolder | None:
    """Return the folder of a tenant; None in practice mode, where nothing is written."""
    process = session.process
    if process.practice or process.data.path is None:
        return None
    # Two workspaces may have tenants of the same name.
    place = hashlib.sha256(str(process.data.path).encode()).hexdigest()[:8]
    return DiskFolder(paths(process.environ).log.parent / "inbox" / f"{session.tenant_id}-{place}")


@dataclass(frozen=True)
class WaitingFile:
    """A file that was handed over; `path` is `Path()` for what was piped."""

    name: str
    content: bytes
    path: Path = Path()


def put(folder: DiskFolder, file: WaitingFile) -> str:
    """Put a file into the folder; return what it is called there."""
    key = secrets.token_hex(8) + _ENDING
    header = json.dumps({"name": file.name, "path": str(file.path), "at": time.time()})
    folder.write(key, header.encode() + b"\n" + file.content)
    return key


def is_waiting(folder: DiskFolder, key: str) -> bool:
    """Return True if a file was not collected yet."""
    return folder.version_token(key) is not None


def collect(folder: DiskFolder) -> list[WaitingFile]:
    """Remove the files of the folder; return those that are fresh and this user's own."""
    files: list[WaitingFile] = []
    try:
        names = folder.names()
    except Problem:
        return []  # a folder that others could have written to
    for key in names:
        if not key.endswith(_ENDING):
            continue
        try:
            content = folder.read(key) or b""
            folder.remove(key)
            header, _, body = content.partition(b"\n")
            facts = json.loads(header)
            if abs(time.time() - facts["at"]) < OLDEST:
                files.append(WaitingFile(str(facts["name"]), body, Path(str(facts["path"]))))
        except (Problem, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            continue  # a link, a pipe, a file of somebody else's, or none of ours
    return files
