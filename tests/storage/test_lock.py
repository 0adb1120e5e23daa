"""One writer at a time: who holds the lock, how long one waits, and file systems that several machines share."""

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tui.errors import Problem, SaveFailed
from tui.process import identity
from tui.storage import filesystem, lock
from tui.storage.folder import DiskFolder
from tui.storage.lock import LEASE, LOCK, waiting_time

HOLDS = """
import sys
from pathlib import Path
from tui.storage.folder import DiskFolder
with DiskFolder(Path(sys.argv[1]), kind=lambda path: sys.argv[2]).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def lock_record(folder: Path, kind: str = "") -> subprocess.Popen[bytes]:
    """Another process that has the lock until its stdin is closed or it is killed."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder), kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout and other.stdout.readline() == b"held\n"
    return other


@pytest.fixture
def disk(tmp_path: Path) -> DiskFolder:
    folder = DiskFolder(tmp_path / "private", kind=lambda path: "nfs4")
    folder.write("a", b"1")
    return folder


@pytest.mark.slow
def test_the_wait_for_another_process_is_measured(tmp_path: Path) -> None:
    with lock_record(tmp_path / "private") as other:
        ended: list[str] = []

        def wait() -> None:
            with DiskFolder(tmp_path / "private").lock():
                ended.append("mine")

        waiting = threading.Thread(target=wait)
        waiting.start()
        deadline = time.monotonic() + 60
        while waiting_time() < 0.05:
            assert time.monotonic() < deadline
        assert not ended
        other.kill()
        waiting.join(60)
    assert ended == ["mine"] and waiting_time() == 0.0


def test_threads_of_one_process_that_wait_for_one_another_are_no_other_session(tmp_path: Path) -> None:
    with (
        DiskFolder(tmp_path / "private").lock(),
        pytest.raises(Problem),
        DiskFolder(tmp_path / "private").lock(wait=0.05),
    ):
        pass
    assert waiting_time() == 0.0


def test_who_holds_the_lock_is_named_with_its_terminal_and_its_machine() -> None:
    assert (
        identity.describe(identity.process_record(0.0) | {"pid": 4127, "terminal": "pts/3"}) == "process 4127 on pts/3"
    )
    assert identity.describe({"pid": 4127, "terminal": ""}) == "process 4127"
    assert identity.describe({"pid": 4127, "terminal": "pts/3\x1b[0m", "host": "web-2"}) == (
        "process 4127 on pts/3[0m of web-2"
    )
    assert identity.describe({}) == identity.describe({"pid": "7"}) == ""


@pytest.mark.parametrize("signed", [b"", b"17 14:07", b"[" * 5000, b"\xff", b"null", b'{"pid": "x", "at": "y"}'])
def test_a_lock_file_of_any_content_is_no_obstacle(disk: DiskFolder, signed: bytes) -> None:
    (disk.path / LOCK).write_bytes(signed)
    (disk.path / LOCK).chmod(0o600)
    with disk.lock():
        assert json.loads((disk.path / LOCK).read_bytes())["pid"] == os.getpid()


@pytest.mark.parametrize("at", ["1e300", "NaN", "-1e18", "9" * 400, "true", "[]"])
def test_a_lock_in_use_is_reported_whatever_its_file_says(disk: DiskFolder, at: str) -> None:
    path = disk.path / LOCK
    path.write_text(f'{{"pid": 1, "at": {at}}}')
    path.chmod(0o600)
    with path.open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        with pytest.raises(SaveFailed, match="Another session"), disk.lock(0.0):
            pass


# --- file systems that machines share ---------------------------------------------------------------------------------

TABLE = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
31 27 0:40 / /home rw,relatime shared:1 - nfs4 files:/home rw,vers=4.2
32 31 0:41 / /home/me/local rw - ext4 /dev/sdb1 rw
33 27 0:42 / /mnt/with\\040blank rw - fuse.sshfs me@there: rw
34 27 0:43 / /mnt/usb rw - fuseblk /dev/sdc1 rw
35 27 0:44 / /srv rw - ext4 /dev/sdd1 rw
36 35 0:45 / /srv rw - cifs //there/share rw
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/modeldeck", ""),
        ("/home/me/.local/share", "nfs4"),
        ("/home", "nfs4"),
        ("/homestead", ""),
        ("/home/me/local/x", ""),
        ("/mnt/with blank/x", "fuse.sshfs"),
        ("/mnt/usb/x", ""),
        ("/srv/x", "cifs"),
    ],
)
def test_a_file_system_that_machines_share_is_known_by_the_table_of_mounts(path: str, kind: str) -> None:
    assert filesystem.shared_by(TABLE, path) == kind


def test_a_shared_file_system_adds_a_lease_to_the_lock_and_removes_it_afterwards(disk: DiskFolder) -> None:
    assert disk.shared == disk.folder("inside").shared == "nfs4"
    with disk.lock():
        lease = json.loads((disk.path / LEASE).read_bytes())
        assert lease["pid"] == os.getpid() and lease["host"] and (disk.path / LEASE).stat().st_mode & 0o777 == 0o600
        assert disk.names() == ["a"]
    assert not (disk.path / LEASE).exists()
    local = DiskFolder(disk.path, kind=lambda path: "")
    with local.lock():
        assert not (disk.path / LEASE).exists()


def test_a_lease_of_a_process_of_this_machine_that_was_killed_is_removed(disk: DiskFolder) -> None:
    with lock_record(disk.path, "nfs4") as other:
        other.kill()
        other.wait()
    assert (disk.path / LEASE).exists()
    with disk.lock(wait=0.5):
        assert json.loads((disk.path / LEASE).read_bytes())["pid"] == os.getpid()


def test_a_lease_from_before_the_machine_was_restarted_is_removed(disk: DiskFolder) -> None:
    if not identity._boot_id():
        pytest.fail("this machine does not tell when it was started")
    (disk.path / LEASE).write_text(json.dumps(identity.process_record(time.time()) | {"boot": "another"}))
    with disk.lock(wait=0.5):
        pass


def test_a_lease_of_another_machine_is_waited_for_named_and_never_broken(disk: DiskFolder) -> None:
    foreign = json.dumps(identity.process_record(time.time()) | {"host": "web-2", "pid": 4127, "terminal": "pts/3"})
    (disk.path / LEASE).write_text(foreign)
    text = r"\(process 4127 on pts/3 of web-2\) has been writing since"
    with pytest.raises(Problem, match=text) as caught, disk.lock(wait=0.05):
        pass
    assert str(disk.path / LEASE) in caught.value.hint.splitlines()
    assert (disk.path / LEASE).read_text() == foreign


def test_a_lease_that_was_never_signed_is_removed_after_a_while(disk: DiskFolder) -> None:
    (disk.path / LEASE).write_bytes(b"")
    with pytest.raises(Problem), disk.lock(wait=0.05):
        pass
    long_ago = time.time() - lock._UNSIGNED - 1
    os.utime(disk.path / LEASE, (long_ago, long_ago))
    with disk.lock(wait=0.5):
        pass


def test_a_write_under_a_lock_that_was_deleted_is_not_acknowledged(tmp_path: Path) -> None:
    first, second = DiskFolder(tmp_path / "acme"), DiskFolder(tmp_path / "acme")
    with pytest.raises(SaveFailed, match="was deleted while"), first.lock():
        (tmp_path / "acme" / LOCK).unlink()
        with second.lock():
            second.write("settings.json", b"second")
        first.write("settings.json", b"first")
    assert second.read("settings.json") == b"second"
    # The control: with its lock in place, the first one writes.
    with first.lock():
        first.write("settings.json", b"first")
    assert second.read("settings.json") == b"first"


def test_nothing_is_appended_aged_or_removed_under_a_lock_that_was_deleted(tmp_path: Path) -> None:
    first, second = DiskFolder(tmp_path / "acme"), DiskFolder(tmp_path / "acme")
    with first.lock():
        for number in range(3):
            first.write("settings.json", b"%d" % number, keep=2)
        first.append("audit.log", b"first\n")  # the control: with the lock in place
        (tmp_path / "acme" / LOCK).unlink()
        with second.lock():
            with pytest.raises(SaveFailed, match="was deleted while"):
                first.append("audit.log", b"forked\n")
            with pytest.raises(SaveFailed, match="was deleted while"):
                first.write("settings.json", b"3", keep=2)
            with pytest.raises(SaveFailed, match="was deleted while"):
                first.remove("settings.json")
    assert [second.read(name) for name in ("settings.json", "settings.json.1", "settings.json.2")] == [b"2", b"1", b"0"]
    assert second.read("audit.log") == b"first\n"


def test_a_lock_that_was_deleted_while_it_was_waited_for_is_acquired_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, acquire, locks = DiskFolder(tmp_path / "acme"), lock._lock, list[int]()
    folder.write("a", b"1")

    def deleted_at_first(file: int, deadline: float) -> None:
        acquire(file, deadline)
        locks.append(file)
        if len(locks) == 1:
            (tmp_path / "acme" / LOCK).unlink()

    monkeypatch.setattr(lock, "_lock", deleted_at_first)
    with folder.lock():
        folder.write("a", b"2")
    assert len(locks) == 2 and folder.read("a") == b"2" and (tmp_path / "acme" / LOCK).exists()
