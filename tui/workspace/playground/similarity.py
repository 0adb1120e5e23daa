"""How near vectors are to each other."""

from collections.abc import Sequence
from math import fsum, sqrt

Vector = Sequence[float]


def norm(vector: Vector) -> float:
    """The length of a vector."""
    return sqrt(fsum(x * x for x in vector))


def cosine(one: Vector, other: Vector) -> float | None:
    """The cosine of the angle between two vectors, -1 to 1; None where lengths differ or one is all zeros."""
    if len(one) != len(other):
        return None
    product = norm(one) * norm(other)
    if not product:
        return None
    return max(-1.0, min(1.0, fsum(x * y for x, y in zip(one, other, strict=True)) / product))


def matrix(vectors: Sequence[Vector]) -> list[list[float | None]]:
    """The cosine of each with each; a vector of another length than the first has None in its row and column."""
    table: list[list[float | None]] = [[None] * len(vectors) for _ in vectors]
    lengths = [norm(each) for each in vectors]
    for i, one in enumerate(vectors):
        for j in range(i + 1):
            if len(one) == len(vectors[j]) and lengths[i] and lengths[j]:
                product = sum(x * y for x, y in zip(one, vectors[j], strict=True))
                table[i][j] = table[j][i] = max(-1.0, min(1.0, product / (lengths[i] * lengths[j])))
    return table


def pairs(table: Sequence[Sequence[float | None]]) -> list[tuple[int, int, float]]:
    """All pairs of a matrix, each once, nearest first."""
    found = [(i, j, value) for i, row in enumerate(table) for j, value in enumerate(row) if j > i and value is not None]
    return sorted(found, key=lambda pair: (-pair[2], pair[0], pair[1]))
