"""How far a transcript is from a reference text: word and character error rate."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True)
class ErrorRates:
    """Edits ÷ length of the reference; more than 1 if much was added.

    Both texts are compared without case, punctuation and runs of blanks. Where a language writes no blanks between
    words, only the rate by characters means something.
    """

    words: float
    characters: float
    reference_words: int

    def as_json(self) -> dict[str, float]:
        """Return the rates as `--json` prints them."""
        return {"wer": round(self.words, 4), "cer": round(self.characters, 4), "reference_words": self.reference_words}


def error_rates(reference: str, transcript: str) -> ErrorRates | None:
    """Return the error rates of a transcript; None if the reference holds no word."""
    one, two = words_of(reference), words_of(transcript)
    if not one:
        return None
    letters, others = " ".join(one), " ".join(two)
    return ErrorRates(distance(one, two) / len(one), distance(letters, others) / len(letters), len(one))


def words_of(text: str) -> list[str]:
    """Return the words that are compared: lower case, without punctuation, in Unicode's composed form."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("’", "'"))


def distance(one: Sequence[str], two: Sequence[str]) -> int:
    """Return how many insertions, deletions and substitutions lead from one sequence to the other.

    Levenshtein distance by bit vectors (Myers 1999, Hyyrö 2003): one pass over `two` with integers of `len(one)` bits.
    """
    if not one:
        return len(two)
    places: dict[str, int] = {}
    for index, entry in enumerate(one):
        places[entry] = places.get(entry, 0) | 1 << index
    mask, last = (1 << len(one)) - 1, 1 << len(one) - 1
    more, less, result = mask, 0, len(one)
    for entry in two:
        same = places.get(entry, 0)
        vertical = same | less
        horizontal = (((same & more) + more) ^ more) | same
        up = less | (~(horizontal | more) & mask)
        down = more & horizontal
        result += bool(up & last) - bool(down & last)
        up = (up << 1 | 1) & mask
        down = down << 1 & mask
        more = down | (~(vertical | up) & mask)
        less = up & vertical
    return result
