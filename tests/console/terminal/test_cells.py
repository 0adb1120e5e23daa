"""Cells: as many as Textual counts, and never half a character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment

from tests.display.emulated import Emulator
from tui.console.terminal.cells import blank, cells, write_segments
from tui.console.terminal.diff import ScreenState, diff_step

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.slow
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_has_as_many_cells_as_textual_counts(text: str) -> None:
    assert len(cells(text).texts) == cell_len(text)


@pytest.mark.slow
@given(st.text(st.sampled_from("ab 字한\u0301\ufe0f\u200d\u26a0\U0001f469\x1b\x9b"), max_size=12), st.integers(0, 9))
def test_no_half_of_a_character_is_kept_and_no_control_character(text: str, x: int) -> None:
    full = write_segments(blank(10), 0, [Segment("字한字한字")], ColorSystem.TRUECOLOR)
    row = write_segments(full, x, [Segment(text)], ColorSystem.TRUECOLOR)
    assert len(row.texts) == len(row.looks) == 10
    assert sum(max(1, cell_len(text)) for text in row.texts if text) == 10
    assert not {"\x1b", "\x9b"} & set("".join(row.texts))


@pytest.mark.parametrize("sign", [FAMILY, "\u26a0\ufe0f", "\U0001f1e9\U0001f1ea"], ids=["joined", "variant", "flag"])
def test_what_follows_a_character_that_terminals_count_differently_is_in_its_place(sign: str) -> None:
    # The emulator counts all of these wrong, as many a terminal does.
    there = Emulator(20, 2)
    shown = ScreenState.blank(20, 2)
    for text in (f"{sign} after", f"{sign} after all"):
        target = [write_segments(blank(20), 0, [Segment(text)], ColorSystem.TRUECOLOR), blank(20)]
        sent, shown = diff_step(shown, target, (0, 1), 1 << 20)
        there.feed(sent)
        place = cell_len(sign) + 1
        assert (
            "".join(char.data for char in map(there.screen.buffer[0].__getitem__, range(place, 20))).rstrip()
            == text[len(sign) + 1 :]
        )
