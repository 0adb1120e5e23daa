"""Vectors in two dimensions, and a scatter of them in braille dots."""

from collections.abc import Sequence
from math import sqrt

Point = tuple[float, float]

_ROUNDS = 300
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bits of the dots of a braille cell, two columns by four rows (Unicode, U+2800)."""


def principal_points(cosines: Sequence[Sequence[float | None]]) -> list[Point | None]:
    """Return each text's place along the two directions in which the texts differ most.

    It is the principal component analysis of the vectors at length 1, from the table of their cosines: the two largest
    eigenvectors of the table with its means taken off. None is a text without a cosine.
    """
    indices = [index for index, row in enumerate(cosines) if row[index] is not None]
    table = [[float(cosines[i][j] or 0.0) for j in indices] for i in indices]
    count = len(indices)
    points: list[Point | None] = [None] * len(cosines)
    if not count:
        return points
    means = [sum(row) / count for row in table]
    mean = sum(means) / count
    centered = [[table[i][j] - means[i] - means[j] + mean for j in range(count)] for i in range(count)]
    first = _component(centered, ())
    second = _component(centered, (first[1],))
    for place, index in enumerate(indices):
        points[index] = (first[0] * first[1][place], second[0] * second[1][place])
    return points


def _component(table: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> tuple[float, list[float]]:
    """Return scale and direction of the largest component that is not among the others, by power iteration."""
    vector = _orthogonal([1.0 + index % 7 - index % 3 * 0.5 for index in range(len(table))], others)
    value = 0.0
    for _ in range(_ROUNDS):
        following = _orthogonal([sum(map(float.__mul__, row, vector)) for row in table], others)
        length = sqrt(sum(entry * entry for entry in following))
        if length < 1e-12:
            return 0.0, [0.0] * len(table)
        following = [entry / length for entry in following]
        moved = max(map(abs, map(float.__sub__, following, vector)))
        vector, value = following, length
        if moved < 1e-9:
            break
    # A direction has two signs; the entry that is farthest from zero is taken as positive.
    largest = max(vector, key=abs)
    return sqrt(value), [entry if largest > 0 else -entry for entry in vector]


def _orthogonal(vector: list[float], others: Sequence[Sequence[float]]) -> list[float]:
    for other in others:
        share = sum(map(float.__mul__, vector, other))
        vector = [entry - share * part for entry, part in zip(vector, other, strict=True)]
    return vector


def scatter(points: Sequence[Point | None], width: int, height: int) -> list[str]:
    """Draw points as braille dots, each with its number (from 1) behind it where there is room.

    Args:
        points: Places; None is left out.
        width: Cells of a row.
        height: Rows.
    """
    visible = [(number, point) for number, point in enumerate(points, 1) if point is not None]
    dots = [[0] * width for _ in range(height)]
    labels: list[list[str]] = [[""] * width for _ in range(height)]
    left, right = _span([point[0] for _, point in visible])
    low, high = _span([point[1] for _, point in visible])
    plot_width = max(1, width - 4)
    for _, (x, y) in visible:
        column = round((x - left) / (right - left) * (plot_width * 2 - 1))
        row = round((high - y) / (high - low) * (height * 4 - 1))
        dots[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    for number, (x, y) in visible:
        column = round((x - left) / (right - left) * (plot_width * 2 - 1)) // 2 + 1
        row = round((high - y) / (high - low) * (height * 4 - 1)) // 4
        text = str(number)
        places = range(column, min(width, column + len(text)))
        if len(places) == len(text) and not any(dots[row][place] or labels[row][place] for place in places):
            for place, character in zip(places, text, strict=True):
                labels[row][place] = character
    return ["".join(map(_cell, row, texts)).rstrip() for row, texts in zip(dots, labels, strict=True)]


def _cell(dots: int, label: str) -> str:
    return chr(0x2800 + dots) if dots else label or " "


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high - low > 1e-9 else (low - 0.5, low + 0.5)
