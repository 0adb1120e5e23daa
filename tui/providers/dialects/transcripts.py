"""Transcripts in each form that servers send: a document, events, or a text.

A text is plain, SubRip (.srt) or WebVTT (W3C, WebVTT, section 4).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tui.providers.dialects.openai.api import malformed
from tui.providers.dialects.openai.chat import DONE
from tui.providers.dialects.values import text as text_of
from tui.providers.dialects.values import time_or_nan
from tui.providers.events import UNFINISHED, Event, Finish, Segment, Transcript
from tui.providers.requests import ApiError, Frame

_CUE_TIMES = (
    r"(?m)^[ \t]*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})[ \t]*-->[ \t]*"
    r"((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})[^\n]*$"
)
_TAG = r"</?[a-zA-Z][^>\n]{0,80}>|<\d[\d:.]{0,20}>"


class TranscriptReader:
    """Reads a transcript: in one piece, or in the events that some servers send though none were asked for.

    Those are OpenAI's (`transcript.text.delta`, `.segment` and `.done`), chunks as of a chat (vLLM), or a document for
    each segment (WhisperLive); an end mark follows.
    """

    def __init__(
        self,
        document: Callable[[Mapping[str, Any]], Iterator[Event]],
        error_in: Callable[[Any, str], ApiError | None],
    ) -> None:
        """Take what reads a document, which yields nothing where it is no transcript, and what finds an error."""
        self._document = document
        self._error_in = error_in
        self._documents: list[Mapping[str, Any]] = []
        self._pieces: list[str] = []
        self._segments: list[Segment] = []
        self._done = False

    def read(self, frame: Frame | None) -> Iterator[Event | ApiError]:
        """Yield what a frame, or the end of the answer, completes."""
        if self._done:
            return
        data = frame.data if frame else None
        if frame is None or data == DONE:
            yield from self._end(marked=frame is not None)
        elif refused := self._error_in(data, frame.event):
            self._done = True
            yield refused
        elif isinstance(data, str) and data.strip():
            self._done = True
            yield from_text(data)
            yield Finish("stop")
        elif isinstance(data, dict):
            yield from self._piece(data, text_of(data.get("type")) or frame.event)

    def _piece(self, data: Mapping[str, Any], kind: str) -> Iterator[Event]:
        if kind.endswith(".done"):
            self._done = True
            timed = {"segments": [vars(segment) for segment in self._segments]} if self._segments else {}
            yield from self._document({"text": "".join(self._pieces), **timed, **data})
            yield Finish("stop")
        elif kind.endswith(".segment"):
            self._segments.append(_segment(data))
        elif isinstance(choices := data.get("choices"), list):
            deltas = [choice.get("delta") for choice in choices if isinstance(choice, dict)]
            self._pieces += [text_of(delta.get("content")) for delta in deltas if isinstance(delta, dict)]
        elif isinstance(data.get("delta"), str):
            self._pieces.append(data["delta"])
        elif any(self._document(data)):
            self._documents.append(data)

    def _end(self, marked: bool) -> Iterator[Event | ApiError]:
        self._done = True
        documents = self._documents
        if len(documents) > 1:
            texts = [text_of(document.get("text")).strip() for document in documents]
            timed = tuple(_segment(document) for document in documents if "start" in document)
            yield Transcript(" ".join(filter(None, texts)), timed)
        elif documents:
            yield from self._document(documents[0])
        elif self._pieces:
            yield Transcript("".join(self._pieces).strip(), tuple(self._segments))
        else:
            yield malformed("It holds no text.")
            return
        # A document by itself is a whole answer.
        yield Finish("stop") if marked or len(documents) == 1 else UNFINISHED


def _segment(data: Mapping[str, Any]) -> Segment:
    spoken, speaker = text_of(data.get("text")).strip(), text_of(data.get("speaker"))
    text = f"{speaker}: {spoken}" if speaker else spoken
    return Segment(time_or_nan(data.get("start")), time_or_nan(data.get("end")), text)


def from_text(text: str) -> Transcript:
    """Return the transcript in a text; with segments where it holds cues with times."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    segments = tuple(_segments(text))
    if not segments:
        return Transcript(text)
    return Transcript(" ".join(segment.text for segment in segments if segment.text), segments)


def _segments(text: str) -> Iterator[Segment]:
    cues = list(re.finditer(_CUE_TIMES, text))
    ends = [cue.start() for cue in cues[1:]] + [len(text)]
    for cue, end in zip(cues, ends, strict=False):
        # A blank line ends the text of a cue; what follows it is the name of the next one.
        lines = text[cue.end() : end].strip("\n").split("\n\n")[0]
        yield Segment(_seconds(cue[1]), _seconds(cue[2]), re.sub(_TAG, "", " ".join(lines.split())))


def _seconds(time: str) -> float:
    whole, _, fraction = time.replace(",", ".").partition(".")
    seconds = 0
    for part in whole.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds + float(f"0.{fraction}")
