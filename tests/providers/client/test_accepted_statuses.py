"""Refusals that are answers too, names that come more than once in a query, and the standard word for a wait."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.providers.http_server import QUICK, access_to, http, run, serve
from tui.errors import Problem
from tui.providers.client.client import Client
from tui.providers.error_messages import retry_after
from tui.providers.events import Event, Finish, Notice, Retrying
from tui.providers.requests import ApiError, Call, Frame
from tui.secret import Secret


def reader(frame: Frame | None) -> Iterator[Event | ApiError]:
    if frame is not None:
        refused = frame.data if isinstance(frame.data, ApiError) else None
        if refused and refused.message == "known":
            yield Notice(f"{refused.status} {refused.headers['x-one']}")
            yield Finish("stop")
        elif refused:
            yield ApiError(402) if refused.message == "better known" else refused
        else:
            yield ApiError(404, message="found in a 200")


async def refused(status: int, text: str, **more: Any) -> tuple[list[Event], Problem | None, int]:
    async with serve([http({"error": {"message": text}}, status, {"X-One": "1"})]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        events, problem = await run(wire, access, Call("GET", f"{server.base_url}/x", lambda: reader, **more))
        await wire.aclose()
        return events, problem, len(server.requests)


async def test_a_refusal_that_is_accepted_is_read_as_an_answer_and_not_retried() -> None:
    for status in (404, 503):
        events, problem, times = await refused(status, "known", accepted_statuses=frozenset({404, 503}))
        assert (events, problem, times) == ([Notice(f"{status} 1"), Finish("stop")], None, 1)


async def test_one_that_the_reader_gives_back_is_a_refusal_all_the_same() -> None:
    events, problem, times = await refused(404, "other", accepted_statuses=frozenset({404}))
    assert (events, times) == ([], 1)
    assert problem and "the address is wrong" in problem.message


async def test_what_the_reader_makes_of_one_is_explained() -> None:
    events, problem, times = await refused(404, "better known", accepted_statuses=frozenset({404}))
    assert (events, times) == ([], 1)
    assert problem and "no credit left" in problem.message


async def test_one_that_the_reader_finds_in_a_200_is_not_read_again() -> None:
    events, problem, times = await refused(200, "known", accepted_statuses=frozenset({404}))
    assert (events, times) == ([], 1)
    assert problem and problem.detail == "found in a 200"


async def test_others_are_refused_as_ever() -> None:
    events, problem, times = await refused(503, "known", accepted_statuses=frozenset({404}))
    assert problem and times == QUICK.retries + 1
    assert all(isinstance(event, Retrying) for event in events)


async def test_a_name_of_the_query_may_come_more_than_once() -> None:
    async with serve([http({})]) as server:
        wire, access = Client({}, limits=QUICK), access_to(server.base_url)
        query: dict[str, str | Secret | tuple[str, ...]] = {"search": "a b", "expand": ("tags", "likes")}
        await run(wire, access, Call("GET", f"{server.base_url}/x", lambda: reader, query=query))
        await wire.aclose()
        assert server.requests[0].target == "/v1/x?search=a+b&expand=tags&expand=likes"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [('"api";r=0;t=55', 55.0), ('"api";r=499;t=55', None), ('"api"; r=0; t=7', 7.0), ("r=0", None), ("", None)],
)
def test_the_standard_word_for_a_wait(header: str, seconds: float | None) -> None:
    assert retry_after({"ratelimit": header}, 0) == seconds
    assert retry_after({"ratelimit": header, "retry-after": "3"}, 0) == 3
