"""Which texts are nearest, and how far two models agree on that."""

from collections.abc import Sequence
from dataclasses import dataclass

from tui.workspace.playground.embedding.vectors import Vector, matrix, norm, pairs

_NEIGHBOURS = 10


def nearest(query: Vector, vectors: Sequence[Vector], count: int) -> list[tuple[int, float]]:
    """Return the indexes of the vectors nearest to a query with their cosines, nearest first."""
    length = norm(query)
    result: list[tuple[int, float]] = []
    for index, vector in enumerate(vectors):
        product = length * norm(vector)
        if len(vector) == len(query) and product:
            result.append((index, sum(map(float.__mul__, query, vector)) / product))
    return sorted(result, key=lambda entry: (-entry[1], entry[0]))[:count]


@dataclass(frozen=True)
class Agreement:
    """How far two models rank the pairs of some texts in the same order.

    Attributes:
        spearman: The rank correlation over all pairs, -1 to 1; None for fewer than two different pairs.
        neighbours: The share of nearest neighbours that they have in common, 0 to 1.
        count: How many neighbours of a text were compared.
    """

    spearman: float | None
    neighbours: float
    count: int

    @property
    def words(self) -> str:
        """The figures as a sentence."""
        ranks = "–" if self.spearman is None else f"{self.spearman:.3f}"
        share = f"{self.neighbours:.0%}".replace("%", " %")
        return f"Rank correlation of all pairs {ranks}; {share} of the {self.count} nearest in common."


def agreement(first: Sequence[Vector], second: Sequence[Vector]) -> Agreement:
    """Compare the vectors that two models give the same texts; their dimensions may differ."""
    one, two = matrix(first), matrix(second)
    comparable = [(i, j) for i, j, _ in sorted(pairs(one)) if two[i][j] is not None]
    count = min(_NEIGHBOURS, max(0, len(first) - 1))
    shares = [
        len(set(_closest_indexes(one, n, count)) & set(_closest_indexes(two, n, count))) / count
        for n in range(len(first))
        if count
    ]
    ranks = _spearman([float(one[i][j] or 0) for i, j in comparable], [float(two[i][j] or 0) for i, j in comparable])
    return Agreement(ranks, sum(shares) / len(shares) if shares else 0.0, count)


def _closest_indexes(table: Sequence[Sequence[float | None]], index: int, count: int) -> list[int]:
    others = [(-(value if value is not None else -2.0), n) for n, value in enumerate(table[index]) if n != index]
    return [n for _, n in sorted(others)[:count]]


def _spearman(one: Sequence[float], two: Sequence[float]) -> float | None:
    first, second = _ranks(one), _ranks(two)
    if len(first) < 2:
        return None
    mean = (len(first) - 1) / 2
    product = sum((a - mean) * (b - mean) for a, b in zip(first, second, strict=True))
    size = sum((a - mean) ** 2 for a in first) * sum((b - mean) ** 2 for b in second)
    return product / size**0.5 if size else None


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value from 0; equal ones share the middle of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2
        start = end + 1
    return ranks
