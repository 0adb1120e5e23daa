"""The page of who shares a tenant of a shared store, and the forms that admit and remove an operator."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.pages.text import TextPage
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ATTENTION, CAUTION, HEADING, MUTED, PROBLEM
from tui.domain import Tenant
from tui.errors import Problem
from tui.sanitize import grouped, one_line
from tui.secret import Secret
from tui.tenancy.connections import find_provider
from tui.tenancy.operators import RECOVERY, Exposed, Operator, fingerprint
from tui.workspace import operators

_LOGIN = 20


class OperatorsPage(TextPage):
    """Operators with their fingerprints, and the API keys to replace that a removed one could read."""

    FIND = "operators.find"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind(FIND, "find"),
        bind("operators.admit", "admit"),
        bind("operators.remove", "remove"),
    ]

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self._tenant = tenant
        self._operators: list[Operator] = []
        self._exposed: list[Exposed] = []
        self._problem: tuple[Words, Words] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def changed_elsewhere(self) -> None:
        self._read()

    def chrome(self) -> ScreenText:
        count = len(self._exposed)
        keys = f"{count} API key{'' if count == 1 else 's'}"
        todo = line(CAUTION, f"{keys} to replace: a removed operator could read them."), "The list is empty when done."
        nobody = "Shared with nobody yet.", hint("{operators.admit} admits an operator.")
        share = "Everybody here can open the tenant's API keys.", "Compare fingerprints by telephone or in person."
        strip = self._problem or (todo if count else share if self._operators else nobody)
        acts = () if self.typing else ("operators.admit", *(("operators.remove",) if self._operators else ()))
        first, *rest = self.keys
        title = f"Tenants › {self._tenant.name} › operators"
        return ScreenText(title, (first, *acts, *rest), self.reader.place, strip=strip)

    def _read(self) -> None:
        session = self.navigator.session.tenant(self._tenant.id)
        try:
            self._operators, self._exposed = operators.listing(session), operators.exposed(session)
        except Problem as problem:
            self._problem = line(PROBLEM, problem.message), problem_hint(problem)
        self.reader.show(self._lines)
        self.refresh_chrome()

    def _lines(self, cells: int) -> list[Words]:
        session = self.navigator.session.tenant(self._tenant.id)
        lines: list[Words] = ["", (f" Key pair of {self._tenant.name}", HEADING)]
        own = operators.tenant_fingerprint(session)
        lines += [f"   {grouped(own)}" if own else "   This machine has no private key of it.", ""]
        lines.append((" Operators", HEADING))
        for operator in self._operators:
            lines += _operator_lines(operator)
        if not self._operators:
            lines.append((" none", MUTED))
        if self._exposed:
            lines += ["", (" API keys to replace", HEADING)]
        for entry in self._exposed:
            page = getattr(find_provider(session, entry.provider), "key_page", "") or ""
            name = one_line(f"{entry.provider} {entry.name}")
            lines.append(line(" ", CAUTION, (name, ATTENTION), f"  read by {one_line(entry.operator, 60)}"))
            lines += [line(f"     {page}")] if page else []
        return lines

    def action_admit(self) -> None:
        self.run_guarded(self._open(AdmitOperator(self._tenant)), "operators")

    def action_remove(self) -> None:
        if self._operators:
            self.run_guarded(self._open(RemoveOperator(self._tenant)), "operators")

    async def _open(self, page: "AdmitOperator | RemoveOperator") -> None:
        if not await self.dialogs.ensure_unlocked("change its operators"):
            return
        if done := await self.app.push_screen_wait(page):
            self.dialogs.toast(done)
        self._read()

    def show_problem(self, problem: Problem) -> None:
        self._problem = line(PROBLEM, problem.message), problem_hint(problem)
        self.refresh_chrome()


def _operator_lines(operator: Operator) -> list[Words]:
    """Return login and date, then the fingerprint to compare; a planted entry has none that counts."""
    login = one_line(operator.login, 60)
    if operator.planted:
        return [line(" ", PROBLEM, f"{login}: planted in the database. No key is shared with it.")]
    if operator.login == RECOVERY:
        tested = f"tested {operator.tested}" if operator.tested else "not tested yet"
        return [line(f"   {'recovery text':<{_LOGIN}} ", (tested, "" if operator.tested else ATTENTION))]
    digits = grouped(fingerprint(operator.public_key))
    return [line(f"   {login:<{_LOGIN}} ", (f"added {operator.added}", MUTED)), f"     {digits}"]


class _OperatorForm(PageScreen[str]):
    """A form about one operator. It answers with what was done, in a sentence; what was typed stays if it fails."""

    TITLE_WORD = ""
    DOING = ""
    ABOUT = ""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__()
        self._tenant = tenant
        self.login = FieldRow("login", "Login", help=("The operator's login in the database.",))
        self.button = Button(self.TITLE_WORD.capitalize(), id="do", primary=True)

    def fields(self) -> Iterable[FieldRow]:
        """Return the rows of the form."""
        raise NotImplementedError

    async def run(self) -> str:
        """Do it; return what was done."""
        raise NotImplementedError

    def content(self) -> Iterable[Widget]:
        with Form():
            yield Plain(self.ABOUT)
            yield from self.fields()
            yield Plain()
            yield self.button

    def chrome(self) -> ScreenText:
        keys = ("field.next", "field.clear") if self.typing else ("form.press",)
        return ScreenText(f"Tenants › {self._tenant.name} › {self.TITLE_WORD}", (*keys, "focus.next", "page.back"))

    def on_mount(self) -> None:
        self.login.field.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if any(row.value for row in self.query(FieldRow)) else ""

    def on_input_changed(self) -> None:
        for row in self.query(FieldRow):
            row.say()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self) -> None:
        if self.button.doing:
            return
        for row in self.query(FieldRow):
            if row.display and not row.value.strip():
                row.say(*problem_lines(f"{row.label} is missing."))
                row.field.focus()
                return
        self.run_worker(self._work(), group="operator", exclusive=True, exit_on_error=False)

    async def _work(self) -> None:
        row = list(self.query(FieldRow))[-1] if not self.typing else self.login
        try:
            with self.pending_actions.slow(), elapsed(self, lambda passed: self.button.work(self.DOING + passed)):
                done = await self.run()
        except Problem as problem:
            row.say(*problem_lines(problem.message, problem_hint(problem)))
            row.field.focus()
            return
        finally:
            self.button.work()
            self.refresh_chrome()
        self.dismiss(done)


class AdmitOperator(_OperatorForm):
    """Shares a tenant with an operator, whose fingerprint a person compared."""

    TITLE_WORD = "admit an operator"
    ABOUT = """
   The tenant's private key is sealed for the operator's own key pair.
   Whoever can write to the database could have published another one:
   compare the fingerprint by telephone or in person.
"""
    DOING = "sealing the private key"

    def fields(self) -> Iterable[FieldRow]:
        yield self.login
        under = ("They read it to you: modeldeck operator request", "shows it. It is compared with the published one.")
        self.fingerprint = FieldRow("fingerprint", "Fingerprint", help=under)
        yield self.fingerprint

    async def run(self) -> str:
        session = self.navigator.session.tenant(self._tenant.id)
        operator = await operators.admit(session, self.login.value.strip(), self.fingerprint.value)
        return (
            f"{operator.login} is an operator of {self._tenant.name}, once they run modeldeck operator request again."
        )


class RemoveOperator(_OperatorForm):
    """Takes a tenant from an operator: a new key pair, and a list of API keys to replace."""

    TITLE_WORD = "remove an operator"
    ABOUT = """
   Every API key is encrypted for a new key pair, and deleted from
   earlier states. What the operator has read they can keep: replace the
   API keys on the list, at their providers. Backups and logs of the
   database keep what they have.
"""
    DOING = "encrypting every API key for a new key pair"

    def fields(self) -> Iterable[FieldRow]:
        yield self.login
        self.passphrase = FieldRow("passphrase", "Passphrase", secret=True, help=("That of the tenant's key pair.",))
        self.passphrase.display = self._tenant.protected
        yield self.passphrase

    async def run(self) -> str:
        session, login = self.navigator.session.tenant(self._tenant.id), self.login.value.strip()
        passphrase = Secret(self.passphrase.value) if self._tenant.protected else None
        exposed = await operators.remove(session, login, passphrase)
        self.navigator.tenant_changed()
        left = (
            f"{len(exposed)} API key{'' if len(exposed) == 1 else 's'} to replace" if exposed else "nothing to replace"
        )
        return f"{login} is no operator of {self._tenant.name} any more; its key pair is new, {left}."
