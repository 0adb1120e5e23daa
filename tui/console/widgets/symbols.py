"""Signs of the screens, their ASCII equivalents of the same width, and color roles.

A sign never stands without its word. Screens write the signs as they are; `line_filters` swaps them on the way out.
"""

from collections.abc import Mapping
from enum import StrEnum

from tui.domain import DefaultState, ProviderState

CURSOR = "▸"
MARK = "▪"
WORKING = "…"
STOPPED = "■"
WARNING = "▲"
BROKEN = "✕"
READY = "●"
UNSET = "○"
TRIAL = "◐"

MUTED = "dim"
ACCENT = "$primary"
SUCCESS = "$success"
ATTENTION = "$warning"
ERROR = "$error"
SELECTED = "reverse"
MODE_TYPE = "reverse $primary"

MARK_COLOURS = ("ansi_blue", "ansi_green", "ansi_red", "ansi_cyan", "ansi_magenta", "ansi_yellow")
MARK_NAMES = ("blue", "green", "red", "cyan", "magenta", "yellow")


class RowState(StrEnum):
    """States of a row that only the console knows."""

    WORKING = "working"
    DAMAGED = "damaged"


STATES: Mapping[str, tuple[str, str]] = {
    ProviderState.READY: (READY, SUCCESS),
    ProviderState.NOT_SET_UP: (UNSET, MUTED),
    DefaultState.NONE: (UNSET, MUTED),
    ProviderState.TRIAL: (TRIAL, ATTENTION),
    RowState.WORKING: (WORKING, MUTED),
    ProviderState.UNDECRYPTABLE: (BROKEN, ERROR),
    RowState.DAMAGED: (BROKEN, ERROR),
}
"""State -> sign and role; every other state needs attention."""


def sign(state: StrEnum) -> tuple[str, str]:
    """Return a state's sign and its color role."""
    return STATES.get(state, (WARNING, ATTENTION))


TWINS = str.maketrans(
    {
        **dict(zip("●○◐▲✕■·–›×▸▪•█▓▒░━", "*-%!x=,->x>#*#+:.=", strict=True)),
        **dict.fromkeys("─┄╌", "-"),
        **dict.fromkeys("│┃", "|"),
        **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
        "…": "~",
        "▏": "_",
    }
)
"""Sign -> its ASCII twin, for `str.translate`."""
