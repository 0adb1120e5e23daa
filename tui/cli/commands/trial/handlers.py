"""`modeldeck trial set | show | remove`."""

from collections.abc import Coroutine
from typing import Any

from tui.cli.commands.credential.handlers import credential_shape
from tui.cli.commands.provider.dry_run import print_change
from tui.cli.commands.provider.set_up import secret_hints
from tui.cli.context import CommandContext
from tui.cli.fields import Values, entries
from tui.cli.inputs import whole_number
from tui.cli.output import count_noun
from tui.domain import DEFAULT_NAME, Credential
from tui.errors import Problem
from tui.providers import provider as provider_by_id
from tui.providers.spec import Provider
from tui.sanitize import mask
from tui.tenancy import tenants as tenant_registry
from tui.tenancy import trials as trial_store
from tui.tenancy.trials import Trial
from tui.workspace import trials
from tui.workspace.credentials.fields import reject_foreign_keys
from tui.workspace.trials import TrialRow


def set_trial(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Read the fields, then lend the API key."""
    provider = provider_by_id(call.args.one("P"))
    calls = _calls(call.args.one("calls"))
    models = [part.strip() for part in call.args.one("models").split(",") if part.strip()]
    subject = f" of {provider.label} for a trial"
    values = entries(provider.fields, call.args.many("FIELD=VALUE"), call.secret_input, call.out, subject)
    if not call.args.has("no-verify"):
        with secret_hints(provider):
            reject_foreign_keys(provider, values)
    return _set_trial(call, provider, values, models, calls)


def _calls(text: str) -> int | None:
    return whole_number("--calls", text, 1, 10**9 - 1) if text else None


async def _set_trial(
    call: CommandContext, provider: Provider, values: Values, models: list[str], calls: int | None
) -> None:
    if call.args.has("dry-run"):
        return print_change(call, provider.id, DEFAULT_NAME, _preview(call, provider, values, models, calls))
    verify = not call.args.has("no-verify")
    allow_http = call.args.has("allow-http")
    with secret_hints(provider):
        trial = await trials.set_trial(
            call.session, provider.id, values, models, calls, verify=verify, allow_http=allow_http
        )
    check = next(
        row.credential.check for row in trials.rows(call.session) if row.provider is provider and row.credential
    )
    if call.out.as_json:
        shape = {"provider": provider.id, "calls": trial.calls, "models": list(trial.models)}
        call.out.json(shape | {"state": check.state, "ms": check.ms})
        return
    per_tenant = f"{count_noun(trial.calls, 'request')} of {provider.label}"
    call.out.confirm(f"Each tenant has {per_tenant} on trial, with {', '.join(trial.models)}.")
    call.out.confirm(f"The API key was verified in {check.ms} ms." if verify else "The API key is not verified.")


def _preview(call: CommandContext, provider: Provider, values: Values, models: list[str], calls: int | None) -> str:
    """Return what would be lent, or changed of a trial."""
    before = trial_store.trials(call.session).get(provider.id)
    quota = calls or (before.calls if before else provider.trial_calls)
    terms = [f"{count_noun(quota, 'request')} per tenant"] if quota else []
    terms += [f"the models {', '.join(models)}"] if models else []
    terms += [f"another {', '.join(values)}" if before else f"your {', '.join(values)}"] if values else []
    return f"Would {'change the' if before else 'set up a'} trial of {provider.label}: {'; '.join(terms) or 'nothing'}."


def show(call: CommandContext) -> None:
    """Print the trials and what each tenant has left."""
    rows = trials.rows(call.session)
    if call.out.as_json:
        call.out.json([_shape(call, row) for row in rows])
        return
    if not rows and call.out.decorated:
        call.out.note("No trial yet. Set one up: modeldeck trial set P FIELD=…")
    call.out.table(
        ("provider", "key", "state", "models", "tenant", "left"),
        [line for row in rows for line in _lines(call, row)],
    )


def _lines(call: CommandContext, row: TrialRow) -> list[tuple[str, ...]]:
    credential, quota = row.credential, f"{row.trial.calls:,}"
    hint = ", ".join(mask(hint) for hint in credential.hints.values()) if credential else ""
    about = (
        row.provider.id,
        hint or "no key",
        credential.check.state if credential else "–",
        ", ".join(row.trial.models),
    )
    remaining = [(name, f"{remaining:,} of {quota}") for _, name, _, remaining in _tenants(call, row)]
    return [(*about, *entry) for entry in remaining or [("–", f"{quota} each")]]


def _tenants(call: CommandContext, row: TrialRow) -> list[tuple[str, str, int, int]]:
    """Return ID, name, requests used and left of every tenant; a removed one by its ID."""
    names: dict[str, str] = {}
    for tenant_id in tenant_registry.ids(call.session):
        try:
            names[tenant_id] = tenant_registry.tenant_of(call.session.tenant(tenant_id)).name
        except Problem:
            names[tenant_id] = tenant_id
    tenant_rows = []
    # The database counts for the tenants of every operator, also of those that share no tenant with this one.
    unnamed = "of another operator, or removed" if call.session.shares else "removed"
    for name in dict.fromkeys((*names, *row.used)):
        balance = trial_store.left(call.session.tenant(name), row.provider.id)
        tenant_rows.append(
            (name, names.get(name, f"{name}, {unnamed}"), row.used.get(name, 0), balance.left if balance else 0)
        )
    return tenant_rows


def _shape(call: CommandContext, row: TrialRow) -> dict[str, Any]:
    return {
        "provider": row.provider.id,
        "label": row.provider.label,
        "calls": row.trial.calls,
        "models": list(row.trial.models),
        "state": row.credential.check.state if row.credential else "no key",
        "secrets": _secrets(row.credential),
        "tenants": [
            {"id": tenant, "name": name, "used": used, "left": left} for tenant, name, used, left in _tenants(call, row)
        ],
    }


def _secrets(credential: Credential | None) -> dict[str, Any]:
    return dict(credential_shape(credential)["secrets"]) if credential else {}


async def remove(call: CommandContext) -> None:
    """End a trial, or say what would be deleted."""
    provider = provider_by_id(call.args.one("P"))
    existing: Trial = trial_store.trial(call.session, provider.id)
    preview = (
        f"The trial of {provider.label} would end for every tenant: its API key, "
        f"{count_noun(len(existing.models), 'model')}, {count_noun(existing.calls, 'request')} each."
    )
    if call.confirm({"provider": provider.id}, preview, "Add --yes to remove it."):
        await trials.remove(call.session, provider.id)
        sentence = f"Ended the trial of {provider.label}."
        call.out.result({"provider": provider.id, "removed": True, "message": sentence}, sentence)
