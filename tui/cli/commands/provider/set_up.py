"""`modeldeck provider set`: verify, encrypt, save, import, and suggest default models."""

from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from tui.cli.commands.provider.dry_run import print_plan
from tui.cli.context import CommandContext
from tui.cli.fields import Values, entries
from tui.cli.model_call import print_progress
from tui.cli.output import count_noun
from tui.cli.remedies import problem_hint, remedy_text
from tui.cli.secret_input import secret_sources
from tui.domain import DEFAULT_NAME, Credential, VerificationState
from tui.errors import Action, Remedy, UsageError
from tui.process.references import normalize
from tui.providers.spec import Provider
from tui.tenancy.connections import provider_of
from tui.workspace.credentials.fields import FieldProblem, ForeignKey
from tui.workspace.credentials.save_plan import SavePlan, plan_save
from tui.workspace.models.set_up import SetUpResult, set_up_provider


def set_up(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Read the fields, then verify and save them."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    values = read_values(call, provider)
    return save_and_report(call, provider, values)


def read_values(call: CommandContext, provider: Provider) -> Values:
    """Read the fields of the command line."""
    tenant = call.tenant  # named before anybody is asked for a key
    words, references = _references(provider, call.args.many("FIELD=VALUE"))
    values = entries(provider.fields, words, call.secret_input, call.out, f" of {provider.label} for {tenant.name}")
    if both := sorted(values.keys() & references.keys()):
        raise UsageError(f"{both[0]} appears twice.", "Give each field once.")
    return values | references


def _references(provider: Provider, words: Sequence[str]) -> tuple[list[str], Values]:
    """Return the entries without those of the form FIELD=ref:…, and the references of these.

    A secret field takes no value as it is on the command line, so no key can be meant.
    """
    secret = {field.name for field in provider.fields if field.secret}
    rest: list[str] = []
    values: Values = {}
    for word in words:
        name, _, value = word.partition("=")
        if name in secret and value.startswith(_REFERENCE):
            if name in values:
                raise UsageError(f"{name} appears twice.", "Give each field once.")
            values[name] = normalize(value.removeprefix(_REFERENCE))
        else:
            rest.append(word)
    return rest, values


_REFERENCE = "ref:"


async def save_and_report(
    call: CommandContext, provider: Provider, values: Values, more: Mapping[str, Any] | None = None
) -> None:
    """Verify and save these values, and print the result; `more` is put into the JSON."""
    with secret_hints(provider):
        plan = await plan_values(call, provider, values)
        if call.args.has("dry-run"):
            return print_plan(call, plan)
        result = await apply(call, plan)
    _print_result(call, provider, result, more or {})


async def plan_values(call: CommandContext, provider: Provider, values: Values) -> SavePlan:
    """Return the plan of a save. ForeignKey is raised for another provider's key, unless --no-verify is given."""
    await call.unlock_without_asking(call.tenant)
    plan = await plan_save(
        call.tenant_session,
        provider.id,
        values,
        name=call.args.one("name", DEFAULT_NAME),
        own_keys=not call.args.has("no-verify"),
        allow_http=call.args.has("allow-http"),
    )
    for split in plan.split:
        if split.summary:
            call.out.note(f"Split up: {split.summary}.")
        if split.model_id:
            call.out.note(f"modeldeck model add {plan.provider.id} {split.model_id} … adds it.")
    return plan


async def apply(call: CommandContext, plan: SavePlan) -> SetUpResult:
    """Ask for the passphrase if the plan needs it, then verify (unless --no-verify is given) and save."""
    if plan.needs_unlock:
        await call.unlock(call.tenant)
    on_event = None if call.args.has("no-verify") else partial(print_progress, call.out)
    result = await set_up_provider(plan, on_event)
    call.print_new_origins(plan.provider, result.new_origins, result.credential)
    if result.note:
        call.out.note(result.note)
    return result


@contextmanager
def secret_hints(provider: Provider) -> Iterator[None]:
    """Let the hint say how to give a secret field if one is missing, and where another provider's key belongs."""
    try:
        yield
    except ForeignKey as problem:
        hint = f"modeldeck provider set {problem.provider_id} sets that up; --no-verify saves it here anyway."
        raise UsageError(problem.message, hint) from None
    except FieldProblem as problem:
        name = problem.field
        if name not in {field.name for field in provider.fields if field.secret}:
            raise
        sources = secret_sources(next(field for field in provider.fields if field.name == name))
        raise UsageError(problem.message, f"{problem_hint(problem)} {sources}".strip()) from None


def _print_result(call: CommandContext, provider: Provider, result: SetUpResult, more: Mapping[str, Any]) -> None:
    if call.out.as_json:
        return call.out.json(_shape(provider, result) | dict(more))
    for sentence in _sentences(call, provider, result):
        call.out.confirm(sentence)


def _shape(provider: Provider, result: SetUpResult) -> dict[str, Any]:
    saved = result.credential
    return {
        "provider": provider.id,
        "credential": saved.name,
        "active": saved.active,
        "state": saved.check.state,
        "ms": saved.check.ms,
        "models": result.models if saved.active or result.models is None else 0,
        "proposed": [{"type": kind, "model": model.ref} for kind, model in result.proposed.items()],
    }


def _sentences(call: CommandContext, provider: Provider, result: SetUpResult) -> Iterator[str]:
    """Yield what was saved, what keeps it from being used, and what comes next."""
    saved = result.credential
    yield from _check_sentences(provider, saved)
    if result.unconfirmed:
        yield result.unconfirmed
        yield f"Before it is used, confirm it: modeldeck vault confirm -t {call.tenant.id}"
    if not saved.active:
        yield f"Another credential stays active. To switch: modeldeck credential use {provider.id} {saved.name}"
    if result.models is not None:
        imported = "imported" if saved.active else "listed, none imported before you switch"
        yield f"{count_noun(result.models, 'model')} {imported}."
    elif provider.after_saving:
        yield provider.after_saving
    if saved.active and saved.check.state is VerificationState.UNVERIFIED and result.needs_models:
        yield remedy_text(Remedy(Action.IMPORT_MODELS, provider.id))
    for kind, model in result.proposed.items():
        yield f"Suggested {kind.label} model: modeldeck default set {kind} {model.ref}"


def _check_sentences(provider: Provider, saved: Credential) -> Iterator[str]:
    if saved.check.state is VerificationState.UNVERIFIED:
        yield f"Saved {provider.label}, not verified."
        yield f"To verify: modeldeck provider verify {provider.id}"
    elif saved.check.state is VerificationState.RESTRICTED:
        yield f"Saved {provider.label}, restricted: {saved.check.message}"
        yield saved.check.hint
    else:
        yield f"Saved {provider.label}, verified in {saved.check.ms} ms."
