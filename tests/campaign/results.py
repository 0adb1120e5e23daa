"""RESULTS.md, and SHARED_STORE.md for S1…: one row a figure, replaced whenever the figure is run with `--write`."""

from pathlib import Path

from tests.campaign.figures import FIGURES, Result
from tests.results import section, write_section

PATH = Path(__file__).with_name("RESULTS.md")
SHARED_STORE = Path(__file__).with_name("SHARED_STORE.md")
_HEAD = "| figure | what is tried | trials | failed | result | control | date |\n|---|---|---|---|---|---|---|"


def write(goal: str, size: str, result: Result, heading: str, date: str) -> None:
    """Replace the row of a figure in the table of its size; `heading` names the versions of the last run."""
    page = PATH if goal.startswith("G") else SHARED_STORE
    rows = {line.split("|")[1].strip(): line for line in section(page, _title(size)).splitlines() if "|" in line}
    rows[goal] = _row(goal, result, date)
    table = "\n".join([_HEAD, *(rows[name] for name in FIGURES if name in rows)])
    write_section(page, _title(size), f"Last run: {heading}\n\n{table}")


def _title(size: str) -> str:
    return f"Size {size}"


def _row(goal: str, result: Result, date: str) -> str:
    caught = "" if result.caught else " (NOT CAUGHT)"
    cells = (
        goal,
        FIGURES[goal].shows,
        f"{result.count:,}",
        f"{result.bad:,}",
        result.words,
        result.control + caught,
        date,
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
