"""Run `modeldeck batch`: progress on a terminal, rows in a file, a table at the end."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from math import ceil
from pathlib import Path
from time import monotonic
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.inputs import whole_number
from tui.cli.model_call import unlock_for_model
from tui.cli.model_parameters import chosen_prompt, parameters_of
from tui.cli.remedies import problem_hint
from tui.domain import Model, ModelType
from tui.errors import Exit, Problem, UsageError
from tui.storage.user_file import local_path
from tui.tenancy import models
from tui.tenancy.last_used import touch
from tui.workspace.playground.batch import chat, recordings, summary
from tui.workspace.playground.batch.rows_file import RowsFile
from tui.workspace.playground.batch.runner import BatchProgress, BatchRun, Perform
from tui.workspace.playground.batch.tasks import BatchTask, read_prompts, tasks
from tui.workspace.pricing.table import price_of

_MOST_AT_ONCE, _MOST_REPEATS = 64, 100
_EVERY = 0.2
"""Seconds between two changes of the progress line."""


def batch(call: CommandContext) -> Coroutine[Any, Any, int]:
    """Read the prompts, then send what has no answer yet."""
    refs = list(dict.fromkeys(call.args.many("model")))
    source = local_path(call.args.one("PROMPTS"))
    kind = ModelType.SPEECH2TEXT if source.is_dir() else ModelType.CHAT
    chosen = [models.find(call.tenant_session, ref, kind) for ref in refs]
    repeat = whole_number("--repeat", call.args.one("repeat", "1"), 1, _MOST_REPEATS)
    at_once = whole_number("--concurrency", call.args.one("concurrency", "4"), 1, _MOST_AT_ONCE)
    most = _amount(call)
    if most is not None:
        _check_prices(call, chosen)
    prompts = recordings.recordings(source) if source.is_dir() else read_prompts(source)
    saved = chosen_prompt(call)
    configured = list(zip(chosen, parameters_of(call, chosen, saved), strict=True))
    if saved.schema is not None and kind is not ModelType.CHAT:
        raise UsageError("A schema is for the answers of chat models, not for transcripts.")
    planned = tasks(prompts, configured, repeat, saved.system, saved.schema)
    output = local_path(call.args.one("output"))
    if output.exists() and output.samefile(source):
        raise UsageError("The output is the file of the prompts.", "Choose another file with -o.")
    session = call.tenant_session
    perform = recordings.performer(session, source) if source.is_dir() else chat.performer(session)
    return _batch(call, planned, perform, output, at_once, most)


def _amount(call: CommandContext) -> Decimal | None:
    text = call.args.one("max-cost")
    if not text:
        return None
    with suppress(InvalidOperation):
        amount = Decimal(text)
        if amount.is_finite() and amount > 0:
            return amount
    raise UsageError("--max-cost needs an amount above 0, in the currency of the price.")


def _check_prices(call: CommandContext, chosen: Sequence[Model]) -> None:
    if unpriced := [model.ref for model in chosen if price_of(call.tenant_session, model) is None]:
        raise UsageError(
            f"The price of {unpriced[0]} is not known, so --max-cost cannot be checked.",
            "Add it to prices.toml; modeldeck price --help says how.",
        )


class _Line:
    """The progress line of a terminal, changed a few times a second at most."""

    def __init__(self, call: CommandContext, progress: BatchProgress) -> None:
        self._call, self._progress, self._next = call, progress, 0.0

    def show(self) -> None:
        now, progress = monotonic(), self._progress
        if now < self._next:
            return
        self._next = now + _EVERY
        words = [f"{progress.done:,} of {progress.total:,}", f"{progress.in_flight} in flight"]
        words += [f"{progress.failed:,} failed"] if progress.failed else []
        wait = progress.waiting_until - now
        words += [f"rate limit: waiting {ceil(wait)} s"] if wait > 0 else []
        words += [f"{currency} {amount:.4f}" for currency, amount in progress.spent.items()]
        self._call.out.progress(" · ".join(words))


async def _batch(
    call: CommandContext,
    planned: Sequence[BatchTask],
    perform: Perform,
    output: Path,
    at_once: int,
    most: Decimal | None,
) -> int:
    chosen = {task.model.ref: task.model for task in planned}
    for model in chosen.values():
        await unlock_for_model(call, model)
    touch(call.tenant_session)
    _ = call.session.client
    progress = BatchProgress(len(planned))
    line = _Line(call, progress)
    with RowsFile(output) as file:
        answered = set()
        for row in file.rows():
            if summary.is_answered(row):
                answered.add(row["id"])
                if cost := summary.cost_in(row):
                    progress.spent[cost[1]] = progress.spent.get(cost[1], Decimal(0)) + cost[0]
        if file.repaired:
            call.out.note(f"Removed a row of {output.name} that a stopped run had left incomplete.")
        waiting = [task for task in planned if task.id not in answered]
        progress.skipped = len(planned) - len(waiting)
        if progress.skipped:
            call.out.note(f"{progress.skipped:,} of {len(planned):,} are answered already.")
        hosts = {ref: chat.host_of(call.tenant_session, model) for ref, model in chosen.items()}
        run = BatchRun(waiting, hosts, perform, file, progress, concurrency=at_once, max_cost=most, on_change=line.show)
        try:
            await run.run()
        except asyncio.CancelledError:
            call.out.note("■ Stopped; every row that came is in the file. The same command continues.")
            raise
        finally:
            call.out.end_progress()
            file.sort([task.id for task in planned])
            totals = Counter(task.model.ref for task in planned)
            _report(call, output, progress, summary.summaries(totals, file.rows()))
    return Exit.DONE if progress.skipped + progress.answered == len(planned) else Exit.FAILED


def _report(
    call: CommandContext, output: Path, progress: BatchProgress, figures: Sequence[summary.ModelSummary]
) -> None:
    """Print the table, and why something was not sent."""
    problems = [*progress.stopped_models.items()]
    if call.out.as_json:
        counts = {name: sum(getattr(entry, name) for entry in figures) for name in ("total", "answered", "failed")}
        call.out.json(
            {
                "output": str(output),
                **counts,
                "left": counts["total"] - counts["answered"] - counts["failed"],
                "max_in_flight": progress.most_in_flight,
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
        call.out.note(_words(ref, problem))
    if progress.limit_reached:
        call.out.note("Stopped at --max-cost; a higher one continues.")


def _words(ref: str, problem: Problem) -> str:
    return f"{ref} was stopped. {problem.message} {problem_hint(problem)}".rstrip()
