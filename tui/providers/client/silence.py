"""Timeouts of a request by silence: how long the server has sent nothing useful."""

import asyncio
import time
from typing import Any, ClassVar, Protocol

from tui.errors import IncompleteAnswer, NetworkError
from tui.providers.client.limits import MIN_RATE, UPLOAD_PROGRESS_INTERVAL, Limits, setting_hint
from tui.providers.client.transport_errors import ConnectionTrace, silent_proxy
from tui.providers.error_messages import ErrorContext
from tui.providers.events import Event, NoResponseYet, UploadStarted


class UploadProgress(Protocol):
    """How many bytes of a file were sent, of `size`."""

    size: int
    sent: int


class ConnectionLost(NetworkError):
    """The connection of a call with an `idle_timeout` brought no more; its reader knows another way to the answer."""


class Clock:
    """Measures silence, and waits before the next request. Tests replace it with one that they advance."""

    def time(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()

    async def wait(self, pending: "asyncio.Future[Any]", seconds: float) -> None:
        """Wait until `pending` is done, for at most `seconds`."""
        await asyncio.wait([pending], timeout=seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait before a request that is sent again, or asks how far a job is."""
        await asyncio.sleep(seconds)


class SilenceMonitor:
    """Waits for the other side, reports its silence, and ends the call when it lasts too long.

    Frames that say something count; comments and pings do not. Of an answer in one piece every byte counts, but for no
    more than its share of `MIN_RATE`.

    Attributes:
        clock: What every monitor reads the time from.
    """

    clock: ClassVar[Clock] = Clock()

    def __init__(
        self,
        context: ErrorContext,
        limits: Limits,
        streamed: bool,
        idle_timeout: float = 0.0,
        trace: ConnectionTrace | None = None,
        has_tokens: bool = False,
    ) -> None:
        """Start the clock.

        Args:
            context: Names the provider in messages.
            limits: The timeouts.
            streamed: Whether `stream_timeout` applies; otherwise `response_timeout` does.
            idle_timeout: The call's own timeout in seconds, if it is shorter; 0 for none.
            trace: Tells whether the request is still at a proxy, which has `proxy_timeout` to let it through.
            has_tokens: Whether `first_token_timeout` applies until `first_token` is called.
        """
        self._context = context
        self._limits = limits
        self._resumable = idle_timeout > 0
        self._idle_timeout = idle_timeout or float("inf")
        self._setting = "stream_timeout" if streamed else "response_timeout"
        self._timeout = min(getattr(limits, self._setting), self._idle_timeout)
        if has_tokens and limits.first_token_timeout:
            self._setting = "first_token_timeout"
            self._timeout = min(limits.first_token_timeout, self._idle_timeout)
        self._trace = trace if context.proxy else None
        self._ending = False
        self._sent = 0
        self._notices = 0
        self._last = self.clock.time()
        self._received = float("-inf")

    def reset(self) -> None:
        """Restart the clock: something of use was received or sent."""
        self._last = self.clock.time()
        self._notices = 0

    def receive(self, size: int) -> None:
        """Restart the clock as far as so many bytes of an answer in one piece go: a drip must end as silence does."""
        self._received = self.clock.time()
        last = self._last + size / MIN_RATE
        if last >= self._received:
            self.reset()
        else:
            self._last = last

    def first_token(self) -> None:
        """Apply `stream_timeout` from now on: the first piece of a stream has come."""
        if self._setting == "first_token_timeout" and not self._ending:
            self._setting = "stream_timeout"
            self._timeout = min(self._limits.stream_timeout, self._idle_timeout)

    def expect_end(self) -> None:
        """Wait for `end_timeout` only from now on: the answer is complete but for its usage and its end mark."""
        if not self._ending:
            self._ending = True
            self._timeout = min(self._timeout, self._limits.end_timeout)
            self.reset()

    async def wait(self, pending: "asyncio.Future[Any]", upload: UploadProgress | None = None) -> Event | None:
        """Wait until `pending` is done or there is something to report.

        Raises:
            IncompleteAnswer: Nothing useful was received in time.
            ConnectionLost: The same, of a call that can go on in another way or is complete.
        """
        proxied = self._trace is not None and not self._trace.sent
        end = min(self._timeout, self._limits.proxy_timeout) if proxied else self._timeout
        due = min(self._limits.notice_after * (self._notices + 1), end)
        timeout = due - (self.clock.time() - self._last)
        if upload and upload.sent < upload.size:
            timeout = min(timeout, UPLOAD_PROGRESS_INTERVAL)
        if timeout > 0:
            await self.clock.wait(pending, timeout)
        if upload and upload.sent != self._sent:
            self._sent = upload.sent
            self.reset()
            return UploadStarted(upload.sent, upload.size)
        silent = self.clock.time() - self._last
        if silent < due or pending.done():
            return None
        if proxied and self._trace and not self._trace.sent and silent >= end:
            raise silent_proxy(self._context, end)
        if silent >= self._timeout:
            kind = ConnectionLost if self._resumable or self._ending else IncompleteAnswer
            label = self._context.label
            slow = self.clock.time() - self._received < self._timeout / 2
            sent = f"less than {MIN_RATE} bytes a second" if slow else "nothing of use"
            message = f"{label} sent {sent} for {self._timeout:.0f} s. The request was stopped."
            raise kind(message, setting_hint(self._setting))
        self._notices += 1
        return NoResponseYet(silent, self._timeout)
