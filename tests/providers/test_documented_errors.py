"""The refusals that each provider documents, said in words; and that no provider and no call is without its faults."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from tests.providers import test_stream_faults
from tests.providers.facts import Facts, Refusal, every
from tests.providers.fault_rows import NOW
from tests.providers.http_server import QUICK, http, run, serve
from tests.providers.requests import CHATS, certificates
from tests.providers.surfaces import access_of, calls_of, fill
from tui.providers import PROVIDERS
from tui.providers.client import connection
from tui.providers.client.client import Client
from tui.providers.events import Retrying
from tui.providers.requests import Call
from tui.providers.spec import Provider


async def refused(facts: Facts, message: Refusal) -> None:
    """A refusal of the table on a socket: in its words, asked again where that may help, without a secret."""
    chat = facts.chats[0]
    answer = http(message.body, message.status, message.headers)
    async with serve(*([item] for item in chat.before), [answer]) as server:
        access = chat.access(server.origin)
        verifying = message.call == "verify"
        call = chat.declared.verify(access.fields) if verifying else chat.call(access)
        wire = Client({}, limits=QUICK, clock=lambda: NOW)
        events, problem = await run(wire, replace(access, model="") if verifying else access, call)
        await wire.aclose()
    assert problem
    assert type(problem) is message.kind
    assert problem.message.startswith(message.message.format(host=f"localhost:{server.port}"))
    assert message.hint in problem.hint
    assert (problem.hint[-1:] == ".") or "://" in problem.hint
    expected = QUICK.retries + 1 if message.retried and (call.idempotent or message.status == 429) else 1
    assert len(server.requests) - len(chat.before) == expected
    assert len([event for event in events if isinstance(event, Retrying)]) == expected - 1
    for box in access.secrets().values():
        assert box.reveal() not in f"{problem.message} {problem.hint} {problem.detail}"


@pytest.mark.slow
@pytest.mark.parametrize("facts", every(), ids=lambda facts: facts.provider)
async def test_the_refusals_in_words(facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "tls_context", lambda environ: certificates())
    entries = await asyncio.gather(*(refused(facts, refusal) for refusal in facts.refusals), return_exceptions=True)
    assert [(text, refusal) for text, refusal in zip(facts.refusals, entries, strict=True) if refusal] == []


NAMES = {"list": "list_models", "check": "inspect_model", "offer": "field_options"}


def test_every_call_that_a_provider_can_make_meets_the_faults() -> None:
    """The kinds of calls are read from the declaration, so that a new kind without a row turns this red."""
    kinds = {name for name, hint in get_type_hints(Provider).items() if _makes_calls(hint)}
    assert kinds >= {"verify", "chat", "token"}
    for facts in every():
        declared, created = PROVIDERS[facts.provider], set()
        for method in ("", *facts.auth_methods):
            access = access_of(declared, fill(declared, method))
            created |= {name.split()[0].rstrip("0123456789") for name in calls_of(declared, access.fields)}
        known = {kind for kind in kinds - {"token"} if getattr(declared, kind)}
        assert {NAMES.get(name, name) for name in created} - {"token"} == known, facts.provider


def _makes_calls(hint: Any) -> bool:
    """Whether it is a function, or some by name, that makes calls out of what is no call."""
    *takes, gives = get_args(hint) or (None,)
    if get_origin(hint) is not Callable:
        return any(_makes_calls(arg) for arg in get_args(hint))
    return Call in (gives, *get_args(gives)) and Call not in (takes[0] if isinstance(takes[0], list) else takes)


def test_every_chat_meets_the_faults_of_a_stream() -> None:
    assert {chat.provider for chat in CHATS} == set(PROVIDERS)
    for chat in CHATS:
        assert chat.stream or chat.whole
        assert chat.own.keys() <= test_stream_faults.FAULTS.keys() if chat.stream else not chat.own
        assert all(chat.own.values())
