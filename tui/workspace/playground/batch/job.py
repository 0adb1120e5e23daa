"""A batch as both front ends run it: from a file of prompts, or a folder of recordings, to a file of rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.tenancy.last_used import touch
from tui.tenancy.session import TenantSession
from tui.workspace.playground.batch import chat, recordings, summary
from tui.workspace.playground.batch.rows_file import RowsFile
from tui.workspace.playground.batch.runner import BatchProgress, BatchRun, Perform
from tui.workspace.playground.batch.summary import ModelSummary
from tui.workspace.playground.batch.tasks import BatchTask, read_prompts, tasks
from tui.workspace.playground.saved_prompts import SavedPrompt
from tui.workspace.pricing.table import price_of

MAX_CONCURRENCY, MAX_REPEATS = 64, 100


class BatchJob:
    """The tasks of a batch, and how far it is.

    `repaired` are the bytes of a row that a stopped run had left incomplete; `figures` are the models' at the end.
    """

    def __init__(
        self,
        session: TenantSession,
        planned: Sequence[BatchTask],
        perform: Perform,
        output: Path,
        *,
        concurrency: int = 4,
        max_cost: Decimal | None = None,
    ) -> None:
        self.tasks, self.output, self.concurrency = planned, output, concurrency
        self.progress = BatchProgress(len(planned))
        self.repaired = 0
        self.figures: list[ModelSummary] = []
        self._session, self._perform, self._max_cost = session, perform, max_cost

    @property
    def models(self) -> list[Model]:
        """The models that requests are sent to."""
        return list({task.model.ref: task.model for task in self.tasks}.values())

    @property
    def complete(self) -> bool:
        """Whether every task has an answer."""
        return self.progress.skipped + self.progress.answered == len(self.tasks)

    async def run(
        self, on_open: Callable[[], object] = lambda: None, on_change: Callable[[], object] = lambda: None
    ) -> None:
        """Send what has no answer in the output yet. Cancelling keeps every finished row.

        Args:
            on_open: Called when the output was read, so that `skipped` and `repaired` are known.
            on_change: Called after each change of the progress.
        """
        progress = self.progress
        touch(self._session)
        _ = self._session.process.client
        with RowsFile(self.output) as file:
            waiting = self._without_answer(file)
            progress.skipped = len(self.tasks) - len(waiting)
            self.repaired = file.repaired
            on_open()
            hosts = {model.ref: chat.host_of(self._session, model) for model in self.models}
            run = BatchRun(
                waiting,
                hosts,
                self._perform,
                file,
                progress,
                concurrency=self.concurrency,
                max_cost=self._max_cost,
                on_change=on_change,
            )
            try:
                await run.run()
            finally:
                file.sort([task.id for task in self.tasks])
                totals = Counter(task.model.ref for task in self.tasks)
                self.figures = summary.summaries(totals, file.rows())

    def _without_answer(self, file: RowsFile) -> list[BatchTask]:
        """Return the tasks to send; what the others cost is in the progress."""
        answered, spent = set(), self.progress.spent
        for row in file.rows():
            if summary.is_answered(row):
                answered.add(row["id"])
                if cost := summary.cost_in(row):
                    spent[cost[1]] = spent.get(cost[1], Decimal(0)) + cost[0]
        return [task for task in self.tasks if task.id not in answered]


def plan_job(
    session: TenantSession,
    source: Path,
    output: Path,
    models: Sequence[tuple[Model, Mapping[str, Any]]],
    prompt: SavedPrompt,
    *,
    repeat: int = 1,
    concurrency: int = 4,
    max_cost: Decimal | None = None,
) -> BatchJob:
    """Read the prompts and return their job; `models` are models with their parameters.

    Raises:
        UsageError: The source holds no prompt, the output is the source, or a cost limit cannot be checked.
    """
    if max_cost is not None:
        _check_prices(session, [model for model, _ in models])
    folder = source.is_dir()
    if folder and prompt.schema is not None:
        raise UsageError("A schema is for the answers of chat models, not for transcripts.")
    prompts = recordings.recordings(source) if folder else read_prompts(source)
    if output.exists() and output.samefile(source):
        raise UsageError("The output is the file of the prompts.", "Choose another file.")
    perform = recordings.perform_function(session, source) if folder else chat.perform_function(session)
    planned = tasks(prompts, models, repeat, prompt.system, prompt.schema)
    return BatchJob(session, planned, perform, output, concurrency=concurrency, max_cost=max_cost)


def _check_prices(session: TenantSession, models: Sequence[Model]) -> None:
    if unpriced := [model.ref for model in models if price_of(session, model) is None]:
        raise UsageError(
            f"The price of {unpriced[0]} is not known, so a cost limit cannot be checked.",
            "Add it to your prices.toml.",
        )


def progress_words(progress: BatchProgress, now: float) -> list[str]:
    """Return how far a batch is, in parts; `now` is by the monotonic clock."""
    words = [f"{progress.done:,} of {progress.total:,}", f"{progress.in_flight} in flight"]
    words += [f"{progress.failed:,} failed"] if progress.failed else []
    wait = progress.waiting_until - now
    words += [f"next try in {ceil(wait)} s"] if wait > 0 else []
    return words + [f"{currency} {amount:.4f}" for currency, amount in progress.spent.items()]
