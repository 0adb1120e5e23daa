"""Start and stop the agent's process."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.errors import Problem
from tui.process import local_socket
from tui.vault.agent.client import Agent, socket_path

_INHERITED = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "PYTHONUSERBASE", "TZ", local_socket.VARIABLE)
"""What the agent inherits of the environment; a passphrase in it would stay readable for root."""

_START = 20.0
"""Seconds for the start."""
_END = 2.0
"""Seconds for the end, before the process is killed."""
_POLL_INTERVAL = 0.02


def running(environ: Mapping[str, str]) -> int:
    """Return the process ID of the agent, 0 if it is off; raise Problem if there is no safe folder for its socket."""
    return local_socket.listening_process(socket_path(environ))


def start(environ: Mapping[str, str], seconds: float, idle: float) -> int:
    """Start the agent for so many seconds; return its process ID. Keys are forgotten after `idle` seconds.

    Raises:
        Problem: It already runs, or it cannot start.
    """
    socket_path(environ)
    root = str(Path(__file__).parents[3])
    inherited = {name: environ[name] for name in _INHERITED if name in environ}
    inherited["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environ.get("PYTHONPATH", ""))))
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tui.vault.agent", str(seconds), str(idle)],
        env=inherited,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout as output:
        ready, _, _ = select.select([output], [], [], _START)
        line = output.readline() if ready else b""
    answer: dict[str, Any] = {}
    with suppress(ValueError):
        answer = json.loads(line)
    if "problem" in answer:
        process.wait()
        raise Problem(str(answer["problem"]), str(answer.get("hint", "")))
    if "pid" not in answer:
        process.kill()
        raise Problem("The agent did not start.", "Try again.")
    return process.pid


def stop(environ: Mapping[str, str]) -> int:
    """End the agent, whatever state it is in; return its process ID, 0 if it was off."""
    path = socket_path(environ)
    pid = local_socket.listening_process(path)
    if not pid:
        return 0
    with suppress(Problem):
        Agent(environ).stop()
    if not _has_ended(path):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if not _has_ended(path):
            raise Problem(f"The agent (process {pid}) does not end.", f"End it: kill -9 {pid}")
    return pid


def _has_ended(path: str) -> bool:
    deadline = time.monotonic() + _END
    while local_socket.listening_process(path):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_INTERVAL)
    return True
