"""From one look to another by the fewest characters."""

import pytest
from rich.color import ColorSystem
from rich.style import Style

from tui.console.terminal.cell_styles import PLAIN, cell_style_of, change


@pytest.mark.parametrize(
    ("before", "after", "sequence"),
    [
        ("", "bold", "\x1b[1m"),
        ("bold", "", "\x1b[m"),
        ("bold red", "bold", "\x1b[39m"),
        ("bold dim", "bold", "\x1b[0;1m"),
        ("bold dim red on blue", "bold red on blue", "\x1b[22;1m"),
        ("underline red", "red", "\x1b[24m"),
        ("red", "default on default", "\x1b[m"),
        ("bold red", "bold #010203", "\x1b[38;2;1;2;3m"),
        ("bold", "bold", ""),
    ],
)
def test_a_look_is_changed_by_what_differs(before: str, after: str, sequence: str) -> None:
    looks = [cell_style_of(Style.parse(style), ColorSystem.TRUECOLOR) for style in (before, after)]
    assert change(*looks) == sequence


def test_a_link_is_opened_and_closed() -> None:
    link = cell_style_of(Style(link="https://example.com"), ColorSystem.TRUECOLOR)
    assert change(PLAIN, link).startswith("\x1b]8;id=") and change(PLAIN, link).endswith("https://example.com\x1b\\")
    assert change(link, PLAIN) == "\x1b]8;;\x1b\\"
