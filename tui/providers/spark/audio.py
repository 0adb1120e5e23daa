"""Speech-to-text by iFLYTEK's voice dictation (xfyun.cn, voicedictation API): up to 60 seconds.

It goes over a WebSocket at the pace of speech; what was understood comes back in numbered pieces.
"""

from collections.abc import Iterator
from typing import Any

from tui.domain import Model
from tui.errors import UsageError
from tui.providers.dialects.error_frames import with_error_check
from tui.providers.dialects.values import token_count
from tui.providers.events import UNFINISHED, Event, Finish, TextDelta, Transcript
from tui.providers.requests import ApiError, AudioChunks, Call, Frame, Framing, Reader, TranscriptionRequest
from tui.providers.spark.api import at, refused_in
from tui.providers.spec import AudioLimits, FieldValues

HOST = "wss://iat-api.xfyun.cn"
_PATH = "/v2/iat"
_SECONDS, _RATE = 60, 16_000
_PIECE, _PACE = 1280, 0.04
_FIRST, _NEXT, _LAST = 0, 1, 2
_MP3 = (".mp3", ".mpeg", ".mpga")
_PAUSE = 10_000  # Milliseconds: the longest silence that does not end the dictation. Unset, two seconds end it.
_LANGUAGES = {"": "zh_cn", "zh": "zh_cn", "en": "en_us"}


def audio(model: Model) -> AudioLimits:
    """Return what a model takes: 16 kHz, 16 bit, one channel; PCM or MP3."""
    return AudioLimits(("wav", "pcm", "mp3"), _SECONDS * _RATE * 2 + 4096)


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the transcription request."""
    language = _LANGUAGES.get(request.language)
    if language is None:
        raise UsageError(
            f"Voice dictation is not offered for the language {request.language} here.", "It takes zh and en."
        )
    packed = "lame" if request.path.suffix.lower() in _MP3 else "raw"

    def message(place: int, data: str, last: bool) -> Any:
        status = _LAST if last else _NEXT if place else _FIRST
        sound = {"status": status, "format": f"audio/L16;rate={_RATE}", "encoding": packed, "audio": data}
        if place:
            return {"data": sound}
        business = {"language": language, "domain": "iat", "accent": "mandarin", "vad_eos": _PAUSE}
        return {"common": {"app_id": fields["app_id"]}, "business": business, "data": sound}

    chunks = AudioChunks(request.path, _PIECE, _PACE, message)
    return with_error_check(Call("GET", at(fields, HOST, _PATH), _reader, Framing.WEBSOCKET, chunks=chunks), refused_in)


def _reader() -> Reader:
    pieces: dict[int, str] = {}

    def read(frame: Frame | None) -> Iterator[Event | ApiError]:
        data = frame.data.get("data") if frame and isinstance(frame.data, dict) else None
        ended = isinstance(data, dict) and token_count(data.get("status")) == _LAST
        result = data.get("result") if isinstance(data, dict) else None
        if isinstance(result, dict) and (piece := _add_piece(pieces, result)):
            yield TextDelta(piece)
        if frame is not None and not ended:
            return
        yield Transcript("".join(pieces[number] for number in sorted(pieces)))
        yield Finish("stop") if ended else UNFINISHED

    return read


def _add_piece(pieces: dict[int, str], result: dict[str, Any]) -> str:
    """Add a piece and return its text; a correction (`rpl`) replaces the range `rg` and returns none."""
    words = [_word(word) for word in result["ws"]] if isinstance(result.get("ws"), list) else []
    span = result.get("rg")
    if result.get("pgs") == "rpl" and isinstance(span, list) and all(type(index) is int for index in span):
        for piece in [number for number in pieces if min(span, default=0) <= number <= max(span, default=-1)]:
            del pieces[piece]
    place = token_count(result.get("sn"))
    text = pieces[max(pieces, default=0) + 1 if place is None else place] = "".join(words)
    return "" if result.get("pgs") == "rpl" else text


def _word(entry: Any) -> str:
    """Return the first, likeliest reading of a word."""
    readings = entry.get("cw") if isinstance(entry, dict) else None
    first = readings[0] if isinstance(readings, list) and readings else None
    word = first.get("w") if isinstance(first, dict) else None
    return word if isinstance(word, str) else ""
