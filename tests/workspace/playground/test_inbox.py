"""The folder through which a file comes into an open console: this user's alone, and nothing planted is read."""

import json
import os
from pathlib import Path

import pytest

from tests.doubles import images
from tui.storage.folder import DiskFolder
from tui.workspace.playground.attachments.inbox import OLDEST, WaitingFile, collect, is_waiting, put

FILE = WaitingFile("a.png", images.png(), Path("/home/ada/a.png"))


def test_a_file_is_handed_over_once_in_a_folder_of_this_user_alone(tmp_path: Path) -> None:
    folder = DiskFolder(tmp_path / "inbox")
    assert collect(folder) == []
    key = put(folder, FILE)
    assert is_waiting(folder, key)
    assert (tmp_path / "inbox").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "inbox" / key).stat().st_mode & 0o777 == 0o600
    assert collect(folder) == [FILE] and not is_waiting(folder, key) and collect(folder) == []


def test_a_planted_link_pipe_or_open_file_is_not_read_and_the_others_are(tmp_path: Path) -> None:
    folder, place = DiskFolder(tmp_path / "inbox"), tmp_path / "inbox"
    key = put(folder, FILE)
    secret = tmp_path / "secret"
    secret.write_bytes((place / key).read_bytes())
    secret.chmod(0o600)
    (place / "0000.file").symlink_to(secret)
    os.mkfifo(place / "0001.file")
    (place / "0002.file").write_bytes(secret.read_bytes())
    (place / "0002.file").chmod(0o666)
    (place / "0003.file").write_bytes(b"not ours")
    (place / "0003.file").chmod(0o600)
    # The control: the same bytes in a file of its own are read.
    assert collect(folder) == [FILE]
    assert secret.exists()


def test_a_folder_that_others_can_write_to_is_not_read(tmp_path: Path) -> None:
    folder = DiskFolder(tmp_path / "inbox")
    put(folder, FILE)
    (tmp_path / "inbox").chmod(0o777)
    assert collect(folder) == []
    (tmp_path / "inbox").chmod(0o700)
    assert collect(folder) == [FILE]


def test_a_file_that_nobody_expects_any_more_is_dropped(tmp_path: Path) -> None:
    folder = DiskFolder(tmp_path / "inbox")
    key = put(folder, FILE)
    place = tmp_path / "inbox" / key
    header, _, body = place.read_bytes().partition(b"\n")
    facts = json.loads(header)
    place.write_bytes(json.dumps({**facts, "at": facts["at"] - 2 * OLDEST}).encode() + b"\n" + body)
    assert collect(folder) == [] and not is_waiting(folder, key)


@pytest.mark.parametrize("header", ['{"name": "a", "path": "", "at": 1%s}' % ("0" * 400), "[" * 5000, '{"at": null}'])
def test_a_strange_header_is_dropped(tmp_path: Path, header: str) -> None:
    folder = DiskFolder(tmp_path / "inbox")
    place = tmp_path / "inbox" / put(folder, FILE)
    place.write_bytes(header.encode() + b"\n")
    assert collect(folder) == []
