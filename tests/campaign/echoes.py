"""Answers that repeat a secret: every form × every place of an answer × every way to chat, a listing too."""

import asyncio
import base64
import random
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from html import unescape
from itertools import product
from unittest.mock import patch
from urllib.parse import quote, quote_plus, unquote, urlsplit

from tests.campaign.figures import Result
from tests.providers.facts import Chat, every
from tests.providers.http_server import QUICK, HttpRequest, http, run, serve
from tests.providers.requests import of_whole, streamed
from tui.errors import Problem
from tui.providers.client.client import Client
from tui.providers.events import Event
from tui.secret.redaction import RUN, Redactor, StreamRedactor

HEADERS = ("authorization", "x-api-key", "api-key")
LIMITED = "x" * 275
"""So much that the limit of an error's words falls within a secret."""


def _base64(text: str) -> str:
    return base64.b64encode(f"user:{text}".encode()).decode()


STORED: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "URL-encoded": lambda secret: quote(secret, safe=""),
    "as a form": quote_plus,
    "in base64": _base64,
    "in part": lambda secret: secret[2:-2],
}
"""Forms of a stored secret."""

SPELLED: dict[str, Callable[[str], str]] = {
    "in capitals": lambda secret: secret.swapcase(),
    "in hexadecimal": lambda secret: secret.encode().hex(),
    "backwards": lambda secret: secret[::-1],
    "spaced out": " ".join,
    "in groups": lambda secret: "_".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    "URL-encoded twice": lambda secret: "".join(f"%25{code:02x}" for code in secret.encode()),
    "escaped in JSON": lambda secret: "".join(f"\\u{code:04x}" for code in secret.encode()),
    "HTML numbers": lambda secret: "".join(f"&#{code};" for code in secret.encode()),
}
"""Spellings of a secret by which a person knows it all the same."""

SENT: dict[str, Callable[[HttpRequest], str]] = {
    "the header": lambda request: next((request.headers[name] for name in HEADERS if name in request.headers), ""),
    "the address": lambda request: request.target,
    "the query": lambda request: urlsplit(request.target).query,
    "the body": lambda request: request.body.decode("utf-8", "replace")[:2_000],
}
"""What of a request is repeated, as it was sent."""


def _error(words: str) -> dict[str, object]:
    return {"error": {"message": words, "code": words, "type": words, "param": words}, "message": words, "code": words}


def _stream(chat: Chat, words: str) -> list[bytes]:
    assert chat.stream
    half = len(words) // 2
    parts = [chat.stream.text(part) for part in ("It is ", words[:half], words[half:], ".")]
    return streamed(chat, *parts, chat.stream.closing)


PLACES: dict[str, Callable[[str], bytes]] = {
    "an error": lambda words: http(_error(words), 401),
    "an error that is cut": lambda words: http(_error(f"{LIMITED} {words}"), 400),
    "an error in a 200": lambda words: http(_error(words)),
    "a text": lambda words: http(f"{LIMITED} {words}", 403),
    "a page": lambda words: http(f"<html><title>{words}</title>{words}", 502),
    "a header": lambda words: http(_error("Bad"), 400, {"x-request-id": words, "request-id": words}),
    "a redirect": lambda words: http("", 307, {"location": f"/{words}"}),
    "another host": lambda words: http("", 302, {"location": f"https://other.example/{words}"}),
    "a listing": lambda words: http({"data": [{"id": "a-model"}, {"id": words, "object": "model"}]}),
}


def echoed(count: int, seed: int) -> Result:
    """That many of all combinations; what is shown of an answer has no 8 characters in a row of a secret."""
    trials = list(_trials())
    random.Random(seed).shuffle(trials)
    trials = trials[:count]
    bad = asyncio.run(_run(trials))
    controlled = trials[: max(40, count // 10)]
    with (
        patch.object(Redactor, "text", lambda self, text: text),
        patch.object(StreamRedactor, "feed", lambda self, piece: piece),
    ):
        caught = len(asyncio.run(_run(controlled)))
    chats = len({(chat.provider, chat.name) for chat, *_ in trials})
    words = f"{chats} wires, {len(trials)} answers that repeat a secret: {len(bad)} showed a part of it"
    details = "".join(f"; {name}" for name in bad[:3])
    control = f"without redaction {caught} of {len(controlled)} show it"
    return Result(len(trials), len(bad), words + details, control, caught > 0)


Trial = tuple[Chat, str, str]
"""A way to chat, the form of the secret, and the place in the answer."""


def _trials() -> Iterator[Trial]:
    chats = [chat for facts in every() for chat in facts.chats]
    for chat, form, place in product(chats, (*STORED, *SPELLED, *SENT), (*PLACES, "an answer", "a stream")):
        if (place == "an answer" and chat.whole) or (place == "a stream" and chat.stream) or place in PLACES:
            yield chat, form, place


async def _run(trials: list[Trial]) -> list[str]:
    return [
        f"{chat.provider} {chat.name}: {form} in {place}"
        for chat, form, place in trials
        if await _shows(chat, form, place)
    ]


async def _shows(chat: Chat, form: str, place: str) -> bool:
    """Return True if a part of a secret is shown where an answer repeats it."""
    secrets: list[str] = []
    sent: list[str] = []

    def words(request: HttpRequest) -> str:
        if spell := {**STORED, **SPELLED}.get(form):
            return " ".join(spell(secret) for secret in secrets)
        text = SENT[form](request)
        return text.replace("\r", "").replace("\n", " ")

    def answer(request: HttpRequest) -> list[bytes]:
        sent[:] = [
            request.headers[name].partition(" ")[2] or request.headers[name]
            for name in HEADERS
            if name in request.headers
        ]
        if place == "a stream":
            return _stream(chat, words(request))
        if place == "an answer":
            return [http(of_whole(chat)(f"It is {words(request)}."))]
        return [PLACES[place](words(request))]

    items: list[bytes] = []
    length = 3 if place == "a stream" and chat.stream and chat.stream.socket else 1

    def item(number: int) -> Callable[[str], bytes]:
        def item_at(origin: str) -> bytes:
            if server.requests[-1].target == "/health":
                # An endpoint of Hugging Face that fails is taken to be asleep, and asked until it is up.
                return http("")
            if number == 0:
                items[:] = answer(server.requests[-1])
            return items[number]

        return item_at

    async with serve(*([step] for step in chat.before), [item(number) for number in range(length)]) as server:
        access = chat.access(server.origin)
        secrets[:] = [secret.reveal() for secret in access.secrets().values()]
        listing = chat.declared.list_models(access.fields) if chat.declared.list_models else None
        if place == "a listing" and listing is None:
            return False
        call = listing if place == "a listing" and listing else chat.call(access, stream=place != "an answer")
        client = Client({}, limits=QUICK)
        events: list[Event] = []
        problem: Problem | None = None
        with suppress(AssertionError):
            events, problem = await run(client, access, call)
        await client.aclose()
    texts = (problem.message, problem.hint, problem.detail) if problem else ()
    shown = "".join([str(getattr(event, "text", "")) for event in events]) + repr(events) + " ".join(texts)
    forms = [form_of(secret) for secret in secrets for form_of in STORED.values()] + sent
    return _has_run(forms, shown) or (form in SPELLED and _has_run(_spelled(secrets), _plain(shown)))


def _has_run(forms: Iterable[str], shown: str) -> bool:
    return any(part[at : at + RUN] in shown for part in forms for at in range(len(part) - RUN + 1))


def _spelled(secrets: Iterable[str]) -> list[str]:
    """Return the letters of the secrets, forwards, backwards and in hexadecimal."""
    return [form for secret in secrets for form in (_plain(secret), _plain(secret)[::-1], secret.encode().hex())]


def _plain(text: str) -> str:
    """Return the letters and digits of a text that a person would read out of it."""
    for _ in range(2):
        text = unescape(unquote(re.sub(r"\\+u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text)))
    return re.sub(r"[^a-z0-9]", "", text.lower())
