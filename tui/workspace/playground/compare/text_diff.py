"""Differences between two texts, word by word."""

import re
from difflib import SequenceMatcher
from enum import Enum
from typing import NamedTuple

_TOKEN = re.compile(r"\w+|[^\w\s]|\s+")
_MAX_WORDS = 4_000
"""Words of a text that are compared; the work grows with their product."""


class Change(Enum):
    """What became of a stretch of text."""

    SAME = "same"
    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"


class DiffSpan(NamedTuple):
    """A stretch of text that both have, or only one of them."""

    change: Change
    text: str


def differences(first: str, second: str) -> list[DiffSpan]:
    """Return both texts as one list of stretches: joining all but the second's own gives the first, and vice versa."""
    one, two = _TOKEN.findall(first), _TOKEN.findall(second)
    rest_one, rest_two = "".join(one[_MAX_WORDS:]), "".join(two[_MAX_WORDS:])
    one, two = one[:_MAX_WORDS], two[:_MAX_WORDS]
    spans: list[DiffSpan] = []
    for tag, start, end, other_start, other_end in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if tag == "equal":
            spans.append(DiffSpan(Change.SAME, "".join(one[start:end])))
            continue
        if start < end:
            spans.append(DiffSpan(Change.ONLY_FIRST, "".join(one[start:end])))
        if other_start < other_end:
            spans.append(DiffSpan(Change.ONLY_SECOND, "".join(two[other_start:other_end])))
    spans += [DiffSpan(Change.ONLY_FIRST, rest_one)] if rest_one else []
    spans += [DiffSpan(Change.ONLY_SECOND, rest_two)] if rest_two else []
    return spans


def shared_words(first: str, second: str) -> float:
    """Return the share of words that two texts have in common in the same order, 0 to 1."""
    one, two = re.findall(r"\w+", first.casefold())[:_MAX_WORDS], re.findall(r"\w+", second.casefold())[:_MAX_WORDS]
    if not one and not two:
        return 1.0
    return SequenceMatcher(None, one, two, autojunk=False).ratio()


def mark_differences(first: str, second: str) -> str:
    """Return the differences as `git diff` marks words: `[-only in the first-]{+only in the second+}`."""
    marks = {Change.SAME: "{}", Change.ONLY_FIRST: "[-{}-]", Change.ONLY_SECOND: "{{+{}+}}"}
    return "".join(marks[stretch.change].format(stretch.text) for stretch in differences(first, second))
