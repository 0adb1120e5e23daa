"""A real agent in a process of its own, with a folder for its socket."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tui.vault.agent import control
from tui.vault.agent.client import Agent


@contextmanager
def runtime() -> Iterator[dict[str, str]]:
    """Yield an environment with a private folder for sockets; its path is short, as a socket's must be."""
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp") as folder:
        yield {"XDG_RUNTIME_DIR": folder}


@contextmanager
def agent_running(environ: dict[str, str], seconds: float = 3600, idle: float = 3600) -> Iterator[Agent]:
    """Start an agent, and end it whatever state it is in."""
    control.start(environ, seconds, idle)
    try:
        yield Agent(environ)
    finally:
        control.stop(environ)
