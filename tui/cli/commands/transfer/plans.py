"""Make the plan of an import, and say what it changes."""

import asyncio
import sys
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.output import count_noun, is_terminal
from tui.cli.remedies import problem_hint
from tui.errors import Conflict, Problem, UsageError
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import TenantSession
from tui.workspace import audit
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.transfer import import_merge, import_plan
from tui.workspace.transfer.file_format import Bundle
from tui.workspace.transfer.import_plan import Plan


async def plan_for(
    call: CommandContext, session: TenantSession | None, bundle: Bundle, named: str, *, preview: bool = False
) -> Plan:
    """Return the plan of an import into a tenant, or into a new one of that name without a session.

    With `preview`, no passphrase is asked for a new tenant, and the plan is not to be carried out.

    Raises:
        PlainHttp: It has addresses in plain http, and --allow-http is missing.
    """
    if session is not None:
        await call.unlock(tenant_registry.tenant_of(session))
        plan = await import_plan.plan(session, bundle)
    else:
        chosen = not preview and call.args.has("yes") and (call.secret_input.has_source or is_terminal(sys.stdin))
        new = call.secret_input.new_passphrase("New passphrase of the tenant (blank for none): ") if chosen else None
        plan = await import_plan.plan_new(call.session, bundle, named, new or None)
    if plan.plain_http and not call.args.has("allow-http"):
        raise PlainHttp("", plan.plain_http)
    return plan.allow_plain_http()


def plan_shape(plan: Plan, done: bool) -> dict[str, Any]:
    """Return the keys of `--json`; those of another program's file are filled in by `import_keys`."""
    return {
        "tenant": plan.tenant.id,
        "name": plan.tenant.name,
        "new": plan.new,
        "imported": done,
        "changes": [{"done": event.done, "about": dict(event.about)} for event in plan.events],
        "urls": list(plan.new_urls),
        "lacks": [omission_text(omission) for omission in plan.omissions],
        "chats": len(plan.chats),
        "format": "modeldeck",
        "keys": [],
        "shredded": False,
    }


def print_plan(call: CommandContext, plan: Plan, done: bool) -> None:
    """Print what a plan changes, or has changed."""
    name, count = plan.tenant.name, plan.words
    into = f"a new tenant, {name}" if plan.new else name
    if not plan.changes:
        call.out.line(f"{name} already matches the file; there is nothing to import.")
    elif done:
        call.out.confirm(f"Imported into {into}: {count}.")
    else:
        call.out.line(f"Would be imported into {into}: {count}.")
    print_changes(call, plan, tuple(map(omission_text, plan.omissions)))


def print_changes(call: CommandContext, plan: Plan, omissions: tuple[str, ...]) -> None:
    """Print each change and new URL of a plan, and what it lacks."""
    for event in plan.events:
        call.out.line(f"  {audit.words(event)}")
    if plan.chats:
        call.out.line(f"  {count_noun(len(plan.chats), 'recorded chat')} added")
    for url in plan.new_urls:
        call.out.line(f"  new URL: {url}")
    for omission in omissions:
        call.out.note(omission)


def omission_text(omission: Problem) -> str:
    """Return a problem as sentences on one line."""
    return f"{omission.message} {problem_hint(omission)}".strip()


def require_consent(call: CommandContext, plan: Plan, done: bool) -> None:
    """Raise UsageError if a plan has changes that were neither made nor only to be shown."""
    if plan.changes and not done and not call.args.has("dry-run"):
        raise UsageError("Nothing was imported.", "Use --yes to import, --dry-run to see what would change.")


async def apply_plan(call: CommandContext, bundle: Bundle, plan: Plan) -> Plan:
    """Apply a plan to the settings as they are by now; return the plan that was applied.

    Stopped while its chats are added, those that were added stay.

    Raises:
        Conflict: Another session changed what the file changes, too.
    """

    def show_progress(done: int, of: int) -> None:
        call.out.progress(f"Adding chats: {done:,} of {of:,}")

    try:
        return await import_merge.apply(call.session, bundle, plan, show_progress)
    except asyncio.CancelledError:
        call.out.end_progress()
        call.out.note("■ Stopped; what was imported stays. The same command continues.")
        raise
    except import_merge.ImportConflict as problem:
        other_changes = [audit.words(event) for events in problem.merged.both.values() for event in events]
        raise Conflict(
            problem.message, f"{problem.hint} Run it again to overwrite: {'; '.join(other_changes)}."
        ) from None
    finally:
        call.out.end_progress()
