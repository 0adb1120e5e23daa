"""Request bodies with a file, read while sending: multipart (RFC 7578), plain, or base64 in JSON."""

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from tui.errors import UsageError
from tui.paths import open_file
from tui.providers.client.limits import UPLOAD_CHUNK
from tui.providers.requests import Base64File, Call, Upload
from tui.sanitize import one_line


@dataclass(frozen=True)
class _File:
    """A file in a body; `packed` in base64, `content` in place of what is at its path."""

    path: Path
    size: int
    packed: bool = False
    content: bytes | None = None


class Body(httpx.AsyncByteStream):
    """A body of bytes and files, in order. `sent` counts the bytes of files sent so far, `size` is their total."""

    def __init__(self, pieces: Sequence[bytes | _File], media: str) -> None:
        self._pieces = tuple(pieces)
        self._media = media
        self.size = sum(piece.size for piece in pieces if isinstance(piece, _File))
        self.sent = 0

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to this body."""
        return {"content-type": self._media, "content-length": str(sum(map(_length, self._pieces)))}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
                continue
            async for part in self._read(piece):
                yield part

    async def _read(self, piece: _File) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(_open, piece)
        try:
            left = piece.size
            while left:
                part = await asyncio.to_thread(file.read, min(UPLOAD_CHUNK, left))
                # A short piece would end the base64 early.
                if not part or (piece.packed and len(part) < min(UPLOAD_CHUNK, left)):
                    raise UsageError(f"{one_line(piece.path.name, 80)} changed while it was sent.", "Send it again.")
                yield base64.b64encode(part) if piece.packed else part
                left -= len(part)
                self.sent += len(part)
        finally:
            file.close()


async def body_of(call: Call) -> Body | None:
    """Return the body of a request that sends files, or None."""
    if call.upload is not None:
        return _raw(call.upload) if call.upload.raw else _multipart(call.upload)
    recordings: list[Base64File] = []
    mark = secrets.token_hex(16)
    data = _replace_files(call.json, mark, recordings)
    if not recordings:
        return None
    texts = to_json(data).split(mark.encode())
    pieces: list[bytes | _File] = [texts[0]]
    for recording, text in zip(recordings, texts[1:], strict=True):
        content = recording.content
        size = await asyncio.to_thread(size_of, recording.path) if content is None else len(content)
        pieces += [_File(recording.path, size, packed=True, content=content), text]
    return Body(pieces, "application/json")


async def with_files(data: Any) -> Any:
    """Return JSON with the base64 of its files in place of their placeholders, for a wire of whole messages."""
    if isinstance(data, Base64File):
        content = data.content if data.content is not None else await asyncio.to_thread(_content, data.path)
        return data.prefix + base64.b64encode(content).decode()
    if isinstance(data, Mapping):
        return {key: await with_files(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [await with_files(value) for value in data]
    return data


def _content(path: Path) -> bytes:
    with opened_file(path) as file:
        return file.read()


def to_json(data: Any) -> bytes:
    """Return the JSON that is sent. Raises UsageError for text that no encoding can carry."""
    return encode_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def encode_text(text: str) -> bytes:
    """Return the UTF-8 of a text. Raises UsageError for half of a surrogate pair, which UTF-8 cannot carry."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        pass
    raise UsageError("The text contains a character that is not valid Unicode. Nothing was sent.", "Remove it.")


def _multipart(upload: Upload) -> Body:
    boundary = secrets.token_hex(16)

    def part(name: str) -> str:
        return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'

    head = [part(_quote(key)) + f"\r\n\r\n{value}\r\n" for key, value in upload.parts]
    file = f'; filename="{_quote(upload.filename or upload.path.name)}"\r\nContent-Type: {upload.media}\r\n\r\n'
    head.append(part(_quote(upload.name)) + file)
    pieces = (
        encode_text("".join(head)),
        _File(upload.path, upload.size, content=upload.content),
        f"\r\n--{boundary}--\r\n".encode(),
    )
    return Body(pieces, f"multipart/form-data; boundary={boundary}")


def _raw(upload: Upload) -> Body:
    return Body((_File(upload.path, upload.size, content=upload.content),), upload.media)


def _replace_files(data: Any, mark: str, files: list[Base64File]) -> Any:
    """Return the data with a marker for each recording; append the recordings to `files` in order."""
    if isinstance(data, Base64File):
        files.append(data)
        return data.prefix + mark
    if isinstance(data, Mapping):
        return {key: _replace_files(value, mark, files) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_replace_files(value, mark, files) for value in data]
    return data


def _length(piece: bytes | _File) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    return -(-piece.size // 3) * 4 if piece.packed else piece.size


def _open(file: _File) -> BinaryIO:
    return opened_file(file.path) if file.content is None else BytesIO(file.content)


def size_of(path: Path) -> int:
    """Return the size of a file in bytes; raise UsageError if it cannot be read."""
    with opened_file(path) as file:
        return file.seek(0, 2)


def opened_file(path: Path) -> BinaryIO:
    """Open a file for reading; raise UsageError if it cannot be read."""
    try:
        return open_file(path)
    except OSError:
        pass
    raise UsageError(f"{one_line(path.name, 80)} cannot be read.", "Check that it is there, and that you may read it.")


def _quote(text: str) -> str:
    # HTML standard, multipart/form-data encoding: only these three are escaped.
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
