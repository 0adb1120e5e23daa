"""The list of tenants: rows as drawn, what opens first, filter, and what each key starts."""

import pytest

from tests.console.empty_session import empty_session
from tests.console.pilot import app_of, console, rows, shown, until, until_shown, windows
from tests.doubles.practice import practice_session
from tui.practice.tenants import LONG_NAME
from tui.secret import Secret
from tui.tenancy import last_used
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session
from tui.workspace import tenants


async def several(*names: str, session: Session | None = None) -> Session:
    """A session with tenants of these names."""
    session = session or empty_session()
    for name in names:
        await tenants.create(session, name)
    return session


def damage(session: Session, tenant_id: str) -> None:
    """Cut the end off a settings file."""
    folder = session.store(tenant_id).folder
    folder.write("settings.json", (folder.read("settings.json") or b"")[:-40])


@pytest.mark.slow
async def test_a_rename_to_the_same_name_says_nothing() -> None:
    async with console(practice_session(), "acme") as pilot:
        await pilot.press("0", "e")
        await until_shown(pilot, "› rename ─")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "› rename ─" not in shown(pilot))
        assert "is now" not in shown(pilot)


@pytest.mark.slow
async def test_rows_are_drawn_as_designed_with_the_cursor_on_the_one_last_used() -> None:
    session = practice_session()
    damage(session, "acme")
    async with console(session, None) as pilot:
        screen = rows(pilot)
        assert screen[0] == " modeldeck  PRACTICE"
        assert screen[1] == "── Tenants ──────────────────────────────────────────────────────────────── 4 ──"
        assert screen[2].startswith("   tenant                    state      ready    defaults    ")
        assert screen[2].endswith("  last used") and len(screen[2]) == 79
        assert screen[3].startswith(" ▸ ▪ north-lab               locked     1 of 2   1 of 3 ")
        assert screen[4].startswith("   ▪ 星河科技有限公司        open       1 of 2   2 of 3 ")
        assert screen[5].startswith("   ▪ customer-emea…dings-07  open       1 of 2   0 of 3 ")
        assert screen[6] == "   ✕ acme                    settings damaged, enter for details"
        assert screen[-1] == " enter open  n new  e rename  p passphrase  d remove  / filter  H health  ? help"
        await pilot.press("r")
        await until_shown(pilot, "Read 4 tenants again.")


@pytest.mark.slow
async def test_the_strip_says_in_full_what_the_row_clips() -> None:
    async with console(practice_session(), None) as pilot:
        key = tenant_registry.tenant_of(pilot.app.session.tenant("acme")).key_id  # type: ignore[attr-defined]
        await until_shown(pilot, f"   acme  id acme  key pair fingerprint {key[:4]} {key[4:]}  ")
        assert rows(pilot)[-3].endswith("  no passphrase") and rows(pilot)[-2] == "   Settings in memory"
        await pilot.press("down")
        assert rows(pilot)[-3].endswith("  with a passphrase")
        await pilot.press("end")
        assert rows(pilot)[-3] == f"   {LONG_NAME}"


@pytest.mark.slow
async def test_enter_opens_the_tenant_under_the_cursor_and_all_keep_their_places() -> None:
    session = await several("acme", "north-lab")
    async with console(session, None) as pilot:
        await until_shown(pilot, "north-lab")
        names = [row[3:14] for row in rows(pilot)[3:5]]
        await pilot.press("end", "enter")
        await until_shown(pilot, "[1 Providers]")
        opened = app_of(pilot).navigator.tenant
        assert opened is not None
        await until(pilot, lambda: last_used.last_used(session) == opened.id)
        await pilot.press("0")
        await until(pilot, lambda: rows(pilot)[4].startswith(f" ▸ ▪ {opened.name} "))
        assert [row[3:14] for row in rows(pilot)[3:5]] == names


@pytest.mark.slow
async def test_escape_goes_back_to_the_area_one_came_from_and_does_nothing_at_start() -> None:
    async with console(practice_session(), None) as pilot:
        before = shown(pilot)
        await pilot.press(*["escape"] * 5, "1", "4")
        assert rows(pilot)[1] == before.split("\n")[1] and "esc back" not in shown(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "[1 Providers]")
        await pilot.press("3")
        await until_shown(pilot, "[3 Defaults]")
        await pilot.press("f6")
        await until_shown(pilot, "esc back  ? help")
        await pilot.press("escape")
        await until_shown(pilot, "[3 Defaults]")


@pytest.mark.slow
async def test_one_tenant_opens_at_once_and_a_damaged_one_shows_the_list() -> None:
    session = await several("acme")
    async with console(session, None) as pilot:
        await until_shown(pilot, "[1 Providers]")
    damage(session, "acme")
    session._stores.clear()
    async with console(session, None) as pilot:
        await until_shown(pilot, "▸ ✕ acme")
        assert rows(pilot)[-1] == " enter open  n new  d remove  r refresh  / filter  H health  ? help"


@pytest.mark.slow
async def test_the_filter_narrows_and_escape_brings_all_back() -> None:
    async with console(practice_session(), None) as pilot:
        await pilot.press("slash", *"lab")
        await until_shown(pilot, "1 of 4")
        assert rows(pilot)[-1] == " down to list  esc clear  f1 help"
        assert "acme" not in shown(pilot)
        await pilot.press("down")
        await until_shown(pilot, "▸ ▪ north-lab")
        assert "esc clear" in rows(pilot)[-1]
        await pilot.press("escape")
        await until_shown(pilot, "── 4 ──")
        assert "/ [" not in shown(pilot)
        await pilot.press("slash", *"zzz")
        await until_shown(pilot, 'No tenant matches "zzz".')
        await pilot.press("escape")
        await until_shown(pilot, "▸ ▪ ")


@pytest.mark.slow
async def test_plain_keys_type_in_the_filter() -> None:
    async with console(practice_session(), None) as pilot:
        await pilot.press("slash", *"nepd1q?:")
        await until_shown(pilot, "[nepd1q?:  ")
        assert pilot.app.is_running


@pytest.mark.slow
async def test_more_than_forty_open_the_filter_by_itself() -> None:
    session = empty_session()
    tenant = await tenants.create(session, "t-00")
    for number in range(1, 45):
        session.store(f"t-{number:02}").create({**to_record(tenant), "id": f"t-{number:02}", "name": f"t-{number:02}"})
    async with console(session, None) as pilot:
        await until_shown(pilot, "── 45 ──")
        await until_shown(pilot, "   / [    ")
        assert "enter open" in rows(pilot)[-1]


@pytest.mark.slow
async def test_tenants_that_look_the_same_when_clipped_are_distinguished_by_their_keys() -> None:
    same = "customer-emea-production-{}-cluster-reasoning-dings-07"
    session = await several(same.format("a"), same.format("b"))
    async with console(session, None) as pilot:
        for row in tenants.rows(session):
            assert row.tenant is not None
            await until_shown(pilot, f"▪ customer-emea-pro…{row.tenant.key_id[:4]}  ")
        await pilot.press("enter")
        await until_shown(pilot, "[1 Providers]")
        opened = app_of(pilot).navigator.tenant
        assert opened is not None
        await until(pilot, lambda: rows(pilot)[0].startswith(f" ▪ customer-…{opened.key_id[:4]}  open"))


async def test_a_hostile_name_is_drawn_as_text_and_moves_nothing() -> None:
    session = await several("[/red][@click=app.quit]x[/]", "acme")
    async with console(session, None) as pilot:
        await until_shown(pilot, "▪ [/red][@click…uit]x[/]  open       0 of")


@pytest.mark.slow
async def test_a_new_tenant_is_opened_and_shown() -> None:
    session = await several("acme", "other")
    async with console(session, None) as pilot:
        await pilot.press("n")
        await until_shown(pilot, "── Tenants › new ──")
        await pilot.press(*"lab", "shift+tab", "enter")
        await until_shown(pilot, "Created lab.")
        await until_shown(pilot, "[1 Providers]")
        assert rows(pilot)[0].startswith(" ▪ lab  open")


async def test_the_list_opens_on_the_tenant_that_was_opened_elsewhere_meanwhile() -> None:
    session = await several("acme", "other")
    async with console(session, "acme") as pilot:
        await pilot.press("0")
        await until_shown(pilot, "▸ ▪ acme")
        await pilot.app.navigator.open_tenant("other", "providers")  # type: ignore[attr-defined]
        await until_shown(pilot, " ▪ other  open")
        await pilot.press("0")
        await until_shown(pilot, "▸ ▪ other")


@pytest.mark.slow
async def test_renaming_changes_the_row_and_keeps_the_cursor() -> None:
    session = practice_session()
    async with console(session, None) as pilot:
        await pilot.press("down", "e")
        await until_shown(pilot, "── Tenants › north-lab › rename ──")
        await until_shown(pilot, "Its ID stays north-lab.")
        await pilot.press(*"-2", "enter", "enter")
        await until_shown(pilot, "north-lab is now north-lab-2.")
        await until_shown(pilot, "▸ ▪ north-lab-2")
        assert tenant_registry.tenant_of(session.tenant("north-lab")).name == "north-lab-2"


@pytest.mark.slow
async def test_a_name_in_use_is_shown_under_the_field_and_escape_asks() -> None:
    async with console(practice_session(), None) as pilot:
        await pilot.press("e", "ctrl+u", *"North-Lab", "enter", "enter")
        await until_shown(pilot, "▲ A tenant named north-lab already exists.")
        await until_shown(pilot, "[North-Lab  ")
        await pilot.press("escape")
        await until_shown(pilot, "Leave without saving?")
        await pilot.press("enter")
        await until_shown(pilot, "[North-Lab  ")
        await pilot.press("escape", "down", "enter")
        await until_shown(pilot, "── Tenants ──")
        assert tenant_registry.tenant_of(pilot.app.session.tenant("acme")).name == "acme"  # type: ignore[attr-defined]


@pytest.mark.slow
async def test_a_tenant_removed_elsewhere_leads_back_to_the_list() -> None:
    session = await several("acme", "other")
    async with console(session, "acme") as pilot:
        await until_shown(pilot, "[1 Providers]")
        await tenants.remove(session.tenant("acme"))
        pilot.app.monitor.check()  # type: ignore[attr-defined]
        await until_shown(pilot, "acme was removed in another session.")
        await until_shown(pilot, "▸ ▪ other")
        assert rows(pilot)[0].startswith(" modeldeck")


@pytest.mark.slow
async def test_a_tenant_with_a_passphrase_is_locked_after_a_time_without_a_key() -> None:
    session = empty_session()
    await tenants.create(session, "acme", Secret("secret"))
    async with console(session, "acme") as pilot:
        watching = pilot.app.monitor  # type: ignore[attr-defined]
        watching.check()
        assert rows(pilot)[0].startswith(" ▪ acme  open")
        watching._last_key -= 15 * 60
        watching.check()
        await until(pilot, lambda: rows(pilot)[0].startswith(" ▪ acme  ▣ locked"))


@pytest.mark.slow
async def test_no_row_is_wider_than_the_window() -> None:
    from rich.cells import cell_len

    async with console(practice_session(), None) as pilot:
        await until_shown(pilot, "▪ acme")
        async for columns, _ in windows(pilot, (40, 10), (60, 14), (80, 24), (120, 40)):
            assert all(cell_len(row) <= columns for row in rows(pilot))
            assert rows(pilot)[-1].endswith("? help")
