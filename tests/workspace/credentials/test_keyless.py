"""A credential without a key that was edited in the file: nothing that is done then makes the manifest vouch for it."""

from collections.abc import Awaitable, Callable

import pytest

from tui.domain import ModelType
from tui.errors import Problem
from tui.secret import Secret
from tui.tenancy import credentials, keyring
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import save, save_plan, status
from tui.workspace.key_pairs import rotation
from tui.workspace.models import catalog

pytestmark = pytest.mark.slow

OWN, OTHER, EVIL = (f"https://{name}.example.test" for name in ("yours", "other", "evil"))
PASSPHRASE = "a FAKE long passphrase"


async def used(tenant: TenantSession) -> None:
    await status.use(tenant, "openai_compatible", "default")


async def saved_without_a_value(tenant: TenantSession) -> None:
    await save.save(tenant, "openai_compatible", {})


async def saved_with_a_value_that_nobody_entered(tenant: TenantSession) -> None:
    values = {"base_url": f"{EVIL}/v1"}
    plan = await save_plan.plan_save(tenant, "openai_compatible", values, prefilled=frozenset(values))
    await save.apply_save(plan)


async def saved_with_a_new_key(tenant: TenantSession) -> None:
    await save.save(tenant, "openai_compatible", {"api_key": Secret("sk-FAKE-key-of-a-test-0001")})


async def another_used_and_back(tenant: TenantSession) -> None:
    await save.save(tenant, "openai_compatible", {"base_url": f"{OTHER}/v1"}, name="other")
    await status.use(tenant, "openai_compatible", "other")
    await status.use(tenant, "openai_compatible", "default")


async def another_removed(tenant: TenantSession) -> None:
    await save.save(tenant, "openai_compatible", {"base_url": f"{OTHER}/v1"}, name="other")
    await status.remove(tenant, "openai_compatible", "other")


async def a_model_removed(tenant: TenantSession) -> None:
    (model,) = catalog.listing(tenant)
    await catalog.remove(tenant, model)


async def sealed_for_a_new_key_pair(tenant: TenantSession) -> None:
    await rotation.rotate(tenant, Secret(PASSPHRASE))


VERBS = [
    used,
    saved_without_a_value,
    saved_with_a_value_that_nobody_entered,
    saved_with_a_new_key,
    another_used_and_back,
    another_removed,
    a_model_removed,
    sealed_for_a_new_key_pair,
]


async def edited(session: Session, passphrase: str, *fields: str) -> TenantSession:
    """Return a tenant whose server was replaced by somebody who can write the file."""
    tenant = session.tenant((await tenants.create(session, "Acme", Secret(passphrase) if passphrase else None)).id)
    await save.save(tenant, "openai_compatible", {"base_url": f"{OWN}/v1"})
    await catalog.add(tenant, "openai_compatible", "org/model", ModelType.CHAT, verify=False)
    entries = {"clear": {"base_url": f"{EVIL}/v1"}, "origins": [EVIL]}
    with tenant.store.transaction() as tables:
        tables.table("credentials").update({name: entries[name] for name in fields})
    return tenant


@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked meanwhile"])
@pytest.mark.parametrize("passphrase", [PASSPHRASE, ""], ids=["with a passphrase", "without"])
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(("clear",), marks=pytest.mark.slow),
        pytest.param(("origins",), marks=pytest.mark.slow),
        ("clear", "origins"),
    ],
    ids=" and ".join,
)
@pytest.mark.parametrize("verb", VERBS)
async def test_an_edited_server_is_not_used_whatever_is_done_then(
    disk_session: Session,
    verb: Callable[[TenantSession], Awaitable[None]],
    fields: tuple[str, ...],
    passphrase: str,
    locked: bool,
) -> None:
    tenant = await edited(disk_session, passphrase, *fields)
    if locked:
        disk_session.open_keys.clear()
    try:
        await verb(tenant)
    except Problem as problem:
        assert problem.hint or problem.remedy
    if passphrase and not keyring.is_open(tenant):
        await tenants.unlock(tenant, Secret(passphrase))
    try:
        access = credentials.access(tenant, "openai_compatible")
    except Problem:
        return
    assert EVIL not in f"{access.origins} {access.fields}"


async def test_control_an_address_that_is_entered_is_used(disk_session: Session) -> None:
    tenant = await edited(disk_session, "", "clear")
    await save.save(tenant, "openai_compatible", {"base_url": f"{EVIL}/v1"})
    assert credentials.access(tenant, "openai_compatible").origins == (EVIL,)
