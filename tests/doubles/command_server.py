"""Runs commands in processes of their own without loading the program for each, which takes longer than most commands.

    python tests/doubles/command_server.py FD             serves at an inherited socket until it is closed
    python tests/doubles/command_server.py FD console     the same, with the console loaded, on terminals

The server has the program loaded and forks for every command: environment, folder, descriptors and session are those of
a process that a shell starts, but that keys are small. What a start itself does is for tests that start
`python -m tui`.
"""

import array
import atexit
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import termios
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[2]
_PR_SET_CHILD_SUBREAPER = 36


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
        code = _request(_server(), request, [*(file.fileno() for file in (input_file, out, err)), *pass_fds])
        return Ran(code, _content(out), _content(err))


def start(words: Sequence[str], env: Mapping[str, str], cwd: Path, terminal: int) -> int:
    """Start `modeldeck` on a terminal, given by its descriptor; the ID of a process that is a child of this one."""
    request = {"words": list(words), "env": dict(env), "cwd": str(cwd), "pass_fds": []}
    adopt = ctypes.CDLL(None).prctl
    adopt(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        return _request(_server("console"), request, [terminal] * 3)
    finally:
        adopt(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _request(server: socket.socket, request: Mapping[str, object], descriptors: Sequence[int]) -> int:
    """Send a request with descriptors; the number that is answered."""
    body, rights = json.dumps(request).encode(), array.array("i", descriptors)
    server.sendmsg([len(body).to_bytes(4, "big") + body], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    return int.from_bytes(server.recv(4, socket.MSG_WAITALL), "big", signed=True)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@cache
def _server(*kind: str) -> socket.socket:
    """Start a server of this process; it ends with it."""
    parent, child = socket.socketpair()
    command = [sys.executable, __file__, str(child.fileno()), *kind]
    environ = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    subprocess.Popen(command, env=environ, pass_fds=[child.fileno()], stdin=subprocess.DEVNULL)
    child.close()
    atexit.register(parent.close)
    return parent


def serve(connection: socket.socket, console: bool) -> None:
    """Fork for each request, and answer with the exit code, or for a console with the ID of its process."""
    from importlib import import_module
    from pkgutil import walk_packages

    import tui.cli.commands
    import tui.console
    from tui.providers import PROVIDERS

    tui.cli.skip_command_of_httpx()
    for module in walk_packages(tui.cli.commands.__path__, "tui.cli.commands."):
        import_module(module.name)
    for name in ("tui.cli.context", "tui.providers.client.client", "tui.practice.tenants"):
        import_module(name)
    for module in walk_packages(tui.console.__path__, "tui.console.") if console else ():
        import_module(module.name)
    _shrink_keys(console)
    assert len(PROVIDERS)
    while True:
        data, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_SPACE(64 * array.array("i").itemsize))
        if not data:
            return
        descriptors = array.array("i", ancillary[0][2])
        request = json.loads(connection.recv(int.from_bytes(data, "big"), socket.MSG_WAITALL))
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            # A console is left to whoever asked for it: its parent ends, and they adopt it.
            if console and (orphan := os.fork()):
                os.write(writing, orphan.to_bytes(4, "big"))
                os._exit(0)
            connection.close()
            _become(request, descriptors, console)
        for descriptor in (*descriptors, writing):
            os.close(descriptor)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answer = int.from_bytes(os.read(reading, 4), "big") if console else code
        os.close(reading)
        connection.sendall(answer.to_bytes(4, "big", signed=True))


def _shrink_keys(console: bool) -> None:
    """Make new key pairs small and their passphrases cheap to derive from, as in practice mode."""
    from tui.practice.tenants import BITS, COST, _pairs
    from tui.tenancy import session

    open_session = session.open_session
    session.open_session = lambda environ: replace(open_session(environ), key_bits=BITS, key_cost=COST)
    if console:
        _pairs()  # which practice mode would generate in each console


def _become(request: Mapping[str, object], descriptors: Sequence[int], console: bool) -> None:
    """Run the command as a process that a shell started, and end."""
    import tui.cli

    try:
        os.setsid()
        os.chdir(str(request["cwd"]))
        os.environ.clear()
        os.environ.update(request["env"])  # type: ignore[call-overload]
        above = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 200) for descriptor in descriptors]
        targets = [0, 1, 2, *request["pass_fds"]]  # type: ignore[misc]
        for number, descriptor in zip(targets, above, strict=True):
            os.dup2(descriptor, number)
        os.closerange(max(targets) + 1, 1024)
        if console:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            for signal_number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
                signal.signal(signal_number, signal.SIG_DFL)  # a run in the background has them ignored
        sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)  # type: ignore[misc]
        sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # type: ignore[misc]
        sys.argv = ["modeldeck", *request["words"]]  # type: ignore[misc]
        tui.cli.main()
    finally:
        os._exit(120)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), console="console" in sys.argv[2:])
