"""Compare vectors: cosines, norms, and their tables."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from tui.sanitize import escaped_json

Vector = Sequence[float]

MAX_TEXTS = 300
"""Texts that are compared; the work grows with their square."""


@dataclass(frozen=True)
class Comparison:
    """The similarity of texts. `faults` says by index what is wrong with a vector."""

    texts: tuple[str, ...]
    vectors: tuple[Vector, ...]
    norms: tuple[float, ...]
    table: tuple[tuple[float | None, ...], ...]
    pairs: tuple[tuple[int, int, float], ...]
    faults: Mapping[int, str]
    size: int

    def nearest(self, index: int) -> list[int]:
        """Return the indexes of the other texts, nearest first, those without a cosine last."""
        near = self.table[index]
        others = (entry for entry in range(len(self.texts)) if entry != index)
        return sorted(others, key=lambda other: -2.0 if (value := near[other]) is None else value, reverse=True)

    def as_json(self, model: str) -> str:
        """Format everything as JSON."""
        shape = {
            "model": model,
            "dimensions": self.size,
            "texts": [
                {"text": text, "norm": norm, "vector": list(vector)}
                for text, norm, vector in zip(self.texts, self.norms, self.vectors, strict=True)
            ],
            "cosine": [list(row) for row in self.table],
        }
        return escaped_json(json.dumps(shape, ensure_ascii=False, indent=1)) + "\n"

    def as_csv(self) -> str:
        """Format one text a row with its norm, its cosine with each text, and its vector."""
        count = range(1, len(self.texts) + 1)
        buffer = io.StringIO()
        write = csv.writer(buffer, lineterminator="\n").writerow
        write(["number", "text", "norm", *(f"cosine {n}" for n in count), *(f"v{n}" for n in range(1, self.size + 1))])
        for n, text, norm_of, row, vector in zip(count, self.texts, self.norms, self.table, self.vectors, strict=True):
            write([n, text, norm_of, *("" if value is None else value for value in row), *vector])
        return buffer.getvalue()

    def as_table(self) -> str:
        """Format the cosines, tab-separated, for a spreadsheet."""
        rows = ["\t".join("" if value is None else f"{value:.4f}" for value in row) for row in self.table]
        return "\n".join(f"{text}\t{row}" for text, row in zip(self.texts, rows, strict=True)) + "\n"


def compare(texts: Sequence[str], vectors: Sequence[Vector]) -> Comparison:
    """Compare the vectors of texts, one each; the length that most of them have is the right one."""
    lengths = Counter(len(vector) for vector in vectors)
    size = lengths.most_common(1)[0][0] if lengths else 0
    norms = tuple(norm(vector) for vector in vectors)
    faults = {
        n: f"Text {n + 1} has a different length." if len(vector) != size else f"Text {n + 1} has an all-zero vector."
        for n, vector in enumerate(vectors)
        if len(vector) != size or not norms[n]
    }
    table = tuple(tuple(row) for row in matrix(vectors))
    return Comparison(tuple(texts), tuple(vectors), norms, table, tuple(pairs(table)), faults, size)


def norm(vector: Vector) -> float:
    """Return the length of a vector."""
    return sqrt(fsum(x * x for x in vector))


def cosine(one: Vector, other: Vector) -> float | None:
    """Return the cosine of two vectors, -1 to 1; None for different lengths or an all-zero vector."""
    if len(one) != len(other):
        return None
    product = norm(one) * norm(other)
    if not product:
        return None
    return max(-1.0, min(1.0, fsum(x * y for x, y in zip(one, other, strict=True)) / product))


def matrix(vectors: Sequence[Vector]) -> list[list[float | None]]:
    """Return the cosine of each pair; None in rows and columns of vectors unlike the first in length."""
    table: list[list[float | None]] = [[None] * len(vectors) for _ in vectors]
    lengths = [norm(vector) for vector in vectors]
    for i, one in enumerate(vectors):
        for j in range(i + 1):
            if len(one) == len(vectors[j]) and lengths[i] and lengths[j]:
                product = sum(x * y for x, y in zip(one, vectors[j], strict=True))
                table[i][j] = table[j][i] = max(-1.0, min(1.0, product / (lengths[i] * lengths[j])))
    return table


def pairs(table: Sequence[Sequence[float | None]]) -> list[tuple[int, int, float]]:
    """Return all pairs of a matrix, each once, nearest first."""
    similarities = [
        (i, j, value) for i, row in enumerate(table) for j, value in enumerate(row) if j > i and value is not None
    ]
    return sorted(similarities, key=lambda pair: (-pair[2], pair[0], pair[1]))
