"""What came into the settings without the key: shown as such, asked about once it is open, not used before."""

from dataclasses import replace

from textual.pilot import Pilot

from tests.console.pilot import console, rows, shown, until, until_shown
from tests.doubles.practice import practice_session
from tui.domain import Credential
from tui.practice.tenants import PASSPHRASE
from tui.secret import Secret
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import keyring
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session
from tui.vault import envelope, key_pair
from tui.workspace.credentials import save, status

DIALOG = """╭─ Changed while locked ─────────────────────────────────────────────────────╮
│ OpenAI was replaced while north-lab was locked, or outside Modeldeck.      │
│   was ••••••••77c0 """


async def saved_while_locked() -> Session:
    session = practice_session(pace=0.0)
    await save.save(session.tenant("north-lab"), "openai", {"api_key": Secret("sk-example0-0000-saved-at-night-a1b2")})
    return session


async def open_page(pilot: Pilot[str]) -> None:
    """Verify what waits: that asks for the passphrase, and then for the confirmation."""
    await until_shown(pilot, "replaced while locked")
    await pilot.press("v")
    await until_shown(pilot, "› unlock ──")
    await pilot.press(*PASSPHRASE, "enter")
    await until_shown(pilot, "Changed while locked")


async def test_a_key_saved_while_locked_is_pending_and_used_once_it_is_confirmed() -> None:
    session = await saved_while_locked()
    async with console(session, "north-lab") as pilot:
        await until_shown(pilot, " ▸ ▲ OpenAI               replaced while locked")
        await until_shown(pilot, "OpenAI was replaced while north-lab was locked, or outside Modeldeck.")
        assert "v confirm" in rows(pilot)[-1]
        await open_page(pilot)
        text = " ".join(shown(pilot).split())
        assert "now ••••••••a1b2" in text and "sent to https://api.openai.com" in text
        await until_shown(pilot, "▸ [ Leave as it is ]")
        await pilot.press("down", "enter")
        await until_shown(pilot, "1 confirmed.")
        assert status.row(session.tenant("north-lab"), "openai").usable
        await until(pilot, lambda: "not verified" in shown(pilot))


async def test_what_is_left_as_it_is_stays_unused_and_needs_confirmation_again_on_request() -> None:
    session = await saved_while_locked()
    async with console(session, "north-lab") as pilot:
        await open_page(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "Changed while locked" not in shown(pilot))
        await until_shown(pilot, "replaced while locked")
        await until_shown(pilot, "0 of")
        await pilot.press("v")
        await until_shown(pilot, "Changed while locked")
        await pilot.press("escape")
        await until(pilot, lambda: "Changed while locked" not in shown(pilot))
        assert not status.row(session.tenant("north-lab"), "openai").usable


async def test_a_repointed_key_is_named_in_the_strip_and_replaced_or_forgotten() -> None:
    session = practice_session(pace=0.0)
    with session.store("acme").transaction() as tables:
        tables.table("credentials").update(
            {"clear": {"base_url": "https://evil.example/v1"}, "origins": ["https://evil.example"]},
            lambda record: record["provider"] == "openai" and record["active"],
        )
    async with console(session, "acme", size=(160, 24)) as pilot:
        await until_shown(pilot, "✕ OpenAI")
        await until_shown(pilot, "its key was meant for https://api.openai.com, not to https://evil.example")
        assert "enter replace" in rows(pilot)[-1] and "d forget" in rows(pilot)[-1]


async def test_settings_put_back_by_hand_are_reported_when_a_key_is_opened() -> None:
    session = practice_session(pace=0.0)
    folder = session.store("acme").folder
    older = folder.read("settings.json") or b""
    await save.save(session.tenant("acme"), "openai", {"organization": "org-FAKE"})
    folder.write("settings.json", older)
    session.open_keys.clear()
    async with console(session, "acme") as pilot:
        await pilot.press("v")
        await until_shown(pilot, "The settings of acme were restored from an earlier state.")
        await until_shown(pilot, "Changed without the key")
        await until_shown(pilot, "[ Confirm all ")
        await pilot.press("down", "enter")
        await until(pilot, lambda: status.row(session.tenant("acme"), "openai").usable)


async def test_a_planted_credential_does_not_serve_a_question() -> None:
    session = practice_session(pace=0.0)
    tenant = tenant_registry.tenant_of(session.tenant("acme"))
    stored = next(
        credential for credential in stored_credentials.listing(session.tenant("acme"), "openai") if credential.active
    )
    secrets = {"api_key": Secret("sk-example0-0000-somebody-elses-key-0666")}
    key = keyring.fingerprint_key(session.tenant("acme"), tenant)
    prints = {"api_key": key_pair.fingerprint(key, secrets["api_key"])}
    planted = Credential(
        "openai", "default", dict(stored.clear), "", tenant.key_id, stored.origins, {"api_key": "0666"}
    )
    planted = replace(planted, fingerprints=prints)
    planted = replace(
        planted, envelope=envelope.seal(tenant.public_key, secrets, stored_credentials.binding("acme", planted))
    )
    with session.store("acme").transaction() as tables:
        table = tables.table("credentials")
        table.remove(lambda record: (record["provider"], record["name"]) == ("openai", "default"))
        table.insert(to_record(planted))
    async with console(session, "acme") as pilot:
        await pilot.press("4")
        await until_shown(pilot, "enter send")
        await pilot.press(*"hello", "enter")
        await until_shown(pilot, "Changed while locked")
        await pilot.press("enter")
        await until_shown(pilot, "replaced while acme was locked")
        assert "first token" not in shown(pilot)
