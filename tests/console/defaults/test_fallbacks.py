"""The fallbacks of a default: chosen in Defaults, named in the answer."""

from contextlib import aclosing

import pytest

from tests.console.pilot import until, until_shown
from tests.console.sample_models import area, type_text
from tui.console.playground.question import Question
from tui.console.widgets.row_list import Rows
from tui.domain import Model, ModelType
from tui.errors import NetworkError
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.playground import calls


def order(session: Session) -> tuple[str, ...]:
    return models.defaults(session.tenant("acme"))[ModelType.CHAT].refs


async def test_a_fallback_is_added_answers_and_is_dropped(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    send = calls.send

    async def failing(tenant: object, model: Model, *args: object) -> object:
        if model.id == "gpt-6-sol":
            raise NetworkError("OpenAI cannot be reached.")
        async with aclosing(send(tenant, model, *args)) as events:  # type: ignore[arg-type]
            async for event in events:
                yield event

    monkeypatch.setattr(calls, "send", failing)
    async with area(session, "defaults") as pilot:
        await pilot.press("up", "f")
        await until_shown(pilot, "── Defaults › chat › fallback ──")
        await type_text(pilot, "gpt-5.4-mini")
        await pilot.press("enter")
        await until(pilot, lambda: order(session) == ("openai/gpt-6-sol", "openai/gpt-5.4-mini"))
        await until_shown(pilot, "then ● openai/gpt-5.4-mini")
        await pilot.press("4")
        await until(pilot, lambda: isinstance(pilot.app.focused, Question))
        await pilot.press("h", "i", "enter")
        await until_shown(pilot, "Answered by openai/gpt-5.4-mini, because openai/gpt-6-sol:")
        await until_shown(pilot, "▌ gpt-5.4-mini")
        await pilot.press("f4")
        await until(pilot, lambda: bool(pilot.app.screen.query("#defaults")))
        await pilot.press("down")
        assert pilot.app.screen.query_one("#defaults", Rows).key == "chat then 0"
        await pilot.press("x")
        await until(pilot, lambda: order(session) == ("openai/gpt-6-sol",))
        await pilot.press("U")
        await until_shown(pilot, "then ● openai/gpt-5.4-mini")
