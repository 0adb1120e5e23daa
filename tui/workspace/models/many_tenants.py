"""Default models of many tenants: a matrix of them by type, and one change in many tenants."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui.domain import DefaultState, ModelType
from tui.errors import Problem
from tui.tenancy import models
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.workspace.models import defaults
from tui.workspace.models.defaults import DefaultRow


@dataclass(frozen=True)
class MatrixRow:
    """The default models of a tenant, one for each type in order; none where its settings cannot be read."""

    tenant: str
    name: str
    cells: tuple[DefaultRow, ...] = ()
    problem: Problem | None = None

    @property
    def broken(self) -> tuple[DefaultRow, ...]:
        """The cells, and fallbacks in them, whose model is set and cannot be used."""
        rows = [row for cell in self.cells for row in (cell, *cell.fallbacks)]
        return tuple(row for row in rows if row.state not in (DefaultState.READY, DefaultState.NONE))


@dataclass(frozen=True)
class DefaultChange:
    """What a change does to the default of a tenant: its models before and after, in order, or why it cannot be."""

    tenant: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    problem: Problem | None = None

    @property
    def changes(self) -> bool:
        """Whether the tenant's settings differ after it."""
        return self.problem is None and self.before != self.after


def matrix(sessions: Iterable[TenantSession]) -> list[MatrixRow]:
    """Return the default models of tenants."""
    return [_row(session) for session in sessions]


def _row(session: TenantSession) -> MatrixRow:
    try:
        return MatrixRow(session.tenant_id, tenant_of(session).name, tuple(defaults.rows(session)))
    except Problem as problem:
        return MatrixRow(session.tenant_id, session.tenant_id, problem=problem)


async def set_in(
    sessions: Iterable[TenantSession], kind: ModelType, refs: Sequence[str], *, dry_run: bool = False
) -> list[DefaultChange]:
    """Set the default of a type, with its fallbacks, in many tenants; without any reference it is cleared.

    A tenant that cannot take it is left as it is. Nothing is written in a dry run.
    """
    return [await _set_in(session, kind, refs, dry_run=dry_run) for session in sessions]


async def _set_in(session: TenantSession, kind: ModelType, refs: Sequence[str], *, dry_run: bool) -> DefaultChange:
    try:
        tenant_of(session)  # its settings can be read
        current = models.defaults(session).get(kind)
        before = current.refs if current else ()
        after = defaults.check(session, kind, *refs).refs if refs else ()
        if before != after and not dry_run:
            await (defaults.set(session, kind, refs[0], refs[1:]) if refs else defaults.clear(session, kind))
    except Problem as problem:
        return DefaultChange(session.tenant_id, problem=problem)
    return DefaultChange(session.tenant_id, before, after)
