"""Parse model parameters as people type them."""

from typing import Any

from tui.errors import UsageError
from tui.providers.spec import Parameter, ParameterKind

MAX_TEXTS = 4


def parse_parameter(parameter: Parameter, text: str) -> Any:
    """Convert a typed value; a blank one is None, the provider's default.

    Raises:
        UsageError: The value is out of range; the message says the range.
    """
    text = text.strip()
    if not text:
        return None
    if parameter.kind is ParameterKind.TEXT:
        return text
    if parameter.kind is ParameterKind.TEXTS:
        texts = [entry for entry in (part.strip() for part in text.split(",")) if entry]
        if len(texts) > MAX_TEXTS:
            raise UsageError(f"{parameter.name} takes up to {MAX_TEXTS} texts.", "Separate them with commas.")
        return texts
    if parameter.kind is ParameterKind.CHOICE:
        if text not in parameter.choices:
            raise UsageError(f"{parameter.name} is one of {', '.join(parameter.choices)}.", parameter.help)
        return text
    return _number(parameter, text)


def span(parameter: Parameter) -> str:
    """Format the range: `0 – 2`, `1 – 32,768`, `whole number`, `low, medium, high`."""
    if parameter.choices:
        return ", ".join(parameter.choices)
    if parameter.kind is ParameterKind.TEXTS:
        return f"up to {MAX_TEXTS} texts"
    if parameter.low is not None and parameter.high is not None:
        return f"{_plain(parameter.low)} – {_plain(parameter.high)}"
    if parameter.low is not None:
        return f"{_plain(parameter.low)} and up"
    return {ParameterKind.WHOLE: "whole number", ParameterKind.NUMBER: "number"}.get(parameter.kind, "text")


def _number(parameter: Parameter, text: str) -> int | float:
    try:
        value: int | float = int(text) if parameter.kind is ParameterKind.WHOLE else float(text.replace(",", "."))
    except ValueError:
        kind = "a whole number" if parameter.kind is ParameterKind.WHOLE else "a number"
        raise UsageError(f"{parameter.name} is {kind}.", f"It takes {span(parameter)}.") from None
    low = float("-inf") if parameter.low is None else parameter.low
    high = float("inf") if parameter.high is None else parameter.high
    if not low <= value <= high or value in (float("inf"), float("-inf")):
        if parameter.low is not None and parameter.high is not None:
            raise UsageError(
                f"{parameter.name} goes from {_plain(parameter.low)} to {_plain(parameter.high)}.", parameter.help
            )
        raise UsageError(f"{parameter.name} is out of range.", f"It takes {span(parameter)}.")
    return value


def _plain(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"
