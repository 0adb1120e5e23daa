"""Wenxin: what its facts leave open. The older form on real sockets, and what practice answers in both forms."""

import json
from dataclasses import replace

import pytest

from tests.providers import calls
from tests.providers.http_server import QUICK, http, run, serve, text_of
from tests.providers.test_contract import access_to
from tests.providers.wenxin.facts import EXCHANGED, FACTS, MODEL, OLDER, failed, result
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, Problem, ScopeMissing, UsageError
from tui.practice import transport
from tui.practice.transport import fixture, folders
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.client.sse import Events
from tui.providers.events import Accepted, Finish, ModelsListed, Notice, Retrying, TextDelta, Usage, Vectors
from tui.providers.requests import ApiError, ChatRequest, EmbeddingRequest, EndFrame, Frame, Message
from tui.secret import Secret
from tui.workspace.credentials.fields import validate

WENXIN = PROVIDERS["wenxin"]
PATH = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions_pro?access_token="
GOOD = http(result("Good day", end=None, finish_reason="normal"))


def question(text: str = "Why is the sky blue?", model: Model = OLDER, stream: bool = True) -> ChatRequest:
    return ChatRequest(model, (Message("user", text),), {}, stream)


def by_pair(key: str = "FAKE0application0key0000", secret: str = "FAKE0secret0of0nobody") -> Access:
    """Access in the older form, with what is in place of the practice folder's key."""
    boxes = {"legacy_api_key": Secret(key), "legacy_secret_key": Secret(secret)}
    access = access_to(WENXIN)
    fields = {name: value for name, value in access.fields.items() if name != "api_key"} | dict.fromkeys(boxes, "•")
    return replace(access, fields=fields, origins=WENXIN.origins(fields), secrets=lambda: boxes)


async def ask(
    access: Access, text: str, model: Model, stream: bool = True, wire: Client | None = None
) -> calls.Outcome:
    wire = wire or Client(
        {}, transport(0), Limits(backoff=0.001, max_backoff=0.001, notice_after=0.2, stream_timeout=2)
    )
    return await run(
        wire, replace(access, model=model.id), calls.chat(WENXIN, access.fields, question(text, model, stream))
    )


# --- the older form on real sockets -----------------------------------------------------------------------------------


async def test_a_key_pair_is_exchanged_once_and_its_token_used_until_it_is_stale() -> None:
    script = (
        [http(EXCHANGED)],
        [GOOD],
        [http(failed(110))],
        [http({**EXCHANGED, "access_token": "24.FAKE-new"})],
        [GOOD],
    )
    async with serve(*script) as server:
        wire, access = Client({}, limits=QUICK), FACTS.chats[1].access(server.origin)
        for _ in range(2):
            events, problem = await run(wire, access, calls.chat(WENXIN, access.fields, question()))
            assert (text_of(events), problem) == ("Good day", None)
        await wire.aclose()
    exchange, first, stale, again, renewed = (request.target for request in server.requests)
    assert exchange == again
    assert exchange.startswith("/oauth/2.0/token?grant_type=client_credentials&client_id=FAKE-")
    assert [first, stale, renewed] == [f"{PATH}24.FAKE-token-of-nobody"] * 2 + [f"{PATH}24.FAKE-new"]
    assert (server.requests[0].method, server.requests[0].body) == ("POST", b"")
    assert "authorization" not in server.requests[1].headers


async def test_a_pair_that_is_refused_is_named_and_not_shown() -> None:
    async with serve([http({"error": "invalid_client", "error_description": "unknown client id"}, 401)]) as server:
        wire, access = Client({}, limits=QUICK), FACTS.chats[1].access(server.origin)
        _, problem = await run(wire, access, WENXIN.verify(access.fields))
        await wire.aclose()
    assert isinstance(problem, CredentialRejected)
    assert "swapped" in problem.hint
    assert len(server.requests) == 1
    for box in access.secrets().values():
        assert box.reveal() not in problem.message + problem.hint + problem.detail


async def test_the_key_pair_and_the_key_are_sent_to_their_own_hosts_only() -> None:
    pair = by_pair()
    assert pair.origins == ("https://aip.baidubce.com",)
    assert access_to(WENXIN).origins == ("https://qianfan.baidubce.com",)
    _, problem = await run(Client({}, transport(0)), pair, calls.chat(WENXIN, access_to(WENXIN).fields, question()))
    assert isinstance(problem, UsageError)


# --- what is filled in ------------------------------------------------------------------------------------------------


def test_an_incomplete_key_pair_is_reported() -> None:
    with pytest.raises(UsageError) as raised:
        validate(WENXIN, {"legacy_api_key": Secret("FAKE0application0key0000")}, None)
    assert raised.value.message.startswith("Secret key of the application is missing")
    with pytest.raises(UsageError) as raised:
        validate(WENXIN, {}, None)
    assert raised.value.message == "API key is missing."


def test_a_key_with_a_key_pair_is_rejected() -> None:
    both = {"api_key": Secret("bce-v3/FAKE"), "legacy_api_key": Secret("FAKE"), "legacy_secret_key": Secret("FAKE")}
    with pytest.raises(UsageError) as raised:
        validate(WENXIN, both, None)
    assert "not both" in raised.value.message


# --- in practice ------------------------------------------------------------------------------------------------------


async def test_the_older_form_in_practice() -> None:
    access = by_pair()
    events, problem = await run(Client({}, transport(0)), access, WENXIN.verify(access.fields))
    assert problem is None
    listed = next(event for event in events if isinstance(event, ModelsListed))
    assert Accepted() in events
    assert {model.type for model in listed.models} == set(WENXIN.types)
    texts = [text_of((await ask(access, "Why is the sky blue?", OLDER, stream))[0]) for stream in (True, False)]
    assert len(texts[0]) > 100
    assert texts[0] == texts[1]
    model = next(model for model in listed.models if model.type is ModelType.EMBEDDING)
    call = calls.embed(WENXIN, access.fields, EmbeddingRequest(model, ("a", "b")))
    events, problem = await run(Client({}, transport(0)), access, call)
    assert problem is None
    assert {len(vector) for event in events if isinstance(event, Vectors) for vector in event.vectors} == {384}


@pytest.mark.parametrize(
    ("key", "secret", "expected"),
    [
        ("FAKE-refused", "FAKE-secret", "Wenxin found no application with this API key."),
        ("FAKE-key", "FAKE-refused", "The secret key does not belong to this API key, or is incomplete."),
        ("FAKE-nocredit", "FAKE-secret", "The quota of ERNIE-Bot-4 is used up, or was not paid."),
    ],
)
async def test_an_invalid_key_pair_is_reported(key: str, secret: str, expected: str) -> None:
    _, problem = await ask(by_pair(key, secret), "hello", OLDER)
    assert problem
    assert problem.message == expected


@pytest.mark.parametrize("access", [access_to(WENXIN, api_key="bce-v3/ALTAK-FAKE/00"), by_pair()], ids=["v2", "older"])
async def test_practice_fails_as_the_question_asks(access: Access) -> None:
    model = OLDER if "legacy_api_key" in access.fields else MODEL
    for instruction, kind in (
        ("fail", Problem),
        ("be refused", CredentialRejected),
        ("break", Problem),
        ("error", Problem),
    ):
        events, problem = await ask(access, f"Why is the sky blue? Please {instruction}.", model)
        assert isinstance(problem, kind)
        assert bool(text_of(events)) == (instruction in ("break", "error"))
    events, _ = await ask(access, "The sky. Please be long.", model)
    assert events[-1] == Finish("length", False, "The answer reached its length limit.")
    events, _ = await ask(access, "please be empty", model)
    assert calls.finish(events).note == "The answer is empty."


async def test_a_busy_server_is_retried_in_the_older_form() -> None:
    events, problem = await ask(by_pair(), "please be busy", OLDER)
    assert problem is None
    assert len([event for event in events if isinstance(event, Retrying)]) == 2


async def test_a_restricted_key_and_one_without_credit() -> None:
    access = access_to(WENXIN, api_key="bce-v3/ALTAK-FAKE-restricted/0")
    _, problem = await run(Client({}, transport(0)), access, WENXIN.verify(access.fields))
    assert isinstance(problem, ScopeMissing)
    _, problem = await ask(access_to(WENXIN, api_key="bce-v3/ALTAK-FAKE-nocredit/0"), "hello", MODEL)
    assert problem
    assert type(problem) is Problem or isinstance(problem, ScopeMissing)


def read(name: str, fields: dict[str, str], model: Model) -> list[object]:
    """What a chat's reader makes of a fixture."""
    reader = calls.chat(WENXIN, fields, question(model=model)).reader()
    events = Events(1 << 20, 1 << 20).feed(fixture("wenxin", name))
    frames = [Frame(data if data == "[DONE]" else json.loads(data), event) for data, event in events]
    return [event for frame in [*frames, None] for event in reader(frame) if not isinstance(event, EndFrame)]


def test_the_documented_streams() -> None:
    current, older = dict(access_to(WENXIN).fields), dict(by_pair().fields)
    message = [TextDelta("Good"), TextDelta(" day."), Usage(2, 3), Finish("stop")]
    assert read("chat.sse", current, MODEL) == message
    assert read("older_chat.sse", older, OLDER) == message
    for name, fields, model in (("chat_error.sse", current, MODEL), ("older_error.sse", older, OLDER)):
        text, refused, *_ = read(name, fields, model)
        assert text == TextDelta("Par")
        assert isinstance(refused, ApiError)
        assert refused.status == 500


def test_the_practice_folder_lists_every_kind() -> None:
    ids = {entry["id"] for entry in json.loads(fixture("wenxin", "models.json"))["data"]}
    assert set(WENXIN.proposed[ModelType.CHAT]) <= ids
    assert folders()["wenxin"].ORIGINS[0] == "https://qianfan.baidubce.com"
    assert not any(isinstance(event, Notice) for event in read("chat.sse", dict(access_to(WENXIN).fields), MODEL))
