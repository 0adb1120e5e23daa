"""`modeldeck transcribe` with several models or a reference text."""

from collections.abc import Sequence
from pathlib import Path

from tui.cli.context import CommandContext
from tui.cli.model_call import begin, print_progress
from tui.cli.remedies import problem_hint
from tui.domain import Model
from tui.errors import Exit, UsageError
from tui.storage.user_file import local_path, read
from tui.workspace.playground.compare.words import marked
from tui.workspace.playground.speech.transcription import MeasuredTranscript, transcribe_with

_LARGEST = 16 << 20
_HEADINGS = ("model", "seconds", "real time", "WER", "CER")
_UNKNOWN = "–"


def reference_of(call: CommandContext) -> str:
    """Return the text of --reference, '' without it."""
    if not call.args.has("reference"):
        return ""
    text = read(local_path(call.args.one("reference")), _LARGEST).decode("utf-8", "replace")
    if not text.strip():
        raise UsageError("The reference text is blank.")
    return text


async def compare(call: CommandContext, chosen: Sequence[Model], path: Path, reference: str) -> int:
    """Print every transcript, the figures, and the differences of two."""
    for model in chosen:
        await begin(call, model)
    results = await transcribe_with(
        call.tenant_session,
        chosen,
        path,
        call.args.one("language"),
        reference,
        lambda event: print_progress(call.out, event),
    )
    call.out.end_progress()
    texts = [result.text for result in results if result.text]
    differences = marked(*texts) if len(results) == len(texts) == 2 else ""
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
        call.out.table(_HEADINGS, [_row(result) for result in results])
    problems = [result.problem for result in results if result.problem]
    for result in results:
        if result.problem is not None:
            hint = problem_hint(result.problem)
            call.out.note(f"{result.model.ref}: {result.problem.message} {hint}".rstrip())
    if not problems:
        return Exit.DONE
    return problems[0].code if len(problems) == len(results) else Exit.FAILED


def _row(result: MeasuredTranscript) -> tuple[str, ...]:
    factor, rates = result.real_time_factor, result.rates
    return (
        result.model.ref,
        f"{result.seconds:.1f} s",
        f"{factor:.2f} ×" if factor else _UNKNOWN,
        *((f"{rates.words:.1%}", f"{rates.characters:.1%}") if rates else (_UNKNOWN, _UNKNOWN)),
    )
