"""Footer keys of the Models screen, the type beside its filter, and what an empty list says."""

from collections.abc import Mapping

from tui.console.keys import hint
from tui.console.models.actions import editable
from tui.console.widgets.truncate import clip_end
from tui.domain import ModelType
from tui.sanitize import one_line
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow

NEXT_TYPE: dict[ModelType | None, ModelType | None] = dict(zip((None, *ModelType), (*ModelType, None), strict=True))
"""Type that is shown -> the one that is shown next; None is all of them."""


def footer(
    row: ModelRow | None, providers: Mapping[str, ProviderRow], *, reading: bool, any_models: bool, leave: str
) -> tuple[str, ...]:
    """Return the footer's entries for the model under the cursor; `leave` is what escape does, '' for nothing."""
    entries = (
        ("list.choose", row and not reading),
        ("models.use", row and row.usable and not row.default),
        ("models.add", not reading),
        ("models.verify", row and row.usable),
        ("models.edit", row and editable(row.model, providers)),
        ("models.remove", row and catalog.removable(row.model)),
        ("models.refresh", not reading),
        ("models.filter", not reading and any_models),
        ("models.type", not reading and any_models),
        ("models.mark", not reading and row),
        (leave, leave),
    )
    return tuple(entry for entry, works in entries if works)


def footer_of_marked(count: int, leave: str) -> tuple[str, ...]:
    """Return the footer's entries while models are marked: what actions on all of them, and how to take marks away."""
    actions = (f"models.{word}: {word} {count:,}" for word in ("use", "verify", "remove"))
    return (*actions, "models.filter", "models.type", "models.mark", "models.mark-all", leave)


def type_note(kind: ModelType | None) -> str:
    """Return which type is shown, for the end of the filter's line."""
    return f"type: {kind.label if kind else 'all'}"


def empty_list(text: str, kind: ModelType | None, any_models: bool) -> tuple[str, str]:
    """Return why the list is empty with that filter and type, and what to do."""
    if not any_models:
        return "No models yet.", hint("{area.providers} sets up a provider; {models.add} adds a hosted model.")
    what = f"{kind.label} model" if kind else "model"
    words = [clip_end(one_line(word), 40) for word in text.split()]
    if not words:
        return f"No {what} yet.", hint("{models.type} shows the next type.")
    return f'No {what} matches "{" ".join(words)}".', hint("{area.escape} clears the filter.")
