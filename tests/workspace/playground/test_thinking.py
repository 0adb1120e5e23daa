"""Thinking is off, hidden or shown, and each is told apart."""

import pytest

from tui.domain import Model, ModelType
from tui.providers import PROVIDERS
from tui.providers.events import Usage
from tui.workspace.playground.thinking import off, state


@pytest.mark.parametrize(
    ("provider", "model", "expected"),
    [
        ("openai", "gpt-5.4-mini", {"reasoning_effort": "none"}),
        ("openai", "gpt-4o", None),
        ("anthropic", "claude-opus-4-8", {"thinking": "disabled"}),
        ("anthropic", "claude-sonnet-4-5", {}),
        ("tongyi", "qwen-plus", {"enable_thinking": "off"}),
    ],
)
def test_thinking_is_switched_off_by_what_the_provider_declares(
    provider: str, model: str, expected: dict[str, str] | None
) -> None:
    assert off(PROVIDERS[provider].parameters(Model(provider, model, ModelType.CHAT))) == expected


def test_hiding_is_not_switching_off() -> None:
    assert state("Let me see.", Usage(1, 9, 5)) == "shown"
    assert state("", Usage(1, 9, 5)) == "hidden"
    assert state("", Usage(1, 9, 5), switched_off=True) == "hidden", "it thought all the same, and is billed"
    assert state("", Usage(1, 9, 0), switched_off=True) == "off"
    assert state("", Usage(1, 9)) == "none"
