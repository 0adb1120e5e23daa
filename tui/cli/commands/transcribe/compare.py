"""`modeldeck transcribe` with several models or a reference text."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tui.cli.context import CommandContext
from tui.cli.model_call import print_progress, unlock_for_call
from tui.cli.remedies import problem_hint
from tui.domain import Model
from tui.errors import Exit
from tui.storage.user_file import local_path
from tui.workspace.playground.compare.text_diff import mark_differences
from tui.workspace.playground.speech.transcription import (
    HEADINGS,
    MeasuredTranscript,
    read_reference,
    transcribe_with,
)


def reference_of(call: CommandContext) -> str:
    """Return the text of --reference, '' without it."""
    return read_reference(local_path(call.args.one("reference"))) if call.args.has("reference") else ""


async def compare(call: CommandContext, chosen: Sequence[Model], path: Path, reference: str) -> int:
    """Transcribe with every model, print what came, and return the exit code."""
    for model in chosen:
        await unlock_for_call(call, model)
    results = [MeasuredTranscript(model) for model in chosen]
    try:
        await transcribe_with(
            call.tenant_session,
            results,
            path,
            call.args.one("language"),
            reference,
            lambda event: print_progress(call.out, event),
        )
    except asyncio.CancelledError:
        _print(call, results, path)
        call.out.note("■ Stopped; the text received so far is above.")
        raise
    _print(call, results, path)
    problems = [result.problem for result in results if result.problem]
    for result in results:
        if result.problem is not None:
            hint = problem_hint(result.problem)
            call.out.note(f"{result.model.ref}: {result.problem.message} {hint}".rstrip())
    if not problems:
        return Exit.DONE
    return problems[0].code if len(problems) == len(results) else Exit.FAILED


def _print(call: CommandContext, results: Sequence[MeasuredTranscript], path: Path) -> None:
    """Print every transcript, the figures, and the differences of two."""
    call.out.end_progress()
    texts = [result.text for result in results if result.text]
    differences = mark_differences(*texts) if len(results) == len(texts) == 2 else ""
    if call.out.as_json:
        models = [{"model": result.model.ref, **result.as_json()} for result in results]
        call.out.json({"file": str(path), "models": models, "differences": differences or None})
    else:
        for result in results:
            call.out.line(f"{result.model.ref}: {result.text}")
        if differences:
            call.out.line()
            call.out.line(differences)
        call.out.line()
        call.out.table(HEADINGS, [result.row() for result in results])
