"""An address that somebody wrote into the rows gets no key, whatever operators do to the tenant afterwards."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest

from tests.campaign import trust
from tests.doubles.postgres_server import SharedStore
from tui.domain import ModelType
from tui.errors import Problem
from tui.practice.tenants import BITS, COST
from tui.providers.client.client import Client
from tui.secret import Secret
from tui.storage.folder import DiskFolder
from tui.tenancy import credentials, models, verification
from tui.tenancy.session import Session
from tui.workspace import operators, tenants
from tui.workspace.credentials.save import save
from tui.workspace.key_pairs import rotation
from tui.workspace.models import catalog

pytestmark = pytest.mark.slow

ADA, BOB = Secret("passphrase of ada"), Secret("passphrase of bob")


class Operators:
    """Ada's and bob's sessions on one store, and the hosts that their requests are sent to."""

    def __init__(self, shared: SharedStore, folder: Path) -> None:
        self.hosts: list[str] = []
        self.ada, self.bob = (self._open(shared, folder, login) for login in ("ada", "bob"))
        self.tenant = ""

    def _open(self, shared: SharedStore, folder: Path, login: str) -> Session:
        def answer(request: httpx.Request) -> httpx.Response:
            self.hosts.append(f"{request.url.scheme}://{request.url.host}")
            return httpx.Response(200, json={"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]})

        def client() -> Client:
            return Client({}, transport=httpx.MockTransport(answer))

        return Session(shared.root(login), DiskFolder(folder / login), client, key_bits=BITS, key_cost=COST)

    async def set_up(self) -> None:
        self.tenant = (await tenants.create(self.ada, "North Lab")).id
        here = self.ada.tenant(self.tenant)
        await save(here, trust.PROVIDER, {"api_token": Secret(trust.KEY)})
        await save(here, trust.PROVIDER, {"api_token": Secret(trust.OTHER)}, name="other")
        await catalog.add(here, trust.PROVIDER, "org/edited", ModelType.CHAT, {"task": "text-generation"}, verify=False)
        await operators.request(self.ada, ADA)

    async def admit(self) -> None:
        requested = await operators.request(self.bob, BOB)
        await operators.admit(self.ada.tenant(self.tenant), "bob", requested.fingerprint)
        await operators.request(self.bob, BOB)
        await tenants.unlock(self.bob.tenant(self.tenant), BOB)

    async def act(self) -> None:
        """Admit bob, let him save, replace the key pair, remove him, and call every model after each of it."""
        here = self.ada.tenant(self.tenant)
        await self.admit()
        await self._call()
        await save(self.bob.tenant(self.tenant), trust.PROVIDER, {"api_token": Secret(trust.OTHER)})
        await self._call()
        await rotation.rotate(here)
        await self._call()
        await operators.remove(here, "bob")
        await self._call()

    async def _call(self) -> None:
        for session in (self.ada, self.bob):
            session.data.database.refresh()  # type: ignore[attr-defined]
            tenant = session.tenant(self.tenant)
            with suppress(Problem):
                for model in models.stored(tenant):
                    with suppress(Problem):
                        await catalog.test(tenant, model)


@pytest.fixture
def people(shared: SharedStore, tmp_path: Path) -> Iterator[Operators]:
    opened = Operators(shared, tmp_path)
    asyncio.run(opened.set_up())
    yield opened
    for session in (opened.ada, opened.bob):
        session.data.close()


CHANGES = ("an edited endpoint", "a planted endpoint", "edited origins")


@pytest.mark.parametrize("change", CHANGES)
def test_no_key_reaches_a_planted_address_after_changes_of_operators(people: Operators, change: str) -> None:
    trust.CHANGES[change](people.ada.tenant(people.tenant))
    with suppress(Problem):
        asyncio.run(people.act())
    assert trust.EVIL not in people.hosts


@pytest.mark.parametrize("change", CHANGES[:2])
def test_control_without_the_checks_the_key_reaches_the_planted_address(people: Operators, change: str) -> None:
    trust.CHANGES[change](people.ada.tenant(people.tenant))
    with ExitStack() as unchecked, suppress(Problem):
        for module, name in ((verification, "require_verified"), (credentials, "_require")):
            unchecked.enter_context(patch.object(module, name, lambda *_: None))
        unchecked.enter_context(patch("tui.providers.client.client.check_origin", lambda *_: None))
        asyncio.run(people.act())
    assert trust.EVIL in people.hosts
