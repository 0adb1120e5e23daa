"""Rows of the tenant list: mark and name, state, providers and defaults, last use."""

from collections.abc import Sequence
from functools import partial

from textual.content import Content

from tui.console.frame.chrome import ChromeRow
from tui.console.keys import key_of
from tui.console.widgets.row_list import Item
from tui.console.widgets.static_text import line
from tui.console.widgets.symbols import ERROR, MARK, MARK_COLOURS, MUTED, WARNING, RowState, sign
from tui.console.widgets.truncate import clip_distinct, clip_end, clip_middle, fit
from tui.domain import ModelType
from tui.providers import PROVIDERS
from tui.storage.settings_file import CorruptSettings
from tui.tenancy.timestamps import short_time
from tui.tenancy.trials import TrialBalance
from tui.workspace.tenants import TenantRow

_MARK, _NAME, _STATE, _READY, _DEFAULTS, _TRIAL, _USED = 2, 24, 11, 9, 8, 11, 12
_MIN_NAME = _NAME
"""Least cells of a name; below it, a column at the right is dropped."""

_HEADINGS = ("tenant", "state", "ready", "defaults", "trial left", "last used")
_COLUMN_GAP = 3


class TenantHeading(ChromeRow):
    """Names of the columns. The balance of trials is one only if a tenant has a trial."""

    with_trials = False

    def draw(self, cells: int) -> list[Content]:
        # Without a mark before it, the first heading begins where the marks are.
        names, facts = _widths(cells - _COLUMN_GAP, self.with_trials)
        headings = _HEADINGS[1:] if self.with_trials else (*_HEADINGS[1:4], _HEADINGS[5])
        row = fit(_HEADINGS[0], names + _MARK) + _join_columns(headings, facts)
        return [line(" " * _COLUMN_GAP, (row, MUTED))]


def has_trials(rows: Sequence[TenantRow]) -> bool:
    """Return True if one of the tenants has a trial."""
    return any(row.trial for row in rows)


def tenant_items(rows: Sequence[TenantRow], now: str) -> list[Item]:
    """Return the rows of the list."""
    with_trials = has_trials(rows)
    return [Item(row.id, partial(_draw, row, rows, with_trials, now)) for row in rows]


def _draw(row: TenantRow, among: Sequence[TenantRow], with_trials: bool, now: str, cells: int) -> Content:
    names, widths = _widths(cells, with_trials)
    if row.tenant is None:
        broken, role = sign(RowState.DAMAGED)
        reason = "settings damaged" if isinstance(row.problem, CorruptSettings) else "cannot be read"
        words = clip_end(f"{reason}, {key_of('list.choose')} for details", cells - _MARK - names)
        return line((f"{broken} ", role), fit(clip_middle(row.id, names - 2), names), (words, ERROR))
    facts = (
        "open" if row.open else "locked",
        f"{row.ready} of {len(PROVIDERS) + row.connections}",
        f"{row.defaults} of {len(ModelType)}",
        *((balance(row.trial),) if with_trials else ()),
        short_time(row.last_used, now) or "–",
    )
    name = fit(_clip_name(row, among, names - 2), names)
    return line((MARK, MARK_COLOURS[row.tenant.mark % len(MARK_COLOURS)]), f" {name}", _join_columns(facts, widths))


def _clip_name(row: TenantRow, among: Sequence[TenantRow], cells: int) -> str:
    """Return the cut name, with the key's fingerprint if others would look the same."""
    assert row.tenant is not None
    others = (entry.tenant.name for entry in among if entry.tenant and entry is not row)
    return clip_distinct(row.tenant.name, cells, others, row.tenant.key_id[:4])


def _widths(cells: int, with_trials: bool) -> tuple[int, tuple[int, ...]]:
    """Return the widths of the name and the columns; the last takes the rest of the row."""
    facts: tuple[int, ...] = (_STATE, _READY, _DEFAULTS, *((_TRIAL,) if with_trials else ()), _USED)
    count = len(facts)
    while len(facts) > 1 and cells - _MARK - sum(facts) < _MIN_NAME:
        facts = facts[:-1]
    used = min(cells - _MARK - _NAME - sum(facts[:-1]), 23)
    if len(facts) < count or used < _USED:
        return cells - _MARK - sum(facts) - 1, facts
    return cells - _MARK - sum(facts[:-1]) - used, (*facts[:-1], used)


def _join_columns(texts: Sequence[str], widths: Sequence[int]) -> str:
    """Join the columns; balances and times are aligned right, one cell before the edge."""
    trial = _HEADINGS[1:].index("trial left")
    columns = enumerate(zip(texts[:-1], widths, strict=False))
    row = "".join(fit(text, cells, right=at == trial) for at, (text, cells) in columns)
    return row + (fit(texts[-1], widths[-1] - 1, right=True) if len(widths) == len(texts) else "")


def balance(trial: TrialBalance | None) -> str:
    """Return a trial's balance: `412 of 500`, from the last tenth on `▲ 12`."""
    if trial is None:
        return "–"
    if trial.low:
        return f"{WARNING} {trial.left:,}"
    whole = f"{trial.left:,} of {trial.calls:,}"
    return whole if len(whole) < _TRIAL else f"{trial.left:,}"
