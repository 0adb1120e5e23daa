"""Unix sockets that only this user reaches: the folder of the login session, and who is at the other end."""

import errno
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Mapping
from contextlib import suppress

from tui.errors import Problem

VARIABLE = "XDG_RUNTIME_DIR"
_PEER = struct.Struct("3i")
_LOCK = "lock"
_BACKLOG = 64
_MAX_PATH = 107 - len("/modeldeck/agent.sock")
"""Bytes; sun_path has 108 with the zero at the end (unix(7))."""


def folder(environ: Mapping[str, str]) -> str:
    """Return the folder for sockets; it need not exist yet. There is no other place: in /tmp others can be first.

    Raises:
        Problem: The variable is not set, or the folder is not this user's alone.
    """
    root = environ.get(VARIABLE, "")
    if not os.path.isabs(root):
        raise Problem(
            f"{VARIABLE} is not set, so there is no folder for a socket that only you can reach.",
            "systemd sets it at login (loginctl enable-linger starts one). Or set it to a private folder of yours with "
            "mode 0700, in memory if possible.",
        )
    require_private(root)
    if len(os.fsencode(root)) > _MAX_PATH:
        raise Problem(f"The path of {VARIABLE} is too long for a socket.", "Set it to a folder with a shorter path.")
    return os.path.join(root, "modeldeck")


def require_private(path: str) -> None:
    """Raise Problem unless a folder is this user's, has mode 0700 and is no symbolic link; OSError if it is missing."""
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        raise Problem(f"{path} is a symbolic link.", "No socket is used there. Make it a folder of your own.")
    if not stat.S_ISDIR(status.st_mode):
        raise Problem(f"{path} is not a folder.", "No socket is used there.")
    if status.st_uid != os.geteuid():
        raise Problem(f"{path} belongs to another user.", "No socket is used there.")
    if status.st_mode & 0o077:
        raise Problem(f"{path} is open to other users.", f"No socket is used there. Run: chmod 700 {path}")


def listen(path: str) -> tuple[socket.socket, int]:
    """Return a listening socket and its lock, which this process holds until it ends. A stale socket is replaced.

    Raises:
        BlockingIOError: Another process holds the lock.
        Problem: The folder is not this user's alone.
        OSError: The folder cannot be created, or the socket cannot be bound.
    """
    place = os.path.dirname(path)
    with suppress(FileExistsError):
        os.mkdir(place, 0o700)
    require_private(place)
    lock = os.open(os.path.join(place, _LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        with suppress(FileNotFoundError):
            os.unlink(path)
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        os.close(lock)
        raise
    return listener, lock


def listening_process(path: str) -> int:
    """Return the ID of the process that holds the lock of a socket, 0 for none."""
    try:
        require_private(os.path.dirname(path))
        lock = os.open(os.path.join(os.path.dirname(path), _LOCK), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, Problem):
        return 0
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process_in(lock)
    finally:
        os.close(lock)
    return 0


def _recorded_process(path: str) -> int:
    """Return the ID of the process that last held the lock of a socket, 0 for none; the lock is not touched."""
    try:
        lock = os.open(os.path.join(os.path.dirname(path), _LOCK), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return _process_in(lock)
    finally:
        os.close(lock)


def _process_in(lock: int) -> int:
    text = os.read(lock, 20).strip()
    return int(text) if text.isdigit() else 0


def connect(path: str, timeout: float) -> socket.socket:
    """Return a connection to a socket of this user, with a time limit in seconds for each step.

    Raises:
        Problem: The folder or the socket is not this user's alone, or who listens there is not who took its lock.
        OSError: Nobody listens there; TimeoutError if the process there does not accept.
    """
    require_private(os.path.dirname(path))
    place = os.lstat(path)
    if not stat.S_ISSOCK(place.st_mode) or place.st_uid != os.geteuid():
        raise Problem(f"{path} is not a socket of yours.", "It is not used. Delete it.")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        try:
            connection.connect(path)
        except BlockingIOError:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)) from None
        pid, user = peer(connection)
        if user != os.geteuid():
            raise Problem(f"Another user's process listens at {path}.", "Nothing was sent. Delete the socket.")
        if pid and pid != _recorded_process(path):  # 0: a process of another namespace, which has no number here
            raise Problem(f"Process {pid} listens at {path}, and is not the agent.", "Nothing was sent. End it.")
    except BaseException:
        connection.close()
        raise
    return connection


def peer(connection: socket.socket) -> tuple[int, int]:
    """Return the process ID and the user ID of the other end, as the kernel knows them (unix(7), SO_PEERCRED)."""
    pid, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return pid, uid
