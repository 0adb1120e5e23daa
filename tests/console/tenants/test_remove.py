"""Removing a tenant: what goes is listed, its name must be typed, and enter before it goes to Keep."""

import pytest
from textual.pilot import Pilot

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.console.tenants.remove import _summary_rows
from tui.domain import Model, ModelType, Origin
from tui.practice.tenants import LONG_NAME
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session
from tui.workspace import tenants


def marked_text(pilot: Pilot[str]) -> str:
    """What stands behind the cursor."""
    return next(row for row in rows(pilot) if "▸" in row).partition("▸")[2].strip(" │")


async def open_dialog(pilot: Pilot[str], *keys: str) -> None:
    await until_shown(pilot, "▪ acme")
    await pilot.press(*keys, "d")
    await until_shown(pilot, "── Tenants › remove ──")


async def test_it_is_drawn_as_designed_and_asks_for_the_fingerprint_of_a_long_name() -> None:
    session = practice_session()
    key = tenant_registry.tenant_of(session.tenant(LONG_NAME)).key_id
    added = [Model("openai_compatible", f"added-{n}", ModelType.CHAT, Origin.ADDED) for n in range(2)]
    with session.store(LONG_NAME).transaction() as tables:
        tables.table("models").insert_multiple(to_record(model) for model in added)
    async with console(session, None) as pilot:
        await open_dialog(pilot, "end")
        assert rows(pilot)[2:-4] == [
            "  ╭─ Remove customer-emea-production-cluster-reasoning-and-embeddings-07 ────╮",
            "  │                                                                          │",
            "  │ This permanently deletes:                                                │",
            "  │                                                                          │",
            "  │   2 credentials  OpenAI, OpenAI-compatible                               │",
            "  │   2 added models                                                         │",
            "  │   1 default                                                              │",
            f"  │   1 key pair     fingerprint {key[:4]} {key[4:]}                                   │",
            "  │                                                                          │",
            "  │ The keys at the providers stay valid; revoke them there if needed.       │",
            "  │                                                                          │",
            f"  │ Type the key fingerprint {key} to confirm.                            │",
            "  │                                                                          │",
            "  │ ▸ [                                            ]                         │",
            "  │                                                                          │",
            "  │   [ Keep ]   [ Remove ]  type it to enable                               │",
            "  │                                                                          │",
            "  ╰──────────────────────────────────────────────────────────────────────────╯",
        ]
        assert rows(pilot)[-1] == " enter next  tab next  esc back  f1 help"


async def test_credentials_of_one_provider_are_distinguished_by_their_names() -> None:
    async with console(practice_session(), None) as pilot:
        await open_dialog(pilot)
        await until_shown(pilot, "3 credentials  OpenAI default, OpenAI batch-jobs, OpenAI-compatible")
        await until_shown(pilot, "Type acme to confirm.")


@pytest.mark.all_providers
async def test_more_credentials_than_fit_a_row_are_all_named() -> None:
    async with console(practice_session(), None) as pilot:
        await open_dialog(pilot)
        start = next(n for n, row in enumerate(rows(pilot)) if "8 credentials" in row)
        names = " ".join(row.strip(" │") for row in rows(pilot)[start : start + 2])
        assert "OpenAI default, OpenAI batch-jobs" in names and "Hugging Face, Replicate" in names
        assert rows(pilot)[start + 2].startswith("  │   4 added models")


def test_hundreds_of_names_leave_room_for_the_question() -> None:
    parts = [*_summary_rows("300 credentials", ", ".join(f"OpenAI team-{number}" for number in range(300)))]
    assert len(parts) == 5 and parts[0].startswith("  300 credentials") and parts[-1].strip() == "…"


async def test_enter_goes_to_keep_and_remove_cannot_be_reached_before_the_word_is_right() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await open_dialog(pilot)
        await pilot.press(*"acm", "enter")
        assert marked_text(pilot).startswith("[ Keep ]")
        await pilot.press("right", "right")
        assert marked_text(pilot).startswith("[ Keep ]")
        await pilot.press("tab")
        assert marked_text(pilot).startswith("[acm ")
        await pilot.press("shift+tab", "enter")
        await until_shown(pilot, "── Tenants ──")
        assert "acme" in tenant_registry.ids(session)


async def test_the_right_word_and_enter_remove_it() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await open_dialog(pilot)
        await pilot.press(*"acme")
        assert "type it to enable" not in shown(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "Removed acme.")
        await until(pilot, lambda: "▪ acme" not in shown(pilot))
        assert "acme" not in tenant_registry.ids(session) and "acme" not in session.keys.folders()


async def test_the_fingerprint_may_be_typed_as_it_is_shown() -> None:
    session = practice_session()
    key = tenant_registry.tenant_of(session.tenant(LONG_NAME)).key_id
    async with console(session, None) as pilot:
        await open_dialog(pilot, "end")
        await pilot.press(*key[:4], "space", *key[4:])
        assert "type it to enable" not in shown(pilot)


async def test_escape_leaves_without_asking_and_nothing_is_lost() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await open_dialog(pilot)
        await pilot.press(*"acme", "escape")
        await until_shown(pilot, "── Tenants ──")
        assert len(tenant_registry.ids(session)) == 4


async def test_removing_the_last_one_shows_welcome_and_the_next_can_be_created() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    async with console(session, "acme") as pilot:
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("0")
        await open_dialog(pilot)
        await pilot.press(*"acme", "enter")
        await until_shown(pilot, "── Welcome ──")
        await until_shown(pilot, "[acme   ")
        assert rows(pilot)[0] == " modeldeck"
        await pilot.press("enter")
        await until_shown(pilot, "[1 Providers]")


async def test_removing_the_tenant_shown_leaves_nobody_in_the_header() -> None:
    session = practice_session()
    async with console(session, "acme") as pilot:
        await pilot.press("0")
        await open_dialog(pilot)
        await pilot.press(*"acme", "enter")
        await until(pilot, lambda: rows(pilot)[0].startswith(" modeldeck"))
        await pilot.press("escape", "1")
        await until_shown(pilot, "── Tenants ──")


async def test_a_damaged_tenant_can_be_removed_too() -> None:
    session = practice_session()
    cut(session, "acme")
    async with console(session, None) as pilot:
        await until_shown(pilot, "✕ acme")
        await pilot.press("end", "d")
        await until_shown(pilot, "This permanently deletes everything")
        await pilot.press(*"acme", "enter")
        await until_shown(pilot, "Removed acme.")
        assert "acme" not in tenant_registry.ids(session)


def cut(session: Session, tenant_id: str) -> None:
    """Cut the end off a settings file."""
    folder = session.store(tenant_id).folder
    folder.write("settings.json", (folder.read("settings.json") or b"")[:-40])
