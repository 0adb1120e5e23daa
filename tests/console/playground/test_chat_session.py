"""A chat without a screen: what is asked, what is kept of an answer, and how it ends."""

import asyncio

import httpx
import pytest

from tests.console.provider_forms import session_answering
from tests.doubles.practice import practice_session
from tui.console.playground.chat.history import Exchange
from tui.console.playground.chat.session import ChatSession, RunningAnswer
from tui.domain import Model, ModelType
from tui.tenancy import models
from tui.tenancy.session import Session
from tui.workspace.playground.conversation import AnswerState


class Chat:
    """A chat session that notes each change: `True` for an answer that began, `False` for one that is over."""

    def __init__(self, process: Session) -> None:
        self.changes: list[bool] = []
        self.started = asyncio.Event()
        self.session = ChatSession(process.tenant("acme"), self._changed)
        self.model = models.find(self.session.session, "openai/gpt-5.2", ModelType.CHAT)

    def _changed(self, answer: RunningAnswer, exchange: Exchange) -> None:
        self.changes.append(self.session.running is answer)
        self.started.set()


@pytest.fixture
def chat() -> Chat:
    return Chat(practice_session(pace=0.0))


async def test_an_answer_is_kept_whole_with_its_figures(chat: Chat) -> None:
    await chat.session.ask("Why is the sky blue?", chat.model)
    exchange = chat.session.history.last
    assert exchange is not None and exchange.answer is not None
    assert exchange.answer.state is AnswerState.COMPLETE
    assert exchange.answer.text and exchange.answer.output > 0
    assert chat.changes == [True, False] and chat.session.running is None
    assert not chat.session.history.saved


async def test_what_was_sent_before_goes_with_the_next_question() -> None:
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(200, json={"choices": [{"message": {"content": "Because."}, "finish_reason": "stop"}]})

    chat = Chat(session_answering(answer))
    await chat.session.ask("Why is the sky blue?", chat.model)
    await chat.session.ask("And at sunset?", chat.model)
    assert b"sky blue" in bodies[-1] and b"And at sunset?" in bodies[-1]


async def test_asking_again_keeps_the_earlier_answer(chat: Chat) -> None:
    await chat.session.ask("Why is the sky blue?", chat.model)
    first = chat.session.history.last
    await chat.session.ask("Why is the sky blue?", chat.model, again=first)
    assert chat.session.history.entries == [first]
    assert first is not None and len(first.turn.answers) == 2


async def test_an_edited_question_replaces_the_last(chat: Chat) -> None:
    await chat.session.ask("Why is the sky blue?", chat.model)
    await chat.session.ask("Why is the sea blue?", chat.model, replace=True)
    assert [exchange.turn.question for exchange in chat.session.history.entries] == ["Why is the sea blue?"]


async def test_a_rejected_request_leaves_the_question_without_an_answer() -> None:
    error = {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}
    chat = Chat(session_answering(lambda _: httpx.Response(401, json=error)))
    await chat.session.ask("Why is the sky blue?", chat.model)
    exchange = chat.session.history.last
    assert exchange is not None and exchange.problem_block is not None
    assert exchange.replies == [] and exchange.answer is None
    assert chat.changes == [True, False]


async def test_a_stopped_answer_is_kept_as_far_as_it_came() -> None:
    chat = Chat(practice_session(pace=5.0))
    task = asyncio.create_task(chat.session.ask("Why is the sky blue?", chat.model))
    async with asyncio.timeout(10):
        await chat.started.wait()
    chat.session.stop()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    exchange = chat.session.history.last
    assert exchange is not None and exchange.answer is not None
    assert exchange.answer.state is AnswerState.STOPPED and chat.changes == [True, False]


async def test_a_new_chat_keeps_the_system_prompt_and_the_parameters(chat: Chat) -> None:
    chat.session.history.conversation.system = "Be terse."
    chat.session.parameters(chat.model).values["temperature"] = 0.2
    await chat.session.ask("Why is the sky blue?", chat.model)
    chat.session.clear()
    assert chat.session.history.entries == [] and chat.session.history.saved
    assert chat.session.history.conversation.system == "Be terse."
    assert chat.session.parameters(chat.model).values == {"temperature": 0.2}


def test_parameters_belong_to_a_model(chat: Chat) -> None:
    other = Model("openai", "gpt-5.2-mini", ModelType.CHAT)
    chat.session.parameters(chat.model).values["temperature"] = 0.2
    assert chat.session.parameters(other).values == {}
