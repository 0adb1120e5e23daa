"""The test request of a model: billed like any other, so that it asks for as little as the model takes."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.events import Event, Finish, Notice, TextDelta
from tui.tenancy.session import Session
from tui.workspace.playground import calls, test_call

CASES = (
    ("anthropic", "claude-haiku-4-5", {"max_tokens": 16}),
    ("openai", "gpt-4.1", {"max_tokens": 16}),
    # A reasoning model refuses a bound that it cannot finish within.
    ("openai", "gpt-6-sol", {"max_tokens": 1024}),
    ("openai_compatible", "qwen3:32b", {"max_tokens": 16}),
)


def answer_with(monkeypatch: pytest.MonkeyPatch, *events: Event) -> list[Mapping[str, Any]]:
    """Answer every chat with these events; return the parameters of each."""
    requests: list[Mapping[str, Any]] = []

    async def chat(session: Any, model: Any, messages: Any, parameters: Any, **more: Any) -> AsyncIterator[Event]:
        requests.append(parameters)
        for event in events:
            yield event

    monkeypatch.setattr(calls, "chat", chat)
    return requests


@pytest.mark.parametrize(("provider", "name", "expected"), CASES)
async def test_the_answer_is_bounded(
    session: Session, monkeypatch: pytest.MonkeyPatch, provider: str, name: str, expected: dict[str, int]
) -> None:
    requests = answer_with(monkeypatch, TextDelta("ok"), Finish("stop"))
    await test_call.test_call(session.tenant("acme"), Model(provider, name, ModelType.CHAT))
    assert [list(parameters.values()) for parameters in requests] == [list(expected.values())]


async def test_an_answer_that_ends_at_the_bound_before_its_first_word_is_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reason in ("length", "max_tokens"):
        answer_with(monkeypatch, Finish(reason, complete=False))
        outcome = await test_call.test_call(session.tenant("acme"), Model("openai", "gpt-4.1", ModelType.CHAT))
        assert outcome.words == "answered"


async def test_an_empty_answer_is_none(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, Finish("stop"))
    with pytest.raises(Problem, match="empty answer"):
        await test_call.test_call(session.tenant("acme"), Model("openai", "gpt-4.1", ModelType.CHAT))


@pytest.mark.parametrize(
    ("kind", "call", "says"),
    [
        (ModelType.EMBEDDING, "embed", "m returned no vector"),
        (ModelType.SPEECH2TEXT, "transcribe", "m returned no transcript"),
    ],
)
async def test_a_model_that_returns_nothing_of_its_type_fails_its_test(
    session: Session, monkeypatch: pytest.MonkeyPatch, kind: ModelType, call: str, says: str
) -> None:
    async def answer(*_: Any, **__: Any) -> AsyncIterator[Event]:
        yield Notice("The model is starting.")

    notices: list[str] = []
    monkeypatch.setattr(calls, call, answer)
    with pytest.raises(Problem, match=says):
        await test_call.test_call(session.tenant("acme"), Model("openai", "m", kind), notify=notices.append)
    assert notices == ["The model is starting."]
