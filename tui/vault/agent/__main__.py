"""`python -m tui.vault.agent SECONDS IDLE`: the agent's process, which `modeldeck agent start` starts.

Its first and only line of output is a JSON object: {"pid": …}, or {"problem": …, "hint": …} if it cannot start.
"""

import asyncio
import json
import os
import sys
import time

from tui.errors import Problem
from tui.process import hardening, local_socket
from tui.vault.agent import client, server
from tui.vault.agent.keys import AgentKeys


def main(seconds: float, idle: float) -> int:
    """Serve until the time is over or a request ends it; return the exit code."""
    hardening.harden()
    try:
        path = client.socket_path(os.environ)
        listener, _ = local_socket.listen(path)
    except BlockingIOError:
        return _fail("The agent already runs.", "")
    except Problem as problem:
        return _fail(problem.message, problem.hint)
    except OSError as error:
        return _fail(f"The agent's socket cannot be created: {os.strerror(error.errno or 0).lower()}.", "")
    keys = AgentKeys(boot_time, idle, boot_time() + seconds)
    locked = hardening.lock_memory()
    server.preload()
    about = {"pid": os.getpid(), "memory_locked": locked}
    asyncio.run(server.AgentServer(keys, about).run(listener, _ready), debug=False)
    os.unlink(path)
    return 0


def boot_time() -> float:
    """Return the seconds since the machine was started, while it slept as well."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _ready() -> None:
    _print_json({"pid": os.getpid()})


def _fail(message: str, hint: str) -> int:
    _print_json({"problem": message, "hint": hint})
    return 1


def _print_json(message: dict[str, object]) -> None:
    """Write the one line, and leave the terminal to others."""
    print(json.dumps(message), flush=True)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), float(sys.argv[2])))
