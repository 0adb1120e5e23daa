"""What the monitor notices, without a terminal."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from tests.console.empty_session import empty_session
from tests.console.screen_stack import FakeStack, RecordedScreen
from tui.console.background import monitor
from tui.console.background.monitor import BackgroundMonitor
from tui.console.frame.running_calls import RunningCalls
from tui.console.navigation import areas
from tui.console.navigation.areas import AreaNavigator
from tui.console.navigation.dialogs import Dialogs
from tui.errors import Problem
from tui.secret import Secret
from tui.storage import lock
from tui.tenancy import keyring, last_used
from tui.tenancy.session import Session
from tui.vault.envelope import KeyHandle
from tui.workspace import tenants


class Console:
    """A monitor over a fake stack."""

    def __init__(self, session: Session) -> None:
        self.session, self.stack, self.notices, self.calls = session, FakeStack(), list[str](), RunningCalls()
        dialogs = Dialogs(self.stack, lambda: self.navigator.tenant_session, self.notices.append)
        self.navigator = AreaNavigator(session, self.stack, dialogs, lambda: None)
        self.monitor = BackgroundMonitor(self.navigator, self.notices.append, self.calls)
        self.intervals: list[tuple[float, Callable[[], None]]] = []

    def start(self) -> None:
        self.monitor.start(lambda seconds, call: self.intervals.append((seconds, call)))

    async def look(self) -> list[str]:
        """What the screen shown was told after one look."""
        self.monitor.check()
        assert self.monitor._looking is not None
        await self.monitor._looking
        assert isinstance(self.stack.screen, RecordedScreen)
        return self.stack.screen.calls


@pytest.fixture
async def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    """The console of a tenant that is shown."""
    plain = (RecordedScreen.__module__, RecordedScreen.__name__)
    monkeypatch.setattr(areas, "_SCREENS", dict.fromkeys(areas._SCREENS, plain))
    session = empty_session()
    await tenants.create(session, "acme")
    console = Console(session)
    console.navigator.open_tenant("acme")
    console.start()
    return console


def elsewhere(session: Session) -> Session:
    """Another process at the same files."""
    return replace(session, open_keys={}, undecryptable={}, _stores={})


async def test_it_looks_regularly(console: Console) -> None:
    assert [seconds for seconds, _ in console.intervals] == [monitor.INTERVAL, monitor.WAIT_INTERVAL]


async def test_warnings_of_the_session_are_shown_at_the_start() -> None:
    session = empty_session()
    session.warnings = ("Other machines may share the file system.",)
    console = Console(session)
    console.start()
    assert console.notices == ["Other machines may share the file system."]


async def test_the_screen_is_reported_once_that_another_process_wrote_the_settings(console: Console) -> None:
    assert await console.look() == []
    await tenants.rename(elsewhere(console.session).tenant("acme"), "acme corporation")
    assert await console.look() == ["changed"]
    assert console.navigator.tenant is not None and console.navigator.tenant.name == "acme corporation"
    assert await console.look() == ["changed"]


async def test_a_tenant_that_was_removed_is_reported_and_shown_no_more(console: Console) -> None:
    assert not console.monitor.tenant_lost()
    await tenants.remove(elsewhere(console.session).tenant("acme"))
    assert not console.monitor.tenant_lost(), "a page stays, with what was typed in it"
    assert console.monitor.banner is not None and console.navigator.tenant is not None


async def test_a_tenant_opened_is_the_one_used_last(console: Console) -> None:
    await console.monitor.tenant_opened()
    assert last_used.last_used(console.session) == "acme"


async def test_who_keeps_this_process_waiting_is_shown_while_it_does(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "waiting_time", lambda: 3.0)
    console.monitor.check_lock()
    assert console.monitor.banner is not None and "waiting for another session 3 s" in str(console.monitor.banner[0])
    monkeypatch.setattr(lock, "waiting_time", lambda: 0.0)
    console.monitor.check_lock()
    assert console.monitor.banner is None


async def test_what_is_not_in_the_audit_log_is_reported_once(console: Console) -> None:
    console.session.audit_failure = Problem("The disk is full.")
    await console.look()
    await console.look()
    assert console.notices == ["This is not in the audit log: The disk is full."]


@pytest.mark.parametrize(("minutes", "running", "locked"), [(16, False, True), (14, False, False), (16, True, False)])
async def test_a_tenant_is_locked_after_minutes_without_a_key_unless_something_runs(
    console: Console, minutes: int, running: bool, locked: bool
) -> None:
    await tenants.set_passphrase(console.session.tenant("acme"), Secret("a passphrase"))
    console.navigator.tenant_changed()
    await tenants.unlock(console.session.tenant("acme"), Secret("a passphrase"))
    if running:
        console.calls.set("playground", lambda: None)
    console.monitor._last_key -= 60 * minutes
    await console.look()
    assert ("acme" not in console.session.open_keys) is locked


class AgentOfOne:
    """An agent that keeps one tenant open, until it does not."""

    in_reach, problem = True, None

    def __init__(self, key_id: str) -> None:
        self.open = [{"tenant": "acme", "key_id": key_id}]

    def tenants(self) -> list[dict[str, str]]:
        return self.open


async def test_what_the_agent_locks_is_hidden_here_and_no_idle_time_locks_it(console: Console) -> None:
    acme = console.session.tenant("acme")
    await tenants.set_passphrase(acme, Secret("a passphrase"))
    await tenants.unlock(acme, Secret("a passphrase"))
    private = keyring.private_key(acme)
    handle = SimpleNamespace(key_id=private.key_id, public_pem=private.public_pem)
    agent = AgentOfOne(private.key_id)
    console.session.open_keys["acme"] = cast(KeyHandle, handle)
    console.session.__dict__["agent"] = agent
    console.monitor._last_key -= 60 * 60
    assert "hide" not in await console.look() and "acme" in console.session.open_keys
    agent.open = []
    assert "hide" in await console.look() and "acme" not in console.session.open_keys


async def test_a_look_that_is_slow_is_not_doubled(console: Console) -> None:
    console.monitor.check()
    first = console.monitor._looking
    console.monitor.check()
    assert console.monitor._looking is first and first is not None
    await asyncio.wait_for(first, 30)
