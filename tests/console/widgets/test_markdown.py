"""Markdown as rows: how each block reads, that it does not matter how a text came, and what hostile texts cost."""

import random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.console.widgets.markdown.blocks import PieceSplitter
from tui.console.widgets.markdown.renderer import Document, markdown_rows


def draw(text: str, cells: int = 78) -> list[str]:
    return [row.plain for row in markdown_rows(text, cells)]


def styles(text: str) -> dict[str, str]:
    """Each styled stretch of the first row."""
    row = markdown_rows(text, 78)[0]
    return {row.plain[span.start : span.end]: str(span.style) for span in row.spans}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("A *b* **c** `d` ~~e~~", ["A b c `d` e"]),
        ("one\ntwo  \nthree", ["one", "two", "three"]),
        ("# Head\ntext", ["Head", "", "text"]),
        ("Say:\n- one\n- two\n  more\n\n\n- three", ["Say:", "• one", "• two", "  more", "", "• three"]),
        ("1. a\n   - b\n10. c", ["1. a", "   • b", "10. c"]),
        ("see [it](http://x.y) and <http://z>", ["see it (http://x.y) and http://z"]),
        ("![alt](pic.png)", ["[alt] (pic.png)"]),
        ("> a\n> b\n\nc", ["> a", "> b", "", "c"]),
        ("a\n\n---\nb", ["a", "", "─" * 24, "", "b"]),
        ("a\n```py\nx = 1\n\ny\n```\nb", ["a", "", "  x = 1", "", "  y", "", "b"]),
        ("<b>bold</b> &lt;", ["<b>bold</b> <"]),
        ("[a]: http://b\n\n[a]", ["[a]: http://b", "", "[a]"]),
    ],
)
def test_blocks_read_as_text_without_boxes(text: str, rows: list[str]) -> None:
    assert draw(text) == rows


def test_a_table_stands_in_columns_kept_apart_by_blanks() -> None:
    head = "| colour | wavelength | scattered, relative to red |\n|--|--|--|\n"
    table = f"{head}| red | 700 nm | 1.0 |\n| green | 530 nm | 3.0 |"
    assert draw(table) == [
        "  colour    wavelength    scattered, relative to red",
        "  red       700 nm        1.0",
        "  green     530 nm        3.0",
    ]
    right = draw("| a | number |\n|--|--:|\n| b | 1 |")
    assert right == ["  a    number", "  b         1"]


def test_a_table_without_room_narrows_its_columns_and_then_gives_them_up() -> None:
    text = "| name | meaning |\n|--|--|\n| one | a sentence that is much longer than its column |"
    narrow = draw(text, 30)
    assert narrow[0] == "  name  meaning"
    assert all(cell_len(row) <= 30 for row in narrow)
    assert draw("|a|b|c|\n|-|-|-|\n|1|2|3|", 10) == ["  a  b  c", "  1  2  3"]
    wide = "|" + "heading|" * 4
    assert draw(f"{wide}\n{'|-' * 4}|\n|1|2|3|4|", 20)[:4] == ["heading: 1", "heading: 2", "heading: 3", "heading: 4"]


def test_text_breaks_between_wide_characters_and_not_before_a_closing_sign() -> None:
    rows = draw("例如 Python 是一种编程语言，它的设计哲学强调代码的可读性。", 20)
    assert all(cell_len(row) <= 20 for row in rows)
    assert not any(row.startswith(("，", "。")) for row in rows)
    assert "".join(rows).replace(" ", "") == "例如Python是一种编程语言，它的设计哲学强调代码的可读性。"


def test_emphasis_is_style_and_only_code_has_colour() -> None:
    assert styles("a **b** *c*") == {"b": "bold", "c": "italic"}
    assert set(styles("a `b`").values()) == {"dim"}
    assert "$primary" in {
        str(span.style) for row in markdown_rows("```python\ndef f(): pass\n```", 78) for span in row.spans
    }
    streamed = Document()
    streamed.text.add("```python\ndef f():\n    pass\ndef")
    assert ["$primary" in map(str, (span.style for span in row.spans)) for row in streamed.rows(78)] == [
        True,
        True,
        False,
    ]
    assert not any(row.spans for row in markdown_rows("```nonesuch\ndef f(): pass\n```", 78))


def test_nothing_reaches_a_row_that_must_not_reach_a_terminal() -> None:
    hostile = "a\x1b[31mb &#x202e;c [red]d[/red] [@click=app.quit]e[/] `\x9b2J`\n```py\n'\x1b]0;x\x07'\n```\n"
    rows = "\n".join(draw(hostile))
    assert not set(rows) & set("\x1b\x9b\x07\u202e")
    assert "[red]d[/red] [@click=app.quit]e[/]" in rows


SAMPLE = (
    "# Title\nOne two **three**.\n\n1. first\n2. second\n   - inner\n\n     deep\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n"
    "```python\ndef f():\n    '''text'''\n\n    return 1\n```\n> quoted\nlazy\n***\n- x\n- y\n\nlast [l](http://z)\n-"
)


@pytest.mark.slow
def test_every_prefix_streams_to_the_same_rows() -> None:
    whole = draw(SAMPLE, 40)
    for cut in range(len(SAMPLE)):
        document = Document()
        document.text.add(SAMPLE[:cut])
        document.rows(40)
        document.text.add(SAMPLE[cut:])
        document.rows(40)
        document.text.end()
        assert [row.plain for row in document.rows(40)] == whole


PARTS = (
    "# h|a|- |- x|  - y|1. |1)|> q|```|```py|~~~|***|---|||    code|text **b** `c`|   |*|+ z|=|#|###|\\|<div>|   3. z"
)
LINES = st.sampled_from([*PARTS.split("|"), "|a|b|", "|-|-|", "|--|", "[a]: http://x"])


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=14), st.randoms(use_true_random=False))
def test_the_portions_in_which_a_text_came_do_not_matter(lines: list[str], chance: random.Random) -> None:
    text = "\n".join(lines)
    whole = PieceSplitter(text)
    whole.end()
    document, place = Document(), 0
    while place < len(text):
        size = chance.choice((1, 1, 2, 5, 20))
        document.text.add(text[place : place + size])
        document.rows(40)
        place += size
    document.text.end()
    assert document.text.done == whole.done
    assert [row.plain for row in document.rows(40)] == draw(text, 40)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "```py\n" + "x = '\\n'\n" * 500 + "```\nend",
        "| a | b |\n|--|--|\n" + "| 1 | 2 |\n" * 300 + "\nend",
        "word " * 9_000 + "\n\nend",
        "x" * 30_000,
        "- item\n" * 2_000,
    ],
    ids=["code", "table", "paragraph", "line", "list"],
)
def test_a_long_block_is_cut_so_that_its_open_end_stays_small(text: str) -> None:
    document, size = Document(), 0
    for place in range(0, len(text), 500):
        document.text.add(text[place : place + 500])
        document.rows(78)
        size = max(size, len(document.text.open.source))
    document.text.end()
    assert size < 13_000
    assert [row.plain for row in document.rows(78)] == draw(text)


def test_a_cut_table_and_cut_code_read_on_as_one() -> None:
    code = draw("```\n" + "".join(f"line {n}\n" for n in range(130)) + "```\n")
    assert code == [f"  line {n}" for n in range(130)]
    table = draw("| number | b |\n|--|--|\n" + "".join(f"| {n} | x |\n" for n in range(130)))
    assert table == ["  number    b"] + [f"  {n:<6}    x" for n in range(130)]


HOSTILE = ["x" * 300_000, "[" * 20_000, "| a " * 20_000, "- a\n" * 5_000, "> " * 20_000, "a\n\n" * 5_000, "*a " * 9_000]


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_take_no_longer_than_their_length(text: str) -> None:
    began = process_time()
    rows = draw(text)
    assert all(cell_len(row) <= 78 for row in rows)
    assert process_time() - began < 10


@pytest.mark.slow
def test_twice_the_answer_takes_about_twice_the_time_to_stream() -> None:
    def cost(text: str) -> float:
        began, document = process_time(), Document()
        for place in range(0, len(text), 40):
            document.text.add(text[place : place + 40])
            document.rows(78)
        return process_time() - began

    cost(SAMPLE * 10)
    small = min(cost(SAMPLE * 20) for _ in range(3))
    large = min(cost(SAMPLE * 100) for _ in range(3))
    # Quadratic work would make it 25 times as long.
    assert large < 5 * small * 3
