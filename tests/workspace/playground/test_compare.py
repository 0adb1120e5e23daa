"""Comparing models: independent answers, figures, differences."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tui.domain import Model, ModelType
from tui.errors import NetworkError, UsageError
from tui.providers.events import Event, Finish, Notice, Retrying, TextDelta, ThinkingDelta, Usage
from tui.tenancy.session import Session
from tui.workspace.playground import calls
from tui.workspace.playground.compare import comparison as comparisons
from tui.workspace.playground.compare import report, text_diff
from tui.workspace.playground.compare.comparison import ComparedModel, PromptComparison, spread
from tui.workspace.playground.compare.measurement import MeasuredAnswer
from tui.workspace.playground.conversation import AnswerState


def model(name: str) -> Model:
    return Model("openai", name, ModelType.CHAT)


def compare(*names: str, repeat: int = 1) -> PromptComparison:
    return PromptComparison("Why?", [ComparedModel(model(name)) for name in names], repeat=repeat)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Let `fails` fail, `stalls` wait for the event, and every other model answer at once."""
    gate = asyncio.Event()

    async def send(session: object, model: Model, *_: object) -> AsyncGenerator[Event]:
        if model.id == "fails":
            raise NetworkError("Nothing listens there.")
        yield TextDelta("Because ")
        if model.id == "stalls":
            await gate.wait()
        yield TextDelta("of scattering.")
        yield Usage(3, 5)
        yield Finish("stop")

    monkeypatch.setattr(calls, "chat_call", lambda *_, **__: (None, None))
    monkeypatch.setattr(calls, "send", send)
    return gate


async def test_a_failing_model_stops_none_and_a_stalling_one_delays_none(
    session: Session, answers: asyncio.Event
) -> None:
    comparison = compare("fails", "stalls", "one", "two", repeat=2)
    ended: list[str] = []

    def end(answer: MeasuredAnswer) -> None:
        ended.append(answer.model.id)
        if len(ended) == 5:
            answers.set()

    await comparisons.run(session.tenant("acme"), comparison, on_end=end)
    assert sorted(ended[:5]) == ["fails", "one", "one", "two", "two"]
    fails, stalls, one, _ = comparison.models
    assert [len(entry.answers) for entry in comparison.models] == [1, 2, 2, 2]
    assert fails.answers[0].problem and not fails.answers[0].complete
    assert stalls.answers[0].text == one.answers[0].text == "Because of scattering."


async def test_what_came_is_kept_when_it_is_stopped(session: Session, answers: asyncio.Event) -> None:
    comparison, ended = compare("stalls", "one"), asyncio.Event()
    run = comparisons.run(session.tenant("acme"), comparison, on_end=lambda answer: ended.set())
    task = asyncio.create_task(run)
    async with asyncio.timeout(10):
        await ended.wait()
    stalls, one = comparison.models
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (stalls.answers[0].state, stalls.answers[0].text) == (AnswerState.STOPPED, "Because ")
    assert one.answers[0].state is AnswerState.COMPLETE
    assert [row[-2] for row in report.table(comparison)] == ["stopped", "stop"]


def test_the_speed_is_over_the_answer_without_thinking() -> None:
    answer = MeasuredAnswer(model("thinks"), first=0.5, first_answer=2.0, last=4.0)
    for event in (ThinkingDelta("x" * 400), TextDelta("y" * 40)):
        answer.take(event)
    answer.first_answer, answer.last = 2.0, 4.0
    assert answer.answer_tokens == (10, False)
    answer.take(Usage(5, 120))
    assert answer.answer_tokens == (10, False), "how much of the output was thinking is unknown"
    answer.take(Usage(5, 120, 100))
    assert answer.answer_tokens == (20, True) and answer.speed == 10


def test_the_median_of_repeats_stands_with_its_range() -> None:
    values = spread([0.3, 0.1, 0.2])
    assert values is not None and (values.median, values.low, values.high, values.count) == (0.2, 0.1, 0.3, 3)
    assert report.spread_words(values, "{:.1f} s".format) == "0.2 s (0.1 s–0.3 s)"
    assert spread([]) is None and report.spread_words(None, str) == "–"


def test_two_to_four_different_models_are_compared() -> None:
    for names in (["a"], ["a", "b", "c", "d", "e"], ["a", "a"]):
        with pytest.raises(UsageError):
            comparisons.check_models([model(name) for name in names])
    comparisons.check_models([model("a"), model("b")])


def test_differences_are_marked_by_word_and_lose_nothing() -> None:
    one, two = "The sky is blue today.", "The sky was blue, mostly."
    stretches = text_diff.differences(one, two)
    firsts = "".join(text for change, text in stretches if change is not text_diff.Change.ONLY_SECOND)
    seconds = "".join(text for change, text in stretches if change is not text_diff.Change.ONLY_FIRST)
    assert (firsts, seconds) == (one, two)
    assert text_diff.mark_differences("a blue sky", "a red sky") == "a [-blue-]{+red+} sky"
    assert text_diff.shared_words(one, one) == 1 and text_diff.shared_words("a", "b") == 0


def test_notices_and_retries_of_a_request_are_counted_with_its_answer() -> None:
    answer = MeasuredAnswer(model("a"))
    for event in (
        Notice("Image\x1b made smaller."),
        Retrying("busy", 2.0, 1, 3),
        Retrying("busy", 4.0, 2, 3),
        TextDelta("Yes."),
    ):
        answer.take(event)
    answer.end(AnswerState.COMPLETE)
    assert (answer.notices, answer.retries, answer.text) == (["Image made smaller."], 2, "Yes.")


def test_a_report_gives_the_end_of_every_answer() -> None:
    comparison = compare("stopped", "failed", "waits", "short")
    stopped, failed, _, short = comparison.models
    for entry in (stopped, failed, short):
        entry.answers.append(MeasuredAnswer(entry.model))
    stopped.answers[0].take(TextDelta("Because"))
    stopped.answers[0].end(AnswerState.STOPPED)
    failed.answers[0].end(AnswerState.BROKEN, NetworkError("Nothing listens there.", detail="ECONNREFUSED"))
    short.answers[0].take(Finish("length", complete=False, note="the answer is cut"))
    short.answers[0].end(AnswerState.COMPLETE)
    assert report.row(comparison.models[2]) == ("openai/waits", *["–"] * (len(report.HEADINGS) - 3), "not asked", "–")
    text = report.as_markdown(comparison)
    assert "Because\n\n*Stopped; the answer is incomplete.*" in text
    assert "*No answer.*\n\n*Nothing listens there. ECONNREFUSED*" in text and "*the answer is cut*" in text


def test_two_texts_without_words_are_equal() -> None:
    assert text_diff.shared_words("…", "?!") == 1.0 and text_diff.shared_words("one two", "") == 0.0
