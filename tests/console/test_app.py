"""What the console opens on."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.console.empty_session import empty_session
from tests.console.pilot import console, rows, until_shown
from tests.console.tenants.test_welcome import on_disk
from tests.doubles.practice import practice_session
from tui.console.app import Modeldeck
from tui.errors import Problem
from tui.tenancy import last_used
from tui.workspace import tenants


@pytest.mark.slow
async def test_without_a_tenant_it_is_welcome() -> None:
    async with console(empty_session(), None) as pilot:
        await until_shown(pilot, "── Welcome ──")


@pytest.mark.slow
async def test_with_one_tenant_it_is_its_providers_and_it_is_used_now() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    async with console(session, None) as pilot:
        await until_shown(pilot, "[1 Providers]")
    assert last_used.last_used(session) == "acme"


@pytest.mark.slow
async def test_with_several_it_is_the_list() -> None:
    async with console(practice_session(), None) as pilot:
        await until_shown(pilot, "▸ ▪ acme")
        assert rows(pilot)[0].startswith(" modeldeck")


@pytest.mark.slow
async def test_a_tenant_that_was_named_opens_at_once_in_the_area_preferred() -> None:
    session = practice_session()
    session.config = replace(session.config, start="playground")
    async with console(session, "north-lab") as pilot:
        await until_shown(pilot, "[Chat]")
        assert "north-lab" in rows(pilot)[0]


def test_a_data_folder_that_others_can_open_is_reported_before_the_console_takes_the_terminal(tmp_path: Path) -> None:
    session = on_disk(empty_session(), tmp_path)
    (tmp_path / ".local/share/modeldeck/tenants").mkdir(parents=True)
    for path in (tmp_path / ".local/share/modeldeck", tmp_path / ".local/share/modeldeck/tenants"):
        path.chmod(0o755)
    with pytest.raises(Problem, match="Other users of this machine can open"):
        Modeldeck(session)
