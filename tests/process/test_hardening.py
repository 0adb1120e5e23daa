"""What a process denies to its neighbours, seen from outside."""

import contextlib
import ctypes
import io
import os
import resource
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.second_user import OTHER, output_as, running_as
from tui.process import hardening
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


@pytest.mark.parametrize(
    ("limit", "capabilities", "answer", "locked"),
    [
        (resource.RLIM_INFINITY, "0", 0, True),
        (resource.RLIM_INFINITY, "0", -1, False),
        (8 << 20, "4000", 0, True),
        (8 << 20, "0", 0, None),
        (8 << 20, "no number", 0, None),
    ],
    ids=["no limit", "refused by the system", "a limit that is not ours", "a limit", "unknown"],
)
def test_memory_is_locked_only_where_no_limit_can_fail_a_later_allocation(
    monkeypatch: pytest.MonkeyPatch, limit: int, capabilities: str, answer: int, locked: bool | None
) -> None:
    flags: list[int] = []

    def lock(flag: int) -> int:
        flags.append(flag)
        return answer

    monkeypatch.setattr(resource, "getrlimit", lambda of: (limit, limit))
    monkeypatch.setattr(resource, "setrlimit", lambda of, limits: None)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mlockall=lock))
    status = f"Name:\tpython\nCapEff:\t{capabilities}\n".encode()
    monkeypatch.setattr(hardening, "open", lambda path, mode: io.BytesIO(status), raising=False)
    assert hardening.lock_memory() is bool(locked)
    assert flags == ([] if locked is None else [1 | 2 | 4]), "what is and what comes, as it is used"


def test_memory_that_this_system_cannot_lock_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(resource, "getrlimit", lambda of: (0, 0))
    monkeypatch.setattr(hardening, "open", missing, raising=False)
    assert hardening.lock_memory() is False
    monkeypatch.setattr(resource, "getrlimit", lambda of: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", missing)
    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert hardening.lock_memory() is False
