"""The providers that screen tests see: two that stay the same, and one that no file declares.

A screen knows no provider by name, so more of them would only move the rows that a test looks at. Tests of all of them
are marked `all_providers`.
"""

import pytest

from tests.screens.setting_up import MADE_UP
from tui import providers
from tui.providers.spec import Provider

FEW = ("openai", "openai_compatible")


@pytest.fixture(autouse=True)
def few_providers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the few are registered."""
    if "all_providers" not in request.keywords:
        for each in set(providers.PROVIDERS) - set(FEW):
            monkeypatch.delitem(providers.PROVIDERS, each)


@pytest.fixture
def made_up(few_providers: None, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The registry with the made-up provider in it."""
    monkeypatch.setitem(providers.PROVIDERS, MADE_UP.id, MADE_UP)
    return MADE_UP
