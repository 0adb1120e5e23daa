"""Keys of the environment that are saved all at once: what another session saved meanwhile is asked about."""

import pytest

from tests.doubles.practice import practice_session
from tests.workspace.test_conflicts import another_session_saves
from tui.errors import Conflict
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.session import TenantSession
from tui.workspace.credentials import environment, save, verify
from tui.workspace.credentials.discovery import DiscoveredKey
from tui.workspace.credentials.save_plan import SavePlan
from tui.workspace.credentials.verify import VerifiedDraft

NEW, STORED = "sk-FAKE-7Zq4-0000-mine-0001", "sk-FAKE-7Zq4-0000-them-0002"


@pytest.mark.slow
async def test_a_key_that_another_session_saved_during_verification_is_not_replaced_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acme = practice_session(pace=0.0).tenant("acme")
    keys = {"openai": DiscoveredKey("OPENAI_API_KEY", "", {"api_key": Secret(NEW)})}
    verify_plan = verify.verify_plan

    async def overtaken(plan: SavePlan) -> VerifiedDraft:
        async def theirs(session: TenantSession) -> None:
            await save.save(session, "openai", {"api_key": Secret(STORED)})

        await another_session_saves(acme, theirs)
        return await verify_plan(plan)

    monkeypatch.setattr(verify, "verify_plan", overtaken)
    [result] = await environment.set_up_all(acme, keys)
    assert isinstance(result.problem, Conflict) and secret(acme) == STORED
    assert "Not set up: OpenAI, OPENAI_API_KEY. OpenAI was changed" in environment.summary([result])
    assert environment.summary([await environment.save_over(result)]) == "Set up OpenAI."
    assert secret(acme) == NEW


def secret(session: TenantSession) -> str:
    stored = credentials.active(session, "openai")
    assert stored is not None
    return credentials.secrets(session, stored)["api_key"].reveal()
