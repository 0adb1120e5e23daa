"""How many bytes the terminal is sent: for a screen, a key, an answer, and at rest."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.pilot import until, until_shown
from tests.display.emulated import Watched, difference
from tests.doubles.practice import practice_session
from tui.config import Config
from tui.console.playground.chat.tab import ChatTab
from tui.console.playground.screen import Playground
from tui.console.terminal.flow_control import FlowControl
from tui.providers.events import Event, Finish, TextDelta
from tui.workspace.playground import calls

SIZE = (120, 40)
PASSAGE = """## A heading

A paragraph with **words that stand out**, `names of things` and [a link](https://example.com/page), long enough to be
wrapped over two rows or three, as most paragraphs of an answer are.

- first, a point that fits one row
- then one that does not, because it goes on and on until it has reached the edge of the column and beyond it
  1. with a point below it

```python
def line(text: str) -> str:
    return text.strip()
```

| size | memory | remark |
|---|---:|---|
| small | 20 MB | enough for one |
| large | 300 MB | for a team of many |

> Quoted words stand beside a sign. 例如，有的服务商会在正文里返回错误码。

"""
ANSWER = PASSAGE * 9
A_TENTH = 110
"""Characters that come in a tenth of a second, from a model of 200 tokens a second."""


def bytes_sent(app: Watched) -> int:
    """The bytes sent since this was asked last."""
    size = len("".join(app.modeldeck.sent).encode())
    app.modeldeck.sent.clear()
    return size


async def until_quiet(app: Watched, pilot: Pilot[str]) -> None:
    """Wait until nothing has been sent for half a second."""
    deadline = monotonic() + 60.0
    bytes_sent(app)
    await pilot.pause(0.5)
    while bytes_sent(app):
        assert monotonic() < deadline, "the console never came to rest"
        await pilot.pause(0.5)


async def test_a_screen_takes_few_bytes_and_a_typed_character_next_to_none() -> None:
    app = Watched(SIZE)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await until_shown(pilot, "[1 Providers]")
        await pilot.pause()
        assert 0 < bytes_sent(app) <= 6_000
        for key, text in (("2", "[2 Models]"), ("3", "[3 Defaults]"), ("4", "enter send"), ("f2", "[1 Providers]")):
            await pilot.press(key)
            await until_shown(pilot, text)
            await pilot.pause()
            assert 0 < bytes_sent(app) <= 6_000, key
        await pilot.press("4")
        await until_shown(pilot, "enter send")
        await until_quiet(app, pilot)
        for key in "what is it":
            await pilot.press("space" if key == " " else key)
            await until(pilot, lambda: app.modeldeck.sent)
            assert 0 < bytes_sent(app) <= 60, key
        assert difference(app.stock, app.modeldeck) == ""


async def test_at_rest_nothing_is_sent() -> None:
    app = Watched(SIZE)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4")
        await until_shown(pilot, "enter send")
        await until_quiet(app, pilot)
        await pilot.pause(1.0)
        assert bytes_sent(app) == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_an_answer_takes_few_times_its_text(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: asyncio.Queue[str] = asyncio.Queue()

    async def send(*_: Any) -> AsyncIterator[Event]:
        while piece := await pieces.get():
            yield TextDelta(piece)
        yield Finish("stop")

    monkeypatch.setattr(calls, "send", send)
    clock = 0.0
    monkeypatch.setattr("tui.console.terminal.display.monotonic", lambda: clock)
    session = practice_session()
    session.config = Config(start="playground")
    app = Watched(size, session, FlowControl())
    async with app.run_test(size=size) as pilot:
        await until_shown(pilot, "enter send")
        assert isinstance(app.screen, Playground)
        tab = app.screen.tab
        assert isinstance(tab, ChatTab)
        tab.question.set_text("hello")
        await pilot.press("enter")
        bytes_sent(app)
        for start in range(0, len(ANSWER), A_TENTH):
            clock += 0.1
            pieces.put_nowait(ANSWER[start : start + A_TENTH])
            await until(pilot, pieces.empty)
            tab.draw()
            await pilot.pause()
        pieces.put_nowait("")
        await until(pilot, lambda: not tab.busy)
        clock += 10
        await until(pilot, lambda: not difference(app.stock, app.modeldeck))
        assert bytes_sent(app) <= 4 * len(ANSWER.encode())
