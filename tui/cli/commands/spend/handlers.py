"""`modeldeck spend`: sums of the records of requests."""

from tui.cli.context import CommandContext
from tui.cli.inputs import since_time
from tui.tenancy import tenants
from tui.tenancy.session import TenantSession
from tui.workspace.pricing import spend as records
from tui.workspace.pricing.spend import SpendSum


def spend(call: CommandContext) -> None:
    """Print the sums."""
    by, since = call.args.one("by"), since_time(call.args.one("since"))
    if by == "tenant":
        sums = [_tenant_sum(call.session.tenant(tenant_id), since) for tenant_id in tenants.ids(call.session)]
    else:
        sums = records.sums(records.records(call.tenant_session, since), by)
    if call.out.as_json:
        call.out.json([{"name": entry.name, **entry.as_json()} for entry in sums])
        return
    call.out.table(("", "requests", "unpriced", "tokens in", "out", "estimate"), [_row(entry) for entry in sums])
    if call.out.decorated:
        call.out.note("Estimates by the prices of then, not the bill." if sums else "No request is recorded.")


def _tenant_sum(session: TenantSession, since: str) -> SpendSum:
    total = SpendSum(session.tenant_id)
    for entry in records.records(session, since):
        total.add(entry)
    return total


def _row(entry: SpendSum) -> tuple[str, ...]:
    counts = (entry.usage.get(name, 0) for name in ("input", "output"))
    return (entry.name or "all", f"{entry.requests:,}", f"{entry.unpriced:,}", *(f"{n:,}" for n in counts), entry.words)
