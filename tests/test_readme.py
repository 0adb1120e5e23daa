"""The README is true: its provider table comes from the declarations, its pictures and files are there."""

import re

from tests.readme import HEADINGS, README, command
from tui.domain import ImportMode, ModelType
from tui.providers import PROVIDERS
from tui.providers.spec import Provider

_INTAKE = {
    ImportMode.IMPORTED: "imported, others can be added",
    ImportMode.ADDED: "added one by one",
    ImportMode.BOTH: "imported and added",
}


def row(provider: Provider) -> str:
    """A provider's row of the table."""
    served = ("yes" if kind in provider.types else "–" for kind in ModelType)
    return f"| {provider.label} | {provider.supply} | {_INTAKE[provider.import_mode]} | {' | '.join(served)} |"


def table() -> str:
    """The table of every provider, in the order of the list."""
    head = "| provider | models are | and come | chat | embedding | speech-to-text |\n|---|---|---|---|---|---|"
    return "\n".join([head, *(row(provider) for provider in PROVIDERS.values())])


def test_the_provider_table_is_the_declarations() -> None:
    assert table() in README.read_text(), f"the table should be:\n{table()}"


def test_every_picture_and_file_that_it_names_is_there() -> None:
    text = README.read_text()
    named = [*re.findall(r"!\[[^]]*\]\(([^)]+)\)", text), *re.findall(r"`(t(?:ui|ests)/[\w/.]+)`", text)]
    assert named and [name for name in named if not (README.parent / name).exists()] == []


def test_its_two_commands_stand_alone() -> None:
    for which in HEADINGS:
        assert command(which).startswith("python3 -m venv .venv && .venv/bin/pip install")
