"""A provider that no file declares, for screens that must know none by name."""

import pytest

from tests.screens.setting_up import MADE_UP
from tui import providers
from tui.providers.spec import Provider


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The registry with the made-up provider in it."""
    monkeypatch.setitem(providers.PROVIDERS, MADE_UP.id, MADE_UP)
    return MADE_UP
