"""Running calls: every request of Modeldeck leaves here, and every answer enters here.

    Client.stream ── steps ──> attempts ── sign, send ──> frames ──reader──> events

One driver serves all wires, so that limits, retries, origins and wording are the same for every provider. A key is
revealed in one expression (`request.request_of`), after its origin was checked; redirects are never followed.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from ssl import SSLContext

import httpx

from tui.errors import Problem
from tui.providers.client import connection
from tui.providers.client.access import Access, Limits, check_origin
from tui.providers.client.request import check, sending
from tui.providers.client.response import (
    ConnectionLost,
    Result,
    SilenceMonitor,
    cleaned,
    read_error_body,
    read_response,
)
from tui.providers.client.retry import RetryableError
from tui.providers.client.token_cache import Tokens
from tui.providers.client.transport_errors import ConnectionTrace, connect_problem
from tui.providers.client.upload import body_of
from tui.providers.error_messages import (
    BUSY,
    RETRIED,
    SIGN_IN,
    ErrorContext,
    redirect,
    retry_after,
    to_problem,
    unusable_response,
)
from tui.providers.events import AccessToken, Event, Finish, NoResponseYet, Notice, Retrying, Uploading, Usage, Vectors
from tui.providers.requests import ApiError, Call, Frame, Framing, RemoteJob
from tui.providers.spec import Provider
from tui.secret import MASK, Secret

_SHORT = 3
_STREAMED = (Framing.SSE, Framing.NDJSON, Framing.WEBSOCKET)
_ABOUT = NoResponseYet | Uploading | Usage | Notice
"""What may come before an answer that is refused all the same; it does not stand in the way of asking again."""

_Read = Callable[[ErrorContext, httpx.Response, Call, Limits, SilenceMonitor], AsyncGenerator[Result, None]]

# Their records below WARNING hold URLs and headers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class _Step:
    """A call on its way: whether it follows from an answer, and whether it is the exchange for a token itself."""

    call: Call
    follows: bool = False
    exchange: bool = False


@dataclass(frozen=True)
class LeasedToken:
    """A token for one attempt, and how to let go of it where it was not exchanged just now."""

    secret: Secret
    drop: Callable[[], None] | None


class Client:
    """The one way to the network. With a `transport` (practice, tests) every call goes through that instead."""

    def __init__(
        self,
        environ: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._environ = environ
        self._given = transport
        self._limits = limits or Limits()
        self._clock = clock
        self._transports: dict[tuple[str, bool], httpx.AsyncBaseTransport] = {}
        self._context: SSLContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cancelling: set[asyncio.Task[None]] = set()
        self._tokens = Tokens(clock)

    def proxy_for(self, url: str) -> str:
        """The proxy that a call to this URL goes through, fit to be shown; '' for none."""
        return "" if self._given else connection.shown(connection.proxy_of(self._environ, url))

    async def aclose(self) -> None:
        """Close what is kept open for further calls, once what was given up is stopped at its provider."""
        if self._cancelling:
            await asyncio.wait(self._cancelling, timeout=self._limits.cancel)
        transports, self._transports = self._transports, {}
        for each in transports.values():
            await each.aclose()

    async def stream(self, access: Access, call: Call) -> AsyncGenerator[Event, None]:
        """Run a call and all its further steps. Raises a Problem; what was yielded before one stays valid.

        Closing the iterator or cancelling its task closes the connection at once, and stops in the background what the
        provider has begun and would go on with.
        """
        begun: Call | None = None
        left: list[Call] = []
        try:
            async with aclosing(self._steps(access, _Step(call))) as results:
                async for result in results:
                    if isinstance(result, RemoteJob) and result.anyway:
                        left += [result.cancel] if result.cancel else []
                    elif isinstance(result, RemoteJob):
                        begun = result.cancel
                    elif (event := cleaned(result)) is not None:
                        if isinstance(event, Finish):
                            begun = None
                        yield event
            begun = None
        finally:
            for each in [begun, *left] if begun else left:
                cancelling = asyncio.create_task(self._cancel(access, each))
                self._cancelling.add(cancelling)
                cancelling.add_done_callback(self._cancelling.discard)

    async def _steps(self, access: Access, first: _Step) -> AsyncGenerator[Event | RemoteJob, None]:
        step: _Step | None = first
        taken = 0
        while step is not None:
            if taken == self._limits.steps:
                raise Problem(f"{access.provider.label} did not come to an end in {taken} steps.", "Try again later.")
            taken += 1
            if step.call.wait:
                await asyncio.sleep(step.call.wait)
            current, step = step, None
            async with aclosing(self._step(access, current)) as results:
                async for result in results:
                    if isinstance(result, Call):
                        step = replace(first, call=result, follows=True)
                    else:
                        # Where one text is embedded at a time, there are as many steps as texts.
                        taken = 0 if isinstance(result, Vectors) else taken
                        yield result

    async def _cancel(self, access: Access, call: Call) -> None:
        """Stop something at the provider. Nobody waits for the outcome, and none of it is told."""
        step = _Step(call, follows=True)
        with contextlib.suppress(Problem, RetryableError, TimeoutError):
            async with asyncio.timeout(self._limits.cancel), aclosing(self._attempt(access, step)) as results:
                async for _ in results:
                    pass

    async def _step(self, access: Access, step: _Step) -> AsyncGenerator[Event | Call | RemoteJob, None]:
        """Try a call until it is answered: with a new token, amended, or again after a wait, where that may help."""
        retries = max_repairs = 0
        renewed = False
        while True:
            try:
                async with aclosing(self._attempt(access, step)) as results:
                    async for result in results:
                        yield result
                return
            except RetryableError as again:
                failed = again
            except ConnectionLost as ended:
                failed = RetryableError(ended, again=False)
            if _is_answer(step.call, failed):
                for told in self._read_error_as_answer(access, step.call, failed):
                    yield told
                return
            if failed.stale and not renewed:
                renewed = True
                continue
            amended = access.provider.repair_request(step.call, failed.refusal) if failed.refusal else None
            if amended and max_repairs < self._limits.max_repairs:
                max_repairs += 1
                call, sentence = amended
                step = replace(step, call=call)
                yield Notice(sentence)
                continue
            wait = self._wait(retries, failed.refusal.headers if failed.refusal else {})
            if not failed.again or not step.call.idempotent or retries >= self._limits.retries or wait is None:
                raise failed.problem
            retries += 1
            yield Retrying(failed.reason, wait, retries, self._limits.retries)
            await asyncio.sleep(wait)

    def _read_error_as_answer(
        self, access: Access, call: Call, failed: RetryableError
    ) -> Iterator[Event | Call | RemoteJob]:
        """What the reader of a call makes of a failure that it takes as an answer, which may be a refusal after all."""
        read = call.reader()
        for frame in (Frame(failed.refusal), None) if failed.refusal else (None,):
            for told in read(frame):
                if told is failed.refusal:
                    raise failed.problem
                if isinstance(told, ApiError):
                    place = ErrorContext(access.provider, call.url, True, access.key_hint, access.model)
                    raise to_problem(place, told, self._clock())
                yield told

    def _wait(self, retries: int, headers: Mapping[str, str]) -> float | None:
        """How long to wait before the next try, in seconds; None where the provider asks for more than is bearable."""
        asked = retry_after(headers, self._clock())
        if asked is not None:
            return asked if asked <= self._limits.retry_after else None
        most: float = min(self._limits.backoff * 2**retries, self._limits.backoff_most)
        return most * random.uniform(0.75, 1)

    async def _passing(
        self, access: Access, step: _Step, opened: Mapping[str, Secret]
    ) -> AsyncGenerator[Event | LeasedToken, None]:
        """The token for an attempt that needs one, after what its exchange tells if there is none yet."""
        exchange = None if step.exchange else access.provider.token(access.fields)
        if exchange is None:
            return
        key = self._tokens.key(access.provider, access.fields, opened)
        async with self._tokens.lock(key):
            if secret := self._tokens.held(key):
                yield LeasedToken(secret, partial(self._tokens.drop, key, secret))
                return
            async with aclosing(self._steps(access, _Step(exchange, exchange=True))) as results:
                async for result in results:
                    if isinstance(result, AccessToken):
                        secret = result.secret
                        self._tokens.keep(key, result)
                    elif isinstance(result, Retrying | NoResponseYet):
                        yield result
        if secret is None:
            raise Problem(f"{access.provider.label} gave no token for this key.", "Try again later.")
        yield LeasedToken(secret, None)

    async def _attempt(self, access: Access, step: _Step) -> AsyncGenerator[Event | Call | RemoteJob, None]:
        """One try: sign with the opened secrets, send, judge the status, read. Raises `RetryableError` or a Problem."""
        check_origin(access, step.call.url, step.follows)
        opened = await asyncio.to_thread(access.secrets)
        passing: LeasedToken | None = None
        async with aclosing(self._passing(access, step, opened)) as exchanged:
            async for told in exchanged:
                if isinstance(told, LeasedToken):
                    passing = told
                    opened = {**opened, "token": told.secret}
                else:
                    yield told
        signed = self._signed(access, step, opened)
        place, transport = await self._connect(access, step.call.url, signed.url, keyed=any(opened.values()))
        # What only looks something up has no reason to take as long as a model that thinks.
        soon = signed.framing in _STREAMED or signed.method == "GET"
        watch = SilenceMonitor(place, self._limits, soon, signed.idle_timeout)
        upload, (request, read) = await body_of(signed), _protocol(signed)
        progress = ConnectionTrace()
        try:
            async with sending(transport, request, upload, self._limits.connect, progress) as sent:
                while not sent.done():
                    event = await watch.wait(sent, upload)
                    if event:
                        yield event
                response = _response(place, sent, progress)
                await self._raise_for_status(place, response, request.framing)
                delivered = False
                async with aclosing(read(place, response, request, self._limits, watch)) as results:
                    async for result in results:
                        if isinstance(result, ApiError) and delivered:
                            raise to_problem(place, result, self._clock())
                        if isinstance(result, ApiError):
                            raise self._refused(place, result, response)
                        delivered = delivered or not isinstance(result, _ABOUT)
                        yield result
        except Problem as problem:
            _scrub(problem, opened)
            raise
        except RetryableError as again:
            _scrub(again.problem, opened)
            if passing and passing.drop and again.refusal and _is_stale(access.provider, again.refusal):
                again.stale = True
                passing.drop()
            raise

    def _signed(self, access: Access, step: _Step, opened: Mapping[str, Secret]) -> Call:
        """The call as it is sent. Raises Usage where its secrets may not go, or cannot."""
        signed = access.provider.sign(step.call, access.fields, opened, self._clock())
        check_origin(access, signed.url, step.follows)
        check(signed, keyed=any(opened.values()))
        return signed

    async def _connect(
        self, access: Access, url: str, signed_url: str, keyed: bool
    ) -> tuple[ErrorContext, httpx.AsyncBaseTransport]:
        """What leads to a signed URL, and how its place is named: by the URL without what signs it."""
        proxy = "" if self._given else connection.proxy_of(self._environ, signed_url)
        place = ErrorContext(access.provider, url, keyed, access.key_hint, access.model, connection.shown(proxy))
        return place, await self._transport(proxy, signed_url)

    async def _raise_for_status(self, place: ErrorContext, response: httpx.Response, framing: Framing) -> None:
        """Raise for every status but one of success."""
        status = response.status_code
        if framing is Framing.WEBSOCKET and 200 <= status < 300:
            _, page = await read_error_body(place, response, self._limits)
            raise page or unusable_response(place, "an ordinary answer and opened no WebSocket connection")
        if 200 <= status < 300 or (framing is Framing.WEBSOCKET and status == 101):
            return
        headers = {name.lower(): value for name, value in response.headers.items()}
        if 300 <= status < 400 and "location" in headers:
            raise redirect(place, headers["location"])
        body, page = await read_error_body(place, response, self._limits)
        refusal = place.provider.parse_error(status, headers, body)
        failed = self._refused(place, replace(refusal, status=status, page=page is not None), response, page)
        failed.by_status = True
        raise failed

    def _refused(
        self, place: ErrorContext, refusal: ApiError, response: httpx.Response, page: Problem | None = None
    ) -> "RetryableError":
        """A refusal before anything was delivered, by its status: the provider's own where it comes in a 200."""
        status, headers = refusal.status, {name.lower(): value for name, value in response.headers.items()}
        refusal = replace(refusal, headers=headers)
        problem = page or to_problem(place, refusal, self._clock())
        again = not refusal.final and (status in RETRIED or status >= 500) and status != SIGN_IN
        again = {"true": not refusal.final, "false": False}.get(headers.get("x-should-retry", ""), again)
        return RetryableError(problem, again, "busy" if status in BUSY else "failed on its side", refusal)

    async def _transport(self, proxy: str, url: str) -> httpx.AsyncBaseTransport:
        if self._given:
            return self._given
        if self._loop is not asyncio.get_running_loop():
            # Connections belong to the loop that opened them.
            self._loop, self._transports = asyncio.get_running_loop(), {}
        way = (proxy, connection.is_plain(proxy, url))
        if way not in self._transports:
            context = connection.trusting_nobody() if way[1] else await self._trusting()
            self._transports.setdefault(way, connection.transport(proxy, context, self._limits.connections))
        return self._transports[way]

    async def _trusting(self) -> SSLContext:
        if self._context is None:
            # Reading the system's certificates takes tens of milliseconds.
            self._context = await asyncio.to_thread(connection.tls_context, self._environ)
        return self._context


def _protocol(signed: Call) -> tuple[Call, _Read]:
    """The request of a signed call, and what reads the answer to it."""
    if signed.framing is not Framing.WEBSOCKET:
        return signed, read_response
    # Few calls need it, and its library takes a while to load.
    from tui.providers.client.websocket import conversation, handshake

    return handshake(signed), conversation


def _response(
    place: ErrorContext, sending: "asyncio.Future[httpx.Response]", progress: ConnectionTrace
) -> httpx.Response:
    """What came of sending; a fault is put into words, away from the frames that held the request."""
    fault = sending.exception()
    if fault is None:
        return sending.result()
    if isinstance(fault, Problem) or not isinstance(fault, Exception):
        raise fault.with_traceback(None)
    problem, again = connect_problem(place, fault, progress)
    raise RetryableError(problem, again, "broken off" if progress.sent else "not reached")


def _is_answer(call: Call, failed: RetryableError) -> bool:
    """Whether the reader of a call takes this status, or silence, as an answer."""
    if failed.refusal is None:
        return call.idle_timeout > 0
    return failed.by_status and failed.refusal.status in call.accepted_statuses


def _scrub(problem: Problem, opened: Mapping[str, Secret]) -> None:
    """Take out of the detail every secret that the other side repeats."""
    for box in opened.values():
        if len(box.reveal()) > _SHORT:
            problem.detail = problem.detail.replace(box.reveal(), MASK)


def _is_stale(provider: Provider, refusal: ApiError) -> bool:
    """Whether a refusal may mean that a token ran out before its time."""
    return refusal.status == 401 or refusal.code in provider.stale_token
