"""An address for which a provider names some: they are a choice of regions, and its field takes any other as well."""

import pytest

from tui.console.providers.setup.form import SetupForm
from tui.console.providers.setup.region import RegionChoice
from tui.providers.openai_compatible.presets import kinds
from tui.providers.spec import Field, Provider

OFFERING = [
    (provider, field) for provider in kinds().values() for field in provider.fields if field.url and field.choices
]


@pytest.mark.parametrize(("provider", "field"), OFFERING, ids=[provider.id for provider, _ in OFFERING])
def test_addresses_that_are_offered(provider: Provider, field: Field) -> None:
    form = SetupForm(provider, None, None)
    assert field.name not in form.choices
    # The key comes first; "under More" says where an address of one's own goes.
    assert field.advanced and not provider.fields[0].advanced
    region = RegionChoice(form.entries[field.name])
    assert region.value == field.default
    assert [entry for entry in region.options if entry[0]] == [(choice.value, choice.label) for choice in field.choices]
