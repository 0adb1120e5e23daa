"""Every provider against what its documents say, and the proof that each word of its wire is checked."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.providers.facts import Facts, every
from tests.providers.mutations import Mutant, modules, mutants, outcome
from tests.providers.sampling import is_sampled
from tui.providers import PROVIDERS


def test_every_provider_has_its_facts() -> None:
    assert {facts.provider for facts in every()} == set(PROVIDERS)
    assert [facts.provider for facts in every() if not facts.checks or not facts.chats] == []


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        pytest.param(facts, check, id=f"{facts.provider}-{check.__name__}")
        for facts in every()
        for check in facts.checks
    ],
)
def test_the_documented_wire(facts: Facts, check: Callable[..., Any]) -> None:
    check(PROVIDERS[facts.provider])


@pytest.mark.slow
@pytest.mark.parametrize("facts", every(), ids=lambda facts: facts.provider)
def test_loaded_as_mutants_are_but_unchanged_every_check_passes(facts: Facts) -> None:
    for module in modules(facts):
        assert outcome(facts, Mutant(module, 0, 0, "", "")) == "", module


@pytest.mark.slow
@pytest.mark.parametrize(
    ("facts", "module"),
    [pytest.param(facts, module, id=f"{facts.provider}-{module}") for facts in every() for module in modules(facts)],
)
def test_a_changed_word_of_the_wire_turns_a_check_red(facts: Facts, module: str) -> None:
    """One item a module, as there are two thousand mutants; the gate tries one in three (`sampling.py`)."""
    changed = [mutant for mutant in mutants(facts) if mutant.module == module and is_sampled(str(mutant), 4)]
    assert [str(mutant) for mutant in changed if not outcome(facts, mutant)] == []
