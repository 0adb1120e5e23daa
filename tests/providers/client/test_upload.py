"""Recordings: the multipart body as it is sent, its progress, and files that change or are not there."""

import asyncio
import email.parser
import email.policy
import tracemalloc
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.providers import calls
from tests.providers.http_server import (
    DEADLINE,
    HOLD,
    QUICK,
    Answer,
    HttpRequest,
    Server,
    access_to,
    http,
    run,
    serve,
    text_of,
)
from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.upload import body_of
from tui.providers.events import Event, Finish, Retrying, Transcript, UploadStarted
from tui.providers.requests import Base64File, Call, TimestampGranularity, TranscriptionRequest, Upload
from tui.secret import Secret

WHISPER = Model("openai", "whisper-1", ModelType.SPEECH2TEXT)
Reading = lambda: lambda frame: [Finish("stop")] if frame else []  # noqa: E731
TRANSCRIPT = http({"text": "Hello there", "usage": {"type": "duration", "seconds": 4}})


def call_for(access: Access, path: Path, size: int = -1, language: str = "de") -> Call:
    assert access.provider.transcribe
    size = path.stat().st_size if size < 0 else size
    ask = TranscriptionRequest(WHISPER, path, "audio/mp4", size, language, TimestampGranularity.WORD)
    return access.provider.transcribe(access.fields, ask)


async def upload(server: Server, path: Path, size: int = -1) -> calls.Outcome:
    wire, access = Client({}, limits=QUICK), access_to(server.base_url)
    try:
        return await run(wire, access, call_for(access, path, size))
    finally:
        await wire.aclose()


def parts_of(request: HttpRequest) -> list[tuple[Any, str | None, str, Any]]:
    """Name, file name, type and content of every part, read by the standard library's parser."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


async def test_the_body_of_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "talk.m4a"
    path.write_bytes(b"\x00sound\r\n--\xff" * 1000)
    async with serve([TRANSCRIPT]) as server:
        events, problem = await upload(server, path)
    assert problem is None
    assert parts_of(server.requests[0]) == [
        ("model", None, "text/plain", b"whisper-1"),
        ("response_format", None, "text/plain", b"verbose_json"),
        ("timestamp_granularities[]", None, "text/plain", b"word"),
        ("language", None, "text/plain", b"de"),
        ("file", "talk.m4a", "audio/mp4", path.read_bytes()),
    ]
    assert server.requests[0].headers["content-length"] == str(len(server.requests[0].body))
    assert next(type(event) for event in events if not isinstance(event, UploadStarted)) is Transcript
    assert isinstance(events[-1], Finish)


async def test_progress_ends_at_the_whole_size(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 3_000_000)
    async with serve([TRANSCRIPT]) as server:
        events, _ = await upload(server, path)
    messages = [event for event in events if isinstance(event, UploadStarted)]
    assert messages[-1] == UploadStarted(3_000_000, 3_000_000)
    assert [event.sent for event in messages] == sorted(event.sent for event in messages)


def multipart(path: Path, size: int) -> Call:
    return Call("POST", "https://x.test/", Reading, upload=Upload((("model", "m"),), path, "audio/wav", size))


def plain(path: Path, size: int) -> Call:
    return Call("POST", "https://x.test/", Reading, upload=Upload((), path, "audio/wav", size, raw=True))


def within_json(path: Path, size: int) -> Call:
    return Call("POST", "https://x.test/", Reading, json={"input": [{"audio": Base64File(path)}]})


@pytest.mark.slow
@pytest.mark.parametrize("sending", [multipart, plain, within_json])
async def test_a_large_file_is_neither_read_whole_nor_blocks_the_loop(
    tmp_path: Path, sending: Callable[..., Any]
) -> None:
    path = tmp_path / "talk.wav"
    with path.open("wb") as file:
        file.truncate(25_000_000)
    body = await body_of(sending(path, 25_000_000))
    turns, total, done = 0, 0, False

    async def tick() -> None:
        nonlocal turns
        while not done:
            await asyncio.sleep(0)
            turns += 1

    ticking = asyncio.create_task(tick())
    tracemalloc.start()
    assert body
    async for piece in body:
        total += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    done = True
    await ticking
    assert total == int(body.headers["content-length"]) >= 25_000_000
    assert body.sent == body.size == 25_000_000
    assert peak < 3_000_000
    assert turns > 25_000_000 // 3_000_000, "other tasks run between the pieces"


async def test_names_cannot_break_out_of_their_part(tmp_path: Path) -> None:
    path = tmp_path / 'ta"lk\r\nx: y.wav'
    path.write_bytes(b"x")
    async with serve([TRANSCRIPT]) as server:
        await upload(server, path)
    assert b'filename="ta%22lk%0D%0Ax: y.wav"' in server.requests[0].body


async def test_a_name_in_another_script(tmp_path: Path) -> None:
    path = tmp_path / "会议.wav"
    path.write_bytes(b"x")
    async with serve([TRANSCRIPT]) as server:
        _, problem = await upload(server, path)
    assert problem is None
    assert 'filename="会议.wav"'.encode() in server.requests[0].body


async def test_a_file_that_was_removed(tmp_path: Path) -> None:
    async with serve([TRANSCRIPT]) as server:
        _, problem = await upload(server, tmp_path / "gone.wav", 10)
    assert isinstance(problem, UsageError)
    assert problem.message == "gone.wav cannot be read."


@pytest.mark.parametrize("size", [2000, 500_000])
async def test_a_file_that_became_shorter(tmp_path: Path, size: int) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 1000)
    async with serve([TRANSCRIPT]) as server:
        _, problem = await upload(server, path, size)
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
    assert isinstance(problem, UsageError)
    assert problem.message == "talk.wav changed while it was sent."
    assert server.requests == []


async def test_a_file_that_became_longer_is_sent_as_it_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 1000 + b"later")
    async with serve([TRANSCRIPT]) as server:
        await upload(server, path, 1000)
    assert parts_of(server.requests[0])[-1][3] == b"x" * 1000


async def test_a_retry_sends_the_file_anew(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"sound" * 100)
    async with serve([http({"error": {"message": "busy"}}, 503)], [TRANSCRIPT]) as server:
        events, problem = await upload(server, path)
    assert problem is None
    assert any(isinstance(event, Retrying) for event in events)
    assert parts_of(server.requests[1])[-1][3] == b"sound" * 100


async def test_a_refusal_in_mid_upload_is_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 8_000_000)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(http({"error": {"message": "25 MB at most"}}, 413, {"connection": "close"}))
        await writer.drain()
        while await reader.read(1 << 20):
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    access = access_to(f"http://localhost:{server.sockets[0].getsockname()[1]}/v1")
    wire = Client({}, limits=QUICK)
    _, problem = await run(wire, access, call_for(access, path))
    await wire.aclose()
    server.close()
    assert isinstance(problem, Problem)
    assert problem.message == "This is too large for OpenAI."
    assert "25 MB at most" in problem.detail


async def test_stopping_an_upload_closes_the_connection(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 1000)
    async with serve([HOLD]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        reading = asyncio.create_task(run(wire, access, call_for(access, path)))
        await asyncio.wait_for(server.holding.wait(), DEADLINE)
        reading.cancel()
        await asyncio.wait_for(server.closed.wait(), DEADLINE)
        with pytest.raises(asyncio.CancelledError):
            await reading
        await wire.aclose()


@pytest.mark.slow
async def test_silence_after_an_upload_counts_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"x" * 1000)
    async with serve([HOLD]) as server:
        limits = replace(QUICK, notice_after=0.2, response_timeout=0.6)
        wire, access = Client({}, limits=limits), access_to(server.base_url)
        events, problem = await run(wire, access, call_for(access, path))
        await wire.aclose()
    assert UploadStarted(1000, 1000) in events
    assert problem and "sent nothing of use" in problem.message
    assert text_of(events) == ""


async def posted(call: Call, *answers: Answer) -> tuple[list[HttpRequest], list[Event], Problem | None]:
    async with serve(*(answers or ([http({})],))) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        events, problem = await run(wire, access, replace(call, url=f"{server.base_url}/x"))
        await wire.aclose()
    return server.requests, events, problem


@pytest.mark.parametrize("size", [0, 1, 2, 3, 3 << 16, (3 << 16) + 1, 700_001])
async def test_recordings_stand_in_json_as_base64(tmp_path: Path, size: int) -> None:
    one, two = tmp_path / "one.wav", tmp_path / "two.wav"
    one.write_bytes(bytes(index % 251 for index in range(size)))
    two.write_bytes(b"two")
    json = {"messages": [{"content": [Base64File(one, 'data:audio/"wav";base64,'), "星"]}], "more": (Base64File(two),)}
    requests, events, problem = await posted(Call("POST", "", Reading, json=json))
    assert problem is None
    assert requests[0].headers["content-type"] == "application/json"
    assert requests[0].headers["content-length"] == str(len(requests[0].body))
    assert requests[0].json == {
        "messages": [{"content": ['data:audio/"wav";base64,' + b64encode(one.read_bytes()).decode(), "星"]}],
        "more": ["dHdv"],
    }
    assert UploadStarted(size + 3, size + 3) in events


async def test_a_recording_that_was_removed_or_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    call = Call("POST", "", Reading, json={"audio": Base64File(path)})
    requests, _, problem = await posted(call)
    assert (requests, problem and problem.message) == ([], "talk.wav cannot be read.")
    path.write_bytes(b"sound")
    requests, _, problem = await posted(call, [http({}, 503)], [http({})])
    assert problem is None
    assert [request.json for request in requests] == [{"audio": "c291bmQ="}] * 2


async def test_a_plain_file(tmp_path: Path) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF" * 100_000)
    requests, events, problem = await posted(
        Call("POST", "", Reading, upload=Upload((), path, "audio/wav", 400_000, raw=True))
    )
    assert problem is None
    assert requests[0].body == path.read_bytes()
    assert (requests[0].headers["content-type"], requests[0].headers["content-length"]) == ("audio/wav", "400000")
    assert UploadStarted(400_000, 400_000) in events


async def test_a_form_holds_secrets() -> None:
    form: dict[str, str | Secret] = {
        "grant_type": "client_credentials",
        "client_secret": Secret("FAKE ~&=星"),
        "empty": "",
    }
    call = Call("POST", "", Reading, form=form)
    assert "FAKE" not in repr(call)
    requests, _, problem = await posted(call)
    assert problem is None
    assert requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert requests[0].body == b"grant_type=client_credentials&client_secret=FAKE+~%26%3D%E6%98%9F&empty="
