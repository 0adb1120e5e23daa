"""Every system call of one write fails: `strace` puts the fault on it, and nothing in the program knows.

A writer runs once undisturbed, which gives its calls. Then one runs for each of them and each fault, always from the
same folder. A writer is a fork that waits until strace holds it, so its calls count from there.
"""

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.campaign.figures import Result
from tests.campaign.kills import HalfWritten, Kind, Modeldeck, Stock, fork_children, leftovers
from tui.errors import Problem
from tui.storage.folder import DiskFolder
from tui.storage.store import EARLIER_STATES, Store

FAULTS = (
    *("signal=KILL:when={}", "error=EIO:when={}", "error=ENOSPC:when={}+", "error=EINTR:when={}..{}+1"),
    *("error=EIO:when={}+", "error=ENOSPC:when={}", "error=EDQUOT:when={}", "error=EDQUOT:when={}+"),
)
"""What happens to a call, at its number alone (`{}`), or from there on (`{}+`). EINTR comes and goes: the kernel never
interrupts for ever, and Python repeats the call."""

UNCOUNTED = {"mmap", "munmap", "mremap", "brk", "mprotect", "madvise", "futex", "getpid", "gettid", "geteuid"}
"""Calls that touch no file, or cannot fail."""

KINDS: dict[str, type[Kind]] = {"ours": Modeldeck, "stock": Stock}
BEGIN, END = "/mark-of-the-begin", "/mark-of-the-end"
OLD = 9
"""The number in the file before the write; as many writes came before, so all generations are there. It is odd, as the
state that follows an odd one is smaller: stock TinyDB breaks where a file shrinks."""

_PR_SET_PTRACER = 0x59616D61
_CALL = re.compile(r"^(\w+)\(")
_FULL = ("ENOSPC", "EDQUOT")
_FILLS = ("write", "fsync")


@dataclass(frozen=True)
class Fault:
    """One fault on the `number`th call of a name, counted from when strace holds it."""

    call: str
    number: int
    how: str

    def __str__(self) -> str:
        return f"{self.call}:{self.how.format(self.number, self.number)}"


def at_every_call(count: int, seed: int) -> Result:
    """Every call of a write of the store with the first `count` faults; the control is stock TinyDB, killed at each."""
    if not shutil.which("strace"):
        return Result(0, 1, "strace is missing: install it", "not run", False)
    with tempfile.TemporaryDirectory() as folder:
        modeldeck, calls = _try("ours", Path(folder), FAULTS[:count])
        stock, _ = _try("stock", Path(folder), FAULTS[:1])
    bad = {name: number for name, number in modeldeck.items() if name not in ("old", "new")}
    words = f"{calls} calls × {count} faults: {modeldeck['old']} times the old state, {modeldeck['new']} the new one"
    details = "".join(f"; {name}: {number}" for name, number in sorted(bad.items()))
    control = f"stock TinyDB, killed: {stock['unreadable']} unreadable of {stock.total()}"
    return Result(calls * count, sum(bad.values()), words + details, control, stock["unreadable"] > 0)


def _try(kind: str, above: Path, hows: Sequence[str]) -> tuple[Counter[str], int]:
    """What came of each fault, and how many calls a write makes."""
    origin = above / kind
    KINDS[kind]().begin(origin)
    write = KINDS[kind]().writer(origin)
    for n in range(1, OLD + 1):
        write(n)
    calls = list(_calls(kind, origin))
    faults = [Fault(name, number, how) for how in hows for name, number in calls]
    return Counter(_outcome(kind, origin, fault) for fault in faults), len(calls)


def _calls(kind: str, origin: Path) -> Iterator[tuple[str, int]]:
    """The calls between the marks, each with its number among those of its name."""
    copy = origin.with_name(f"{kind} copied")
    shutil.copytree(origin, copy)
    _, trace = _run(kind, copy, [])
    counts: Counter[str] = Counter()
    inside = False
    for line in trace.splitlines():
        if (match := _CALL.match(line)) is None:
            continue
        counts[match[1]] += 1
        if BEGIN in line or END in line:
            inside = BEGIN in line
        elif inside and match[1] not in UNCOUNTED:
            yield match[1], counts[match[1]]


def _outcome(kind: str, origin: Path, fault: Fault) -> str:
    """`old` or `new` by the state that is there, or in a few words what was wrong."""
    with tempfile.TemporaryDirectory(dir=origin.parent) as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(origin, copy)
        text, trace = _run(kind, copy, ["-e", f"inject={fault}"])
        before, _, within = trace.partition(BEGIN)
        if "INJECTED" in before or ("INJECTED" in within.partition(END)[0]) == ("KILL" in fault.how):
            raise RuntimeError(f"{fault} missed the write: {text}")
        return _judge(kind, copy, fault, text)


def _judge(kind: str, folder: Path, fault: Fault, text: str) -> str:
    try:
        number = KINDS[kind]().stored_number(folder)
    except HalfWritten:
        return "half written"
    except (Problem, ValueError):
        return "unreadable"
    state = {OLD: "old", OLD + 1: "new"}.get(number, "another state")
    if kind == "stock":
        return state
    with DiskFolder(folder).lock():
        if leftovers(folder):
            return "left over"
    if sum(state.document is not None for state in Store(DiskFolder(folder)).earlier()) < EARLIER_STATES - 1:
        return "an earlier state lost"
    return _is_misled(fault, text, state) or state


def _is_misled(fault: Fault, text: str, state: str) -> str:
    """What is wrong with the sentence; '' if it is right."""
    if text == "done":
        return "" if state == "new" else f"{fault.call} {fault.how}: acknowledged and lost"
    if text.startswith("raised"):
        return f"{fault}: {text}"
    if not text:
        return "" if "KILL" in fault.how else f"{fault}: nothing said"
    if "nothing was" in text.lower() and state == "new":
        return f"{fault}: said that nothing was changed"
    if state == "old" and any(words in fault.how for words in _FULL) and fault.call in _FILLS and "full" not in text:
        return f"{fault}: did not say that the disk is full"
    return ""


def _run(kind: str, folder: Path, options: Sequence[str]) -> tuple[str, str]:
    """What a writer under strace said of its write (`done`, its problem, what else it raised), and the trace."""
    trace = folder.with_name(f"{folder.name}.trace")
    go_on, go = os.pipe()
    reader, writer = os.pipe()

    def work() -> None:
        _traceable()
        os.readv(go_on, [bytearray(1)])  # a call that no write makes, so that it shifts no number
        os.access(BEGIN, 0)
        text = _is_reported(KINDS[kind]().writer(folder))
        os.access(END, 0)
        os.writev(writer, [text.encode()])

    with fork_children(work) as child:
        command = ["strace", *options, "-o", str(trace), "-p", str(child)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
            assert strace.stderr
            attached = strace.stderr.readline()
            os.write(go, b"!")
            for writing in (writer, go_on, go):
                os.close(writing)
    text = os.read(reader, 10_000).decode()
    os.close(reader)
    if "attached" not in attached:
        raise RuntimeError(attached)
    return text, trace.read_text(errors="replace")


def _is_reported(write: Callable[[int], None]) -> str:
    try:
        write(OLD + 1)
    except Problem as problem:
        return f"{problem.message} {problem.hint}"
    except Exception as error:
        return f"raised {type(error).__name__}"
    return "done"


def _traceable() -> None:
    """Where only ancestors may trace, strace is allowed to."""
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
