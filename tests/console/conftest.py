"""The providers that screen tests see: two that stay the same, and one that no file declares.

A screen knows no provider by name, so more of them would only move the rows that a test looks at. Tests of all of them
are marked `all_providers`.
"""

from collections.abc import Iterator

import pytest

from tests.console.provider_forms import MADE_UP
from tui import providers
from tui.providers.spec import Provider

FEW = ("openai", "openai_compatible")


@pytest.fixture(autouse=True)
def few_providers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only the few are registered; afterwards all of them are, in their order."""
    whole = dict(providers.PROVIDERS)
    if "all_providers" not in request.keywords:
        for each in set(whole) - set(FEW):
            del providers.PROVIDERS[each]
    yield
    monkeypatch.undo()  # what the test registered itself goes first
    providers.PROVIDERS.clear()
    providers.PROVIDERS.update(whole)


@pytest.fixture
def made_up(few_providers: None, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The registry with the made-up provider in it."""
    monkeypatch.setitem(providers.PROVIDERS, MADE_UP.id, MADE_UP)
    return MADE_UP
