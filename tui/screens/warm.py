"""What the next keys will need is imported while nobody presses any: the other areas, Markdown, the network."""

import asyncio
import gc
from collections.abc import Callable
from importlib import import_module

from tui.process import collect_seldom

_SOON = (
    "tui.screens.playground",
    "tui.screens.chat",
    "tui.widgets.heat",
    "markdown_it",
    "tui.widgets.markdown",
    "tui.screens.models",
    "tui.screens.commands",
    "anyio._backends._asyncio",
    "httpcore",
    "tui.providers.wire",
    "tui.screens.setup",
    "tui.screens.defaults",
    "tui.screens.tenants",
)
"""In the order in which they are likely to be wanted. None takes longer than a key may wait."""

_IDLE = 0.3
"""Seconds without a key before the next one."""

_AT_MOST = 3.0
"""Seconds that it is put off by keys."""


async def warm(idle: Callable[[], float]) -> None:
    """Import them one by one; `idle` tells the seconds since the last key. Then memory is put in order."""
    for module in _SOON:
        put_off = 0.0
        while idle() < _IDLE and put_off < _AT_MOST:
            await asyncio.sleep(_IDLE / 3)
            put_off += _IDLE / 3
        import_module(module)
        await asyncio.sleep(0)
    gc.enable()
    collect_seldom()
