"""Questions, and the passphrase before what needs a key, without a terminal."""

from typing import Any

from textual.screen import Screen

from tests.console.screen_stack import FakeStack, RecordedScreen
from tests.doubles.practice import practice_session
from tui.console.navigation.dialogs import Dialogs
from tui.console.pages.ask import Ask
from tui.console.tenants.unlock import Unlock
from tui.errors import Problem
from tui.tenancy import keyring, manifest
from tui.tenancy.session import Session
from tui.workspace.credentials import confirmation


class Console:
    """Dialogs over a fake stack; `answers` gives the answer to each page by the name of its class."""

    def __init__(self, session: Session, tenant_id: str, **answers: Any) -> None:
        self.notices = list[str]()
        self.stack = FakeStack(lambda page: answers.get(type(page).__name__))
        self.dialogs = Dialogs(self.stack, lambda: session.tenant(tenant_id), self.notices.append)

    @property
    def opened(self) -> list[type[Screen[Any]]]:
        """The kinds of the pages that were opened."""
        return [type(page) for page in self.stack.pushed]

    @property
    def calls(self) -> list[str]:
        """The calls that the screen beneath received."""
        assert isinstance(self.stack.screen, RecordedScreen)
        return self.stack.screen.calls


async def test_plain_http_is_used_only_if_that_was_chosen() -> None:
    for answer, expected in ((None, False), ("back", False), ("use", True)):
        console = Console(practice_session(), "acme", Ask=answer)
        assert await console.dialogs.confirm_plain_http(["http://models.test"]) is expected


async def test_an_open_tenant_needs_no_passphrase() -> None:
    console = Console(practice_session(), "acme")
    assert await console.dialogs.ensure_unlocked()
    assert console.opened == [] and console.calls == ["refresh"]


async def test_a_locked_tenant_needs_its_passphrase() -> None:
    console = Console(practice_session(), "north-lab", Unlock=False)
    assert not await console.dialogs.ensure_unlocked("send your question")
    assert console.opened == [Unlock]


async def test_a_passphrase_is_offered_only_where_the_tenant_is_locked(monkeypatch: Any) -> None:
    console = Console(practice_session(), "acme")
    await console.dialogs.offer_unlock()
    assert console.opened == [] and console.calls == []
    console = Console(practice_session(), "north-lab", Unlock=False)
    await console.dialogs.offer_unlock()
    assert console.opened == [Unlock] and console.calls == []

    async def raised(*_: object) -> None:
        raise Problem("The disk is full.", "Make room.")

    monkeypatch.setattr(keyring, "unlock", raised)
    await console.dialogs.offer_unlock()
    assert console.notices == ["The disk is full. Make room."]


def changed(monkeypatch: Any) -> list[tuple[manifest.CredentialChange, ...]]:
    """A credential was replaced while the tenant was locked; what is confirmed is in the list returned."""
    change = manifest.CredentialChange(manifest.ChangeKind.REPLACED, ("openai", "default"))
    confirmed = list[tuple[manifest.CredentialChange, ...]]()

    async def confirm(_: object, changes: tuple[manifest.CredentialChange, ...]) -> None:
        confirmed.append(changes)

    monkeypatch.setattr(confirmation, "to_confirm", lambda *_: (change,))
    monkeypatch.setattr(confirmation, "confirm", confirm)
    return confirmed


async def test_changes_created_while_locked_are_confirmed_if_the_answer_is_so(monkeypatch: Any) -> None:
    confirmed = changed(monkeypatch)
    console = Console(practice_session(), "acme", Ask="confirm")
    assert await console.dialogs.ensure_unlocked()
    assert len(confirmed) == 1 and console.notices == ["1 confirmed."] and console.calls == ["changed", "refresh"]


async def test_what_was_left_unconfirmed_is_retried_only_when_that_is_wanted(monkeypatch: Any) -> None:
    confirmed = changed(monkeypatch)
    console = Console(practice_session(), "acme", Ask=None)
    assert await console.dialogs.ensure_unlocked() and await console.dialogs.ensure_unlocked()
    assert console.opened == [Ask]
    assert await console.dialogs.ensure_unlocked(again=True)
    assert console.opened == [Ask, Ask] and confirmed == []
