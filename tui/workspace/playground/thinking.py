"""Thinking of a model: off, hidden, or shown.

Off is asked of the model and costs nothing. Hidden is only out of sight: its tokens are billed.
"""

from collections.abc import Sequence
from enum import StrEnum

from tui.providers.events import Usage
from tui.providers.spec import Parameter

_OFF = (("reasoning_effort", "none"), ("thinking", "disabled"), ("enable_thinking", "off"))
"""Parameter and value that switch thinking off, by the declarations of the providers."""
_ON_REQUEST = "thinking_budget"
"""A parameter without which a model that takes no switch does not think."""


class ThinkingState(StrEnum):
    """What became of a model's thinking in one answer."""

    OFF = "off"
    HIDDEN = "hidden"
    SHOWN = "shown"
    NONE = "none"


def off(parameters: Sequence[Parameter]) -> dict[str, str] | None:
    """Return the values that keep a model from thinking; None if none of its parameters does."""
    choices = {parameter.name: parameter.choices for parameter in parameters}
    for name, value in _OFF:
        if value in choices.get(name, ()):
            return {name: value}
    return {} if _ON_REQUEST in choices else None


def state(thinking: str, usage: Usage | None, switched_off: bool = False) -> ThinkingState:
    """Return the state of an answer's thinking, from its text and the tokens that the provider reports.

    A model that was asked not to think and still reports thinking cannot be stopped from it.
    """
    if thinking:
        return ThinkingState.SHOWN
    if usage is not None and usage.reasoning:
        return ThinkingState.HIDDEN
    return ThinkingState.OFF if switched_off else ThinkingState.NONE
