"""What can be done on a screen, read from its bindings: the source of the help and of the command palette."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.widget import Widget

_GENERAL = ("area.", "app.", "page.", "list.", "form.")
"""Beginnings of the ids that many screens share; all others are a screen's own."""

_NAMES = {"escape": "esc", "pageup": "page up", "pagedown": "page down", "slash": "/", "colon": ":"}


@dataclass(frozen=True)
class Action:
    """One thing that a person can do: in words, by which keys (the plain one first), and whether it can be done now.

    `run` is the action's name for the app, to be called on `node`.
    """

    id: str
    words: str
    keys: tuple[str, ...]
    run: str
    node: DOMNode
    usable: bool = True

    @property
    def general(self) -> bool:
        """Whether many screens have it."""
        return self.id.startswith(_GENERAL)


def actions_of(screen: Screen[Any]) -> list[Action]:
    """The actions of a screen and of what it shows, each once, in the order of their declaration, then the app's."""
    found: dict[tuple[str, str], Action] = {}
    for node in (*_shown(screen), screen, screen.app):
        for binding in _bindings(node):
            usable = _state(node, binding.action)
            if usable is False or not binding.id or not binding.description or not binding.show:
                continue
            name, same = key_name(binding.key), (binding.description, binding.action)
            known = found.get(same)
            if known is None:
                found[same] = Action(binding.id, binding.description, (name,), binding.action, node, usable is True)
            elif known.node is node and name not in known.keys:
                found[same] = replace(known, keys=tuple(sorted((*known.keys, name), key=_plain_first)))
    return list(found.values())


def class_actions(screen: type[Screen[Any]]) -> list[tuple[str, str, str]]:
    """The own actions of a screen that need not be open: words, plain key, and action's name."""
    declared = [each for kind in screen.__mro__ for each in kind.__dict__.get("BINDINGS", ())]
    found: dict[str, tuple[str, str, str]] = {}
    for binding in Binding.make_bindings(declared):
        if binding.id and binding.description and binding.show and not binding.id.startswith(_GENERAL):
            found.setdefault(binding.id, (binding.description, key_name(binding.key), binding.action))
    return list(found.values())


def key_name(key: str) -> str:
    """A key as footers and help write it: `?`, `esc`, `page up`, `ctrl+l`."""
    return _NAMES.get(key) or key_to_character(key) or key


def _plain_first(key: str) -> int:
    return 0 if len(key) == 1 and not key.isdigit() else 1 if len(key) == 1 else 2


def _shown(screen: Screen[Any]) -> Iterator[Widget]:
    for widget in screen.walk_children(Widget):
        if all(each.display for each in widget.ancestors_with_self if isinstance(each, Widget)):
            yield widget


def _bindings(node: DOMNode) -> Iterator[Binding]:
    bindings = node._bindings.copy()
    if node.app._keymap:
        bindings.apply_keymap(node.app._keymap)
    for _, binding in bindings:
        yield binding


def _state(node: DOMNode, action: str) -> bool | None:
    """True if the action can be done now, None if not, False if it has no place on the screen as it stands."""
    name, parameters = action.rpartition(".")[2].partition("(")[0], ()
    return node.check_action(name, parameters) if "." not in action else True
