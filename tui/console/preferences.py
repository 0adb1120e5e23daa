"""Check what config.toml says for the console alone: the keys of bindings, and colors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from textual.filter import LineFilter, Monochrome, NoColor
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character
from textual.theme import BUILTIN_THEMES

from tui.config import Config, unknown_name_sentence
from tui.console.keys import DECLARED, KEY_NAMES

TERMINAL_THEME = replace(BUILTIN_THEMES["ansi-dark"], primary="ansi_cyan", secondary="ansi_magenta")
"""The terminal's own colors, with an accent that can be read on black in every palette, as blue often cannot."""

_MODIFIERS = {"ctrl", "alt", "shift", "super", "meta", "hyper"}
_FUNCTION_KEY = re.compile(r"f[1-9]\d{0,2}")
_WRITTEN = {name: key for key, name in KEY_NAMES.items()}
"""Keys as the help writes them -> Textual's names."""


class Keymap(NamedTuple):
    """Keys by binding id, in Textual's names, and what is wrong with entries: binding id and sentence."""

    keys: Mapping[str, str]
    faults: tuple[tuple[str, str], ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentences alone."""
        return tuple(sentence for _, sentence in self.faults)


def keymap(config: Config) -> Keymap:
    """Return the entries of `[keymap]` that can be used."""
    if not config.keymap:
        return Keymap({}, ())
    keys: dict[str, str] = {}
    faults: list[tuple[str, str]] = []
    changeable = [binding_id for binding_id, declared in DECLARED.items() if not declared.fixed]
    for binding_id, text in config.keymap.items():
        place = config.place(f"keymap.{binding_id}")
        named = [_WRITTEN.get(key.strip(), key.strip()) for key in text.split(",")]
        wrong = next((key for key in named if not _is_key(key)), None)
        if binding_id not in changeable:
            faults.append((binding_id, f"{place}: {unknown_name_sentence('binding', binding_id, changeable)}"))
        elif wrong is not None:
            faults.append(
                (
                    binding_id,
                    f"{place}: {unknown_name_sentence('key', wrong or 'without a name', sorted(_key_names()))}",
                )
            )
        else:
            keys[binding_id] = ",".join(named)
    for binding_id, sentence in _key_conflicts(keys):
        faults.append((binding_id, f"{config.place(f'keymap.{binding_id}')}: {sentence}"))
    return Keymap(keys, tuple(faults))


def _key_conflicts(changed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each binding whose new key means something else on the same screen, and a sentence about it."""
    defaults = {binding_id: _split(declared.keys) for binding_id, declared in DECLARED.items()}
    present = defaults | {binding_id: _split(keys) for binding_id, keys in changed.items()}
    for binding_id in changed:
        for other, keys in present.items():
            shared = sorted(present[binding_id] & keys)
            both = other in changed and [*changed].index(other) < [*changed].index(binding_id)
            is_known = other == binding_id or both or bool(defaults[binding_id] & defaults[other])
            if shared and not is_known and _share_screen(binding_id, other):
                yield binding_id, f"{shared[0]} is also the key of {other}; only one of them works."


def _split(keys: str) -> set[str]:
    return {key.strip() for key in keys.split(",")}


_GLOBAL_SCOPES = {"app", "area", "list", "form", "page", "focus", "field"}
_SHARED = {"playground", "question"}
_CHAT = {"chat", "embedding", "speech", "compare"}


def _share_screen(one: str, other: str) -> bool:
    """Return True if two bindings can act on one screen: by the beginnings of their ids."""
    scopes = {one.partition(".")[0], other.partition(".")[0]}
    tab = bool(scopes & _SHARED) and scopes <= _CHAT | _SHARED
    return len(scopes) == 1 or bool(scopes & _GLOBAL_SCOPES) or tab


@cache
def _key_names() -> set[str]:
    names = {key.value.rpartition("+")[2] for key in Keys if not key.value.startswith("<")}
    return names | set(KEY_NAME_REPLACEMENTS.values())


def _is_key(key: str) -> bool:
    """Return True for modifiers and a name of Textual's, or the character that the key types."""
    *modifiers, name = key.split("+") if len(key) > 1 else [key]
    types = len(name) == 1 or key_to_character(name) is not None
    known = name in _key_names() or bool(_FUNCTION_KEY.fullmatch(name)) or types
    return known and name.strip() == name != "" and set(modifiers) <= _MODIFIERS


def keep_terminal_colours(filters: Sequence[LineFilter]) -> list[LineFilter]:
    """Return the filters so that NO_COLOR leaves the terminal's own two colours.

    Textual's greys make black on black of a theme of the terminal's own colours, as it chooses before the theme is set.
    """
    return [NoColor() if isinstance(entry, Monochrome) else entry for entry in filters]
