"""A comparison as a table, as Markdown and as JSON."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from tui.errors import Problem
from tui.providers.events import Usage
from tui.sanitize import escaped_json
from tui.workspace.playground.compare.comparison import ComparedModel, PromptComparison, Spread
from tui.workspace.playground.compare.measurement import MeasuredAnswer
from tui.workspace.playground.compare.text_diff import mark_differences
from tui.workspace.playground.conversation import AnswerState

UNKNOWN = "–"
HEADINGS = ("model", "first token", "first answer", "tokens/s", "in", "reasoning", "out", "total", "finish", "cost")
CONNECTION_NOTE = "* opened a connection first"
LETTERS = "ABCD"
"""What models are called by where there is no room for their names."""

_Figure = Callable[[MeasuredAnswer], float | None]


def _first_token(answer: MeasuredAnswer) -> float | None:
    return answer.first or None


def _first_answer(answer: MeasuredAnswer) -> float | None:
    return answer.first_answer or None


def _speed(answer: MeasuredAnswer) -> float | None:
    return answer.speed


def _total(answer: MeasuredAnswer) -> float | None:
    return answer.total or None


FIGURES: dict[str, _Figure] = {
    "first_token": _first_token,
    "first_answer_token": _first_answer,
    "tokens_per_second": _speed,
    "total": _total,
}
"""The figures that repeats give a median of, by their JSON name."""


def table(comparison: PromptComparison) -> list[tuple[str, ...]]:
    """Return a row of figures for each model under `HEADINGS`; with repeats they are `median (least–greatest)`."""
    return [row(entry) for entry in comparison.models]


def row(entry: ComparedModel) -> tuple[str, ...]:
    """Return the figures of a model under `HEADINGS`."""
    answer = entry.answer
    if answer is None:
        return (entry.model.ref, *([UNKNOWN] * (len(HEADINGS) - 3)), "not asked", UNKNOWN)
    about = "" if answer.answer_tokens and answer.answer_tokens[1] else "~"
    fresh = "*" if any(run.fresh_connection for run in entry.answers) else ""
    usage = answer.usage or Usage()
    return (
        entry.model.ref,
        _seconds(entry, _first_token) + fresh,
        _seconds(entry, _first_answer),
        _with(entry, _speed, lambda value: f"{about}{value:.0f}"),
        *(UNKNOWN if count is None else f"{count:,}" for count in (usage.input, usage.reasoning, usage.output)),
        _seconds(entry, _total, "{:.1f} s"),
        outcome(entry),
        answer.cost.words if answer.cost else UNKNOWN,
    )


def _seconds(entry: ComparedModel, figure: _Figure, shape: str = "{:.2f} s") -> str:
    return _with(entry, figure, shape.format)


def _with(entry: ComparedModel, figure: _Figure, shape: Callable[[float], str]) -> str:
    if len(entry.answers) > 1:
        return spread_words(entry.spread_of(figure), shape)
    value = figure(entry.answers[-1])
    return shape(value) if value else UNKNOWN


def spread_words(values: Spread | None, shape: Callable[[float], str]) -> str:
    """Return `0.31 s (0.29 s–0.40 s)`, or the value alone if there is one."""
    if values is None:
        return UNKNOWN
    if values.count == 1:
        return shape(values.median)
    return f"{shape(values.median)} ({shape(values.low)}–{shape(values.high)})"


def outcome(entry: ComparedModel) -> str:
    """Return how a model's answers ended, and how many of several came whole."""
    whole = sum(answer.complete for answer in entry.answers)
    of = f"{whole} of {len(entry.answers)} · " if len(entry.answers) > 1 else ""
    answer = next((run for run in reversed(entry.answers) if run.problem), entry.answers[-1] if entry.answers else None)
    fits = fit_words(entry)
    return of + (how_ended(answer) if answer else "not asked") + (f" · {fits}" if fits else "")


def fit_words(entry: ComparedModel) -> str:
    """Return how many answers fit the schema, such as `4 of 5 fit`; '' without a schema."""
    if entry.fits is None:
        return ""
    (valid, count), last = entry.fits, entry.answers[-1]
    words = f"{valid} of {count} fit" if count > 1 else "fits" if valid else "does not fit"
    return f"{words}, corrected" if last.correction and last.fit is not None and last.fit.valid else words


def how_ended(answer: MeasuredAnswer) -> str:
    """Return the finish reason of an answer, or that it failed."""
    if answer.problem is not None:
        return "failed"
    if answer.state is AnswerState.STOPPED:
        return "stopped"
    if answer.state is None:
        return "running"
    return answer.finish.reason if answer.finish else UNKNOWN


def as_json(comparison: PromptComparison) -> dict[str, Any]:
    """Return the comparison as `--json` prints it."""
    return {
        "prompt": comparison.prompt,
        "system": comparison.system,
        "attachments": [file.as_json() for file in comparison.files],
        "schema": dict(comparison.schema) if comparison.schema is not None else None,
        "repeat": comparison.repeat,
        "began": comparison.began,
        "models": [
            {
                "model": entry.model.ref,
                "parameters": entry.parameters,
                "answers": [answer.as_json() for answer in entry.answers],
                "schema_fits": {"valid": entry.fits[0], "of": entry.fits[1]} if entry.fits else None,
                "summary": {
                    name: values.as_json() if (values := entry.spread_of(figure)) else None
                    for name, figure in FIGURES.items()
                },
            }
            for entry in comparison.models
        ],
    }


def as_json_text(comparison: PromptComparison) -> str:
    """Return the comparison as the text of a JSON file."""
    return escaped_json(json.dumps(as_json(comparison), ensure_ascii=False, indent=2)) + "\n"


def as_markdown(comparison: PromptComparison) -> str:
    """Return the comparison as Markdown: the prompt, a table, the answers, and the differences of two."""
    blocks = ["# Comparison", f"{comparison.began} · {_repeats(comparison.repeat)}".lstrip(" ·")]
    blocks += ["## System prompt", quote(comparison.system)] if comparison.system else []
    blocks += ["## Prompt", quote(comparison.prompt), *(f"*Attached: {file.words}.*" for file in comparison.files)]
    blocks += ["## Figures", _markdown_table(HEADINGS, table(comparison))]
    if any(answer.fresh_connection for entry in comparison.models for answer in entry.answers):
        blocks.append(CONNECTION_NOTE.replace("*", "\\*", 1))
    for entry in comparison.models:
        for number, answer in enumerate(entry.answers, 1):
            of = f", answer {number}" if len(entry.answers) > 1 else ""
            of += ", corrected" if answer.correction else ""
            blocks += [f"## {entry.model.ref}{of}", answer.text.strip() or "*No answer.*", *_mark(answer)]
    texts = [entry.answer.text for entry in comparison.models if entry.answer and entry.answer.text]
    if len(comparison.models) == 2 and len(texts) == 2:
        blocks += ["## Differences", "```text\n" + mark_differences(*texts).replace("```", "'''") + "\n```"]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _repeats(count: int) -> str:
    return "one answer of each model" if count == 1 else f"{count} answers of each model"


def quote(text: str) -> str:
    """Return a text as a Markdown quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _mark(answer: MeasuredAnswer) -> Sequence[str]:
    if answer.state is AnswerState.STOPPED:
        return ["*Stopped; the answer is incomplete.*"]
    if answer.problem is not None:
        return [f"*{problem_words(answer.problem)}*"]
    notes = [f"*{answer.finish.note}*"] if answer.finish and answer.finish.note else []
    return notes + ([f"*{answer.fit.words}*"] if answer.fit is not None and not answer.fit.valid else [])


def problem_words(problem: Problem) -> str:
    """Return a problem's sentence with the provider's own words."""
    return f"{problem.message} {problem.detail}".strip()


def _markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
