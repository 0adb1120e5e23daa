"""Retries: which failed requests are sent again, in which form, and after how long.

A request is sent again when its answer has not begun (see `RetryableError`) and one of these holds, in this order:

1. The access token was refused: once more with a new token, at once.
2. The provider refused a field and `Provider.repair_request` knows a repair: repaired, at once.
3. The status says that a retry may help (`should_retry`) and the call is idempotent, or was throttled (429), so that
   nothing was done: after a wait.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui.errors import Problem
from tui.providers.client.limits import Limits
from tui.providers.error_messages import OVERLOAD_STATUSES, SIGN_IN, retry_after
from tui.providers.events import Notice, Retrying
from tui.providers.requests import ApiError, Call
from tui.providers.spec import Provider

_RETRIED = frozenset({408, 409, 429})
_PERMANENT = frozenset({501, 505, SIGN_IN})
"""Server errors (RFC 9110, 15.6) that a retry cannot change: not implemented, HTTP version, sign-in required."""


_CONDITIONAL = r"(?i)\b(both|together|combin\w+|only|values?|at (?:most|least)|between|exclusive|when)\b"
"""Words of an error by which a field was refused for its value, or beside another one, not at all times."""


class RetryableError(Exception):
    """A request that failed before its answer began.

    Attributes:
        problem: What to raise if it is not sent again.
        retryable: Whether sending it again may help.
        reason: Why, in a few words for `Retrying`.
        error: The provider's account, if there is one.
        stale_token: Whether the access token was refused.
        by_status: Whether the error is that of the HTTP status, as opposed to one found in the body of a 200.
    """

    def __init__(self, problem: Problem, retryable: bool, reason: str = "", error: ApiError | None = None) -> None:
        super().__init__()
        self.problem, self.retryable, self.reason, self.error = problem, retryable, reason, error
        self.stale_token = self.by_status = False

    def last_problem(self, now: float) -> Problem:
        """Return the problem of a request that is not sent again; it says if a later request may succeed."""
        self.problem.transient = self.retryable
        self.problem.retry_after = retry_after(self.error.headers, now) if self.error else None
        return self.problem


@dataclass(frozen=True)
class NextAttempt:
    """The call to send next, what to report before it, and how many seconds to wait."""

    call: Call
    event: Notice | Retrying | None = None
    wait: float = 0.0


class RetryPolicy:
    """Decides what follows a failed attempt of one call; one instance a call, as it counts."""

    def __init__(self, provider: Provider, limits: Limits, clock: Callable[[], float]) -> None:
        self._provider = provider
        self._limits = limits
        self._clock = clock
        self._retries = self._repairs = 0
        self._token_renewed = False

    def next_attempt(self, call: Call, failure: RetryableError) -> NextAttempt | None:
        """Return what to send after this failure; None if the call has failed."""
        if failure.stale_token and not self._token_renewed:
            self._token_renewed = True
            return NextAttempt(call)
        repaired = self._provider.repair_request(call, failure.error) if failure.error else None
        if repaired and self._repairs < self._limits.max_repairs:
            self._repairs += 1
            return NextAttempt(repaired[0], Notice(repaired[1], _refused_fields(call, repaired[0], failure.error)))
        if not failure.retryable or not _is_safe(call, failure) or self._retries >= self._limits.retries:
            return None
        wait = self._delay(failure.error.headers if failure.error else {})
        if wait is None:
            return None
        self._retries += 1
        return NextAttempt(call, Retrying(failure.reason, wait, self._retries, self._limits.retries), wait)

    def _delay(self, headers: Mapping[str, str]) -> float | None:
        """Return the seconds to wait; None if the server asks for more than `max_retry_after`."""
        requested = retry_after(headers, self._clock())
        if requested is not None:
            return requested if requested <= self._limits.max_retry_after else None
        max_delay: float = min(self._limits.backoff * 2**self._retries, self._limits.max_backoff)
        return max_delay * random.uniform(0.75, 1)


def _refused_fields(before: Call, after: Call, error: ApiError | None) -> tuple[tuple[str, str], ...]:
    """Return the fields that a repair took out of a body, with the one that took their place, or ''.

    None if it was refused for its value or beside another field, or if the answer comes in another form.
    """
    old, new = before.json, after.json
    if not isinstance(old, dict) or not isinstance(new, dict) or old.get("stream") != new.get("stream"):
        return ()
    removed, added = [name for name in old if name not in new], [name for name in new if name not in old]
    if error is None or error.code == "unsupported_value" or re.search(_CONDITIONAL, error.message):
        return ()
    return tuple((name, added[0] if len(added) == len(removed) == 1 else "") for name in removed)


def _is_safe(call: Call, failure: RetryableError) -> bool:
    """Return True if sending the request again can do nothing twice."""
    return call.idempotent or (failure.by_status and failure.error is not None and failure.error.status == 429)


def should_retry(error: ApiError) -> bool:
    """Return True if sending the request again may help, by `x-should-retry` (OpenAI's SDKs) or by the status."""
    if error.final or error.headers.get("x-should-retry") == "false":
        return False
    passing = error.status in _RETRIED or (error.status >= 500 and error.status not in _PERMANENT)
    return passing or error.headers.get("x-should-retry") == "true"


def retry_reason(error: ApiError) -> str:
    """Return why a request is sent again, in a few words."""
    return "busy" if error.status in OVERLOAD_STATUSES else "failed on its side"


def is_answer(call: Call, failure: RetryableError) -> bool:
    """Return True if the reader of a call takes this status, or this silence, as an answer."""
    if failure.error is None:
        return call.idle_timeout > 0
    return failure.by_status and failure.error.status in call.accepted_statuses


def is_stale(provider: Provider, error: ApiError) -> bool:
    """Return True if an error may mean that an access token expired before its time."""
    return error.status == 401 or error.code in provider.stale_token
