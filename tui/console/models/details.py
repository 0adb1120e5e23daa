"""Details of a model, beside the list or in its place on a narrow screen."""

from collections.abc import Sequence

from tui.console.models.rows import Sign, name_of, origin_words
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ERROR, MUTED
from tui.console.widgets.text_viewer import Build, Reader
from tui.domain import Default, ModelState, ModelType, ProviderState
from tui.providers.spec import Field
from tui.sanitize import one_line
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models.catalog import ModelRow

_LABEL = 15
_EXTRA_LABELS = {"engine": "Served by", "served_as": "Served as"}
"""Names of what was found out about a model when it was added."""


class ModelDetailsView(Reader):
    """The text of one model. `left` goes back to the list, as escape does."""

    DEFAULT_CSS = "ModelDetailsView { padding: 0; }"

    def show_model(
        self, row: ModelRow | None, sign: Sign, provider: ProviderRow | None, default: Default | None, now: str
    ) -> None:
        """Show a model, or nothing."""
        self.show(details_of(row, sign, provider, default, now) if row else lambda _: ())
        self.action_end(False)


def details_of(row: ModelRow, sign: Sign, provider: ProviderRow | None, default: Default | None, now: str) -> Build:
    """Return the details of a model as lines, for any width."""
    model = row.model
    facts: list[tuple[str, Words]] = [
        ("Model", name_of(model)),
        ("Reference", one_line(model.ref)),
        ("Provider", row.provider_label),
        ("Type", model.type.label),
        ("Origin", origin_words(row, provider, now)),
        ("State", line(sign, " ", (_state(row, provider), sign[1] if sign[1] == ERROR else ""))),
        ("Context", f"{model.context:,} tokens" if model.context else "–"),
    ]
    if model.type is ModelType.EMBEDDING:
        facts.append(("Dimensions", f"{model.dimensions:,}" if model.dimensions else "–"))
    parameters = provider.provider.parameters(model) if provider else ()
    if model.type is ModelType.CHAT and row.usable:
        facts.append(("Takes", ", ".join(parameter.label for parameter in parameters) or "no parameters"))
    known = {entry.name: entry for entry in provider.provider.model_fields} if provider else {}
    entries = [_entry(name, text, known.get(name)) for name, text in model.fields.items() if not _is_data(text)]
    used = f"default for {model.type.label}" if row.default else "not in use"
    if row.default and default and (since := short_time(default.set_at, now)):
        used += f", set {since}"
    facts += [*entries, ("", ""), ("Used by", used)]

    def build(cells: int) -> Sequence[Words]:
        return [part for label, value in facts for part in _fact(label, line(value), cells)]

    return build


def _is_data(text: str) -> bool:
    """Return True for what a provider's code keeps for itself, such as the inputs that a model takes."""
    return text.startswith(("{", "["))


def _entry(name: str, text: str, declared: Field | None) -> tuple[str, str]:
    """Return a field of an added model in words."""
    if declared is None:
        # What the provider told may be long, and nobody filled it in.
        return one_line(_EXTRA_LABELS.get(name, name), 40), one_line(text, 60)
    label = next((choice.label for choice in declared.choices if choice.value == text), text)
    return one_line(declared.label, 40), one_line(label, 300)


def _fact(label: str, value: Words, cells: int) -> list[Words]:
    """Return a label and its value as lines; in a narrow column the value is below."""
    value_cells = cells - _LABEL - 1
    if value_cells < 24:
        return [(label, MUTED), *(line("  ", part) for part in line(value).wrap(max(8, cells - 2)))]
    parts = line(value).wrap(value_cells) or [line("")]
    return [line((f"{label:<{_LABEL}}" if n == 0 else " " * _LABEL, MUTED), part) for n, part in enumerate(parts)]


def _state(row: ModelRow, provider: ProviderRow | None) -> str:
    if row.state is not ModelState.UNUSABLE:
        return row.word
    return f"{row.provider_label}: {provider.state if provider else ProviderState.NOT_SET_UP}"
