"""The form of the speech-to-text tab: audio file, language and timestamps."""

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input

from tui.console.frame.screen import problem_lines
from tui.console.keys import hint
from tui.console.playground.path_field import PathField
from tui.console.remedies import problem_hint
from tui.console.widgets.form import LABEL, Button, Choice, FieldRow, Form
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.console.widgets.truncate import clip_middle
from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.requests import TimestampGranularity
from tui.providers.spec import AudioLimits, Provider
from tui.sanitize import one_line
from tui.workspace.playground.speech.audio import AudioInfo, accepted_endings, audio_info, megabytes

TIMES = {
    TimestampGranularity.NONE: "none",
    TimestampGranularity.SENTENCE: "per segment",
    TimestampGranularity.WORD: "per word",
}


class AudioFile(NamedTuple):
    """A file with what is known of it."""

    path: Path
    info: AudioInfo

    def __str__(self) -> str:
        return f"{_file_summary(self.path, self.info)}."


class SpeechForm(Vertical):
    """The form. It inspects the file while its path is typed, and sends nothing."""

    DEFAULT_CSS = """
    SpeechForm { height: 1fr; }
    SpeechForm Form { padding-top: 1; }
    SpeechForm #from { padding-left: 20; height: auto; }
    SpeechForm #from.-none, SpeechForm.-narrow #from { display: none; }
    SpeechForm.-narrow PathEntries { padding-left: 0; }
    SpeechForm #row-language { margin-top: 1; }
    SpeechForm Button { margin-top: 1; }
    SpeechForm #wrong { height: auto; margin-top: 1; }
    """

    class Ready(Message):
        """The button was pressed and the file can be sent."""

    class FileInspected(Message):
        """Posted when more is known of the file."""

    def __init__(self, home: Path) -> None:
        super().__init__(id="form")
        self._model: Model | None = None
        self._provider: Provider | None = None
        self.info: AudioInfo | None = None
        self._path = PathField("File", home, self._describe, explain=self._problem_lines)
        self._path.endings = accepted_endings(None)
        self._language = FieldRow("language", "Language", cells=16)
        self._times = Choice("Times", [(TimestampGranularity.NONE.value, TIMES[TimestampGranularity.NONE])], id="times")

    def compose(self) -> ComposeResult:
        with Form():
            yield self._path
            yield Plain(id="from")
            yield self._language
            yield self._times
            yield Button("Transcribe", id="transcribe", primary=True)
            yield Plain(id="wrong")

    def on_mount(self) -> None:
        self._times.display = False
        self._path.refresh_file()

    def on_resize(self) -> None:
        narrow = self.app.size.width < 60
        self.set_class(narrow, "-narrow")
        self._language.show_note("" if narrow else "  blank: auto-detect")

    # --- what was chosen ---

    @property
    def path(self) -> Path:
        """The path, with `~` expanded."""
        return self._path.path

    @property
    def shown_path(self) -> str:
        """The path as it was typed."""
        return one_line(self._path.value)

    @property
    def language(self) -> str:
        """The language, '' where the model finds it out."""
        return self._language.value.strip().lower()

    @property
    def times(self) -> TimestampGranularity:
        """The times wanted, only those that the model gives."""
        return TimestampGranularity(self._times.value) if self._times.display else TimestampGranularity.NONE

    @property
    def limits(self) -> AudioLimits | None:
        """What the model takes and gives."""
        audio = self._provider.audio if self._provider else None
        return audio(self._model) if audio and self._model else None

    def set_model(self, model: Model | None, provider: Provider | None) -> None:
        """Offer what this model of a provider takes and gives."""
        self._model, self._provider = model, provider
        granularities = self.limits.times if self.limits else (TimestampGranularity.NONE,)
        self._times.display = len(granularities) > 1
        granularity = self._times.value if self._times.value in granularities else TimestampGranularity.NONE.value
        if (
            granularity == TimestampGranularity.NONE.value
            and len(self._times.options) == 1
            and TimestampGranularity.SENTENCE in granularities
        ):
            granularity = TimestampGranularity.SENTENCE.value
        self._times.options = [(entry.value, TIMES[entry]) for entry in granularities]
        self._times.value = granularity
        self._times.refresh(layout=True)
        self._path.endings = accepted_endings(self.limits)
        self._path.max_size = self.limits.size if self.limits else 0
        if self.is_mounted:
            self._path.refresh_file()

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem of the request under the button."""
        texts = (problem.message, _indent(problem_hint(problem)), _indent(problem.detail)) if problem else ()
        lines = problem_lines(*texts) if texts else []
        self.query_one("#wrong", Plain).show(Content("\n").join(line("   ", entry) for entry in lines))

    def write(self) -> None:
        """Put the cursor into the path."""
        self._path.field.focus()

    def new(self) -> None:
        """Clear the file name; the folder stays."""
        head, slash, _ = self._path.value.rpartition("/")
        self._path.write(head + slash)
        self.show_problem(None)
        self.write()

    @property
    def keys(self) -> tuple[str, ...]:
        """The footer's words."""
        focused = self.screen.focused
        if focused is self._path.field:
            return "field.next", "path.complete", "filter.done", "area.escape: commands"
        if isinstance(focused, LineField):
            return "field.next", "focus.next", "area.escape: commands"
        first = {
            "entries": ("list.choose: choose", "list.up list.down: move"),
            "times": ("field.next", "choice.left choice.right: choose"),
        }
        words = first.get(focused.id or "", ()) if focused else ()
        return (
            *(("form.press",) if isinstance(focused, Button) else words),
            "speech.write",
            "playground.model",
            *(("speech.models",) if self.info is not None else ()),
            "speech.batch",
            "playground.type",
        )

    # --- the file ---

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._language.show_lines()

    def _describe(self, path: Path) -> "AudioFile":
        limits, model = self.limits, self._model.id if self._model else ""
        try:
            return AudioFile(path, audio_info(path, limits, model))
        except Problem as problem:
            raise _suggest_model(problem, path, limits) from None

    def on_path_field_inspected(self, event: PathField.Inspected) -> None:
        """Show how a file gets to this machine where there is none."""
        self.info = event.description.info if isinstance(event.description, AudioFile) else None
        self.query_one("#from", Plain).show(line((self._from(), MUTED)))
        self.query_one("#from").set_class(event.exists, "-none")
        self.post_message(self.FileInspected())

    def _from(self) -> str:
        head, slash, _ = self._path.value.rpartition("/")
        # As scp takes it: a folder of one's home has no more than its name.
        typed = head + slash
        folder = typed.removeprefix("~/") if typed.startswith("~/") else os.path.join(os.getcwd(), typed)
        copying = f"scp recording.m4a {socket.gethostname()}:{one_line(folder)}"
        return f"The file must be on this machine. From another one:\n{copying}"

    def _problem_lines(self, problem: Problem) -> list[Content]:
        # The path as it was typed is shorter, and is shown just above.
        message = problem.message.replace(one_line(str(self.path)), clip_middle(self.shown_path, _SHORT))
        return wrap_hanging(message, problem_hint(problem), self.app.size.width - _INDENT)

    # --- keys ---

    def on_path_field_completed(self) -> None:
        self._language.field.focus()

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        if event.row is self._path.row:
            self._check_then(lambda: self.query_one(Button).focus())
        elif self._times.display:
            self._times.focus()
        else:
            self.query_one(Button).focus()

    def on_choice_next(self) -> None:
        self.query_one(Button).focus()

    def on_button_pressed(self) -> None:
        self._check_then(lambda: self.post_message(self.Ready()))

    def _check_then(self, then: Callable[[], object]) -> None:
        self.run_worker(self._check(then), group="check", exclusive=True, exit_on_error=False)

    async def _check(self, then: Callable[[], object]) -> None:
        try:
            if not self._path.value.strip():
                raise UsageError(
                    "Which file?", hint("{path.complete} completes a path, {filter.done} goes to the list.")
                )
            model = self._model.id if self._model else ""
            self.info = await asyncio.to_thread(audio_info, self.path, self.limits, model)
        except Problem as problem:
            self._path.reject(*self._problem_lines(_suggest_model(problem, self.path, self.limits)))
            return
        if self.language and not (self.language.isalpha() and 2 <= len(self.language) <= 3):
            lines = wrap_hanging("A language is two letters, such as en or zh.", "Or leave it blank.", 60)
            self._language.show_lines(*lines)
            self._language.field.focus()
            return
        then()


_INDENT = LABEL + 3
_SHORT = 40


def _suggest_model(problem: Problem, path: Path, limits: AudioLimits | None) -> Problem:
    """Add to a problem that another model may accept the file."""
    try:
        large = limits is not None and path.is_file() and path.stat().st_size > limits.size
    except OSError:
        large = False
    another = hint("{playground.model:typing} picks another model")
    if not large or another in problem.hint:
        return problem
    return UsageError(problem.message, f"{problem.hint.rstrip('.')}, or {another}.")


def _file_summary(path: Path, info: AudioInfo) -> str:
    kind = path.suffix.lower().removeprefix(".")
    parts = [kind, duration(info.seconds) if info.seconds else "", megabytes(info.size)]
    return ", ".join(filter(None, parts))


def about(path: Path, info: AudioInfo | None) -> str:
    """Describe a file: `m4a, 41 min 10 s, 18.2 MB`."""
    return _file_summary(path, info) if info else ""


def duration(seconds: float) -> str:
    """Format a length in seconds: `42 s`, `41 min 10 s`, `1 h 3 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def wrap_hanging(message: str, hint: str, cells: int) -> list[Content]:
    """Wrap a sentence and its hint with a hanging indent beside the sign."""
    first, *rest = [part for text in (message, hint) if text for part in line(text).wrap(max(20, cells - 3))]
    return [line(PROBLEM, first), *(part.pad_left(2) for part in rest)]


def _indent(text: str) -> str:
    return f"  {text}" if text else ""
