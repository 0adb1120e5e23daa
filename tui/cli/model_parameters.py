"""Parameters of models from `-p NAME=VALUE`, --saved-prompt and --schema."""

from collections.abc import Mapping, Sequence
from typing import Any

from tui.cli.context import CommandContext
from tui.domain import Model
from tui.errors import UsageError, did_you_mean, quotable
from tui.providers.spec import Parameter
from tui.storage.user_file import local_path
from tui.workspace.playground import answer_schema, calls, saved_prompts
from tui.workspace.playground.parameters import parse_parameter
from tui.workspace.playground.saved_prompts import SavedPrompt


def chosen_prompt(call: CommandContext) -> SavedPrompt:
    """Return the prompt of --saved-prompt, with --system and --schema in place of its own."""
    name = call.args.one("saved-prompt")
    saved = saved_prompts.find(call.tenant_session, name) if call.args.has("saved-prompt") else SavedPrompt("")
    schema = saved.schema
    if call.args.has("schema"):
        schema = answer_schema.read_schema(local_path(call.args.one("schema")))
    return SavedPrompt(saved.name, call.args.one("system") or saved.system, saved.parameters, schema)


def saved_values(call: CommandContext, prompt: SavedPrompt, model: Model) -> dict[str, Any]:
    """Return the parameters of a saved prompt that a model takes; the others are named in a note."""
    _, values, omitted = prompt.values(calls.parameters(call.tenant_session, model))
    for name in omitted:
        call.out.note(f"{model.ref} does not take {name} of {prompt.name}; it is left out.")
    return values


def checked_texts(call: CommandContext, model: Model) -> dict[str, str]:
    """Return the parameters of -p as they were typed.

    Raises:
        UsageError: The model does not take one of them, or not that value.
    """
    declared = {parameter.name: parameter for parameter in calls.parameters(call.tenant_session, model)}
    texts: dict[str, str] = {}
    for word in call.args.many("parameter"):
        name, text = _split(word, declared, f"{model.ref} takes")
        parse_parameter(declared[name], text)
        texts[name] = text
    return texts


def values_of(call: CommandContext, model: Model) -> dict[str, Any]:
    """Return the values of the parameters of -p; None for a blank one.

    Raises:
        UsageError: The model does not take one of them, or not that value.
    """
    declared = {parameter.name: parameter for parameter in calls.parameters(call.tenant_session, model)}
    return {name: parse_parameter(declared[name], text) for name, text in checked_texts(call, model).items()}


def parameters_of(call: CommandContext, chosen: Sequence[Model], prompt: SavedPrompt) -> list[dict[str, Any]]:
    """Return the parameters of each model: of those named, and of those in a saved prompt, the ones that it takes."""
    declared = [
        {parameter.name: parameter for parameter in calls.parameters(call.tenant_session, model)} for model in chosen
    ]
    names = {name: parameter for parameters in declared for name, parameter in sorted(parameters.items())}
    values = [saved_values(call, prompt, model) for model in chosen]
    for word in call.args.many("parameter"):
        name, text = _split(word, names, "They take")
        for model, parameters, own in zip(chosen, declared, values, strict=True):
            if name not in parameters:
                call.out.note(f"{model.ref} takes no {name}; it is left out.")
            elif (value := parse_parameter(parameters[name], text)) is not None:
                own[name] = value
    return values


def _split(word: str, declared: Mapping[str, Parameter], takes: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    names = f"{takes}: {', '.join(declared) or 'none'}."
    if not equals:
        raise UsageError("--parameter needs NAME=VALUE.", names)
    if name not in declared:
        suffix = f" {name}" if quotable(name, declared) else ""
        raise UsageError(f"Unknown parameter{suffix}.", did_you_mean(name, declared) + names)
    return name, text
