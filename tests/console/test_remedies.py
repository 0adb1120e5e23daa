"""The words of remedies in the console."""

from collections.abc import Iterator

import pytest

from tui.console.keys import set_keymap
from tui.console.remedies import problem_hint, remedy_text
from tui.errors import Action, Problem, Remedy


@pytest.mark.parametrize("action", Action)
def test_every_action_has_words_that_name_no_command(action: Action) -> None:
    text = remedy_text(Remedy(action, "openai", "team-b", "gpt-6"))
    assert text and "modeldeck" not in text and "{" not in text


def test_the_remedy_follows_the_hint() -> None:
    problem = Problem("OpenAI is not set up.", "Nothing was sent.", remedy=Remedy(Action.SET_UP_PROVIDER, "openai"))
    assert problem_hint(problem) == "Nothing was sent. Press enter on it in Providers (1) to set it up."


@pytest.fixture
def remapped() -> Iterator[None]:
    set_keymap({"list.choose": "f7", "area.providers": "f8"})
    yield
    set_keymap({})


@pytest.mark.usefixtures("remapped")
def test_a_remedy_names_the_keys_of_the_keymap() -> None:
    words = remedy_text(Remedy(Action.SET_UP_PROVIDER, "openai"))
    assert words == "Press f7 on it in Providers (f8) to set it up."
