"""Verify every stored credential of tenants at once, with few requests at a host; nothing is disabled or removed.

A check is the one of `verify`: it stores the outcome. A locked tenant's credentials are reported as locked, not asked.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tui.domain import Credential, KeySource, VerificationState, previous_of
from tui.errors import Action, CredentialRejected, Exit, Locked, Problem, Remedy
from tui.providers.origins import host_of
from tui.tenancy import credentials, trials
from tui.tenancy.connections import providers
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import status, verify
from tui.workspace.credentials.lifetime import Lifetime, age_days, due_on, lifetime
from tui.workspace.playground import key_source

MAX_PER_HOST = 2
"""Checks that run at a host at the same time; most providers count requests by key and address."""

_WORKING = (VerificationState.READY, VerificationState.RESTRICTED)
_URGENT = (Exit.REFUSED, Exit.NETWORK, Exit.LOCKED, Exit.FAILED)


@dataclass(frozen=True)
class HealthRow:
    """A credential, or a trial, and how its last check went.

    Attributes:
        tenant: The tenant's ID.
        provider: The ID of the provider or connection.
        credential: The credential's name, '' for a trial.
        active: Whether requests use it.
        state: A `VerificationState`, `failed` if no answer came or the key cannot be used, `locked`, or `trial`, which
            is not checked.
        verified_at: When it was last verified, ISO 8601 in UTC; '' for never.
        ms: How long the check took, 0 if there was none.
        before_ms: How long the check before took, 0 if there was none.
        median_ms: The median of the last ten checks, 0 if there was none.
        billed: Whether the provider bills a check; it is for one token then.
        age_days: Days since the key was saved or rotated, None if unknown.
        lifetime: What was set for how long the key is used, None if nothing was.
        due_on: The date on which the key expires or is to be replaced by that, '' for none.
        trial: Requests that are left of a trial and all of it, None without one.
        problem: Why it does not work, None if it does.
    """

    tenant: str
    provider: str
    credential: str
    active: bool
    state: str
    verified_at: str = ""
    ms: int = 0
    before_ms: int = 0
    median_ms: int = 0
    billed: bool = False
    age_days: int | None = None
    lifetime: Lifetime | None = None
    due_on: str = ""
    trial: tuple[int, int] | None = None
    problem: Problem | None = None

    @property
    def code(self) -> Exit:
        """The exit code that the row alone would give."""
        return Exit(self.problem.code) if self.problem else Exit.DONE


OnRow = Callable[[HealthRow], None]

Entry = tuple[TenantSession, HealthRow, Credential | None]
"""A row with what it is checked by; no credential for a trial."""


def rows(session: TenantSession) -> list[tuple[HealthRow, Credential | None]]:
    """Return what there is to check of a tenant, with what the last check said; nothing is sent."""
    result: list[tuple[HealthRow, Credential | None]] = []
    for provider_id in providers(session):
        balance = (
            trials.left(session, provider_id) if key_source.source(session, provider_id) is KeySource.TRIAL else None
        )
        stored = [entry for entry in credentials.listing(session, provider_id) if not previous_of(entry.name)]
        for entry in stored:
            result.append((_row(session, entry), entry))
        if balance:
            row = HealthRow(session.tenant_id, provider_id, "", True, "trial", trial=(balance.left, balance.calls))
            result.append((row, None))
    return result


def _row(session: TenantSession, credential: Credential) -> HealthRow:
    terms = lifetime(session, credential)
    unusable = status.why_unusable(session, credential)
    return HealthRow(
        session.tenant_id,
        credential.provider,
        credential.name,
        credential.active,
        "failed" if unusable else str(credential.check.state),
        credential.check.at,
        before_ms=credential.check.ms,
        median_ms=credentials.median_ms(session, credential),
        billed=verify.is_billed(session, credential),
        age_days=age_days(credential, session.now()),
        lifetime=terms,
        due_on=due_on(credential, terms) if terms else "",
        problem=unusable,
    )


async def check(sessions: Iterable[TenantSession], on_row: OnRow = lambda row: None) -> list[HealthRow]:
    """Verify all credentials of the tenants, and return them in order; `on_row` gets every row when it is done."""
    return await check_rows([(session, *entry) for session in sessions for entry in rows(session)], on_row)


async def check_rows(entries: Iterable[Entry], on_row: OnRow = lambda row: None) -> list[HealthRow]:
    """Verify these credentials, and return their rows in order; `on_row` gets every row when it is done."""
    limits: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(MAX_PER_HOST))

    async def checked(session: TenantSession, row: HealthRow, credential: Credential | None) -> HealthRow:
        if credential is not None:
            async with limits[host_of(credential.origins[0]) if credential.origins else row.provider]:
                row = await _check(session, row)
        on_row(row)
        return row

    return list(await asyncio.gather(*(checked(*entry) for entry in entries)))


def summary(checked: Sequence[HealthRow]) -> str:
    """Return how many credentials there are of which state, and how many trials, as sentences."""
    states = Counter(row.state for row in checked if row.credential)
    unchecked = len(checked) - states.total()
    count = f"{states.total():,} credential{'' if states.total() == 1 else 's'}"
    counts = ", ".join(f"{n:,} {state}" for state, n in states.items())
    trial = f" {unchecked:,} trial{'' if unchecked == 1 else 's'}, not checked." if unchecked else ""
    return f"{count}: {counts}.{trial}" if counts else f"{count}.{trial}"


async def _check(session: TenantSession, row: HealthRow) -> HealthRow:
    if credentials.needs_unlock(session, row.provider, row.credential):
        locked = Locked("The tenant is locked; its key was not tried.", remedy=Remedy(Action.UNLOCK))
        return replace(row, state="locked", problem=locked)
    try:
        result = await verify.verify_stored(session, row.provider, row.credential)
    except Problem as problem:
        return replace(row, state="failed", problem=problem)
    kind = CredentialRejected if result.state is VerificationState.REFUSED else Problem
    reason = None if result.state in _WORKING else kind(result.message, result.hint, result.detail)
    stored = credentials.find(session, row.provider, row.credential)
    now = _row(session, stored) if stored else row  # the provider may have told until when it accepts the key
    return replace(now, state=str(result.state), before_ms=row.before_ms, ms=result.ms, problem=reason)


def exit_code(checked: Sequence[HealthRow]) -> Exit:
    """Return the exit code of all: a rejected key counts before a network that fails, and that before a lock."""
    codes = {row.code for row in checked}
    return next((code for code in _URGENT if code in codes), max(codes, default=Exit.DONE))
