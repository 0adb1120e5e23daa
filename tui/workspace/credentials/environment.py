"""Set up every provider whose API key is in the environment, each verified before it is saved."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tui.domain import DEFAULT_NAME, VerificationState
from tui.errors import Problem
from tui.providers import PROVIDERS
from tui.providers.openai_compatible.presets import kind, presets
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.connections import find_provider
from tui.tenancy.session import Session, TenantSession
from tui.workspace import connections
from tui.workspace.credentials import save, save_plan, verify
from tui.workspace.credentials.discovery import DiscoveredKey, discover_keys
from tui.workspace.credentials.save_plan import SavePlan
from tui.workspace.credentials.status import remove_provider
from tui.workspace.credentials.verify import VerifiedDraft

_ACCEPTED = (VerificationState.READY, VerificationState.RESTRICTED)


@dataclass(frozen=True)
class PendingSave:
    """A key that its provider accepted, and how it would be saved."""

    plan: SavePlan
    verified: VerifiedDraft

    async def save(self) -> None:
        """Save it, over what another session saved of it before the plan was made."""
        await save.apply_save(self.plan.overwrite(), self.verified.check, self.verified.listed)


@dataclass(frozen=True)
class SetUp:
    """A provider or preset that was tried with the key of a variable; `problem` says why it was not saved.

    `pending` is there where another session saved the same meanwhile, so that a person can save over it.
    """

    label: str
    variable: str
    problem: Problem | None = None
    pending: PendingSave | None = None


def environment_keys(session: Session) -> dict[str, DiscoveredKey]:
    """Return the keys in the environment by provider and preset; those of local servers are probed instead."""
    declared = [*PROVIDERS.values(), *presets().values()]
    keys = {entry.id: discover_keys(session, entry) for entry in declared}
    # A server without a key is probed instead.
    return {
        kind_id: key
        for kind_id, key in keys.items()
        if key and any(isinstance(value, Secret) for value in key.values.values())
    }


async def set_up_all(session: TenantSession, keys: Mapping[str, DiscoveredKey]) -> list[SetUp]:
    """Verify each key at its provider, all at once, and save those that are accepted."""
    return list(await asyncio.gather(*(_set_up(session, kind_id, key) for kind_id, key in keys.items())))


async def _set_up(session: TenantSession, kind_id: str, key: DiscoveredKey) -> SetUp:
    declared = kind(kind_id)
    label = declared.label if declared else kind_id
    name = kind_id if kind_id in PROVIDERS else connections.suggested_name(session, kind_id)
    added = find_provider(session, name) is None
    try:
        if added:
            await connections.add(session, name, kind_id)
        baseline = credentials.find(session, name, DEFAULT_NAME)
        plan = await save_plan.plan_save(session, name, key.values, baseline=baseline, watch=True)
        verified = await verify.verify_plan(plan)
        if verified.check.state not in _ACCEPTED:
            raise Problem(verified.check.message, verified.check.hint)
        # Verifying took its time: another session may have saved meanwhile.
        plan, both = await save_plan.merge(await save_plan.renew(plan, verified.region_fields))
        pending = PendingSave(plan, verified)
        if both:
            return SetUp(label, key.variable, save.CredentialConflict(label, plan.stored), pending)
        await pending.save()
    except save.CredentialConflict as problem:
        return SetUp(label, key.variable, problem, PendingSave(await save_plan.renew(plan), verified))
    except Problem as problem:
        if added and name not in PROVIDERS and find_provider(session, name) and not credentials.listing(session, name):
            await remove_provider(session, name)
        return SetUp(label, key.variable, problem)
    return SetUp(label, key.variable)


async def save_over(result: SetUp) -> SetUp:
    """Save over what another session saved meanwhile; return the result."""
    assert result.pending is not None
    try:
        await result.pending.save()
    except Problem as problem:
        return replace(result, problem=problem, pending=None)
    return SetUp(result.label, result.variable)


def summary(results: list[SetUp]) -> str:
    """Return the results as lines, such as `Set up OpenAI, Groq.`, and one for each that was not set up."""
    ready = [result.label for result in results if result.problem is None]
    sentences = [f"Set up {', '.join(ready)}."] if ready else []
    for result in results:
        if result.problem is not None:
            sentences.append(f"Not set up: {result.label}, {result.variable}. {result.problem.message}")
    return "\n".join(sentences)
