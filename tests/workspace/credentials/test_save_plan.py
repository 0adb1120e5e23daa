"""Saving in two steps: the plan says what a person must agree to, applying it checks that again."""

from dataclasses import replace

import pytest

from tui.errors import Action, Locked, Problem, UsageError
from tui.providers.spec import Field
from tui.secret import Secret, SecretReference
from tui.tenancy import credentials, keyring
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import paste, save, verify
from tui.workspace.credentials.fields import FieldProblem
from tui.workspace.credentials.rotation import plan_rotation
from tui.workspace.credentials.save import CredentialConflict, apply_save
from tui.workspace.credentials.save_plan import PlainHttp, merge, plan_save, renew

KEY = "sk-FAKE-key-of-a-test-0001"
LAN = "http://10.0.0.7:8000"
PASSPHRASE = Secret("a FAKE passphrase")


@pytest.fixture
async def unlocked(disk_session: Session) -> TenantSession:
    return disk_session.tenant((await tenants.create(disk_session, "acme")).id)


@pytest.fixture
async def locked(disk_session: Session) -> TenantSession:
    """A tenant with a passphrase and a stored key, locked."""
    tenant = disk_session.tenant((await tenants.create(disk_session, "shut", PASSPHRASE)).id)
    await save.save(tenant, "openai", {"api_key": Secret(KEY)})
    keyring.lock(tenant)
    return tenant


async def test_a_plan_says_where_the_secrets_would_go_and_stores_nothing(unlocked: TenantSession) -> None:
    plan = await plan_save(unlocked, "openai", {"api_key": Secret(KEY), "base_url": "https://gateway.example/v1"})
    assert plan.origins == plan.new_origins == ("https://gateway.example",)
    assert not plan.plain_http and not plan.needs_unlock and not plan.overwrites
    assert credentials.stored(unlocked) == ()
    await apply_save(plan)
    again = await plan_save(unlocked, "openai", {"organization": "org-x"})
    assert again.origins == ("https://gateway.example",) and again.new_origins == ()


async def test_plain_http_is_in_the_plan_and_neither_verified_nor_stored_until_it_is_allowed(
    unlocked: TenantSession,
) -> None:
    plan = await plan_save(unlocked, "openai_compatible", {"base_url": f"{LAN}/v1", "api_key": Secret(KEY)})
    assert plan.plain_http == (LAN,) and plan.url_field == "base_url"
    for step in (verify.verify_plan, apply_save):
        with pytest.raises(PlainHttp) as caught:
            await step(plan)
        assert caught.value.remedy and caught.value.remedy.action is Action.ALLOW_PLAIN_HTTP
    stored = await apply_save(plan.allow_plain_http())
    assert stored.plain_http == (LAN,)


@pytest.mark.slow
async def test_a_plan_that_keeps_a_stored_secret_needs_the_tenant_unlocked(locked: TenantSession) -> None:
    plan = await plan_save(locked, "openai", {"organization": "org-x"})
    assert plan.needs_unlock
    for step in (verify.verify_plan, apply_save):
        with pytest.raises(Locked) as caught:
            await step(plan)
        assert caught.value.remedy and caught.value.remedy.action is Action.UNLOCK
    await keyring.unlock(locked, PASSPHRASE)
    assert (await apply_save(plan)).clear["organization"] == "org-x"


async def test_a_new_key_can_be_saved_while_the_tenant_is_locked(locked: TenantSession) -> None:
    assert not (await plan_save(locked, "openai", {"api_key": Secret(KEY)})).needs_unlock


async def test_a_rotation_needs_the_tenant_unlocked(locked: TenantSession) -> None:
    other = {"api_key": Secret("sk-FAKE-key-of-a-test-0002")}
    assert (await plan_rotation(locked, "openai", other)).needs_unlock


async def test_the_same_key_pasted_with_a_line_end_is_no_rotation(unlocked: TenantSession) -> None:
    await save.save(unlocked, "openai", {"api_key": Secret(KEY)})
    with pytest.raises(UsageError, match="already the key of OpenAI"):
        await plan_rotation(unlocked, "openai", {"api_key": Secret(f"{KEY}\n")})


async def test_a_save_of_another_session_is_in_the_renewed_plan(disk_session: Session, unlocked: TenantSession) -> None:
    await save.save(unlocked, "openai", {"api_key": Secret(KEY)})
    before = credentials.active(unlocked, "openai")
    plan = await plan_save(unlocked, "openai", {"organization": "org-MINE"}, baseline=before, watch=True)
    assert not plan.overwrites
    other = replace(disk_session, open_keys={}, _stores={}).tenant(unlocked.tenant_id)
    stored = await save.save(other, "openai", {"organization": "org-THEIRS"})
    with pytest.raises(CredentialConflict):
        await apply_save(plan)
    plan = await renew(plan)
    assert plan.overwrites and plan.stored == stored
    assert (await apply_save(plan.overwrite())).clear["organization"] == "org-MINE"


async def test_an_origin_that_was_not_in_the_plan_gets_no_secret(unlocked: TenantSession) -> None:
    plan = await plan_save(unlocked, "openai", {"api_key": Secret(KEY)})
    with pytest.raises(Problem, match=r"also be sent to https://api\.openai\.com"):
        await apply_save(replace(plan, origins=()))
    assert credentials.stored(unlocked) == ()


async def test_a_pasted_value_is_cleaned_once(unlocked: TenantSession, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    clean = paste.clean_pasted

    def recorded(field: Field, text: str) -> paste.PastedValue:
        texts.append(text)
        return clean(field, text)

    monkeypatch.setattr("tui.workspace.credentials.fields.clean_pasted", recorded)
    pasted = f"export OPENAI_API_KEY='{KEY}'\n"
    plan = await plan_save(unlocked, "openai", {"api_key": Secret(pasted)})
    await verify.verify_plan(plan)
    await apply_save(await renew(plan))
    assert texts == [pasted]


async def test_a_wrong_value_is_refused_by_the_plan(unlocked: TenantSession) -> None:
    with pytest.raises(FieldProblem) as caught:
        await plan_save(unlocked, "openai", {"api_key": Secret("")})
    assert caught.value.field == "api_key"


async def test_a_reference_that_another_session_changed_needs_a_decision(unlocked: TenantSession) -> None:
    await save.save(unlocked, "openai", {"api_key": SecretReference("env:KEY_BEFORE")})
    before = credentials.active(unlocked, "openai")
    await save.save(unlocked, "openai", {"api_key": SecretReference("env:KEY_THEIRS")})
    values = {"api_key": SecretReference("env:KEY_MINE")}
    _, both = await merge(await plan_save(unlocked, "openai", values, baseline=before, watch=True))
    assert both == ("api_key",)
    plan, both = await merge(
        await plan_save(unlocked, "openai", {"organization": "org-x"}, baseline=before, watch=True)
    )
    assert both == () and dict((await apply_save(plan)).references) == {"api_key": "env:KEY_THEIRS"}
