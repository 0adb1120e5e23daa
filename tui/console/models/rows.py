"""Rows of the model list: signs, columns, hint strip, and a filter fast enough for thousands."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial

from textual.content import Content

from tui.console.keys import hint
from tui.console.widgets.filter_bar import matching
from tui.console.widgets.row_list import Draw, Lazy
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, ERROR, MUTED, READY, SUCCESS, UNSET, WARNING
from tui.console.widgets.truncate import clip_middle, fit, width
from tui.domain import ImportMode, Model, ModelState, ModelType, Origin, ProviderState
from tui.sanitize import one_line
from tui.tenancy.timestamps import at, short_time
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models.catalog import ModelRow

STRIP = 77
"""Cells of a line of the strip at 80 columns."""

Sign = tuple[str, str]
DrawRow = Callable[[ModelRow, Sign, int], Content]
"""(row, its sign, cells) -> the row's text."""


def row_key(model: Model) -> str:
    """Return a key that is unique among a tenant's models."""
    return f"{model.provider}/{model.type}/{model.id}"


def name_of(model: Model) -> str:
    """Return the model's ID on one line."""
    return one_line(model.id) or "(unnamed)"


def short_name(model: Model) -> str:
    """Return the model's ID for a sentence, short enough for a toast."""
    return clip_middle(name_of(model), 60)


class ModelList:
    """The models of a tenant, prepared for drawing and for filtering at each key press."""

    def __init__(
        self, rows: Sequence[ModelRow], providers: Mapping[str, ProviderRow], draw: DrawRow | None = None
    ) -> None:
        self.rows = rows
        self.providers = providers
        self.by_key = {row_key(row.model): row for row in rows}
        self._draw = draw or draw_row
        # Flat lists of texts: with many objects, Python's garbage collection takes too long.
        self._keys = list(self.by_key)
        self._kinds = [row.model.type for row in self.by_key.values()]
        self._words = list(self._words_of_all())

    def __len__(self) -> int:
        return len(self._keys)

    def draw_model(self, key: str) -> Draw:
        """Return the function that draws the row of a model."""
        row = self.by_key[key]
        return partial(self._draw, row, self.sign(row))

    def items(self, keys: Sequence[str]) -> Lazy:
        """Return the rows of those models."""
        return Lazy(keys, lambda n: self.draw_model(keys[n]))

    def sign(self, row: ModelRow) -> Sign:
        """Return the sign of a model's state, with its color."""
        if row.state is ModelState.READY or (row.state is ModelState.ENDING and not row.ends_soon):
            return READY, SUCCESS
        if row.state is ModelState.ENDING:
            return WARNING, ATTENTION
        if row.state is ModelState.UNUSABLE and self.provider_state(row) is ProviderState.NOT_SET_UP:
            return UNSET, MUTED
        return WARNING, ERROR

    def provider_state(self, row: ModelRow) -> ProviderState:
        """Return the state of the model's provider."""
        provider = self.providers.get(row.model.provider)
        return provider.state if provider else ProviderState.NOT_SET_UP

    def _words_of_all(self) -> Iterator[str]:
        """Yield what each model is found by; that of many in a row is the same but for the ID."""
        before, end = None, ""
        for row in self.by_key.values():
            model = row.model
            same = (row.provider_label, model.type, model.origin, row.word, model.provider)
            if same != before:
                before, state = same, "" if row.usable else f" {self.provider_state(row)}"
                end = f" {row.provider_label} {model.type.label} {model.origin} {row.word}{state}".casefold()
            yield model.id.casefold() + end

    def matching(self, text: str, kind: ModelType | None = None) -> list[str]:
        """Return the keys of the models of that type with all words of the text, in any order."""
        matches = matching(self._words, text)
        if kind is None:
            return self._keys if len(matches) == len(self) else [self._keys[n] for n in matches]
        return [self._keys[n] for n in matches if self._kinds[n] is kind]


# --- columns ----------------------------------------------------------------------------------------------------------


def columns(cells: int) -> tuple[int, int, int, int]:
    """Return the widths of model, provider, type and context in `cells`; 0 for a column without room."""
    if cells >= 73:
        provider = min(17, cells - 60)
        return min(45, cells - 29 - provider), provider, 16, 7
    if cells >= 56:
        return 23, 13, 16, 0
    return (cells - 20, 0, 16, 0) if cells >= 44 else (cells - 2, 0, 0, 0)


def draw_row(row: ModelRow, sign: Sign, cells: int) -> Content:
    """Draw a row of the list of models."""
    model = row.model
    return _row_content(sign, name_of(model), row.provider_label, model.type.label, short_tokens(model.context), cells)


def head(cells: int) -> Content:
    """Draw the column headings."""
    drawn = _row_content((" ", ""), "", "provider", "type", "context", cells).plain
    return line("model" + drawn.ljust(5)[5:])


def _row_content(sign: Sign, name: str, provider: str, kind: str, context: str, cells: int) -> Content:
    for_name, for_provider, for_kind, for_context = columns(cells)
    gap = "  " if for_context else " "
    text = fit(name, for_name, middle=True)
    text += gap + fit(provider, for_provider) if for_provider else ""
    text += gap + fit(kind, for_kind) if for_kind else ""
    text += fit(context, for_context, right=True) if for_context else ""
    return line(sign, f" {text.rstrip()}")


def short_tokens(tokens: int) -> str:
    """Format a token count in a few cells: `8k`, `128k`, `1M`; '' if it is unknown."""
    if tokens < 1_000:
        return str(tokens or "")
    if tokens < 1_000_000:
        return f"{tokens // 1_000 if tokens % 1_000 == 0 else max(1, round(tokens / 1_024))}k"
    return f"{tokens / 1_000_000:.1f}".removesuffix(".0") + "M"


# --- sentences --------------------------------------------------------------------------------------------------------


def origin_words(row: ModelRow, provider: ProviderRow | None, now: str) -> str:
    """Return how the model got into the list: `added by hand`, `imported at 14:02`."""
    if row.model.origin is Origin.ADDED:
        return "added by hand"
    if provider and provider.provider.list_models is None:
        return "from the built-in list"
    listed = at(provider.credential.listed_at, now) if provider and provider.credential else ""
    return f"imported {listed}".rstrip()


def size_words(model: Model) -> str:
    """Return the model's context and dimensions, as far as known."""
    if model.type is ModelType.EMBEDDING:
        parts = [f"{model.dimensions:,} dimensions"] if model.dimensions else []
        parts += [f"{model.context:,} tokens a text"] if model.context else []
        text = ", ".join(parts)
        return text[:1].upper() + text[1:] + "." if text else ""
    return f"{model.context:,} tokens of context." if model.context else ""


def sentences(row: ModelRow, provider: ProviderRow | None, now: str, nearest: Model | None = None) -> tuple[str, str]:
    """Return two sentences about a model: its origin and use; its state or size."""
    model, label = row.model, row.provider_label
    serves = f"The default {model.type.label} model." if row.default else "Not a default."
    first = f"{label}, {origin_words(row, provider, now)}. {serves}"
    if row.state is ModelState.GONE:
        since = short_time(model.gone, now)
        reason = f"{label} no longer lists it since {since}." if model.gone else f"{label} retired it on {model.ends}."
        return f"{reason} {serves}", f"Nearest: {name_of(nearest)}." if nearest else "Requests to it fail."
    if row.state is ModelState.UNUSABLE:
        state = provider.state if provider else ProviderState.NOT_SET_UP
        return first, f"{label} cannot be used: {state}. {hint('{area.providers} shows it.')}"
    if row.state is ModelState.ENDING:
        return first, f"{label} retires it on {model.ends}. {size_words(model)}".rstrip()
    known = provider.provider if provider else None
    if (
        known
        and known.list_models is None
        and known.import_mode is not ImportMode.ADDED
        and model.origin is Origin.IMPORTED
    ):
        as_of = _long_date(known.catalogue_as_of)
        return (
            first,
            f"{label} can't list its models; this is its list as of {as_of}. {hint('{models.add} adds others.')}",
        )
    return first, size_words(model)


def strip_of(name: str, texts: tuple[str, str], cells: int) -> tuple[Words, Words]:
    """Return the strip's two lines; a name that is cut in its row (more cells than `room`) is in full."""
    if width(name) <= cells:
        return texts
    if width(name) <= STRIP:
        return name, " ".join(entry for entry in texts if entry)
    head = next(n for n in range(len(name), 0, -1) if width(name[:n]) <= STRIP)
    return name[:head], name[head:]


def _long_date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%b %Y}"
