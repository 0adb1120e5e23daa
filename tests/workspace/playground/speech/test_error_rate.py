"""Word and character error rates of transcripts."""

from random import Random

import pytest

from tui.workspace.playground.speech.error_rate import distance, error_rates


def edits(one: str, two: str) -> int:
    """Return the edit distance by the textbook's table."""
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        following = [i]
        for j, b in enumerate(two, 1):
            following.append(min(row[j] + 1, following[-1] + 1, row[j - 1] + (a != b)))
        row = following
    return row[-1]


def test_the_distance_is_that_of_the_textbook() -> None:
    random = Random(1)
    for _ in range(300):
        one, two = ("".join(random.choices("abc", k=random.randint(0, 12))) for _ in range(2))
        assert distance(one, two) == edits(one, two), (one, two)


@pytest.mark.parametrize(
    ("transcript", "words"),
    [
        ("the sky is BLUE", 0),
        ("The sky — is blue!", 0),
        ("The sky is green.", 0.25),
        ("The sky blue", 0.25),
        ("", 1),
    ],
)
def test_case_and_punctuation_are_no_errors(transcript: str, words: float) -> None:
    rates = error_rates("The sky is blue.", transcript)
    assert rates is not None and rates.words == words and rates.reference_words == 4


def test_a_language_without_blanks_is_measured_by_characters() -> None:
    rates = error_rates("我在哪里可以找到发票", "我在哪里可以找到发漂")
    assert rates is not None and rates.characters == pytest.approx(0.1)
    assert error_rates(" …", "something") is None
