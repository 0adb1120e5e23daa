"""Run a command of the README in a fresh clone.

python tests/readme.py install CLONE   runs each way to install, into a folder of its own
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
BLOCKS = {"install": "pipx", "start": "bin/modeldeck", "examples": "api_key=-", "tests": "bin/pytest"}
"""What is wanted of the README -> a part of the fenced block that holds it."""


def command(which: str) -> str:
    """Return the fenced block of the README with these commands."""
    blocks = re.findall(r"```sh\n(.+?)\n```", README.read_text(), re.DOTALL)
    matches = [block for block in blocks if BLOCKS[which] in block]
    assert len(matches) == 1, f"the README has {len(matches)} blocks with {BLOCKS[which]}"
    return str(matches[0])


def install(clone: str) -> None:
    """Install with pipx and uv, and see that the command which they install starts."""
    for line in command("install").splitlines():
        with tempfile.TemporaryDirectory() as folder:
            variables = ("PIPX_HOME", "PIPX_BIN_DIR", "UV_TOOL_DIR", "UV_TOOL_BIN_DIR")
            private = {name: f"{folder}/{name.lower()}" for name in variables}
            private["PIP_NO_COMPILE"] = "1"  # next to nothing of it is started
            subprocess.run(["bash", "-c", line], cwd=clone, env={**os.environ, **private}, check=True)
            installed = next(Path(folder).glob("*_bin_dir/modeldeck"))
            subprocess.run([installed, "--version"], check=True)


def start(clone: str) -> None:
    """Open the console on an empty home, and see its first screen."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.terminal import Terminal, environ

    with tempfile.TemporaryDirectory() as home:
        # Only what a newcomer has: no environment of this run, and the clone is where the command is typed.
        clean = {**os.environ, **environ(home)}
        clean.pop("PYTHONPATH")
        with Terminal(["bash", "-c", command("start")], clean, cwd=clone) as terminal:
            terminal.until("Welcome", seconds=600)
            terminal.send("\x11")
            assert terminal.wait() == 0, terminal.text
    print("The README's command opens the console.")


if __name__ == "__main__":
    if sys.argv[1] == "tests":
        sys.exit(subprocess.call(["bash", "-c", command("tests")], cwd=sys.argv[2]))
    {"install": install, "start": start}[sys.argv[1]](sys.argv[2])
