"""The cost beside an answer, of a chat, and of a prompt in the picker: always an estimate with a date."""

from decimal import Decimal

from tests.console.pilot import rows, shown, until, until_shown
from tests.console.playground.test_chat import open_chat, send
from tui.console.playground.chat.messages import summary
from tui.providers.events import Usage
from tui.workspace.playground.conversation import Answer, AnswerState
from tui.workspace.pricing.cost import cost_of, sum_words
from tui.workspace.pricing.prices import Price, Rates

PRICE = Price(("h",), "m", "USD", Rates(input=Decimal(2), output=Decimal(10)), "page", "2026-11-30")


def test_the_narrow_rule_has_the_cost_in_place_of_the_speed() -> None:
    cost = cost_of(PRICE, Usage(12, 296))
    answer = Answer("text", "p/m", first=0.5, total=3.0, input=12, output=296, cost=cost)
    left, right = summary(answer, wide=False)
    assert (left, right) == ("≈ 0.0030 USD (2026-11-30)", "first token 0.50 s · 3.0 s · 12 in, 296 out")
    assert len(left + right) <= 72
    assert summary(answer, wide=True)[1].endswith("12 in, 296 out · ≈ 0.0030 USD (2026-11-30)")


def test_a_chat_sums_what_is_known_and_counts_what_is_not() -> None:
    cost = cost_of(PRICE, Usage(12, 296))
    assert sum_words([None]) == ("–", "")
    assert sum_words([cost, cost, None]) == ("≈ 0.0060 USD, 1 unknown", "2026-11-30")


async def test_cost_is_shown_for_answer_and_chat_and_in_the_picker() -> None:
    async with open_chat(size=(120, 40)) as (pilot, tab):
        await send(pilot, tab, "Why is the sky blue?")
        screen = shown(pilot)
        assert screen.count("cost, estimated") == 2 and "price of" in screen
        await until(pilot, lambda: any(" USD (2026-" in row for row in rows(pilot)))
        tab.question.set_text("And at night?")
        await pilot.press("ctrl+o")
        await until_shown(pilot, "2 in, 10 out USD a million (2026-11-30); this prompt ≈ ")


def test_that_a_stopped_answer_may_be_charged_is_never_cut() -> None:
    stopped = Answer("", "llama/m", AnswerState.STOPPED, first=12.34, total=4321.0, output=123_456, reported=False)
    left, right = summary(stopped, wide=False)
    assert right == "about 123,456 tokens, may be charged"
    assert len(left) + len(right) <= 70
