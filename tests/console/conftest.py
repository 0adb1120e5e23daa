"""Which screen tests are slow, and the providers that they see: two that stay the same, and one that no file declares.

A screen knows no provider by name, so more of them would only move the rows that a test looks at. Tests of all of them
are marked `all_providers`.
"""

from functools import cache
from pathlib import Path

import pytest

from tests.console.provider_forms import INVENTED
from tests.providers.registry import register, replace_providers
from tui.providers import PROVIDERS
from tui.providers.spec import Provider

SAMPLE = ("openai", "openai_compatible")
QUICK = ("defaults/test_screen.py", "providers/test_screen.py", "tenants/test_screen.py", "test_app.py", "test_quit.py")
"""Tests that run the whole console and belong to the quick ones all the same."""


@cache
def is_slow(path: Path) -> bool:
    """Return True for a file whose tests run the whole console: each takes a third of a second of CPU or more."""
    here = Path(__file__).parent
    if not path.match("test_*.py") or not path.is_relative_to(here) or path.relative_to(here).as_posix() in QUICK:
        return False
    return "from tests.console.pilot import" in path.read_text()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read these files in a quick run."""
    return (config.option.markexpr == "not slow" and is_slow(collection_path)) or None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that run the whole console as slow, but for a few."""
    for item in items:
        if is_slow(item.path):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def few_providers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the few are registered, unless the test is marked `all_providers`."""
    if "all_providers" not in request.keywords:
        replace_providers(monkeypatch, {name: declared for name, declared in PROVIDERS.items() if name in SAMPLE})


@pytest.fixture
def invented_provider(few_providers: None, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The registry with the made-up provider in it."""
    register(monkeypatch, INVENTED)
    return INVENTED
