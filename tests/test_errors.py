"""What a mistyped name is taken for: something like it, or nothing."""

import pytest

from tui.cli.registry import COMMANDS
from tui.errors import edit_distance, nearest
from tui.providers import PROVIDERS

OPTIONS = sorted({name for command in COMMANDS for option in command.all_options for name in option.names})


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("chta", "chat", 1), ("abcd", "abdc", 1), ("a", "b", 1)],
)
def test_edits_are_counted_and_a_swap_is_one(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == distance


@pytest.mark.parametrize(
    ("word", "name"),
    [
        *[("--yse", "--yes"), ("--feilds", "--fields"), ("opnai", "openai"), ("Anthropic", "anthropic")],
        *[("open\u00adai", "openai"), ("hugging-face", "huggingface"), ("hugging", "huggingface")],
    ],
)
def test_a_name_with_a_slip_is_recognized(word: str, name: str) -> None:
    assert nearest(word, [*OPTIONS, *PROVIDERS]) == name


@pytest.mark.parametrize("word", ["--yes", "--no", "--dry", "--x", "--", "yes", "test", "zhipu", "x" * 500])
def test_a_dissimilar_name_is_never_suggested(word: str) -> None:
    names = [name for name in (*OPTIONS, *PROVIDERS) if name != word and not name.startswith(f"{word}-")]
    near = nearest(word, names)
    assert not near or edit_distance(word.lstrip("-"), near.lstrip("-")) <= max(1, len(near) // 3), near


def test_an_unknown_option_is_corrected_to_a_similar_one_or_none() -> None:
    for command in COMMANDS:
        names = {name for option in command.all_options for name in option.names if name.startswith("--")}
        for word in OPTIONS:
            near = nearest(word, names).lstrip("-")
            typed = word.lstrip("-")
            similar = (
                near.startswith(typed) or typed.startswith(near) or edit_distance(typed, near) <= max(1, len(near) // 3)
            )
            assert not near or similar, (command.words, word, near)
