"""What a process denies to its neighbours, seen from outside."""

import contextlib
import ctypes
import os
import resource
from pathlib import Path

import pytest

from tests.second_user import OTHER, output_as, running_as
from tui.process.hardening import harden

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4


def prctl(*arguments: int) -> int:
    return int(ctypes.CDLL(None).prctl(*arguments, 0, 0, 0))


def hardened() -> str:
    harden({})
    return f"{resource.getrlimit(resource.RLIMIT_CORE)} {prctl(_PR_GET_DUMPABLE, 0)} {os.umask(0):o}"


def as_it_comes() -> str:
    # To become another user closes a process just as well.
    return str(prctl(_PR_SET_DUMPABLE, 1))


def readable_files(pid: int) -> str:
    """Which of a process's files another process may open."""
    opened = []
    for name in ("environ", "maps", "mem"):
        with contextlib.suppress(PermissionError):
            Path(f"/proc/{pid}/{name}").open("rb").close()
            opened.append(name)
    return " ".join(opened)


@pytest.mark.slow
def test_another_process_of_the_same_user_cannot_look_into_a_hardened_one() -> None:
    with running_as(OTHER, hardened) as (pid, text):
        assert text == "(0, 0) 0 77"
        assert output_as(OTHER, lambda: readable_files(pid)) == ""
    with running_as(OTHER, as_it_comes) as (pid, text):
        assert text == "0"
        assert output_as(OTHER, lambda: readable_files(pid)).startswith("environ maps"), "the look would find nothing"


def test_variables_that_write_keys_or_arguments_down_are_dropped_and_others_stay() -> None:
    loose = {
        name: "1" for name in ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_PRESS")
    }
    harmless = {"TEXTUAL_DISABLE_KITTY_KEY": "1", "TEXTUAL_FPS": "15", "LANG": "C.UTF-8"}
    environ = {**loose, "TEXTUAL_SCREENSHOT": "1", "PYTHONASYNCIODEBUG": "1", "SSLKEYLOGFILE": "/tmp/x", **harmless}
    harden(environ)
    assert environ == harmless
