"""Set up and end trials: a number of requests on the operator's key for each tenant.

The metering is bookkeeping among people who share one OS account, not a barrier: whoever can run Modeldeck there can
read the operator's key as well.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.domain import Credential, Model, Tenant, VerificationResult
from tui.errors import UsageError
from tui.providers import provider as provider_of
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.tenancy import credentials, verification
from tui.tenancy.serialization import to_record
from tui.tenancy.session import OPERATOR, Session
from tui.tenancy.tenants import tenant_of
from tui.tenancy.trials import (
    Trial,
    opened_store,
    trial,
    trial_models,
    trials,
    used_by,
)
from tui.workspace.credentials import save, save_plan
from tui.workspace.credentials.fields import Values
from tui.workspace.credentials.verify import verify_plan


@dataclass(frozen=True)
class TrialRow:
    """A trial for the operator; `used` is by tenant ID."""

    trial: Trial
    provider: Provider
    credential: Credential | None
    used: Mapping[str, int]


def rows(session: Session) -> list[TrialRow]:
    """Return the trials, in the order of the registry.

    Raises:
        CorruptSettings: The operator's store cannot be read, which is not the same as no trial.
    """
    from tui.providers import PROVIDERS

    if not session.store(OPERATOR).exists():
        return []  # said by a store that answered: one that is out of reach raises
    session.store(OPERATOR).read()
    existing = trials(session)
    return [
        TrialRow(
            existing[provider],
            PROVIDERS[provider],
            credentials.active(session.tenant(OPERATOR), provider),
            used_by(session, provider),
        )
        for provider in PROVIDERS
        if provider in existing
    ]


def operator(session: Session) -> Tenant | None:
    """Return the owner of the trials' keys, or None before the first trial."""
    return tenant_of(session.tenant(OPERATOR)) if session.store(OPERATOR).exists() else None


async def set_trial(
    session: Session,
    provider_id: str,
    values: Values,
    models: Sequence[str] = (),
    calls: int | None = None,
    verify: bool = True,
    allow_http: bool = False,
) -> Trial:
    """Lend a key to every tenant, or change a trial; values left out stay, or are the proposed ones.

    If the provider rejects the key, nothing is stored. Usage counts stay.
    """
    provider, existing = provider_of(provider_id), trials(session).get(provider_id)
    quota = calls if calls is not None else existing.calls if existing else provider.trial_calls
    if quota < 1:
        raise UsageError(f"Missing calls: enter how many requests of {provider.label} each tenant has.")
    await asyncio.to_thread(opened_store, session)
    plan = await save_plan.plan_save(session.tenant(OPERATOR), provider_id, values, allow_http=allow_http)
    check, listed = VerificationResult(), None
    if verify:
        verified = await verify_plan(plan)
        check, listed, plan = verified.check, verified.listed, await save_plan.renew(plan, verified.region_fields)
    allowed = _allowed_models(session, provider, models, listed)
    await save.apply_save(plan, check)
    new = Trial(provider_id, quota, tuple(dict.fromkeys(entry.id for entry in allowed)), session.now())

    def work() -> None:
        with session.store(OPERATOR).transaction() as tables:
            for name in ("trials", "models"):
                tables.table(name).remove(lambda record: record.get("provider") == provider_id)
            tables.table("trials").insert(to_record(new))
            tables.table("models").insert_multiple(to_record(entry) for entry in allowed)

    await asyncio.to_thread(work)
    return new


async def remove(session: Session, provider_id: str) -> None:
    """End a trial and delete its key, also from earlier states. The usage counts are kept."""
    trial(session, provider_id)

    def work() -> None:
        def forgotten(table: str, record: Mapping[str, Any]) -> bool:
            return table in verification.TABLES and record.get("provider") == provider_id

        with verification.credential_transaction(session.tenant(OPERATOR), forgotten) as tables:
            for name in ("credentials", "models", "trials"):
                tables.table(name).remove(lambda record: record.get("provider") == provider_id)

    await asyncio.to_thread(work)


def _allowed_models(
    session: Session, provider: Provider, model_ids: Sequence[str], listed: Sequence[Model] | None
) -> list[Model]:
    """Return the models of a trial: those wanted, else those allowed before, else the proposed ones."""
    before = trial_models(session, provider.id)
    candidates = (*before, *provider.catalogue) if listed is None else listed
    ids = list(dict.fromkeys(model_ids or [entry.id for entry in before] or provider.trial_models))
    models = [entry for entry in candidates if entry.id in ids]
    missing = [tenant_id for tenant_id in ids if tenant_id not in {model.id for model in models}]
    if missing and listed is not None and (model_ids or not models):
        names = ", ".join(one_line(entry, 60) for entry in missing)
        raise UsageError(f"{provider.label} does not list {names}.", "Name models that it lists.")
    if missing and listed is None:
        # Nobody can say what these are; a provider serves first what it serves most.
        models += [Model(provider.id, entry, provider.types[0]) for entry in missing]
    if not models:
        raise UsageError(f"Missing models: name at least one of {provider.label}.")
    return list({(entry.id, entry.type): entry for entry in models}.values())
