"""`modeldeck health`: every stored credential of one tenant or of all, verified."""

from typing import Any

from tui.cli.commands.tenant.named_tenants import named_sessions, names_tenants
from tui.cli.context import CommandContext
from tui.cli.output import bar
from tui.cli.remedies import problem_hint
from tui.errors import Problem
from tui.tenancy import keyring, tenants
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials import health as checks
from tui.workspace.credentials.health import HealthRow

_MAX_OPEN_TENANTS = 50
"""Tenants that are open at the same time."""


async def health(call: CommandContext) -> int:
    """Verify all credentials, print a table and a summary; the exit code is for cron."""
    everyone = names_tenants(call)
    rows = await _check_tenants(call, named_sessions(call)) if everyone else await _check_tenant(call)
    call.out.end_progress()
    if call.out.as_json:
        call.out.json([_shape(row) for row in rows])
        return checks.exit_code(rows)
    heading = ("tenant",) if everyone else ()
    due = any(row.due_on for row in rows)
    call.out.table(
        (
            *(*heading, "provider", "credential", "state", "verified", "time", "median", "age"),
            *(["due"] if due else []),
            *("trial left", "check"),
        ),
        [(*((row.tenant,) if everyone else ()), *_cells(row, due, call.session.now())) for row in rows],
    )
    for row in rows:
        if row.problem:
            place = f"{row.tenant}, {row.provider}" if everyone else row.provider
            call.out.note(" ".join(filter(None, (f"{place}: {row.problem.message}", problem_hint(row.problem)))))
    call.out.note(checks.summary(rows))
    return checks.exit_code(rows)


async def _check_tenant(call: CommandContext) -> list[HealthRow]:
    session = call.tenant_session
    entries = [(session, *entry) for entry in checks.rows(session)]
    for _, row, credential in entries:
        if credential is not None:
            await call.unlock_for(row.provider, row.credential)
    done = 0

    def count_row(row: HealthRow) -> None:
        nonlocal done
        done += 1
        call.out.progress(f"Verifying {bar(done, len(entries))}  {done:,} of {len(entries):,}")

    return await checks.check_rows(entries, count_row)


async def _check_tenants(call: CommandContext, named: list[TenantSession]) -> list[HealthRow]:
    """Check many tenants, a few at a time: what was opened and read of them is dropped before the next are."""
    rows: list[HealthRow] = []
    for start in range(0, len(named), _MAX_OPEN_TENANTS):
        call.out.progress(f"Verifying {bar(start, len(named))}  {start:,} of {len(named):,} tenants")
        sessions = await _unlock_all(call, named[start : start + _MAX_OPEN_TENANTS])
        rows += await checks.check(sessions)
        for session in sessions:
            call.session.evict(session.tenant_id)
    return rows


async def _unlock_all(call: CommandContext, named: list[TenantSession]) -> list[TenantSession]:
    """Return the tenants that can be read; those with a passphrase are unlocked if that needs no asking.

    A passphrase of a file or a variable is not tried: it may be another tenant's.
    """
    sessions = []
    for session in named:
        try:
            tenant = tenants.tenant_of(session)
            if not tenant.protected:
                await call.unlock(tenant)
            elif call.secret_input.has_service_passphrase(session.tenant_id):
                await call.unlock_without_asking(tenant)
            else:
                keyring.ask_agent(session)
        except Problem as problem:
            call.out.note(f"{session.tenant_id}: {problem.message}")
            continue
        sessions.append(session)
    return sessions


def _cells(row: HealthRow, due: bool, now: str) -> tuple[str, ...]:
    return (
        row.provider,
        f"{row.credential or '–'}{'' if row.active else ' (not active)'}",
        row.state,
        short_time(row.verified_at, now) or "never" if row.credential else "–",
        f"{row.ms} ms" if row.ms else "–",
        f"{row.median_ms} ms" if row.median_ms else "–",
        f"{row.age_days} d" if row.age_days is not None else "–",
        *([row.due_on or "–"] if due else []),
        f"{row.trial[0]:,} of {row.trial[1]:,}" if row.trial else "–",
        ("one token" if row.billed else "free") if row.credential else "–",
    )


def _shape(row: HealthRow) -> dict[str, Any]:
    return {
        "tenant": row.tenant,
        "provider": row.provider,
        "credential": row.credential or None,
        "active": row.active,
        "state": row.state,
        "verified_at": row.verified_at,
        "ms": row.ms,
        "before_ms": row.before_ms,
        "median_ms": row.median_ms,
        "billed": row.billed,
        "age_days": row.age_days,
        "expires": (row.lifetime.expires if row.lifetime else "") or None,
        "due_on": row.due_on or None,
        "trial": {"left": row.trial[0], "calls": row.trial[1]} if row.trial else None,
        "message": row.problem.message if row.problem else "",
        "hint": problem_hint(row.problem) if row.problem else "",
    }
