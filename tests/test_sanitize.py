"""What may reach a terminal: nothing that a terminal would act on."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.sanitize import (
    escaped_json,
    has_invisible,
    hint_of,
    in_words,
    is_confusable,
    is_id,
    mask,
    one_line,
    printable,
    visible,
)

HOSTILE = "a\x1b[31mb\x1b]52;c;AAAA\x07c\x9b2Jd\u202ee\u2066f\x00g\x7fh\u200ei\ufeffj\ud800k"


def is_harmless(text: str) -> bool:
    return all(
        character == "\n"
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in "\u202e\u2066\u200e")
        for character in text
    )


def test_control_and_bidi_characters_are_removed() -> None:
    assert printable(HOSTILE) == "a[31mb]52;c;AAAAc2Jdefghijk"


@pytest.mark.slow
@given(st.text())
def test_printable_text_is_harmless_and_stays_as_it_is(text: str) -> None:
    clean = printable(text)
    assert is_harmless(clean) and printable(clean) == clean


@pytest.mark.slow
@given(st.text(alphabet=st.characters(exclude_characters="\r")), st.integers(0, 100))
def test_a_text_cut_anywhere_comes_out_the_same(text: str, cut: int) -> None:
    assert printable(text[:cut]) + printable(text[cut:]) == printable(text)


@pytest.mark.slow
@given(st.text())
def test_one_line_has_no_line_end_and_keeps_its_limit(text: str) -> None:
    line = one_line(text, 50)
    assert "\n" not in line and len(line) <= 50 and is_harmless(line)


def test_only_long_secrets_leave_a_hint() -> None:
    assert hint_of("sk-FAKE-" + "x" * 20 + "3f2a") == "3f2a"
    assert hint_of("short") == ""
    assert mask("3f2a") == "••••••••3f2a"


def test_what_is_reported_together_reads_as_a_sentence() -> None:
    assert [in_words(list(name)) for name in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


def test_json_with_escapes_is_the_same_json_and_harmless() -> None:
    value = {"a\x9b": "tab\t line\n \x1b \u202e \u2028 \x7f 星 é 👩‍🚀"}
    text = json.dumps(value, ensure_ascii=False, indent=1)
    assert printable(text) != text, "control: JSON alone escapes the controls of ASCII only"
    escaped = escaped_json(text)
    assert printable(escaped) == escaped and json.loads(escaped) == value and "星 é 👩‍🚀" in escaped


def test_an_id_has_no_characters_that_are_drawn_as_nothing() -> None:
    for mark in ("\u00ad", "\u200b", "\u200d", "\u2060", "\u3164", "\U000e0041", "\u202e", "\x1b"):
        assert not is_id(f"gpt{mark}-4") and not is_id(f"gpt-4{mark}")
    assert is_id("gpt-4 星 é") and not has_invisible("🏳️‍🌈 می‌خواهم")


def test_names_that_are_drawn_the_same() -> None:
    for name in ("Acme", "ac\u200bme", "acme\u2060", "\u0430cme", "ａｃｍｅ", "acm\U000e0041e", " acme "):
        assert is_confusable(name, "acme"), ascii(name)
    assert not is_confusable("acme", "acne") and not is_confusable("星河", "星")


def test_names_in_letters_of_another_alphabet_or_font_that_are_drawn_the_same() -> None:
    for one, other in (
        ("\u0412\u0415\u0422\u0410", "BETA"),  # Cyrillic capitals, of which the small ones look different
        ("\u0392\u0395\u03a4\u0391", "beta"),  # Greek capitals
        ("\U0001d41a\U0001d41c\U0001d426\U0001d41e", "acme"),  # mathematical letters
        ("\U0001d670\U0001d672\U0001d67c\U0001d674", "ACME"),
        ("\u24d0\u24d2\u24dc\u24d4", "acme"),  # letters in circles
        ("\ua4ee\ua4da\ua4df\ua4f0", "ACME"),  # Lisu
        ("\u13aa\u13df\u13b7\u13ac", "acme"),  # Cherokee
        ("\u0251cme", "acme"),
        ("team\u20111", "team-1"),
        ("team\u22121", "team-1"),
        ("acme\u2800corp", "acme corp"),
        ("acme \u00a0corp", "acme corp"),
    ):
        assert is_confusable(one, other), ascii(one)
    for one, other in (
        ("m\u00fcller", "muller"),
        ("team1", "teaml"),
        ("\u0432\u0435\u0442\u0430", "beta"),
        ("我", "找"),
    ):
        assert not is_confusable(one, other), ascii(one)


def test_a_name_shows_what_is_drawn_as_nothing_and_leaves_scripts_and_emoji_alone() -> None:
    hidden = {"a\u200bb": "a‹U+200B›b", "\u00ada": "‹U+00AD›a", "a\u200db": "a‹U+200D›b", "gpt\ufe0f": "gpt‹U+FE0F›"}
    for text, shown in hidden.items():
        assert (visible(text), visible(shown)) == (shown, shown)
    for text in ("gpt-5.4", "1\ufe0f\u20e3", "❤\ufe0f x", "👩\u200d💻", "می\u200cخواهم", "a\nb"):
        assert visible(text) == text
    assert visible("a\u202eb\x1b[0m") == "ab[0m"
