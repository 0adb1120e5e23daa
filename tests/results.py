"""Sections of a RESULTS.md and figures of the README, which the campaign and the bench write themselves."""

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def section(path: Path, heading: str) -> str:
    """Return the text under a `## heading` of a Markdown file, or ''."""
    return _parts(path).get(heading, "")


def write_section(path: Path, heading: str, text: str) -> None:
    """Replace the text under a `## heading`; a new one goes to the end."""
    parts = _parts(path) | {heading: text.strip()}
    introduction = parts.pop("", "")
    sections = (f"## {name}\n\n{content}" for name, content in parts.items())
    path.write_text("\n\n".join([introduction, *sections]) + "\n")


def write_figure(command: str, figure: str) -> None:
    """Replace the figure in the row of the README that gives this command, if there is one."""
    row = re.compile(rf"^(\| [^|\n]* \| )[^|\n]*( \| `{re.escape(command)}` \|)$", re.MULTILINE)
    README.write_text(row.sub(lambda match: f"{match[1]}{figure}{match[2]}", README.read_text()))


def _parts(path: Path) -> dict[str, str]:
    """Return the text under each heading, and the introduction under ''."""
    introduction, *sections = ("\n" + path.read_text()).split("\n## ")
    split = (part.partition("\n") for part in sections)
    return {"": introduction.strip(), **{heading: content.strip() for heading, _, content in split}}
