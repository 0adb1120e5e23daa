"""Apply the plan of an import to settings that another session saved meanwhile; ask only about what both changed."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import count

from tui.errors import Conflict
from tui.storage.audit_log import AuditEvent
from tui.storage.settings_file import Content
from tui.tenancy import changes
from tui.tenancy.changes import Record, records_by_key
from tui.tenancy.session import Session
from tui.workspace.transfer import import_plan
from tui.workspace.transfer.file_format import Bundle
from tui.workspace.transfer.import_plan import TABLES, Plan, TenantChanged
from tui.workspace.transfer.recorded_chats import OnProgress

TRIES = 5
_UNCOMPARED = frozenset(
    ("envelope", "key_id", "active", "created", "changed", "check", "listed_at", "set_at", "since", "seen", "gone")
)
"""Fields of records that say nothing of what a person entered."""

Place = tuple[str, tuple[str, ...]]
"""A table, and what names a record in it."""


@dataclass(frozen=True)
class MergeResult:
    """A plan for the settings as they are by now.

    Attributes:
        plan: What the file changes in them. What only another session changed stays as it is.
        both: The records that the file and another session changed, with what the other session did to each.
    """

    plan: Plan
    both: Mapping[Place, tuple[AuditEvent, ...]]


class ImportConflict(Conflict):
    """Raised where the file and another session changed the same; `merged` is what to choose from."""

    def __init__(self, merged: MergeResult) -> None:
        super().__init__(
            f"Another session changed the same settings of {merged.plan.tenant.name} as the file.",
            "Nothing was imported.",
        )
        self.merged = merged


async def apply(session: Session, bundle: Bundle, plan: Plan, report: OnProgress = lambda done, of: None) -> Plan:
    """Apply a plan, made anew if another session saved since; return the plan that was applied.

    `report` hears how many recorded chats were added.

    Raises:
        ImportConflict: The file and another session changed the same.
        PlainHttp: The plan has origins in plain http that nobody has allowed.
    """
    for _ in range(TRIES):
        try:
            if plan.changes:
                await import_plan.carry_out(session, plan, report)
            return plan
        except TenantChanged:
            merged = await merge(session, bundle, plan)
        if merged.both:
            raise ImportConflict(merged)
        plan = merged.plan
    await import_plan.carry_out(session, plan, report)
    return plan


async def merge(session: Session, bundle: Bundle, plan: Plan) -> MergeResult:
    """Plan the import anew, and compare what it changes with what another session did since the first plan."""
    fresh = await import_plan.plan(session.tenant(plan.tenant.id), bundle)
    if not set(fresh.plain_http) - set(plan.allowed_http):
        fresh = fresh.allow_plain_http()
    return await asyncio.to_thread(_compare, plan, fresh)


def keep_stored(merged: MergeResult) -> Plan:
    """Return the plan without what another session changed as well."""
    return _keep(merged.plan, merged.both)


def _compare(plan: Plan, fresh: Plan) -> MergeResult:
    both, only_stored = dict[Place, tuple[AuditEvent, ...]](), list[Place]()
    for table in TABLES:
        before, imported, now = (records_by_key(content, table) for content in (plan.before, plan.after, fresh.before))
        for key in imported:
            old, new, present = before.get(key), imported[key], now.get(key)
            if _same(old, present) or _same(new, present):
                continue
            if _same(old, new):
                only_stored.append((table, key))
            else:
                # The audit log's own words for what they did to this one record.
                states: list[Content] = [{table: {"1": dict(record)} if record else {}} for record in (old, present)]
                both[table, key] = tuple(changes.describe_changes(states[0], states[1]))
    return MergeResult(_keep(fresh, only_stored), both)


def _keep(plan: Plan, places: Collection[Place]) -> Plan:
    """Return a plan that leaves some records as they are."""
    after: dict[str, dict[str, Record]] = {}
    for table in TABLES:
        left = {key for name, key in places if name == table}
        imported, present = records_by_key(plan.after, table), records_by_key(plan.before, table)
        numbers = dict(zip(present, plan.before.get(table, {}), strict=True))
        unused = map(str, count(1 + max(map(int, plan.before.get(table, {})), default=0)))
        rows = dict[str, Record]()
        for key, record in imported.items():
            if key in present or key not in left:
                rows[numbers.get(key) or next(unused)] = present[key] if key in left else record
        if table == "credentials":
            # Which one is in use was decided with all of them in sight.
            for number, row in rows.items():
                active = imported[row["provider"], row["name"]].get("active", True)
                rows[number] = {**row, "active": active} if active != row.get("active", True) else row
        after[table] = rows
    content: Content = {**plan.after, **after}  # type: ignore[dict-item]
    return replace(plan, after=content, events=tuple(changes.describe_changes(plan.before, content)))


def _same(one: Record | None, other: Record | None) -> bool:
    """Return True if a person entered the same in both."""
    first, second = (
        {name: value for name, value in record.items() if name not in _UNCOMPARED} if record is not None else None
        for record in (one, other)
    )
    return first == second
