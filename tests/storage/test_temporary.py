"""Temporary folders: private, gone at the end, and those that a killed process left are gone at the next one."""

import stat
from pathlib import Path

from tui.storage.temporary import temporary_folder


def test_a_folder_is_private_and_deleted_at_the_end(tmp_path: Path) -> None:
    with temporary_folder(str(tmp_path)) as folder:
        assert folder.parent == tmp_path and stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "deep").mkdir()
        (folder / "deep" / "text").write_text("a question")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_deleted_and_what_is_in_use_stays(tmp_path: Path) -> None:
    left, other = tmp_path / "modeldeck-tmp-left", tmp_path / "modeldeck-of-somebody"
    left.mkdir()
    (left / "text.md").write_text("a question")
    other.mkdir()
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "modeldeck-tmp-link").symlink_to(target)
    with temporary_folder(str(tmp_path)) as first:
        assert not left.exists() and other.exists() and target.exists()
        with temporary_folder(str(tmp_path)) as second:
            assert first.exists() and second != first
        assert first.exists()
