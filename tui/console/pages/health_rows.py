"""Rows of the health table: columns that fit the window, and the two lines about a credential."""

from collections.abc import Callable

from textual.content import Content

from tui.console.remedies import problem_hint
from tui.console.widgets.row_list import Draw
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import (
    ACCENT,
    ATTENTION,
    ERROR,
    LOCKED,
    MUTED,
    PROBLEM,
    READY,
    SUCCESS,
    TRIAL,
    UNSET,
    WARNING,
)
from tui.console.widgets.truncate import fit
from tui.domain import VerificationState
from tui.sanitize import one_line
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials.health import HealthRow

_STATE_SYMBOLS = {
    VerificationState.READY: (READY, SUCCESS),
    VerificationState.RESTRICTED: (WARNING, ATTENTION),
    VerificationState.UNVERIFIED: (UNSET, MUTED),
    "trial": (TRIAL, ACCENT),
    "locked": (LOCKED, MUTED),
}
"""State of a row -> its sign; every other state is one that does not work."""

_ALL_COLUMNS_WIDTH = 96
"""Cells from which the date of the check, what is left of a trial, and the price of a check have columns."""

_COLUMNS: tuple[tuple[str, int, bool, Callable[[HealthRow, str], str]], ...] = (
    ("state", 11, False, lambda row, now: row.state),
    ("verified", 10, True, lambda row, now: short_time(row.verified_at, now) or ("never" if row.credential else "–")),
    ("now", 9, False, lambda row, now: _time(row.ms)),
    ("median", 9, False, lambda row, now: _time(row.median_ms)),
    ("age", 7, False, lambda row, now: f"{row.age_days} d" if row.age_days is not None else "–"),
    ("due", 11, False, lambda row, now: row.due_on or "–"),
    ("trial left", 12, True, lambda row, now: trial_words(row) or "–"),
    ("check", 10, True, lambda row, now: ("one token" if row.billed else "free") if row.credential else "–"),
)
"""Heading, cells, whether only a wide window has the column, and its text."""


def row_key(row: HealthRow) -> str:
    """Return a key that is unique among the rows of all tenants."""
    return f"{row.tenant}/{row.provider}/{row.credential}"


def search_text(row: HealthRow, tenant: str, label: str) -> str:
    """Return what a filter looks in: names, ids and the state; `due` finds what has a date."""
    due = "due" if row.due_on else ""
    return f"{tenant} {row.tenant} {label} {row.provider} {row.credential} {row.state} {due}".casefold()


def head(tenants: bool, cells: int) -> Content:
    """Draw the column headings."""
    texts = [heading for heading, _, wide, _ in _COLUMNS if cells >= _ALL_COLUMNS_WIDTH or not wide]
    return _across(("", " "), "tenant" if tenants else "", "credential", texts, cells)


def draw(row: HealthRow, tenant: str, label: str, now: str) -> Draw:
    """Return the function that draws a row; `tenant` is '' in the table of one tenant, `label` the provider's."""
    sign, role = _STATE_SYMBOLS.get(row.state, (WARNING, ERROR))
    name = label if row.credential in ("", "default") else f"{label} {row.credential}"

    def drawn(cells: int) -> Content:
        texts = [text(row, now) for _, _, wide, text in _COLUMNS if cells >= _ALL_COLUMNS_WIDTH or not wide]
        return _across((role, sign), tenant, name, texts, cells)

    return drawn


def _across(sign: tuple[str, str], tenant: str, name: str, texts: list[str], cells: int) -> Content:
    widths = [width for _, width, wide, _ in _COLUMNS if cells >= _ALL_COLUMNS_WIDTH or not wide]
    name_cells = max(12, cells - 2 - sum(widths))
    for_tenant = min(16, name_cells // 2 - 1) if tenant else 0
    parts = f"{fit(one_line(tenant), for_tenant)} " if tenant else ""
    parts += fit(one_line(name), name_cells - (for_tenant + 1 if tenant else 0) - 1, middle=True) + " "
    parts += "".join(fit(text, width - 1) + " " for text, width in zip(texts, widths, strict=True))
    return line((sign[1], sign[0]), f" {parts.rstrip()}")


def strip_of(row: HealthRow, label: str, now: str) -> tuple[Words, Words]:
    """Return two lines about a row: why it does not work, or its last check and what a check costs."""
    if row.problem:
        return line(PROBLEM, row.problem.message), problem_hint(row.problem) or row.problem.detail
    if not row.credential:
        return f"{label}: {trial_words(row)} requests of the trial are left.", "A trial is not verified."
    before = f", {row.before_ms} ms the time before" if row.before_ms and row.ms else ""
    verified = f"verified {short_time(row.verified_at, now)}" if row.verified_at else "never verified"
    cost = "A check is billed as one token." if row.billed else "A check is free."
    used = "" if row.active else "; it is not in use"
    return f"{label} {row.credential}: {verified}{before}{used}.", cost


def trial_words(row: HealthRow) -> str:
    """Return what is left of a trial, such as `38 of 50`; '' without one."""
    return f"{row.trial[0]:,} of {row.trial[1]:,}" if row.trial else ""


def _time(ms: int) -> str:
    return f"{ms:,} ms" if ms else "–"
