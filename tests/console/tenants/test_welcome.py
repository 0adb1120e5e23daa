"""The first screen of all: what it offers to start with, and what makes the first tenant."""

import asyncio
import socket
import threading
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tui.console.app import PRACTICE, Modeldeck
from tui.errors import Problem
from tui.storage.folder import DiskFolder
from tui.tenancy import credentials
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.session import Session
from tui.vault import key_pair
from tui.workspace import tenants
from tui.workspace.credentials.discovery import DiscoveredKey

KEY = {"OPENAI_API_KEY": "sk-example0-0000-made-up-key-not-real-3f2a"}

DRAWN = """ modeldeck
── Welcome ─────────────────────────────────────────────────────────────────────

   Manages each tenant's LLM providers: encrypted API keys, models and
   defaults. Try any model right away.

   Tenant           [acme                                                ]
   Passphrase       [                                                    ]
                    Optional. Without one, anyone who can read your files on
                    this machine can decrypt the keys.

 ▸ Start with       (•) OpenAI, with OPENAI_API_KEY from the environment
                    ( ) a model server on this machine (Ollama, llama.cpp …)
                    ( ) the list of providers
                    ( ) practice mode: sample tenants, nothing saved or sent

   [ Create tenant ]



────────────────────────────────────────────────────────────────────────────────
   Settings   ~/.local/share/modeldeck/tenants
   Keys       ~/.local/state/modeldeck/keys
 enter create tenant  up down choose  tab next  ctrl+q quit  ? help"""


def focus(pilot: Pilot[str]) -> str:
    """The label of the row with the focus."""
    return next(row for row in rows(pilot) if row.startswith(" ▸"))[3:20].strip()


def on_disk(session: Session, home: Path) -> Session:
    """The same session in a real home."""
    session.environ = {**session.environ, "HOME": str(home)}
    session.data, session.keys = (
        DiskFolder(home / ".local/share/modeldeck"),
        DiskFolder(home / ".local/state/modeldeck/keys"),
    )
    return session


class SlowKeyPair:
    """Makes no key pair before it is let go, as a slow machine does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started, self.go, self.done = threading.Event(), threading.Event(), threading.Event()
        make = key_pair.generate_key_pair

        def slow(bits: int) -> key_pair.NewKeyPair:
            self.started.set()
            self.go.wait(60)
            self.done.set()
            return make(bits)

        monkeypatch.setattr(key_pair, "generate_key_pair", slow)


async def test_it_is_drawn_as_designed_with_the_one_key_that_was_detected(tmp_path: Path) -> None:
    async with console(on_disk(empty_session(KEY), tmp_path), None) as pilot:
        assert "\n".join(rows(pilot)) == DRAWN


async def test_with_no_key_present_the_list_is_first_and_several_are_named() -> None:
    async with console(empty_session(), None) as pilot:
        await until_shown(pilot, "Start with       (•) the list of providers")
        assert "from the environment" not in shown(pilot)
    from tui.console.tenants.welcome import starts

    gateway = DiscoveredKey("OPENAI_API_KEY", "OPENAI_BASE_URL", {"base_url": "https://llm.acme.example/v1"})
    (_, words), *_ = starts(empty_session(), {"openai_compatible": gateway})
    assert words == "llm.acme.example, with OPENAI_API_KEY set here"
    names = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GROQ_API_KEY")
    several = starts(empty_session(), {name: DiscoveredKey(name, "", {}) for name in names})
    assert several[0][1] == "all 3 keys here: OPENAI_API_KEY, ANTHROPIC_API_KEY …"


@pytest.mark.all_providers
async def test_all_keys_present_are_verified_and_used_with_one_choice() -> None:
    keys = {**KEY, "ANTHROPIC_API_KEY": "sk-ant-api03-refused-made-up-key-not-real-9b1c", "GROQ_API_KEY": "not-real"}
    session = empty_session(keys)
    async with console(session, None) as pilot:
        await until_shown(pilot, "(•) all 3 keys here: OPENAI_API_KEY, ANTHROPIC_API_KEY …")
        assert "OPENAI_API_KEY, ANTHROPIC_API_KEY, GROQ_API_KEY" in rows(pilot)[22]
        await pilot.press("enter")
        await until_shown(pilot, "Set up OpenAI")
    acme = session.tenant("acme")
    assert {credential.provider for credential in credentials.stored(acme)} >= {"openai"}
    assert credentials.active(acme, "anthropic") is None


@pytest.mark.all_providers
async def test_keys_that_are_refused_stay_named_until_they_are_read() -> None:
    keys = {"OPENAI_API_KEY": "sk-refused-made-up-0000-3f2a", "ANTHROPIC_API_KEY": "sk-ant-api03-refused-made-up-9b1c"}
    async with console(empty_session(keys), None) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "▸ [ Close ]")
        await until_shown(pilot, "Not set up: OpenAI, OPENAI_API_KEY. OpenAI rejected this key.")
        await until_shown(pilot, "Not set up: Anthropic, ANTHROPIC_API_KEY.")


@pytest.mark.parametrize(("sudo", "name"), [("ada", "ada"), ("", "box")])
async def test_a_tenant_is_not_proposed_to_be_called_root(
    monkeypatch: pytest.MonkeyPatch, sudo: str, name: str
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "box.example.test")
    session = empty_session({"USER": "root", "SUDO_USER": sudo})
    async with console(session, None) as pilot:
        await until_shown(pilot, f"Tenant           [{name} ")


async def test_a_model_server_that_the_environment_names_is_first() -> None:
    async with console(empty_session({**KEY, "OLLAMA_HOST": "127.0.0.1:11434"}), None) as pilot:
        await until_shown(pilot, "Start with       (•) a model server on this machine")


async def test_tab_goes_round_and_the_second_field_comes_with_the_passphrase() -> None:
    async with console(empty_session(), None) as pilot:
        order = [focus(pilot)]
        for _ in range(4):
            await pilot.press("tab")
            order.append(focus(pilot))
        assert order == ["Start with", "[ Create tenant ]", "Tenant", "Passphrase", "Start with"]
        await pilot.press("shift+tab", *"pq", "enter")
        await until(pilot, lambda: focus(pilot) == "Again")
        await until_shown(pilot, "[••     ")
        assert "pq" not in shown(pilot)


async def test_enter_makes_the_tenant_and_opens_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "[1 Providers]")
        assert tenant_registry.find(session, "acme").protected is False
        assert rows(pilot)[0].startswith(" ▪ acme  open")


async def test_with_a_detected_key_enter_opens_its_form() -> None:
    async with console(empty_session(KEY), None) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "▸ [ Use OPENAI_API_KEY from the environment, ends 3f2a ]")


async def test_a_model_server_on_this_machine_is_probed_for_at_once() -> None:
    async with console(empty_session(KEY), None) as pilot:
        await pilot.press("down", "enter")
        await until_shown(pilot, "▸ [ Use http://localhost:11434/v1 ]")
        await pilot.press("escape")
        await until_shown(pilot, " ▸ ○ OpenAI-compatible")


async def test_practice_needs_no_tenant_and_nothing_is_written(tmp_path: Path) -> None:
    session = on_disk(empty_session(), tmp_path)
    async with console(session, None) as pilot:
        await pilot.press("down", "down")
        await until_shown(pilot, "(•) practice")
        await until_shown(pilot, "[ Open practice ]")
        assert rows(pilot)[-1].startswith(" enter open  up down choose")
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.return_value == PRACTICE
    assert list(tmp_path.iterdir()) == []


async def test_enter_in_the_name_makes_the_tenant_and_in_the_passphrase_goes_on() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        await pilot.press("tab", "tab", "tab", "enter")
        await until(pilot, lambda: focus(pilot) == "Start with")
        assert not tenant_registry.ids(session)
        await pilot.press("tab", "tab", "end", "backspace", "enter")
        await until_shown(pilot, "[1 Providers]")
        assert tenant_registry.find(session, "acm")


async def test_a_passphrase_is_typed_twice_and_what_differs_is_shown_in_place() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        await pilot.press("tab", "tab", "tab", *"secret", "tab", *"secrat", "tab", "enter")
        await until_shown(pilot, "▲ The passphrases don't match.")
        assert focus(pilot) == "Again" and shown(pilot).count("[••••••  ") == 2
        assert not tenant_registry.ids(session)
        await pilot.press("ctrl+u")
        assert "not the same" not in shown(pilot)
        await pilot.press(*"secret", "tab", "enter")
        await until_shown(pilot, "[1 Providers]")
        assert tenant_registry.find(session, "acme").protected


async def test_a_passphrase_typed_once_is_requested_again() -> None:
    async with console(empty_session(), None) as pilot:
        await pilot.press("tab", "tab", "tab", *"secret", "tab", "tab", "enter")
        await until_shown(pilot, "▲ Type the passphrase a second time.")


async def test_a_name_that_cannot_be_is_shown_under_the_field_and_stays() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        await pilot.press("tab", "tab", "ctrl+u", "enter")
        await until_shown(pilot, "▲ A tenant needs a name.")
        assert focus(pilot) == "Tenant"
        pilot.app.post_message(events.Paste("x" * 61))
        await until_shown(pilot, "x" * 50)
        await pilot.press("enter")
        await until_shown(pilot, "this one has 61.")
        assert not tenant_registry.ids(session)


async def test_a_paste_of_three_lines_makes_nothing() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        for _ in range(4):
            pilot.app.post_message(events.Paste("one\ntwo\nthree\n"))
            await pilot.pause()
            await pilot.press("tab")
        await until_shown(pilot, "[one two three  ")
        assert not tenant_registry.ids(session) and "Welcome" in rows(pilot)[1]


async def test_while_the_key_pair_is_created_escape_stops_and_keeps_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    session, creation = empty_session(), SlowKeyPair(monkeypatch)
    async with console(session, None) as pilot:
        await pilot.press("tab", "tab", "end", *"-lab", "enter")
        await until_shown(pilot, "… creating the key pair")
        assert rows(pilot)[-1] == " ctrl+q quit  esc stop  f1 help"
        await until(pilot, creation.started.is_set)
        await pilot.press("enter", "escape")
        await until_shown(pilot, "[ Create tenant ]")
        await until_shown(pilot, "[acme-lab   ")
        creation.go.set()
        await until(pilot, creation.done.is_set)
        await asyncio.to_thread(lambda: None)
        await pilot.pause(0.1)
        assert not tenant_registry.ids(session) and not session.keys.folders()


async def test_seconds_are_reported_while_the_key_pair_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    creation = SlowKeyPair(monkeypatch)
    async with console(empty_session(), None) as pilot:
        await pilot.press("enter")
        await until_shown(pilot, "… creating the key pair 1 s")
        creation.go.set()
        await until_shown(pilot, "[1 Providers]")


async def test_a_folder_that_cannot_be_written_is_shown_and_what_was_typed_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def create(*_: object, **__: object) -> None:
        raise Problem("This folder cannot be written: ~/x.", "Make it writable and try again.")

    monkeypatch.setattr(tenants, "create", create)
    async with console(empty_session(), None) as pilot:
        await pilot.press("tab", "tab", "end", *"-lab", "enter")
        await until_shown(pilot, "▲ This folder cannot be written: ~/x.\n   Make it writable and try again.")
        await until_shown(pilot, "[acme-lab  ")
        await until_shown(pilot, "[ Create tenant ]")


async def test_a_login_name_that_is_hostile_is_drawn_as_text() -> None:
    async with console(empty_session({"USER": "[red]a\x1b]0;x\x07\u202e[/]"}), None) as pilot:
        await until_shown(pilot, "[[red]a]0;x[/]  ")


async def test_escape_does_nothing() -> None:
    session = empty_session()
    async with console(session, None) as pilot:
        before = shown(pilot)
        await pilot.press(*["escape"] * 5)
        assert shown(pilot) == before and pilot.app.is_running


@pytest.mark.parametrize("size", [(40, 10), (60, 14), (120, 40)])
async def test_every_field_can_be_used_at_any_size(size: tuple[int, int]) -> None:
    session = empty_session()
    async with console(session, None, size) as pilot:
        await pilot.press("tab", "tab", *"-in-a-narrow-window")
        await until_shown(pilot, "window")
        assert all(len(row) <= size[0] for row in rows(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: tenant_registry.ids(session))


def test_practice_follows_in_the_same_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.console import app

    ran: list[Session] = []

    def run_once(self: Modeldeck, **_: object) -> str | None:
        ran.append(self.session)
        return PRACTICE if len(ran) == 1 else None

    monkeypatch.setattr(Modeldeck, "run", run_once)
    assert app.run(empty_session(KEY)) == 0
    assert [session.practice for session in ran] == [False, True]


async def test_what_is_typed_on_the_choice_replaces_the_proposed_name_and_its_ends_lead_to_the_fields() -> None:
    async with console(empty_session(), None) as pilot:
        await pilot.press("up")
        assert focus(pilot) == "Passphrase"
        await pilot.press("down", "down", "down", "down")
        await until_shown(pilot, "▸ [ Open practice ]")
        await pilot.press("up", *"Lab")
        await until_shown(pilot, "▸ Tenant           [Lab ")
        await pilot.press("tab", "tab", *"hunter2")
        assert "hunter2" not in shown(pilot) and focus(pilot) == "Passphrase"


async def test_the_proposed_name_is_replaced_by_what_is_typed_until_it_is_edited() -> None:
    async with console(empty_session(), None) as pilot:
        await pilot.press("shift+tab", "shift+tab", *"beta", "tab", "shift+tab", *"2")
        await until_shown(pilot, "▸ Tenant           [beta2 ")
