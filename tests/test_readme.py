"""The README is true: its provider table comes from the declarations, its files are there, its commands run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.openai_server import OpenAIServer
from tests.readme import BLOCKS, README, command
from tests.terminal import environ
from tui.console.keys import key_of
from tui.domain import ImportMode, ModelType
from tui.providers import PROVIDERS
from tui.providers.spec import Provider

FOLDERS = (".github", "tui", "tests")
PAGES = [README, *sorted(path for folder in FOLDERS for path in (README.parent / folder).rglob("*.md"))]
_IMPORTED = {
    ImportMode.IMPORTED: "imported",
    ImportMode.ADDED: "one by one",
    ImportMode.BOTH: "imported, or one by one",
}
_SUPPLY = {"own": "the vendor's", "hosting": "hosted"}


def row(provider: Provider) -> str:
    """Return a provider's row of the table."""
    served = ("yes" if kind in provider.types else "–" for kind in ModelType)
    supply, imported = _SUPPLY[str(provider.supply)], _IMPORTED[provider.import_mode]
    return f"| {provider.label} | {supply} | {imported} | {' | '.join(served)} |"


def table() -> str:
    """Return the table of all providers, in the order of the console's list."""
    head = "| provider | models | how added | chat | embedding | speech-to-text |\n|---|---|---|---|---|---|"
    return "\n".join([head, *(row(provider) for provider in PROVIDERS.values())])


def test_the_provider_table_is_generated_from_the_declarations() -> None:
    assert table() in README.read_text(), f"the table should be:\n{table()}"


KEYS = (
    (("area.providers", "area.models", "area.defaults", "area.playground"), "Providers, Models, Defaults, Playground"),
    (("app.tenants",), "tenants"),
    (("app.lock",), "lock or unlock the tenant"),
    (("list.choose", "area.escape"), "open, go back or stop"),
    (("app.commands",), "command palette"),
    (("models.add", "models.edit", "models.remove"), "add, edit, remove"),
    (("playground.model", "chat.parameters", "playground.type"), "model, parameters, next type"),
    (("chat.copy", "chat.save"), "copy, save to a file"),
    (("app.help",), "help"),
)
"""Bindings and what the README says of them."""


def keys_table() -> str:
    """Return the README's table of keys, with the ones that work while typing in a column of their own."""
    lines = ["| key | action | while you type |", "|---|---|---|"]
    for ids, action in KEYS:
        plain, typing = [key_of(name) for name in ids], [key_of(name, typing=True) for name in ids]
        others = " ".join(f"`{key}`" for key in typing if len(key) > 1 and key not in plain)
        lines.append(f"| {' '.join(f'`{key}`' for key in plain)} | {action} | {others} |".replace("|  |", "| |"))
    return "\n".join(lines)


def test_the_table_of_keys_is_generated_from_the_bindings() -> None:
    assert keys_table() in README.read_text(), f"the table should be:\n{keys_table()}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(README.parent).as_posix())
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    links = [page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text)]
    paths = [README.parent / path for path in re.findall(r"`((?:tui|tests|\.github|\.ci)/[\w/.-]+)`", text)]
    assert [str(path) for path in (*links, *paths) if not path.exists()] == []


def test_every_block_of_commands_has_its_test() -> None:
    blocks = re.findall(r"```sh\n(.+?)\n```", README.read_text(), re.DOTALL)
    assert sorted(blocks) == sorted(command(which) for which in BLOCKS)


def test_from_source_and_the_tests_start_from_nothing() -> None:
    for which in ("start", "tests"):
        assert command(which).startswith("python3 -m venv .venv && .venv/bin/pip install")


@pytest.mark.slow
def test_the_examples_of_the_command_line_run(tmp_path: Path) -> None:
    key = "sk-FAKE-readme-0123456789"
    program = tmp_path / "modeldeck"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n')
    program.chmod(0o755)
    (tmp_path / "app.py").touch()
    (tmp_path / "prompts.txt").write_text("Why is the sky blue?\n")
    with OpenAIServer(key=key) as server:
        variables = environ(tmp_path, OPENAI_API_KEY=key)
        variables["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
        # The server of the test takes the place of OpenAI's.
        script = command("examples").replace("api_key=-", f"base_url={server.url} api_key=-")
        lines = ["set -eo pipefail", "modeldeck tenant create acme", *script.splitlines()]
        done = subprocess.run(
            ["bash", "-c", "\n".join(lines)], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert "The sky is blue" in done.stdout
    assert key not in (tmp_path / "answers.jsonl").read_text()
