"""The health table: what it shows before a check, what `V` and `v` find, and what a filter leaves."""

import pytest

from tests.console.pilot import rows, screen_of, shown, until, until_shown, windows
from tests.console.sample_models import area, type_text
from tests.doubles.practice import practice_session
from tui.console.pages.health import Health
from tui.console.pages.health_rows import draw, head
from tui.errors import NetworkError
from tui.tenancy import verification
from tui.tenancy.session import Session
from tui.workspace.credentials import health, verify
from tui.workspace.credentials.health import HealthRow

ROW = HealthRow(
    "acme", "openai", "main", True, "ready", "2026-11-22T09:00:00Z", 241, 200, 231, True, 12, None, "2026-12-24"
)


def test_columns_fit_the_window_and_a_wide_one_has_more() -> None:
    now = "2026-11-22T10:00:00Z"
    assert head(False, 77).plain == "  credential                  state      now      median   age    due"
    own = draw(ROW, "", "OpenAI", now)(77).plain
    assert own == "● OpenAI main                 ready      241 ms   231 ms   12 d   2026-12-24"
    assert draw(ROW, "Acme Research", "OpenAI", now)(77).plain.startswith("● Acme Research OpenAI main   ready ")
    wide = draw(ROW, "", "OpenAI", now)(110).plain
    assert head(False, 110).plain.index("check") == wide.index("one token")
    failed = HealthRow("acme", "openai", "default", False, "failed", problem=NetworkError("No route.", "Try again."))
    assert draw(failed, "", "OpenAI", now)(77).plain.startswith("▲ OpenAI ")


def test_a_key_that_cannot_be_decrypted_is_not_called_ready_before_a_check() -> None:
    acme = practice_session(pace=0.0).tenant("acme")
    with verification.credential_transaction(acme) as tables:
        tables.table("credentials").update({"key_id": "0" * 8}, cond=lambda record: record["name"] == "batch-jobs")
    states = {row.credential: (row.state, row.problem) for row, _ in health.rows(acme) if row.provider == "openai"}
    assert states["default"] == ("ready", None)
    state, problem = states["batch-jobs"]
    assert state == "failed" and problem is not None and "key pair that no longer exists" in problem.message


def test_trials_are_counted_after_the_credentials() -> None:
    trial = HealthRow("acme", "tongyi", "", True, "trial", trial=(3, 9))
    assert health.summary([ROW, ROW, trial]) == "2 credentials: 2 ready. 1 trial, not checked."
    assert health.summary([trial, trial]) == "0 credentials. 2 trials, not checked."
    assert health.summary([ROW]) == "1 credential: 1 ready." and health.summary([]) == "0 credentials."


async def test_every_key_of_a_tenant_is_verified_and_one_that_fails_says_why(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = verify.verify_stored

    async def verified(own: object, provider_id: str, name: str) -> object:
        if provider_id == "openai":
            raise NetworkError("Cannot find the host api.openai.com. The key was not sent.", "Check the network.")
        return await stored(own, provider_id, name)  # type: ignore[arg-type]

    monkeypatch.setattr(verify, "verify_stored", verified)
    async with area(session, "providers") as pilot:
        await pilot.press("H")
        await until_shown(pilot, "── Health of ")
        await until_shown(pilot, "● OpenAI ")
        assert isinstance(pilot.app.screen, Health)
        await pilot.press("V")
        await until_shown(pilot, "2 failed")
        await until_shown(pilot, "OpenAI: Cannot find the host api.openai.com.")
        await pilot.press("slash")
        await type_text(pilot, "failed")
        await until_shown(pilot, "2 of 3")
        await pilot.press("enter", "v")
        await until_shown(pilot, "▲ Cannot find the host api.openai.com. The key was not sent.")
        await until_shown(pilot, "Check the network.")
        await pilot.press("escape")
        await until(pilot, lambda: "2 of 3" not in rows(pilot)[1])
        await pilot.press("escape")
        await until_shown(pilot, "── Providers ")


async def test_all_tenants_are_in_one_table_and_a_locked_one_is_reported(session: Session) -> None:
    async with area(session, "providers") as pilot:
        await pilot.press("0", "H")
        await until_shown(pilot, "── Health of all tenants ")
        await until_shown(pilot, "acme")
        page = screen_of(pilot, Health)
        assert len({row.tenant for _, row, _ in page._entries.values()}) > 1
        await pilot.press("V")
        await until(pilot, lambda: " 1 locked." in shown(pilot))
        async for _ in windows(pilot, (120, 40), (80, 24)):
            await until_shown(pilot, " credential ")
