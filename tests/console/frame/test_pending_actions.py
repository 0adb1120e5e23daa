"""Which actions keep keys back, and when they let them through."""

import asyncio
from contextlib import suppress
from typing import Any

from textual.screen import Screen

from tui.console.frame.pending_actions import MAX_WAIT, PendingActions


class Actions:
    """The actions of an app whose stack and clock the test moves."""

    def __init__(self) -> None:
        self.stack, self.now, self.errors = list[Screen[Any]](), 100.0, list[BaseException]()
        self.pending = PendingActions(lambda: self.stack, self.errors.append, lambda: self.now)


async def test_an_action_keeps_keys_before_and_after_its_page_is_shown() -> None:
    actions, page, left = Actions(), Screen[None](), asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        with actions.pending.waiting_for(page):
            await left.wait()
        await asyncio.sleep(0)

    action = actions.pending.begin()
    running = asyncio.create_task(actions.pending.run(action, work()))
    assert actions.pending, "before it has begun"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert actions.pending, "the page is on its way"
    actions.stack.append(page)
    actions.now += 10 * MAX_WAIT
    assert not actions.pending
    actions.stack.remove(page)
    assert actions.pending, "what it does after the page may open another one"
    left.set()
    await running
    actions.pending.end(action)
    assert not actions.pending


async def test_slow_work_that_can_be_stopped_lets_keys_through() -> None:
    actions, states = Actions(), list[bool]()

    async def work() -> None:
        with actions.pending.suspend():
            states.append(bool(actions.pending))
        states.append(bool(actions.pending))
        actions.pending.release()
        states.append(bool(actions.pending))

    action = actions.pending.begin()
    await asyncio.create_task(actions.pending.run(action, work()))
    assert states == [False, True, False]


async def test_an_action_keeps_keys_for_a_time_only() -> None:
    actions = Actions()
    actions.pending.begin()
    actions.now += MAX_WAIT
    assert not actions.pending


async def test_what_runs_outside_of_an_action_changes_nothing() -> None:
    actions = Actions()
    with suppress(LookupError), actions.pending.suspend(), actions.pending.waiting_for(Screen[None]()):
        actions.pending.release()
    assert not actions.pending
