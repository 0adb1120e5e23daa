"""The save of a set-up form: verify, settle what is in the way, encrypt and store.

Nothing here knows a widget. `SaveFlow` returns the outcome of a step, and the screen shows it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic

from tui.console.frame.navigator import Questions
from tui.console.providers.setup.messages import conflict_choices, conflict_lines, conflict_title, imported_sentence
from tui.domain import DEFAULT_NAME, Credential, Model, VerificationResult, VerificationState
from tui.errors import CredentialRejected, Locked, Problem, UsageError
from tui.providers.origins import host_of
from tui.providers.spec import Provider
from tui.tenancy import credentials
from tui.tenancy.session import TenantSession
from tui.workspace import conflicts
from tui.workspace.credentials import verify as verification
from tui.workspace.credentials.addresses import verified_model_origins
from tui.workspace.credentials.fields import Values
from tui.workspace.credentials.rotation import plan_rotation
from tui.workspace.credentials.save import apply_save
from tui.workspace.credentials.save_plan import (
    SavePlan,
    destinations,
    merge,
    plan_save,
    renew,
    same_content,
    was_changed,
)
from tui.workspace.credentials.verify import VerifiedDraft

Busy = Callable[[str], AbstractContextManager[None]]
"""Shows what is being done, in words, while its block runs."""


@dataclass(frozen=True)
class SaveResult:
    """The credential is stored. `models` is what was imported in `seconds`; `first` if the provider had none before.

    `notices` are sentences about the list, for example that an entry was left out.
    """

    credential: Credential
    models: tuple[Model, ...] | None
    seconds: float
    first: bool
    notices: tuple[str, ...] = ()

    @property
    def imported(self) -> str:
        """Return what was imported, in a sentence, and what was left out."""
        sentence = imported_sentence(self.models, self.seconds)
        return " ".join((sentence, *self.notices)) if self.models else sentence

    @property
    def is_first_use(self) -> bool:
        """Return True if the provider can be used from now on, as it could not before."""
        unproven = (VerificationState.UNVERIFIED, VerificationState.REFUSED)
        return self.first and self.credential.active and self.credential.check.state not in unproven


@dataclass(frozen=True)
class CheckFailed:
    """The provider rejected the credential or could not be asked. Nothing is stored."""

    problem: Problem


@dataclass(frozen=True)
class DecisionNeeded:
    """The credential works, but its scope or its list of models is short. Nothing is stored until `save_anyway`."""

    verified: VerifiedDraft


@dataclass(frozen=True)
class Cancelled:
    """A question was answered with no. `field` is where that can be changed, '' for nowhere."""

    field: str = ""


@dataclass(frozen=True)
class TakeStored:
    """What another session saved stays, and this form is closed."""


@dataclass(frozen=True)
class ReviewStored:
    """What another session saved is shown; the next save replaces it."""

    stored: Credential | None


Outcome = SaveResult | CheckFailed | DecisionNeeded | Cancelled | TakeStored | ReviewStored


class SaveFlow:
    """The steps from a filled-in form to a stored credential.

    `name` is the credential, '' for a new one whose name comes with the values. `stored` is the credential as it was
    when the form was filled from it, so that a change by another session is noticed.
    """

    def __init__(
        self, session: TenantSession, provider: Provider, questions: Questions, name: str = DEFAULT_NAME
    ) -> None:
        self.session, self.provider, self.questions, self.name = session, provider, questions, name
        self.stored = self._current()
        self.verified: VerifiedDraft | None = None
        """A result that waits for `save_anyway`."""
        self.check = VerificationResult()
        self.values: Values = {}
        self._prefilled: frozenset[str] = frozenset()
        self.rotates = False
        """Whether the stored key is kept beside the new one."""
        self._new_name = ""
        self._plain_http: tuple[str, ...] = ()
        self._current_plan: SavePlan | None = None
        """What the last check was about."""

    @property
    def host(self) -> str:
        """The host that the key is verified at, the first of several."""
        origins = destinations(self.provider, self.values, self.stored)
        return host_of(origins[0]) if origins else self.provider.label

    @property
    def model_origins(self) -> tuple[str, ...]:
        """The origins of added models, which the stored key may be sent to as well."""
        return verified_model_origins(self.session, self.provider, self.stored)

    @property
    def rejected(self) -> bool:
        """Whether the provider rejected what is in the form."""
        return self.check.state is VerificationState.REFUSED

    @property
    def changed_elsewhere(self) -> bool:
        """Whether another session changed the stored credential since the form was filled."""
        return not same_content(self._current(), self.stored)

    def reset(self) -> bool:
        """Forget the last result, as the form was edited. Return False if there was none."""
        known = self.verified is not None or self.check != VerificationResult()
        self.verified, self.check = None, VerificationResult()
        return known

    async def verify_and_save(
        self,
        values: Values,
        busy: Busy,
        *,
        prefilled: frozenset[str] = frozenset(),
        new_name: str = "",
        rotate: bool = False,
    ) -> Outcome:
        """Verify the values with the provider, then save them if nothing needs a decision.

        `prefilled` are the fields that the form was filled with and that nobody changed.

        Raises:
            Problem: Nothing was sent: a field is wrong or the tenant's key cannot be used.
        """
        self.reset()
        self.values, self.rotates, self._new_name, self._prefilled = values, rotate, new_name, prefilled
        merged, _ = await merge(await self._plan())
        plan = await self._meet_conditions(merged)
        if isinstance(plan, Cancelled):
            return plan
        self._current_plan, started = plan, monotonic()
        try:
            with busy(f"asking {self.host}"):
                verified = await verification.verify_plan(plan)
        except (UsageError, Locked):
            raise
        except Problem as problem:
            if isinstance(problem, CredentialRejected):
                now = self.session.process.now()
                self.check = VerificationResult(
                    VerificationState.REFUSED, now, 0, problem.message, problem.hint, problem.detail
                )
            return CheckFailed(problem)
        self.check = verified.check
        self._current_plan = await renew(plan, verified.region_fields)
        if verified.note:
            self.questions.toast(verified.note)
        if verified.check.state is VerificationState.RESTRICTED or verified.listed == ():
            self.verified = verified
            return DecisionNeeded(verified)
        return await self._save(verified.listed, monotonic() - started, verified.notices)

    async def save_anyway(self) -> Outcome:
        """Save the values of the last check with its result, whatever that was."""
        waiting = self.verified
        return await self._save(waiting.listed, 0.0, waiting.notices) if waiting else await self._save(None, 0.0)

    @property
    def _credential(self) -> str:
        return self.name or self._new_name

    def _current(self) -> Credential | None:
        return credentials.find(self.session, self.provider.id, self.name)

    async def _plan(self) -> SavePlan:
        plan = plan_rotation if self.rotates else plan_save
        return await plan(
            self.session,
            self.provider.id,
            self.values,
            name=self._credential,
            plain_http=self._plain_http,
            baseline=self.stored,
            watch=True,
            prefilled=self._prefilled,
        )

    async def _save(self, models: tuple[Model, ...] | None, seconds: float, notices: tuple[str, ...] = ()) -> Outcome:
        assert self._current_plan is not None
        first = not credentials.listing(self.session, self.provider.id)
        # Verifying took its time: another session may have saved meanwhile.
        merged, both = await merge(await renew(self._current_plan))
        plan = await self._meet_conditions(merged)
        if isinstance(plan, Cancelled):
            return plan
        if both:
            answer = await self._ask_about(plan, both)
            if answer is not None:
                return answer
            plan = plan.overwrite()
        self._report_merge(plan)
        return SaveResult(await apply_save(plan, self.check, models), models, seconds, first, notices)

    async def _meet_conditions(self, plan: SavePlan) -> SavePlan | Cancelled:
        """Ask for what a plan needs: plain http, and the passphrase."""
        if plan.plain_http:
            if not await self.questions.confirm_plain_http(plan.plain_http):
                return Cancelled(plan.url_field)
            plan = plan.allow_plain_http()
            self._plain_http = plan.allowed
        if plan.needs_unlock and not await self.questions.ensure_unlocked(f"verify {self.provider.label}"):
            return Cancelled()
        return plan

    def _report_merge(self, plan: SavePlan) -> None:
        """Say what is saved as another session changed it meanwhile."""
        baseline, stored = self.stored, plan.stored
        if stored is None or same_content(baseline, stored):
            return
        labels = [
            field.label
            for field in self.provider.fields
            if not plan.values.get(field.name) and was_changed(field, baseline, stored)
        ]
        if labels:
            self.questions.toast(f"Kept as another session changed it: {', '.join(labels)}.")

    async def _ask_about(self, plan: SavePlan, both: tuple[str, ...]) -> Outcome | None:
        """Ask what to do about the fields that another session saved and this form changed; None to save over them."""
        who, now = conflicts.other_session(self.session), self.session.process.now()
        lines = conflict_lines(self.provider, plan.stored, self.values, both, now, who)
        answer = await self.questions.ask(conflict_title(self.provider, plan.stored), lines, conflict_choices())
        if answer == "mine":
            return None
        if answer == "theirs":
            return TakeStored()
        if answer == "look":
            # It was looked at, so the next save is meant.
            self.stored = plan.stored
            self._current_plan = plan.overwrite()
            return ReviewStored(plan.stored)
        return Cancelled()
