"""`modeldeck default matrix`, and `set` and `clear` with --tenants or --all-tenants."""

from typing import Any

from tui.cli.commands.default.references import refs_of
from tui.cli.commands.tenant.named_tenants import named_sessions
from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.cli.remedies import problem_hint
from tui.domain import DefaultState, ModelType
from tui.errors import Exit
from tui.workspace.models import many_tenants
from tui.workspace.models.defaults import DefaultRow
from tui.workspace.models.many_tenants import DefaultChange, MatrixRow


def matrix(call: CommandContext) -> None:
    """Print the default models of tenants by type, and name the cells that cannot be used."""
    rows = many_tenants.matrix(named_sessions(call))
    if call.out.as_json:
        call.out.json([_shape(row) for row in rows])
        return
    cells = [(row.name, *(map(_cell, row.cells) if row.cells else ("–",) * len(ModelType))) for row in rows]
    call.out.table(("tenant", *(str(kind) for kind in ModelType)), cells)
    for row in rows:
        if row.problem:
            call.out.note(f"{row.tenant}: {row.problem.message}")
        for cell in row.broken:
            call.out.note(
                f"{row.tenant}, {cell.type.label}: {cell.default.ref if cell.default else ''}: {_reason(cell)}."
            )
    broken = sum(len(row.broken) for row in rows)
    call.out.note(f"{count_noun(len(rows), 'tenant')}, {count_noun(broken, 'broken default')}.")


def _cell(row: DefaultRow) -> str:
    if row.default is None:
        return "none"
    mark = "" if row.state is DefaultState.READY else " (!)"
    return f"{row.default.ref}{mark}" + (f" +{len(row.fallbacks)}" if row.fallbacks else "")


def _reason(row: DefaultRow) -> str:
    return row.sentence or str(row.state)


def _shape(row: MatrixRow) -> dict[str, Any]:
    broken = row.broken
    return {
        "tenant": row.tenant,
        "name": row.name,
        "problem": row.problem.message if row.problem else None,
        "defaults": [
            {
                "type": cell.type,
                "model": cell.default.ref if cell.default else None,
                "state": cell.state,
                "sentence": cell.sentence,
                "broken": cell in broken,
                "fallbacks": list(cell.default.fallbacks) if cell.default else [],
            }
            for cell in row.cells
        ],
    }


async def set_in_many(call: CommandContext, kind: ModelType, text: str = "") -> int:
    """Set or clear the default of a type in many tenants; a tenant that cannot take it is named, exit code 1."""
    sessions, dry_run = named_sessions(call), call.args.has("dry-run")
    changes = []
    for session in sessions:
        refs = refs_of(session, kind, text) if text else []
        changes += await many_tenants.set_in([session], kind, refs, dry_run=dry_run)
    failed = sum(change.problem is not None for change in changes)
    if call.out.as_json:
        call.out.json([_change_shape(change) for change in changes])
        return Exit.FAILED if failed else Exit.DONE
    call.out.table(("tenant", "before", "after"), [_change_cells(change) for change in changes])
    for change in changes:
        if change.problem:
            call.out.note(f"{change.tenant}: {change.problem.message} {problem_hint(change.problem)}".strip())
    done = count_noun(sum(change.changes for change in changes), "tenant")
    call.out.note(f"{done} {'would change' if dry_run else 'changed'}, {failed} failed, of {len(changes):,}.")
    return Exit.FAILED if failed else Exit.DONE


def _change_cells(change: DefaultChange) -> tuple[str, str, str]:
    if change.problem:
        return change.tenant, "–", "failed"
    return change.tenant, ", ".join(change.before) or "none", ", ".join(change.after) if change.changes else "unchanged"


def _change_shape(change: DefaultChange) -> dict[str, Any]:
    return {
        "tenant": change.tenant,
        "before": list(change.before),
        "after": list(change.after),
        "changed": change.changes,
        "problem": change.problem.message if change.problem else None,
    }
