"""Where things are depends on the environment and the system's list of users, not on the current folder."""

import os
import pwd
from pathlib import Path

import pytest

from tui.paths import paths


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "../up"}])
def test_a_home_folder_that_is_blank_or_relative_is_the_one_of_the_user(environ: dict[str, str]) -> None:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert paths(environ).keys == home / ".local/state/modeldeck/keys"


def test_an_absolute_home_folder_is_used() -> None:
    assert paths({"HOME": "/srv/ada"}).data == Path("/srv/ada/.local/share/modeldeck")
