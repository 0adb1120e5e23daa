"""A packed text is the text."""

from hypothesis import given
from hypothesis import strategies as st

from tui.workspace.playground.compressed_text import Packed


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_packed_text_comes_out_as_it_went_in(text: str) -> None:
    assert str(Packed(text)) == text and bool(Packed(text)) == bool(text)
