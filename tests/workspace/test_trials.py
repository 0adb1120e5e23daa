"""Trials: what a tenant has left, whose key pays, and calls that are counted once or not at all."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tui.domain import KeySource, Model, ModelType
from tui.errors import CredentialRejected, Problem, UsageError
from tui.process import identity
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.events import TextDelta
from tui.providers.requests import Message
from tui.secret import Secret
from tui.storage import settings_file
from tui.storage.settings_file import CorruptSettings
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import models
from tui.tenancy import tenants as tenant_registry
from tui.tenancy import trials as trial_store
from tui.tenancy.session import OPERATOR, Session
from tui.tenancy.trials import TrialExhausted
from tui.workspace import audit, tenants, trials
from tui.workspace.credentials import save, status, verify
from tui.workspace.models import catalog, defaults
from tui.workspace.playground import calls as playground_calls
from tui.workspace.playground import key_source
from tui.workspace.playground.metering import TrialMeter

ROOT = Path(__file__).parent.parent.parent
KEY = "sk-FAKE-lent-0000000000000000-8d21"
HELLO = (Message("user", "Hello"),)
CHAT = "gpt-5.4-mini"


async def grant_trial(session: Session, calls: int = 10, ids: tuple[str, ...] = (), key: str = KEY) -> None:
    await trials.set_trial(session, "openai", {"api_key": Secret(key)}, ids, calls)


async def ask(session: Session, text: str = "Hello", model: str = CHAT) -> None:
    trial_model = models.find(session.tenant("acme"), f"openai/{model}", ModelType.CHAT)
    assert [
        event async for event in playground_calls.chat(session.tenant("acme"), trial_model, (Message("user", text),))
    ]


def left(session: Session) -> int:
    remaining = trial_store.left(session.tenant("acme"), "openai")
    assert remaining is not None
    return remaining.left


@pytest.fixture
async def acme(disk_session: Session) -> Session:
    """A session on real files whose tenant acme has nothing of its own."""
    await tenants.create(disk_session, "acme")
    return disk_session


# --- the operator -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_what_is_left_out_is_as_the_provider_proposes(acme: Session) -> None:
    trial = await trials.set_trial(acme, "openai", {"api_key": Secret(KEY)})
    assert (trial.calls, set(trial.models)) == (500, set(PROVIDERS["openai"].trial_models))
    assert PROVIDERS["anthropic"].trial_calls == 1_000 and PROVIDERS["anthropic"].trial_models
    changed = await trials.set_trial(acme, "openai", {}, (CHAT,), 20)
    assert (changed.calls, changed.models) == (20, (CHAT,))
    again = await trials.set_trial(acme, "openai", {}, calls=30)
    assert (again.calls, again.models) == (30, (CHAT,))


async def test_what_is_proposed_is_listed_by_the_provider_today() -> None:
    for provider in PROVIDERS.values():
        known = {model.id: model for model in provider.catalogue}
        assert bool(provider.trial_calls) == bool(provider.trial_models)
        assert all(trial_model in known and not known[trial_model].gone for trial_model in provider.trial_models), (
            provider.id
        )


async def test_the_key_is_sealed_under_a_key_pair_of_the_operators_own(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme)
    content = (tmp_path / "data/operator/settings.json").read_text()
    assert KEY not in content and "8d21" in content
    assert (tmp_path / "data/operator/settings.json").stat().st_mode & 0o777 == 0o600
    pem = next((tmp_path / "keys/operator").glob("*.pem"))
    assert (
        pem.stem
        == tenant_registry.tenant_of(acme.tenant(OPERATOR)).key_id
        != tenant_registry.tenant_of(acme.tenant("acme")).key_id
    )
    assert KEY not in (tmp_path / "data/tenants/acme/settings.json").read_text()
    assert tenant_registry.ids(acme) == ["acme"]
    with pytest.raises(UsageError):
        tenant_registry.find(acme, OPERATOR)


async def test_a_refused_key_and_amounts_that_cannot_be_meant_are_not_stored(acme: Session) -> None:
    with pytest.raises(CredentialRejected):
        await grant_trial(acme, key="sk-FAKE-refused-000000000000000000")
    for ids, calls in (((), 0), (("no-such-model",), 5)):
        with pytest.raises(UsageError):
            await grant_trial(acme, calls, ids)
    with pytest.raises(UsageError, match="Missing calls"):
        await trials.set_trial(acme, "openai_compatible", {"base_url": "http://localhost:11434/v1"})
    assert not trials.rows(acme) and not stored_credentials.stored(acme.tenant(OPERATOR))


async def test_a_count_that_was_edited_to_a_negative_number_gives_no_request(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme, 3)
    path = tmp_path / "data/operator/settings.json"
    state = settings_file.decode(path.read_bytes())
    used = {"1": {"tenant": "acme", "provider": "openai", "calls": -50}}
    edited = settings_file.Document(state.generation + 1, state.saved, {**state.data, "used": used}, state.by)
    path.write_bytes(settings_file.encode(edited))
    with pytest.raises(CorruptSettings, match="entry 1 of used is not valid"):
        TrialMeter(acme.tenant("acme"), "openai").reserve()
    with pytest.raises(CorruptSettings):
        trials.rows(acme)
    assert trial_store.left(acme.tenant("acme"), "openai") is None


@pytest.mark.slow
async def test_models_that_the_server_does_not_list_get_no_trial(acme: Session) -> None:
    answer = httpx.Response(200, json={"object": "list", "data": []})
    acme.client_factory = lambda: Client({}, transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(UsageError, match="OpenAI does not list "):
        await grant_trial(acme)
    assert not trial_store.trials(acme)


@pytest.mark.slow
async def test_a_trial_that_is_removed_is_in_no_file_and_its_counts_stay(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme)
    await ask(acme)
    (row,) = trials.rows(acme)
    assert row.used == {"acme": 1} and row.credential is not None
    envelope = row.credential.envelope
    await trials.remove(acme, "openai")
    files = [path.read_text() for path in (tmp_path / "data/operator").iterdir() if path.is_file()]
    assert files and not any(envelope in file for file in files)
    assert status.row(acme.tenant("acme"), "openai").state == "not set up"
    with pytest.raises(UsageError, match="no trial of OpenAI"):
        await trials.remove(acme, "openai")
    await grant_trial(acme)
    assert left(acme) == 9


# --- a tenant ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_provider_with_a_trial_alone_can_be_used_with_the_models_that_it_allows(acme: Session) -> None:
    assert status.row(acme.tenant("acme"), "openai").state == "not set up"
    await grant_trial(acme, 10, (CHAT, "text-embedding-3-small"))
    row = status.row(acme.tenant("acme"), "openai")
    assert (row.state, row.word, row.source) == ("trial", "trial 10 of 10 left", "trial")
    assert row.usable and row.credential is None and row.models == 2
    assert [row.model.id for row in catalog.rows(acme.tenant("acme")) if row.usable] == [
        CHAT,
        "text-embedding-3-small",
    ]
    await defaults.set(acme.tenant("acme"), ModelType.CHAT, f"openai/{CHAT}")
    assert defaults.rows(acme.tenant("acme"))[0].sentence == "trial 10 of 10 left"
    await ask(acme)
    assert left(acme) == 9
    assert tenants.row(acme.tenant("acme")).ready == 1


@pytest.mark.slow
async def test_chats_embeddings_and_transcriptions_count_and_verification_does_not(
    acme: Session, tmp_path: Path
) -> None:
    await grant_trial(acme)
    path = tmp_path / "talk.mp3"
    path.write_bytes(b"ID3" + bytes(2_000))
    await ask(acme)
    small = models.find(acme.tenant("acme"), "openai/text-embedding-3-small")
    assert [event async for event in playground_calls.embed(acme.tenant("acme"), small, ["one", "two"])]
    speech = models.find(acme.tenant("acme"), "openai/whisper-1")
    assert [event async for event in playground_calls.transcribe(acme.tenant("acme"), speech, path)]
    assert left(acme) == 7
    await verify.verify_stored(acme.tenant(OPERATOR), "openai")
    await verify.verify(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-own-000000000000000")})
    assert left(acme) == 7


@pytest.mark.slow
async def test_only_the_models_of_the_trial_and_only_where_its_key_may_go(acme: Session) -> None:
    await grant_trial(acme, 10, (CHAT,))
    other = Model("openai", "gpt-6-sol", ModelType.CHAT)
    with pytest.raises(UsageError, match=r"gpt-6-sol is not in the trial of OpenAI\."):
        await anext(playground_calls.chat(acme.tenant("acme"), other, HELLO))
    from tui.workspace.playground.key_source import route_call

    bent = route_call(
        acme.tenant("acme"), Model("openai", CHAT, ModelType.CHAT, fields={"endpoint_url": "https://evil.example"})
    )
    assert not bent.model.fields and bent.access.origins == ("https://api.openai.com",) and not bent.access.key_hint
    assert left(acme) == 10


@pytest.mark.slow
async def test_a_call_that_fails_is_refunded_and_one_stopped_with_an_answer_is_not(acme: Session) -> None:
    await grant_trial(acme)
    with pytest.raises(Problem):
        await ask(acme, "please break")
    assert left(acme) == 10
    chat = models.find(acme.tenant("acme"), f"openai/{CHAT}")
    events = playground_calls.chat(acme.tenant("acme"), chat, (Message("user", "please stall"),))
    async with aclosing(events) as coming:
        async for event in coming:
            assert left(acme) == 9
            if isinstance(event, TextDelta):
                break
    assert left(acme) == 9
    meter = TrialMeter(acme.tenant("acme"), "openai")
    meter.give_back()
    meter.reserve()
    assert left(acme) == 9


@pytest.mark.slow
async def test_a_used_up_trial_sends_nothing_and_never_takes_the_own_key(acme: Session) -> None:
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-own-000000000000000")})
    await catalog.refresh(acme.tenant("acme"), "openai")
    await grant_trial(acme, 1)
    row = status.row(acme.tenant("acme"), "openai")
    assert row.source == "your key" and row.trial and row.trial.left == 1
    await ask(acme)
    assert left(acme) == 1
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    assert status.row(acme.tenant("acme"), "openai").state == "trial"
    await ask(acme)
    with pytest.raises(TrialExhausted, match=r"The trial of OpenAI is used up: 1 of 1 requests\.") as caught:
        await ask(acme)
    assert caught.value.hint.startswith("Nothing was sent.")
    row = status.row(acme.tenant("acme"), "openai")
    assert (row.state, row.word, row.usable, row.source) == ("trial used up", "trial 0 of 1 left", False, "trial")
    await trials.remove(acme, "openai")
    assert status.row(acme.tenant("acme"), "openai").state == "trial gone"
    with pytest.raises(UsageError, match="no trial of OpenAI"):
        await ask(acme)
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.OWN)
    await ask(acme)


@pytest.mark.slow
async def test_the_last_tenth_is_reported_in_time(acme: Session) -> None:
    await grant_trial(acme, 12)
    states = []
    for _ in range(12):
        states.append(status.row(acme.tenant("acme"), "openai").state)
        meter = TrialMeter(acme.tenant("acme"), "openai")
        meter.reserve()
        meter.settle()
    assert states == ["trial"] * 11 + ["trial low"]


@pytest.mark.slow
async def test_the_last_calls_are_reported_once_a_day_by_whichever_session_is_first(acme: Session) -> None:
    await grant_trial(acme, 20)
    assert key_source.last_calls(acme.tenant("acme"), "openai") == 0
    for _ in range(18):
        meter = TrialMeter(acme.tenant("acme"), "openai")
        meter.reserve()
        meter.settle()
    other = replace(acme, open_keys={}, _stores={})
    before = len(audit.listing(acme.tenant(OPERATOR)))
    assert key_source.last_calls(acme.tenant("acme"), "openai") == 2
    assert (
        key_source.last_calls(other.tenant("acme"), "openai")
        == key_source.last_calls(acme.tenant("acme"), "openai")
        == 0
    )
    acme.clock = lambda: time.time() + 24 * 3600
    assert key_source.last_calls(acme.tenant("acme"), "openai") == 2
    assert len(audit.listing(acme.tenant(OPERATOR))) == before
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-own-000000000000000")})
    acme.clock = lambda: time.time() + 48 * 3600
    assert key_source.last_calls(acme.tenant("acme"), "openai") == 0, "the own key is used"


@pytest.mark.slow
async def test_the_source_is_the_tenants_choice_and_the_first_own_key_is_used(acme: Session) -> None:
    with pytest.raises(UsageError, match="no trial of OpenAI"):
        await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    await grant_trial(acme)
    with pytest.raises(UsageError, match="acme has no API key for OpenAI"):
        await key_source.choose(acme.tenant("acme"), "openai", KeySource.OWN)
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-own-000000000000000")})
    assert key_source.source(acme.tenant("acme"), "openai") is KeySource.OWN
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-own-11111111111111")})
    assert key_source.source(acme.tenant("acme"), "openai") is KeySource.TRIAL


@pytest.mark.slow
async def test_a_refused_trial_key_is_noted_with_the_operator_and_the_own_key_is_left_alone(acme: Session) -> None:
    await save.save(acme.tenant("acme"), "openai", {"api_key": Secret("sk-FAKE-own-000000000000000")})
    await catalog.refresh(acme.tenant("acme"), "openai")
    await trials.set_trial(acme, "openai", {"api_key": Secret("sk-FAKE-refused-0000000000")}, (), 10, verify=False)
    await key_source.choose(acme.tenant("acme"), "openai", KeySource.TRIAL)
    with pytest.raises(CredentialRejected, match="The trial of OpenAI does not work: the provider"):
        await ask(acme)
    (row,) = trials.rows(acme)
    assert row.credential and row.credential.check.state == "refused" and left(acme) == 10
    own = stored_credentials.active(acme.tenant("acme"), "openai")
    assert own and own.check.state == "unverified"


@pytest.mark.slow
async def test_restoring_replacing_or_removing_a_tenants_settings_does_not_refill(acme: Session) -> None:
    await grant_trial(acme)
    await tenants.rename(acme.tenant("acme"), "Acme")
    await ask(acme)
    await tenants.restore(acme.tenant("acme"), tenants.earlier(acme.tenant("acme"))[0].name)
    assert left(acme) == 9
    await tenants.remove(acme.tenant("acme"))
    await tenants.create(acme, "acme")
    assert left(acme) == 9


async def test_an_operators_store_that_cannot_be_read_breaks_no_list_and_lends_nothing(acme: Session) -> None:
    await grant_trial(acme)
    folder = acme.store(OPERATOR).folder
    folder.write("settings.json", (folder.read("settings.json") or b"")[:-40])
    assert status.row(acme.tenant("acme"), "openai").state == "not set up"
    assert tenants.row(acme.tenant("acme")).problem is None
    with pytest.raises(Problem, match="cannot be read"):
        TrialMeter(acme.tenant("acme"), "openai").reserve()


# --- processes --------------------------------------------------------------------------------------------------------

_BEGIN = """
import sys
from pathlib import Path
from tui.storage.folder import DiskFolder
from tui.tenancy.session import Session
from tui.workspace.playground.metering import TrialMeter
from tui.tenancy.trials import TrialExhausted
session = Session(DiskFolder(Path(sys.argv[1]) / "data"), DiskFolder(Path(sys.argv[1]) / "keys"), lambda: None)
"""
_TAKE = """
kept = 0
sys.stdin.readline()
for n in range(8):
    meter = TrialMeter(session.tenant("acme"), "openai")
    try:
        meter.reserve()
    except TrialExhausted:
        break
    (meter.give_back if n % 3 == 2 else meter.settle)()
    kept += n % 3 != 2
print(kept)
"""
_ANSWERED = """
import asyncio
from tui.providers.events import TextDelta
meter = TrialMeter(session.tenant("acme"), "openai")
meter.reserve()
asyncio.run(meter.watch(TextDelta("An answer")))
print("answered", flush=True)
sys.stdin.readline()
"""
_HOLD = """
TrialMeter(session.tenant("acme"), "openai").reserve()
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def process(home: Path, code: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that works on the same folders."""
    words = [sys.executable, "-c", _BEGIN + code, str(home)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.mark.slow
async def test_eight_processes_at_once_never_exceed_the_quota(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme, 20)
    with ExitStack() as stack:
        at_once = [stack.enter_context(process(tmp_path, _TAKE)) for _ in range(8)]
        for running in at_once:
            assert running.stdin
            running.stdin.write("\n")
            running.stdin.flush()
        counts = [int(process.communicate()[0]) for process in at_once]
    assert sum(counts) == 20 and left(acme) == 0
    with pytest.raises(TrialExhausted):
        TrialMeter(acme.tenant("acme"), "openai").reserve()


@pytest.mark.slow
async def test_what_a_killed_process_had_reserved_is_free_again(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme, 1)
    with process(tmp_path, _HOLD) as holding:
        assert holding.stdout and holding.stdout.readline() == "held\n"
        assert left(acme) == 0
        with pytest.raises(TrialExhausted, match="are still running"):
            TrialMeter(acme.tenant("acme"), "openai").reserve()
        holding.kill()
        holding.wait()
        assert left(acme) == 1
    meter = TrialMeter(acme.tenant("acme"), "openai")
    meter.reserve()
    meter.settle()
    assert left(acme) == 0
    assert not acme.store(OPERATOR).read().table("reservations").all()


@pytest.mark.slow
async def test_a_process_that_is_killed_once_its_answer_began_has_used_its_call(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme, 2)
    with process(tmp_path, _ANSWERED) as answered:
        assert answered.stdout and answered.stdout.readline() == "answered\n"
        answered.kill()
        answered.wait()
    assert left(acme) == 1
    with process(tmp_path, _HOLD) as holding:
        assert holding.stdout and holding.stdout.readline() == "held\n"
        holding.kill()
        holding.wait()
    assert left(acme) == 1, "the control: nothing of its answer had come"


@pytest.mark.slow
async def test_a_call_that_fails_after_its_answer_began_is_refunded(acme: Session) -> None:
    await grant_trial(acme)
    meter = TrialMeter(acme.tenant("acme"), "openai")
    meter.reserve()
    await meter.watch(TextDelta("An ans"))
    assert acme.store(OPERATOR).read().table("used").all()[0]["calls"] == 1
    meter.give_back()
    meter.settle()
    assert left(acme) == 10


@pytest.mark.slow
async def test_a_clock_that_is_hours_ahead_frees_no_call_that_runs(acme: Session, tmp_path: Path) -> None:
    await grant_trial(acme, 1)
    with process(tmp_path, _HOLD) as holding:
        assert holding.stdout and holding.stdout.readline() == "held\n"
        acme.clock = lambda: time.time() + 7 * 3600
        with pytest.raises(TrialExhausted, match="are still running"):
            TrialMeter(acme.tenant("acme"), "openai").reserve()


def test_a_reservation_ends_with_its_process_or_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    record = identity.process_record(1_000.0)
    assert json.loads(json.dumps(record)) == record
    assert identity.is_alive(record, 1_001.0)
    assert not identity.is_alive(record | {"uptime": record["uptime"] - identity.MAX_SECONDS - 1}, 1_001.0)
    assert identity.is_alive(record, 1_000.0 + identity.MAX_SECONDS + 1), "a changed clock is not time that passed"
    assert not identity.is_alive(record | {"uptime": None}, 1_000.0 + identity.MAX_SECONDS + 1)
    assert not identity.is_alive(record | {"begun": "1"}, 1_001.0), "another process has the number by now"
    assert not identity.is_alive({}, 1_001.0)
    elsewhere = record | {"host": "another", "pid": 2**30}
    assert identity.is_alive(elsewhere, 1_001.0) and not identity.is_alive(elsewhere, 1_001.0 + identity.MAX_SECONDS)
    monkeypatch.setattr(identity, "_start_time", lambda pid: "")
    unknown = record | {"begun": ""}
    assert identity.is_alive(unknown, 1_001.0) and not identity.is_alive(unknown | {"pid": 2**22 + 1}, 1_001.0)
    assert record["pid"] == os.getpid()


async def test_in_memory_a_trial_is_the_same(session: Session) -> None:
    await trials.set_trial(session, "openai", {"api_key": Secret(KEY)}, (CHAT,), 3)
    await key_source.choose(session.tenant("acme"), "openai", KeySource.TRIAL)
    await ask(session)
    assert left(session) == 2
    assert status.row(session.tenant("acme"), "openai").word == "trial 2 of 3 left"
