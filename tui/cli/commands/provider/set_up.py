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
from tui.domain import Credential, ImportMode, Model, ModelType, VerificationResult, VerificationState
from tui.domain.dataclass import dataclass
from tui.errors import Action, Remedy, UsageError
from tui.process.references import normalize
from tui.providers import PROVIDERS
from tui.providers.spec import Provider
from tui.secret import Secret, SecretReference
from tui.tenancy import credentials, models, verification
from tui.tenancy.connections import provider_of
from tui.workspace.credentials import paste, verify
from tui.workspace.credentials.fields import FieldProblem
from tui.workspace.credentials.save import apply_save
from tui.workspace.credentials.save_plan import PlainHttp, SavePlan, plan_save, renew
from tui.workspace.models.proposals import proposed_defaults


def set_up(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Read the fields, then verify and save them."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    values = read_values(call, provider)
    return _plan(call, provider, values) if call.args.has("dry-run") else save_and_report(call, provider, values)


async def _plan(call: CommandContext, provider: Provider, values: Values) -> None:
    with secret_hints(provider):
        print_plan(call, await allowed_plan(call, provider, values))


def read_values(call: CommandContext, provider: Provider) -> Values:
    """Read the fields of the command line; refuse another provider's key."""
    tenant = call.tenant  # named before anybody is asked for a key
    subject = f" of {provider.label} for {tenant.name}"
    words, references = _references(provider, call.args.many("FIELD=VALUE"))
    values = entries(provider.fields, words, call.secret_input, call.out, subject)
    if both := sorted(values.keys() & references.keys()):
        raise UsageError(f"{both[0]} appears twice.", "Give each field once.")
    values |= references
    _print_split(call, provider, values)
    if not call.args.has("no-verify") and not has_custom_url(call, provider, values):
        reject_foreign_keys(provider, values)
    return values


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


def _print_split(call: CommandContext, provider: Provider, values: Values) -> None:
    """Name what an address holds besides its own; a model in it is one to be added."""
    for field in provider.fields:
        typed = values.get(field.name)
        if isinstance(typed, str) and field.parse_pasted:
            parts = paste.split_pasted(field, typed.strip())
            if rest := paste.split_summary(provider, field, parts):
                call.out.note(f"Split up: {rest}.")
            if parts.get("model"):
                call.out.note(f"modeldeck model add {provider.id} {parts['model']} … adds it.")


def has_custom_url(call: CommandContext, provider: Provider, values: Values) -> bool:
    """Return True if the API key goes to a custom URL, where keys have any shape."""
    stored = credentials.find(call.tenant_session, provider.id, _name(call))
    clear = stored.clear if stored else {}
    return any(
        values.get(field.name, clear.get(field.name, "")) not in ("", field.default)
        for field in provider.fields
        if field.url
    )


def _name(call: CommandContext) -> str:
    return call.args.one("name", "default")


def reject_foreign_keys(provider: Provider, values: Values) -> None:
    """Reject an API key that looks like another provider's, before it is sent.

    Raises:
        UsageError: naming the other provider.
    """
    for field in provider.fields:
        value = values.get(field.name)
        if isinstance(value, SecretReference):
            continue
        if isinstance(value, Secret) and (other := paste.likely_provider(provider.declared_id, field, value.reveal())):
            raise UsageError(
                f"{field.name} looks like a key of {PROVIDERS[other].label}. It has not been sent anywhere.",
                f"modeldeck provider set {other} sets that up; --no-verify saves it here anyway.",
            )


@contextmanager
def secret_hints(provider: Provider) -> Iterator[None]:
    """Let the hint say how to give a secret field if one is missing."""
    try:
        yield
    except FieldProblem as problem:
        name = problem.field
        if name not in {field.name for field in provider.fields if field.secret}:
            raise
        sources = secret_sources(next(field for field in provider.fields if field.name == name))
        raise UsageError(problem.message, f"{problem_hint(problem)} {sources}".strip()) from None


@dataclass(frozen=True)
class SaveResult:
    """A credential that was stored, and how many models its provider listed; None where it lists none.

    Those of a credential that is not active are imported once it is.
    """

    credential: Credential
    models: int | None


async def save(call: CommandContext, provider: Provider, values: Values, rotate: bool = False) -> SaveResult:
    """Verify the values unless --no-verify is given, and store them; with `rotate`, keep the stored key as well."""
    plan = await allowed_plan(call, provider, values, rotate)
    await _meet_conditions(call, plan)
    check, listed, note = VerificationResult(), None, ""
    if not call.args.has("no-verify"):
        verified = await verify.verify_plan(plan, partial(print_progress, call.out))
        check, listed, note = verified.check, verified.listed, verified.note
        plan = await renew(plan, verified.region_fields)
        await _meet_conditions(call, plan)
    saved = await apply_save(plan, check, listed)
    call.print_new_origins(provider, plan.new_origins)
    if note:
        call.out.note(note)
    return SaveResult(saved, None if listed is None else len(listed))


async def allowed_plan(call: CommandContext, provider: Provider, values: Values, rotate: bool = False) -> SavePlan:
    """Return the plan of a save; raise PlainHttp if it needs an origin that --allow-http has not allowed."""
    await call.unlock_without_asking(call.tenant)
    plan = await plan_save(call.tenant_session, provider.id, values, name=_name(call), rotate=rotate)
    if call.args.has("allow-http"):
        plan = plan.allow_plain_http()
    if plan.plain_http:
        raise PlainHttp(plan.url_field, plan.plain_http)
    return plan


async def _meet_conditions(call: CommandContext, plan: SavePlan) -> None:
    """Refuse plain http that was not allowed, and open the tenant where the plan needs it."""
    if plan.plain_http:
        raise PlainHttp(plan.url_field, plan.plain_http)
    if plan.needs_unlock:
        await call.unlock(call.tenant)


async def save_and_report(
    call: CommandContext, provider: Provider, values: Values, more: Mapping[str, Any] | None = None
) -> None:
    """Verify and save these values, and print the result; `more` is put into the JSON."""
    with secret_hints(provider):
        done = await save(call, provider, values)
    active = done.credential.active
    proposed = proposed_defaults(call.tenant_session) if active else {}
    if call.out.as_json:
        call.out.json(_shape(provider, done, proposed) | dict(more or {}))
        return
    for words in (*_check_words(provider, done.credential.check), *_use_words(call, provider, done.credential)):
        call.out.confirm(words)
    if done.models is not None and not active:
        call.out.confirm(f"{count_noun(done.models, 'model')} listed, none imported before you switch.")
    elif done.models is not None:
        call.out.confirm(f"{count_noun(done.models, 'model')} imported.")
    elif provider.after_saving:
        call.out.confirm(provider.after_saving)
    if active and done.credential.check.state is VerificationState.UNVERIFIED and _has_no_models(call, provider):
        call.out.confirm(remedy_text(Remedy(Action.IMPORT_MODELS, provider.id)))
    for kind, model in proposed.items():
        call.out.confirm(f"Suggested {kind.label} model: modeldeck default set {kind} {model.ref}")


def _has_no_models(call: CommandContext, provider: Provider) -> bool:
    """Return True if the provider can list models and none of them is stored."""
    return provider.import_mode is not ImportMode.ADDED and not models.has_any(call.tenant_session, provider.id)


def _shape(provider: Provider, done: SaveResult, proposed: Mapping[ModelType, Model]) -> dict[str, Any]:
    saved = done.credential
    return {
        "provider": provider.id,
        "credential": saved.name,
        "active": saved.active,
        "state": saved.check.state,
        "ms": saved.check.ms,
        "models": done.models if saved.active or done.models is None else 0,
        "proposed": [{"type": kind, "model": model.ref} for kind, model in proposed.items()],
    }


def _check_words(provider: Provider, check: VerificationResult) -> Iterator[str]:
    if check.state is VerificationState.UNVERIFIED:
        yield f"Saved {provider.label}, not verified."
        yield f"To verify: modeldeck provider verify {provider.id}"
    elif check.state is VerificationState.RESTRICTED:
        yield f"Saved {provider.label}, restricted: {check.message}"
        yield check.hint
    else:
        yield f"Saved {provider.label}, verified in {check.ms} ms."


def _use_words(call: CommandContext, provider: Provider, saved: Credential) -> Iterator[str]:
    """Return lines about what keeps a saved credential from being used."""
    if change := verification.integrity_status(call.tenant_session).of(saved):
        yield verification.words(call.tenant_session, change)
        yield f"Before it is used, confirm it: modeldeck vault confirm -t {call.tenant.id}"
    if not saved.active:
        yield f"Another credential stays active. To switch: modeldeck credential use {provider.id} {saved.name}"
