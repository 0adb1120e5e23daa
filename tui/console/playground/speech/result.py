"""Transcripts: with or without timestamps, several of one file, search and save."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from tui.console.frame.screen import problem_lines
from tui.console.keys import hint, key_of
from tui.console.playground.speech.form import duration
from tui.console.remedies import problem_hint
from tui.console.widgets.find_bar import Find, Match, nearest
from tui.console.widgets.row_list import Item, Rows, text_item
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import ATTENTION, STOPPED
from tui.console.widgets.text_viewer import Reader
from tui.console.widgets.truncate import clip_end, clip_middle, width
from tui.errors import Problem
from tui.providers.events import Segment, Transcript
from tui.providers.requests import TimestampGranularity
from tui.sanitize import escaped_json, one_line
from tui.workspace.playground.speech.audio import as_srt, as_vtt

_CLOCK = 10


@dataclass(frozen=True)
class TranscriptResult:
    """The transcript of a file by a model. `cut` says how it ended early, `problem` why."""

    path: Path
    model: str
    transcript: Transcript
    seconds: float
    length: float = 0.0
    times: TimestampGranularity = TimestampGranularity.NONE
    cut: str = ""
    problem: Problem | None = None

    @property
    def formats(self) -> Mapping[str, str]:
        """What it can be saved as: subtitles only where there are times."""
        timed = {"srt": "srt", "vtt": "vtt"} if self.transcript.segments else {}
        return {"txt": "text", **timed, "json": "JSON"}

    def as_file(self, kind: str) -> str:
        """Format the text as a file of that kind."""
        transcript = self.transcript
        if kind == "srt":
            return as_srt(transcript.segments)
        if kind == "vtt":
            return as_vtt(transcript.segments)
        if kind == "json":
            segments = [
                {"start": segment.start, "end": segment.end, "text": segment.text} for segment in transcript.segments
            ]
            shape = {
                "model": self.model,
                "file": self.path.name,
                "language": transcript.language,
                "duration": transcript.duration or self.length or None,
                "text": transcript.text,
                "segments": segments,
            }
            return escaped_json(json.dumps(shape, ensure_ascii=False, indent=1)) + "\n"
        return transcript.text.rstrip("\n") + "\n"

    def title(self, cells: int) -> str:
        """Return `meeting.m4a · 41 min 10 s · English · in 48 s, 51× real time`."""
        length = self.transcript.duration or self.length
        fast = length >= 2 * self.seconds >= 1
        speed = f", {length / self.seconds:,.0f}× real time" if fast else ""
        language = self.transcript.language
        named = language.capitalize() if len(language) > 3 else language
        rest = [duration(length) if length else "", named, f"in {self.seconds:.0f} s{speed}"]
        tail = "".join(f" · {entry}" for entry in rest if entry)
        return clip_end(clip_middle(one_line(self.path.name), max(8, cells - 1 - width(tail))) + tail, cells - 1)


class SpeechResult(Vertical):
    """One of the results of a file at a time."""

    DEFAULT_CSS = """
    SpeechResult { height: 1fr; }
    SpeechResult #heard { height: 1; margin-bottom: 1; }
    SpeechResult #ended { height: auto; margin-top: 1; }
    SpeechResult .-none { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="results")
        self.all: list[TranscriptResult] = []
        self.saved: list[TranscriptResult] = []
        self._at = 0

    def compose(self) -> ComposeResult:
        yield Plain(id="heard")
        yield Rows(id="sentences")
        yield Reader(id="text")
        yield Plain(id="ended")
        yield Find("speech.find")

    @property
    def result(self) -> TranscriptResult | None:
        """The result that is shown."""
        return self.all[self._at] if self.all else None

    def add(self, result: TranscriptResult) -> None:
        """Show another result; those of the same file stay."""
        self.all = [*(entry for entry in self.all if entry.path == result.path), result]
        self._at = len(self.all) - 1
        self._show()

    def change(self, step: int) -> None:
        """Show the result before or after this one."""
        if len(self.all) > 1:
            self._at = (self._at + step) % len(self.all)
            self._show()
            self.take_focus()

    def take_focus(self) -> None:
        """Put the focus on the text."""
        (self.query_one(Rows) if self._has_times else self.query_one(Reader)).focus()

    @property
    def _has_times(self) -> bool:
        return bool(self.result and self.result.transcript.segments)

    def _show(self) -> None:
        result = self.result
        if result is None:
            return
        self.query_one("#heard", Plain).show(line(f" {result.title(self.app.size.width)}"))
        rows, reader, ended = self.query_one(Rows), self.query_one(Reader), self.query_one("#ended", Plain)
        rows.set_class(not self._has_times, "-none")
        reader.set_class(self._has_times, "-none")
        if self._has_times:
            rows.show(_items(result.transcript.segments, max(20, self.app.size.width)), "0")
        else:
            reader.show(_text_rows(result))
        below = _ending(result)
        ended.show(Content("\n").join(below))
        ended.set_class(not below, "-none")

    def on_resize(self) -> None:
        if self.result is not None:
            self.query_one("#heard", Plain).show(line(f" {self.result.title(self.app.size.width)}"))
        if self.result is not None and self._has_times:
            rows = self.query_one(Rows)
            rows.show(_items(self.result.transcript.segments, max(20, self.app.size.width)))

    @property
    def foot(self) -> tuple[str, str]:
        """How many sentences there are, and which of them are visible."""
        result = self.result
        if result is None:
            return "", ""
        name = result.model.partition("/")[2]
        which = f"{name}, {self._at + 1} of {len(self.all)}" if len(self.all) > 1 else ""
        if not self._has_times:
            reader = self.query_one(Reader)
            return which, reader.visible_range if len(reader.lines) > reader.size.height else ""
        rows, count = self.query_one(Rows), len(result.transcript.segments)
        word = "word" if result.times is TimestampGranularity.WORD else "segment"
        top = rows.scroll_offset.y
        visible = [int(item.key) for item in rows.items[top : top + max(1, rows.size.height)] if item.key]
        place = f"{visible[0] + 1} – {visible[-1] + 1}" if visible else ""
        counted = f"{count:,} {word if count == 1 else word + 's'}"
        return f"{counted} · {which}" if which else counted, place

    @property
    def strip(self) -> tuple[Words, Words]:
        """What can be done with it."""
        result = self.result
        if result is None:
            return "", ""
        kinds = [label for kind, label in result.formats.items() if kind != "json" or not self._has_times]
        words = f"{key_of('speech.save')}: save as {', '.join(kinds[:-1])} or {kinds[-1]} · "
        words += hint("{speech.copy}: copy")
        more = (
            f"{key_of('speech.before')} and {key_of('speech.after')} change between {len(self.all)} results."
            if len(self.all) > 1
            else ""
        )
        return words, more

    def find(self) -> None:
        """Open the field in which to look for a word."""
        self.query_one(Find).open()

    def on_find_requested(self, event: Find.Requested) -> None:
        self.query_one(Find).show_match(self._find(event.text, event.step) if event.text else None)

    def _find(self, text: str, step: int) -> Match | None:
        if not self._has_times:
            return self.query_one(Reader).find(text, step)
        assert self.result is not None
        rows, segments = self.query_one(Rows), self.result.transcript.segments
        matches = [n for n, segment in enumerate(segments) if text.casefold() in segment.text.casefold()]
        index = nearest(matches, int(rows.key or 0), step)
        if index is None:
            return None
        rows.select(str(matches[index]))
        return Match(index + 1, len(matches))


def _items(segments: tuple[Segment, ...], cells: int) -> list[Item]:
    items: list[Item] = []
    for n, segment in enumerate(segments):
        clock = fit_clock(segment.start)
        parts = Content(one_line(segment.text, 10_000)).wrap(cells - 3 - _CLOCK - 1) or [line("")]
        items.append(text_item(str(n), line(clock, "  ", parts[0])))
        items += [text_item("", line(" " * _CLOCK, part)) for part in parts[1:]]
    return items


def fit_clock(seconds: float) -> str:
    """Format seconds from the start: `00:00:26`."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _text_rows(result: TranscriptResult) -> Callable[[int], list[Words]]:
    text = result.transcript.text.strip()
    if not text and not result.cut:
        nothing = ["   The model heard no speech in this file.", "   Check that it plays, or set the language."]
        return lambda _: list(nothing)
    return lambda _: [f"   {part}" for part in text.split("\n")]


def _ending(result: TranscriptResult) -> list[Content]:
    lines: list[Content] = []
    if result.cut:
        lines.append(line(" ", (f"{STOPPED} ", ATTENTION), result.cut))
    if result.problem is not None:
        problem = result.problem
        lines += [
            line(" ", problem_line)
            for problem_line in problem_lines(problem.message, _in(problem_hint(problem)), _in(problem.detail))
        ]
    return lines


def _in(text: str) -> str:
    return f"  {text}" if text else ""
