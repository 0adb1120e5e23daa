"""The signs of the screens, their ASCII twins of the same width, and the colour roles.

A sign never stands without its word. Screens write the signs as they are; `filters.Ascii` swaps them on the way out.
"""

from collections.abc import Mapping

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

MARK_COLOURS = ("ansi_blue", "ansi_green", "ansi_red", "ansi_cyan", "ansi_magenta", "ansi_yellow")
MARK_NAMES = ("blue", "green", "red", "cyan", "magenta", "yellow")

STATES: Mapping[str, tuple[str, str]] = {
    "ready": (READY, SUCCESS),
    "not set up": (UNSET, MUTED),
    "none": (UNSET, MUTED),
    "trial": (TRIAL, ATTENTION),
    "working": (WORKING, MUTED),
    "cannot be opened": (BROKEN, ERROR),
    "damaged": (BROKEN, ERROR),
    "stopped": (STOPPED, ATTENTION),
}
"""State word -> sign and role; every other state needs attention."""


def sign(state: str) -> tuple[str, str]:
    """The sign of a state and its colour role."""
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
