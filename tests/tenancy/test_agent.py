"""A tenant that is open through the agent: used as one that was unlocked here, and locked everywhere at once."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.doubles.running_agent import agent_running, runtime
from tui.errors import Locked, Problem
from tui.secret import Secret
from tui.tenancy import credentials, keyring, verification
from tui.tenancy import tenants as registry
from tui.tenancy.session import Session, TenantSession
from tui.vault import key_pair
from tui.vault.agent import client, control
from tui.vault.agent.client import Agent
from tui.workspace import tenants
from tui.workspace.credentials import save
from tui.workspace.key_pairs import rotation

pytestmark = pytest.mark.slow

PASSPHRASE = Secret("a FAKE passphrase")
KEY = Secret("sk-FAKE-key-of-a-test-0001")


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    with runtime() as environ, agent_running(environ):
        yield environ


async def opened(disk_session: Session, environ: dict[str, str]) -> TenantSession:
    """Return a tenant with an API key in a process that has unlocked it and so given its key to the agent."""
    Agent(environ).forget()
    session = replace(disk_session, environ=environ)
    acme = session.tenant((await tenants.create(session, "Acme", PASSPHRASE)).id)
    await save.save(acme, "openai", {"api_key": KEY})
    session.open_keys.clear()
    await tenants.unlock(acme, PASSPHRASE)
    assert keyring.is_in_agent(acme)
    return acme


@pytest.fixture
async def acme(disk_session: Session, environ: dict[str, str]) -> TenantSession:
    return await opened(disk_session, environ)


def another(session: TenantSession) -> TenantSession:
    """The same tenant in a process that has opened nothing."""
    fresh = replace(session.process, open_keys={}, undecryptable={}, counters={}, _stores={})
    return fresh.tenant(session.tenant_id)


def secrets_of(session: TenantSession) -> dict[str, Secret]:
    credential = credentials.active(session, "openai")
    assert credential is not None
    return credentials.secrets(session, credential)


async def test_another_process_uses_it_without_a_passphrase_and_never_gets_the_private_key(acme: TenantSession) -> None:
    other = another(acme)
    assert not keyring.is_open(other)
    await tenants.unlock(other)
    assert secrets_of(other) == {"api_key": KEY}
    assert verification.integrity_status(other).proved
    assert not isinstance(keyring.key_handle(other), key_pair.PrivateKey)
    with pytest.raises(Locked, match="This needs the passphrase of Acme"):
        keyring.private_key(other)
    # What it saves the manifest vouches for.
    await save.save(other, "anthropic", {"api_key": Secret("sk-ant-FAKE-0001")})
    assert not verification.integrity_status(another(acme)).findings


async def test_control_without_the_agent_it_is_locked(acme: TenantSession) -> None:
    other = another(acme)
    other.process.environ = {}
    with pytest.raises(Locked):
        await tenants.unlock(other)


async def test_locked_in_one_process_it_is_locked_in_all(acme: TenantSession) -> None:
    other = another(acme)
    await tenants.unlock(other)
    keyring.lock(acme)
    with pytest.raises(Locked, match="The agent locked it meanwhile"):
        secrets_of(other)
    assert not keyring.is_open(other) and not credentials.is_undecryptable(other, credentials.stored(other)[0])
    assert not verification.integrity_status(other).proved
    assert [entry.done for entry in acme.log.read()][-1] == "locked"


async def test_a_list_of_a_tenant_that_was_locked_meanwhile_is_that_of_a_locked_one(acme: TenantSession) -> None:
    other = another(acme)
    await tenants.unlock(other)
    keyring.lock(acme)
    assert not verification.integrity_status(other).proved
    assert other.process.forget_lost() == []


async def test_a_process_notices_that_the_agent_has_locked(acme: TenantSession, environ: dict[str, str]) -> None:
    assert acme.process.forget_lost() == []
    Agent(environ).forget()
    assert acme.process.forget_lost() == [acme.tenant_id]
    assert not keyring.is_open(acme)


async def test_settings_that_name_another_public_key_are_not_opened(acme: TenantSession) -> None:
    foreign, other = key_pair.generate_key_pair(1024), another(acme)
    with other.store.transaction() as tables:
        tables.table("meta").update({"public_key": foreign.public_pem})
    with pytest.raises(Locked):
        await tenants.unlock(other)


async def test_a_new_key_pair_replaces_the_one_in_the_agent(acme: TenantSession, environ: dict[str, str]) -> None:
    before = registry.tenant_of(acme).key_id
    await rotation.rotate(acme, PASSPHRASE)
    (entry,) = Agent(environ).tenants()
    assert entry["key_id"] == registry.tenant_of(acme).key_id != before
    other = another(acme)
    await tenants.unlock(other)
    assert secrets_of(other) == {"api_key": KEY}


async def test_a_new_passphrase_needs_the_one_before(acme: TenantSession) -> None:
    with pytest.raises(Locked, match="This needs the passphrase"):
        await tenants.set_passphrase(acme, Secret("another FAKE one"))
    await tenants.set_passphrase(acme, Secret("another FAKE one"), PASSPHRASE)
    assert secrets_of(acme) == {"api_key": KEY}


async def test_the_key_of_a_removed_tenant_is_forgotten(acme: TenantSession, environ: dict[str, str]) -> None:
    await tenants.remove(acme)
    assert Agent(environ).tenants() == []


async def test_killed_or_stopped_it_costs_a_passphrase_and_nothing_else(
    disk_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with runtime() as environ, agent_running(environ):
        acme = await opened(disk_session, environ)
        os.kill(control.running(environ), signal.SIGKILL)
        with pytest.raises(Locked, match="The agent was stopped"):
            secrets_of(acme)
        await tenants.unlock(acme, PASSPHRASE)
        assert secrets_of(acme) == {"api_key": KEY} and not keyring.is_in_agent(acme)
        monkeypatch.setattr(client, "TIMEOUT", 0.5)
        control.start(environ, 60, 60)
        await tenants.unlock(acme, PASSPHRASE)
        os.kill(control.running(environ), signal.SIGSTOP)
        with pytest.raises(Locked, match="does not answer"):
            secrets_of(acme)
        with pytest.raises(Problem):
            await tenants.unlock(acme)
        await tenants.unlock(acme, PASSPHRASE)
        assert secrets_of(acme) == {"api_key": KEY} and not keyring.is_in_agent(acme)
