"""The flow of a save, without a screen: what it asks, what it stores, and what came of it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
import pytest

from tests.console.provider_forms import KEY, forget, session_answering
from tests.doubles.practice import practice_session
from tui.console.providers.setup.save_flow import (
    Cancelled,
    CheckFailed,
    DecisionNeeded,
    ReviewStored,
    SaveFlow,
    SaveResult,
    TakeStored,
)
from tui.console.widgets.static_text import Words
from tui.domain import VerificationState
from tui.errors import CredentialRejected, NetworkError, UsageError
from tui.providers import PROVIDERS
from tui.secret import Secret, SecretReference
from tui.tenancy import credentials
from tui.tenancy.session import Session, TenantSession
from tui.workspace.credentials import save

Result = TypeVar("Result")
REJECTED = "sk-example0-0000-refused-made-up-key-0bad"


@dataclass
class Answers:
    """A person who gives prepared answers and remembers what was asked."""

    choice: str | None = None
    http: bool = False
    unlocks: bool = True
    prompts: list[str] = field(default_factory=list)

    async def ask(self, title: str, lines: Sequence[Words], choices: dict[str, str]) -> str | None:
        self.prompts.append(title)
        return self.choice

    async def confirm_plain_http(self, origins: Sequence[str]) -> bool:
        self.prompts.append(f"http {', '.join(origins)}")
        return self.http

    async def over_conflict(self, save: Callable[[bool], Awaitable[Result]]) -> Result | None:
        return await save(False)

    async def ensure_unlocked(self, next_step: str = "", *, again: bool = False) -> bool:
        self.prompts.append("passphrase")
        return self.unlocks

    async def offer_unlock(self) -> None:
        await self.ensure_unlocked()

    def toast(self, text: str) -> None:
        self.prompts.append(text)


@contextmanager
def quiet(activity: str) -> Iterator[None]:
    yield


@pytest.fixture
def process() -> Session:
    return practice_session(pace=0.0)


def flow_of(session: TenantSession, answers: Answers | None = None, provider: str = "openai") -> SaveFlow:
    return SaveFlow(session, PROVIDERS[provider], answers or Answers())


def key_hint(session: TenantSession) -> str:
    stored = credentials.active(session, "openai")
    return stored.hints["api_key"] if stored else ""


async def test_an_accepted_key_is_stored_with_the_models_that_it_lists(process: Session) -> None:
    session = (await forget(process, "openai")).tenant("acme")
    outcome = await flow_of(session).verify_and_save({"api_key": Secret(KEY)}, quiet)
    assert isinstance(outcome, SaveResult) and outcome.first and outcome.models
    assert outcome.credential.check.state is VerificationState.READY
    assert key_hint(session) == "5d1e"


async def test_models_of_the_list_that_are_left_out_are_reported() -> None:
    ids = ("usable", "of\x1b[31mcontrol\x07signs")
    listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in ids]}
    process = session_answering(lambda request: httpx.Response(200, json=listed))
    session = (await forget(process, "openai_compatible")).tenant("acme")
    outcome = await flow_of(session, provider="openai_compatible").verify_and_save(
        {"base_url": "http://127.0.0.1:9/v1"}, quiet
    )
    assert isinstance(outcome, SaveResult) and [model.id for model in outcome.models or ()] == ["usable"]
    assert outcome.imported.startswith("Imported 1 model in ")
    assert outcome.imported.endswith(" s. 1 model of the list has no name that can be used. It was left out.")


async def test_a_reference_is_stored_as_one_and_verified_with_the_key_that_it_leads_to() -> None:
    process = practice_session({"MY_KEY": KEY}, pace=0.0)
    process.practice = False  # practice fetches no key that is kept elsewhere
    session = (await forget(process, "openai")).tenant("acme")
    outcome = await flow_of(session).verify_and_save({"api_key": SecretReference("env:MY_KEY")}, quiet)
    assert isinstance(outcome, SaveResult) and outcome.credential.check.state is VerificationState.READY
    assert outcome.credential.references == {"api_key": "env:MY_KEY"} and not outcome.credential.envelope
    other = SecretReference("env:NOT_SET")
    refused = await flow_of(session).verify_and_save({"api_key": other}, quiet)
    assert isinstance(refused, CheckFailed) and "NOT_SET" in refused.problem.message


async def test_the_host_is_named_while_it_is_called(process: Session) -> None:
    activity: list[str] = []

    @contextmanager
    def busy(words: str) -> Iterator[None]:
        activity.append(words)
        yield

    await flow_of(process.tenant("acme")).verify_and_save({"api_key": Secret(KEY)}, busy)
    assert activity == ["asking api.openai.com"]


async def test_a_rejected_key_is_not_stored_until_it_is_saved_anyway(process: Session) -> None:
    session = process.tenant("acme")
    flow = flow_of(session)
    outcome = await flow.verify_and_save({"api_key": Secret(REJECTED)}, quiet)
    assert isinstance(outcome, CheckFailed) and isinstance(outcome.problem, CredentialRejected)
    assert flow.rejected and key_hint(session) == "3f2a"
    outcome = await flow.save_anyway()
    assert isinstance(outcome, SaveResult) and not outcome.first
    assert outcome.credential.check.state is VerificationState.REFUSED
    assert key_hint(session) == "0bad"


async def test_an_edit_forgets_the_last_result(process: Session) -> None:
    flow = flow_of(process.tenant("acme"))
    assert not flow.reset()
    await flow.verify_and_save({"api_key": Secret(REJECTED)}, quiet)
    assert flow.reset() and not flow.rejected and not flow.reset()


async def test_a_provider_that_cannot_be_reached_is_a_failed_check() -> None:
    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down", request=request)

    session = session_answering(unreachable).tenant("acme")
    flow = flow_of(session)
    outcome = await flow.verify_and_save({"api_key": Secret(KEY)}, quiet)
    assert isinstance(outcome, CheckFailed) and isinstance(outcome.problem, NetworkError)
    assert not flow.rejected and key_hint(session) == "3f2a"


async def test_an_empty_list_of_models_needs_a_decision() -> None:
    session = session_answering(lambda _: httpx.Response(200, json={"data": []})).tenant("acme")
    flow = flow_of(session)
    assert isinstance(await flow.verify_and_save({"api_key": Secret(KEY)}, quiet), DecisionNeeded)
    assert key_hint(session) == "3f2a"
    assert isinstance(await flow.save_anyway(), SaveResult)
    assert key_hint(session) == "5d1e"


async def test_a_missing_field_raises_before_anything_is_sent(process: Session) -> None:
    session, answers = (await forget(process, "openai")).tenant("acme"), Answers()
    with pytest.raises(UsageError):
        await flow_of(session, answers).verify_and_save({}, quiet)
    assert answers.prompts == []


async def test_plain_http_is_confirmed_once_and_no_leads_back_to_its_field() -> None:
    session = session_answering(lambda _: httpx.Response(200, json={"data": [{"id": "gpt-5.2"}]})).tenant("acme")
    values: dict[str, str | Secret] = {"api_key": Secret(KEY), "base_url": "http://proxy.example:8080/v1"}
    answers = Answers()
    outcome = await flow_of(session, answers).verify_and_save(values, quiet)
    assert outcome == Cancelled("base_url")
    assert answers.prompts == ["http http://proxy.example:8080"] and key_hint(session) == "3f2a"
    answers = Answers(http=True)
    assert isinstance(await flow_of(session, answers).verify_and_save(values, quiet), SaveResult)
    assert answers.prompts == ["http http://proxy.example:8080"]


@pytest.mark.parametrize("choice", ["mine", "theirs", "look", None])
async def test_a_save_by_another_session_meanwhile_needs_confirmation(process: Session, choice: str | None) -> None:
    session, answers = process.tenant("acme"), Answers(choice)
    flow = flow_of(session, answers)
    entered = Secret(KEY[:-4] + "beef")
    await save.save(session, "openai", {"api_key": entered, "project": "proj_theirs"})
    assert flow.changed_elsewhere
    outcome = await flow.verify_and_save({"api_key": Secret(KEY)}, quiet)
    assert [prompt.startswith("OpenAI was changed") for prompt in answers.prompts].count(True) == 1
    match choice:
        case "mine":
            assert isinstance(outcome, SaveResult) and key_hint(session) == "5d1e"
        case "theirs":
            assert isinstance(outcome, TakeStored) and key_hint(session) == "beef"
        case "look":
            assert isinstance(outcome, ReviewStored) and not flow.changed_elsewhere
            assert outcome.stored is not None and outcome.stored.clear["project"] == "proj_theirs"
            assert isinstance(await flow.verify_and_save({"api_key": Secret(KEY)}, quiet), SaveResult)
        case None:
            assert outcome == Cancelled() and key_hint(session) == "beef"


async def test_fields_that_only_one_of_two_sessions_changed_are_merged_without_a_question(process: Session) -> None:
    session, answers = process.tenant("acme"), Answers()
    flow = flow_of(session, answers)
    filled: dict[str, str] = dict(flow.stored.clear) if flow.stored else {}
    await save.save(session, "openai", {"project": "proj_theirs"})
    values: dict[str, str | Secret] = {**filled, "project": filled.get("project", ""), "api_key": Secret(KEY)}
    assert isinstance(await flow.verify_and_save(values, quiet), SaveResult)
    stored = credentials.find(session, "openai", "default")
    assert stored is not None and stored.clear["project"] == "proj_theirs" and key_hint(session) == "5d1e"
    assert not [prompt for prompt in answers.prompts if "changed while" in prompt]


async def test_a_new_key_does_not_follow_an_address_that_another_session_changed(process: Session) -> None:
    session, answers = process.tenant("acme"), Answers(None)
    flow = flow_of(session, answers)
    await save.save(session, "openai", {"api_key": Secret(KEY), "base_url": "https://theirs.example/v1"})
    outcome = await flow.verify_and_save({"api_key": Secret(KEY[:-4] + "beef")}, quiet)
    assert not isinstance(outcome, SaveResult) and key_hint(session) == "5d1e"


async def test_a_rotation_keeps_the_previous_key(process: Session) -> None:
    session = process.tenant("acme")
    outcome = await flow_of(session).verify_and_save({"api_key": Secret(KEY)}, quiet, rotate=True)
    assert isinstance(outcome, SaveResult)
    hints = sorted(credential.hints["api_key"] for credential in credentials.listing(session, "openai"))
    assert {"3f2a", "5d1e"} <= set(hints) and key_hint(session) == "5d1e"
