"""The words of remedies on the command line."""

import shlex

import pytest

from tui.cli.parser import parse
from tui.cli.remedies import problem_hint, remedy_text
from tui.errors import Action, Problem, Remedy


@pytest.mark.parametrize("action", Action)
def test_every_action_has_words(action: Action) -> None:
    assert remedy_text(Remedy(action, "openai", "team-b", "gpt-6"))


def test_the_remedy_follows_the_hint() -> None:
    problem = Problem("It failed.", "Nothing was changed.", remedy=Remedy(Action.LIST_TENANTS))
    assert problem_hint(problem) == "Nothing was changed. List them: modeldeck tenant list"
    assert problem_hint(Problem("It failed.", "Try again.")) == "Try again."
    assert problem_hint(Problem("It failed.")) == ""


@pytest.mark.parametrize("action", Action)
def test_every_command_that_a_remedy_names_can_be_parsed(action: Action) -> None:
    text = remedy_text(Remedy(action, "openai", "team-b", "gpt-6"))
    for named in text.split("modeldeck ")[1:]:
        parse(shlex.split(named.partition(", or ")[0]))


def test_what_a_file_says_is_quoted_for_the_shell() -> None:
    remedy = Remedy(Action.SET_UP_PROVIDER, "openai", "a; b", fields=("base_url=https://x/$(id)", "api_key=-"))
    command = remedy_text(remedy).partition(": ")[2]
    assert shlex.split(command) == [
        *("modeldeck", "provider", "set", "openai"),
        *("base_url=https://x/$(id)", "api_key=-", "--name", "a; b"),
    ]
