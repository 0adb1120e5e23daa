"""Silence is measured as in the tests of providers."""

from tests.providers.conftest import stall_proof_silence

__all__ = ["stall_proof_silence"]
