"""Limits that the preferences set: they reach the client, and messages name the setting and its default."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.providers.http_server import HOLD, QUICK, Again, ask, serve, streaming, text_chunk, text_of
from tui.config import HELP, Config
from tui.errors import NetworkError
from tui.providers.client.limits import MIB, Limits, limits_of
from tui.providers.client.silence import Clock, SilenceMonitor
from tui.tenancy.session import open_session


def test_without_settings_the_defaults_apply() -> None:
    assert limits_of(Config()) == Limits()


def test_every_setting_reaches_the_client(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "first_token_timeout = 700\nstream_timeout = 300\nresponse_timeout = 900\nevent_size = 16\n"
    )
    session = open_session({"HOME": str(tmp_path), "MODELDECK_CONFIG_DIR": str(tmp_path)})
    assert session.client._limits == replace(
        Limits(),
        first_token_timeout=700,
        stream_timeout=300,
        response_timeout=900,
        event=16 * MIB,
        line=16 * MIB,
    )


def test_the_help_states_the_defaults() -> None:
    meaning, limits = dict(HELP), Limits()
    assert limits.first_token_timeout == 0 and meaning["first_token_timeout"].endswith("; 0 takes stream_timeout")
    assert meaning["stream_timeout"].endswith(f"; 0 means {limits.stream_timeout:.0f}")
    assert meaning["response_timeout"].endswith(f"; 0 means {limits.response_timeout:.0f}")
    assert limits.event == limits.line and meaning["event_size"].endswith(f"; 0 means {limits.event // MIB}")


@pytest.mark.slow
async def test_the_first_piece_has_its_own_timeout() -> None:
    limits = replace(QUICK, first_token_timeout=0.4)
    async with serve([streaming(end=False) + b": thinking\n\n", HOLD]) as server:
        events, problem = await ask(server, limits)
    assert isinstance(problem, NetworkError) and events == []
    assert problem.hint == "To change this limit, set first_token_timeout in config.toml; its default is 120 s."


@pytest.mark.slow
async def test_after_the_first_piece_the_timeout_of_streams_applies() -> None:
    limits = replace(QUICK, first_token_timeout=60, stream_timeout=0.4)
    async with serve([streaming(text_chunk("Half"), end=False), HOLD]) as server:
        events, problem = await ask(server, limits)
    assert isinstance(problem, NetworkError) and text_of(events) == "Half"
    assert problem.hint == "To change this limit, set stream_timeout in config.toml; its default is 120 s."


@pytest.mark.slow
async def test_an_answer_in_one_piece_has_its_own_timeout() -> None:
    limits = replace(QUICK, first_token_timeout=60, response_timeout=0.4)
    async with serve([HOLD]) as server:
        _, problem = await ask(server, limits, stream=False)
    assert isinstance(problem, NetworkError)
    assert problem.hint == "To change this limit, set response_timeout in config.toml; its default is 600 s."


class SlowClock(Clock):
    """Half a second passes at every look at the connection."""

    now = 0.0

    def time(self) -> float:
        return self.now

    async def wait(self, pending: "asyncio.Future[Any]", seconds: float) -> None:
        await asyncio.wait([pending], timeout=1)
        self.now += 0.5


@pytest.mark.parametrize("stream", [True, False])
async def test_an_answer_that_comes_in_drips_ends_as_silence_does(stream: bool) -> None:
    limits = replace(QUICK, response_timeout=3, stream_timeout=3)
    head = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{"choices":"'
    with patch.object(SilenceMonitor, "clock", SlowClock()):
        async with serve([head, Again(b"a")]) as server:
            events, problem = await ask(server, limits, stream=stream)
    assert isinstance(problem, NetworkError) and text_of(events) == ""
    assert problem.message == "OpenAI sent less than 100 bytes a second for 3 s. The request was stopped."


@pytest.mark.slow
@pytest.mark.parametrize(("size", "fits"), [(1, False), (3, True)])
async def test_an_event_fits_the_size_that_is_set(size: int, fits: bool) -> None:
    limits = replace(limits_of(Config(event_size=size)), backoff=0.001)
    async with serve([streaming(text_chunk("x" * 2 * MIB, "stop"))]) as server:
        events, problem = await ask(server, limits)
    assert (len(text_of(events)) == 2 * MIB) is fits
    if not fits:
        assert problem and "of more than 1 MiB, the limit here" in problem.message
        assert problem.hint == "To change this limit, set event_size in config.toml; its default is 8 MiB."
