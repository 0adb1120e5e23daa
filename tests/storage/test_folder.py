"""A folder keeps what it was told to keep, and refuses what others could have touched."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tui.errors import Problem, SaveFailed
from tui.storage import filesystem
from tui.storage.folder import MAX_SIZE, DiskFolder, Folder
from tui.storage.lock import LOCK
from tui.storage.memory_folder import MemoryFolder

OTHER_USER = 65_534


@pytest.fixture(params=["disk", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return DiskFolder(tmp_path / "private") if request.param == "disk" else MemoryFolder()


@pytest.fixture
def disk(tmp_path: Path) -> DiskFolder:
    folder = DiskFolder(tmp_path / "private")
    folder.write("a", b"1")
    return folder


def test_what_is_written_is_read_again(folder: Folder) -> None:
    assert folder.read("a") is None
    folder.write("a", b"one")
    assert folder.read("a") == b"one"
    assert folder.names() == ["a"]
    folder.remove("a")
    folder.remove("a")
    assert folder.read("a") is None


def test_a_stamp_differs_after_every_write_of_the_same_content(folder: Folder) -> None:
    stamps = []
    for _ in range(3):
        folder.write("a", b"same", keep=2)
        stamps.append(folder.version_token("a"))
    assert len(set(stamps)) == 3
    assert folder.version_token("b") is None


@pytest.mark.parametrize("content", [b"", b"a", b"a\n", b"\n\nb", b"long", b"long\n", b"x\nlonger\ny\n", b"longest\nx"])
def test_a_line_without_an_end_is_not_read_whole(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr("tui.storage.folder.MAX_LINE", 4)
    disk.write("log", content)
    assert [*disk.lines("log")] == [line[:5] for line in content.split(b"\n")]


def test_the_states_before_are_kept_newest_first(folder: Folder) -> None:
    for n in range(8):
        folder.write("a", str(n).encode(), keep=3)
    assert folder.generations("a") == ["a.1", "a.2", "a.3"]
    assert [folder.read(generation) for generation in folder.generations("a")] == [b"6", b"5", b"4"]


def test_a_gap_in_the_generations_is_filled_before_the_oldest_is_lost(folder: Folder) -> None:
    for n in range(5):
        folder.write("a", str(n).encode(), keep=3)
    folder.remove("a.2")
    folder.write("a", b"5", keep=3)
    assert [folder.read(generation) for generation in folder.generations("a")] == [b"4", b"3", b"1"]


def test_folders_inside_come_into_being_when_written_to(folder: Folder) -> None:
    inside = folder.folder("b")
    assert folder.folders() == []
    assert inside.read("x") is None and inside.names() == []
    inside.write("x", b"1")
    assert folder.folders() == ["b"]
    inside.destroy()
    assert folder.folders() == []
    assert folder.folder("b").read("x") is None
    folder.folder("never").destroy()


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", "/etc/passwd", "a\0b"])
def test_a_name_cannot_lead_out_of_the_folder(folder: Folder, name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        folder.write(name, b"")
    with pytest.raises(ValueError, match="plain file name"):
        folder.folder(name)


def test_the_lock_keeps_another_thread_out_until_it_is_released(folder: Folder) -> None:
    started, release, entered = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with folder.lock():
            started.set()
            assert release.wait(60)

    def second() -> None:
        with folder.lock():
            entered.set()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert started.wait(60)
    with pytest.raises(Problem, match="writing"), folder.lock(wait=0.02):
        pass
    threads[1].start()
    assert not entered.is_set()
    release.set()
    assert entered.wait(60)
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_private_from_birth_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = DiskFolder(tmp_path / "above" / "private").folder("inside")
        folder.write("a", b"1", keep=2)
        folder.write("a", b"2", keep=2)
        with folder.lock():
            pass
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / "above").rglob("*")}
    assert modes == {"private": 0o700, "inside": 0o700, "a": 0o600, "a.1": 0o600, LOCK: 0o600}
    assert (tmp_path / "above").stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o710, 0o701, 0o770, 0o777])
def test_a_folder_open_to_others_is_refused_with_the_line_that_mends_it(disk: DiskFolder, mode: int) -> None:
    disk.path.chmod(mode)
    for attempt in (disk.names, lambda: disk.read("a"), lambda: disk.write("a", b""), lambda: disk.lock().__enter__()):
        with pytest.raises(Problem, match="Other users") as caught:
            attempt()
        assert f"chmod 700 {disk.path}" in caught.value.hint.splitlines()
    disk.path.chmod(0o700)
    assert disk.read("a") == b"1"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_open_to_others_is_refused_with_the_line_that_mends_it(disk: DiskFolder, mode: int) -> None:
    (disk.path / "a").chmod(mode)
    with pytest.raises(Problem, match="Other users") as caught:
        disk.read("a")
    assert f"chmod 600 {disk.path / 'a'}" in caught.value.hint.splitlines()


def test_what_belongs_to_another_user_is_refused(disk: DiskFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(disk.path / "a", OTHER_USER, OTHER_USER)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: OTHER_USER)
    with pytest.raises(Problem, match="another user"):
        disk.read("a")
    if os.geteuid() == 0:
        os.chown(disk.path, OTHER_USER, OTHER_USER)
    with pytest.raises(Problem, match="another user") as caught:
        disk.names()
    assert "chown" in caught.value.hint


def test_a_link_in_place_of_a_file_is_refused_and_its_target_untouched(disk: DiskFolder, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    victim.chmod(0o600)
    (disk.path / "a").unlink()
    (disk.path / "a").symlink_to(victim)
    with pytest.raises(Problem, match="link"):
        disk.read("a")
    disk.write("a", b"mine")
    assert victim.read_bytes() == b"precious"
    assert disk.read("a") == b"mine"


def test_a_link_in_place_of_the_folder_or_the_lock_is_refused(disk: DiskFolder, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(disk.path)
    with pytest.raises(Problem, match="link"):
        DiskFolder(tmp_path / "alias").read("a")
    with pytest.raises(Problem, match="link"):
        DiskFolder(tmp_path / "alias").write("a", b"")
    (disk.path / LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Problem), disk.lock():
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_no_file_is_refused_without_waiting_for_it(disk: DiskFolder) -> None:
    os.mkfifo(disk.path / "pipe", 0o600)
    with pytest.raises(Problem):
        disk.read("pipe")
    (disk.path / "folder").mkdir(0o700)
    with pytest.raises(Problem):
        disk.read("folder")


def test_a_failed_write_leaves_the_old_state_and_no_temporary_file(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for call in ("fsync", "link", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, call, fails)
            with pytest.raises(SaveFailed, match="disk is full"):
                disk.write("a", b"2", keep=2)
        assert disk.read("a") == b"1"
        assert not [name for name in os.listdir(disk.path) if name.startswith(".tmp-")]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk quota"),
        (errno.EROFS, "is read-only"),
        (errno.EFBIG, "larger"),
    ],
)
def test_why_nothing_was_written_is_reported(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch, number: int, text: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(number, "")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(SaveFailed, match=text) as caught:
        disk.write("a", b"2")
    assert caught.value.hint and disk.read("a") == b"1"


@pytest.mark.parametrize(
    ("call", "act", "says"),
    [
        ("fdopen", lambda disk: disk.read("a"), "cannot be read"),
        ("fdopen", lambda disk: list(disk.lines("a")), "cannot be read"),
        ("stat", lambda disk: disk.version_token("a"), "cannot be read"),
        ("scandir", lambda disk: disk.names(), "cannot be read"),
        ("fdopen", lambda disk: disk.append("a", b"2"), "folder cannot be written"),
        ("unlink", lambda disk: disk.remove("a"), "folder cannot be written"),
        ("rename", lambda disk: disk.destroy(), "folder cannot be written"),
    ],
    ids=["read", "lines", "version", "names", "append", "remove", "destroy"],
)
def test_a_fault_of_the_disk_is_a_sentence_and_nothing_is_changed(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch, call: str, act: Callable[[DiskFolder], object], says: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fails)
        with pytest.raises(Problem, match=says) as caught:
            act(disk)
    assert "input/output error" in caught.value.hint.lower()
    assert disk.read("a") == b"1"


def test_a_removed_folder_of_which_files_are_left_is_named(disk: DiskFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(filesystem, "erase", fails)
        with pytest.raises(Problem, match="It was removed, but some files are left") as caught:
            disk.destroy()
    (left,) = disk.path.parent.iterdir()
    assert str(left) in caught.value.message and not disk.path.exists()


@pytest.mark.parametrize(
    ("owner", "flags", "says"),
    [
        (0, os.ST_RDONLY, "This file system is read-only"),
        (0, 0, "This folder cannot be written"),
        (1, 0, "This belongs to another user"),
    ],
    ids=["read-only", "closed", "of another user"],
)
def test_why_a_folder_cannot_be_written_is_known_before_the_attempt(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch, owner: int, flags: int, says: str
) -> None:
    user, status = os.geteuid(), os.statvfs(disk.path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=status.f_flag & ~os.ST_RDONLY | flags))
    monkeypatch.setattr(os, "geteuid", lambda: user + owner)
    blocker = disk.write_blocker()
    assert blocker is not None and says in blocker.message


def test_nothing_is_removed_from_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    DiskFolder(tmp_path / "none").remove("a")
    assert not (tmp_path / "none").exists()


def test_a_disk_without_room_is_reported_before_anything_is_written(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "free_space", lambda at: 1_200_000)
    disk.write("a", bytes(1_000_000))
    monkeypatch.setattr(os, "link", lambda *_, **__: pytest.fail("something was written"))
    with pytest.raises(SaveFailed, match="disk is full") as caught:
        disk.write("a", bytes(1_400_000), keep=1)
    assert "needs 1.5 MB, and 1.2 MB are free" in caught.value.hint
    assert disk.write_blocker() is None
    monkeypatch.setattr(filesystem, "free_space", lambda at: 0)
    assert (blocker := disk.write_blocker()) is not None and "disk is full" in blocker.message
    monkeypatch.setattr(filesystem, "free_space", lambda at: None)
    disk.write("a", b"some file systems do not tell")


def test_a_state_that_has_its_name_and_may_not_be_on_the_disk_is_not_called_unchanged(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def fails(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EIO, "")
        sync(file)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Problem, match="was saved, but may not outlast") as caught:
        disk.write("a", b"2")
    assert "nothing was changed" not in caught.value.hint and disk.read("a") == b"2"


def test_a_file_system_without_room_is_left_as_it_was(tmp_path: Path) -> None:
    disk = DiskFolder(tmp_path / "full")
    disk.write("a", b"1")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
        with pytest.raises(Problem, match="larger than you may write"):
            disk.write("a", bytes(10_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert disk.read("a") == b"1" and os.listdir(disk.path) == ["a"]


def test_without_hard_links_the_state_before_is_copied(disk: DiskFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", fails)
    disk.write("a", b"2", keep=2)
    assert (disk.read("a"), disk.read("a.1")) == (b"2", b"1")


def test_temporary_files_of_a_killed_process_are_swept_under_the_lock(disk: DiskFolder) -> None:
    (disk.path / ".tmp-a-1-1").write_bytes(b"half")
    assert disk.names() == ["a"]
    with disk.lock():
        assert not (disk.path / ".tmp-a-1-1").exists()


@pytest.mark.slow
def test_the_lock_of_another_process_is_named_with_its_number_and_goes_with_it(disk: DiskFolder) -> None:
    script = "import sys; from pathlib import Path; from tui.storage.folder import DiskFolder\n"
    script += "with DiskFolder(Path(sys.argv[1])).lock():\n    print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(disk.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout and other.stdout.readline() == b"held\n"
        with pytest.raises(Problem, match=rf"process {other.pid}\b.*since \d\d:\d\d"), disk.lock(wait=0.05):
            pass
        other.kill()
        other.wait()
        with disk.lock(wait=5):
            pass


def test_a_folder_removed_in_another_session_is_not_written_to(disk: DiskFolder) -> None:
    waiting = DiskFolder(disk.path)
    with waiting._open_descriptor() as at:
        disk.destroy()
        assert at is not None
        with pytest.raises(Problem, match="removed in another session"), waiting._lock(at, 1.0):
            pass
    assert not disk.path.exists()


def test_a_lock_in_a_folder_that_is_leaving_is_not_acquired_after_waiting(disk: DiskFolder, tmp_path: Path) -> None:
    with disk._open_descriptor() as at:
        assert at is not None
        os.rename(disk.path, tmp_path / ".leaving")
        with pytest.raises(Problem, match="removed in another session"), disk._lock(at, 1.0):
            pass
        disk.write("a", b"made anew")
        with pytest.raises(Problem, match="removed in another session"), disk._lock(at, 1.0):
            pass


def test_a_write_is_on_the_disk_before_it_takes_the_name_and_the_name_before_it_is_reported(
    disk: DiskFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noted(name: str) -> None:
        call = getattr(os, name)

        def note(*args: Any, **named: Any) -> Any:
            kind = "folder" if name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode) else ""
            done.append(f"{name} {kind}".strip())
            return call(*args, **named)

        monkeypatch.setattr(os, name, note)

    for name in ("fsync", "link", "replace"):
        noted(name)
    disk.write("a", b"2", keep=2)
    assert done == ["fsync", "link", "replace", "fsync folder"]


def test_a_removal_that_was_killed_halfway_is_finished_by_the_next(tmp_path: Path) -> None:
    above = DiskFolder(tmp_path / "above")
    above.folder("b").write("x", b"1")
    half = above.path / ".leaving-c-1-1"
    (half / "inside").mkdir(parents=True)
    (half / "inside" / "y").write_bytes(b"")
    assert above.folders() == ["b"]
    above.folder("b").destroy()
    assert os.listdir(above.path) == []


def test_a_folder_that_cannot_be_created_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Problem) as caught:
        DiskFolder(tmp_path / "file" / "data").write("a", b"")
    assert str(tmp_path / "file") in caught.value.message
    assert caught.value.hint


@pytest.mark.slow
def test_a_file_that_is_too_large_to_be_read_whole_is_refused_before_it_takes_memory(disk: DiskFolder) -> None:
    assert disk.path
    with (disk.path / "a").open("r+b") as file:
        file.truncate(MAX_SIZE)
    assert len(disk.read("a") or b"") == MAX_SIZE, "the control"
    with (disk.path / "a").open("r+b") as file:
        file.truncate(3 * 10**9)
    with pytest.raises(Problem, match="a is larger than 128 MiB"):
        disk.read("a")
    assert disk.read("a", last=4) == bytes(4)


def test_what_could_not_be_read_again_is_not_written(disk: DiskFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.storage.folder.MAX_SIZE", 4)
    disk.write("a", b"1234")
    with pytest.raises(SaveFailed, match="is larger than"):
        disk.write("a", b"12345")
    assert disk.read("a") == b"1234"


def test_where_the_system_says_nothing_of_a_file_system_it_is_local_and_its_room_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "read_text", fails)
    assert filesystem.shared(tmp_path) == "" and MemoryFolder().shared == ""
    monkeypatch.setattr(os, "statvfs", fails)
    assert filesystem.free_space(tmp_path) is None
    monkeypatch.setattr(os, "statvfs", lambda at: SimpleNamespace(f_blocks=0))
    assert filesystem.free_space(tmp_path) is None
