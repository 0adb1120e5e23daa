"""`modeldeck credential due`: API keys that are old enough to be replaced."""

from tui.cli.context import CommandContext
from tui.cli.inputs import whole_number
from tui.cli.output import counted
from tui.errors import Exit, Problem
from tui.tenancy import tenants
from tui.workspace.credentials import health

_DAYS = "90"


def due(call: CommandContext) -> int:
    """Print the credentials whose key is at least so many days old; the exit code says whether there are any."""
    days = whole_number("--days", call.args.one("days", _DAYS), least=1, largest=100_000)
    everyone = call.args.has("all-tenants")
    ids = tenants.ids(call.session) if everyone else [call.tenant.id]
    rows, unreadable = [], False
    for tenant_id in ids:
        try:
            entries = health.rows(call.session.tenant(tenant_id))
        except Problem as problem:
            if not everyone:
                raise
            call.out.note(f"{tenant_id}: {problem.message}")
            unreadable = True
            continue
        rows += [(row, credential) for row, credential in entries if credential and (row.age_days or 0) >= days]
    rows.sort(key=lambda entry: entry[0].age_days or 0, reverse=True)
    if call.out.as_json:
        call.out.json(
            [
                {
                    "tenant": row.tenant,
                    "provider": row.provider,
                    "credential": row.credential,
                    "active": row.active,
                    "changed": credential.changed or credential.created,
                    "age_days": row.age_days,
                }
                for row, credential in rows
            ]
        )
    else:
        call.out.table(
            ("tenant", "provider", "credential", "age"),
            [(row.tenant, row.provider, row.credential, f"{row.age_days:,} d") for row, _ in rows],
        )
        verb = "is" if len(rows) == 1 else "are"
        call.out.note(f"{counted(len(rows), 'API key')} {verb} {days:,} days old or older.")
    return Exit.FAILED if rows or unreadable else Exit.DONE
