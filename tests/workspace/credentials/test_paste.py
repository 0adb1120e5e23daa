"""Pasted keys: the wrapping comes off and is named, nothing inside is changed, and what no key has is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.registry import register
from tui.providers import PROVIDERS
from tui.providers.spec import Choice, Field
from tui.workspace.credentials.paste import clean_pasted, key_kind, likely_provider, unlike

KEY = Field(
    "api_key",
    "API key",
    secret=True,
    env=("OPENAI_API_KEY",),
    prefixes=(Choice("sk-proj-", "OpenAI project key"), Choice("sk-", "OpenAI key")),
)
CLEAR = Field("organization", "Organization")


@pytest.mark.parametrize(
    ("pasted", "left", "notes"),
    [
        ("sk-FAKE", "sk-FAKE", ()),
        ("sk-FAKE\n", "sk-FAKE", ("a line break",)),
        ("sk-FAKE\r\n", "sk-FAKE", ("a line break",)),
        ("  sk-FAKE\t", "sk-FAKE", ("blanks",)),
        ('"sk-FAKE"', "sk-FAKE", ("quotes",)),
        ("'sk-FAKE'", "sk-FAKE", ("quotes",)),
        ('export OPENAI_API_KEY="sk-FAKE"\n', "sk-FAKE", ("a line break", "export OPENAI_API_KEY=", "quotes")),
        ("OPENAI_API_KEY = sk-FAKE;", "sk-FAKE", ("OPENAI_API_KEY =", "a semicolon")),
        ("$env:MY_KEY='sk-FAKE'", "sk-FAKE", ("$env:MY_KEY=", "quotes")),
        ("Authorization: Bearer sk-FAKE", "sk-FAKE", ("Authorization: Bearer",)),
        ("\ufeffsk-\u200bFAKE\u00ad", "sk-FAKE", ("invisible characters",)),
        ('"sk-FAKE",', "sk-FAKE", ("a comma", "quotes")),
        ("sk-FAKE,", "sk-FAKE", ("a comma",)),
        ("<sk-FAKE>", "sk-FAKE", ("brackets",)),
        ("[ 'sk-FAKE' ];", "sk-FAKE", ("a semicolon", "brackets", "quotes")),
        ('"sk-FAKE', "sk-FAKE", ("a quotation mark",)),
        ("sk-FAKE'", "sk-FAKE", ("a quotation mark",)),
        ('"api_key": "sk-FAKE",', "sk-FAKE", ('"api_key":', "a comma", "quotes")),
        ("OPENAI_API_KEY: sk-FAKE # mine", "sk-FAKE", ("OPENAI_API_KEY:", "a comment")),
        ("x-api-key: sk-FAKE", "sk-FAKE", ("x-api-key:",)),
        ('-H "Authorization: Bearer sk-FAKE"', "sk-FAKE", ("-H", "quotes", "Authorization: Bearer")),
        (
            'export const OPENAI_API_KEY = "sk-FAKE";',
            "sk-FAKE",
            ("export const OPENAI_API_KEY =", "a semicolon", "quotes"),
        ),
        ("Token sk-FAKE", "sk-FAKE", ("Token",)),
        ("sk-FAKE\\n", "sk-FAKE", ("a line break",)),
        ("user:sk-FAKE", "user:sk-FAKE", ()),
        ("sk=FAKE=", "sk=FAKE=", ()),
        ("eyJh.eyJz.c2ln==", "eyJh.eyJz.c2ln==", ()),
        ("", "", ()),
        ("\n\n", "", ("a line break",)),
    ],
)
def test_the_wrapping_is_removed_and_named(pasted: str, left: str, notes: tuple[str, ...]) -> None:
    cleaned = clean_pasted(KEY, pasted)
    assert (cleaned.text, cleaned.notes, cleaned.problem) == (left, notes, "")


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("sk-FAKE\u2019key", "The 8th character is a curved quote; a key has none."),
        ("sk-FA\nKE", "The 6th character is a line break"),
        ("sk FAKE", "The 3rd character is a blank"),
        ("${OPENAI_API_KEY}", "This is the name of a variable"),
        ("https://host.example/?key=sk-FAKE", "This is an address"),
        ("s\u00a0k", "The 2nd character is a blank"),
        ("ключ", "The 1st character is к (U+043A)"),
        ("sk-\x00FAKE", "The 4th character is a control character (U+0000)"),
        ("sk-\u202eFAKE", "The 4th character is a control character (U+202E)"),
        ("sk-…", "The 4th character is an ellipsis"),
        ("x" * 10 + "，", "The 11th character is ，"),
        ("x" * 1_000_000, "too long to be a key: 1,000,000 characters"),
    ],
)
def test_what_no_key_has_is_refused_by_name_and_place(pasted: str, says: str) -> None:
    assert says in clean_pasted(KEY, pasted).problem


def test_a_clear_field_may_hold_what_a_key_may_not() -> None:
    assert clean_pasted(CLEAR, " Größe 星 ").text == "Größe 星"
    assert clean_pasted(CLEAR, "a\x1b[2J").problem


@pytest.mark.slow
@given(st.text(max_size=80))
def test_cleaning_twice_changes_no_more_and_never_fails(pasted: str) -> None:
    once = clean_pasted(KEY, pasted)
    assert clean_pasted(KEY, clean_pasted(KEY, once.text).text).text == clean_pasted(KEY, once.text).text


@pytest.mark.slow
@given(st.text("abcXYZ019-_.=+/", min_size=1, max_size=60))
def test_a_key_in_its_plain_form_is_never_changed(key: str) -> None:
    if not key.isupper():
        cleaned = clean_pasted(KEY, key)
        assert (cleaned.text, cleaned.notes) == (key, ()) or "=" in key


def test_a_key_of_another_provider_is_recognised_only_where_shapes_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    field = Field("api_key", "API key", secret=True, prefixes=(Choice("sk-other-", "Another's key"),))
    another = replace(PROVIDERS["openai"], id="another", fields=(field,))
    register(monkeypatch, another)
    own = PROVIDERS["openai"].field("api_key")
    assert likely_provider("openai", own, "sk-other-FAKE") == "another"
    assert likely_provider("openai", own, "sk-proj-FAKE") == ""
    assert likely_provider("openai", own, "something") == ""
    assert likely_provider("another", field, "sk-proj-FAKE") == "openai"
    assert likely_provider("openai_compatible", PROVIDERS["openai_compatible"].field("api_key"), "sk-ant-FAKE") == ""
    assert key_kind(KEY, "sk-proj-FAKE") == "OpenAI project key"
    assert key_kind(KEY, "other") == ""


def test_a_key_of_no_known_kind_shows_its_length() -> None:
    anthropic = PROVIDERS["anthropic"].field("api_key")
    assert unlike(anthropic, "k" * 4000) == "It does not start with sk-ant- and has 4,000 characters."
    for provider_id in ("openai_compatible", "azure_openai"):
        assert unlike(PROVIDERS[provider_id].field("api_key"), "k" * 40) == "It has 40 characters."
