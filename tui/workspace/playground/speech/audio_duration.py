"""Length of an audio file by its headers; nothing is decoded or guessed."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from tui.paths import open_file

_MAX_BOXES = 1000
_MPEG1_RATES = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_RATES = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLE_RATES = (44_100, 48_000, 32_000)


def seconds(path: Path) -> float | None:
    """Return the length of a recording in seconds, or None if its header does not say."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        return None
    try:
        with open_file(path) as file:
            length = read(file)
    except (OSError, struct.error, IndexError, ZeroDivisionError):
        return None
    return length if length is not None and 0 < length < 1_000_000 else None


def _wav(file: BinaryIO) -> float | None:
    if file.read(12)[:4] != b"RIFF":
        return None
    rate = 0
    for _ in range(_MAX_BOXES):
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"data":
            return float(size / rate)
        if name == b"fmt ":
            rate = struct.unpack("<I", file.read(size)[8:12])[0]
        else:
            file.seek(size, 1)
        file.seek(size % 2, 1)
    return None


def _flac(file: BinaryIO) -> float | None:
    head = file.read(26)
    if head[:4] != b"fLaC" or head[4] & 0x7F:
        return None
    packed = int.from_bytes(head[18:26], "big")
    return (packed & (1 << 36) - 1) / (packed >> 44)


def _mp4(file: BinaryIO) -> float | None:
    """Read time scale and duration from the movie header in the box `moov`."""
    for _ in range(_MAX_BOXES):
        size, name = struct.unpack(">I4s", file.read(8))
        passed = 8
        if size == 1:
            size, passed = struct.unpack(">Q", file.read(8))[0], 16
        if name == b"moov":
            continue
        if name == b"mvhd":
            long = file.read(4)[0] == 1
            file.seek(16 if long else 8, 1)
            scale, length = struct.unpack(">IQ" if long else ">II", file.read(12 if long else 8))
            return float(length / scale)
        if size < passed:
            return None
        file.seek(size - passed, 1)
    return None


def _mp3(file: BinaryIO) -> float | None:
    """Return the length by the frame count of a Xing or Info header, else by a constant bit rate."""
    tag = file.read(10)
    start = 0
    if tag[:3] == b"ID3":
        start = 10 + ((tag[6] & 0x7F) << 21 | (tag[7] & 0x7F) << 14 | (tag[8] & 0x7F) << 7 | tag[9] & 0x7F)
    size = file.seek(0, 2)
    file.seek(start)
    frame = file.read(200)
    head = int.from_bytes(frame[:4], "big")
    version, layer = head >> 19 & 3, head >> 17 & 3
    if head >> 21 != 0x7FF or layer != 1 or version == 1:
        return None
    first = version == 3
    rate = _SAMPLE_RATES[head >> 10 & 3] >> (0 if first else 1 if version == 2 else 2)
    kilobits = (_MPEG1_RATES if first else _MPEG2_RATES)[head >> 12 & 15]
    mono = head >> 6 & 3 == 3
    at = 4 + ((17 if mono else 32) if first else (9 if mono else 17))
    if frame[at : at + 4] in (b"Xing", b"Info") and frame[at + 7] & 1:
        return int.from_bytes(frame[at + 8 : at + 12], "big") * (1152 if first else 576) / rate
    return (size - start) * 8 / (kilobits * 1000)


_READERS: Mapping[str, Callable[[BinaryIO], float | None]] = {
    ".wav": _wav,
    ".flac": _flac,
    ".m4a": _mp4,
    ".mp4": _mp4,
    ".mp3": _mp3,
    ".mpga": _mp3,
}
