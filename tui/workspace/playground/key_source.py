"""Choose whose key pays for a request: the tenant's, or a trial's.

A tenant's choice stands in its settings by provider. One never takes the place of the other by itself: a trial that is
used up or gone stays chosen, and says so. Without an own credential there is nothing to choose: the trial is used.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.domain import KeySource, Model
from tui.errors import Action, Problem, Remedy, UsageError
from tui.sanitize import one_line
from tui.tenancy import credentials
from tui.tenancy.connections import provider_of
from tui.tenancy.session import OPERATOR, TenantSession
from tui.tenancy.tenants import tenant_of
from tui.tenancy.trials import chosen_sources, left, trial, trials
from tui.workspace.playground.metering import TrialMeter

if TYPE_CHECKING:
    from tui.providers.client.access import Access

_MAX_MODELS = 3


@dataclass(frozen=True)
class CallRoute:
    """How to send a request: access, the model's name there, and a meter if it is on a trial.

    `owner` is the id under which the credential is stored.
    """

    access: "Access"
    model: Model
    owner: str
    meter: TrialMeter | None = None


def source(session: TenantSession, provider_id: str) -> KeySource:
    """Return whose key pays for requests to a provider."""
    if credentials.active(session, provider_id) is None:
        return KeySource.TRIAL if provider_id in trials(session.process) else KeySource.OWN
    return chosen_sources(session).get(provider_id, KeySource.OWN)


async def choose(session: TenantSession, provider_id: str, choice: KeySource) -> None:
    """Use the trial or the tenant's key for requests to a provider from now on."""
    import asyncio  # lazy: start-up time

    provider = provider_of(session, provider_id)
    label = provider.label
    if choice is KeySource.TRIAL and provider.kind:
        raise UsageError(f"There is no trial of {label}.", "Trials are of providers, not of further connections.")
    if choice is KeySource.TRIAL:
        trial(session.process, provider_id)
    elif credentials.active(session, provider_id) is None:
        raise UsageError(
            f"{tenant_of(session).name} has no API key for {label}.", remedy=Remedy(Action.SET_UP_PROVIDER, provider_id)
        )

    def work() -> None:
        with session.store.transaction() as tables:
            table = tables.table("sources")
            table.remove(lambda record: record.get("provider") == provider_id)
            table.insert({"provider": provider_id, "source": str(choice)})

    await asyncio.to_thread(work)


def route_call(session: TenantSession, model: Model, access: "Access | None" = None) -> CallRoute:
    """Return credential and meter of a request; `access` is the tenant's and not stored yet."""
    if access is None and source(session, model.provider) is KeySource.TRIAL:
        return _trial_access(session, model)
    return CallRoute(access or credentials.access(session, model.provider, model.id), model, session.tenant_id)


def _trial_access(session: TenantSession, model: Model) -> CallRoute:
    provider, existing = provider_of(session, model.provider), trial(session.process, model.provider)
    if model.id not in existing.models:
        some = ", ".join(existing.models[:_MAX_MODELS]) + (" and others" if len(existing.models) > _MAX_MODELS else "")
        raise UsageError(
            f"{one_line(model.id, 80)} is not in the trial of {provider.label}.",
            f"It covers {some}; with your own key you can use every model.",
        )
    credential = credentials.active(session.process.tenant(OPERATOR), model.provider)
    if credential is None:
        raise Problem(f"The trial of {provider.label} no longer has a key.", "The operator can add one.")
    access = credentials.access_with(session.process.tenant(OPERATOR), provider, credential, model.id)
    # What a tenant entered with a model of its own does not lead the operator's key anywhere.
    plain = replace(
        model,
        fields={model_field.name: model_field.default for model_field in provider.model_fields if model_field.default},
    )
    return CallRoute(replace(access, key_hint=""), plain, OPERATOR, TrialMeter(session, model.provider))


def last_calls(session: TenantSession, provider_id: str) -> int:
    """Return how many requests of a trial in use are left, if few and not yet warned today; else 0.

    The day of the warning is stored with the counts, for every session of the tenant.
    """
    remaining, today = left(session, provider_id), session.today()
    if source(session, provider_id) is not KeySource.TRIAL or not (remaining and remaining.low and remaining.left):
        return 0
    notice = {"tenant": session.tenant_id, "provider": provider_id, "day": today}
    try:
        with session.process.store(OPERATOR).transaction() as tables:
            table = tables.table("told")
            if any(dict(entry) == notice for entry in table):
                return 0
            table.remove(lambda record: dict(record) | {"day": today} == notice)
            table.insert(notice)
    except Problem:
        pass  # rather told twice than never
    return remaining.left
