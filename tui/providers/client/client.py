"""`Client`: every request to a provider is sent, and every response read, here.

    stream ──steps──> _step ──attempts──> _attempt ──sign, send──> Answer ──> results

One driver serves all providers, so that limits, retries, origins and messages are the same for each. A key is revealed
in one expression (`request.build_request`), after its origin was checked. Redirects are never followed.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from ssl import SSLContext
from typing import Any

import httpx

from tui.errors import Problem
from tui.providers.client import connection
from tui.providers.client.access import Access, check_origin
from tui.providers.client.body import BodyDecoder, headers_of, read_error_body
from tui.providers.client.limits import Limits
from tui.providers.client.read_ahead import http_inbox
from tui.providers.client.redaction import AnswerRedactor
from tui.providers.client.request import check_headers, response_of, sending
from tui.providers.client.response import Answer, check_dimensions, show
from tui.providers.client.retry import RetryableError, RetryPolicy, is_answer, is_stale, retry_reason, should_retry
from tui.providers.client.silence import ConnectionLost, SilenceMonitor
from tui.providers.client.token_cache import LeasedToken, Tokens
from tui.providers.client.transport_errors import ConnectionTrace, new_trace
from tui.providers.client.upload import body_of
from tui.providers.client.wire_log import WireLog
from tui.providers.dialects.answer_text import AnswerText
from tui.providers.error_body import read_account, words_in_headers
from tui.providers.error_messages import ErrorContext, redact, redirect, to_problem, unusable_response
from tui.providers.events import (
    AccessToken,
    Event,
    Finish,
    NoResponseYet,
    Notice,
    Retrying,
    UploadStarted,
    Usage,
    Vectors,
)
from tui.providers.requests import ApiError, Call, EndFrame, Frame, Framing, RemoteJob
from tui.secret import Secret

_STREAMED, _STATUS = (Framing.SSE, Framing.NDJSON, Framing.WEBSOCKET), re.compile(r"[45]\d\d")
_BEFORE_CONTENT = NoResponseYet | UploadStarted | Usage | Notice
"""What may come before an error without standing in the way of a retry."""

# Their records below WARNING hold URLs and headers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class _Step:
    """A call, whether it follows from an answer, and whether it is the exchange for an access token itself."""

    call: Call
    redactor: AnswerRedactor
    follows: bool = False
    exchange: bool = False
    wire_log: WireLog = field(default_factory=WireLog.off)


class Client:
    """The HTTP and WebSocket client. With a `transport` (practice mode, tests) every call goes through that one."""

    def __init__(
        self,
        environ: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._environ = environ
        self._transport = transport
        self._limits = limits or Limits()
        self._clock = clock
        self._transports: dict[tuple[str, bool], httpx.AsyncBaseTransport] = {}
        self._tls_context: SSLContext | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cancelling: set[asyncio.Task[None]] = set()
        self._tokens = Tokens(clock)
        self._new_trace: Callable[[str, str], ConnectionTrace] = new_trace

    def with_traces(self, new_trace: Callable[[str, str], ConnectionTrace]) -> "Client":
        """Return a client like this one that has no open connection, retries nothing and uses these traces."""
        client = Client(self._environ, self._transport, replace(self._limits, retries=0), self._clock)
        client._new_trace = new_trace
        return client

    def proxy_for(self, url: str) -> str:
        """Return the proxy that a call to this URL goes through, without its password; '' for none."""
        return "" if self._transport else connection.redact_url(connection.proxy_of(self._environ, url))

    async def aclose(self) -> None:
        """Close idle connections, once jobs that were given up are cancelled at their provider."""
        if self._cancelling:
            await asyncio.wait(self._cancelling, timeout=self._limits.cancel_timeout)
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            await transport.aclose()

    async def stream(self, access: Access, call: Call, wire_log: WireLog | None = None) -> AsyncGenerator[Event, None]:
        """Run a call and the calls that follow from its answers, and yield their events; record them in `wire_log`.

        Closing the iterator or cancelling its task closes the connection at once, and cancels in the background what
        was started at the provider.

        Raises:
            Problem: The call failed. What was yielded before stays valid.
        """
        running: Call | None = None
        leftovers: list[Call] = []
        count = dimensions = 0
        redactor, text, wire_log = AnswerRedactor(), AnswerText(), wire_log or WireLog.off()
        step: _Step | None = _Step(call, redactor, wire_log=wire_log)
        try:
            while step is not None:
                if count == self._limits.max_steps:
                    message = f"{access.provider.label} did not finish within {count} requests."
                    raise Problem(message, "Try again later.")
                count += 1
                if step.call.wait:
                    await SilenceMonitor.clock.sleep(step.call.wait)
                current, step = step, None
                async with aclosing(self._send_with_retry(access, current)) as results:
                    async for result in results:
                        if isinstance(result, Call):
                            step = _Step(result, redactor, follows=True, wire_log=wire_log)
                        elif isinstance(result, RemoteJob) and result.anyway:
                            leftovers += [result.cancel] if result.cancel else []
                        elif isinstance(result, RemoteJob):
                            running = result.cancel
                        else:
                            if isinstance(result, Vectors):
                                # Where one text is embedded at a time, there are as many steps as texts.
                                count = 0
                                dimensions = dimensions or len(next(iter(result.vectors), ()))
                                check_dimensions(_context(access, current, True), result, dimensions)
                            elif isinstance(result, Finish):
                                running = None
                            for shown in show(text.events(result), redactor):
                                yield shown
            running = None
        except Problem as problem:
            for shown in (*show(text.rest(), redactor), *redactor.flush()):
                yield shown
            redactor.problem(problem)
            raise
        finally:
            wire_log.end(redactor.redactor)
            for cancel in [running, *leftovers] if running else leftovers:
                task = asyncio.create_task(self._cancel(access, cancel))
                self._cancelling.add(task)
                task.add_done_callback(self._cancelling.discard)

    async def _cancel(self, access: Access, call: Call) -> None:
        """Cancel something at the provider. Nobody waits for the outcome, and nothing of it is shown."""
        with contextlib.suppress(Problem, RetryableError, TimeoutError):
            async with (
                asyncio.timeout(self._limits.cancel_timeout),
                aclosing(self._attempt(access, _Step(call, AnswerRedactor(), follows=True))) as results,
            ):
                async for _ in results:
                    pass

    async def _send_with_retry(self, access: Access, step: _Step) -> AsyncGenerator[Event | Call | RemoteJob, None]:
        """Try one call until it is answered, as often as the retry policy has it."""
        policy = RetryPolicy(access.provider, self._limits, self._clock)
        while True:
            try:
                async with aclosing(self._attempt(access, step)) as results:
                    async for result in results:
                        yield result
                return
            except RetryableError as error:
                failure = error
            except ConnectionLost as lost:
                failure = RetryableError(lost, retryable=False)
            if is_answer(step.call, failure):
                for answer in self._read_error_as_answer(access, step, failure):
                    yield answer
                return
            attempt = policy.next_attempt(step.call, failure)
            if attempt is None:
                raise failure.last_problem(self._clock())
            step = replace(step, call=attempt.call)
            if attempt.event:
                yield attempt.event
            await SilenceMonitor.clock.sleep(attempt.wait)

    def _read_error_as_answer(
        self, access: Access, step: _Step, failure: RetryableError
    ) -> Iterator[Event | Call | RemoteJob]:
        """Yield what a reader makes of an error that its call accepts; the reader may give it back as an error."""
        read = step.call.reader()
        for frame in (Frame(failure.error), None) if failure.error else (None,):
            for result in read(frame):
                if result is failure.error:
                    raise failure.problem
                if isinstance(result, ApiError):
                    raise to_problem(_context(access, step, True), result, self._clock())
                if isinstance(result, Finish) and not result.reason:
                    raise failure.problem
                if not isinstance(result, EndFrame):
                    yield result

    async def _token(
        self, access: Access, step: _Step, secrets: Mapping[str, Secret]
    ) -> AsyncGenerator[Event | LeasedToken, None]:
        """Yield the access token for an attempt that needs one, after the events of its exchange if it is exchanged."""
        exchange = None if step.exchange else access.provider.token(access.fields)
        if exchange is None:
            return
        secret: Secret | None
        key = self._tokens.key(access.provider, access.fields, secrets)
        async with self._tokens.lock(key):
            if secret := self._tokens.get(key):
                yield LeasedToken(secret, partial(self._tokens.drop, key, secret))
                return
            async with aclosing(self._send_with_retry(access, replace(step, call=exchange, exchange=True))) as results:
                async for result in results:
                    if isinstance(result, AccessToken):
                        secret = result.secret
                        self._tokens.keep(key, result)
                    elif isinstance(result, Retrying | NoResponseYet):
                        yield result
        if secret is None:
            raise Problem(f"{access.provider.label} returned no access token for this key.", "Try again later.")
        yield LeasedToken(secret, None)

    async def _attempt(self, access: Access, step: _Step) -> AsyncGenerator[Event | Call | RemoteJob, None]:
        """Send one request and read its answer.

        Raises:
            RetryableError: It failed before its answer began.
            Problem: It failed in any other way.
        """
        check_origin(access, step.call.url, step.follows)
        secrets = await asyncio.to_thread(access.secrets)
        token: LeasedToken | None = None
        async with aclosing(self._token(access, step, secrets)) as exchange:
            async for item in exchange:
                if isinstance(item, LeasedToken):
                    token = item
                    secrets = {**secrets, "token": item.secret}
                else:
                    yield item
        keyed = any(secrets.values())
        signed = access.provider.sign(step.call, access.fields, secrets, self._clock())
        check_origin(access, signed.url, step.follows)
        check_headers(signed, keyed)
        step.wire_log.redact(step.redactor.redactor)
        signed = step.wire_log.request(step.call, signed, exchange=step.exchange)
        step.redactor.use(signed, secrets)
        context, transport = await self._connect(access, step, signed.url, keyed)
        # A lookup has no reason to take as long as a model that thinks.
        streamed = signed.framing in _STREAMED or signed.method == "GET"
        upload, trace = await body_of(signed), self._new_trace(context.host, context.proxy)
        request = _handshake(signed) if signed.framing is Framing.WEBSOCKET else signed
        has_tokens = signed.framing in _STREAMED
        monitor = SilenceMonitor(context, self._limits, streamed, signed.idle_timeout, trace, has_tokens)
        try:
            async with sending(transport, request, upload, self._limits.connect, trace) as sent:
                while not sent.done():
                    if event := await monitor.wait(sent, upload):
                        yield event
                response = response_of(context, sent, trace)
                step.wire_log.response(response.status_code, headers_of(context, response), trace.opened)
                await self._raise_for_status(context, response, signed.framing, step.wire_log)
                if signed.framing is Framing.WEBSOCKET:
                    _check_handshake(context, request, response)
                delivered = False
                async with self._answer(context, response, signed, monitor) as answer:
                    while not answer.over:
                        if event := await answer.wait():
                            yield event
                        for result in answer.results():
                            if isinstance(result, ApiError):
                                raise self._error_in_answer(context, step.redactor.error(result), response, delivered)
                            delivered = delivered or not isinstance(result, _BEFORE_CONTENT)
                            yield result
                    await answer.drain()
        except RetryableError as failure:
            if token and token.drop and failure.error and is_stale(access.provider, failure.error):
                failure.stale_token = True
                token.drop()
            raise

    @contextlib.asynccontextmanager
    async def _answer(
        self, context: ErrorContext, response: httpx.Response, call: Call, monitor: SilenceMonitor
    ) -> AsyncIterator[Answer[Any]]:
        """Yield the answer that arrives over HTTP or an open WebSocket. Leaving the block stops reading."""
        limits = self._limits
        if call.framing is Framing.WEBSOCKET:
            # Few calls need it, and its library takes a while to load.
            from tui.providers.client.websocket import MessageDecoder, websocket_inbox

            async with websocket_inbox(context, response, call, limits) as (messages, sent):
                yield Answer(context, messages, MessageDecoder(context, call, limits), call, limits, monitor, sent)
            return
        decoder = BodyDecoder(context, call, limits, response.headers)
        async with http_inbox(context, response) as chunks:
            yield Answer(context, chunks, decoder, call, limits, monitor)

    async def _connect(
        self, access: Access, step: _Step, signed_url: str, keyed: bool
    ) -> tuple[ErrorContext, httpx.AsyncBaseTransport]:
        """Return the transport to a signed URL, and the context that names the URL without what signs it."""
        proxy = "" if self._transport else connection.proxy_of(self._environ, signed_url)
        return _context(access, step, keyed, connection.redact_url(proxy)), await self._transport_for(proxy, signed_url)

    async def _raise_for_status(
        self, context: ErrorContext, response: httpx.Response, framing: Framing, wire_log: WireLog
    ) -> None:
        """Raise for every status but one of success."""
        status = response.status_code
        if framing is Framing.WEBSOCKET and 200 <= status < 300:
            body, page = await read_error_body(context, response, self._limits)
            words = redact(context, read_account(body).message)
            raise page or unusable_response(context, "an ordinary answer and opened no WebSocket connection", words)
        if 200 <= status < 300 or (framing is Framing.WEBSOCKET and status == 101):
            return
        headers = headers_of(context, response)
        if 300 <= status < 400 and "location" in headers:
            raise redirect(context, headers["location"])
        body, page = await read_error_body(context, response, self._limits)
        wire_log.error_body(body)
        error = context.provider.parse_error(status, headers, body or words_in_headers(headers))
        failure = self._api_error(context, replace(error, status=status, page=page is not None), response, page)
        failure.by_status = True
        raise failure

    def _error_in_answer(
        self, context: ErrorContext, error: ApiError, response: httpx.Response, delivered: bool
    ) -> Problem | RetryableError:
        """Return the failure that an answer of success tells of; it is final once something was delivered."""
        if delivered:
            return to_problem(context, error, self._clock())
        # Routers send the status of the server behind them as the code.
        status = error.status or (int(error.code) if _STATUS.fullmatch(error.code) else 0)
        return self._api_error(context, replace(error, status=status), response)

    def _api_error(
        self, context: ErrorContext, error: ApiError, response: httpx.Response, page: Problem | None = None
    ) -> RetryableError:
        """Return the failure of a call before anything was delivered; the status may be the reader's own in a 200."""
        error = replace(error, headers=headers_of(context, response))
        problem = page or to_problem(context, error, self._clock())
        return RetryableError(problem, should_retry(error), retry_reason(error), error)

    async def _transport_for(self, proxy: str, url: str) -> httpx.AsyncBaseTransport:
        if self._transport:
            return self._transport
        if self._loop is not asyncio.get_running_loop():
            # Connections belong to the loop that opened them.
            self._loop, self._transports = asyncio.get_running_loop(), {}
        plain = connection.is_plain(proxy, url)
        if (proxy, plain) not in self._transports:
            context = connection.trusting_nobody() if plain else await self._trusted_certificates()
            transport = connection.transport(proxy, context, self._limits.max_connections)
            self._transports.setdefault((proxy, plain), transport)
        return self._transports[proxy, plain]

    async def _trusted_certificates(self) -> SSLContext:
        if self._tls_context is None:
            # Reading the system's certificates takes tens of milliseconds.
            self._tls_context = await asyncio.to_thread(connection.tls_context, self._environ)
        return self._tls_context


def _check_handshake(context: ErrorContext, request: Call, response: httpx.Response) -> None:
    from tui.providers.client.websocket import check_handshake

    check_handshake(context, request, response)


def _handshake(signed: Call) -> Call:
    from tui.providers.client.websocket import handshake

    return handshake(signed)


def _context(access: Access, step: _Step, keyed: bool, proxy: str = "") -> ErrorContext:
    """Return what messages about a call may name: its URL without what signs it."""
    redactor = step.redactor.redactor
    return ErrorContext(access.provider, step.call.url, keyed, access.key_hint, access.model, proxy, redactor)
