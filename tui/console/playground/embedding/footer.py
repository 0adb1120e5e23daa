"""The texts around the embedding tab: the footer's keys, and what the strip says of the text under the cursor."""

from tui.console.widgets.static_text import Words
from tui.workspace.playground.embedding.vectors import Comparison


def footer(
    compared: Comparison | None,
    inputs: tuple[str, ...],
    source_keys: tuple[str, ...],
    *,
    typing: bool,
) -> tuple[str, ...]:
    """Return the footer's entries; `inputs` are the keys of what the request takes beside the texts."""
    if typing:
        done = ("embedding.again", "embedding.copy", "embedding.save") if compared is not None else ()
        return ("question.send", "question.new-line: next", *inputs, *done, "area.escape: commands")
    first = ("embedding.write", *inputs, *source_keys)
    if compared is None:
        return (*first, "embedding.nearest", "embedding.batch", "playground.type")
    many = ("embedding.scatter", "embedding.models") if len(compared.texts) > 2 else ()
    result = ("embedding.again", "embedding.copy", "embedding.save")
    return (*first, *result, *many, "embedding.nearest", "playground.type")


def pair_words(compared: Comparison, key: str) -> tuple[Words, Words]:
    """Return the two texts of a pair in the list."""
    i, j, _ = compared.pairs[int(key)] if key else (0, 0, 0.0)
    return f"{i + 1} {compared.texts[i]}", f"{j + 1} {compared.texts[j]}"


def text_words(compared: Comparison, index: int) -> tuple[Words, Words]:
    """Return a text of the map, and which are nearest to it; nothing for an index below 0."""
    if index < 0:
        return "", ""
    words = f"{index + 1} {compared.texts[index]}"
    if index in compared.faults:
        return words, compared.faults[index]
    near = [(entry, compared.table[index][entry]) for entry in compared.nearest(index)[:2]]
    nearest = ", ".join(f"{entry + 1} ({value:.2f})" for entry, value in near if value is not None)
    return words, f"nearest: {nearest}" if nearest else ""
