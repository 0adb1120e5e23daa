"""What another session does is shown without a key press, and a form is told; what cannot be written is looked at."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown, windows
from tests.console.provider_forms import KEY, focused_field, forget, paste
from tests.doubles.practice import practice_session
from tests.providers.sampling import WHOLE
from tui.console.background import monitor
from tui.domain import ModelType
from tui.secret import Secret
from tui.storage import lock, settings_file
from tui.storage.folder import DiskFolder
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save, status
from tui.workspace.models import catalog, defaults

MODEL = "from-another-session"


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "INTERVAL", 0.05)
    monkeypatch.setattr(monitor, "WAIT_INTERVAL", 0.05)


class Elsewhere:
    """Another process at the same files, known to people as process 4127 on pts/3."""

    def __init__(self, session: Session) -> None:
        self.session = replace(session, open_keys={}, undecryptable={}, _stores={})
        # Of this session alone: the console may look while the other one saves.
        self.session._writer = lambda: {"pid": 4127, "terminal": "pts/3"}  # type: ignore[method-assign]

    async def does(self, work: Callable[[Session], Coroutine[Any, Any, object]]) -> None:
        await work(self.session)


def set_up(session: Session) -> Coroutine[Any, Any, object]:
    return save.save(session.tenant("acme"), "openai", {"api_key": Secret(KEY)})


def add_model(session: Session) -> Coroutine[Any, Any, object]:
    return catalog.add(session.tenant("acme"), "openai_compatible", MODEL, ModelType.CHAT, {}, verify=False)


async def default_model(session: Session) -> None:
    await add_model(session)
    await defaults.set(session.tenant("acme"), ModelType.CHAT, f"openai_compatible/{MODEL}")


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_the_providers_tell_once_what_was_done_and_when() -> None:
    session = await forget(practice_session(pace=0.0), "openai")
    elsewhere = Elsewhere(session)
    async with console(session) as pilot:
        await until_shown(pilot, "not set up")
        await elsewhere.does(set_up)
        await until_shown(pilot, "Another session set up OpenAI at ")
        await until_shown(pilot, "The list is up to date.")
        assert "ends 5d1e" not in rows(pilot)[-3]
        await elsewhere.does(lambda there: status.remove_provider(there.tenant("acme"), "openai"))
        await until_shown(pilot, "Another session removed OpenAI at ")


async def test_what_this_session_saved_is_no_other_sessions() -> None:
    session = practice_session(pace=0.0)
    async with console(session) as pilot:
        await set_up(session)
        await until_shown(pilot, "ends 5d1e")
        assert "Another session" not in shown(pilot)


@pytest.mark.slow
async def test_a_notice_of_another_thread_that_the_tenant_was_removed_shows_the_tenants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(monitor, "INTERVAL", 1000.0)
    session = practice_session(pace=0.0)
    elsewhere = Elsewhere(session)
    async with console(session, "acme") as pilot:
        await until_shown(pilot, "[1 Providers]")
        await elsewhere.does(lambda there: tenants.remove(there.tenant("acme")))
        # As the thread of a shared store does; asyncio.to_thread would hand on the context of this one.
        Thread(target=session.watch.on_change).start()
        await until_shown(pilot, "was removed in another session.")
        await until_shown(pilot, "── Tenants ──")


AREAS: dict[str, tuple[str, Callable[[Session], Coroutine[Any, Any, object]], str]] = {
    "models": ("2", add_model, MODEL),
    "defaults": ("3", default_model, f"openai_compatible/{MODEL}"),
    "playground": ("4", default_model, f"{MODEL} · no key"),
}


@pytest.mark.parametrize("area", AREAS)
async def test_an_area_is_up_to_date_without_a_key_press(area: str) -> None:
    key, does, text = AREAS[area]
    session = practice_session(pace=0.0)
    elsewhere = Elsewhere(session)
    async with console(session) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: f"[{key} " in shown(pilot) or "enter send" in shown(pilot))
        assert text not in shown(pilot)
        await elsewhere.does(does)
        if area == "models":
            await until_shown(pilot, "── 42 ──")
            await pilot.press("slash", *MODEL)
        await until_shown(pilot, text)


@pytest.mark.parametrize("chosen", [None, "acme"])
async def test_the_tenants_are_up_to_date_without_a_key_press(chosen: str | None) -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    await tenants.create(session, "other")
    elsewhere = Elsewhere(session)
    async with console(session, chosen) as pilot:
        await pilot.press("0")
        await until_shown(pilot, "── Tenants ──")
        await elsewhere.does(lambda there: tenants.create(there, "third"))
        await until_shown(pilot, "third")
        await elsewhere.does(lambda there: tenants.rename(there.tenant("other"), "renamed"))
        await until_shown(pilot, "renamed")
        await elsewhere.does(lambda there: tenants.remove(there.tenant("third")))
        await until(pilot, lambda: "third" not in shown(pilot))


# --- forms ------------------------------------------------------------------------------------------------------------


async def open_form(pilot: Pilot[str]) -> None:
    await pilot.press("enter")
    await until_shown(pilot, "fingerprint")
    await pilot.press("enter")
    await until_shown(pilot, "Verify and save")


async def test_a_form_is_notified_and_an_overwrite_names_the_session() -> None:
    session = practice_session(pace=0.0)
    elsewhere = Elsewhere(session)
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, KEY)
        await elsewhere.does(
            lambda there: save.save(there.tenant("acme"), "openai", {"api_key": Secret(KEY[:-4] + "beef")})
        )
        await until_shown(pilot, "▲ changed elsewhere ──")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "Another session (process 4127 on pts/3) saved it at ")
        await focused_field(pilot, "Show theirs, keep my form open")


async def test_a_form_of_a_tenant_that_was_removed_keeps_what_was_typed() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    await tenants.create(session, "other")
    elsewhere = Elsewhere(session)
    async with console(session) as pilot:
        await until_shown(pilot, "not set up")
        await pilot.press("enter")
        await until_shown(pilot, "Verify and save")
        await paste(pilot, KEY)
        await until_shown(pilot, "•••")
        await elsewhere.does(lambda there: tenants.remove(there.tenant("acme")))
        await until_shown(pilot, "▲ acme was removed in another session.")
        await until_shown(pilot, "esc shows the tenants.")
        await until_shown(pilot, "•••")
        await pilot.press("escape")
        await until_shown(pilot, "Leave without saving?")
        await pilot.press("down", "enter")
        await until_shown(pilot, "▸ ▪ other")


async def test_the_owner_of_the_lock_is_named_while_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = [0.0]
    monkeypatch.setattr(lock, "waiting_time", lambda: waited[0])
    async with console() as pilot:
        before = rows(pilot)[-3]
        waited[0] = 1.2
        await until_shown(pilot, "… waiting for another session 1 s")
        waited[0] = 3.1
        await until_shown(pilot, "… waiting for another session 3 s")
        waited[0] = 0.0
        await until(pilot, lambda: rows(pilot)[-3] == before)


# --- what cannot be written -------------------------------------------------------------------------------------------


@contextmanager
def newer_version() -> Iterator[None]:
    """Settings are written as by a version to come."""
    with pytest.MonkeyPatch.context() as later:
        later.setattr(settings_file, "MIGRATIONS", (lambda tables: tables,))
        later.setattr("tui.storage.store.__version__", "2.1")
        yield


async def newer(session: Session) -> Session:
    with newer_version():
        await tenants.rename(session.tenant("acme"), "acme 2")
        await tenants.rename(session.tenant("acme"), "acme")
    return replace(session, open_keys={}, undecryptable={}, _stores={})


async def test_settings_of_a_newer_version_are_viewed_with_a_banner_in_every_area() -> None:
    session = await newer(practice_session(pace=0.0))
    before = session.store("acme").folder.read("settings.json")
    async with console(session) as pilot:
        for key, area in (("1", "37 models"), ("2", "gpt"), ("3", "Defaults of"), ("4", "enter send")):
            await pilot.press(key)
            await until_shown(pilot, area)
            if area != "enter send":
                await until_shown(pilot, "── Written by Modeldeck 2.1; this is ")
                await until_shown(pilot, "You can view it, not change it.")
            assert rows(pilot)[0].startswith(" ▪ acme  PRACTICE  read-only")
            await pilot.press("escape")
        await pilot.press("1")
        async for _ in windows(pilot, (60, 24)):  # too narrow for the rule: the strip has the whole sentence
            await until(pilot, lambda: "Written by Modeldeck 2.1;" in "".join(rows(pilot)[-5:]))
            await until(pilot, lambda: "You can view it, not change it." in " ".join(map(str.strip, rows(pilot)[-5:])))
    assert session.store("acme").folder.read("settings.json") == before


async def test_what_was_typed_stays_where_nothing_can_be_written() -> None:
    session = await newer(practice_session(pace=0.0))
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, KEY)
        await until_shown(pilot, "•••")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: shown(pilot).count("Written by Modeldeck 2.1") > 1)
        await until_shown(pilot, "•••")
        await until_shown(pilot, "▸ [ Verify and save ]")
        assert "Save anyway" not in shown(pilot)


AREA_KEYS = ("1", "2", "3", "4")
KEYS = ("1", "2", "3", "4", "enter", "v", "a", "o", "L", "colon", "question_mark", "r")
PRESSED = [(AREA_KEYS[number % len(AREA_KEYS)], key) for number, key in enumerate(KEYS, 1)]
"""Every key in one of the areas; in each of them with `MODELDECK_WHOLE_MATRIX=1`."""


@pytest.mark.parametrize(("area", "key"), product(AREA_KEYS, KEYS) if WHOLE else PRESSED)
async def test_a_key_pressed_on_settings_that_broke_a_moment_ago_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, area: str, key: str
) -> None:
    monkeypatch.setattr(monitor, "INTERVAL", 3600.0)
    session = practice_session(pace=0.0)
    async with console(session) as pilot:
        await pilot.press(area)
        await pilot.pause()
        await pilot.press("escape")
        session.store("acme").folder.write("settings.json", b'{"schema": 1, "data"')
        await pilot.press(key)
        await until_shown(pilot, "The settings cannot be read: the file ends in the middle.")
        await until_shown(pilot, "✕ acme")


async def test_a_form_whose_settings_broke_can_still_be_used_and_left() -> None:
    session = practice_session(pace=0.0)
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, KEY)
        await until_shown(pilot, "•••")
        session.store("acme").folder.write("settings.json", b"")
        await until_shown(pilot, "▲ The settings cannot be read: the file is empty.")
        await pilot.press("tab", "shift+tab", "end", "x", "backspace", "enter", "enter")
        await until(pilot, lambda: shown(pilot).count("The settings cannot be read: the file is empty.") > 1)
        await until_shown(pilot, "•••")
        await pilot.press("escape")
        await until_shown(pilot, "Leave without saving?")
        await pilot.press("down", "enter")
        await until_shown(pilot, "✕ acme")


async def test_a_shared_file_system_is_reported_at_the_start(tmp_path: Path) -> None:
    session = empty_session()
    session.data = DiskFolder(tmp_path / "data", kind=lambda path: "nfs4")
    async with console(session, None) as pilot:
        await until_shown(pilot, "Other machines may share the file system of the settings")
