"""What a process denies to its neighbours, seen from outside."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os, resource, sys
from tui.process import harden
harden()
harden({})
os.close(os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o666))
print(resource.getrlimit(resource.RLIMIT_CORE), [each for each in os.environ if each.startswith("TEXTUAL")])
import ctypes
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)
sys.stdin.read()
"""


def test_a_hardened_process_leaves_no_core_takes_no_debugger_and_makes_private_files(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "TEXTUAL": "devtools", "TEXTUAL_LOG": "x"},
    ) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "(0, 0) []\n"
        assert process.stdout.readline() == "0\n", "the process can be dumped"
        assert path.stat().st_mode & 0o777 == 0o600
        # Not dumpable: its files under /proc belong to root, whoever started it.
        assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
        process.stdin.close()
        assert process.wait(10) == 0
