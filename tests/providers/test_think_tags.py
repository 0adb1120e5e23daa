"""Thinking in an answer's text: a tag in a code block or in an example is text, however the answer is cut up."""

import pickle

import pytest

from tui.providers.dialects.think_tags import Thinking
from tui.providers.events import TextDelta, ThinkingDelta

EXAMPLES = (
    "The template:\n\n```xml\n<think>plan</think>\nanswer\n```\n\nThat is all.",
    "```\n<think>\n```\nand\n```\n</think>\n```\n",
    "~~~\nreasoning </think> ends\n~~~\nafter",
    "A model writes `<think>` first and `</think>` last.",
    "It opens with <think> and closes with </think> in plain text.",
    "- a list\n  ```python\n  close = '</think>'\n  ```\n",
)


def split(*pieces: str) -> tuple[str, str]:
    """Return the thinking and the text of an answer that comes in these pieces."""
    thinking = Thinking()
    deltas = [delta for piece in pieces for delta in thinking.feed(piece)]
    deltas += thinking.rest()
    thoughts = "".join(delta.text for delta in deltas if isinstance(delta, ThinkingDelta))
    return thoughts, "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", EXAMPLES)
def test_tags_in_code_and_examples_are_text(text: str, size: int) -> None:
    assert split(*(text[n : n + size] for n in range(0, len(text), size))) == ("", text)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_thought_at_the_beginning_is_none_of_the_text(size: int) -> None:
    text = "<think>Use ```a fence```?</think>\n\n```\n<think>x</think>\n```"
    pieces = [text[n : n + size] for n in range(0, len(text), size)]
    thoughts, answer = split(*pieces)
    assert thoughts == "Use ```a fence```?" and answer.strip() == "```\n<think>x</think>\n```"


def test_a_closing_tag_alone_still_ends_a_thought() -> None:
    assert split("Let me see.\n</think>\n\nYes.") == ("Let me see.\n", "Yes.")


@pytest.mark.parametrize(
    "piece", ["x" * 1000, " " * 1000, "`" * 1000, "x [ < " * 100], ids=["text", "blanks", "quotes", "tags"]
)
def test_a_line_without_end_is_not_kept(piece: str) -> None:
    # Kept, it would be read from its beginning again at every piece.
    thinking = Thinking()
    for _ in range(100):
        thinking.feed(piece)
    assert len(pickle.dumps(thinking)) < 2_000
