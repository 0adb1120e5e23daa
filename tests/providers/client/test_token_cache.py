"""Passing tokens and addresses that answers name: exchanged once, renewed once, and only where they may go."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

import httpx
import pytest

from tests.providers.http_server import DEADLINE, QUICK, Server, access_to, http, run, serve
from tui.errors import CredentialRejected, Problem
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.events import AccessToken, Finish, Retrying, TextDelta
from tui.providers.requests import ApiError, Call, Frame, Result
from tui.providers.spec import FieldValues
from tui.secret import Secret

STALE = http({"error_code": 110, "error_msg": "Access token invalid or no longer valid"})
REFUSED = http({"error": "invalid_client"}, 401)


def exchanged(token: str, seconds: float = 3600) -> bytes:
    return http({"access_token": token, "expires_in": seconds})


def to_token(frame: Frame | None) -> Iterable[Result]:
    if frame is None or "access_token" not in frame.data:
        return []
    return [AccessToken(Secret(frame.data["access_token"]), frame.data["expires_in"])]


def to_answer(frame: Frame | None) -> Iterable[Result]:
    if frame is None:
        return []
    if code := frame.data.get("error_code"):
        return [ApiError(200, str(code), message="said")]
    return [TextDelta(frame.data["text"]), Finish("stop")]


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    if "token" in secrets:
        return replace(call, query={**call.query, "access_token": secrets["token"]})
    return replace(call, form={"grant_type": "client_credentials", "client_secret": secrets["api_secret"]})


def access(server: Server, secret: str = "FAKE-secret-0123456789", elsewhere: str = "") -> Access:
    provider = replace(
        PROVIDERS["openai"],
        sign=sign,
        token=lambda fields: Call("POST", f"{elsewhere or server.base_url}/token", lambda: to_token),
        stale_token=frozenset({"110", "111"}),
        parse_error=lambda status, headers, body: ApiError(status, message="refused"),
        describe_error=lambda refusal, model: None,
    )
    return replace(access_to(server.base_url), provider=provider, secrets=lambda: {"api_secret": Secret(secret)})


def call(server: Server) -> Call:
    return Call("POST", f"{server.base_url}/chat", lambda: to_answer, json={})


def targets(server: Server) -> list[str]:
    return [request.target.removeprefix("/v1") for request in server.requests]


ANSWERED = http({"text": "Hi"})
CHAT = "/chat?access_token="


async def test_a_token_is_exchanged_once_and_kept() -> None:
    async with serve([exchanged("t1")], [ANSWERED]) as server:
        wire = Client({}, limits=QUICK)
        for _ in range(2):
            events, problem = await run(wire, access(server), call(server))
            assert (events, problem) == ([TextDelta("Hi"), Finish("stop")], None)
        await wire.aclose()
    assert targets(server) == ["/token", f"{CHAT}t1", f"{CHAT}t1"]
    assert server.requests[0].body == b"grant_type=client_credentials&client_secret=FAKE-secret-0123456789"


@pytest.mark.parametrize(("seconds", "exchanges"), [(3600, 1), (50, 2), (-1, 2), (float("nan"), 2)])
async def test_a_token_is_kept_until_a_minute_before_its_end(seconds: float, exchanges: int) -> None:
    async with serve(
        [exchanged("t1", seconds)], [ANSWERED], [exchanged("t2")] if exchanges == 2 else [ANSWERED], [ANSWERED]
    ) as at:
        wire = Client({}, limits=QUICK)
        for _ in range(2):
            assert (await run(wire, access(at), call(at)))[1] is None
        await wire.aclose()
    assert targets(at).count("/token") == exchanges


async def test_other_secrets_and_fields_get_their_own_token() -> None:
    async with serve(
        [exchanged("t1")], [ANSWERED], [exchanged("t2")], [ANSWERED], [exchanged("t3")], [ANSWERED]
    ) as server:
        wire = Client({}, limits=QUICK)
        first = access(server)
        for variant in (first, access(server, "FAKE-other"), replace(first, fields={**first.fields, "app": "1"})):
            assert (await run(wire, variant, call(server)))[1] is None
        await wire.aclose()
    assert [target for target in targets(server) if target != "/token"] == [f"{CHAT}t{place}" for place in (1, 2, 3)]


@pytest.mark.slow
async def test_calls_at_once_wait_for_one_exchange() -> None:
    async with serve([exchanged("t1")], [ANSWERED]) as server:
        wire = Client({}, limits=QUICK)
        results = await asyncio.gather(*(run(wire, access(server), call(server)) for _ in range(20)))
        await wire.aclose()
    assert all(problem is None for _, problem in results)
    assert targets(server).count("/token") == 1
    assert targets(server).count(f"{CHAT}t1") == 20


async def test_one_that_is_stopped_while_it_exchanges_leaves_it_to_the_next() -> None:
    async with serve(["hold"], [exchanged("t2")], [ANSWERED]) as server:
        wire = Client({}, limits=QUICK)
        first = asyncio.create_task(run(wire, access(server), call(server)))
        await asyncio.wait_for(server.holding.wait(), DEADLINE)
        second = asyncio.create_task(run(wire, access(server), call(server)))
        first.cancel()
        assert (await second)[1] is None
        await wire.aclose()
    assert targets(server) == ["/token", "/token", f"{CHAT}t2"]


@pytest.mark.parametrize("refusal", [STALE, REFUSED])
async def test_a_kept_token_that_is_refused_is_renewed_once(refusal: bytes) -> None:
    script = (
        [exchanged("t1")],
        [ANSWERED],
        [refusal],
        [exchanged("t2")],
        [ANSWERED],
        [refusal],
        [exchanged("t3")],
        [refusal],
    )
    async with serve(*script) as server:
        wire = Client({}, limits=QUICK)
        assert (await run(wire, access(server), call(server)))[1] is None
        events, problem = await run(wire, access(server), call(server))
        assert (events, problem) == ([TextDelta("Hi"), Finish("stop")], None)
        # A fresh one that is refused is not at fault.
        _, problem = await run(wire, access(server), call(server))
        await wire.aclose()
    assert problem is not None
    assert targets(server)[2:] == [f"{CHAT}t1", "/token", f"{CHAT}t2", f"{CHAT}t2", "/token", f"{CHAT}t3"]


async def test_a_refused_exchange_is_the_answer() -> None:
    async with serve([REFUSED]) as server:
        wire = Client({}, limits=QUICK)
        _, problem = await run(wire, access(server), call(server))
        await wire.aclose()
    assert isinstance(problem, CredentialRejected)
    assert targets(server) == ["/token"]


async def test_an_exchange_is_tried_again_and_reported() -> None:
    async with serve([http({}, 503)], [exchanged("t1")], [ANSWERED]) as server:
        wire = Client({}, limits=QUICK)
        events, problem = await run(wire, access(server), call(server))
        await wire.aclose()
    assert problem is None
    assert [type(event) for event in events] == [Retrying, TextDelta, Finish]


async def test_an_exchange_without_a_token() -> None:
    async with serve([http({"expires_in": 1})]) as server:
        wire = Client({}, limits=QUICK)
        _, problem = await run(wire, access(server), call(server))
        await wire.aclose()
    assert problem and problem.message == "OpenAI returned no access token for this key."


async def test_an_exchange_keeps_to_the_origins() -> None:
    async with serve([ANSWERED]) as server, serve([exchanged("t1")]) as other:
        wire = Client({}, limits=QUICK)
        _, problem = await run(wire, access(server, elsewhere=other.base_url), call(server))
        assert problem and "is not among the addresses" in problem.message
        allowed = access(server, elsewhere=other.base_url)
        await run(wire, replace(allowed, origins=(*allowed.origins, other.origin)), call(server))
        await wire.aclose()
    assert targets(other) == ["/token"]


async def test_a_token_is_never_shown() -> None:
    answer = http({"error_code": 17, "error_msg": "x"})
    async with serve([exchanged("FAKE-token-0123456789")], [answer]) as server:
        wire = Client({}, limits=QUICK)
        leaking = replace(call(server), reader=lambda: lambda frame: [ApiError(message="FAKE-token-0123456789 is bad")])
        _, problem = await run(wire, access(server), leaking)
        events, _ = await run(wire, access(server), replace(call(server), reader=lambda: to_token))
        await wire.aclose()
    assert isinstance(problem, Problem)
    assert "FAKE-token" not in problem.detail
    assert events == []


class _Hosts(httpx.AsyncBaseTransport):
    """Answers every host; the first answer names the next address."""

    def __init__(self, following: str) -> None:
        self.following = following
        self.requests: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(str(request.url))
        return httpx.Response(200, json={"next": self.following, "text": "Hi"})


@pytest.mark.parametrize(
    ("following", "allowed"),
    [
        ("https://stream.replicate.test/v1/x", True),
        ("https://replicate.test/v1/x", True),
        ("https://a.b.REPLICATE.test/x", True),
        ("http://stream.replicate.test/x", False),
        ("https://stream.replicate.test:8443/x", False),
        ("https://notreplicate.test/x", False),
        ("https://replicate.test.evil.test/x", False),
        ("https://evil.test/replicate.test", False),
        ("https://replicate.test@evil.test/", False),
    ],
)
async def test_an_answer_may_name_hosts_under_a_declared_suffix(following: str, allowed: bool) -> None:
    hosts = _Hosts(following)
    provider = replace(PROVIDERS["openai"], host_suffixes=("replicate.test",))
    may = replace(access_to("https://api.example.test/v1"), provider=provider)

    def read(frame: Frame | None) -> Iterable[Result]:
        return [Call("GET", frame.data["next"], lambda: to_answer)] if frame else []

    first = Call("GET", "https://api.example.test/v1/x", lambda: read)
    events, problem = await run(Client({}, hosts, QUICK), may, first)
    assert bool(events) == (problem is None) == bool(hosts.requests[1:]) == allowed
    # The first call goes to no such host.
    _, problem = await run(Client({}, hosts, QUICK), may, replace(first, url="https://stream.replicate.test/x"))
    assert problem and "is not among the addresses" in problem.message
