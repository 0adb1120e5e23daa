"""A printed request does what ours does: each form is run against a server on loopback, and compared byte by byte."""

import asyncio
import email
import email.policy
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.providers.websocket_server import Await, listen
from tests.providers.websocket_server import text as message
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.providers import PROVIDERS
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.requests import Call, ChatRequest, EmbeddingRequest, Message, TranscriptionRequest
from tui.providers.spec import Provider, mask_secrets
from tui.secret import MASK, Secret
from tui.workspace.playground.copy_as import FORMS, request_text

KEY = "sk-test-0123456789-wxyz"
WORDS = 'It\'s "quoted", $HOME `id` \\ 100 %s @file\nsecond line, 星河 {braces}'
OWN = ("host", "user-agent", "accept-encoding", "connection", "content-length", "transfer-encoding")
"""Headers that belong to whoever sends."""


class Received(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: Any


class Recorder(HTTPServer):
    """A server that keeps each request and refuses it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[Received] = []
        self.answers: list[str] = []
        """Bodies that are sent with 200 instead of the refusal, in this order."""


class Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_POST(self) -> None:
        body: Any = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in OWN}
        if headers.get("content-type", "").startswith("multipart/"):
            head = f"content-type: {headers.pop('content-type')}\r\n\r\n".encode()
            message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
            body = sorted(
                (
                    part.get_param("name", header="content-disposition"),
                    part.get_filename(),
                    part.get_payload(decode=True),
                )
                for part in message.iter_parts()
            )
        self.server.requests.append(Received(self.command, self.path, headers, body))
        answer = self.server.answers.pop(0).encode() if self.server.answers else b"{}"
        self.send_response(400 if answer == b"{}" else 200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Recorder]:
    with Recorder() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def fields_of(provider: Provider, server: Recorder) -> dict[str, str]:
    """Return clear fields that lead to the server, and every required secret as filled."""
    url = f"http://127.0.0.1:{server.server_port}"
    values = {entry.name: url + ("/v1" if entry.name == "base_url" else "") for entry in provider.fields if entry.url}
    secrets = [entry.name for entry in provider.fields if entry.secret and (entry.required or provider.id != "wenxin")]
    values |= {entry.name: entry.default for entry in provider.fields if entry.default and entry.name not in values}
    return dict(mask_secrets(values, secrets[:1]))


def calls_of(provider: Provider, fields: dict[str, str], recording: Path) -> list[Call]:
    kind = ModelType.CHAT
    messages = (Message("system", "Be brief."), Message("user", WORDS))
    calls = []
    if provider.chat:
        model = Model(provider.id, "some-model", kind)
        calls += [provider.chat(fields, ChatRequest(model, messages, {}, stream)) for stream in (True, False)]
    if provider.embed:
        calls.append(provider.embed(fields, EmbeddingRequest(Model(provider.id, "m", ModelType.EMBEDDING), (WORDS,))))
    if provider.transcribe:
        model = Model(provider.id, "whisper-1", ModelType.SPEECH2TEXT)
        ask = TranscriptionRequest(model, recording, "audio/wav", recording.stat().st_size, "en")
        calls.append(provider.transcribe(fields, ask))
    return calls


def access_to(provider: Provider, fields: dict[str, str], call: Call) -> Access:
    """Return a credential that was sealed for the address of the call."""
    origin = "/".join(call.url.split("/")[:3])
    secret = next((name for name in fields if provider.field(name).secret), "api_key")
    return Access(provider, fields, (origin,), secrets=lambda: {secret: Secret(KEY)})


def send(provider: Provider, fields: dict[str, str], call: Call) -> None:
    """Send the request as Modeldeck does; the answer does not matter."""
    access = access_to(provider, fields, call)

    async def run() -> None:
        client = Client({})
        with suppress(Problem):
            async for _ in client.stream(access, call):
                pass
        await client.aclose()

    asyncio.run(run())


def run(form: str, text: str, variables: list[str]) -> str:
    """Run a printed request, and return what it prints."""
    command = ["bash", "-c", text] if form == "curl" else [sys.executable, "-c", text]
    environ = {"PATH": os.environ["PATH"], "NO_PROXY": "*", **dict.fromkeys(variables, KEY)}
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True, timeout=60).stdout


SENT = ("openai", "openai_compatible", "anthropic", "minimax", "tongyi", "azure_openai")


@pytest.mark.slow
@pytest.mark.parametrize("provider_id", SENT)
def test_a_printed_request_is_ours_byte_by_byte(provider_id: str, server: Recorder, tmp_path: Path) -> None:
    provider = PROVIDERS[provider_id]
    recording = tmp_path / 'a "b" %s.wav'
    recording.write_bytes(b"RIFF\x00\xffrecording")
    fields = fields_of(provider, server)
    variables = [name for entry in provider.fields if entry.secret for name in entry.env]
    variables += [f"{provider_id}_{entry.name}".upper() for entry in provider.fields if entry.secret]
    compared = 0
    for call in calls_of(provider, fields, recording):
        server.requests.clear()
        send(provider, fields, call)
        sent = server.requests[0]
        for form in ("curl", "httpx"):
            try:
                text = request_text(access_to(provider, fields, call), call, form, 0.0)
            except UsageError as refused:
                assert form == "curl" and "holds the file" in refused.message
                continue
            assert KEY not in text and "MODELDECK" not in text
            server.requests.clear()
            run(form, text, variables)
            assert server.requests == [sent], (form, call.url)
            compared += 1
    assert compared >= 4


def test_a_signed_or_repeated_request_has_no_printed_form(server: Recorder) -> None:
    for provider_id in ("spark", "replicate"):
        provider = PROVIDERS[provider_id]
        assert provider.chat is not None
        fields = {entry.name: entry.default for entry in provider.fields if entry.default}
        model = Model(provider_id, "owner/name", ModelType.CHAT, fields={"version": "a" * 64})
        call = provider.chat(fields, ChatRequest(model, (Message("user", "Hi"),)))
        for form in FORMS if provider_id == "spark" else ("curl", "python"):
            with pytest.raises(UsageError, match="more than one request, or a signature"):
                request_text(access_to(provider, fields, call), call, form, 0.0)


def test_a_prediction_is_a_script_that_creates_it_and_asks_until_it_is_over(server: Recorder) -> None:
    provider = PROVIDERS["replicate"]
    assert provider.chat is not None
    fields = fields_of(provider, server)
    model = Model("replicate", "owner/name", ModelType.CHAT, fields={"version": "a" * 64})
    call = provider.chat(fields, ChatRequest(model, (Message("user", WORDS),)))
    server.requests.clear()
    send(provider, fields, call)
    sent = server.requests[0]
    text = request_text(access_to(provider, fields, call), call, "httpx", 0.0)
    assert KEY not in text
    server.requests.clear()
    server.answers = ['{"id": "p1", "status": "starting"}', '{"id": "p1", "status": "succeeded", "output": ["done"]}']
    assert "done" in run("httpx", text, ["REPLICATE_API_TOKEN"])
    created, polled = server.requests
    assert created == sent
    assert (polled.method, polled.target) == ("GET", "/v1/predictions/p1")
    assert polled.headers["authorization"] == sent.headers["authorization"]


def test_a_signed_request_is_a_script_that_signs_it(server: Recorder) -> None:
    provider = PROVIDERS["spark"]
    assert provider.embed is not None
    url = f"http://127.0.0.1:{server.server_port}"
    fields = {"app_id": "1234", "base_url": url, **dict.fromkeys(("api_key", "api_secret"), MASK)}
    call = provider.embed(fields, EmbeddingRequest(Model("spark", "spark-embedding", ModelType.EMBEDDING), (WORDS,)))
    secrets = {"api_key": Secret(KEY), "api_secret": Secret(KEY)}
    access = Access(provider, fields, (url,), secrets=lambda: secrets)
    text = request_text(access, call, "httpx", 0.0)
    assert KEY not in text
    server.requests.clear()
    run("httpx", text, ["IFLYTEK_SPARK_API_KEY", "IFLYTEK_SPARK_API_SECRET"])
    (printed,) = server.requests
    query = dict(parse_qsl(urlsplit(printed.target).query))
    moment = parsedate_to_datetime(query["date"]).timestamp()
    signed = provider.sign(call, fields, secrets, moment)
    sent = {name: value.reveal() if isinstance(value, Secret) else value for name, value in signed.query.items()}
    assert query == sent and urlsplit(printed.target).path == urlsplit(call.url).path
    assert printed.body == json.dumps(call.json, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.slow
async def test_a_chat_over_a_websocket_is_a_script_that_signs_and_sends_its_messages() -> None:
    provider = PROVIDERS["spark"]
    assert provider.chat is not None
    last = {"header": {"code": 0, "status": 2}, "payload": {"choices": {"status": 2, "text": [{"content": "done"}]}}}
    async with listen([Await(), message(last)]) as line:
        url = f"http://localhost:{line.port}"
        fields = {"app_id": "1234", "base_url": url, **dict.fromkeys(("api_key", "api_secret"), MASK)}
        model = Model("spark", "4.0Ultra", ModelType.CHAT)
        call = provider.chat(fields, ChatRequest(model, (Message("user", WORDS),)))
        access = Access(provider, fields, (url,), secrets=lambda: {})
        text = request_text(access, call, "httpx", 0.0)
        assert KEY not in text
        with pytest.raises(UsageError, match="more than one request, or a signature"):
            request_text(access, call, "curl", 0.0)
        names = ["IFLYTEK_SPARK_API_KEY", "IFLYTEK_SPARK_API_SECRET"]
        assert "done" in await asyncio.to_thread(run, "httpx", text, names)
        assert line.received == [json.loads(json.dumps(call.sends[0]))]
        (target,) = line.targets
    query = dict(parse_qsl(urlsplit(target).query))
    secrets = {"api_key": Secret(KEY), "api_secret": Secret(KEY)}
    signed = provider.sign(call, fields, secrets, parsedate_to_datetime(query["date"]).timestamp())
    expected = {name: value.reveal() if isinstance(value, Secret) else value for name, value in signed.query.items()}
    assert query == expected and urlsplit(target).path == urlsplit(call.url).path


@pytest.mark.slow
def test_the_library_of_the_vendor_gets_the_fields_of_the_body(server: Recorder) -> None:
    for provider_id, words in (("openai", "chat.completions.create(model='m'"), ("anthropic", "messages.create(")):
        provider = PROVIDERS[provider_id]
        assert provider.chat is not None
        fields = fields_of(provider, server)
        call = provider.chat(fields, ChatRequest(Model(provider_id, "m", ModelType.CHAT), (Message("user", WORDS),)))
        text = request_text(access_to(provider, fields, call), call, "python", 0.0)
        compile(text, "printed", "exec")
        assert words in text and f"os.environ['{provider.field('api_key').env[0]}']" in text and KEY not in text


CHAT = Call(
    "POST", "https://api.openai.com/v1/chat/completions", lambda: lambda frame: (), json={"model": "m", "messages": []}
)
OPENAI = Access(PROVIDERS["openai"], {"api_key": MASK}, ("https://api.openai.com",))


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_printed_that_would_send_the_key_to_an_address_of_somebody_else(form: str) -> None:
    assert "OPENAI_API_KEY" in request_text(OPENAI, CHAT, form, 0.0)
    for url in ("https://evil.example.test/v1/chat/completions", "http://api.openai.com/v1/chat/completions"):
        with pytest.raises(UsageError, match="Nothing was sent"):
            request_text(OPENAI, replace(CHAT, url=url), form, 0.0)


@pytest.mark.parametrize("form", FORMS)
def test_a_text_that_looks_like_a_placeholder_stays_a_text(form: str) -> None:
    words = "MODELDECKPUTSHOMEHERE MODELDECKPUTSFILEHERE"
    call = replace(CHAT, json={"model": "m", "messages": [{"role": "user", "content": words}]})
    assert words in request_text(OPENAI, call, form, 0.0)


@pytest.mark.slow
def test_the_name_of_a_parameter_is_no_code_of_the_script() -> None:
    name = "x=1); import os; os.system('id'"
    call = replace(CHAT, json={"model": "m", "messages": [], name: 1, "class": 2})
    text = request_text(OPENAI, call, "python", 0.0)
    assert f"extra_body={{{name!r}: 1, 'class': 2}}" in text
    compile(text, "printed", "exec")
