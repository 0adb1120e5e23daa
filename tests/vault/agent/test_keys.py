"""What the agent answers, and when it forgets, without a process."""

from typing import Any

import pytest

from tests.doubles.keys import cached_pair
from tui.secret import Secret
from tui.vault import envelope, key_pair
from tui.vault.agent import protocol
from tui.vault.agent.keys import AgentKeys

PAIR = cached_pair(0)
BINDING = envelope.Binding("acme", "openai", "default", PAIR.key_id, ("https://api.example",), {"base_url": "x"})
ENVELOPE = envelope.seal(PAIR.public_pem, {"api_key": Secret("sk-zzzqqq000111")}, BINDING)
PUBLIC = protocol.digest(PAIR.public_pem)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> AgentKeys:
    """The keys of an agent that runs for 100 seconds and forgets after 10, with acme open."""
    opened = AgentKeys(clock, idle=10, ending=100)
    assert ask(opened, do="add", tenant="acme", private=key_pair.export(PAIR.private, None).decode())
    return opened


def ask(keys: AgentKeys, **request: Any) -> Any:
    answer = keys.answer({"version": 1, **request})
    return answer.get("ok", answer.get("error"))


def unseal(keys: AgentKeys, **changes: Any) -> Any:
    bound = {"tenant": "acme", "provider": "openai", "credential": "default", "key_id": PAIR.key_id}
    more = {"origins": list(BINDING.origins), "plain_http": [], "clear": dict(BINDING.clear)}
    request = {"tenant": "acme", "public": PUBLIC, "envelope": ENVELOPE, "binding": {**bound, **more}}
    return ask(keys, do="unseal", **{**request, **changes})


def test_an_open_tenant_is_used_as_in_the_process_itself(keys: AgentKeys) -> None:
    assert ask(keys, do="find", tenant="acme", public=PUBLIC) == {
        "public_pem": PAIR.public_pem,
        "key_id": PAIR.key_id,
    }
    assert unseal(keys) == {"api_key": "sk-zzzqqq000111"}
    assert ask(keys, do="authenticate", tenant="acme", public=PUBLIC, content="[1]") == PAIR.private.authenticate(
        b"[1]"
    )


def test_an_envelope_that_is_bound_to_something_else_does_not_open(keys: AgentKeys) -> None:
    bound = {"tenant": "acme", "provider": "openai", "credential": "default", "key_id": PAIR.key_id, "plain_http": []}
    elsewhere = {**bound, "origins": ["https://evil.example"], "clear": dict(BINDING.clear)}
    assert unseal(keys, binding=elsewhere) == "sealed"
    assert unseal(keys, envelope=ENVELOPE[:-2]) == "sealed"


@pytest.mark.parametrize(
    ("tenant", "public"), [("other", PUBLIC), ("acme", protocol.digest(cached_pair(1).public_pem))], ids=["id", "pair"]
)
def test_nothing_is_done_with_the_key_of_another_tenant_or_pair(keys: AgentKeys, tenant: str, public: str) -> None:
    for request in ({"do": "find"}, {"do": "authenticate", "content": ""}):
        assert ask(keys, tenant=tenant, public=public, **request) == "absent"
    assert unseal(keys, tenant=tenant, public=public) == "absent"


def test_a_key_that_is_not_used_is_forgotten(keys: AgentKeys, clock: Clock) -> None:
    clock.now = 9
    assert unseal(keys) == {"api_key": "sk-zzzqqq000111"}
    clock.now = 18.9
    assert ask(keys, do="find", tenant="acme", public=PUBLIC) != "absent"
    assert [entry["left"] for entry in ask(keys, do="status")["tenants"]] == [0]
    clock.now = 19
    assert unseal(keys) == "absent"


def test_at_the_end_of_its_time_even_a_key_in_use_is_forgotten(keys: AgentKeys, clock: Clock) -> None:
    for clock.now in range(0, 100, 9):
        assert unseal(keys) == {"api_key": "sk-zzzqqq000111"}
    clock.now = 100
    assert unseal(keys) == "absent" and keys.stopped


def test_lock_forgets_one_tenant_or_all(keys: AgentKeys) -> None:
    other = key_pair.export(cached_pair(1).private, None).decode()
    ask(keys, do="add", tenant="other", private=other)
    assert ask(keys, do="lock", tenant="acme") == 1
    assert unseal(keys) == "absent"
    assert [entry["tenant"] for entry in ask(keys, do="status")["tenants"]] == ["other"]
    assert ask(keys, do="lock", tenant="") == 1
    assert ask(keys, do="status")["tenants"] == []


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"do": "status", "version": 2},
        {"do": "export", "tenant": "acme", "public": PUBLIC},
        {"do": "__init__"},
        {"do": ["find"]},
        {"do": "find", "tenant": "acme"},
        {"do": "find", "tenant": "acme", "public": {}},
        {"do": "add", "tenant": "acme", "private": "-----BEGIN PRIVATE KEY-----"},
        {"do": "authenticate", "tenant": "acme", "public": PUBLIC, "content": "\ud800"},
        {"do": "unseal", "tenant": "acme", "public": PUBLIC, "envelope": ENVELOPE, "binding": None},
        {"do": "unseal", "tenant": "acme", "public": PUBLIC, "envelope": ENVELOPE, "binding": {"tenant": "acme"}},
        {
            "do": "unseal",
            "tenant": "acme",
            "public": PUBLIC,
            "envelope": ENVELOPE,
            "binding": dict.fromkeys(
                ("tenant", "provider", "credential", "key_id", "clear", "origins", "plain_http"), ""
            ),
        },
    ],
)
def test_what_is_no_request_is_answered_as_such(keys: AgentKeys, request_: dict[str, Any]) -> None:
    assert keys.answer({"version": 1, **request_}) == {"error": "invalid"}
    assert unseal(keys) == {"api_key": "sk-zzzqqq000111"}
