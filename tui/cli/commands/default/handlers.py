"""`modeldeck default show | set | clear`."""

from typing import Any

from tui.cli.context import CommandContext
from tui.domain import Model, ModelType
from tui.workspace.models import defaults
from tui.workspace.models.defaults import DefaultRow


def show(call: CommandContext) -> None:
    """Print the default model of each type, its state, and suggestions."""
    rows = defaults.rows(call.tenant_session)
    if call.out.as_json:
        call.out.json([_shape(row) for row in rows])
        return
    call.out.table(
        ("type", "default model", "state"),
        [(row.type, row.default.ref if row.default else "none", _state(row)) for row in rows],
    )
    if call.out.decorated and any(row.proposed or row.nearest for row in rows):
        call.out.note("Set one: modeldeck default set TYPE P/MODEL")


def _state(row: DefaultRow) -> str:
    """Format a default model's state, and its suggested replacement."""
    parts = [row.sentence, f"nearest: {row.nearest.ref}" if row.nearest else ""]
    parts += [f"suggested: {row.proposed.ref}" if row.proposed else ""]
    return "; ".join(part for part in parts if part)


def _shape(row: DefaultRow) -> dict[str, Any]:
    return {
        "type": row.type,
        "model": row.default.ref if row.default else None,
        "state": row.state,
        "sentence": row.sentence,
        "set_at": row.default.set_at if row.default else "",
        "nearest": _ref(row.nearest),
        "proposed": _ref(row.proposed),
    }


def _ref(model: Model | None) -> str | None:
    return model.ref if model else None


async def choose(call: CommandContext) -> None:
    """Make a model the default of its type."""
    kind, ref = ModelType(call.args.one("TYPE")), call.args.one("P/MODEL")
    await defaults.set(call.tenant_session, kind, ref)
    call.out.result({"type": kind, "model": ref}, f"{ref} is now the default {kind.label} model.")


async def clear(call: CommandContext) -> None:
    """Leave a type without a default."""
    kind = ModelType(call.args.one("TYPE"))
    await defaults.clear(call.tenant_session, kind)
    call.out.result({"type": kind, "model": None}, f"Cleared the default {kind.label} model.")
