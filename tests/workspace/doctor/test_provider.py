"""The way to a provider, layer by layer, over real sockets: what is told, and which layer fails with which remedy."""

import asyncio
import datetime
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from email.utils import format_datetime
from functools import partial
from typing import Any

import pytest

from tests.doubles.authority import DAY, NOW, Authority
from tests.doubles.closed_port import closed_port
from tests.doubles.http_proxy import proxy
from tests.providers.http_server import HOLD, KEY, QUICK, http, serve
from tui.errors import Exit, Locked, UsageError
from tui.providers.client.client import Client
from tui.providers.client.connection_report import trace_of
from tui.providers.client.limits import Limits
from tui.providers.events import Event
from tui.secret import Secret
from tui.tenancy.session import Session, TenantSession
from tui.workspace import tenants
from tui.workspace.credentials import save, save_plan
from tui.workspace.doctor.checks import Check, CheckState, exit_code
from tui.workspace.doctor.provider import diagnose

LISTING = http(
    {"object": "list", "data": [{"id": "gpt-5.4-mini", "object": "model"}, {"id": "gpt-4o", "object": "model"}]}
)
REFUSED = http({"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}, 401)

Diagnose = Callable[..., Awaitable[dict[str, Check]]]


def ignore(event: Event) -> None:
    """Do nothing with an event."""


def dated(date: datetime.datetime, answer: bytes = LISTING) -> bytes:
    return answer.replace(b" Word\r\n", f" Word\r\nDate: {format_datetime(date, usegmt=True)}\r\n".encode(), 1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def tenant(disk_session: Session) -> TenantSession:
    created = await tenants.create(disk_session, "acme")
    return disk_session.tenant(created.id)


@pytest.fixture
def examine(tenant: TenantSession) -> Diagnose:
    """Set OpenAI up at an address, unless it is '', and diagnose it with a client that uses the network."""

    async def run(
        base_url: str = "",
        environ: Mapping[str, str] | None = None,
        limits: Limits = QUICK,
        on_event: Callable[[Event], None] = ignore,
    ) -> dict[str, Check]:
        session = tenant.process
        if base_url:
            plan = await save_plan.plan_save(tenant, "openai", {"base_url": base_url, "api_key": Secret(KEY)})
            await save.apply_save(plan)
        session.environ, session.client_factory = environ or {}, lambda: Client(environ or {}, limits=limits)
        session.__dict__.pop("client", None)
        received: list[Check] = []
        checks = await diagnose(tenant, "openai", on_check=received.append, on_event=on_event)
        assert received == checks
        assert KEY not in json.dumps(
            [(check.words, dict(check.facts), check.problem and check.problem.detail) for check in checks]
        )
        return {check.name: check for check in checks}

    return run


def states(checks: Mapping[str, Check]) -> dict[str, str]:
    return {name: str(check.state) for name, check in checks.items()}


def remedy(check: Check) -> str:
    assert check.problem is not None
    return f"{check.problem.message} {check.problem.hint}"


@pytest.mark.slow
async def test_a_provider_that_answers(examine: Diagnose, authority: Authority) -> None:
    environ = {"SSL_CERT_FILE": str(authority.file)}
    answer = dated(datetime.datetime.now(datetime.UTC))
    async with serve([answer], context=authority.context(ends=NOW + 40 * DAY)) as server:
        checks = await examine(server.base_url, environ)
    assert states(checks) == dict.fromkeys(("name", "tcp", "tls", "clock", "authentication", "models"), "ok")
    assert checks["name"].facts["used"] == "127.0.0.1" and "127.0.0.1" in checks["name"].facts["a"]
    assert checks["tls"].facts == {
        "version": "TLSv1.3", "issuer": "Test authority", "days_left": 39,
        "certificates": f"SSL_CERT_FILE={authority.file}",
    }  # fmt: skip
    assert checks["models"].facts == {"count": 2} and len(server.requests) == 1
    timed = [checks[name].ms for name in ("name", "tcp", "tls", "authentication")]
    assert all(ms is not None and ms > 0 for ms in timed)
    assert exit_code(checks.values()) is Exit.DONE


@pytest.mark.slow
async def test_a_name_that_is_unknown(examine: Diagnose, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "words of a library")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    checks = await examine("https://models.example.test/v1")
    assert states(checks) == {"name": "failed"}
    assert "Cannot find the host models.example.test." in remedy(checks["name"])
    assert exit_code(checks.values()) is Exit.NETWORK


async def test_a_port_that_is_closed(examine: Diagnose) -> None:
    port = closed_port()
    checks = await examine(f"http://localhost:{port}/v1")
    assert states(checks) == {"name": "ok", "tcp": "failed"}
    assert f"Nothing listens at localhost:{port}." in remedy(checks["tcp"])
    assert "Check the address and its port." in remedy(checks["tcp"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "trusted", "says"),
    [
        ({"ends": NOW - datetime.timedelta(hours=1)}, True, "has expired"),
        ({"alone": True}, True, "is self-signed"),
        ({}, False, "name its file in SSL_CERT_FILE"),
    ],
    ids=["expired", "self-signed", "unknown authority"],
)
async def test_a_certificate_that_is_refused(
    examine: Diagnose, authority: Authority, how: dict[str, Any], trusted: bool, says: str
) -> None:
    async with serve([LISTING], context=authority.context(**how)) as server:
        checks = await examine(server.base_url, {"SSL_CERT_FILE": str(authority.file)} if trusted else {})
    assert states(checks) == {"name": "ok", "tcp": "ok", "tls": "failed"}
    assert says in remedy(checks["tls"]) and checks["tls"].facts["certificates"]
    assert server.requests == []


async def test_a_certificate_that_ends_soon_is_a_warning(examine: Diagnose, authority: Authority) -> None:
    async with serve([LISTING], context=authority.context(ends=NOW + 3 * DAY)) as server:
        checks = await examine(server.base_url, {"SSL_CERT_FILE": str(authority.file)})
    assert (checks["tls"].state, checks["tls"].facts["days_left"]) == (CheckState.WARNING, 2)
    assert exit_code(checks.values()) is Exit.DONE


@pytest.mark.parametrize(
    "reply", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 403 Forbidden\r\n\r\n"], ids=["open", "closed"]
)
async def test_a_proxy(examine: Diagnose, authority: Authority, reply: bytes) -> None:
    context = authority.context("api.openai.com", ends=NOW + 40 * DAY)
    async with serve([LISTING], context=context) as server, proxy(reply, server.port) as (address, heads):
        environ = {"HTTPS_PROXY": f"http://user:pass-FAKE@{address}", "SSL_CERT_FILE": str(authority.file)}
        checks = await examine("https://api.openai.com/v1", environ)
    shown = str([(check.words, check.facts, check.problem and remedy(check)) for check in checks.values()])
    assert "pass-FAKE" not in shown and f"http://{address}" in shown
    assert heads[0].startswith(b"CONNECT api.openai.com:443")
    if b" 200 " in reply:
        assert states(checks) | {"name": "ok", "tcp": "ok", "proxy": "ok", "tls": "ok", "models": "ok"} == states(
            checks
        )
    else:
        assert states(checks) == {"name": "ok", "tcp": "ok", "proxy": "failed"}
        assert "answered 403" in remedy(checks["proxy"])


async def test_a_proxy_variable_that_names_none(examine: Diagnose) -> None:
    checks = await examine("https://api.openai.com/v1", {"HTTPS_PROXY": "ftp://p:1"})
    assert states(checks) == {"proxy": "failed"} and "HTTPS_PROXY is not a usable proxy" in remedy(checks["proxy"])


async def test_a_key_that_is_refused(examine: Diagnose) -> None:
    async with serve([REFUSED]) as server:
        checks = await examine(server.base_url)
    assert states(checks)["authentication"] == "failed" and "models" not in checks
    assert exit_code(checks.values()) is Exit.REFUSED


@pytest.mark.parametrize(
    ("off", "words"),
    [(DAY, "24 h behind"), (-DAY / 24, "60 min ahead of"), (DAY / 864, " s behind")],
    ids=["behind", "ahead", "a little behind"],
)
async def test_a_clock_that_is_wrong(examine: Diagnose, off: datetime.timedelta, words: str) -> None:
    async with serve([dated(datetime.datetime.now(datetime.UTC) + off)]) as server:
        checks = await examine(server.base_url)
    assert checks["clock"].state is CheckState.WARNING and words in checks["clock"].words
    assert "Set the clock" in remedy(checks["clock"])


async def test_a_provider_without_a_key_is_reached_without_one(
    examine: Diagnose, authority: Authority, tenant: TenantSession
) -> None:
    async with (
        serve([http("who are you?", 401)], context=authority.context("api.openai.com")) as server,
        proxy(target=server.port) as (address, _),
    ):
        environ = {"HTTPS_PROXY": f"http://{address}", "SSL_CERT_FILE": str(authority.file)}
        checks = await examine("", environ)
    assert states(checks)["tls"] == "warning" and states(checks)["authentication"] == "failed"
    assert "is not set up" in checks["authentication"].words
    assert [request.target for request in server.requests] == ["/"]
    assert "authorization" not in server.requests[0].headers
    with pytest.raises(UsageError, match="is not set up"):
        await diagnose(tenant, "openai_compatible")


async def test_a_locked_tenant_checks_everything_but_the_key(
    examine: Diagnose, tenant: TenantSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise Locked("acme is locked.")

    monkeypatch.setattr("tui.tenancy.credentials.access_with", locked)
    async with serve([http("no such page", 404)]) as server:
        checks = await examine(server.base_url)
    assert states(checks) == {"name": "ok", "tcp": "ok", "clock": "skipped", "authentication": "failed"}
    assert exit_code(checks.values()) is Exit.LOCKED and KEY.encode() not in server.bytes


@pytest.mark.slow
async def test_a_silent_server_is_reported_while_it_is_silent(examine: Diagnose) -> None:
    def give_up(event: Event) -> None:
        raise UsageError(type(event).__name__)

    async with serve([HOLD]) as server:
        checks = await examine(server.base_url, limits=replace(QUICK, notice_after=0.5), on_event=give_up)
    assert checks["authentication"].words == "NoResponseYet"


async def test_hostile_text_of_a_server_stays_text(examine: Diagnose) -> None:
    answer = http({"error": {"message": "\x1b[31mred\x07 " + "x" * 5000, "code": "nope"}}, 500)
    async with serve([answer.replace(b" Word\r\n", b" Word\r\nDate: \x1b[2J not a date\r\n", 1)]) as server:
        checks = await examine(server.base_url)
    text = str([(check.words, check.facts, check.problem and check.problem.detail) for check in checks.values()])
    assert "\x1b" not in text and "\\x1b" not in text and len(text) < 3000
    assert states(checks)["clock"] == "skipped" and states(checks)["authentication"] == "failed"


async def test_practice_sends_nothing(session: Session) -> None:
    checks = {check.name: check for check in await diagnose(session.tenant("acme"), "openai")}
    assert states(checks) == {"tcp": "skipped", "authentication": "ok", "models": "ok"}


def test_control_the_limits_of_the_client_are_kept() -> None:
    client = Client({}, limits=replace(QUICK, connect=3)).with_traces(partial(trace_of, lambda report, phase: None))
    assert (client._limits.connect, client._limits.retries) == (3, 0)


@pytest.mark.parametrize(
    ("provider", "words"),
    [("huggingface", "Hugging Face lists none; 2 known"), ("tongyi", "21 models listed")],
)
async def test_a_practice_provider_is_called_and_no_name_is_resolved(
    session: Session, provider: str, words: str
) -> None:
    checks = {check.name: check for check in await diagnose(session.tenant("acme"), provider, spend=True)}
    assert list(checks) == ["tcp", "authentication", "models", "answer"]
    assert "nothing leaves this process" in checks["tcp"].words and checks["models"].words == words
    assert "answered" in checks["answer"].words and checks["answer"].facts["type"] == "chat"


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("restricted", {"authentication": "ok", "models": "warning", "answer": "ok"}),
        ("nocredit", {"authentication": "ok", "models": "ok", "answer": "failed"}),
    ],
)
async def test_a_key_that_may_not_do_everything_is_accepted_with_what_it_may_not(
    session: Session, word: str, outcome: dict[str, str]
) -> None:
    acme = session.tenant("acme")
    plan = await save_plan.plan_save(acme, "openai", {"api_key": Secret(f"sk-FAKE-{word}-0123456789")}, name="other")
    await save.apply_save(plan)
    checks = {check.name: check for check in await diagnose(acme, "openai", "other", spend=True)}
    assert states(checks) == {"tcp": "skipped"} | outcome
    assert exit_code(checks.values()) is (Exit.DONE if word == "restricted" else Exit.FAILED)


async def test_certificates_that_cannot_be_read_fail_before_anything_is_sent(examine: Diagnose) -> None:
    checks = await examine("https://localhost:9/v1", {"SSL_CERT_FILE": "/nowhere/ca.pem"})
    assert states(checks) == {"tls": "failed"} and "/nowhere/ca.pem" in remedy(checks["tls"])
