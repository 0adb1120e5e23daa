"""Requests of trials are counted by the database: never more than there are, however many machines ask."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from tests.doubles.postgres_server import SharedStore
from tests.storage.postgres.cut_proxy import CutProxy
from tui.errors import Exit, Problem
from tui.secret import Secret
from tui.storage.postgres import trials
from tui.storage.postgres.address import parse
from tui.storage.postgres.connection import Link
from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import RootFolder
from tui.storage.store import Store
from tui.tenancy.session import Session
from tui.tenancy.trials import TrialExhausted, left, used_by
from tui.workspace import tenants
from tui.workspace import trials as trial_settings
from tui.workspace.playground import metering

pytestmark = pytest.mark.slow

Open = Callable[[str], Session]


@pytest.fixture
def acme(shared: SharedStore) -> SharedStore:
    root = shared.root()
    Store(root.folder("acme")).create({"id": "acme"})
    set_quota(root, 1_000_000)
    root.close()
    return shared


def set_quota(root: RootFolder, calls: object) -> None:
    """Save a trial of so many requests, as the operator does."""
    store = Store(root.folder("operator"))
    if not store.exists():
        store.create({"id": "operator"})
    with store.transaction() as tables:
        tables.table("trials").truncate()
        tables.table("trials").insert({"provider": "openai", "calls": calls, "models": []})


def reserve(database: Database, token: str, allowed: int, initial: int = 0) -> bool:
    return trials.reserve(database, "acme", "openai", token, allowed=allowed, initial=initial).reserved


def counts(shared: SharedStore) -> tuple[int, int]:
    database = shared.database()
    result = database.trial_counts()["acme", "openai"]
    database.close()
    return result


def tokens(number: int) -> list[str]:
    return [uuid4().hex for _ in range(number)]


def at_once(work: Callable[[int], None], workers: int) -> None:
    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_many_hosts_never_reserve_more_than_there_are(acme: SharedStore) -> None:
    reserved: list[bool] = []

    def work(worker: int) -> None:
        database = acme.database()
        for token in tokens(12):
            result = reserve(database, token, 20)
            reserved.append(result)
            if result:
                trials.end(database, "acme", "openai", token, used=bool(len(reserved) % 3))
        database.close()

    at_once(work, 4)
    used, pending = counts(acme)
    assert pending == 0 and used <= 20 and used >= min(20, sum(reserved) - 16)


def test_control_counts_that_every_host_keeps_for_itself_exceed(acme: SharedStore) -> None:
    """As many proxies do: each replica asks its own memory, and writes afterwards."""
    calls, barrier = list[int](), threading.Barrier(4)

    def work(worker: int) -> None:
        database = acme.database()
        here = database.trial_counts().get(("acme", "openai"), (0, 0))[0]
        barrier.wait()
        for token in tokens(10):
            if here < 10:
                here += 1
                calls.append(1)
                reserve(database, token, 10_000)
                trials.end(database, "acme", "openai", token, used=True)
        database.close()

    at_once(work, 4)
    assert counts(acme) == (40, 0) and len(calls) > 10


def test_a_reservation_ends_once_however_often_that_is_sent(acme: SharedStore) -> None:
    database, (first, second) = acme.database(), tokens(2)
    assert reserve(database, first, 2) and reserve(database, first, 2), "the same one, asked for again"
    assert counts(acme) == (0, 1)
    for _ in range(2):
        trials.end(database, "acme", "openai", first, used=True)
        assert counts(acme) == (1, 0)
    assert reserve(database, second, 2) and not reserve(database, uuid4().hex, 2)
    for _ in range(2):
        trials.end(database, "acme", "openai", second, used=False)
        trials.end(database, "acme", "openai", first, used=False)
        assert counts(acme) == (0, 0)
    trials.end(database, "acme", "openai", first, used=True)
    assert counts(acme) == (0, 0), "what was given back is over"
    database.close()


def test_expired_reservations_are_free_and_late_ones_exceed_by_their_number(
    acme: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off, database, quota = acme.database(), acme.database(), 3
    lost = tokens(2)
    assert all(reserve(cut_off, token, quota) for token in lost)
    trials.renew(cut_off, "acme", lost[0])
    with acme.administrator() as connection:
        connection.execute("UPDATE modeldeck.reservation SET expires = now() - interval '1 s'")
    others = tokens(quota)
    assert all(reserve(database, token, quota) for token in others), "by the next who asks"
    for token in others:
        trials.end(database, "acme", "openai", token, used=True)
    assert counts(acme) == (quota, 0)
    for token in (*lost, *lost):
        trials.end(cut_off, "acme", "openai", token, used=True)
    assert counts(acme) == (quota + len(lost), 0)
    assert not reserve(database, uuid4().hex, quota)
    cut_off.close()
    database.close()


def test_a_clock_that_is_wrong_changes_nothing(acme: SharedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    database, (early, late) = acme.database(), tokens(2)
    for token, offset in ((early, -3600), (late, 3600)):
        monkeypatch.setattr("time.time", lambda offset=offset: 1_900_000_000.0 + offset)
        assert reserve(database, token, 2)
    assert not reserve(database, uuid4().hex, 2)
    with acme.administrator() as connection:
        [(latest,)] = connection.execute(
            "SELECT max(extract(epoch FROM expires)) FROM modeldeck.reservation"
        ).fetchall()
    assert float(latest) < 1_900_000_000 - 3600 + trials.EXPIRES, "the control: by this clock it had expired"
    database.close()


def test_a_reservation_whose_answer_was_lost_counts_once(acme: SharedStore) -> None:
    proxy = CutProxy(acme.server.folder)
    text = acme.text().replace(str(acme.server.folder), str(proxy.folder))
    database = Database(Link(parse(text, {}), {}))
    assert reserve(database, uuid4().hex, 5)
    proxy.cut_answer_after(1)
    assert reserve(database, uuid4().hex, 5) and proxy.cuts == 1
    assert counts(acme) == (0, 2)
    database.close()
    proxy.close()


def test_the_database_decides_how_many_there_are_whatever_a_client_says(acme: SharedStore) -> None:
    root = acme.root()
    set_quota(root, 2)
    changed, (first, second) = acme.database(), tokens(2)
    assert reserve(changed, first, 10**9, initial=-5) and reserve(changed, second, 10**9, initial=-5)
    assert not any(reserve(changed, token, 10**9) for token in tokens(3))
    trials.end(changed, "acme", "openai", first, used=True)
    assert not reserve(changed, first, 10**9), "a token is good for one request"
    changed.query("SELECT modeldeck.renew_trial('acme', %s, -1e6)", (second,))
    assert not reserve(changed, uuid4().hex, 10**9), "a reservation cannot be made to expire at once"
    for calls in (-1, "many", 10**30, None):
        set_quota(root, calls)
        assert not reserve(changed, uuid4().hex, 10**9), "what cannot be read allows nothing"
    set_quota(root, 4)
    assert [reserve(changed, token, 10**9) for token in tokens(3)] == [True, True, False]
    with Store(root.folder("operator")).transaction() as tables:
        tables.table("used").insert({"tenant": "other", "provider": "openai", "calls": 3})
    Store(root.folder("other")).create({"id": "other"})
    other = [trials.reserve(changed, "other", "openai", token, allowed=9, initial=0).reserved for token in tokens(2)]
    assert other == [True, False], "what was used before the database counted"
    root.close()
    changed.close()


def test_control_the_number_of_a_client_was_the_quota(acme: SharedStore) -> None:
    with acme.administrator() as connection:
        (source,) = connection.execute("SELECT pg_get_functiondef('modeldeck.reserve_trial'::regproc)").fetchone()
        connection.execute(source.replace("least(allowed, terms.calls)", "allowed"))
    root, changed = acme.root(), acme.database()
    set_quota(root, 2)
    assert all(reserve(changed, token, 10**9) for token in tokens(5))
    root.close()
    changed.close()


def test_two_logins_on_two_hosts_exceed_by_what_one_had_pending_when_it_was_cut_off_and_no_more(
    acme: SharedStore,
) -> None:
    quota, pending = 6, 2
    root = acme.root()
    set_quota(root, quota)
    with root.folder("acme").lock():
        root.folder("acme").send("SELECT modeldeck.admit_member('acme', 'bob')")
    ada, bob = acme.database("ada"), acme.database("bob")
    cut_off = tokens(pending)
    assert all(reserve(bob, token, quota) for token in cut_off)
    with acme.administrator() as connection:
        connection.execute("UPDATE modeldeck.reservation SET expires = now() - interval '1 s'")
    answered = 0
    for database in (ada, bob) * quota:
        token = uuid4().hex
        if reserve(database, token, quota):
            trials.end(database, "acme", "openai", token, used=True)
            answered += 1
    for token in cut_off:
        trials.end(bob, "acme", "openai", token, used=True)
    assert answered == quota and counts(acme) == (quota + pending, 0)
    assert not reserve(bob, uuid4().hex, quota) and not reserve(ada, uuid4().hex, quota)
    for opened in (root, ada, bob):
        opened.close()


@pytest.fixture
def metered(open_session: Open) -> Iterator[Session]:
    """Ada's session with the tenant acme, and a trial of two requests."""
    ada = open_session("ada")
    asyncio.run(tenants.create(ada, "acme"))
    asyncio.run(
        trial_settings.set_trial(
            ada, "openai", {"api_key": Secret("sk-example0-0000-a-trial-key-5d1e")}, ("gpt-5.4-mini",), 2, verify=False
        )
    )
    yield ada


def test_requests_of_a_session_are_metered_in_the_database_and_make_no_version(
    metered: Session, shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "RENEWED", 0.001)
    acme, renewed = metered.tenant("acme"), threading.Event()
    version = metered.store("operator").version_token()

    async def request(fails: bool) -> None:
        async with metering.metered(metering.TrialMeter(acme, "openai")):
            assert await asyncio.to_thread(renewed.wait, 30)
            if fails:
                raise Problem("failed")

    renew = trials.renew

    def renew_and_say(database: Database, tenant: str, token: str) -> None:
        renew(database, tenant, token)
        renewed.set()

    monkeypatch.setattr(trials, "renew", renew_and_say)
    with pytest.raises(Problem, match="failed"):
        asyncio.run(request(True))
    for number in (1, 2):
        asyncio.run(request(False))
        balance = left(acme, "openai")
        assert balance is not None and balance.left == 2 - number
    with pytest.raises(TrialExhausted):
        asyncio.run(request(False))
    assert used_by(metered, "openai") == {"acme": 2}
    assert metered.store("operator").version_token() == version


def test_while_the_store_is_away_no_trial_is_reserved(
    metered: Session, shared: SharedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = metered.data.database  # type: ignore[attr-defined]

    def unreachable(*args: object) -> None:
        from tui.storage.postgres.connection import StoreUnreachable

        raise StoreUnreachable("The store cannot be reached.")

    _ = metered.store("operator").read()
    monkeypatch.setattr(type(database.link), "call", unreachable)
    monkeypatch.setattr(database, "watched", True)
    with pytest.raises(Problem) as caught:
        metering.TrialMeter(metered.tenant("acme"), "openai").reserve()
    assert caught.value.code is Exit.NETWORK
