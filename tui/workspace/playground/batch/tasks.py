"""The tasks of a batch: each prompt of a file, for each model, as often as it is repeated."""

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.sanitize import one_line
from tui.storage.user_file import read
from tui.workspace.playground.answer_schema import Schema

MAX_SIZE = 256 << 20
"""Bytes of a file of prompts."""
_TEXT_COLUMNS = ("prompt", "question", "text")


@dataclass(frozen=True)
class Prompt:
    """A prompt of a file, with its own system prompt ('' for the batch's) and its own name ('' for none)."""

    text: str
    system: str = ""
    name: str = ""


@dataclass(frozen=True)
class BatchTask:
    """One request of a batch.

    `id` is a hash of prompt, system prompt, model, parameters, repeat and schema; `index` its place in the output.
    """

    id: str
    index: int
    prompt: Prompt
    model: Model
    parameters: Mapping[str, Any] = field(default_factory=dict)
    repeat: int = 1
    schema: Schema | None = None


def read_prompts(path: Path) -> list[Prompt]:
    """Read the prompts of a file by its ending.

    `.jsonl`: each line is a text, or an object with `prompt`, and optionally `system` and `id`. `.csv`: a column
    `prompt` (or the first one). Anything else: one prompt per line. Blank lines are left out.
    """
    content = read(path, MAX_SIZE)
    if len(content) > MAX_SIZE:
        raise UsageError(f"{one_line(path.name)} is larger than {MAX_SIZE >> 20} MiB.", "Split it.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{one_line(path.name)} is not UTF-8 text.", "Convert it first.") from None
    readers = {".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _table}
    try:
        prompts = [prompt for prompt in readers.get(path.suffix.lower(), _lines)(text) if prompt.text.strip()]
    except csv.Error:
        raise UsageError(f"{one_line(path.name)} is not a table.", "Save it as CSV, in UTF-8.") from None
    if not prompts:
        raise UsageError(f"{one_line(path.name)} holds no prompt.", "Write one per line.")
    return prompts


def _lines(text: str) -> Iterator[Prompt]:
    return (Prompt(line.removesuffix("\r")) for line in text.split("\n"))


def _json_lines(text: str) -> Iterator[Prompt]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise UsageError(f"Line {number} is not JSON.", "Each line is a text or an object with prompt.") from None
        if isinstance(value, str):
            yield Prompt(value)
            continue
        prompt = next((value[name] for name in _TEXT_COLUMNS if name in value), None) if isinstance(value, dict) else 0
        if not isinstance(prompt, str):
            raise UsageError(f"Line {number} has no prompt.", 'Write {"prompt": "…"} or a text in quotes.')
        yield Prompt(prompt, str(value.get("system") or ""), str(value.get("id") or ""))


def _table(text: str) -> Iterator[Prompt]:
    csv.field_size_limit(MAX_SIZE)
    rows = csv.reader(io.StringIO(text))
    heading = [name.strip().casefold() for name in next(rows, [])]
    column = next((heading.index(name) for name in _TEXT_COLUMNS if name in heading), 0)
    places = {name: heading.index(name) for name in ("system", "id") if name in heading}
    for row in rows:
        own = {name: row[place] if place < len(row) else "" for name, place in places.items()}
        yield Prompt(row[column] if column < len(row) else "", own.get("system", ""), own.get("id", ""))


def tasks(
    prompts: Sequence[Prompt],
    models: Sequence[tuple[Model, Mapping[str, Any]]],
    repeat: int = 1,
    system: str = "",
    schema: Schema | None = None,
) -> list[BatchTask]:
    """Return every request, prompt by prompt; `models` are models with their parameters.

    A prompt that is in the file twice counts as repeated.
    """
    created: list[BatchTask] = []
    counts: Counter[tuple[str, str, str]] = Counter()
    for prompt in prompts:
        whole = Prompt(prompt.text, prompt.system or system, prompt.name)
        for model, parameters in models:
            for _ in range(repeat):
                key = (whole.text, whole.system, model.ref)
                counts[key] += 1
                row_id = _hash(whole, model, parameters, counts[key], schema)
                created.append(BatchTask(row_id, len(created), whole, model, parameters, counts[key], schema))
    return created


def _hash(
    prompt: Prompt, model: Model, parameters: Mapping[str, Any], repeat: int, schema: Schema | None = None
) -> str:
    shape = [prompt.text, prompt.system, model.ref, dict(parameters), repeat]
    shape += [dict(schema)] if schema is not None else []
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:24]
