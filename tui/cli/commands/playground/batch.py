"""Run `modeldeck batch`: progress on a terminal, rows in a file, a table at the end."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from time import monotonic
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.inputs import whole_number
from tui.cli.model_call import unlock_for_model, warn_of_limits
from tui.cli.model_parameters import chosen_prompt, parameters_of
from tui.cli.remedies import problem_hint
from tui.domain import ModelType
from tui.errors import Exit, Problem, UsageError
from tui.storage.user_file import local_path
from tui.tenancy import models
from tui.workspace.playground.batch import summary
from tui.workspace.playground.batch.job import MAX_CONCURRENCY, MAX_REPEATS, BatchJob, plan_job, progress_words
from tui.workspace.playground.batch.runner import BatchProgress

_PROGRESS_INTERVAL = 0.2
"""Seconds between two changes of the progress line."""


def batch(call: CommandContext) -> Coroutine[Any, Any, int]:
    """Read the prompts, then send what has no answer yet."""
    refs = list(dict.fromkeys(call.args.many("model")))
    source = local_path(call.args.one("PROMPTS"))
    kind = ModelType.SPEECH2TEXT if source.is_dir() else ModelType.CHAT
    chosen = [models.find(call.tenant_session, ref, kind) for ref in refs]
    repeat = whole_number("--repeat", call.args.one("repeat", "1"), 1, MAX_REPEATS)
    concurrency = whole_number("--concurrency", call.args.one("concurrency", "4"), 1, MAX_CONCURRENCY)
    budget = _max_cost(call)
    saved = chosen_prompt(call)
    configured = list(zip(chosen, parameters_of(call, chosen, saved), strict=True))
    output = local_path(call.args.one("output"))
    planned = plan_job(
        call.tenant_session, source, output, configured, saved, repeat=repeat, concurrency=concurrency, max_cost=budget
    )
    return _batch(call, planned)


def _max_cost(call: CommandContext) -> Decimal | None:
    text = call.args.one("max-cost")
    if not text:
        return None
    with suppress(InvalidOperation):
        amount = Decimal(text)
        if amount.is_finite() and amount > 0:
            return amount
    raise UsageError("--max-cost needs an amount above 0, in the currency of the price.")


class _Line:
    """The progress line of a terminal, changed a few times a second at most."""

    def __init__(self, call: CommandContext, progress: BatchProgress) -> None:
        self._call, self._progress, self._next = call, progress, 0.0

    def show(self) -> None:
        now, progress = monotonic(), self._progress
        if now < self._next:
            return
        self._next = now + _PROGRESS_INTERVAL
        self._call.out.progress(" · ".join(progress_words(progress, now)))


async def _batch(call: CommandContext, job: BatchJob) -> int:
    for model in job.models:
        await unlock_for_model(call, model)
    warn_of_limits(call, job.models)

    def opened() -> None:
        if job.repaired:
            call.out.note(f"Removed a row of {job.output.name} that a stopped run had left incomplete.")
        if skipped := job.progress.skipped:
            call.out.note(f"{skipped:,} of {len(job.tasks):,} are answered already.")

    try:
        await job.run(opened, _Line(call, job.progress).show)
    except asyncio.CancelledError:
        call.out.end_progress()
        call.out.note("■ Stopped; finished rows are in the file. The same command continues.")
        raise
    finally:
        call.out.end_progress()
        if job.figures:
            _report(call, job)
    return Exit.DONE if job.complete else Exit.FAILED


def _report(call: CommandContext, job: BatchJob) -> None:
    """Print the table, and why something was not sent."""
    figures, progress = job.figures, job.progress
    problems = [*progress.stopped_models.items()]
    if call.out.as_json:
        counts = {name: sum(getattr(entry, name) for entry in figures) for name in ("total", "answered", "failed")}
        call.out.json(
            {
                "output": str(job.output),
                **counts,
                "left": counts["total"] - counts["answered"] - counts["failed"],
                "max_in_flight": progress.max_in_flight,
                "models": [entry.as_json() for entry in figures],
                "problems": [{"model": ref, "message": problem.message} for ref, problem in problems],
            }
        )
    else:
        call.out.table(summary.HEADINGS, [entry.row() for entry in figures])
        for entry in figures:
            if entry.checked:
                call.out.note(f"{entry.ref}: {entry.fit:,} of {entry.checked:,} answers fit the schema.")
    for ref, problem in problems:
        call.out.note(_error_words(ref, problem))
    if progress.limit_reached:
        call.out.note("Stopped at --max-cost; a higher one continues.")


def _error_words(ref: str, problem: Problem) -> str:
    return f"{ref} was stopped. {problem.message} {problem_hint(problem)}".rstrip()
