"""Check audio files, and format transcripts as subtitles."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.errors import UsageError
from tui.providers.events import Segment
from tui.providers.spec import AudioLimits
from tui.sanitize import one_line
from tui.workspace.playground.speech import audio_duration

MEDIA = {
    "aac": "audio/aac",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "mpeg": "audio/mpeg",
    "mpga": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "pcm": "audio/pcm",
    "wav": "audio/wav",
    "webm": "audio/webm",
}
"""File name ending -> content type. Endings with one content type are the same format."""

OTHER_MEDIA = {
    "3gp": "audio/3gpp",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "caf": "audio/x-caf",
    "mka": "audio/x-matroska",
    "wma": "audio/x-ms-wma",
}
"""The same for formats that only self-hosted servers may accept."""

_MARKS = (
    (0, b"ID3", "mp3"),
    (8, b"WAVE", "wav"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (4, b"ftyp", "m4a"),
    (0, b"\x1a\x45\xdf\xa3", "webm"),
)
"""Offset and bytes of a format's signature, and its ending. An mp3 without a tag begins with eleven set bits."""

_UNKNOWN = "application/octet-stream"

MEGABYTE = 1024 * 1024
"""Bytes in a megabyte, as providers count them in their limits."""


@dataclass(frozen=True)
class AudioInfo:
    """Facts of a recording: content type, size in bytes, and its length in seconds if cheap to read.

    `name` is the file name to send: servers judge a format by the ending.
    """

    media: str
    size: int
    seconds: float | None = None
    name: str = ""


def accepted_endings(limits: AudioLimits | None) -> tuple[str, ...]:
    """Return the endings of the files that a model takes: those it names, and others of the same formats.

    Of a server that may take any format, these are the endings that are offered.
    """
    if limits is None:
        return tuple(MEDIA)
    if limits.any_format:
        return (*MEDIA, *OTHER_MEDIA)
    formats = {MEDIA[ending] for ending in limits.endings}
    return (*limits.endings, *(end for end, media in MEDIA.items() if media in formats and end not in limits.endings))


def audio_info(path: Path, limits: AudioLimits | None = None, model: str = "") -> AudioInfo:
    """Read the format, size and length of a recording.

    Raises:
        UsageError: The provider would reject it; nothing was sent.
    """
    path_text, name = one_line(str(path)), one_line(path.name, 80)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise UsageError(f"{path_text} is a folder.", "Enter the path of a file in it.")
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path_text} is not a regular file.", "Enter the path of a recording.")
        if not os.access(path, os.R_OK):
            raise UsageError(f"{path_text} cannot be read.", "Check its permissions.")
    except FileNotFoundError:
        raise UsageError(f"There is no file {path_text}.", "The path is on the machine where Modeldeck runs.") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a path"
        raise UsageError(f"{path_text} cannot be opened.", f"The system says: {why}.") from None
    ending = path.suffix.lower().removeprefix(".")
    if not status.st_size:
        raise UsageError(f"{name} is empty.", "Check that it was copied completely.")
    if ending not in accepted_endings(limits) and not (limits and limits.any_format):
        takes = " ".join(limits.endings) if limits else " ".join(MEDIA)
        raise UsageError(f"{name} is not a format that {model or 'a model'} accepts.", f"It takes {takes}.")
    if limits and status.st_size > limits.size:
        size, max_size = megabytes(status.st_size), megabytes(limits.size)
        raise UsageError(
            f"{name} is {size}; {model or 'the model'} takes {max_size}.", "Make it smaller, for example a mono mp3."
        )
    media = MEDIA.get(ending) or OTHER_MEDIA.get(ending, _UNKNOWN)
    return AudioInfo(media, status.st_size, audio_duration.seconds(path), _name_to_send(path, ending, limits))


def ending_of(content: bytes) -> str:
    """Return the ending of the format that a recording begins like, for one without a name.

    Raises:
        UsageError: It is none of the formats that say what they are.
    """
    for start, mark, ending in _MARKS:
        if content[start : start + len(mark)] == mark:
            return ending
    if content[:1] == b"\xff" and content[1:2] >= b"\xe0":
        return "mp3"
    raise UsageError(
        "What is piped is not a recording in a known format.",
        f"Known by their first bytes: {', '.join(dict.fromkeys(ending for _, _, ending in _MARKS))}. Name the file.",
    )


def _name_to_send(path: Path, ending: str, limits: AudioLimits | None) -> str:
    """Return the file name, with an ending of the same format where the model does not name its own."""
    if limits is None or ending in limits.endings:
        return path.name
    same = next((end for end in limits.endings if MEDIA[end] == MEDIA.get(ending)), "")
    return path.with_suffix(f".{same}").name if same else path.name


def megabytes(size: int) -> str:
    """Format bytes: `18.2 MB`, `25 MB`, and below a tenth of one `43 kB`."""
    if size < MEGABYTE // 10:
        return f"{max(1, round(size / 1024))} kB"
    return f"{size / MEGABYTE:.1f}".removesuffix(".0") + " MB"


def as_srt(segments: Sequence[Segment]) -> str:
    """Format segments as SubRip subtitles."""
    return "\n".join(
        f"{number}\n{_clock(entry.start, ',')} --> {_clock(entry.end, ',')}\n{_words(entry)}\n"
        for number, entry in enumerate(segments, 1)
    )


def as_vtt(segments: Sequence[Segment]) -> str:
    """Format segments as WebVTT subtitles."""
    cues = [
        f"{_clock(segment.start, '.')} --> {_clock(segment.end, '.')}\n{_escape(_words(segment))}\n"
        for segment in segments
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def _words(segment: Segment) -> str:
    # A blank line would end the cue.
    return "\n".join(line for line in segment.text.strip().splitlines() if line.strip())


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("-->", "--&gt;")


def _clock(seconds: float, mark: str) -> str:
    whole = round(max(0.0, seconds) * 1000)
    return f"{whole // 3_600_000:02}:{whole // 60_000 % 60:02}:{whole // 1000 % 60:02}{mark}{whole % 1000:03}"
