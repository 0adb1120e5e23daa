"""`modeldeck tenant copy`: copy a tenant's settings to another tenant or a new one."""

from typing import Any

from tui.cli.commands.transfer.plans import omission_text, plan_for, print_changes
from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.errors import UsageError
from tui.tenancy import tenants
from tui.tenancy.session import TenantSession
from tui.workspace.transfer import copy as copies
from tui.workspace.transfer.import_plan import Plan


async def copy(call: CommandContext) -> None:
    """Copy a tenant with --yes; without it, say what would be copied."""
    source, named = tenants.find(call.session, call.args.one("FROM")), call.args.one("TO")
    target = _existing(call, named)
    if target is not None and target.tenant_id == source.id:
        raise UsageError("A tenant is not copied to itself.", "Name another one, or a new one.")
    secrets = not call.args.has("no-secrets")
    if secrets:
        await call.unlock(source)
    session = call.session.tenant(source.id)
    bundle, omissions = await copies.content_of(session, secrets=secrets)
    plan = await plan_for(call, target, bundle, named, preview=call.args.has("dry-run"))
    confirmed = call.args.has("yes") and not call.args.has("dry-run") and plan.changes
    if confirmed:
        await copies.carry_out(session, bundle, plan, secrets=secrets)
    omissions = (*omissions, *map(omission_text, plan.omissions))
    if call.out.as_json:
        call.out.json(_shape(source.id, plan, omissions, bool(confirmed)))
    else:
        _print_copy(call, source.name, plan, omissions, bool(confirmed))
    if plan.changes and not confirmed and not call.args.has("dry-run"):
        raise UsageError("Nothing was copied.", "Use --yes to copy, --dry-run to see what would change.")


def _existing(call: CommandContext, named: str) -> TenantSession | None:
    """Return the tenant of that name or ID, None for a new one."""
    try:
        return call.session.tenant(tenants.find(call.session, named).id)
    except UsageError:
        tenants.check_name(call.session, named)
        return None


def _print_copy(call: CommandContext, source: str, plan: Plan, omissions: tuple[str, ...], done: bool) -> None:
    name, count = plan.tenant.name, count_noun(len(plan.events), "change")
    into = f"a new tenant, {name}" if plan.new else name
    if not plan.changes:
        call.out.line(f"{name} already has the settings of {source}; there is nothing to copy.")
    elif done:
        call.out.confirm(f"Copied {source} to {into}: {count}.")
    else:
        call.out.line(f"{source} would be copied to {into}: {count}.")
    print_changes(call, plan, omissions)


def _shape(source: str, plan: Plan, omissions: tuple[str, ...], done: bool) -> dict[str, Any]:
    return {
        "from": source,
        "tenant": plan.tenant.id,
        "name": plan.tenant.name,
        "new": plan.new,
        "copied": done,
        "changes": [{"done": event.done, "about": dict(event.about)} for event in plan.events],
        "urls": list(plan.new_urls),
        "lacks": list(omissions),
    }
