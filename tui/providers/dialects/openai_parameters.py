"""What OpenAI's chat models take (OpenAI API reference, chat completions; guide, reasoning)."""

from tui.domain import Model, ModelType
from tui.providers.dialects.openai_chat import COMPLETION_TOKENS
from tui.providers.dialects.openai_models import reasons
from tui.providers.spec import Parameter, ParameterKind

_REASONING = (
    Parameter(
        "reasoning_effort",
        "reasoning effort",
        ParameterKind.CHOICE,
        unset="as the model has it",
        help="How much it thinks before it answers. Not every model takes every value.",
        choices=("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    ),
)
_SAMPLING = (
    Parameter(
        "temperature",
        "temperature",
        ParameterKind.NUMBER,
        0,
        2,
        "1",
        "Higher gives more varied answers. Change it or top_p, not both.",
    ),
    Parameter(
        "top_p",
        "top_p",
        ParameterKind.NUMBER,
        0,
        1,
        "1",
        "Only the likeliest words up to this share are considered. Change it or temperature, not both.",
    ),
    Parameter(
        "presence_penalty",
        "presence penalty",
        ParameterKind.NUMBER,
        -2,
        2,
        "0",
        "Higher makes new subjects likelier.",
    ),
    Parameter(
        "frequency_penalty",
        "frequency penalty",
        ParameterKind.NUMBER,
        -2,
        2,
        "0",
        "Higher makes repeated words rarer.",
    ),
    Parameter("seed", "seed", ParameterKind.WHOLE, help="The same seed gives the same answer, mostly."),
    Parameter("stop", "stop", ParameterKind.TEXTS, high=4, help="Up to 4 texts that end the answer where they come."),
)


def parameters(model: Model, named: str = "") -> tuple[Parameter, ...]:
    """What a chat model takes; the reasoning family takes no sampling parameters.

    `named` is the model behind it, where its own id does not say which that is.
    """
    if model.type is not ModelType.CHAT:
        return ()
    most = Parameter(
        "max_tokens" if model.completion else "max_completion_tokens",
        "max tokens",
        ParameterKind.WHOLE,
        low=1,
        unset=str(COMPLETION_TOKENS) if model.completion else "no limit but the model's",
        help="The most that an answer may use, hidden thinking included.",
    )
    if reasons(named or model.id):
        return (*_REASONING, most)
    return (*_SAMPLING[:2], most, *_SAMPLING[2:])
