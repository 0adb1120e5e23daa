"""Retries: which failed attempts are sent again."""

from tui.errors import Problem
from tui.providers.requests import ApiError


class RetryableError(Exception):
    """An attempt that failed before its answer began: it may be amended or made again; at once, if a token ran out.

    `by_status` says that the refusal is that of the HTTP status, as against one that a reader found in a 200.
    """

    def __init__(self, problem: Problem, again: bool, reason: str = "", refusal: ApiError | None = None) -> None:
        super().__init__()
        self.problem, self.again, self.reason, self.refusal = problem, again, reason, refusal
        self.stale = self.by_status = False
