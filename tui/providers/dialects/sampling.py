"""Sampling parameters that most chat models take; a provider sets their bounds."""

from tui.providers.spec import Parameter, ParameterKind

_WHOLE, _NUMBER = ParameterKind.WHOLE, ParameterKind.NUMBER
BOUND = "max tokens"
"""The label of the parameter that bounds an answer, whatever a provider calls it."""
DIMENSIONS = "dimensions"
"""The name of the parameter that shortens vectors."""
NO_LIMIT, AS_MODEL = "no limit but the model's", "model default"
"""What a form shows for a value that is left out."""


def temperature(low: float = 0, high: float = 2, unset: str = "–") -> Parameter:
    """Return the parameter for how varied answers are."""
    message = "Higher gives more varied answers. Change it or top_p, not both."
    return Parameter("temperature", "temperature", _NUMBER, low, high, unset, message)


def top_p(low: float = 0, unset: str = "–") -> Parameter:
    """Return the parameter for the share of the likeliest tokens that are considered."""
    message = "Only the likeliest words up to this share are considered. Change it or temperature, not both."
    return Parameter("top_p", "top_p", _NUMBER, low, 1, unset, message)


def top_k(low: float = 0, high: float | None = None, unset: str = "–") -> Parameter:
    """Return the parameter for the number of the likeliest tokens that are considered."""
    return Parameter("top_k", "top_k", _WHOLE, low, high, unset, "Only so many of the likeliest words are considered.")


def max_tokens(
    name: str = "max_tokens",
    low: float = 1,
    high: float | None = None,
    unset: str = NO_LIMIT,
    *,
    thinks: bool = False,
    practical_low: float = 0,
) -> Parameter:
    """Return the parameter that bounds an answer; with `thinks` hidden thinking counts towards it."""
    also = " Thinking counts, so that a small value can leave no answer." if thinks else ""
    return Parameter(
        name, BOUND, _WHOLE, low, high, unset, f"The most that an answer may use.{also}", practical_low=practical_low
    )


def presence(unset: str = "–") -> Parameter:
    """Return the parameter against repeating any word that was used."""
    return Parameter("presence_penalty", "presence penalty", _NUMBER, -2, 2, unset, "Higher: more new topics.")


def frequency(unset: str = "–") -> Parameter:
    """Return the parameter against repeating frequent words."""
    return Parameter("frequency_penalty", "frequency penalty", _NUMBER, -2, 2, unset, "Higher: less repetition.")


def repetition(low: float = 0.01, high: float | None = None, unset: str = "–") -> Parameter:
    """Return the parameter that makes repeated words rarer, as a factor."""
    message = "Above 1: fewer repeated words."
    return Parameter("repetition_penalty", "repetition penalty", _NUMBER, low, high, unset, message)


def dimensions(high: float | None = None) -> Parameter:
    """Return the parameter for the length of vectors, for models that were trained to be shortened."""
    return Parameter(DIMENSIONS, "dimensions", _WHOLE, 1, high, AS_MODEL, "The length of the vectors.")


def seed(low: float | None = None) -> Parameter:
    """Return the parameter that makes an answer repeatable, mostly."""
    return Parameter("seed", "seed", _WHOLE, low, help="The same seed gives the same answer, mostly.")


def stop(description: str = "") -> Parameter:
    """Return the parameter for texts that end the answer; `description` says more of one."""
    message = f"Up to 4 texts that end the answer{description}."
    return Parameter("stop", "stop", ParameterKind.TEXTS, high=4, help=message)
