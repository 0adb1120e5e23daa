"""`modeldeck credential due`: API keys to replace: those that are due, and what a removed operator could read."""

from tui.cli.commands.credential.handlers import lifetime_shape
from tui.cli.context import CommandContext
from tui.cli.inputs import whole_number
from tui.cli.output import count_noun
from tui.domain import Credential
from tui.errors import Exit, Problem
from tui.tenancy import operators, tenants
from tui.workspace.credentials import health
from tui.workspace.credentials.health import HealthRow
from tui.workspace.credentials.lifetime import is_due

_DAYS = "90"


def due(call: CommandContext) -> int:
    """Print the credentials whose key is to be replaced; the exit code says whether there are any."""
    days = whole_number("--days", call.args.one("days", _DAYS), minimum=1, maximum=100_000)
    everyone = call.args.has("all-tenants")
    ids = tenants.ids(call.session) if everyone else [call.tenant.id]
    rows: list[tuple[HealthRow, Credential, str]] = []
    unreadable = False
    for tenant_id in ids:
        try:
            session = call.session.tenant(tenant_id)
            entries = health.rows(session)
            readers = {(entry.provider, entry.name): entry.operator for entry in operators.exposed_credentials(session)}
        except Problem as problem:
            if not everyone:
                raise
            call.out.note(f"{tenant_id}: {problem.message}")
            unreadable = True
            continue
        for row, credential in entries:
            reader = readers.get((row.provider, row.credential), "")
            if credential and (reader or _due(row, credential, days, call.session.today())):
                rows.append((row, credential, reader))
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
                    **lifetime_shape(credential, row.lifetime),
                    "read_by": reader,
                }
                for row, credential, reader in rows
            ]
        )
    else:
        call.out.table(
            ("tenant", "provider", "credential", "age", ""),
            [
                (row.tenant, row.provider, row.credential, f"{row.age_days or 0:,} d", _reason(row, reader))
                for row, _, reader in rows
            ],
        )
        verb = "is" if len(rows) == 1 else "are"
        call.out.note(f"{count_noun(len(rows), 'API key')} {verb} due.")
        if exposed := sum(bool(reader) for _, _, reader in rows):
            call.out.note(f"{count_noun(exposed, 'API key')} to replace, which a removed operator could read.")
    return Exit.FAILED if rows or unreadable else Exit.DONE


def _due(row: HealthRow, credential: Credential, days: int, today: str) -> bool:
    """Return True if a key is due by its own date or period; without one, if it is so many days old."""
    return is_due(credential, row.lifetime, today) if row.lifetime else (row.age_days or 0) >= days


def _reason(row: HealthRow, reader: str) -> str:
    """Return who could read a key, and when it expires or is to be replaced."""
    verb = "expires" if row.lifetime and row.due_on == row.lifetime.expires else "replace by"
    return ", ".join(filter(None, (f"read by {reader}" * bool(reader), f"{verb} {row.due_on}" * bool(row.due_on))))
