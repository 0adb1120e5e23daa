"""Runs commands in processes of their own without loading the program for each, which takes longer than most commands.

    python tests/doubles/command_server.py FD       serves at an inherited socket until it is closed

The server has the program loaded and forks for every command: environment, folder, descriptors and session are those of
a process that a shell starts. What a start itself does is for tests that start `python -m tui`.
"""

import array
import atexit
import fcntl
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: bytes
    err: bytes


def run(
    words: Sequence[str], env: Mapping[str, str], cwd: Path, stdin: bytes = b"", pass_fds: Sequence[int] = ()
) -> Ran:
    """Run `modeldeck` with these words to its end."""
    with tempfile.TemporaryFile() as input_file, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        input_file.write(stdin)
        input_file.seek(0)
        request = {"words": list(words), "env": dict(env), "cwd": str(cwd), "pass_fds": list(pass_fds)}
        server = _server()
        descriptors = array.array("i", [*(file.fileno() for file in (input_file, out, err)), *pass_fds])
        body = json.dumps(request).encode()
        server.sendmsg([len(body).to_bytes(4, "big") + body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
        code = int.from_bytes(server.recv(4, socket.MSG_WAITALL), "big", signed=True)
        return Ran(code, _content(out), _content(err))


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@cache
def _server() -> socket.socket:
    """Start the server of this process; it ends with it."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, __file__, str(theirs.fileno())]
    environ = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    subprocess.Popen(command, env=environ, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()
    atexit.register(ours.close)
    return ours


def serve(connection: socket.socket) -> None:
    """Fork for each request, and answer with the exit code."""
    from importlib import import_module
    from pkgutil import walk_packages

    import tui.cli.commands
    from tui.providers import PROVIDERS

    tui.cli.skip_command_of_httpx()
    for module in walk_packages(tui.cli.commands.__path__, "tui.cli.commands."):
        import_module(module.name)
    for name in ("tui.cli.context", "tui.providers.client.client", "tui.practice.tenants"):
        import_module(name)
    assert len(PROVIDERS)
    while True:
        data, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(64 * array.array("i").itemsize))
        if not data:
            return
        descriptors = array.array("i", ancillary[0][2])
        request = json.loads(connection.recv(int.from_bytes(data, "big"), socket.MSG_WAITALL))
        if (child := os.fork()) == 0:
            connection.close()
            _become(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        connection.sendall(code.to_bytes(4, "big", signed=True))


def _become(request: Mapping[str, object], descriptors: Sequence[int]) -> None:
    """Run the command as a process that a shell started, and end."""
    import tui.cli

    try:
        os.setsid()
        os.chdir(str(request["cwd"]))
        os.environ.clear()
        os.environ.update(request["env"])  # type: ignore[call-overload]
        above = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 200) for descriptor in descriptors]
        wanted = [0, 1, 2, *request["pass_fds"]]  # type: ignore[misc]
        for number, descriptor in zip(wanted, above, strict=True):
            os.dup2(descriptor, number)
        os.closerange(max(wanted) + 1, 1024)
        sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)  # type: ignore[misc]
        sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # type: ignore[misc]
        sys.argv = ["modeldeck", *request["words"]]  # type: ignore[misc]
        tui.cli.main()
    finally:
        os._exit(120)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
