"""The sample tenants of practice mode are what the product's own verbs make."""

import pytest

from tests.doubles.practice import practice_session
from tui.domain import DefaultState, ModelType, ProviderState
from tui.practice.tenants import LONG_NAME, PASSPHRASE
from tui.secret import Secret
from tui.tenancy import credentials, verification
from tui.tenancy import tenants as tenancy
from tui.workspace import audit, tenants
from tui.workspace.credentials import status
from tui.workspace.models import defaults

TENANTS = ("acme", "north-lab", "tenant-2", LONG_NAME)


@pytest.mark.slow
def test_there_are_four_tenants_of_their_own_key_pairs_all_locked_at_first() -> None:
    session = practice_session()
    assert set(tenancy.ids(session)) == set(TENANTS)
    assert not session.open_keys
    assert len({tenancy.tenant_of(session.tenant(tenant_id)).key_id for tenant_id in TENANTS}) == len(TENANTS)


@pytest.mark.slow
@pytest.mark.parametrize("tenant_id", TENANTS)
async def test_no_credential_of_a_sample_tenant_was_changed_without_its_key(tenant_id: str) -> None:
    session = practice_session().tenant(tenant_id)
    await tenants.unlock(session, Secret(PASSPHRASE))
    assert credentials.stored(session)
    for credential in credentials.stored(session):
        verification.require_verified(session, credential)


def test_states_of_the_sample_tenants() -> None:
    session = practice_session()
    acme, long = session.tenant("acme"), session.tenant(LONG_NAME)
    assert {row.provider.id: row.state for row in status.rows(acme)}["openai"] is ProviderState.READY
    assert {row.provider.id: row.state for row in status.rows(long)}["openai"] is ProviderState.REFUSED
    states = {row.type: row.state for row in defaults.rows(acme)}
    assert states[ModelType.CHAT] is DefaultState.READY and states[ModelType.EMBEDDING] is DefaultState.GONE


@pytest.mark.parametrize("tenant_id", TENANTS)
def test_the_audit_log_of_a_sample_tenant_is_whole(tenant_id: str) -> None:
    session = practice_session().tenant(tenant_id)
    assert audit.listing(session) and not audit.check(session).findings
