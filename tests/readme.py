"""Run a command of the README in a fresh clone.

python tests/readme.py start CLONE     opens the console on a terminal, sees its first screen, quits it
python tests/readme.py tests CLONE     runs the tests; ends with their exit code
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
HEADINGS = {"start": "## Start", "tests": "## Tests"}


def command(which: str) -> str:
    """The first fenced command under the README's heading for it."""
    _, _, section = README.read_text().partition(HEADINGS[which] + "\n")
    match = re.search(r"```sh\n(.+?)\n```", section, re.DOTALL)
    assert match, f"the README has no command under {HEADINGS[which]}"
    return match[1]


def start(clone: str) -> None:
    """The console opens on an empty home and says welcome."""
    from terminal import Terminal, environ

    with tempfile.TemporaryDirectory() as home:
        # Only what a newcomer has: no environment of this run, and the clone is where the command is given.
        clean = {**os.environ, **environ(home)}
        clean.pop("PYTHONPATH")
        with Terminal(["bash", "-c", command("start")], clean, cwd=clone) as terminal:
            terminal.until("Welcome", seconds=600)
            terminal.until("[ Make the tenant ]")
            terminal.send("\x11")
            assert terminal.wait() == 0, terminal.text
    print("The README's first command opens the console.")


if __name__ == "__main__":
    if sys.argv[1] == "start":
        start(sys.argv[2])
    else:
        sys.exit(subprocess.call(["bash", "-c", command("tests")], cwd=sys.argv[2]))
