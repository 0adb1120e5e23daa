"""Answers that are not as documented: labels that lie, ends that are missing, errors in every shape.

For every documented chat. Each has a control: the same answer as documented is read as ever.
"""

import asyncio
from dataclasses import replace

import pytest

from tests.providers import calls
from tests.providers.answer_kinds import ERROR_BODIES, LABELS, WORDS, pack
from tests.providers.facts import Chat
from tests.providers.http_server import HOLD, QUICK, http
from tests.providers.requests import CHATS, Outcome, certificates, good, meet, of, streamed
from tui.errors import NetworkError
from tui.providers.client import connection
from tui.providers.events import Finish

pytestmark = pytest.mark.slow

HTTP_STREAMS = [chat for chat in CHATS if chat.stream and not chat.stream.socket]
WHOLE = [chat for chat in HTTP_STREAMS if chat.whole]


@pytest.fixture(autouse=True)
def one_set_of_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "tls_context", lambda environ: certificates())


def labelled(answer: bytes, label: str) -> bytes:
    """Return an answer with another content type, or without one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-type:")]
    lines += [f"content-type: {label}".encode()] if label else []
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def assert_good(outcome: Outcome) -> None:
    assert (outcome.text, outcome.problem) == ("Good day", None)
    assert isinstance(outcome.events[-1], Finish) and calls.finish(outcome.events).complete


@pytest.mark.parametrize("chat", HTTP_STREAMS, ids=str)
async def test_events_are_read_whatever_their_label_says(chat: Chat) -> None:
    outcomes = await asyncio.gather(
        *(
            meet(chat, [labelled(part, label) for part in good(chat) if isinstance(part, bytes)])
            for label in (of(chat).content_type, *LABELS)
        )
    )
    for outcome in outcomes:
        assert_good(outcome)


@pytest.mark.parametrize("chat", WHOLE, ids=str)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_one_json_document_is_read_whatever_its_label_says(chat: Chat, stream: bool) -> None:
    assert chat.whole
    answer = http(chat.whole("Good day"))
    outcomes = await asyncio.gather(*(meet(chat, [labelled(answer, label)], stream=stream) for label in LABELS))
    for outcome in outcomes:
        assert_good(outcome)


@pytest.mark.parametrize("chat", WHOLE, ids=str)
async def test_events_are_read_though_none_were_requested(chat: Chat) -> None:
    assert_good(await meet(chat, good(chat), stream=False))


@pytest.mark.parametrize("chat", [chat for chat in CHATS if chat.stream and not chat.own], ids=str)
async def test_an_announced_end_is_believed_while_the_connection_stays_open(chat: Chat) -> None:
    limits = replace(QUICK, end_timeout=0.1)
    outcome = await meet(chat, [*good(chat), HOLD], limits=limits)
    assert_good(outcome)


@pytest.mark.parametrize("chat", HTTP_STREAMS, ids=str)
async def test_an_answer_without_its_end_is_a_network_error_that_keeps_the_text(chat: Chat) -> None:
    outcome = await meet(chat, streamed(chat, of(chat).text("Half an")))
    assert outcome.text == "Half an"
    if "resumable" not in chat.own and not chat.after:
        assert isinstance(outcome.problem, NetworkError)


@pytest.mark.parametrize("chat", WHOLE, ids=str)
@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_an_error_in_any_shape_is_reported_in_the_servers_own_words(chat: Chat, stream: bool) -> None:
    cases = [(status, body, False) for status in (200, 400) for body in ERROR_BODIES.values()]
    cases += [(400, ERROR_BODIES["a text under error"], True)]
    answers = [
        http(pack(body), status, {"content-encoding": "gzip"}) if gzipped else http(body, status)
        for status, body, gzipped in cases
    ]
    outcomes = await asyncio.gather(*(meet(chat, [answer], stream=stream) for answer in answers))
    silent = [case for case, outcome in zip(cases, outcomes, strict=True) if WORDS not in outcome.words]
    assert silent == []


@pytest.mark.parametrize("chat", WHOLE, ids=str)
async def test_an_error_glued_into_events_without_its_field_is_reported(chat: Chat) -> None:
    glued = streamed(chat, of(chat).text("Half an"), b'{"error": {"message": "' + WORDS.encode() + b'"}}\n\n')
    outcome = await meet(chat, glued)
    assert outcome.text == "Half an"
    assert WORDS in outcome.words
