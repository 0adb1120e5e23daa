"""Where sockets lie, who may listen there, and who is believed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.running_agent import runtime
from tui.errors import Problem
from tui.process import local_socket


@pytest.fixture
def root() -> Iterator[Path]:
    """A private folder with a path that is short enough for a socket."""
    with runtime() as environ:
        yield Path(environ["XDG_RUNTIME_DIR"])


def test_one_process_listens_and_a_socket_that_it_left_is_replaced(root: Path) -> None:
    path = os.path.join(local_socket.folder({"XDG_RUNTIME_DIR": str(root)}), "socket")
    listener, lock = local_socket.listen(path)
    assert (stat.S_IMODE(os.stat(path).st_mode), stat.S_IMODE(os.stat(root / "modeldeck").st_mode)) == (0o600, 0o700)
    with pytest.raises(BlockingIOError):
        local_socket.listen(path)
    with local_socket.connect(path, 60) as connection:
        assert local_socket.peer(connection) == (os.getpid(), os.geteuid())
    assert local_socket.listening_process(path) == os.getpid()
    listener.close()
    os.close(lock)
    assert local_socket.listening_process(path) == 0, "nobody holds the lock"
    with pytest.raises(ConnectionRefusedError):
        local_socket.connect(path, 60)
    again, lock = local_socket.listen(path)
    local_socket.connect(path, 60).close()
    again.close()
    os.close(lock)


def test_only_a_private_folder_of_ones_own_is_used(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = root / "file"
    file.touch(0o600)
    for path, says in ((file, "is not a folder"), (root, "is open to other users")):
        root.chmod(0o750)
        with pytest.raises(Problem, match=says):
            local_socket.require_private(str(path))
    root.chmod(0o700)
    local_socket.require_private(str(root))
    monkeypatch.setattr(os, "geteuid", lambda: root.stat().st_uid + 1)
    with pytest.raises(Problem, match="belongs to another user"):
        local_socket.require_private(str(root))


def test_a_folder_whose_sockets_would_have_too_long_a_path_is_named(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 100)
    deep.mkdir(0o700)
    with pytest.raises(Problem, match="too long for a socket"):
        local_socket.folder({"XDG_RUNTIME_DIR": str(deep)})


def test_a_socket_without_a_lock_file_is_no_agent(root: Path) -> None:
    assert local_socket.listening_process(str(root / "socket")) == 0
    (root / "socket").touch()
    with pytest.raises(Problem, match="is not a socket of yours"):
        local_socket.connect(str(root / "socket"), 60)
