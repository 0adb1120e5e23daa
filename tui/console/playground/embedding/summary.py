"""Texts of the embedding tab: the summary above the map, the lines below, and pairs."""

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content

from tui.console.keys import key_of
from tui.console.playground.embedding.options import EmbeddingOptions
from tui.console.widgets.static_text import line
from tui.console.widgets.truncate import clip_end, fit, width
from tui.workspace.playground.embedding.vectors import Comparison


def summary(compared: Comparison, tokens: int, seconds: float) -> str:
    """Return the number of texts, their dimensions, tokens and seconds."""
    count = len(compared.texts)
    words = [f"{count} {'text' if count == 1 else 'texts'}", f"{compared.size:,} dimensions"]
    if count == 1:
        words[1] = f"{compared.size:,} dimensions"
    if tokens:
        words.append(f"{tokens:,} {'token' if tokens == 1 else 'tokens'}")
    return " · ".join([*words, f"{seconds:.2f} s"])


def rule_words(count: int, options: EmbeddingOptions) -> tuple[str, str]:
    """Return the words on the rule above the texts: what they are, how many, and the length of the vectors."""
    one, many = ("query", "queries") if options.queries else ("text", "texts")
    parts = [f"{count} {one if count == 1 else many}"] if count else []
    parts += [f"{options.dimensions:,} dimensions"] if options.dimensions else []
    return f"{many}, one per line", " · ".join(parts)


def words_under(compared: Comparison, cells: int) -> list[Content]:
    """Return the lines under the map: nearest and furthest pairs, the one cosine, or a vector's values."""
    if len(compared.texts) == 1:
        return _numbers(compared.vectors[0], cells)
    if len(compared.texts) == 2:
        return [line(f"   cosine    {value:.4f}") for _, _, value in compared.pairs] or [line("   no cosine")]
    near = compared.pairs[: min(5, (len(compared.pairs) + 1) // 2)]
    far = list(reversed(compared.pairs))[: min(3, len(compared.pairs) // 2)]
    lines = [_pairs_line("nearest", near, cells), _pairs_line("furthest", far, cells)]
    return [line for line in lines if line.plain.strip()]


def _pairs_line(word: str, pairs: Iterable[tuple[int, int, float]], cells: int) -> Content:
    text = f"   {word:<10}"
    bare = text
    for i, j, value in pairs:
        more = f"{i + 1}–{j + 1}  {value:.2f}"
        if width(text) + width(more) > cells:
            break
        text += f"{more}    "
    return line(text.rstrip() if text != bare else "")


def _numbers(vector: Sequence[float], cells: int) -> list[Content]:
    per_line = max(1, (cells - 6) // 11)
    values = [f"{value:+.6f}"[:10].rjust(10) for value in vector[: per_line * 4]]
    rows = ["   " + " ".join(values[start : start + per_line]) for start in range(0, len(values), per_line)]
    more = (
        f"   and {len(vector) - len(values):,} more; {key_of('embedding.save')} saves them all."
        if len(vector) > len(values)
        else ""
    )
    return [line(row) for row in ["   its first values", *rows, more] if row]


def pair(compared: Comparison, index: int) -> Callable[[int], Content]:
    """Draw one of the pairs, nearest first."""
    i, j, value = compared.pairs[index]

    def draw(cells: int) -> Content:
        names = fit(f"{i + 1}–{j + 1}", 9)
        text_cells = max(8, (cells - 9 - 6 - 3) // 2)
        return line(
            names, f"{value:.2f}  ", fit(compared.texts[i], text_cells), " · ", clip_end(compared.texts[j], text_cells)
        )

    return draw
