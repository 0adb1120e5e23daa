"""Which area of which tenant is shown, without a terminal."""

import pytest
from textual.screen import Screen

from tests.console.empty_session import empty_session
from tests.console.screen_stack import FakeStack, RecordedScreen
from tests.doubles.practice import practice_session
from tui.console.navigation import areas
from tui.console.navigation.areas import AreaNavigator
from tui.console.navigation.dialogs import Dialogs
from tui.domain import ModelType
from tui.errors import Problem
from tui.practice.tenants import PASSPHRASE
from tui.secret import Secret
from tui.tenancy.session import Session
from tui.workspace import tenants


@pytest.fixture(autouse=True)
def plain_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every area is a screen that notes what it was told."""
    monkeypatch.setattr(
        areas, "_SCREENS", {name: (RecordedScreen.__module__, "RecordedScreen") for name in areas._SCREENS}
    )


class Console:
    """A navigator over a fake stack."""

    def __init__(self, session: Session) -> None:
        self.stack, self.notices, self.opened = FakeStack(), list[str](), list[str]()
        dialogs = Dialogs(self.stack, lambda: self.navigator.tenant_session, self.notices.append)
        self.navigator = AreaNavigator(
            session, self.stack, dialogs, lambda: self.opened.append(self.navigator.tenant_id)
        )

    @property
    def shown(self) -> str:
        """The name under which the screen shown was installed."""
        return next(name for name, screen in self.stack.installed.items() if screen is self.stack.screen)


async def test_a_tenant_opens_in_the_area_to_start_in() -> None:
    console = Console(practice_session())
    console.navigator.open_tenant("acme")
    assert console.shown == "acme/providers" and console.opened == ["acme"]
    console.navigator.open_tenant("north-lab", "models")
    assert console.shown == "north-lab/models" and console.opened == ["acme", "north-lab"]


async def test_an_area_stays_as_it_was_left() -> None:
    console = Console(practice_session())
    console.navigator.open_tenant("acme")
    providers = console.stack.screen
    console.navigator.show_area("models")
    console.navigator.show_area("providers")
    assert console.stack.screen is providers


async def test_tenants_share_no_screen_but_the_list() -> None:
    console = Console(practice_session())
    console.navigator.open_tenant("acme")
    first = console.stack.screen
    console.navigator.show_tenants()
    tenants_list = console.stack.screen
    console.navigator.open_tenant("north-lab")
    assert console.stack.screen is not first
    console.navigator.show_tenants()
    assert console.stack.screen is tenants_list


async def test_the_list_of_tenants_goes_back_to_the_area_before() -> None:
    console = Console(practice_session())
    assert console.navigator.previous_area == ""
    console.navigator.open_tenant("acme", "defaults")
    console.navigator.show_tenants()
    assert console.navigator.previous_area == "defaults"
    console.navigator.tenant_lost()
    assert console.navigator.previous_area == "" and console.navigator.tenant is None and console.shown == "/tenants"


async def test_a_removed_tenant_leaves_no_screen_behind() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    console = Console(session)
    console.navigator.open_tenant("acme")
    console.navigator.show_area("models")
    console.navigator.show_tenants()
    await tenants.remove(session.tenant("acme"))
    console.navigator.tenant_removed("acme")
    assert list(console.stack.installed) == ["/tenants", "/welcome"] and console.shown == "/welcome"


async def test_a_renamed_tenant_is_read_again() -> None:
    session = empty_session()
    await tenants.create(session, "acme")
    console = Console(session)
    console.navigator.open_tenant("acme")
    await tenants.rename(session.tenant("acme"), "acme corporation")
    assert console.navigator.tenant is not None and console.navigator.tenant.name == "acme"
    console.navigator.tenant_changed()
    assert console.navigator.tenant.name == "acme corporation"


async def test_locking_hides_what_the_screens_of_that_tenant_show() -> None:
    session = practice_session()
    await tenants.unlock(session.tenant("north-lab"), Secret(PASSPHRASE))
    console = Console(session)
    console.navigator.open_tenant("acme")
    other = console.stack.screen
    console.navigator.open_tenant("north-lab")
    first = console.stack.screen
    console.navigator.show_area("models")
    console.navigator.lock("north-lab")
    assert "north-lab" not in session.open_keys
    for screen in (first, console.stack.screen):
        assert isinstance(screen, RecordedScreen) and screen.calls == ["hide", "refresh"]
    assert isinstance(other, RecordedScreen) and other.calls == []


async def test_a_tenant_without_a_passphrase_cannot_be_locked() -> None:
    console = Console(practice_session())
    console.navigator.open_tenant("acme")
    with pytest.raises(Problem, match="has no passphrase"):
        console.navigator.lock("acme")


async def test_there_is_no_screen_at_the_beginning_and_the_end() -> None:
    console = Console(practice_session())
    assert console.navigator.screen is console.stack.screen
    console.stack.screen_stack[-1] = Screen()
    assert console.navigator.screen is None


async def test_a_page_of_another_area_returns_what_was_chosen() -> None:
    console = Console(practice_session())
    console.navigator.open_tenant("acme")
    assert not await console.navigator.add_model("openai_compatible")
    assert await console.navigator.pick_model(ModelType.CHAT) is None
    assert [type(page).__name__ for page in console.stack.pushed] == ["AddModel", "PickModel"]


async def test_with_no_default_to_propose_the_message_is_a_notice() -> None:
    console = Console(practice_session())
    console.navigator.open_tenant("acme")
    assert await console.navigator.propose_defaults("OpenAI is set up.", only={}) == ""
    assert console.notices == ["OpenAI is set up."] and not console.stack.pushed
