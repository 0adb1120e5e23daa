"""An address for which a provider names some: they stand under its field, which takes any other as well."""

import pytest

from tui.console.providers.setup.form import SetupForm
from tui.providers import PROVIDERS
from tui.providers.spec import Field, Provider

OFFERING = [
    (provider, field) for provider in PROVIDERS.values() for field in provider.fields if field.url and field.choices
]


@pytest.mark.parametrize(("provider", "field"), OFFERING, ids=[provider.id for provider, _ in OFFERING])
def test_addresses_that_are_offered(provider: Provider, field: Field) -> None:
    form = SetupForm(provider, None, None)
    assert field.name not in form.choices
    row = form.entries[field.name]
    for choice in field.choices:
        assert f"{choice.value}  {choice.label}" in row.help
