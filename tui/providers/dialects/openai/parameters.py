"""Parameters of OpenAI's chat models (OpenAI API reference, chat completions; guide, reasoning)."""

from tui.domain import Model, ModelType
from tui.providers.dialects import sampling
from tui.providers.dialects.openai.chat import COMPLETION_TOKENS
from tui.providers.dialects.openai.models import reasons
from tui.providers.spec import Parameter, ParameterKind

_REASONING = (
    Parameter(
        "reasoning_effort",
        "reasoning effort",
        ParameterKind.CHOICE,
        unset="model default",
        help="How much it thinks before it answers. Not every model takes every value.",
        choices=("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    ),
)
_SAMPLING = (sampling.temperature(unset="1"), sampling.top_p(unset="1"))
_FURTHER = (sampling.presence("0"), sampling.frequency("0"), sampling.seed(), sampling.stop())

_MAX_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
"""The dimensions of the models whose vectors can be shortened (OpenAI guide, embeddings)."""

_MIN_THINKING = 1024
"""Fewer tokens than a reasoning model thinks with are refused: it could not finish the message (OpenAI guide)."""


def parameters(model: Model, named: str = "") -> tuple[Parameter, ...]:
    """Return the parameters that a chat model takes; the reasoning family takes no sampling parameters.

    `named` is the model behind it, where its own id does not say which that is.
    """
    if model.type is ModelType.EMBEDDING:
        # "Only supported in text-embedding-3 and later models" (API reference, embeddings).
        longest = _MAX_DIMENSIONS.get(named or model.id)
        return (sampling.dimensions(longest),) if longest else ()
    if model.type is not ModelType.CHAT:
        return ()
    thinks = reasons(named or model.id)
    max_tokens = (
        sampling.max_tokens(unset=str(COMPLETION_TOKENS))
        if model.completion
        else sampling.max_tokens("max_completion_tokens", thinks=True, practical_low=_MIN_THINKING if thinks else 0)
    )
    if thinks:
        return (*_REASONING, max_tokens)
    return (*_SAMPLING, max_tokens, *_FURTHER)
