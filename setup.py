"""Write the page of the manual from the table of commands, for the wheel; all else is in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from tui.cli.manual import manual  # noqa: E402

PAGE = HERE / "build" / "man" / "modeldeck.1"
PAGE.parent.mkdir(parents=True, exist_ok=True)
PAGE.write_text(manual(), encoding="utf-8")

setup(data_files=[("share/man/man1", [str(PAGE.relative_to(HERE))])])
