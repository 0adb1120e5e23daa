"""Signs of the screens, their ASCII equivalents of the same width, and the table of roles.

A sign is never shown without its word. Screens write the signs as they are; `line_filters` swaps them on the way out.
A role is a style of Textual: attributes that stay where NO_COLOR is set, and a color of the theme. Screens name roles,
never colors; `app.tcss` gives the same roles to frames and fields.
"""

from collections.abc import Mapping
from enum import StrEnum

from tui.domain import DefaultState, ModelState, ProviderState

CURSOR = "▸"
MARK = "▪"
WORKING = "…"
STOPPED = "■"
WARNING = "▲"
BROKEN = "✕"
READY = "●"
UNSET = "○"
TRIAL = "◐"
LOCKED = "▣"
TURN = "▌"
MORE_ABOVE = "↑"
MORE_BELOW = "↓"

MUTED = "dim"
ACCENT = "$primary"
SUCCESS = "$success"
ATTENTION = "$warning"
"""Act soon; what is broken already is an ERROR."""
ERROR = "$error"
HEADING = "bold $primary"
USER_TURN = "bold $secondary"
"""What a person wrote, in a chat."""
MODEL = "bold $primary"
"""What a model wrote, in a chat."""
SELECTED = "reverse"
BUTTON = ""
BUTTON_PRIMARY = "bold $primary"
BUTTON_FOCUSED = "bold reverse $primary"
OPTION_FOCUSED = "reverse $primary"
CHIP_LOCKED = "bold reverse"
CHIP_PRACTICE = "bold reverse $secondary"
MODE_TYPE = "bold reverse $primary"
MODE_KEYS = "dim"
KEY = "bold $primary"
"""A key in the footer; bold as well, for terminals without colors."""

PROBLEM = (f"{WARNING} ", ERROR)
"""The beginning of a sentence about what is wrong."""
CAUTION = (f"{WARNING} ", ATTENTION)
"""The beginning of a sentence about what to act on soon."""

MARK_COLOURS = ("ansi_blue", "ansi_green", "ansi_red", "ansi_cyan", "ansi_magenta", "ansi_yellow")
_HUES = ("ansi_green", "ansi_cyan", "ansi_yellow")
MARK_NAMES = ("blue", "green", "red", "cyan", "magenta", "yellow")


class RowState(StrEnum):
    """States of a row that only the console knows."""

    WORKING = "working"
    DAMAGED = "damaged"


STATES: Mapping[str, tuple[str, str]] = {
    ProviderState.READY: (READY, SUCCESS),
    ProviderState.NOT_SET_UP: (UNSET, MUTED),
    DefaultState.NONE: (UNSET, MUTED),
    ProviderState.TRIAL: (TRIAL, ACCENT),
    RowState.WORKING: (WORKING, MUTED),
    ProviderState.UNDECRYPTABLE: (BROKEN, ERROR),
    RowState.DAMAGED: (BROKEN, ERROR),
    ProviderState.REFUSED: (WARNING, ERROR),
    ProviderState.TRIAL_GONE: (WARNING, ERROR),
    ProviderState.TRIAL_EXHAUSTED: (WARNING, ERROR),
    DefaultState.GONE: (WARNING, ERROR),
    DefaultState.NOT_SET_UP: (WARNING, ERROR),
    ModelState.GONE: (WARNING, ERROR),
    ModelState.UNUSABLE: (WARNING, ERROR),
}
"""State -> sign and role; every other state is one to act on soon."""


def sign(state: StrEnum) -> tuple[str, str]:
    """Return a state's sign and its color role."""
    return STATES.get(state, (WARNING, ATTENTION))


def chip(role: str, text: str) -> tuple[str, str]:
    """Return a text as a block in a role."""
    return f" {text} ", role


def mode_sign(typing: bool) -> tuple[str, str]:
    """Return the sign of a place where keys type, or act."""
    return chip(MODE_TYPE, "TYPE") if typing else chip(MODE_KEYS, "KEYS")


def mark_style(mark: int) -> str:
    """Return the style of a tenant's chip: the color of its mark as the ground of a text that contrasts with it."""
    color = MARK_COLOURS[mark % len(MARK_COLOURS)]
    return f"bold reverse {color} on {'ansi_black' if color in _HUES else 'ansi_bright_white'}"


TO_ASCII = str.maketrans(
    {
        **dict(zip("●○◐▲✕■·–›×▸▪•█▓▒░━▣▌↑↓", "*-%!x=,->x>#*#+:.=@|^v", strict=True)),
        **dict.fromkeys("─┄╌", "-"),
        **dict.fromkeys("│┃", "|"),
        **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
        "…": "~",
        "▏": "_",
    }
)
"""Sign -> its ASCII twin, for `str.translate`."""
