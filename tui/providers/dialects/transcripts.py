"""Transcripts in text form: plain, SubRip (.srt) or WebVTT (W3C, WebVTT, section 4)."""

import re
from collections.abc import Iterator

from tui.providers.events import Segment, Transcript

_CUE = re.compile(
    r"^[ \t]*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})[ \t]*-->[ \t]*((?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3})[^\n]*$",
    re.MULTILINE,
)
_TAG = re.compile(r"</?[a-zA-Z][^>\n]{0,80}>|<\d[\d:.]{0,20}>")


def from_text(text: str) -> Transcript:
    """Return the transcript in a text; with segments where it holds cues with times."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    segments = tuple(_segments(text))
    if not segments:
        return Transcript(text)
    return Transcript(" ".join(segment.text for segment in segments if segment.text), segments)


def _segments(text: str) -> Iterator[Segment]:
    cues = list(_CUE.finditer(text))
    ends = [cue.start() for cue in cues[1:]] + [len(text)]
    for cue, end in zip(cues, ends, strict=False):
        # A blank line ends the text of a cue; what follows it is the name of the next one.
        lines = text[cue.end() : end].strip("\n").split("\n\n")[0]
        yield Segment(_seconds(cue[1]), _seconds(cue[2]), _TAG.sub("", " ".join(lines.split())))


def _seconds(time: str) -> float:
    whole, _, fraction = time.replace(",", ".").partition(".")
    seconds = 0
    for part in whole.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds + float(f"0.{fraction}")
