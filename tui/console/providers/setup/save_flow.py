"""How a set-up form becomes a stored credential: ask the provider, settle what stands in the way, seal and save."""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from tui.console.providers.setup.field import EntryRow
from tui.console.providers.setup.form import SetupForm
from tui.console.providers.setup.messages import conflict_lines, imported, theirs_lines, two_lines
from tui.console.screen import PageScreen, problem_lines
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button
from tui.console.widgets.static_text import Words
from tui.domain import Credential, Model, VerificationResult, VerificationState
from tui.errors import CredentialRejected, Locked, NetworkError, Problem, UsageError
from tui.providers.origins import host_of
from tui.providers.spec import Provider
from tui.tenancy import credentials, keyring
from tui.tenancy.timestamps import when
from tui.workspace import tenants
from tui.workspace.credentials import paste, rotation
from tui.workspace.credentials import save as save_credential
from tui.workspace.credentials import verify as verification
from tui.workspace.credentials.save import DEFAULT_NAME, Conflict, FieldProblem, PlainHttp, Values, same_content
from tui.workspace.credentials.verify import Verified
from tui.workspace.models import defaults

Result = TypeVar("Result")


class Saving(PageScreen[bool]):
    """A page with a set-up form. What was typed stays in it until it is saved."""

    def __init__(self, provider: Provider, name: str = DEFAULT_NAME) -> None:
        super().__init__()
        self.provider = provider
        self.called = name
        """The credential that is set up, '' for a new one that is named in the form."""
        self.stored: Credential | None = None
        """It, as it was when the form was filled from it."""
        self.asking = False
        self.changed_meanwhile = False
        self.outcome: tuple[Words, Words] | None = None
        """What the strip says of the last answer."""
        self._known: Verified | None = None
        self._check = VerificationResult()
        self._values: Values = {}
        self._allowed: tuple[str, ...] = ()
        self._rotates = False
        """Whether the stored key is to be kept beside the new one."""

    @property
    def form(self) -> SetupForm:
        return self.query_one(SetupForm)

    @property
    def _asked(self) -> str:
        """The host that is asked, of several the first."""
        origins = self.form.origins(self._values)
        return host_of(origins[0]) if origins else self.provider.label

    @property
    def _credential(self) -> str:
        return self.called or self.form.new_name

    def forget_outcome(self) -> None:
        """Something was changed: what the provider said was about something else."""
        if self.outcome or self._known or self._check != VerificationResult() or self.form.noticed:
            self._known, self._check, self.outcome = None, VerificationResult(), None
            self.form.offer(again=False)
            self.form.notice()

    def stop(self) -> None:
        """Stop asking; nothing is saved."""
        self.workers.cancel_group(self, "ask")

    # --- asking ---

    def ask(self, which: str, values: Values) -> None:
        """Ask the provider about these values and save them if it accepts them; `which` button was pressed."""
        self._values, self._check, self._known, self.outcome = values, VerificationResult(), None, None
        self._rotates = which == "rotate"
        self.form.notice()
        self.work(self._verify_and_save(which))

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in the background; what goes wrong is said where it concerns."""

        async def guarded() -> None:
            try:
                await work
            except Problem as problem:
                self._explain(problem)

        self.run_worker(guarded(), group="ask", exclusive=True, exit_on_error=False)

    @contextmanager
    def at_work(self, which: str, doing: str) -> Iterator[None]:
        """Show in the button's place what is being done; escape stops it, and what was typed stays."""
        form, button = self.form, self.form.query_one(f"#{which}", Button)
        self.asking = True
        form.hold(True)
        try:
            with elapsed(self, lambda passed: button.work(doing + passed)):
                self.refresh_chrome()
                yield
        except CancelledError:
            self.outcome = ("Stopped. Nothing was saved; what was typed is still here.", "")
            raise
        finally:
            self.asking = False
            form.hold(False)
            button.work()
            self.refresh_chrome()

    async def _verify_and_save(self, which: str) -> None:
        if self._rotates and not await self._willing(self._rotatable):
            return
        began = monotonic()

        async def verify() -> Verified:
            with self.at_work(which, f"asking {self._asked}"):
                return await verification.verify(
                    self.app.tenant_session,
                    self.provider.id,
                    self._values,
                    name=self._credential,
                    plain_http=self._allowed,
                )

        try:
            verified = await self._willing(verify)
        except (UsageError, Locked):
            raise
        except Problem as problem:
            self._explain_failed_check(problem, which)
            return
        if verified is None:
            return
        self.form.offer(again=False)
        self._check = verified.check
        self._values = {**self._values, **verified.region_fields}
        if verified.note:
            self.app.toast(verified.note)
        if verified.check.state is VerificationState.RESTRICTED or verified.listed == ():
            self._known = verified
            self._weigh(verified)
        else:
            await self._save(verified.check, verified.listed, monotonic() - began)

    async def _rotatable(self) -> Credential:
        held = rotation.rotatable(self.app.tenant_session, self.provider.id, self._credential)
        rotation.differs(self.app.tenant_session, held, self._values)
        return held

    def _weigh(self, verified: Verified) -> None:
        """The key is good, and yet something is in the way: the operator decides."""
        check = verified.check
        if check.state is VerificationState.RESTRICTED:
            self.form.notice(*problem_lines(check.message, check.hint))
        else:
            said = problem_lines("It answers, but lists no models.", "Save, then add one by its name with a.")
            self.form.notice(*said)
        self.form.offer(again=True, anyway="Save, and add models by hand")
        self.form.query_one("#anyway").focus()
        self.outcome = self._answer(check.detail)
        self.refresh_chrome()

    def _answer(self, detail: str) -> tuple[Words, Words] | None:
        at = when(self.app.session.now(), self.app.session.now())
        return two_lines(f"Answer of {self._asked} at {at}: {detail}", self.size.width - 6) if detail else None

    @property
    def refused(self) -> bool:
        """Whether the provider refused what stands in the form."""
        return self._check.state is VerificationState.REFUSED

    async def save_anyway(self) -> None:
        """Save what was asked about, with what was said to it."""
        known = self._known
        await self._save(self._check, known.listed if known else None, 0.0)

    async def _save(self, check: VerificationResult, listed: tuple[Model, ...] | None, seconds: float) -> None:
        first = not credentials.listing(self.app.tenant_session, self.provider.id)

        async def save() -> Credential:
            return await save_credential.save(
                self.app.tenant_session,
                self.provider.id,
                self._values,
                name=self._credential,
                check=check,
                listed=listed,
                plain_http=self._allowed,
                seen=self.stored,
                watch=True,
                rotate=self._rotates,
            )

        while True:
            try:
                saved = await self._willing(save)
            except Conflict as conflict:
                if not await self._overwrites(conflict):
                    return
                self.stored = conflict.theirs
            else:
                break
        if saved is not None:
            await self._saved(saved, listed, seconds, first)

    async def _willing(self, work: Callable[[], Awaitable[Result]]) -> Result | None:
        """The work's result, after the questions that it raises; None when one is answered with no."""
        while True:
            try:
                return await work()
            except PlainHttp as problem:
                if not await self.app.confirm_plain_http(problem.origins):
                    self.form.open_at(problem.field)
                    return None
                self._allowed += problem.origins
            except Locked:
                if keyring.is_open(self.app.tenant_session):
                    raise
                waiting = f"the check of {self.provider.label}."
                if not await self.app.ensure_unlocked(waiting, "It is made as soon as the tenant is open."):
                    return None

    async def _overwrites(self, conflict: Conflict) -> bool:
        """Whether this form is to be saved over what another session saved meanwhile."""
        theirs = conflict.theirs
        title = f"{self.provider.label} was {'changed' if theirs else 'removed'} while this form was open"
        choices = {
            "look": "Look at theirs, keep my form open",
            "mine": "Save mine over it",
            "theirs": "Leave mine, take theirs",
        }
        session = self.app.tenant_session
        who = tenants.other_session(session)
        lines = conflict_lines(self.provider, theirs, self._values, session.now(), who)
        answer = await self.app.ask(title, lines, choices)
        if answer == "theirs":
            self.dismiss(None)
        elif answer == "look":
            # Seen now, so that the next save is meant.
            self.stored, self.changed_meanwhile = theirs, False
            self.outcome = theirs_lines(self.provider, theirs)
            self.refresh_chrome()
        return answer == "mine"

    async def _saved(self, saved: Credential, listed: tuple[Model, ...] | None, seconds: float, first: bool) -> None:
        label, answer = self.provider.label, ""
        if self._rotates:
            self.app.toast(f"{label} has the new key; the old one is kept in its details.")
        elif not saved.active:
            self.app.toast(f"{saved.name} is saved; {label} goes on with the credential in use. u uses it.")
        elif saved.check.state in (VerificationState.UNVERIFIED, VerificationState.REFUSED):
            self.app.toast(f"{label} is saved, not verified.")
        elif first and self.provider.after_saving and not listed:
            lines = ["No models yet.", self.provider.after_saving]
            add = f"Add a {paste.in_sentence(self.provider.model_id.label)}"
            answer = await self.app.ask(f"{label} accepts this key", lines, {"add": add, "": "Not now"}) or ""
        elif first and defaults.proposals(self.app.tenant_session):
            answer = await self.app.propose_defaults(imported(listed, seconds), f"{label} is set up")
        else:
            self.app.toast(f"{label} is {'set up' if first else 'saved'}. {imported(listed, seconds)}".strip())
        model_id = self.form.model_id
        self.dismiss(True)
        if answer == "playground":
            self.app.action_area("playground")
        elif answer == "add":
            adding = self.app.add_model(self.provider.id, model_id=model_id)
            self.app.run_worker(adding, group="add", exit_on_error=False)

    # --- what went wrong ---

    @property
    def _lead(self) -> EntryRow | None:
        """The secret that a sentence about the key stands under: the first that is filled in, or kept."""
        secrets = [each for each in self.form.shown if each.declared.secret]
        return next((each for each in secrets if each.value or each.kept is not None), None)

    def _explain(self, problem: Problem) -> None:
        """Say what stands in the way here, where it concerns; nothing that was typed is lost."""
        lead = self._lead
        if isinstance(problem, Locked) and lead is not None:
            lead.complain(problem.message, "Paste it again to replace it.")
            self.form.open_at(lead.declared.name)
        elif not isinstance(problem, FieldProblem) or not self.form.complain(
            problem.field, problem.message, problem.hint
        ):
            self.form.notice(*problem_lines(problem.message, problem.hint))
        self.refresh_chrome()

    def _explain_failed_check(self, problem: Problem, which: str) -> None:
        """Say what came of asking the provider, and offer to save unverified; the stored key stays in use."""
        form, lead, hint = self.form, self._lead, problem.hint
        self.outcome = self._answer(problem.detail)
        if isinstance(problem, CredentialRejected):
            now = self.app.session.now()
            self._check = VerificationResult(
                VerificationState.REFUSED, now, 0, problem.message, problem.hint, problem.detail
            )
            hints = [each for each in self.stored.hints.values() if each] if self.stored else []
            if hints:
                form.say_where(f"The stored key ending {hints[0]} stays in use until another is accepted.")
        if isinstance(problem, NetworkError):
            keeps = "" if self._rotates else "; save anyway keeps it unverified"
            hint = f"{hint} Enter tries again{keeps}.".strip()
        # What takes the place of a key that works has been seen to work.
        form.offer(again=which == "verify", anyway="" if self._rotates else "Save anyway, unverified")
        if isinstance(problem, CredentialRejected) and which in ("verify", "rotate") and lead is not None:
            lead.complain(problem.message, hint)
            form.open_at(lead.declared.name)
        else:
            form.notice(*problem_lines(problem.message, hint))
        self.refresh_chrome()

    def changed_elsewhere(self) -> None:
        now = credentials.listing(self.app.tenant_session, self.provider.id)
        theirs = next((each for each in now if each.name == self.called), None)
        self.changed_meanwhile = not same_content(theirs, self.stored)
        self.refresh_chrome()
