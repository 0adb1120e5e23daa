"""What the console has imported when its frame is drawn: a person waits for all of it."""

import json
import sys
from pathlib import Path

import pytest

from tests.bench.homes import modeldeck
from tests.terminal import Terminal, environ

pytestmark = pytest.mark.slow

PROBE = """
import json, sys
from pathlib import Path
from tui.console.app import Modeldeck

async def begin(self):
    Path(sys.argv[1]).write_text(json.dumps([name for name, module in sys.modules.items() if module]))
    self.exit()

Modeldeck.begin = begin
from tui.cli import main
main([])
"""
LATER = {
    "httpx": "the network",
    "Crypto": "keys",
    "markdown_it": "answers",
    "pygments": "answers",
    "tomllib": "preferences that most people have not",
    "tui.cli.registry": "other commands",
    "tui.providers": "the first list",
    "tui.practice": "practice",
    "tui.workspace.credentials.status": "the first list",
    "tui.workspace.models.catalog": "the first list",
    "tui.console.widgets.row_list": "the first list",
    "tui.console.widgets.form": "forms",
    "textual.widgets._text_area": "questions",
    "textual.widgets._markdown": "nothing",
}
"""Module -> what it is first needed for."""


def test_the_frame_is_drawn_before_what_it_does_not_need(tmp_path: Path) -> None:
    modeldeck(tmp_path, "tenant", "create", "acme")
    imported = tmp_path / "imported"
    with Terminal([sys.executable, "-c", PROBE, str(imported)], environ(tmp_path)) as terminal:
        terminal.wait()
        assert "acme" in terminal.raw.decode()
    names = set(json.loads(imported.read_text()))
    assert {name for name in names if name in LATER} == set()
    own = {name for name in names if name.startswith("tui.")}
    assert "tui.console.frame.splash" in own and len(own) <= 84
