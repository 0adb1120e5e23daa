"""What is shown about a default model beside the list in a wide window: the model, and who uses it."""

from collections.abc import Sequence

from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ERROR, HEADING, MUTED, sign
from tui.console.widgets.text_viewer import Reader
from tui.domain import ModelType
from tui.sanitize import one_line
from tui.tenancy.connections import provider_of
from tui.tenancy.last_used import last_use
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.models.defaults import DefaultRow
from tui.workspace.pricing import spend

_LABEL = 15

_USERS = {
    ModelType.CHAT: ("modeldeck chat", "Playground › Chat"),
    ModelType.EMBEDDING: ("modeldeck embed", "Playground › Embedding"),
    ModelType.SPEECH2TEXT: ("modeldeck transcribe", "Playground › Speech-to-text"),
}
"""What uses the default model of a type where no other is named."""


class DefaultDetails(Reader):
    """The model under the cursor. It takes no focus."""

    DEFAULT_CSS = "DefaultDetails { width: 1fr; padding: 0 1; }"
    can_focus = False

    def show_lines(self, lines: Sequence[Words]) -> None:
        """Show the lines about a default model."""
        self.show(lambda _: lines)


def details(session: TenantSession, row: DefaultRow) -> list[Words]:
    """Return the lines about the default model of a type, or about the one suggested where there is none."""
    now, default = session.now(), row.default
    model = row.model or (row.proposed if default is None else None)
    facts: list[tuple[str, Words]] = []
    if default is not None:
        mark, style = sign(row.state)
        state = line((mark, style), " ", (str(row.state), ERROR if style == ERROR else ""))
        facts += [("Model", one_line(default.model)), ("State", state)]
        facts += [("Set", short_time(default.set_at, now) or "–")]
    elif model is not None:
        facts += [("Suggested", one_line(model.id))]
    if model is not None:
        facts += [("Provider", provider_of(session, model.provider).label)]
        facts += [("Context", f"{model.context:,} tokens")] if model.context else []
        facts += [("Dimensions", f"{model.dimensions:,}")] if model.dimensions else []
        facts += [("Retired on", model.ends)] if model.ends else []
        month, last = spend.month_and_last(session, model.ref)
        facts += [("This month", spend.month_words(month))]
        facts += [("Last request", short_time(last.at, now) if last else "never")]
    facts += [("Tenant used", short_time(last_use(session), now) or "never")]
    lines: list[Words] = [(f"{row.type.label} model", HEADING), ""]
    lines += [line((f"{label:<{_LABEL}}", MUTED), value) for label, value in facts]
    lines += ["", ("Used by, where no model is named", HEADING)]
    return [*lines, *_USERS[row.type]]
