"""Ways of signing in: told apart by what is filled in; a half-filled one, or two where one is meant, is named."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.providers.registry import register
from tui.domain import Credential
from tui.providers import PROVIDERS
from tui.providers.spec import Field, Provider
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save as save_credential
from tui.workspace.credentials.fields import FieldProblem, validate

PASSWORD, SIGNED = "HTTP with a password", "signed calls"
EITHER = replace(
    PROVIDERS["openai_compatible"],
    label="Spark",
    fields=(
        Field("password", "API password", "From the console.", secret=True, required=True, auth_method=PASSWORD),
        Field("app_id", "App ID", required=True, auth_method=SIGNED),
        Field("key", "API key", secret=True, required=True, auth_method=SIGNED),
        Field("secret", "API secret", secret=True, required=True, auth_method=SIGNED),
        Field("host", "Host", default="spark.test", auth_method=SIGNED, advanced=True),
        Field("base_url", "Base URL", default="https://spark.test/v1", url=True, advanced=True),
    ),
)
BOTH = replace(EITHER, exclusive_auth_methods=False)
TRIPLE = {"app_id": "demo", "key": "FAKE-key", "secret": "FAKE-secret"}


def stored(**hints: str) -> Credential:
    return Credential("openai_compatible", "default", {"app_id": "demo"} if "key" in hints else {}, "", "", (), hints)


@pytest.mark.parametrize("provider", [EITHER, BOTH])
@pytest.mark.parametrize("values", [{"password": "FAKE-password"}, TRIPLE, {**TRIPLE, "host": "other.test"}])
def test_one_whole_method_is_enough(provider: Provider, values: Mapping[str, str]) -> None:
    clear, secrets = validate(provider, values, None)
    assert {**clear, **{name: value.reveal() for name, value in secrets.items()}}.items() >= values.items()


def test_two_auth_methods_where_both_may_be_filled() -> None:
    _, secrets = validate(BOTH, {**TRIPLE, "password": "FAKE-password"}, None)
    assert set(secrets) == {"password", "key", "secret"}


@pytest.mark.parametrize(
    ("provider", "values", "field", "message"),
    [
        (EITHER, {**TRIPLE, "password": "x"}, "app_id", f"Spark takes {PASSWORD} or {SIGNED}, not both."),
        (EITHER, {"password": "x", "key": "y"}, "key", f"Spark takes {PASSWORD} or {SIGNED}, not both."),
        (EITHER, {"app_id": "demo"}, "key", "API key is missing; it goes with App ID and API secret."),
        (BOTH, {"app_id": "demo", "key": "x"}, "secret", "API secret is missing; it goes with App ID and API key."),
        (BOTH, {"password": "x", "secret": "y"}, "app_id", "App ID is missing; it goes with API key and API secret."),
        (EITHER, {}, "password", "API password is missing."),
        (EITHER, {"host": "other.test"}, "password", "API password is missing."),
    ],
)
def test_what_is_wrong_is_named(provider: Provider, values: Mapping[str, str], field: str, message: str) -> None:
    with pytest.raises(FieldProblem) as caught:
        validate(provider, values, None)
    assert (caught.value.field, caught.value.message) == (field, message)


def test_with_nothing_the_other_method_is_offered() -> None:
    with pytest.raises(FieldProblem) as caught:
        validate(EITHER, {}, None)
    assert caught.value.hint == "From the console. Or enter App ID, API key and API secret."


def test_a_stored_method_is_left_for_the_one_that_is_typed_where_only_one_is_possible() -> None:
    clear, secrets = validate(EITHER, {"password": "x"}, stored(key="0001", secret="0002"))
    assert set(secrets) == {"password"} and "app_id" not in clear
    clear, _ = validate(BOTH, {"password": "x"}, stored(key="0001", secret="0002"))
    assert clear["app_id"] == "demo"


@pytest.mark.slow
async def test_the_secrets_of_the_auth_method_that_was_left_are_not_kept(
    disk_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, EITHER)
    tenant = await tenants.create(disk_session, "acme")

    async def save(values: Mapping[str, str | Secret]) -> Credential:
        return await save_credential.save(disk_session.tenant(tenant.id), "openai_compatible", values)

    assert set((await save(TRIPLE)).hints) == {"key", "secret"}
    assert set((await save({"key": "FAKE-other"})).hints) == {"key", "secret"}
    stored = await save({"password": "FAKE-password"})
    assert (set(stored.hints), "app_id" in stored.clear) == ({"password"}, False)
    opened = credentials.access(disk_session.tenant(tenant.id), "openai_compatible")
    assert set(opened.secrets()) == {"password"}
    # What is filled in is told to the provider's functions, and never as itself.
    assert (opened.fields["password"], opened.fields.get("key")) == ("••••••••", None)
