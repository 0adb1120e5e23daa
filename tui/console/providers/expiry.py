"""The page that sets when an API key expires and how often it is replaced."""

from collections.abc import Iterable

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.remedies import problem_hint
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain
from tui.domain import Credential
from tui.errors import Problem, UsageError
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials.lifetime import (
    NOTICE,
    Lifetime,
    LifetimeBaseline,
    due_on,
    expiry_of,
    lifetime,
    period_of,
    set_lifetime,
)


class Expiry(PageScreen[str]):
    """Answers with what was set, in a sentence; a blank field takes the date or the period away."""

    def __init__(self, label: str, credential: Credential, terms: Lifetime | None) -> None:
        super().__init__()
        self._label, self._credential = label, credential
        terms = terms or Lifetime()
        self._baseline = LifetimeBaseline(credential, terms)
        self._before = terms.expires, f"{terms.every}d" if terms.every else ""
        self._expires = FieldRow("expires", "Expires", self._before[0], help=("A date such as 2027-01-31, or blank.",))
        self._every = FieldRow(
            "every", "Rotate every", self._before[1], help=("Days or weeks such as 90d or 12w, or blank.",)
        )

    def content(self) -> Iterable[Widget]:
        with Form():
            yield OtherOperators(f"expiry {self._credential.provider} {self._credential.name}")
            yield Plain()
            yield self._expires
            yield self._every
            yield Plain()
            yield Button("Save", id="save", primary=True)

    def chrome(self) -> ScreenText:
        keys = ("field.next", "field.clear") if self.typing else ("form.press",)
        strip = (
            f"The key is named when you unlock the tenant, from {NOTICE} days before its expiry.",
            "Nothing is revoked or disabled automatically.",
        )
        title = f"Providers › {self._label} › {self._credential.name} › expiry"
        return ScreenText(title, (*keys, "focus.next", "page.back"), strip=strip)

    def on_mount(self) -> None:
        self._expires.field.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if self._typed != self._before else ""

    @property
    def _typed(self) -> tuple[str, str]:
        return self._expires.value.strip(), self._every.value.strip()

    def on_input_changed(self) -> None:
        self._expires.show_lines()
        self._every.show_lines()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self) -> None:
        self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        session, (expires, every), row = self.navigator.tenant_session, self._typed, self._expires
        try:
            day = expires and (expires if expires == self._before[0] else expiry_of(expires, session.today()))
            row = self._every
            terms = Lifetime(day, period_of(every) if every else 0)
            place = self._credential.provider, self._credential.name

            async def save(overwrite: bool) -> Credential:
                return await set_lifetime(session, *place, terms, None if overwrite else self._baseline)

            credential = await self.dialogs.over_conflict(save)
        except Problem as problem:
            row = row if isinstance(problem, UsageError) else self._expires
            row.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            row.field.focus()
            return
        if credential is None:
            return
        day = due_on(credential, lifetime(session, credential) or Lifetime())
        due = f"is due on {short_time(day, session.now())}" if day else "is never due"
        self.dismiss(f"The key of {self._label} {credential.name} {due}.")
