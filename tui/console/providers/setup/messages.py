"""Words of the set-up form: what its strip says, what was imported, and how another session's save differs."""

from collections.abc import Sequence
from textwrap import wrap

from textual.widget import Widget

from tui.console.providers.setup.field import EntryRow
from tui.console.providers.setup.form import SetupForm
from tui.console.widgets.form import FIELD, Button
from tui.console.widgets.input import LineField, SecretField
from tui.console.widgets.static_text import Words
from tui.console.widgets.truncate import clip_middle, fit
from tui.domain import Credential, Model
from tui.providers.spec import Field, Provider
from tui.sanitize import one_line
from tui.secret import Secret
from tui.tenancy.timestamps import when
from tui.workspace.credentials.save import Values
from tui.workspace.credentials.status import ProviderRow

Strip = tuple[Words, Words]


def strip_for(form: SetupForm, focused: Widget | None, now: ProviderRow) -> Strip:
    """What is to be known where the focus is."""
    if isinstance(focused, Button):
        which = focused.id or ""
        if which.startswith("server-"):
            server = form.servers[int(which.removeprefix("server-"))]
            names = ", ".join(map(one_line, server.models)) or "no models listed"
            return (
                f"{server.label}: {names}. All are imported.",
                "Nothing leaves this machine. For another one give an https address.",
            )
        if which == "look":
            return "Only ports of this machine are asked, each for one second.", "Nothing else is sent."
    if isinstance(focused, LineField):
        row = next((each for each in focused.ancestors if isinstance(each, EntryRow)), None)
        if row is not None and row.owner:
            return "Pasted text never submits a form.", "enter goes to the first choice under the field."
        if isinstance(focused, SecretField):
            return "Pasted text never submits a form.", "Once accepted it is sealed with this tenant's own key."
        if len(focused.value) > FIELD:
            return two_lines(focused.value, 74)
    if now.on_trial and now.trial is not None and now.credential is None:
        return (
            f"Source   {now.trial.words}. With an own key saved, the own key is used.",
            "o on the list switches back.",
        )
    return "Nothing is saved before it is accepted, or on your word.", ""


def two_lines(text: str, cells: int) -> Strip:
    """A long text cut into two lines."""
    lines = wrap(one_line(text), max(20, cells))
    return lines[0] if lines else "", " ".join(lines[1:])


def imported(listed: Sequence[Model] | None, seconds: float) -> str:
    """`41 models were imported in 1.2 s.`"""
    if listed is None:
        return ""
    were = "model was" if len(listed) == 1 else "models were"
    return f"{len(listed):,} {were} imported in {seconds:.1f} s."


def conflict_lines(provider: Provider, theirs: Credential | None, mine: Values, now: str, who: str = "") -> list[Words]:
    """What another session (`who`) stored, field by field, beside what stands in the form."""
    who = who or "Another session"
    if theirs is None:
        return [f"{who} removed it.", "", "Nothing of this form has been saved."]
    rows: list[Words] = [
        f"  {fit(field.label, 15)}now {fit(there, 22, middle=True)}here: {here}"
        for field in provider.fields
        if (there := _theirs(field, theirs)) != (here := _mine(field, mine))
    ]
    at = when(theirs.changed, now)
    head = f"{who} saved it{f' at {at}' if at else ''}:"
    return [head, "", *rows, "", "Nothing of this form has been saved."]


def theirs_lines(provider: Provider, theirs: Credential | None) -> Strip:
    """What another session stored, for the strip."""
    if theirs is None:
        return "Theirs: removed.", ""
    parts = [f"{each.label} {there}" for each in provider.fields if (there := _theirs(each, theirs)) != "–"]
    return two_lines(f"Theirs: {', '.join(parts)}.", 74)


def _theirs(field: Field, theirs: Credential) -> str:
    if field.secret:
        return f"ends {theirs.hints[field.name]}" if theirs.hints.get(field.name) else "–"
    return theirs.clear.get(field.name, "") or "–"


def _mine(field: Field, mine: Values) -> str:
    value = mine.get(field.name, "")
    if isinstance(value, Secret):
        text = value.reveal()
        return f"a new one, ends {text[-4:]}" if len(text) >= 20 else "a new one"
    if field.secret:
        return "the one that was stored"
    return clip_middle(value or field.default, 24) or "–"
