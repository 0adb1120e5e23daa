"""Run `modeldeck compare`: labelled lines as they come, then a table."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.inputs import new_file, read_text, whole_number
from tui.cli.model_call import attached_files, save_trace, trace_path, unlock_for_model, warn_of_limits
from tui.cli.model_parameters import chosen_prompt, parameters_of
from tui.cli.remedies import problem_hint
from tui.domain import ModelType
from tui.errors import Exit, Locked, Problem, UsageError
from tui.providers.events import Event, Retrying, TextDelta
from tui.storage.user_file import write
from tui.tenancy import models
from tui.tenancy.last_used import touch
from tui.workspace.playground.compare import comparison as comparisons
from tui.workspace.playground.compare import report
from tui.workspace.playground.compare.comparison import ComparedModel, PromptComparison
from tui.workspace.playground.compare.measurement import MeasuredAnswer
from tui.workspace.playground.conversation import AnswerState


def compare(call: CommandContext) -> Coroutine[Any, Any, int]:
    """Read the prompt, then ask every model."""
    chosen = [models.find(call.tenant_session, ref, ModelType.CHAT) for ref in call.args.many("model")]
    comparisons.check_models(chosen)
    saved = chosen_prompt(call)
    parameters = parameters_of(call, chosen, saved)
    compared = [ComparedModel(model, values) for model, values in zip(chosen, parameters, strict=True)]
    repeat = whole_number("--repeat", call.args.one("repeat", "1"), 1, comparisons.MAX_REPEATS)
    file = _file(call)
    prompt = call.args.one("PROMPT", "-")
    if prompt == "-":
        prompt = read_text("Type your question").strip()
    if not prompt.strip():
        raise UsageError("The question is blank.", "For example: modeldeck compare -m A -m B 'Why is the sky blue?'")
    files = attached_files(call)
    began = call.session.now()
    return ask_all(call, PromptComparison(prompt, compared, saved.system, repeat, began, files, saved.schema), file)


def _file(call: CommandContext) -> Path | None:
    where = call.args.one("output")
    if not where:
        return None
    return new_file(where, call.args.has("force"))


class _Lines:
    """Prints each line of each answer behind its letter, once it is whole."""

    def __init__(self, call: CommandContext, comparison: PromptComparison) -> None:
        self._call = call
        self._comparison = comparison
        self._open: dict[int, str] = {}

    def apply(self, answer: MeasuredAnswer, event: Event) -> None:
        out = self._call.out
        if isinstance(event, Retrying):
            out.note(f"{self._label(answer)} {event.reason or 'no answer'}: retrying in {event.seconds:.0f} s.")
        if out.as_json or not isinstance(event, TextDelta):
            return
        *lines, rest = (self._open.get(id(answer), "") + event.text).split("\n")
        for line in lines:
            out.piece(f"{self._label(answer)} {line}\n")
        self._open[id(answer)] = rest

    def end(self, answer: MeasuredAnswer) -> None:
        rest = self._open.pop(id(answer), "")
        if rest:
            self._call.out.piece(f"{self._label(answer)} {rest}\n")
        if answer.problem is not None:
            hint = problem_hint(answer.problem)
            parts = (answer.problem.message, answer.problem.detail, hint)
            self._call.out.note(f"{self._label(answer)} {' '.join(filter(None, parts))}")
        if answer.finish is not None and answer.finish.note:
            self._call.out.note(f"{self._label(answer)} {answer.finish.note}")
        if answer.fit is not None and not answer.fit.valid:
            self._call.out.note(f"{self._label(answer)} {answer.fit.words}")

    def _label(self, answer: MeasuredAnswer) -> str:
        for letter, entry in zip(report.LETTERS, self._comparison.models, strict=False):
            if answer in entry.answers:
                return f"{letter}{entry.answers.index(answer) + 1 if self._comparison.repeat > 1 else ''} |"
        return "|"


async def ask_all(call: CommandContext, comparison: PromptComparison, file: Path | None = None) -> int:
    """Ask the models, print their answers and a table, and return the exit code."""
    trace = trace_path(call) if call.args.has("trace") else None
    comparison.logged = trace is not None
    for entry in comparison.models:
        try:
            await unlock_for_model(call, entry.model)
        except Locked:
            raise
        except Problem:
            continue  # it becomes the outcome of this model alone
    warn_of_limits(call, [entry.model for entry in comparison.models])
    touch(call.tenant_session)
    _ = call.session.client  # so that its imports do not count as a provider's time
    if not call.out.as_json and call.out.decorated:
        for letter, entry in zip(report.LETTERS, comparison.models, strict=False):
            call.out.line(f"{letter} | {entry.model.ref}")
    lines = _Lines(call, comparison)
    try:
        await comparisons.run(call.tenant_session, comparison, lines.apply, lines.end)
    except asyncio.CancelledError:
        comparisons.stop(comparison)
        _finish(call, comparison, file, trace)
        call.out.note("■ Stopped; partial answers are kept.")
        raise
    _finish(call, comparison, file, trace)
    answers = [answer for entry in comparison.models for answer in entry.answers]
    whole = all(answer.state is AnswerState.COMPLETE for answer in answers)
    if whole and (comparison.schema is None or all(answer.fit is not None and answer.fit.valid for answer in answers)):
        return Exit.DONE
    problems = [answer.problem for answer in answers if answer.problem]
    return problems[0].code if problems and len(problems) == len(answers) else Exit.FAILED


def _finish(call: CommandContext, comparison: PromptComparison, file: Path | None, trace: Path | None) -> None:
    """Print the figures, and save the comparison, and what was sent for it, if a file was named."""
    if trace is not None:
        _save_trace(call, comparison, trace)
    if file is not None:
        as_json = file.suffix.lower() == ".json"
        write(file, report.as_json_text(comparison) if as_json else report.as_markdown(comparison))
    if call.out.as_json:
        call.out.json(report.as_json(comparison))
        return
    call.out.line()
    rows = zip(report.LETTERS, report.table(comparison), strict=False)
    call.out.table(("", *report.HEADINGS), [(letter, *row) for letter, row in rows])
    if call.out.decorated and any("*" in row[1] for row in report.table(comparison)):
        call.out.note(report.CONNECTION_NOTE)
    if file is not None:
        call.out.note(f"Saved to {file}.")


def _save_trace(call: CommandContext, comparison: PromptComparison, path: Path) -> None:
    """Save what was sent and received for each answer; those on a trial are left out, as they show its account."""
    entries = [
        {"model": entry.model.ref, "answer": number, **answer.wire_log.as_json()}
        for entry in comparison.models
        for number, answer in enumerate(entry.answers, 1)
    ]
    save_trace(call, path, {"version": 1, "answers": entries})
