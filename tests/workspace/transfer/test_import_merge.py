"""An import whose plan another session overtook asks about what both changed, and about nothing else."""

import pytest

from tests.workspace.test_conflicts import another_session_saves
from tui.domain import ModelType
from tui.secret import Secret
from tui.tenancy import credentials, models
from tui.tenancy.session import Session, TenantSession
from tui.workspace import audit, tenants
from tui.workspace.credentials import save
from tui.workspace.models import catalog, defaults
from tui.workspace.transfer import export, import_merge, import_plan
from tui.workspace.transfer.file_format import Bundle
from tui.workspace.transfer.import_merge import ImportConflict
from tui.workspace.transfer.import_plan import Plan

pytestmark = pytest.mark.slow

CHAT, EMBEDDING = ModelType.CHAT, ModelType.EMBEDDING
SOL, MINI = "openai/gpt-6-sol", "openai/gpt-5.4-mini"
SMALL, LARGE = "openai/text-embedding-3-small", "openai/text-embedding-3-large"


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    """A tenant with a key of OpenAI and its models."""
    await tenants.create(disk_session, "acme")
    tenant = disk_session.tenant("acme")
    await save.save(tenant, "openai", {"api_key": Secret("sk-FAKE-0000-0000-0000-0001")})
    await catalog.refresh(tenant, "openai")
    return tenant


async def plan_of_a_file(acme: TenantSession) -> tuple[Bundle, Plan]:
    """The plan of a file that sets the default chat model to SOL, which is cleared; the embedding model is as in it."""
    await defaults.set(acme, CHAT, SOL)
    await defaults.set(acme, EMBEDDING, SMALL)
    bundle = await import_plan.open_bundle((await export.export(acme)).text.encode())
    await defaults.clear(acme, CHAT)
    return bundle, await import_plan.plan(acme, bundle)


def refs(acme: TenantSession) -> dict[ModelType, str]:
    return {kind: default.ref for kind, default in models.defaults(acme).items() if kind in (CHAT, EMBEDDING)}


async def test_what_only_another_session_changed_stays_unasked(acme: TenantSession) -> None:
    bundle, plan = await plan_of_a_file(acme)
    await another_session_saves(acme, lambda session: defaults.set(session, EMBEDDING, LARGE))
    await another_session_saves(acme, lambda session: tenants.rename(session, "Acme Ltd"))
    done = await import_merge.apply(acme.process, bundle, plan)
    assert [audit.words(event) for event in done.events] == [f"default chat model set to {SOL}"]
    assert refs(acme) == {CHAT: SOL, EMBEDDING: LARGE} and done.tenant.name == "Acme Ltd"


async def test_control_the_file_alone_would_put_the_other_sessions_change_back(acme: TenantSession) -> None:
    bundle, _ = await plan_of_a_file(acme)
    await another_session_saves(acme, lambda session: defaults.set(session, EMBEDDING, LARGE))
    await import_plan.carry_out(acme.process, await import_plan.plan(acme, bundle))
    assert refs(acme)[EMBEDDING] == SMALL


async def test_what_both_changed_needs_a_decision_and_the_rest_is_imported_anyhow(acme: TenantSession) -> None:
    bundle, plan = await plan_of_a_file(acme)
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, MINI))
    with pytest.raises(ImportConflict, match="Another session changed the same settings of acme") as caught:
        await import_merge.apply(acme.process, bundle, plan)
    assert refs(acme)[CHAT] == MINI, "nothing was imported"
    [(place, stored)] = caught.value.merged.both.items()
    assert place == ("defaults", ("chat",)) and [audit.words(entry) for entry in stored] == [
        f"default chat model set to {MINI}"
    ]
    assert not import_merge.keep_stored(caught.value.merged).changes
    await import_merge.apply(acme.process, bundle, caught.value.merged.plan)
    assert refs(acme)[CHAT] == SOL


async def test_the_same_change_by_both_is_no_conflict(acme: TenantSession) -> None:
    bundle, plan = await plan_of_a_file(acme)
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, SOL))
    assert not (await import_merge.apply(acme.process, bundle, plan)).changes


async def test_a_credential_of_another_session_is_kept_whole(acme: TenantSession) -> None:
    await save.save(acme, "openai", {"api_key": Secret("sk-FAKE-0000-0000-0000-mine"), "organization": "org-file"})
    bundle = await import_plan.open_bundle((await export.export(acme)).text.encode())
    await save.save(acme, "openai", {"organization": "org-before"})
    plan = await import_plan.plan(acme, bundle)
    values: dict[str, str | Secret] = {"api_key": Secret("sk-FAKE-0000-0000-0000-them"), "organization": "org-values"}
    await another_session_saves(acme, lambda session: save.save(session, "openai", values))
    with pytest.raises(ImportConflict) as caught:
        await import_merge.apply(acme.process, bundle, plan)
    assert list(caught.value.merged.both) == [("credentials", ("openai", "default"))]
    await import_merge.apply(acme.process, bundle, import_merge.keep_stored(caught.value.merged))
    stored = credentials.active(acme, "openai")
    assert stored is not None and stored.clear["organization"] == "org-values"
    assert credentials.secrets(acme, stored)["api_key"].reveal().endswith("them")
    assert sum(entry.active for entry in credentials.listing(acme, "openai")) == 1
