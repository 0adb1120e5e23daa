"""The texts under the columns of the compare tab: the footer's keys, and the words in the foot rule."""

from tui.console.playground.compare.columns import CompareColumns
from tui.workspace.playground.compare import report
from tui.workspace.playground.compare.comparison import MAX_MODELS, PromptComparison
from tui.workspace.playground.saved_prompts import SavedPrompt


def footer(
    columns: CompareColumns,
    comparison: PromptComparison | None,
    source_keys: tuple[str, ...],
    *,
    running: bool,
    typing: bool,
) -> tuple[str, ...]:
    """Return the footer's entries: while answers run, while typing, and otherwise.

    Args:
        columns: The models.
        comparison: The prompt with its answers, if one was asked.
        source_keys: The keys that choose whose key pays.
        running: Whether answers run.
        typing: Whether a text field has the focus.
    """
    if running:
        stop = ("app.copy-or-stop: stop", "area.escape: commands")
        return stop if typing else ("area.escape: stop", "compare.write")
    if typing:
        add = ("playground.model: add model",) if len(columns) < MAX_MODELS else ()
        after = ("compare.again", "compare.save", *_correct(comparison)) if comparison else ()
        return ("question.send", "question.new-line", *after, *add, "area.escape: commands")
    keys = ["compare.write", *(["compare.add"] if len(columns) < MAX_MODELS else [])]
    if columns.current is not None:
        keys += ["playground.model: replace", "compare.remove", *source_keys]
    if comparison is not None:
        keys += [*_correct(comparison)]
        keys += ["compare.again", "compare.repeat", "compare.winner", "compare.differences", "compare.save"]
    if columns:
        keys.append("compare.batch")
    return (*keys, "playground.type")


def _correct(comparison: PromptComparison) -> tuple[str, ...]:
    return ("chat.correct",) if any(entry.correction for entry in comparison.models) else ()


def foot_words(
    columns: CompareColumns, comparison: PromptComparison | None, prompt: SavedPrompt, *, running: bool
) -> str:
    """Return what runs, what the figures are of, or what will be asked."""
    if running:
        return f"{columns.running} of {len(columns)} answering"
    if comparison is None:
        return _with(prompt) or "one prompt, every model"
    answers = [answer for entry in comparison.models for answer in entry.answers]
    samples = comparison.max_answers
    fresh = f" · {report.CONNECTION_NOTE}" if any(answer.fresh_connection for answer in answers) else ""
    return (f"median of {samples} answers each" if samples > 1 else "one answer each") + fresh


def _with(prompt: SavedPrompt) -> str:
    """Return what the models are asked with beside the prompt."""
    parts = ["system prompt"] if prompt.system else []
    parts += [f"{name} {text}" for name, text in prompt.parameters.items()]
    parts += ["answers fit a schema"] if prompt.schema is not None else []
    return f"with {', '.join(parts)}" if parts else ""
