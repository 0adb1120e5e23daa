"""The length of a recording is read from its header, and left open where that does not tell."""

import struct
import wave
from pathlib import Path

import pytest

from tui.workspace.playground.speech.audio_duration import seconds


def flac(length: int) -> bytes:
    packed = 44_100 << 44 | 1 << 41 | 15 << 36 | 44_100 * length
    return b"fLaC" + bytes([0x80, 0, 0, 34]) + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


def box(name: bytes, inside: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(inside), name) + inside


def mp4(length: int) -> bytes:
    header = box(b"mvhd", bytes(12) + struct.pack(">II", 1000, 1000 * length) + bytes(80))
    return box(b"ftyp", b"M4A ") + box(b"mdat", bytes(5000)) + box(b"moov", header)


def long_box(name: bytes, inside: bytes) -> bytes:
    """A box with its size in eight bytes, as for media of more than 4 GiB."""
    return struct.pack(">I4sQ", 1, name, 16 + len(inside)) + inside


def wav(chunks: int) -> bytes:
    """Half a second of one channel at 8 kHz, behind some chunks of text."""
    text = struct.pack("<4sI", b"LIST", 3) + b"abc\0"
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16_000, 2, 16)
    return b"RIFF\0\0\0\0WAVE" + text * chunks + form + struct.pack("<4sI", b"data", 8000)


def mp3(frames: int = 0) -> bytes:
    """MPEG-1 layer III, 128 kbit/s, 44.1 kHz, stereo."""
    xing = bytes(32) + b"Xing" + struct.pack(">II", 1, frames) if frames else bytes(40)
    return b"ID3\x04\0\0\0\0\0\x05" + bytes(5) + b"\xff\xfb\x90\x00" + xing.ljust(16_000 * 3 - 4, b"\0")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.flac", flac(2470), 2470),
        ("a.m4a", mp4(2470), 2470),
        ("a.MP4", mp4(61), 61),
        ("a.m4a", long_box(b"ftyp", b"M4A ") + mp4(61), 61),
        ("a.wav", wav(chunks=1), 0.5),
        ("a.mp3", mp3(), 3),
        ("a.mp3", mp3(frames=1000), 1000 * 1152 / 44_100),
    ],
)
def test_headers_tell_the_length(tmp_path: Path, name: str, content: bytes, expected: float) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert seconds(path) == pytest.approx(expected)


def test_a_wave_file_tells_its_length(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(4 * 16_000 * 7))
    assert seconds(path) == pytest.approx(7)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.m4a", "a.mp3", "a.ogg", "a.webm", "a"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"ID3",
        b"x" * 4000,
        bytes(4000),
        b"\xff" * 300,
        b"fLaC" + bytes(30),
        wav(chunks=999),
        box(b"free", b"") * 999,
    ],
)
def test_what_is_no_recording_has_no_length(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert seconds(path) is None
