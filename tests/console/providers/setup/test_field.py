"""A secret field takes a key, hidden, or a reference to one, which is shown with what it does."""

import pytest

from tui.console.providers.setup.field import EntryRow
from tui.process import references
from tui.providers import PROVIDERS
from tui.secret import Secret, SecretReference

OPENAI = PROVIDERS["openai"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ref:pass:work/openai", "pass:work/openai"),
        (" ref:env:OPENAI_API_KEY ", "env:OPENAI_API_KEY"),
        ("ref:command:secret-tool lookup key openai", 'command:["secret-tool", "lookup", "key", "openai"]'),
    ],
)
def test_a_reference_is_kept_as_one(typed: str, stored: str) -> None:
    entry = EntryRow(OPENAI, OPENAI.field("api_key"), "", None, ())
    with entry.field.prevent():
        entry.field.set_reactive(type(entry.field).value, typed)
    assert entry.refers
    assert isinstance(entry.secret, SecretReference) and entry.secret.text == stored
    assert entry._clean(typed) == typed.strip()


@pytest.mark.parametrize("typed", ["ref:", "ref:pass:", "ref:file:relative", "ref:vault:secret/openai"])
def test_an_incomplete_reference_is_neither_a_key_nor_a_reference(typed: str) -> None:
    entry = EntryRow(OPENAI, OPENAI.field("api_key"), "", None, ())
    entry.field.set_reactive(type(entry.field).value, typed)
    assert entry.refers and entry.secret is None


def test_anything_else_is_a_key() -> None:
    entry = EntryRow(OPENAI, OPENAI.field("api_key"), "", None, ())
    entry.field.set_reactive(type(entry.field).value, "sk-example0-made-up")
    assert not entry.refers and type(entry.secret) is Secret


def test_a_reference_says_what_it_does() -> None:
    assert references.words("pass:work/openai").startswith("Runs pass show work/openai whenever a request needs it")
    assert references.words("env:NAME").startswith("Read from the variable NAME ")
