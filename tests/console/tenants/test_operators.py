"""Operators of a shared tenant are listed, admitted by fingerprint and removed, without leaving the console."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.console.pilot import app_of, console, shown, until, until_shown
from tests.console.provider_forms import KEY, OTHER_KEY, paste
from tests.doubles.postgres_server import SharedStore, shared_store
from tui.console.providers.setup.screen import Setup
from tui.console.tenants.operators import OperatorsPage, _operator_lines
from tui.console.tenants.remove import RemoveTenant
from tui.console.widgets.static_text import line
from tui.practice.tenants import BITS, COST
from tui.providers import PROVIDERS
from tui.sanitize import group_fingerprint
from tui.secret import Secret
from tui.storage.memory_folder import MemoryFolder
from tui.tenancy.operators import RECOVERY, Operator
from tui.tenancy.session import Session
from tui.tenancy.tenants import tenant_of
from tui.workspace import operators, tenants
from tui.workspace.credentials import save
from tui.workspace.key_pairs import report

pytestmark = pytest.mark.slow

OWN = Secret("own-passphrase")


@pytest.fixture
def shared() -> Iterator[SharedStore]:
    with shared_store() as created:
        yield created


def test_a_planted_entry_has_no_fingerprint_and_the_recovery_text_its_last_test() -> None:
    planted = Operator("mallory\x1b", "0" * 16, "key", "2026-11-05", planted=True)
    (row,) = _operator_lines(planted)
    assert line(row).plain.endswith("mallory: planted in the database. No key is shared with it.")
    for tested, words in (("", "not tested yet"), ("2026-11-06", "tested 2026-11-06")):
        (row,) = _operator_lines(Operator(RECOVERY, "0" * 16, "key", "2026-11-05", tested=tested))
        assert line(row).plain.split() == [RECOVERY, "recovery", "text,", *words.split()], "as it is typed to remove it"


async def test_an_operator_is_admitted_by_fingerprint_and_removed_with_a_list_of_keys_to_replace(
    shared: SharedStore, session: Session
) -> None:
    def opened(login: str) -> Session:
        return Session(
            shared.root(login), MemoryFolder(), session.client_factory, {"USER": login}, key_bits=BITS, key_cost=COST
        )

    ada, bob = opened("ada"), opened("bob")
    await tenants.create(ada, "acme")
    acme = ada.tenant("acme")
    await save.save(acme, "openai", {"api_key": Secret(KEY)})
    await operators.request(ada, OWN)
    published = (await operators.request(bob, OWN)).fingerprint
    async with console(ada, "acme") as pilot:
        app_of(pilot).push_screen(OperatorsPage(tenant_of(acme)))
        await until_shown(pilot, "Shared with nobody yet.")
        await pilot.press("a")
        await until_shown(pilot, "› admit an operator")
        await pilot.press(*"carl", "enter", *("0" * 32), "enter", "enter")
        await until_shown(pilot, "They create and publish one first")
        await pilot.press("ctrl+u", *"bob", "enter", "enter", "enter")
        await until_shown(pilot, "another fingerprint")
        assert "bob" in shown(pilot), "what was typed stays"
        await pilot.press("ctrl+u")
        await paste(pilot, published)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "Everybody here can open")
        await until_shown(pilot, group_fingerprint(published))
        await until_shown(pilot, "added")
        assert "no key is shared" not in shown(pilot)
        with shared.administrator() as connection:
            connection.execute("INSERT INTO modeldeck.member (login, tenant) VALUES ('eve', 'acme')")
        assert operators.unlisted_members(ada.tenant("acme")) == ["eve"], "as the command lists them"
        await pilot.press("escape")
        app_of(pilot).push_screen(OperatorsPage(tenant_of(acme)))
        await until_shown(pilot, "are no operators: no key is shared")
        await until_shown(pilot, "eve")
        assert (await operators.request(bob, OWN)).received == ("acme",)
        await operators.others_present(bob.tenant("acme"), "provider openai default", 60)
        app_of(pilot).push_screen(Setup(PROVIDERS["openai"]))
        await until_shown(pilot, "has this form open since")
        await until_shown(pilot, "bob on ")
        await pilot.press("escape")
        await until_shown(pilot, "Everybody here can open")

        await pilot.press("d")
        await until_shown(pilot, "› remove an operator")
        await pilot.press(*"carl", "enter", "enter")
        await until_shown(pilot, "carl is not an operator of acme.")
        await pilot.press("ctrl+u", *"bob", "enter", "enter")
        await until_shown(pilot, "1 API key to replace")
        await until_shown(pilot, "openai default  read by bob")
        assert [entry.name for entry in report.custody(acme).exposed] == ["default"]
        await save.save(acme, "openai", {"api_key": Secret(OTHER_KEY)})
        app_of(pilot).monitor.check()
        await until(pilot, lambda: "to replace" not in shown(pilot).split("operators", 1)[1].split("enter", 1)[0])
        assert report.custody(acme).exposed == ()
        app_of(pilot).push_screen(RemoveTenant(tenants.row(acme)))
        await until_shown(pilot, "This permanently deletes, for every operator:")
    await asyncio.gather(ada.aclose(), bob.aclose())
