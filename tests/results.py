"""Sections of a RESULTS.md, which the campaign and the bench write themselves."""

from pathlib import Path


def section(path: Path, heading: str) -> str:
    """Return the text under a `## heading` of a Markdown file, or ''."""
    return _parts(path).get(heading, "")


def write_section(path: Path, heading: str, text: str) -> None:
    """Replace the text under a `## heading`; a new one goes to the end."""
    parts = _parts(path) | {heading: text.strip()}
    introduction = parts.pop("", "")
    sections = (f"## {name}\n\n{content}" for name, content in parts.items())
    path.write_text("\n\n".join([introduction, *sections]) + "\n")


def _parts(path: Path) -> dict[str, str]:
    """Return the text under each heading, and the introduction under ''."""
    introduction, *sections = ("\n" + path.read_text()).split("\n## ")
    split = (part.partition("\n") for part in sections)
    return {"": introduction.strip(), **{heading: content.strip() for heading, _, content in split}}
