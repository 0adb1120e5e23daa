"""Hint strip of the set-up form for the focused field or button."""

from textual.widget import Widget

from tui.console.keys import hint
from tui.console.providers.setup.field import EntryRow
from tui.console.providers.setup.form import SetupForm
from tui.console.providers.setup.local_servers import ports_of
from tui.console.providers.setup.messages import Strip, two_lines
from tui.console.widgets.form import FIELD, Button
from tui.console.widgets.input import LineField, SecretField
from tui.sanitize import one_line
from tui.workspace.credentials.status import ProviderRow


def strip_for(form: SetupForm, focused: Widget | None, now: ProviderRow) -> Strip:
    """Return the hint for the focused field or button."""
    if isinstance(focused, Button):
        which = focused.id or ""
        if which.startswith("server-"):
            server = form.servers[int(which.removeprefix("server-"))]
            names = ", ".join(map(one_line, server.models)) or "no models listed"
            return (
                f"{server.label}: {names}. All are imported.",
                "Nothing leaves this machine. For a server elsewhere, use an https URL.",
            )
        if which == "look":
            return f"Asks {ports_of(form.provider)} of this machine.", "One second each; nothing else is sent."
    if isinstance(focused, LineField):
        row = next((ancestor for ancestor in focused.ancestors if isinstance(ancestor, EntryRow)), None)
        if row is not None and row.owner:
            return "Pasted text never submits a form.", hint("{field.next} goes to the first choice under the field.")
        if isinstance(focused, SecretField):
            return (
                "Pasted text never submits a form. Once verified it is encrypted.",
                "Or say where the key is: ref:pass:PATH, ref:env:NAME, ref:file:/PATH …",
            )
        if len(focused.value) > FIELD:
            return two_lines(focused.value, 74)
    if now.on_trial and now.trial is not None and now.credential is None:
        return (
            f"Source   {now.trial.words}. Your own key replaces the trial.",
            hint("{providers.source} in the list switches back."),
        )
    return "Nothing is saved until it is verified, or you choose to save anyway.", ""
