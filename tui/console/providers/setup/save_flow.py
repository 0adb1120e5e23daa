"""Turn the values of a set-up form into a stored credential: verify, settle what is in the way, seal and save.

Nothing here knows a widget. `SaveFlow` returns what came of a step, and the screen shows it.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from tui.console.providers.setup.messages import conflict_choices, conflict_lines, conflict_title
from tui.console.questions import Questions
from tui.domain import DEFAULT_NAME, Credential, Model, VerificationResult, VerificationState
from tui.errors import CredentialRejected, Locked, Problem, UsageError
from tui.providers.origins import host_of
from tui.providers.spec import Provider
from tui.tenancy import credentials, keyring
from tui.tenancy.session import TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import rotation
from tui.workspace.credentials import save as save_credential
from tui.workspace.credentials import verify as verification
from tui.workspace.credentials.save import (
    Conflict,
    PlainHttp,
    Values,
    destinations,
    same_content,
)
from tui.workspace.credentials.verify import Verified

Result = TypeVar("Result")

Busy = Callable[[str], AbstractContextManager[None]]
"""Shows what is being done, in words, while its block runs."""


@dataclass(frozen=True)
class Saved:
    """The credential is stored. `models` is what was imported in `seconds`; `first` if the provider had none before."""

    credential: Credential
    models: tuple[Model, ...] | None
    seconds: float
    first: bool


@dataclass(frozen=True)
class CheckFailed:
    """The provider rejected the credential or could not be asked. Nothing is stored."""

    problem: Problem


@dataclass(frozen=True)
class Undecided:
    """The credential works, but its scope or its list of models is short. Nothing is stored until `save_anyway`."""

    verified: Verified


@dataclass(frozen=True)
class Cancelled:
    """A question was answered with no. `field` is where that can be changed, '' for nowhere."""

    field: str = ""


@dataclass(frozen=True)
class TakeTheirs:
    """What another session saved is to stay, and this form is left."""


@dataclass(frozen=True)
class ReviewTheirs:
    """What another session saved is to be looked at; the next save replaces it."""

    theirs: Credential | None


Outcome = Saved | CheckFailed | Undecided | Cancelled | TakeTheirs | ReviewTheirs


class SaveFlow:
    """One credential on its way from a form to the store.

    `name` is the credential, '' for a new one whose name comes with the values. `stored` is the credential as it was
    when the form was filled from it, so that a change by another session is noticed.
    """

    def __init__(
        self, session: TenantSession, provider: Provider, questions: Questions, name: str = DEFAULT_NAME
    ) -> None:
        self.session, self.provider, self.questions, self.name = session, provider, questions, name
        self.stored = self._current()
        self.verified: Verified | None = None
        """A result that waits for `save_anyway`."""
        self.check = VerificationResult()
        self.values: Values = {}
        self.rotates = False
        """Whether the stored key is kept beside the new one."""
        self._new_name = ""
        self._plain_http: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host that is asked, the first of several."""
        origins = destinations(self.provider, self.values, self.stored)
        return host_of(origins[0]) if origins else self.provider.label

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

    async def verify_and_save(self, values: Values, busy: Busy, *, new_name: str = "", rotate: bool = False) -> Outcome:
        """Verify the values with the provider, then save them if nothing needs a decision.

        Raises:
            Problem: Nothing was sent: a field is wrong or the tenant's key cannot be used.
        """
        self.reset()
        self.values, self.rotates, self._new_name = values, rotate, new_name
        if rotate and isinstance(asked := await self._settle(self._check_rotation), Cancelled):
            return asked
        started = monotonic()

        async def verify() -> Verified:
            with busy(f"asking {self.host}"):
                return await verification.verify(
                    self.session, self.provider.id, self.values, name=self._credential, plain_http=self._plain_http
                )

        try:
            verified = await self._settle(verify)
        except (UsageError, Locked):
            raise
        except Problem as problem:
            if isinstance(problem, CredentialRejected):
                now = self.session.process.now()
                self.check = VerificationResult(
                    VerificationState.REFUSED, now, 0, problem.message, problem.hint, problem.detail
                )
            return CheckFailed(problem)
        if isinstance(verified, Cancelled):
            return verified
        self.check = verified.check
        self.values = {**self.values, **verified.region_fields}
        if verified.note:
            self.questions.toast(verified.note)
        if verified.check.state is VerificationState.RESTRICTED or verified.listed == ():
            self.verified = verified
            return Undecided(verified)
        return await self._save(verified.listed, monotonic() - started)

    async def save_anyway(self) -> Outcome:
        """Save the values of the last check with its result, whatever that was."""
        return await self._save(self.verified.listed if self.verified else None, 0.0)

    @property
    def _credential(self) -> str:
        return self.name or self._new_name

    def _current(self) -> Credential | None:
        stored = credentials.listing(self.session, self.provider.id)
        return next((credential for credential in stored if credential.name == self.name), None)

    async def _check_rotation(self) -> None:
        stored = rotation.rotatable(self.session, self.provider.id, self._credential)
        rotation.differs(self.session, stored, self.values)

    async def _save(self, models: tuple[Model, ...] | None, seconds: float) -> Outcome:
        first = not credentials.listing(self.session, self.provider.id)

        async def save() -> Credential:
            return await save_credential.save(
                self.session,
                self.provider.id,
                self.values,
                name=self._credential,
                check=self.check,
                listed=models,
                plain_http=self._plain_http,
                seen=self.stored,
                watch=True,
                rotate=self.rotates,
            )

        while True:
            try:
                saved = await self._settle(save)
            except Conflict as conflict:
                answer = await self._ask_about(conflict)
                if answer is not None:
                    return answer
                self.stored = conflict.theirs
            else:
                return saved if isinstance(saved, Cancelled) else Saved(saved, models, seconds, first)

    async def _settle(self, work: Callable[[], Awaitable[Result]]) -> Result | Cancelled:
        """Do the work, asking for plain http and for the passphrase where it needs them."""
        while True:
            try:
                return await work()
            except PlainHttp as problem:
                if not await self.questions.confirm_plain_http(problem.origins):
                    return Cancelled(problem.field)
                self._plain_http += problem.origins
            except Locked:
                if keyring.is_open(self.session):
                    raise
                waiting = f"the check of {self.provider.label}."
                if not await self.questions.ensure_unlocked(waiting, "It is made as soon as the tenant is open."):
                    return Cancelled()

    async def _ask_about(self, conflict: Conflict) -> Outcome | None:
        """Ask what to do about another session's save; None to save over it."""
        who, now = tenants.other_session(self.session), self.session.process.now()
        lines = conflict_lines(self.provider, conflict.theirs, self.values, now, who)
        answer = await self.questions.ask(conflict_title(self.provider, conflict.theirs), lines, conflict_choices())
        if answer == "mine":
            return None
        if answer == "theirs":
            return TakeTheirs()
        if answer == "look":
            # It was looked at, so the next save is meant.
            self.stored = conflict.theirs
            return ReviewTheirs(conflict.theirs)
        return Cancelled()
