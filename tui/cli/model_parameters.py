"""Parameters of several models from `-p NAME=VALUE`."""

from collections.abc import Sequence
from typing import Any

from tui.cli.context import CommandContext
from tui.domain import Model
from tui.errors import UsageError, did_you_mean, quotable
from tui.workspace.playground import calls
from tui.workspace.playground import parameters as model_parameters


def parameters_of(call: CommandContext, chosen: Sequence[Model]) -> list[dict[str, Any]]:
    """Return the parameters of each model: of those named, the ones that it takes."""
    known = [
        {parameter.name: parameter for parameter in calls.parameters(call.tenant_session, model)} for model in chosen
    ]
    names = sorted({name for parameters in known for name in parameters})
    values: list[dict[str, Any]] = [{} for _ in chosen]
    for word in call.args.many("parameter"):
        name, equals, text = word.partition("=")
        if not equals:
            raise UsageError("--parameter needs NAME=VALUE.", f"They take: {', '.join(names) or 'none'}.")
        if name not in names:
            shown = f" {name}" if quotable(name, names) else ""
            raise UsageError(f"Unknown parameter{shown}.", f"{did_you_mean(name, names)}They take: {', '.join(names)}.")
        for model, parameters, own in zip(chosen, known, values, strict=True):
            if name not in parameters:
                call.out.note(f"{model.ref} takes no {name}; it is left out.")
            elif (value := model_parameters.parse_parameter(parameters[name], text)) is not None:
                own[name] = value
    return values
