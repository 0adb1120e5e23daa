"""Test requests to one model or to several, and how each ended."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from tui.console.frame.busy import BusyIndicator
from tui.console.frame.navigator import Questions
from tui.console.frame.screen import problem_lines
from tui.console.keys import hint
from tui.console.models.rows import name_of, row_key, short_name
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words
from tui.console.widgets.truncate import clip_middle
from tui.domain import Model
from tui.errors import Problem
from tui.tenancy.session import TenantSession
from tui.workspace.models import catalog
from tui.workspace.models.catalog import ModelRow

ShowMessage = Callable[[Words, Words], None]
"""Shows two lines in the strip."""


class ModelChecks:
    """The test requests of the Models screen; `results` holds the strip of each model that was asked last."""

    def __init__(self, working: BusyIndicator, show_message: ShowMessage) -> None:
        self._working, self._show_message = working, show_message
        self.results: dict[str, tuple[Words, Words]] = {}

    async def run(self, session: TenantSession, questions: Questions, rows: Sequence[ModelRow]) -> set[str]:
        """Send a test request to each of the models, and return the row keys of those that answered."""
        one = len(rows) == 1
        which = rows[0].model.ref if one else f"{len(rows):,} models"
        billed = billed_note(session, rows)
        if not one and billed:
            lines = [f"A short test request to each of {len(rows):,} models{billed}."]
            choices = {"back": "Go back", "send": "Send them"}
            if await questions.ask("Verify the marked models", lines, choices) != "send":
                return set()
        if not await questions.ensure_unlocked(f"send a test request to {which}"):
            return set()
        self.results = {}
        sent = "a short test request" if one else f"{len(rows):,} short test requests"
        self._show_message(f"Sending {sent}{billed}.", hint("{area.escape} stops it."))
        outcomes: dict[str, str | Problem] = {}

        def show_result(model: Model, outcome: str | Problem) -> None:
            outcomes[row_key(model)] = outcome
            self.results[row_key(model)] = (
                problem_strip(outcome)
                if isinstance(outcome, Problem)
                else (outcome, f"A short test request{billed_note(session, rows, model)}.")
            )

        try:
            with self._working.during(f"calling {clip_middle(name_of(rows[0].model), 30) if one else which}"):
                await catalog.test_all(session, [row.model for row in rows], show_result)
        except asyncio.CancelledError:
            self._show_message("Stopped. The request may still be billed.", "")
            raise
        failed = {key: outcome for key, outcome in outcomes.items() if isinstance(outcome, Problem)}
        self._show_message(*(self.results[row_key(rows[0].model)] if one else _summary(rows, failed)))
        return outcomes.keys() - failed.keys()


def _summary(rows: Sequence[ModelRow], failed: Mapping[str, Problem]) -> tuple[Words, Words]:
    """Return how many answered, and why the first of the others did not."""
    if not failed:
        return f"All {len(rows):,} models answered.", ""
    remaining = "1 did not and stays marked" if len(failed) == 1 else f"{len(failed):,} did not and stay marked"
    first = next(row.model for row in rows if row_key(row.model) in failed)
    answered = f"{len(rows) - len(failed):,} of {len(rows):,} models answered"
    return f"{answered}; {remaining}.", f"{short_name(first)}: {failed[row_key(first)].message}"


def billed_note(session: TenantSession, rows: Sequence[ModelRow], model: Model | None = None) -> str:
    """Return who bills test requests to these models, or to one of them; '' for servers of your own."""
    labels = {
        row.provider_label: None
        for row in rows
        if model in (None, row.model) and catalog.is_billed(session, row.model.provider)
    }
    return f", billed by {', '.join(labels)}" if labels else ""


def problem_strip(problem: Problem) -> tuple[Words, Words]:
    """Return a problem as the two lines of the strip."""
    return problem_lines(problem.message)[0], problem_hint(problem) or problem.detail
