"""What the batch page takes: a file of prompts for chat models, a folder of recordings for speech-to-text."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tui.console.playground.path_field import count_entries
from tui.domain import ModelType
from tui.workspace.playground.batch.recordings import recordings
from tui.workspace.playground.batch.tasks import read_prompts
from tui.workspace.playground.path_completion import sibling_path


class BatchSource(NamedTuple):
    """What the requests of a batch are made from: a file of prompts, or a folder of recordings."""

    label: str
    question: str
    missing: str
    """What is shown while the path names none."""
    endings: tuple[str, ...]
    exists: Callable[[Path], bool]
    describe: Callable[[Path], str]
    output: Callable[[str], str]
    """Proposes a path for the answers."""


def _count_prompts(path: Path) -> str:
    return count_entries(path, read_prompts, "prompt")


def _count_recordings(path: Path) -> str:
    count = len(recordings(path))
    return f"{count:,} {'recording' if count == 1 else 'recordings'}."


SOURCES = {
    ModelType.CHAT: BatchSource(
        "Prompts",
        "Which file of prompts?",
        "One prompt per line, or .jsonl or .csv with a column prompt.",
        ("txt", "jsonl", "ndjson", "csv", "md"),
        Path.is_file,
        _count_prompts,
        lambda typed: sibling_path(typed, "answers.jsonl"),
    ),
    ModelType.SPEECH2TEXT: BatchSource(
        "Recordings",
        "Which folder of recordings?",
        "A folder. If talk.txt is beside talk.mp3, it is the reference text.",
        (),
        Path.is_dir,
        _count_recordings,
        lambda typed: f"{typed.rstrip('/')}.transcripts.jsonl",
    ),
}
"""By the type of the models."""
