"""Where settings and keys lie: a folder that others can replace is refused or named, and so is a git work tree."""

import os
from pathlib import Path

import pytest

from tui.errors import Problem
from tui.storage import folder_safety
from tui.storage.folder import DiskFolder

OTHER_USER = 65_534


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    folder = tmp_path / "parent"
    folder.mkdir(mode=0o755)
    return folder


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o703])
@pytest.mark.parametrize("depth", ["data", "between/data"])
def test_a_folder_that_everybody_can_replace_is_refused_before_and_after_it_exists(
    parent: Path, mode: int, depth: str
) -> None:
    DiskFolder(parent / depth).write("a", b"1")
    parent.chmod(mode)
    for path in (parent / depth, parent / "new"):
        for act in (lambda folder: folder.write("a", b"2"), lambda folder: folder.read("a"), DiskFolder.names):
            with pytest.raises(Problem, match="can replace") as caught:
                act(DiskFolder(path))
            assert f"chmod o-w {parent}" in caught.value.hint
    assert not (parent / "new").exists()
    parent.chmod(0o755)
    assert DiskFolder(parent / depth).read("a") == b"1"


def test_a_link_is_followed_to_the_folders_that_are_above_its_end(parent: Path, tmp_path: Path) -> None:
    parent.chmod(0o777)
    (tmp_path / "link").symlink_to(parent)
    with pytest.raises(Problem, match="can replace"):
        DiskFolder(tmp_path / "link" / "data").write("a", b"1")


def test_a_sticky_folder_as_tmp_is_one_is_accepted_without_a_warning(parent: Path) -> None:
    parent.chmod(0o1777)
    DiskFolder(parent / "data").write("a", b"1")
    assert not folder_safety.warnings("keys", parent / "data")


def test_a_folder_that_a_group_can_write_to_is_named(parent: Path) -> None:
    parent.chmod(0o775)
    (warning,) = folder_safety.warnings("keys", parent / "data")
    assert warning == f"Other users can replace the keys: they can write to {parent}."


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_named_and_one_of_root_is_not(parent: Path) -> None:
    assert not folder_safety.warnings("keys", parent / "data")
    os.chown(parent, OTHER_USER, OTHER_USER)
    assert len(folder_safety.warnings("keys", parent / "data")) == 1


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_git_work_tree_is_named(parent: Path, kind: str) -> None:
    mark = parent / ".git"
    mark.mkdir() if kind == "folder" else mark.write_text("gitdir: elsewhere")
    (warning,) = folder_safety.warnings("keys", parent / "one" / "two")
    assert warning == f"The keys are in the git work tree {parent}. Keep them out of its commits."
    assert folder_safety.warnings("keys", parent.parent / "other") == ()
