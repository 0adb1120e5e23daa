"""Adding a provider in the console: another connection of a kind, and three local servers side by side."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, rows, shown, until, until_shown
from tests.console.provider_forms import focused_field, paste
from tests.doubles import local_server
from tui.domain import DefaultState, ModelType
from tui.providers.client.client import Client
from tui.tenancy import connections, models
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import save, status
from tui.workspace.models import defaults

NAMES = {"chat": "llama", "embedding": "infinity", "speech2text": "whisper"}


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """A chat, an embedding and a speech server, each a process of its own: base URLs by model type."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(local_server.running(kind)) for kind in NAMES}


async def add(pilot: Pilot[str], name: str, url: str) -> None:
    """Add an OpenAI-compatible server by keyboard."""
    await pilot.press("a")
    await until_shown(pilot, "── Providers › add ──")
    await pilot.press(*"compat", "enter")
    await focused_field(pilot, "Name")
    await pilot.press(*name, "enter")
    await focused_field(pilot, "Look for servers on this machine")
    await pilot.press("tab")
    await focused_field(pilot, "Base URL")
    await pilot.press("ctrl+u", *url, "enter", "enter", "enter")


def is_usable(session: TenantSession, name: str) -> bool:
    """Return True once the connection is set up."""
    return connections.find_provider(session, name) is not None and status.row(session, name).usable


async def test_three_local_servers_are_set_up_and_used_in_the_three_tabs(
    disk_session: Session, servers: dict[str, str], tmp_path: Path
) -> None:
    disk_session.client_factory = lambda: Client({})
    await tenants.create(disk_session, "acme")
    acme = disk_session.tenant("acme")
    async with console(disk_session) as pilot:
        for kind, name in NAMES.items():
            await add(pilot, name, servers[kind])
            await until(pilot, partial(is_usable, acme, name))
            # The one model of the server is proposed as the default of its type, and stays on enter.
            await until_shown(pilot, f"[x] {ModelType(kind).label}")
            await until_shown(pilot, name)
            await pilot.press("down", "enter")
            await until_shown(pilot, "── Providers ──")
        assert {f"{kind}": entry.ref for kind, entry in models.defaults(acme).items()} == {
            kind: f"{name}/{local_server.MODELS[kind]}" for kind, name in NAMES.items()
        }
        assert [row.state for row in defaults.rows(acme)] == [DefaultState.READY] * 3
        await pilot.press("4")
        await until_shown(pilot, "llama/qwen3-8b")
        await pilot.press(*"hi", "enter")
        await until_shown(pilot, "words of the chat server")
        await pilot.press("f5")
        await until_shown(pilot, "infinity/bge-m3")
        await pilot.press(*"one", "ctrl+j", *"three", "enter")
        await until_shown(pilot, "2 texts · 3 dimensions")
        recording = tmp_path / "call.mp3"
        recording.write_bytes(b"ID3 not really")
        await pilot.press("f5")
        await until_shown(pilot, "whisper-large · no key")
        await pilot.press("i")
        await until_shown(pilot, " TYPE")
        await paste(pilot, str(recording))
        await pilot.press("enter")
        await until_shown(pilot, "▸ [ Transcribe ]")
        await pilot.press("enter")
        await until_shown(pilot, "words of the whisper server")


async def test_what_is_typed_filters_the_kinds_and_escape_adds_nothing(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("a")
        await until_shown(pilot, "── Providers › add ──")
        await pilot.press(*"azure")
        await until(pilot, lambda: "OpenAI-compatible" not in shown(pilot))
        assert "Azure OpenAI" in shown(pilot) or "Nothing matches" in shown(pilot)
        await pilot.press("escape", "escape")
        await until_shown(pilot, "── Providers ──")
        assert not connections.connections(session.tenant("acme"))


async def test_a_connection_that_is_not_set_up_is_not_kept(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("a")
        await until_shown(pilot, "── Providers › add ──")
        await pilot.press(*"compat", "enter")
        await focused_field(pilot, "Name")
        assert "openai-compatible" in shown(pilot), "a free name is suggested"
        await pilot.press("ctrl+u", *"openai", "enter")
        await until_shown(pilot, "openai is a provider already.")
        await pilot.press("ctrl+u", *"llama", "enter")
        await until_shown(pilot, "Providers › llama")
        await pilot.press("escape")
        await until_shown(pilot, "── Providers ──")
        await until(pilot, lambda: not connections.connections(session.tenant("acme")))


async def test_a_connection_proposes_its_own_models_is_a_row_and_is_removed_with_d(session: Session) -> None:
    await defaults.clear(session.tenant("acme"), ModelType.EMBEDDING)
    async with console(session) as pilot:
        await add(pilot, "ollama-2", "http://localhost:11434/v1")
        await until_shown(pilot, "ollama-2 is set up")
        await until_shown(pilot, "[x] embedding           nomic-embed-text")
        assert "speech-to-text" not in shown(pilot), "it has no such model"
        await pilot.press("enter")
        await until_shown(pilot, "[Embedding]")
        await pilot.press("f2")
        await until_shown(pilot, "● ollama-2 ")
        acme = app_of(pilot).session.tenant("acme")
        assert [row.provider.id for row in status.rows(acme)][-1] == "ollama-2"
        await until(pilot, lambda: any("ollama-2" in row and "3 models" in row for row in rows(pilot)))
        await save.save(acme, "ollama-2", {"base_url": "http://localhost:8080/v1"}, name="second")
        await pilot.press("enter", "G", "u")
        await until_shown(pilot, "U undo ")
        await pilot.press("escape", "d")
        await until_shown(pilot, "Remove ollama-2")
        assert "the key stays valid" not in shown(pilot), "there is none"
        await pilot.press("down", "enter")
        await until(pilot, lambda: connections.find_provider(acme, "ollama-2") is None)
        await until(pilot, lambda: "U undo " not in shown(pilot))
