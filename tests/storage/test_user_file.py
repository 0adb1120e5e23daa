"""Files that a user names: what is none is refused in a sentence."""

import errno
import os
from pathlib import Path

import pytest

from tui.errors import Problem, UsageError
from tui.storage.user_file import local_path, open_to_continue, shred, write


@pytest.mark.parametrize(
    ("text", "says"), [("", "is blank"), (" ", "is blank"), ("~nobody-has-this-name/f", "Unknown user")]
)
def test_a_path_that_names_no_file_is_a_sentence(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        local_path(text)


def test_a_long_path_is_not_shown_whole() -> None:
    problem = Problem(f"{'a' * 6000} cannot be read.")
    assert len(problem.message) == 600 and problem.message.endswith("…")


def test_a_file_that_cannot_be_written_whole_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.md"
    write(file, "first")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(Problem, match=r"report\.md"):
            write(file, "second")
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"] and file.read_text() == "first"


def test_a_shredded_file_is_overwritten_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, other = tmp_path / "keys.env", tmp_path / "seen"
    file.write_bytes(b"KEY=sk-FAKE")
    unlink = Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path: (other.write_bytes(path.read_bytes()), unlink(path)))
    shred(file, b"KEY=sk-FAKE")
    assert not file.exists() and len(other.read_bytes()) == 11 and b"sk-FAKE" not in other.read_bytes()


def test_only_ones_own_unchanged_regular_file_is_shredded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, link, folder, pipe = (tmp_path / name for name in ("file", "link", "folder", "pipe"))
    file.write_bytes(b"content")
    link.symlink_to(file)
    folder.mkdir()
    os.mkfifo(pipe)
    for path, says in (
        (link, "is not a regular file"),
        (pipe, "is not a regular file"),
        (folder, "folder"),
        (tmp_path / "none", "none"),
    ):
        with pytest.raises((Problem, UsageError), match=says):
            shred(path, b"content")
    with pytest.raises(UsageError, match="was changed meanwhile"):
        shred(file, b"another")
    os.link(file, tmp_path / "second")
    with pytest.raises(UsageError, match="has another name as well"):
        shred(file, b"content")
    (tmp_path / "second").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
        with pytest.raises(UsageError, match="belongs to another user"):
            shred(file, b"content")
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.close(10**6))
    with pytest.raises(Problem):
        shred(file, b"content")
    assert file.exists(), "what could not be overwritten for certain is not deleted"


def test_a_file_to_continue_is_ones_own_regular_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, pipe = tmp_path / "rows.jsonl", tmp_path / "pipe"
    os.mkfifo(pipe)
    descriptor = open_to_continue(file, "Another batch")
    with pytest.raises(UsageError, match="Another batch is writing"):
        open_to_continue(file, "Another batch")
    os.close(descriptor)
    assert file.stat().st_mode & 0o777 == 0o600
    for path, kind in ((pipe, UsageError), (tmp_path / "none" / "file", Problem)):
        with pytest.raises(kind):
            open_to_continue(path, "Another batch")
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + 1)
    with pytest.raises(UsageError, match="belongs to another user"):
        open_to_continue(file, "Another batch")
