"""Import modules during idle time, so that opening another screen does not wait for them."""

import asyncio
import gc
from collections.abc import Callable
from importlib import import_module

_MODULES = (
    "tui.console.playground.screen",
    "tui.console.playground.chat.tab",
    "markdown_it",
    "tui.console.widgets.markdown.renderer",
    "tui.console.palette.screen",
    "anyio",
    "anyio._backends._asyncio",
    "httpcore",
    "tui.providers.client.client",
)
"""In the order in which they are likely to be wanted. None takes longer than a key may wait."""

_GARBAGE = (50_000, 20, 1_000)
"""New objects before they are searched for garbage, and how many searches before older ones are."""

_IDLE = 1.0
"""Seconds without a key before the next one."""


async def warm(idle: Callable[[], float]) -> None:
    """Import them one by one; `idle` tells the seconds since the last key. Then garbage is collected again.

    What is there by then stays. Frozen, and with new objects searched less often, it takes a tenth less CPU to show an
    answer (`python -m tests.bench cpu`).
    """
    for module in _MODULES:
        await _until_idle(idle)
        import_module(module)
    await _until_idle(idle)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    gc.enable()


async def _until_idle(idle: Callable[[], float]) -> None:
    """Let waiting keys act, then wait until no key was pressed for a while."""
    await asyncio.sleep(0)
    while (wait := _IDLE - idle()) > 0:  # noqa: ASYNC110 - keys are many, and this is over soon
        await asyncio.sleep(wait)
