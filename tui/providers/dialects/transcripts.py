"""Transcripts that come as text in place of JSON: plain, as SubRip (.srt) or as WebVTT (W3C, WebVTT, section 4)."""

import re
from collections.abc import Iterator

from tui.providers.events import Segment, Transcript

_CUE = re.compile(
    r"^[ \t]*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})[ \t]*-->[ \t]*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})[^\n]*$",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\n[ \t]*\n[ \t]*\d+[ \t]*\Z")
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
    for cue, following in zip(cues, [*cues[1:], None], strict=True):
        lines = text[cue.end() : following.start() if following else len(text)]
        if following:
            # What stands between them is the name of the next cue.
            lines = _NUMBER.sub("", lines.rstrip()) if _NUMBER.search(lines.rstrip()) else lines
        words = _TAG.sub("", " ".join(lines.split("\n\n")[0].split()))
        yield Segment(_seconds(cue[1]), _seconds(cue[2]), words)


def _seconds(time: str) -> float:
    whole, _, fraction = time.replace(",", ".").partition(".")
    seconds = 0
    for part in whole.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds + float(f"0.{fraction}")
