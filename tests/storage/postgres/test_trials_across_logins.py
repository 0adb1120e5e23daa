"""A key that one operator lends is used in tenants of another, and every request is counted once."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.test_operators import ADA, BOB, people
from tui.domain import Model, ModelType
from tui.errors import Locked, Problem, UsageError
from tui.secret import Secret
from tui.tenancy import tenants as registry
from tui.tenancy import trials
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.trials import TrialExhausted, left, used_by
from tui.workspace import operators, tenants
from tui.workspace import trials as lending
from tui.workspace.playground.key_source import CallRoute, route_call
from tui.workspace.playground.metering import metered

pytestmark = pytest.mark.slow
__all__ = ["people"]

TRIAL_KEY = "sk-example0-0000-a-trial-key-5d1e"
MODEL = Model("openai", "gpt-5.4-mini", ModelType.CHAT)
Open = Callable[[str], Session]


def lend(session: Session, calls: int) -> None:
    values = {"api_key": Secret(TRIAL_KEY)}
    asyncio.run(lending.set_trial(session, "openai", values, (MODEL.id,), calls, verify=False))


def look_again(session: Session) -> None:
    session.data.database.refresh()  # type: ignore[attr-defined]


def borrow(people: Open, calls: int) -> tuple[Session, Session, TenantSession]:
    """Ada, who lends a key; bob, whom she admitted to it; and bob's own tenant, which ada cannot see."""
    ada, bob = people("ada"), people("bob")
    lend(ada, calls)
    south = bob.tenant(asyncio.run(tenants.create(bob, "South Lab")).id)
    asyncio.run(operators.request(ada, ADA))
    requested = asyncio.run(operators.request(bob, BOB))
    assert trials.trials(bob) == {}, "nobody else sees a trial before they are admitted"
    asyncio.run(operators.admit(ada.tenant(OPERATOR), "bob", requested.fingerprint))
    look_again(bob)
    with pytest.raises(Locked, match="does not have the private key of the trials"):
        route_call(south, MODEL).access.secrets()
    assert asyncio.run(operators.request(bob, BOB)).received == ("the trials",)
    return ada, bob, south


def send(route: CallRoute, fails: bool = False) -> None:
    """Do what a request does with its meter."""

    async def call() -> None:
        assert route.meter is not None
        async with metered(route.meter):
            if fails:
                raise Problem("failed")

    asyncio.run(call())


def test_a_trial_key_is_used_in_a_tenant_that_its_owner_does_not_see(people: Open) -> None:
    ada, bob, south = borrow(people, 2)
    route = route_call(south, MODEL)
    assert route.owner == OPERATOR and route.access.secrets()["api_key"].reveal() == TRIAL_KEY, "no passphrase is asked"
    with pytest.raises(Problem, match="failed"):
        send(route, fails=True)
    balance = left(south, "openai")
    assert balance is not None and balance.left == 2, "given back"
    for number in (1, 2):
        send(route_call(south, MODEL))
        assert used_by(bob, "openai") == {"south-lab": number}
    with pytest.raises(TrialExhausted):
        send(route_call(south, MODEL))
    look_again(ada)
    assert registry.ids(ada) == [] and used_by(ada, "openai") == {"south-lab": 2}, "who lends sees the count alone"


def test_both_operators_of_a_tenant_share_its_requests_which_count_once(people: Open) -> None:
    ada, bob, south = borrow(people, 6)
    asyncio.run(tenants.unlock(south))
    fingerprint = asyncio.run(operators.request(ada, ADA)).fingerprint
    asyncio.run(operators.admit(south, "ada", fingerprint))
    assert asyncio.run(operators.request(ada, ADA)).received == ("South Lab",)
    sent, refused = list[str](), list[str]()

    def work(session: Session, who: str) -> None:
        for _ in range(5):
            try:
                send(route_call(session.tenant("south-lab"), MODEL))
                sent.append(who)
            except TrialExhausted:
                refused.append(who)

    threads = [threading.Thread(target=work, args=args) for args in ((ada, "ada"), (bob, "bob"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 6 and len(refused) == 4 and used_by(ada, "openai") == {"south-lab": 6}


def test_a_host_that_was_cut_off_exceeds_by_its_open_requests(people: Open, shared: SharedStore) -> None:
    ada, _, south = borrow(people, 2)
    meters = [route.meter for _ in range(2) if (route := route_call(south, MODEL)).meter is not None]
    for meter in meters:
        meter.reserve()
    with pytest.raises(TrialExhausted, match="still running"):
        send(route_call(south, MODEL))
    with shared.administrator() as connection:
        connection.execute("UPDATE modeldeck.reservation SET expires = now() - interval '1 s'")
    for _ in range(2):
        send(route_call(south, MODEL))
    for meter in (*meters, *meters):
        meter.settle()
    look_again(ada)
    assert used_by(ada, "openai") == {"south-lab": 4}, "two of the trial, and the two that were under way"
    with pytest.raises(TrialExhausted):
        send(route_call(south, MODEL))


def test_control_with_the_policy_before_who_lends_knows_of_no_request(people: Open, shared: SharedStore) -> None:
    ada, _, south = borrow(people, 2)
    send(route_call(south, MODEL))
    with shared.administrator() as connection:
        connection.execute(
            "ALTER POLICY of_members ON modeldeck.trial USING (EXISTS (SELECT FROM modeldeck.member m "
            "WHERE m.login = session_user AND m.tenant = trial.tenant))"
        )
    assert used_by(ada, "openai") == {}


def test_who_is_removed_from_the_trials_sends_no_more_and_the_key_is_to_be_replaced(people: Open) -> None:
    ada, bob, south = borrow(people, 9)
    lender = ada.tenant(OPERATOR)
    exposed = asyncio.run(operators.remove(lender, "bob"))
    assert [(entry.operator, entry.provider) for entry in exposed] == [("bob", "openai")]
    look_again(bob)
    with pytest.raises(UsageError, match="There is no trial of OpenAI"):
        trials.trial(bob, "openai")
    with pytest.raises(Problem):
        route_call(south, MODEL)
    assert operators.exposed_credentials(lender) == exposed, "until the key is another one"
    values = {"api_key": Secret(TRIAL_KEY.replace("5d1e", "77aa"))}
    asyncio.run(lending.set_trial(ada, "openai", values, (MODEL.id,), verify=False))
    assert operators.exposed_credentials(lender) == []


def test_the_first_to_lend_keeps_the_trials_until_somebody_is_admitted(people: Open) -> None:
    ada, bob = people("ada"), people("bob")
    lend(ada, 2)
    with pytest.raises(Problem, match="The trials of this store belong to other operators"):
        lend(bob, 2)
