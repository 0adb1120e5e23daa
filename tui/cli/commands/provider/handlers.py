"""`modeldeck provider list | show | verify | source | remove`; `set` is in `set_up`."""

from functools import partial
from typing import Any, NamedTuple

from tui.cli.commands.credential.handlers import credential_shape
from tui.cli.context import CommandContext
from tui.cli.model_call import print_progress
from tui.cli.output import Output
from tui.cli.remedies import problem_hint
from tui.domain import Credential, KeySource, VerificationState
from tui.errors import CredentialRejected, Exit, Problem, UsageError
from tui.providers.openai_compatible.presets import kinds
from tui.providers.spec import Field, Provider
from tui.tenancy import credentials
from tui.tenancy.connections import provider_of
from tui.workspace.credentials import status
from tui.workspace.credentials import verify as verification
from tui.workspace.credentials.lifetime import lifetime
from tui.workspace.credentials.status import YOUR_KEY, ProviderRow
from tui.workspace.models import defaults
from tui.workspace.models.defaults import DefaultRow
from tui.workspace.playground import key_source


def list_all(call: CommandContext) -> None:
    """Print every provider with its state in this tenant."""
    rows = status.rows(call.tenant_session)
    if call.out.as_json:
        call.out.json([_row_shape(row) for row in rows])
        return
    call.out.table(
        ("provider", "name", "state", "source", "models"),
        [(row.provider.id, _name(row.provider), row.word, _source(row), _model_count(row)) for row in rows],
    )


def _name(provider: Provider) -> str:
    return kinds()[provider.kind].label if provider.kind else provider.label


def _source(row: ProviderRow) -> str:
    """Say whose key pays, and the balance of a trial that is not in use."""
    return row.source if row.on_trial or row.trial is None else f"{row.source}, {row.trial.words}"


def _model_count(row: ProviderRow) -> str:
    parts = [f"{row.models} imported"] if row.models else []
    return ", ".join([*parts, f"{row.added} added"] if row.added else parts)


def _row_shape(row: ProviderRow) -> dict[str, Any]:
    return {
        "id": row.provider.id,
        "label": row.provider.label,
        "supply": row.provider.supply,
        "state": row.state,
        "source": "own key" if row.source == YOUR_KEY else row.source,  # the word that scripts know
        "models": row.models,
        "added": row.added,
        "trial": {"left": row.trial.left, "calls": row.trial.calls} if row.trial else None,
        "credential": row.credential.name if row.credential else None,
        "found": row.discovered,
    } | ({"like": row.provider.kind} if row.provider.kind else {})


def show(call: CommandContext) -> None:
    """Print a provider: its fields and values, its credentials, where to get a key."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    row = status.row(call.tenant_session, provider.id)
    stored = credentials.listing(call.tenant_session, provider.id)
    if call.out.as_json:
        shape = _row_shape(row)
        del shape["credential"], shape["found"]
        call.out.json(
            shape
            | {
                "types": list(provider.types),
                "key_page": provider.key_page,
                "docs": list(provider.docs),
                "fields": [_field_shape(field, row.credential) for field in provider.fields],
                "credentials": [credential_shape(entry, lifetime(call.tenant_session, entry)) for entry in stored],
            }
        )
        return
    out = call.out
    like = f", like {_name(provider)}" if provider.kind else ""
    out.line(f"{provider.label}{like}: {row.word}{f', {_source(row)}' if row.trial and not row.on_trial else ''}")
    out.line(f"Serves {', '.join(kind.label for kind in provider.types)}. Models: {_model_count(row) or 'none'}.")
    if provider.key_page:
        out.line(f"Keys: {provider.key_page}")
    _show_fields(out, row)
    for credential in stored:
        active = ", active" if credential.active else ""
        out.line(f"{credential.name}{active}: {credential.check.message or credential.check.state}")


def _show_fields(out: Output, row: ProviderRow) -> None:
    methods = list(dict.fromkeys(field.auth_method for field in row.provider.fields if field.auth_method))
    labels = {method: f"method {number}" for number, method in enumerate(methods, 1)} if len(methods) > 1 else {}
    out.table(
        ("field", "value", "", "what it is"),
        [
            (
                field.name,
                _value(field, row.credential) or "–",
                labels.get(field.auth_method, "required") if field.required else "optional",
                f"{field.label}. {field.help}",
            )
            for field in row.provider.fields
        ],
    )
    if labels:
        both = "" if row.provider.exclusive_auth_methods else ", or of both"
        out.line(f"It needs the fields of {' or '.join(labels.values())}{both}.")


def _value(field: Field, credential: Credential | None) -> str:
    if credential is None:
        return field.default
    if field.secret:
        return credentials.masked_secret(credential, field.name)
    return credential.clear.get(field.name, "") or field.default


def _field_shape(field: Field, credential: Credential | None) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "secret": field.secret,
        "required": field.required,
        "way": field.auth_method,
        "default": field.default,
        "help": field.help,
        "env": list(field.env),
        "value": _value(field, credential),
    }


async def verify(call: CommandContext) -> int:
    """Ask one provider, or all that are set up, whether the stored key works; the first failure is the exit code."""
    named, everyone = call.args.one("P"), call.args.has("all")
    if bool(named) == everyone:
        raise UsageError("Name one provider, or use --all.", "For example: modeldeck provider verify openai")
    session = call.tenant_session
    rows = status.rows(session)
    provider_ids = [row.provider.id for row in rows if row.credential] if everyone else [provider_of(session, named).id]
    outcomes = [await _outcome(call, provider_id) for provider_id in provider_ids]
    if call.out.as_json:
        call.out.json([outcome.shape for outcome in outcomes])
        return next((outcome.code for outcome in outcomes if outcome.code), Exit.DONE)
    failures = [outcome for outcome in outcomes if outcome.code]
    call.out.table(
        ("provider", "state", "time", "outcome"),
        [
            (outcome.shape["provider"], outcome.shape["state"], outcome.time, outcome.shape["message"])
            for outcome in outcomes
            if everyone or not outcome.code
        ],
    )
    if failures and not everyone:
        raise failures[0].problem
    for failure in failures:
        call.out.note(f"{failure.shape['provider']}: {problem_hint(failure.problem)}")
    return failures[0].code if failures else Exit.DONE


class _Outcome(NamedTuple):
    shape: dict[str, Any]
    problem: Problem
    works: bool

    @property
    def code(self) -> Exit:
        return Exit.DONE if self.works else self.problem.code

    @property
    def time(self) -> str:
        return f"{self.shape['ms']} ms" if self.shape["ms"] else "–"


async def _outcome(call: CommandContext, provider_id: str) -> _Outcome:
    name = call.args.one("name")
    try:
        on_event = partial(print_progress, call.out)
        await call.unlock_for(provider_id, name)
        check = await verification.verify_stored(call.tenant_session, provider_id, name, on_event)
    except UsageError:
        raise
    except Problem as problem:
        state, ms, error, works = "failed", None, problem, False
    else:
        kind = CredentialRejected if check.state is VerificationState.REFUSED else Problem
        state, ms, error = str(check.state), check.ms or None, kind(check.message, check.hint, check.detail)
        works = check.state in (VerificationState.READY, VerificationState.RESTRICTED)
    stored = credentials.listing(call.tenant_session, provider_id)
    credential_name = name or next((credential.name for credential in stored if credential.active), "")
    shape = {"provider": provider_id, "credential": credential_name, "state": state, "ms": ms}
    return _Outcome(shape | {"message": error.message, "hint": problem_hint(error)}, error, works)


async def source(call: CommandContext) -> None:
    """Use the trial or the own key from now on."""
    provider, choice = provider_of(call.tenant_session, call.args.one("P")), KeySource(call.args.one("SOURCE"))
    await key_source.choose(call.tenant_session, provider.id, choice)
    row = status.row(call.tenant_session, provider.id)
    payer = (
        f"the trial of {provider.label}, {row.trial.left} of {row.trial.calls} left"
        if row.trial and row.on_trial
        else f"your key for {provider.label}"
    )
    call.out.result({"provider": provider.id, "source": choice}, f"{call.tenant.name} now uses {payer}.")


def _belongs_to(row: DefaultRow, provider_id: str) -> bool:
    return row.default is not None and row.default.provider == provider_id


async def remove(call: CommandContext) -> None:
    """Remove a provider's credentials and models, or say what would go."""
    provider = provider_of(call.tenant_session, call.args.one("P"))
    row = status.row(call.tenant_session, provider.id)
    stored = credentials.listing(call.tenant_session, provider.id)
    if not provider.kind and not stored and not row.models and not row.added:
        raise UsageError(f"{provider.label} is not set up in {call.tenant.name}.")
    names = ", ".join(credential.name for credential in stored) or "none"
    chosen = [row.type for row in defaults.rows(call.tenant_session) if _belongs_to(row, provider.id)]
    preview = (
        f"{provider.label} would be removed from {call.tenant.name}: credentials {names}, "
        f"models {_model_count(row) or 'none'}, default models {', '.join(chosen) or 'none'}."
    )
    if call.confirm({"provider": provider.id}, preview, "Add --yes to remove it."):
        await status.remove_provider(call.tenant_session, provider.id)
        sentence = f"Removed {provider.label} from {call.tenant.name}."
        call.out.result({"provider": provider.id, "removed": True, "message": sentence}, sentence)
