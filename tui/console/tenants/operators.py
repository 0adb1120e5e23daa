"""The page of who shares a tenant of a shared store, and the forms that admit and remove an operator."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import bind, hint
from tui.console.pages.text import TextPage
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, FieldRow, Form
from tui.console.widgets.input import SecretField
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ATTENTION, CAUTION, HEADING, MUTED, PROBLEM
from tui.domain import Tenant
from tui.errors import Problem
from tui.sanitize import group_fingerprint, one_line
from tui.secret import Secret
from tui.tenancy import tenants
from tui.tenancy.connections import find_provider
from tui.tenancy.operators import RECOVERY, ExposedCredential, Operator, fingerprint
from tui.tenancy.session import TenantSession
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
        self._unlisted: list[str] = []
        self._exposed: list[ExposedCredential] = []
        self._problem: tuple[Words, Words] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    def changed_elsewhere(self) -> None:
        self._read()

    def chrome(self) -> ScreenText:
        count = len(self._exposed)
        keys, them = ("1 API key", "it") if count == 1 else (f"{count} API keys", "them")
        todo = (
            line(CAUTION, f"{keys} to replace: a removed operator could read {them}."),
            "The list is empty when done.",
        )
        nobody = "Shared with nobody yet.", hint("{operators.admit} admits an operator.")
        share = "Everybody here can open the tenant's API keys.", "Compare fingerprints by telephone or in person."
        strip = self._problem or (todo if count else share if self._operators else nobody)
        actions = () if self.typing else ("operators.admit", *(("operators.remove",) if self._operators else ()))
        first, *rest = self.keys
        title = f"Tenants › {self._tenant.name} › operators"
        return ScreenText(title, (first, *actions, *rest), self.reader.visible_range, strip=strip)

    def _read(self) -> None:
        session = self.navigator.session.tenant(self._tenant.id)
        try:
            self._operators, self._exposed = operators.listing(session), operators.exposed_credentials(session)
        except Problem as problem:
            self._problem = line(PROBLEM, problem.message), problem_hint(problem)
        self.reader.show(self._lines)
        self.refresh_chrome()
        self.run_worker(self._read_unlisted(session), group="unlisted", exclusive=True)

    async def _read_unlisted(self, session: TenantSession) -> None:
        """Ask the database, and not what was read last: whoever writes to it directly sends no notice."""
        with suppress(Problem):  # while the store is away, what was read before stays
            self._unlisted = await asyncio.to_thread(operators.unlisted_members, session)
            self.reader.show(self._lines)

    def _lines(self, cells: int) -> list[Words]:
        session = self.navigator.session.tenant(self._tenant.id)
        lines: list[Words] = ["", (f" Key pair of {self._tenant.name}", HEADING)]
        own = operators.tenant_fingerprint(session)
        lines += [f"   {group_fingerprint(own)}" if own else "   This machine has no private key of it.", ""]
        lines.append((" Operators", HEADING))
        for operator in self._operators:
            lines += _operator_lines(operator)
        if not self._operators:
            lines.append((" none", MUTED))
        if self._unlisted:
            lines += ["", (" Logins that can read the rows, and are no operators: no key is shared", HEADING)]
            lines += [line(" ", CAUTION, (one_line(login, 60), ATTENTION)) for login in self._unlisted]
        if self._exposed:
            lines += ["", (" API keys to replace", HEADING)]
        for entry in self._exposed:
            page = getattr(find_provider(session, entry.provider), "key_page", "") or ""
            name = one_line(f"{entry.provider} {entry.name}")
            lines.append(line(" ", CAUTION, (name, ATTENTION), f"  read by {one_line(entry.operator, 60)}"))
            lines += [line(f"     {page}")] if page else []
        return lines

    def action_admit(self) -> None:
        self.run_guarded(self._open(OperatorForm(self._tenant, ADMIT)), "operators")

    def action_remove(self) -> None:
        if self._operators:
            self.run_guarded(self._open(OperatorForm(self._tenant, REMOVE)), "operators")

    async def _open(self, page: "OperatorForm") -> None:
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
        return [line(f"   {RECOVERY:<{_LOGIN}} recovery text, ", (tested, "" if operator.tested else ATTENTION))]
    digits = group_fingerprint(fingerprint(operator.public_key))
    return [line(f"   {login:<{_LOGIN}} ", (f"added {operator.added}", MUTED)), f"     {digits}"]


@dataclass(frozen=True)
class _Change:
    """What a form does: its words, the field beside the login, and the work that returns what was done."""

    title: str
    about: str
    activity: str
    field: Callable[[], FieldRow]
    work: Callable[[TenantSession, str, str], Awaitable[str]]


class OperatorForm(PageScreen[str]):
    """A form about one operator. It answers with what was done, in a sentence; what was typed stays if it fails."""

    def __init__(self, tenant: Tenant, change: _Change) -> None:
        super().__init__()
        self._tenant, self._change = tenant, change
        self.login = FieldRow("login", "Login", help=("The operator's login in the database.",))
        self.other = change.field()
        self.other.display = tenant.protected or not isinstance(self.other.field, SecretField)
        self.button = Button(change.title.capitalize(), id="do", primary=True)

    def content(self) -> Iterable[Widget]:
        with Form():
            yield OtherOperators("operators", self._tenant.id)
            yield Plain(self._change.about)
            yield self.login
            yield self.other
            yield Plain()
            yield self.button

    def chrome(self) -> ScreenText:
        keys = ("field.next", "field.clear") if self.typing else ("form.press",)
        return ScreenText(f"Tenants › {self._tenant.name} › {self._change.title}", (*keys, "focus.next", "page.back"))

    def on_mount(self) -> None:
        self.login.field.focus()

    def unsaved(self) -> str:
        return "What you typed will be lost." if self.login.value or self.other.value else ""

    def on_input_changed(self) -> None:
        self.login.show_lines()
        self.other.show_lines()

    def on_field_row_next(self) -> None:
        self.focus_next()

    def on_button_pressed(self) -> None:
        if self.button.activity:
            return
        for row in (self.login, self.other):
            if row.display and not row.value.strip():
                row.show_lines(*problem_lines(f"{row.label} is missing."))
                row.field.focus()
                return
        self.run_worker(self._submit(), group="operator", exclusive=True, exit_on_error=False)

    async def _submit(self) -> None:
        session, activity = self.navigator.session.tenant(self._tenant.id), self._change.activity
        try:
            with (
                self.pending_actions.suspend(),
                elapsed(self, lambda passed: self.button.show_progress(activity + passed)),
            ):
                done = await self._change.work(session, self.login.value.strip(), self.other.value)
        except Problem as problem:
            about_login = isinstance(problem, operators.LoginProblem) or not self.other.display
            row = self.login if about_login else self.other
            row.show_lines(*problem_lines(problem.message, problem_hint(problem)))
            row.field.focus()
            return
        finally:
            self.button.show_progress()
            self.refresh_chrome()
        self.navigator.tenant_changed()
        self.dismiss(done)


async def _admit(session: TenantSession, login: str, typed: str) -> str:
    operator, tenant = await operators.admit(session, login, typed), tenants.tenant_of(session)
    return f"{operator.login} is an operator of {tenant.name}, once they run modeldeck operator request again."


async def _remove(session: TenantSession, login: str, typed: str) -> str:
    tenant = tenants.tenant_of(session)
    exposed = await operators.remove(session, login, Secret(typed) if tenant.protected else None)
    keys = f"{len(exposed)} API key{'' if len(exposed) == 1 else 's'} to replace" if exposed else "nothing to replace"
    return f"{login} is no operator of {tenant.name} any more; its key pair is new, {keys}."


ADMIT = _Change(
    "admit an operator",
    """
   The tenant's private key is sealed for the operator's own key pair.
   Whoever can write to the database could have published another one:
   compare the fingerprint by telephone or in person.
""",
    "sealing the private key",
    lambda: FieldRow(
        "fingerprint",
        "Fingerprint",
        help=("They read it to you: modeldeck operator request", "shows it. It is compared with the published one."),
    ),
    _admit,
)
REMOVE = _Change(
    "remove an operator",
    """
   Every API key is encrypted for a new key pair, and deleted from
   earlier states. What the operator has read they can keep: replace the
   API keys on the list, at their providers. Backups and logs of the
   database keep what they have.
""",
    "encrypting every API key for a new key pair",
    lambda: FieldRow("passphrase", "Passphrase", secret=True, help=("That of the tenant's key pair.",)),
    _remove,
)
