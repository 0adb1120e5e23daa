"""What the display takes for granted of Textual's insides: when it changes, it is to be read again."""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

READ: dict[Callable[..., Any], str] = {
    App._display: "4b78dff6669a",
    App._begin_update: "74b869c65286",
    ChopsUpdate.render_segments: "4c1cdb567e0b",
    LayoutUpdate.render_segments: "ff329c722506",
    Screen._compositor_refresh: "7a40efe56381",
    Strip.render_style: "749d890bb5c4",
}
"""A function -> the beginning of the hash of its source when it was read."""


@pytest.mark.parametrize("function", READ, ids=lambda each: each.__qualname__)
def test_what_the_display_stands_on_is_as_it_was_read(function: Callable[..., Any]) -> None:
    source = inspect.getsource(function)
    assert hashlib.sha256(source.encode()).hexdigest()[:12] == READ[function]
