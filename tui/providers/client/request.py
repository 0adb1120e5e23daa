"""Send one signed request, and release its connection."""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from tui import __version__
from tui.errors import Problem, UsageError
from tui.providers.client.retry import RetryableError
from tui.providers.client.transport_errors import ConnectionTrace, connect_problem
from tui.providers.client.upload import Body, to_json
from tui.providers.error_messages import ErrorContext
from tui.providers.requests import Call
from tui.secret import Secret

_LOG = logging.getLogger("modeldeck.client")
_SENDABLE = r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?|"


def check_headers(call: Call, keyed: bool) -> None:
    """Raise for header values that HTTP cannot carry, before any library sees (and repeats) them."""
    for name, value in call.headers.items():
        if not re.fullmatch(_SENDABLE, _clear(value)):
            raise UsageError(
                f"{'The key' if isinstance(value, Secret) else name} holds characters that cannot be sent."
                f" {'The key was not sent.' if keyed else 'Nothing was sent.'}",
                "Paste it again from where you created it; it is one line of letters, digits and signs.",
            )


async def send(
    transport: httpx.AsyncBaseTransport, call: Call, upload: Body | None, connect: float, progress: ConnectionTrace
) -> httpx.Response:
    """Send a signed request and return the response, its body not yet read.

    The transport is used without an httpx client, which would keep cookies, read the environment and log URLs.
    """
    body = b"" if call.json is None or upload else to_json(call.json)
    extensions = {
        "timeout": {"connect": connect, "read": None, "write": None, "pool": connect},
        "trace": progress.trace,
    }
    began, what = time.monotonic(), f"{call.method} {call.url.partition('?')[0]}"
    try:
        response = await transport.handle_async_request(build_request(call, body, upload, extensions))
    except Exception as fault:
        _LOG.info("%s: %s after %d ms", what, type(fault).__name__, 1000 * (time.monotonic() - began))
        raise
    _LOG.info("%s: %d after %d ms", what, response.status_code, 1000 * (time.monotonic() - began))
    return response


def build_request(call: Call, body: bytes, upload: Body | None, extensions: Mapping[str, Any]) -> httpx.Request:
    """Build the request with its secrets revealed.

    No local variable holds it, so that no traceback shows it.
    """
    return httpx.Request(
        call.method,
        call.url + (f"?{_urlencode(call.query)}" if call.query else ""),
        headers=[(name, _clear(value)) for name, value in (_headers(call, upload) | dict(call.headers)).items()],
        # not stream=, which would leave out the Host header
        content=upload or (body if call.form is None else _urlencode(call.form).encode()),
        extensions=dict(extensions),
    )


@contextlib.asynccontextmanager
async def sending(
    transport: httpx.AsyncBaseTransport, call: Call, upload: Body | None, connect: float, progress: ConnectionTrace
) -> AsyncGenerator["asyncio.Task[httpx.Response]", None]:
    """Send a signed request in a task. Leaving the block cancels it, or releases the connection."""
    task = asyncio.create_task(send(transport, call, upload, connect, progress))
    try:
        yield task
    finally:
        await cancel(task)
        if not task.cancelled() and task.exception() is None:
            await release(task.result())


def response_of(
    context: ErrorContext, sent: "asyncio.Future[httpx.Response]", trace: ConnectionTrace
) -> httpx.Response:
    """Return the response; raise its failure as a Problem, away from the frames that held the request."""
    failure = sent.exception()
    if failure is None:
        return sent.result()
    if isinstance(failure, Problem) or not isinstance(failure, Exception):
        raise failure.with_traceback(None)
    problem, retryable = connect_problem(context, failure, trace)
    raise RetryableError(problem, retryable, "connection lost" if trace.sent else "not reached")


async def cancel(task: "asyncio.Future[Any]") -> None:
    """Cancel a task and wait for its end; how it ended is of no interest any more."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.exception()


async def release(response: httpx.Response) -> None:
    """Let go of a connection: for the next call where the answer was read to its end, else closed."""
    # A connection that is broken already needs no closing.
    with contextlib.suppress(httpx.HTTPError, OSError):
        await response.aclose()


def _urlencode(pairs: Mapping[str, str | Secret | tuple[str, ...]]) -> str:
    values = [(name, value if isinstance(value, tuple) else _clear(value)) for name, value in pairs.items()]
    return urlencode(values, doseq=True, encoding="utf-8", errors="replace")


def _headers(call: Call, upload: Body | None) -> dict[str, str | Secret]:
    headers: dict[str, str | Secret] = {
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"modeldeck/{__version__}",
    }
    if upload:
        headers |= upload.headers
    elif call.form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    elif call.json is not None:
        headers["content-type"] = "application/json"
    return headers


def _clear(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value
