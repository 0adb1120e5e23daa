"""Two savings for the consoles of a test process, each a fifth of the time that one takes to start.

The style sheets are read once. What is read depends on the text, its place and the theme's variables only, and nothing
changes a rule afterwards. And no frame is drawn for a terminal that is not there: `pilot.rows` draws what a test reads.
"""

from functools import cache
from importlib import import_module
from typing import Any
from weakref import WeakSet

from textual._compositor import Compositor
from textual._context import active_app, visible_screen_stack
from textual.app import App
from textual.css.model import RuleSet
from textual.css.parse import parse
from textual.css.tokenize import tokenize_values
from textual.css.tokenizer import Token


class _Variables(dict[str, list[Token]]):
    """The variables of a theme, told apart by identity, as there is one object for equal ones."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


@cache
def _variables(*items: tuple[str, str]) -> _Variables:
    return _Variables(tokenize_values(dict(items)))


@cache
def _rules(*args: Any, **options: Any) -> list[RuleSet]:
    return list(parse(*args, **options))


def share() -> None:
    """Read each style sheet once from now on."""
    stylesheet: Any = import_module("textual.css.stylesheet")
    stylesheet.tokenize_values = lambda values: _variables(*values.items())
    stylesheet.parse = _rules


_undrawn = WeakSet[App[Any]]()


def draw_no_frames(app: App[Any]) -> None:
    """Take what changes in an app for drawn; a picture of it is drawn all the same."""
    _undrawn.add(app)


def _render_update(compositor: Compositor, full: bool = False, screen_stack: Any = None, **options: Any) -> Any:
    if full or active_app.get() not in _undrawn:
        return _draw(compositor, full, screen_stack, **options)
    visible_screen_stack.set(screen_stack or [])
    compositor._dirty_regions.clear()
    return None


_draw = Compositor.render_update
setattr(Compositor, "render_update", _render_update)  # noqa: B010 - its type is that of all updates
