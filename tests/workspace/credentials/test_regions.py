"""A key that its region does not know is tried in the others before it counts as refused; only while it is unsaved."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from tests.providers.http_server import QUICK, Answer, Server, http, serve
from tests.providers.registry import register
from tui.errors import CredentialRejected, Problem
from tui.providers import PROVIDERS
from tui.providers.client.client import Client
from tui.providers.spec import Choice
from tui.secret import Secret
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save, verify

KEY = "sk-FAKE-key-of-a-region-0001"
REFUSED = http({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}, 401)
ACCEPTED = http({"object": "list", "data": [{"id": "gpt-5.4", "object": "model"}]})


@dataclass
class Regions:
    session: Session
    tenant_id: str
    here: Server
    there: Server

    async def verify(self, **values: str | Secret) -> verify.VerifiedDraft:
        return await verify.verify(self.session.tenant(self.tenant_id), "openai", {"api_key": Secret(KEY), **values})


Running = Callable[[Answer, Answer], AbstractAsyncContextManager[Regions]]


@pytest.fixture
def regions(disk_session: Session, monkeypatch: pytest.MonkeyPatch) -> Running:
    @asynccontextmanager
    async def running(here: Answer, there: Answer) -> AsyncIterator[Regions]:
        async with serve(here) as first, serve(there) as second:
            urls = (first.base_url, second.base_url)
            choices = (Choice(urls[0], "mainland"), Choice(urls[1], "international"))
            fields = tuple(
                replace(field, default=urls[0], choices=choices) if field.name == "base_url" else field
                for field in PROVIDERS["openai"].fields
            )

            def others(clear: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
                return tuple({**clear, "base_url": url} for url in urls if url != clear["base_url"])

            register(monkeypatch, replace(PROVIDERS["openai"], fields=fields, regions=others))
            wire = Client({}, limits=QUICK)
            session = replace(disk_session, client_factory=lambda: wire)
            tenant = await tenants.create(session, "acme")
            yield Regions(session, tenant.id, first, second)
            await wire.aclose()

    return running


async def test_the_region_that_takes_the_key_is_the_one_that_is_saved(regions: Running) -> None:
    async with regions([REFUSED], [ACCEPTED]) as at:
        verified = await at.verify()
        assert verified.region_fields == {"base_url": at.there.base_url}
        assert verified.note == "mainland rejected this key; international accepted it and is used."
        assert (verified.fields["base_url"], verified.origins) == (at.there.base_url, (at.there.origin,))
        assert verified.listed
        values: dict[str, str | Secret] = {"api_key": Secret(KEY), **verified.region_fields}
        saved = await save.save(
            at.session.tenant(at.tenant_id), "openai", values, check=verified.check, listed=verified.listed
        )
        assert saved.origins == (at.there.origin,)
        assert dict(saved.clear)["base_url"] == at.there.base_url
        assert "•" not in "".join(saved.clear.values())


async def test_a_key_that_is_known_here_goes_nowhere_else(regions: Running) -> None:
    async with regions([ACCEPTED], [ACCEPTED]) as at:
        verified = await at.verify()
        assert (verified.region_fields, verified.note) == ({}, "")
        assert at.there.connections == 0


@pytest.mark.parametrize("elsewhere", [REFUSED, "reset"])
async def test_a_key_that_no_region_takes_is_refused_by_the_first(regions: Running, elsewhere: bytes | str) -> None:
    async with regions([REFUSED], [elsewhere]) as at:
        with pytest.raises(CredentialRejected) as caught:
            await at.verify()
        assert KEY not in caught.value.message
        assert at.there.connections


async def test_a_region_that_knows_the_key_and_has_more_to_say_is_quoted(regions: Running) -> None:
    spent = http({"error": {"message": "spent", "code": "insufficient_quota"}}, 429)
    async with regions([REFUSED], [spent]) as at:
        with pytest.raises(Problem, match="no credit"):
            await at.verify()


async def test_only_a_refusal_is_a_reason_to_go_elsewhere(regions: Running) -> None:
    async with regions([http({}, 500)], [ACCEPTED]) as at:
        with pytest.raises(Problem):
            await at.verify()
        assert at.there.connections == 0


async def test_an_address_of_ones_own_is_the_only_one(regions: Running) -> None:
    async with regions([REFUSED], [ACCEPTED]) as at, serve([REFUSED]) as own:
        with pytest.raises(CredentialRejected):
            await at.verify(base_url=own.base_url)
        assert at.here.connections == at.there.connections == 0


async def test_a_region_that_was_chosen_may_be_the_wrong_one(regions: Running) -> None:
    async with regions([ACCEPTED], [REFUSED]) as at:
        verified = await at.verify(base_url=at.there.base_url)
        assert verified.region_fields == {"base_url": at.here.base_url}


@pytest.mark.slow
async def test_a_stored_key_stays_in_its_region(regions: Running) -> None:
    async with regions([REFUSED], [ACCEPTED]) as at:
        await save.save(at.session.tenant(at.tenant_id), "openai", {"api_key": Secret(KEY)})
        with pytest.raises(CredentialRejected):
            await verify.verify(at.session.tenant(at.tenant_id), "openai", {})
        check = await verify.verify_stored(at.session.tenant(at.tenant_id), "openai")
        assert check.state == "refused"
        assert at.there.connections == 0
