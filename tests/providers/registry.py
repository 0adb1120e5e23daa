"""The registry of providers as a test wants it. The registry itself is read-only; undoing restores it."""

from collections.abc import Mapping

import pytest

from tui.providers import PROVIDERS
from tui.providers.spec import Provider


def replace_providers(monkeypatch: pytest.MonkeyPatch, declared: Mapping[str, Provider]) -> None:
    """Let the registry hold these providers and no others."""
    monkeypatch.setattr(PROVIDERS, "_providers", dict(declared))


def register(monkeypatch: pytest.MonkeyPatch, *declared: Provider) -> None:
    """Add providers to the registry, each in the place of one with its id."""
    replace_providers(monkeypatch, {**PROVIDERS, **{provider.id: provider for provider in declared}})
