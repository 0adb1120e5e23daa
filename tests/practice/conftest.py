"""Silence is measured as in the tests of providers."""

from tests.providers.conftest import silence_clock

__all__ = ["silence_clock"]
