"""`modeldeck default show | set | clear`."""

from typing import Any

from tui.cli.commands.default.many_tenants import set_in_many
from tui.cli.commands.default.references import refs_of
from tui.cli.commands.tenant.named_tenants import names_tenants
from tui.cli.context import CommandContext
from tui.domain import Model, ModelType
from tui.tenancy import models
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
        [cells for row in rows for cells in _cells(row)],
    )
    if call.out.decorated and any(row.proposed or row.replacement for row in rows):
        call.out.note("Set one: modeldeck default set TYPE P/MODEL")


def _cells(row: DefaultRow) -> list[tuple[str, str, str]]:
    """Return the cells of a type: of its default, and of each fallback on a line of its own."""
    first = (str(row.type), row.default.ref if row.default else "none", _state(row))
    return [first, *(("  then", other.default.ref, _state(other)) for other in row.fallbacks if other.default)]


def _state(row: DefaultRow) -> str:
    """Format a default model's state, and its suggested replacement."""
    parts = [row.sentence, f"nearest: {row.replacement.ref}" if row.replacement else ""]
    parts += [f"suggested: {row.proposed.ref}" if row.proposed else ""]
    return "; ".join(part for part in parts if part)


def _shape(row: DefaultRow) -> dict[str, Any]:
    return {
        "type": row.type,
        "model": row.default.ref if row.default else None,
        "state": row.state,
        "sentence": row.sentence,
        "set_at": row.default.set_at if row.default else "",
        "nearest": _ref(row.replacement),
        "proposed": _ref(row.proposed),
        "fallbacks": [
            {"model": other.default.ref, "state": other.state, "sentence": other.sentence}
            for other in row.fallbacks
            if other.default
        ],
    }


def _ref(model: Model | None) -> str | None:
    return model.ref if model else None


async def choose(call: CommandContext) -> int:
    """Make a model the default of its type, with the fallbacks behind it."""
    kind = ModelType(call.args.one("TYPE"))
    if names_tenants(call):
        return await set_in_many(call, kind, call.args.one("P/MODEL"))
    session = call.tenant_session
    before = models.defaults(session).get(kind)
    ref, *fallbacks = refs_of(session, kind, call.args.one("P/MODEL"))
    if call.args.has("dry-run"):
        defaults.check(session, kind, ref, *fallbacks)
    else:
        await defaults.set(session, kind, ref, fallbacks)
    then = f" Fallbacks: {', '.join(fallbacks)}." if fallbacks else ""
    dropped = before.fallbacks if before and not fallbacks else ()
    then += f" It has no fallback now; before: {', '.join(dropped)}." if dropped else ""
    shape = {"type": kind, "model": ref, "fallbacks": fallbacks}
    preview = "would be" if call.args.has("dry-run") else "is now"
    call.out.result(shape, f"{ref} {preview} the default {kind.label} model.{then}")
    return 0


async def clear(call: CommandContext) -> int:
    """Leave a type without a default."""
    kind = ModelType(call.args.one("TYPE"))
    if names_tenants(call):
        return await set_in_many(call, kind)
    if not call.args.has("dry-run"):
        await defaults.clear(call.tenant_session, kind)
    sentence = "would be cleared" if call.args.has("dry-run") else "is cleared"
    shape: dict[str, Any] = {"type": kind, "model": None, "fallbacks": []}
    call.out.result(shape, f"The default {kind.label} model {sentence}.")
    return 0
