"""Keys act one after the other, also those that arrive while one is being handled."""

from collections.abc import Awaitable, Callable

from textual import events
from textual.message import Message

from tui.console.terminal.key_queue import CHECK_INTERVAL, MAX_WAIT, Input, KeyHandled, KeyQueue


class Widget:
    """Takes messages, unless it is closing."""

    def __init__(self, open: bool = True) -> None:  # noqa: A002
        self.open = open
        self.messages: list[KeyHandled] = []

    @property
    def is_running(self) -> bool:
        return self.open

    def post_message(self, message: Message) -> bool:
        if self.open and isinstance(message, KeyHandled):
            self.messages.append(message)
        return self.open


class Keyboard:
    """A queue with everything around it under the test's control."""

    def __init__(self) -> None:
        self.widget = Widget()
        self.acted: list[str] = []
        self.later: list[Callable[[], Awaitable[None]]] = []
        self.timers: list[tuple[float, Callable[[], Awaitable[None]]]] = []
        self.now = 100.0
        self.ready = True
        self.queue = KeyQueue(
            self._act,
            lambda: self.widget,
            lambda: self.ready,
            self.later.append,
            lambda seconds, call: self.timers.append((seconds, call)),
            lambda: self.now,
        )

    async def _act(self, event: Input) -> None:
        self.acted.append(event.key if isinstance(event, events.Key) else event.text)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.queue.put(events.Key(key, key))

    async def tick(self) -> None:
        """The time passes after which the queue asks again."""
        _, ask = self.timers.pop(0)
        await ask()

    async def rise(self) -> None:
        """The message behind the last key arrives, and what was called for later runs."""
        self.queue.on_handled(self.widget.messages.pop(0))
        while self.later:
            await self.later.pop(0)()


async def test_a_key_acts_at_once_when_no_other_is_handled() -> None:
    keyboard = Keyboard()
    await keyboard.press("a")
    assert keyboard.acted == ["a"]


async def test_the_next_key_stays_until_what_the_key_before_sent_has_arrived() -> None:
    keyboard = Keyboard()
    await keyboard.press("a", "b", "c")
    assert keyboard.acted == ["a"]
    await keyboard.rise()
    assert keyboard.acted == ["a"], "the message rises twice: behind the key, and behind what its action sent"
    await keyboard.rise()
    assert keyboard.acted == ["a", "b"]
    await keyboard.rise()
    await keyboard.rise()
    assert keyboard.acted == ["a", "b", "c"]


async def test_every_key_acts_on_what_has_the_focus_by_then() -> None:
    keyboard, dialog = Keyboard(), Widget()
    await keyboard.press("a", "b")
    first, keyboard.widget = keyboard.widget, dialog
    keyboard.queue.on_handled(first.messages.pop())
    keyboard.queue.on_handled(first.messages.pop())
    await keyboard.later.pop()()
    assert keyboard.acted == ["a", "b"] and dialog.messages and not first.messages


async def test_a_paste_stays_like_a_key() -> None:
    keyboard = Keyboard()
    await keyboard.press("a")
    await keyboard.queue.put(events.Paste("text"))
    await keyboard.rise()
    await keyboard.rise()
    assert keyboard.acted == ["a", "text"]


async def test_keys_that_are_kept_act_after_the_release_in_their_order() -> None:
    keyboard = Keyboard()
    keyboard.queue.hold()
    await keyboard.press("a", "b")
    keyboard.now += 10 * MAX_WAIT
    await keyboard.tick()
    await keyboard.tick()
    assert keyboard.acted == []
    await keyboard.queue.release()
    assert keyboard.acted == ["a"]
    await keyboard.rise()
    await keyboard.rise()
    assert keyboard.acted == ["a", "b"]


async def test_a_key_whose_widget_was_removed_does_not_keep_the_next_one_back() -> None:
    keyboard = Keyboard()
    keyboard.widget.open = False
    await keyboard.press("a", "b")
    assert keyboard.acted == ["a", "b"]


async def test_a_key_whose_widget_closes_while_it_is_handled_yields_soon() -> None:
    keyboard = Keyboard()
    await keyboard.press("a", "b")
    ((seconds, give_up),) = keyboard.timers
    keyboard.widget.open = False
    keyboard.now += CHECK_INTERVAL
    await give_up()
    assert seconds == CHECK_INTERVAL and keyboard.acted == ["a", "b"]


async def test_a_handler_that_does_not_come_back_keeps_keys_for_a_time_only() -> None:
    keyboard = Keyboard()
    await keyboard.press("a", "b")
    _, give_up = keyboard.timers.pop()
    keyboard.now += MAX_WAIT - CHECK_INTERVAL / 2
    await give_up()
    assert keyboard.acted == ["a"]
    _, give_up = keyboard.timers.pop()
    keyboard.now += CHECK_INTERVAL
    await give_up()
    assert keyboard.acted == ["a", "b"]


async def test_a_key_and_those_behind_it_wait_until_their_screen_is_there() -> None:
    keyboard = Keyboard()
    keyboard.ready = False
    await keyboard.press("a", "b")
    await keyboard.tick()
    assert keyboard.acted == [] and len(keyboard.timers) == 1, "one timer asks for all of them"
    keyboard.ready = True
    await keyboard.tick()
    assert keyboard.acted == ["a"]
    keyboard.ready = False
    await keyboard.rise()
    await keyboard.rise()
    await keyboard.tick()
    assert keyboard.acted == ["a"], "the screen that the key before led to is not there yet"
    keyboard.ready = True
    await keyboard.tick()
    assert keyboard.acted == ["a", "b"]


async def test_a_screen_that_does_not_come_keeps_keys_for_a_time_only() -> None:
    keyboard = Keyboard()
    keyboard.ready = False
    await keyboard.press("a")
    keyboard.now += MAX_WAIT
    await keyboard.tick()
    assert keyboard.acted == ["a"]
