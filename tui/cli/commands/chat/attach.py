"""Run `modeldeck attach`: hand a file to the open console of a tenant."""

import asyncio
import sys
import time
from pathlib import Path

from tui.cli.context import CommandContext
from tui.cli.inputs import read_bytes
from tui.cli.output import is_terminal
from tui.errors import Problem, UsageError
from tui.paths import paths
from tui.workspace.playground.attachments import files, inbox

_TIMEOUT = 10.0
"""Seconds in which an open console has to take the file."""
_PAUSE = 0.1


async def attach(call: CommandContext) -> int:
    """Read a file, check what it is, and wait until the console has taken it."""
    session = call.tenant_session
    folder = inbox.folder_of(session)
    if folder is None:
        raise UsageError("In a shared store, no console takes files.", "Use chat -a FILE.")
    where = call.args.one("FILE", "-")
    if where == "-":
        if is_terminal(sys.stdin):
            raise UsageError("A file cannot be typed.", "Pipe one: ssh HOST modeldeck attach <a.png")
        content, path = read_bytes("", files.MAX_SIZE + 1), Path()
    else:
        content, path = files.read_content(where, paths(call.environ).home)
    name = call.args.one("name", path.name or "piped")
    file = files.of_content(content, name, path)
    key = inbox.put(folder, inbox.WaitingFile(name, content, path))
    deadline = time.monotonic() + _TIMEOUT
    try:
        while inbox.is_waiting(folder, key):
            if time.monotonic() > deadline:
                raise Problem(
                    f"No open console of {call.tenant.name} took the file.", "Open its playground, and attach it again."
                )
            await asyncio.sleep(_PAUSE)
    finally:
        folder.remove(key)
    call.out.result({"tenant": session.tenant_id, "file": file.as_json()}, f"Attached {file.words}.")
    return 0
