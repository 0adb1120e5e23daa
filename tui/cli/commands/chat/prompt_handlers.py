"""`modeldeck prompt`: list, show, save and remove saved prompts."""

import json

from tui.cli.context import CommandContext
from tui.cli.inputs import read_text
from tui.cli.model_call import answering_model
from tui.cli.model_parameters import checked_texts
from tui.domain import ModelType
from tui.sanitize import one_line
from tui.storage.user_file import local_path
from tui.workspace.playground import saved_prompts
from tui.workspace.playground.answer_schema import read_schema
from tui.workspace.playground.saved_prompts import SavedPrompt

_PREVIEW = 60


def listing(call: CommandContext) -> None:
    """Print the saved prompts by name."""
    saved = saved_prompts.prompts(call.tenant_session)
    if call.out.as_json:
        call.out.json([prompt.as_json() for prompt in saved])
        return
    call.out.table(("name", "system prompt", "parameters", "schema"), [_row(prompt) for prompt in saved])
    if call.out.decorated and not saved:
        call.out.note("No prompt is saved.")


def _row(prompt: SavedPrompt) -> tuple[str, ...]:
    parameters = ", ".join(f"{name} {text}" for name, text in prompt.parameters.items())
    return prompt.name, one_line(prompt.system, _PREVIEW), parameters, "yes" if prompt.schema is not None else ""


def show(call: CommandContext) -> None:
    """Print one of them."""
    prompt = saved_prompts.find(call.tenant_session, call.args.one("NAME"))
    lines = [prompt.system] if prompt.system else []
    lines += [f"-p {name}={text}" for name, text in prompt.parameters.items()]
    lines += [json.dumps(prompt.schema, ensure_ascii=False, indent=2)] if prompt.schema is not None else []
    call.out.answer(prompt.as_json(), "\n".join(lines))


def save(call: CommandContext) -> None:
    """Save one."""
    system = call.args.one("system")
    system = read_text("Type the system prompt") if system == "-" else system
    parameters = checked_texts(call, answering_model(call, ModelType.CHAT)) if call.args.has("parameter") else {}
    schema = read_schema(local_path(call.args.one("schema"))) if call.args.has("schema") else None
    prompt = saved_prompts.create(call.args.one("NAME"), system, parameters, schema)
    replaced = saved_prompts.save(call.tenant_session, prompt)
    sentence = f"{'Replaced' if replaced else 'Saved'} prompt {prompt.name}."
    call.out.result(prompt.as_json() | {"replaced": replaced}, sentence)


def remove(call: CommandContext) -> None:
    """Remove one."""
    prompt = saved_prompts.find(call.tenant_session, call.args.one("NAME"))
    preview = f"Saved prompt {prompt.name} would be removed from {call.tenant.name}."
    if call.confirm({"name": prompt.name}, preview, "Add --yes to remove it."):
        saved_prompts.remove(call.tenant_session, prompt.name)
        sentence = f"Removed prompt {prompt.name}."
        call.out.result({"name": prompt.name, "removed": True, "message": sentence}, sentence)
