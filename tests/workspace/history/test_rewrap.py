"""A new key pair reaches the history: every chat opens with it, also after a kill, and none with the old one."""

from pathlib import Path

import pytest

from tests.campaign.kills import kill_at
from tests.workspace.history.test_chats import PASSPHRASE, record
from tui.domain import Tenant
from tui.errors import Problem
from tui.secret import Secret
from tui.tenancy import keyring, retired_keys
from tui.tenancy.session import Session, TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import sealed_lines
from tui.workspace import tenants
from tui.workspace.history import chats, rewrap
from tui.workspace.history.files import history_folder, key_ids
from tui.workspace.key_pairs import rotation

QUESTIONS = ("Wherefore zyzzyva", "Second?")


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    await tenants.create(disk_session, "Acme", PASSPHRASE, id="acme")
    return disk_session.tenant("acme")


def wrapping_key_ids(session: TenantSession) -> set[str]:
    """The key pairs that keys in the files of the history are wrapped for."""
    folder = history_folder(session)
    lines = [line for name in folder.names() for line in folder.lines(name)]
    return {key_id for line in lines if (key_id := sealed_lines.key_line(line))}


def require_readable(session: TenantSession, chat_ids: list[str]) -> None:
    index = chats.open_history(session)
    assert {chat.id for chat in index.search("zyzzyva")} == set(chat_ids)
    assert [chat.finding for chat in index.chats] == [""] * len(chat_ids)
    for chat_id in chat_ids:
        chat = chats.open_chat(session, chat_id)
        assert (chat.findings, [turn.question for turn in chat.conversation.turns]) == ((), list(QUESTIONS))


@pytest.mark.slow
async def test_a_new_key_pair_opens_every_chat_and_the_old_one_none(acme: TenantSession) -> None:
    chat_ids = [record(acme, *QUESTIONS) for _ in range(2)]
    chats.open_history(acme)
    old = tenant_of(acme).key_id
    assert wrapping_key_ids(acme) == {old}
    done = await rotation.rotate(acme, PASSPHRASE)
    assert done.history_problem is None and wrapping_key_ids(acme) == {done.tenant.key_id} != {old}
    assert key_ids(history_folder(acme)) == [done.tenant.key_id]
    require_readable(acme, chat_ids)
    recorder = chats.Recorder(acme, chats.open_chat(acme, chat_ids[0]))
    recorder.question("After", "openai/m", {})
    assert wrapping_key_ids(acme) == {done.tenant.key_id}


@pytest.mark.slow
async def test_a_session_that_goes_on_recording_seals_for_the_new_pair(acme: TenantSession) -> None:
    recorder = chats.Recorder(acme)
    recorder.question("Before", "openai/m", {})
    done = await rotation.rotate(acme, PASSPHRASE)
    recorder.question("After", "openai/m", {})
    assert wrapping_key_ids(acme) == {done.tenant.key_id}
    assert chats.open_chat(acme, recorder.chat_id).conversation.turns[-1].question == "After"


@pytest.mark.slow
async def test_killed_at_every_step_the_next_unlock_goes_on(
    acme: TenantSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrapping is killed before each of its changes; the control is that some kill leaves both key pairs in use."""
    monkeypatch.setattr(rewrap, "wrap_again", _refuse)
    chat_ids = [record(acme, *QUESTIONS) for _ in range(2)]
    chats.open_history(acme)
    old = tenant_of(acme).key_id
    done = await rotation.rotate(acme, PASSPHRASE)
    assert done.history_problem is not None and wrapping_key_ids(acme) == {old}
    assert old in retired_keys.key_ids(acme)
    monkeypatch.undo()
    mixed = 0
    for step in range(1, 200):
        kill_at(step, lambda: rewrap.wrap_again(acme, PASSPHRASE))
        mixed += len(wrapping_key_ids(acme)) == 2
        if key_ids(history_folder(acme)) == [done.tenant.key_id]:
            break
    assert mixed and step > 5
    keyring.lock(acme)
    await tenants.unlock(acme, PASSPHRASE)
    require_readable(acme, chat_ids)
    assert wrapping_key_ids(acme) == {done.tenant.key_id}


def _refuse(*_: object) -> None:
    raise Problem("killed")


@pytest.mark.slow
async def test_an_earlier_state_with_the_old_pair_opens_them_too(disk_session: Session) -> None:
    tenant = await tenants.create(disk_session, "Acme", id="acme")
    acme = disk_session.tenant(tenant.id)
    chat_ids = [record(acme, *QUESTIONS)]
    done = await rotation.rotate(acme)
    await tenants.restore(acme, tenants.earlier(acme)[0].name)
    keyring.bring_back(acme)
    assert tenant_of(acme).key_id == tenant.key_id != done.tenant.key_id
    require_readable(acme, chat_ids)
    assert wrapping_key_ids(acme) == {tenant.key_id}


@pytest.mark.slow
async def test_a_lost_private_key_leaves_chats_that_say_so(disk_session: Session) -> None:
    tenant: Tenant = await tenants.create(disk_session, "Acme", id="acme")
    acme = disk_session.tenant("acme")
    chat_id = record(acme, *QUESTIONS)
    pem: Path = acme.keys.path / f"{tenant.key_id}.pem"  # type: ignore[operator]
    pem.unlink()
    disk_session.open_keys.clear()
    await rotation.reset_key_pair(acme)
    new = record(acme, *QUESTIONS)
    by_id = {chat.id: chat.finding for chat in chats.open_history(acme).chats}
    assert tenant.key_id in by_id[chat_id] and by_id[new] == ""


def test_a_passphrase_of_a_retired_pair_is_needed(acme: TenantSession) -> None:
    """A wrong one changes nothing."""
    record(acme, *QUESTIONS)
    before = wrapping_key_ids(acme)
    rewrap.wrap_again(acme, Secret("wrong-FAKE"))
    assert wrapping_key_ids(acme) == before
