"""Nothing of a key is shown that a server repeats: in errors, in answers of success, whole or cut, in any form."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from wsproto.events import CloseConnection

from tests.providers import calls
from tests.providers.http_server import KEY, QUICK, access_to, ask, http, run, serve, streaming, text_chunk
from tests.providers.spark.facts import MODEL
from tests.providers.spark.test_spark import signed
from tests.providers.websocket_server import Await, Item, Reject, listen
from tui.providers.client.client import Client
from tui.providers.events import DELTAS
from tui.providers.requests import ChatRequest, Message
from tui.secret import MASK, Secret
from tui.secret.redaction import RUN

BEFORE = "x" * 275
"""So much that the limit of 300 characters falls within the key."""
WORDS = "Wrong words of an ordinary length, and no key"


def parts(secret: str, size: int = RUN) -> set[str]:
    return {secret[at : at + size] for at in range(len(secret) - size + 1)}


def error(words: str) -> dict[str, Any]:
    return {"error": {"message": words, "code": words, "type": words, "param": words}}


def in_base64(key: str) -> str:
    return base64.b64encode(f"u:{key}".encode()).decode()


REPEATED: dict[str, Callable[[str], bytes]] = {
    "an error": lambda words: http(error(words), 401),
    "an error that is cut": lambda words: http(error(f"{BEFORE} {words}"), 401),
    "a text error that is cut": lambda words: http(f"{BEFORE} {words}", 400),
    "a request id": lambda words: http(error("Bad"), 400, {"x-request-id": words}),
    "a page": lambda words: http(f"<html><title>{'y' * 100} {words}</title>", 403),
    "a redirect": lambda words: http("", 307, {"location": f"/{words}"}),
    "an error in a 200": lambda words: http(error(f"{BEFORE} {words}")),
    "text that is not JSON": lambda words: http(f"{BEFORE} {words}"),
    "broken pieces": lambda words: streaming(*[f"{{{BEFORE} {words}"] * 3),
    "an error in a stream": lambda words: streaming(text_chunk("Hi"), error(f"{BEFORE} {words}")),
    "an answer": lambda words: http(
        {"choices": [{"message": {"content": f"It is {words}."}, "finish_reason": "stop"}]}
    ),
    "an answer in pieces": lambda words: streaming(*map(text_chunk, f"It is {words}."), text_chunk("", "stop")),
    "a finish reason": lambda words: streaming(text_chunk("Hi", words)),
    "an answer with thoughts between its pieces": lambda words: streaming(
        *(
            {"choices": [{"index": 0, "delta": delta}]}
            for at in range(0, len(words), 7)
            for delta in ({"content": words[at : at + 7]}, {"reasoning_content": "Let me think. "})
        ),
        text_chunk("", "stop"),
    ),
    "thoughts": lambda words: streaming(
        *({"choices": [{"index": 0, "delta": {"reasoning_content": letter}}]} for letter in words),
        text_chunk("", "stop"),
    ),
}


async def shown(answer: bytes) -> str:
    async with serve([answer]) as server:
        events, problem = await ask(server)
    texts = (problem.message, problem.hint, problem.detail) if problem else ()
    kinds = ("".join(event.text for event in events if isinstance(event, kind)) for kind in DELTAS)
    return " ".join(["".join([getattr(event, "text", "") for event in events]), *kinds, repr(events), *texts])


@pytest.mark.parametrize("answer", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize(
    "form", [str, lambda key: base64.b64encode(f"u:{key}".encode()).decode()], ids=["raw", "base64"]
)
async def test_no_run_of_a_repeated_key_is_shown(answer: Callable[[str], bytes], form: Callable[[str], str]) -> None:
    repeated = form(KEY)
    texts = await shown(answer(repeated))
    assert not {part for part in parts(KEY) | parts(repeated) if part in texts}


@pytest.mark.parametrize("answer", [entry for name, entry in REPEATED.items() if "cut" in name])
async def test_not_even_the_beginning_is_left_at_a_cut(answer: Callable[[str], bytes]) -> None:
    assert KEY[:5] not in await shown(answer(KEY))


@pytest.mark.parametrize("name", ["an error", "an answer", "an answer in pieces", "a page"])
async def test_control_other_words_are_shown(name: str) -> None:
    texts = await shown(REPEATED[name](WORDS))
    assert WORDS[:15] in texts and MASK not in texts


async def test_the_models_of_a_server_are_redacted() -> None:
    price = {"pricing": {"prompt": KEY, "completion": f"0 {KEY}"}, "name": KEY, "description": KEY}
    models = {"data": [{"id": name, "object": "model", **price} for name in ("gpt-4.1", f"gpt-4.1-{KEY}")]}
    async with serve([http(models)]) as server:
        client, access = Client({}, limits=QUICK), access_to(server.base_url, "openai_compatible")
        events, problem = await run(client, access, calls.list_models(access.provider, access.fields))
        await client.aclose()
    assert problem is None and "gpt-4.1" in repr(events) and KEY[:RUN] not in repr(events)


@pytest.mark.parametrize("part", ["authorization", "api key", "signature"])
@pytest.mark.parametrize("by", ["handshake", "close"])
async def test_what_signs_a_websocket_is_redacted(part: str, by: str) -> None:
    """A gateway repeats the address, in which the key and the signature stand in base64."""
    answer: list[Item] = []
    async with listen(answer) as line:
        access = replace(signed(f"http://localhost:{line.port}"), model=MODEL.id)
        call = calls.chat(access.provider, access.fields, ChatRequest(MODEL, (Message("user", "hello"),)))
        signature = access.provider.sign(call, access.fields, access.secrets(), 0.0).query["authorization"]
        assert isinstance(signature, Secret)
        sent = signature.reveal()
        words = base64.b64decode(sent).decode().split('"')
        repeated = {"authorization": sent, "api key": words[1], "signature": words[-2]}[part][:100]
        body = json.dumps({"message": f"{BEFORE} {repeated}"}).encode()
        answer += [Reject(401, body)] if by == "handshake" else [Await(), CloseConnection(1008, repeated)]
        client = Client({}, limits=replace(QUICK, retries=0), clock=lambda: 0.0)
        _, problem = await run(client, access, call)
        await client.aclose()
    assert problem and MASK in problem.detail
    assert not {entry for entry in parts(repeated) if entry in problem.message + problem.hint + problem.detail}
