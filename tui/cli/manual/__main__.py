"""Write the page of the manual after a change of the commands."""

from pathlib import Path

from tui.cli.manual import manual

Path(__file__).with_name("modeldeck.1").write_text(manual(), encoding="utf-8")
