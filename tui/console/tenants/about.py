"""What is shown about the tenant under the cursor, beside the list in a wide window."""

from collections.abc import Sequence

from tui.console.tenants.rows import balance
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ERROR, HEADING, MARK, MARK_COLOURS, MUTED, sign
from tui.console.widgets.text_viewer import Reader
from tui.console.widgets.truncate import fit
from tui.domain import DefaultState, ProviderState
from tui.errors import Problem
from tui.sanitize import group_fingerprint, one_line
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials import status
from tui.workspace.models import defaults
from tui.workspace.pricing import spend
from tui.workspace.tenants import TenantRow

_LABEL = 15
_NAME = 21


class TenantDetails(Reader):
    """Providers, default models and key pair of a tenant. It takes no focus."""

    DEFAULT_CSS = "TenantDetails { width: 1fr; padding: 0 1; }"
    can_focus = False

    def show_lines(self, lines: Sequence[Words]) -> None:
        """Show the lines about a tenant."""
        self.show(lambda _: lines)


def details(session: TenantSession, row: TenantRow, now: str) -> list[Words]:
    """Return the lines about a tenant: what is set up, which models are the defaults, and its last use."""
    tenant = row.tenant
    if tenant is None:
        return [(row.id, "bold"), line((row.problem.message if row.problem else "", ERROR))]
    lines: list[Words] = [
        line((f"{MARK} ", MARK_COLOURS[tenant.mark % len(MARK_COLOURS)]), (one_line(tenant.name), "bold")),
        "",
        *_facts(row, now),
    ]
    try:
        providers = [entry for entry in status.rows(session) if entry.state is not ProviderState.NOT_SET_UP]
        chosen = defaults.rows(session)
    except Problem as problem:
        return [*lines, "", line((problem.message, ERROR))]
    month, last = spend.month_and_last(session)
    requests = [("This month", spend.month_words(month)), ("Last request", last_request(last, now))]
    lines += [line((f"{label:<{_LABEL}}", MUTED), value) for label, value in requests]
    lines += ["", ("Providers", HEADING)]
    for entry in providers:
        mark, style = sign(entry.state)
        failed = ERROR if style == ERROR else ""
        lines.append(line((mark, style), f" {fit(entry.provider.label, _NAME)} ", (entry.word, failed)))
    lines += [] if providers else [("none set up", MUTED)]
    lines += ["", ("Defaults", HEADING)]
    for default in chosen:
        name = one_line(default.default.ref) if default.default else "none"
        lines.append(line(sign(default.state), f" {fit(default.type.label, _NAME)} ", name))
        if default.sentence and default.state is not DefaultState.READY:
            lines.append(line(" " * (_NAME + 3), (default.sentence, ERROR)))
    return lines


def last_request(last: spend.SpendRecord | None, now: str) -> str:
    """Return when a model was last asked, and which."""
    return f"{short_time(last.at, now)}, {one_line(f'{last.provider}/{last.model}')}" if last else "never"


def _facts(row: TenantRow, now: str) -> list[Words]:
    tenant = row.tenant
    assert tenant is not None
    facts = [
        ("ID", tenant.id),
        ("State", "open" if row.open else "locked"),
        ("Passphrase", "yes" if tenant.protected else "none"),
        ("Key pair", group_fingerprint(tenant.key_id)),
        ("Trial", balance(row.trial)),
        ("Last used", short_time(row.last_used, now) or "never"),
    ]
    return [line((f"{label:<{_LABEL}}", MUTED), value) for label, value in facts]
