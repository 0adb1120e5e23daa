"""An error that nobody catches, wherever it comes from: a note without values, one sentence, nothing more."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.terminal import environ
from tui.diagnostics.crash_report import crash_note, guard, guard_loop

BEGIN = """
import asyncio, gc, os, sys, threading
from tui.diagnostics.crash_report import guard, guard_loop
guard(os.environ)
def fails(canary):
    values = [canary]
    raise RuntimeError("said " + canary, values)
canary = "".join(["CAN", "ARY"])
"""
PLACES = {
    "the main thread": "fails(canary)",
    "another thread": "thread = threading.Thread(target=fails, args=(canary,)); thread.start(); thread.join()",
    "a finaliser": "class Held:\n    def __del__(self): fails(canary)\nheld = Held(); del held; gc.collect()",
    "a callback of the loop": (
        "async def main():\n"
        "    guard_loop(asyncio.get_running_loop(), os.environ)\n"
        "    asyncio.get_running_loop().call_soon(fails, canary)\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(main())"
    ),
    "a task that nobody waits for": (
        "async def task(): fails(canary)\n"
        "async def main():\n"
        "    guard_loop(asyncio.get_running_loop(), os.environ)\n"
        "    asyncio.create_task(task())\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(main()); gc.collect()"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_an_error_is_noted_without_what_was_in_hand(tmp_path: Path, place: str) -> None:
    there = environ(tmp_path, PYTHONASYNCIODEBUG="1", PYTHONDEVMODE="1")
    ran = subprocess.run([sys.executable, "-c", BEGIN + PLACES[place]], env=there, capture_output=True, text=True)
    assert "CANARY" not in ran.stdout + ran.stderr and "Traceback" not in ran.stderr
    (note,) = tmp_path.rglob("crash-*.txt")
    text = note.read_text()
    assert "RuntimeError" in text and "in fails" in text and "CANARY" not in text
    assert note.stat().st_mode & 0o777 == 0o600 and note.parent.stat().st_mode & 0o777 == 0o700
    if place == "the main thread":
        assert ran.returncode == 1
        assert "Modeldeck crashed; this is a bug (RuntimeError" in ran.stderr and str(note) in ran.stderr


@pytest.mark.slow
def test_without_the_guard_the_same_errors_are_shown(tmp_path: Path) -> None:
    for place in PLACES:
        script = (BEGIN + PLACES[place]).replace("guard(os.environ)", "guard_loop = lambda *_: None")
        there = environ(tmp_path)
        ran = subprocess.run([sys.executable, "-c", script], env=there, capture_output=True, text=True)
        assert "CANARY" in ran.stderr, place


def test_a_few_notes_are_kept_and_one_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    there = environ(tmp_path)
    for _ in range(25):
        assert crash_note(ValueError("x"), there)
    assert len(list(tmp_path.rglob("crash-*.txt"))) == 20
    (tmp_path / "file").write_bytes(b"")
    assert crash_note(ValueError("x"), environ(tmp_path / "file")) is None
    assert sorted(os.listdir(tmp_path)) == [".local", "file"]


def test_every_hook_of_the_process_writes_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = environ(tmp_path)
    for name in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, name, getattr(sys, name))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    guard(there)
    error = RuntimeError("said CANARY")
    sys.excepthook(RuntimeError, error, None)
    assert "Modeldeck crashed; this is a bug (RuntimeError)." in capsys.readouterr().err
    sys.unraisablehook(SimpleNamespace(exc_value=error))
    threading.excepthook(SimpleNamespace(exc_value=error))  # type: ignore[arg-type]
    threading.excepthook(SimpleNamespace(exc_value=None))  # type: ignore[arg-type]
    notes = [path.read_text() for path in tmp_path.rglob("crash-*.txt")]
    assert len(notes) == 3 and all("RuntimeError" in text and "CANARY" not in text for text in notes)


async def test_an_exception_in_a_callback_of_the_loop_is_reported(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    guard_loop(loop, environ(tmp_path))
    loop.call_exception_handler({"message": "lost", "exception": RuntimeError("said CANARY")})
    loop.call_exception_handler({"message": "no error"})
    (note,) = tmp_path.rglob("crash-*.txt")
    assert "CANARY" not in note.read_text()
