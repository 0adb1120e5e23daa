"""Where things are depends on the environment and the system's list of users, not on the current folder."""

import os
import pwd
from pathlib import Path

import pytest

from tui.errors import UsageError
from tui.paths import open_file, paths, read_file


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "../up"}])
def test_a_home_folder_that_is_blank_or_relative_is_the_one_of_the_user(environ: dict[str, str]) -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert paths(environ).keys == home / ".local/state/modeldeck/keys"


def test_an_absolute_home_folder_is_used() -> None:
    assert paths({"HOME": "/srv/ada"}).data == Path("/srv/ada/.local/share/modeldeck")


def test_a_tilde_in_a_variable_is_a_home_folder() -> None:
    user = pwd.getpwuid(os.getuid())
    environ = {"HOME": "/srv/ada", "MODELDECK_DATA_DIR": "~/data", "MODELDECK_KEY_DIR": f"~{user.pw_name}/keys"}
    assert (paths(environ).data, paths(environ).keys) == (Path("/srv/ada/data"), Path(user.pw_dir, "keys"))
    with pytest.raises(UsageError, match="Unknown user in MODELDECK_KEY_DIR"):
        paths({"HOME": "/srv/ada", "MODELDECK_KEY_DIR": "~nouser/keys"})


def test_a_relative_path_in_a_folder_that_was_removed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert paths({"HOME": "/srv/ada", "MODELDECK_DATA_DIR": "/data"}).data == Path("/data")
    with pytest.raises(UsageError, match="current folder was removed"):
        paths({"HOME": "/srv/ada", "MODELDECK_DATA_DIR": "data"})


def test_a_pipe_a_device_and_a_folder_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "link", "."):
        with pytest.raises(OSError, match=r"regular file|directory"):
            open_file(tmp_path / name)


def test_a_pipe_with_a_writer_who_says_nothing_is_refused_as_well(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    with pytest.raises(OSError, match="regular file"):
        open_file(tmp_path / "pipe")
    os.close(writer)


def test_a_file_and_the_pipe_of_a_shell_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    assert read_file(tmp_path / "file", 4) == read_file(tmp_path / "link", 4) == b"text"
    reader, writer = os.pipe()
    os.write(writer, b"piped")
    os.close(writer)
    assert read_file(f"/dev/fd/{reader}", 100) == b"piped"
    os.close(reader)


def test_a_file_that_is_larger_than_expected_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(5))
    with pytest.raises(OSError, match="Larger"):
        read_file(tmp_path / "file", 4)
