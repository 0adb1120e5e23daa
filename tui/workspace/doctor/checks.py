"""The result of one check of the doctor: what was checked, the outcome, the time, and what to do."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tui.errors import Exit, Problem


class CheckState(StrEnum):
    """The outcome of a check. A warning alone breaks nothing."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One check and its result.

    Attributes:
        name: What: `name`, `tcp`, `tls`, `authentication`, …; never renamed.
        state: How it went.
        words: The result in a sentence or less.
        ms: How long it took in milliseconds, None for what takes no time.
        problem: Why it failed or what to mind, with its remedy; None without.
        facts: The result for programs, as JSON.
    """

    name: str
    state: CheckState
    words: str
    ms: float | None = None
    problem: Problem | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


OnCheck = Callable[[Check], object]
"""Called with every check as soon as it is done."""


def failed_check(name: str, problem: Problem, ms: float | None = None, facts: Mapping[str, Any] | None = None) -> Check:
    """Return the check that failed with a problem."""
    return Check(name, CheckState.FAILED, problem.message, ms, problem, facts or {})


def warning(name: str, words: str, hint: str, ms: float | None = None, facts: Mapping[str, Any] | None = None) -> Check:
    """Return a check with something to mind and what to do about it."""
    return Check(name, CheckState.WARNING, words, ms, Problem(words, hint), facts or {})


def exit_code(checks: Iterable[Check]) -> Exit:
    """Return the exit code of the first check that failed."""
    problems = (check.problem for check in checks if check.state is CheckState.FAILED)
    return next((Exit(problem.code) for problem in problems if problem), Exit.DONE)
