"""The Doctor page: checks as they come, failures with their remedy, escape stops them before it leaves."""

import asyncio
from typing import Any

import pytest

from tests.console.pilot import app_of, console, rows, until_shown
from tui.errors import CredentialRejected
from tui.tenancy.session import Session
from tui.workspace.doctor.checks import Check, CheckState, failed_check


async def test_checks_come_one_by_one_and_escape_stops_then_leaves(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = asyncio.Event()

    async def slow(*_: object, on_check: Any) -> list[Check]:
        on_check(Check("name", CheckState.OK, "api.openai.com: A 192.0.2.1", 12.3))
        await release.wait()
        on_check(
            failed_check("authentication", CredentialRejected("OpenAI rejected the key.", "Create another one."), 4.2)
        )
        if release.is_set():
            release.clear()
        await release.wait()
        return []

    monkeypatch.setattr("tui.console.providers.doctor.diagnose", slow)
    async with console(session) as pilot:
        await pilot.press("enter", "D")
        await until_shown(pilot, "api.openai.com: A 192.0.2.1")
        assert "checking" in rows(pilot)[1] and "esc stop" in rows(pilot)[23]
        release.set()
        await until_shown(pilot, "Create another one.")
        await until_shown(pilot, "4.2 ms  OpenAI rejected the key.")
        assert not app_of(pilot).actions, "the next key has to wait"
        await pilot.press("escape")
        await until_shown(pilot, "stopped")
        assert "esc back" in rows(pilot)[23]
        await pilot.press("escape")
        await until_shown(pilot, "Providers › OpenAI")


async def test_a_real_diagnosis_in_practice_finds_nothing_wrong(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("D")
        await until_shown(pilot, "nothing is wrong")
        await until_shown(pilot, "practice mode")
        await until_shown(pilot, "the key is accepted")
