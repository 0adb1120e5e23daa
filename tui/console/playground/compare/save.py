"""Saving a comparison to a file."""

from tui.console.pages.save_file import Save
from tui.console.playground.tab import Tab
from tui.workspace.playground.compare import report
from tui.workspace.playground.compare.comparison import PromptComparison


async def save_comparison(tab: Tab, comparison: PromptComparison) -> bool:
    """Ask for a file and write the comparison to it; return True if it was written."""

    def text(kind: str) -> str:
        return report.as_json_text(comparison) if kind == "json" else report.as_markdown(comparison)

    now = tab.navigator.session.now()
    name = f"compare-{now[:10]}-{now[11:13]}{now[14:16]}"
    return await tab.app.push_screen_wait(Save(name, {"md": "Markdown", "json": "JSON"}, text)) is not None
