"""A multipart body that is read from disk while it is sent (RFC 7578)."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import httpx

from tui.errors import Usage
from tui.providers.calls import Upload
from tui.text import one_line

_PIECE = 256 * 1024


class Multipart(httpx.AsyncByteStream):
    """The body of an upload; `sent` counts the bytes of the file that went out, of `size`."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._boundary = secrets.token_hex(16)
        name, file = _quoted(upload.name), _quoted(upload.path.name)
        head = [self._part(_quoted(key)) + f"\r\n\r\n{value}\r\n" for key, value in upload.parts]
        head.append(f'{self._part(name)}; filename="{file}"\r\nContent-Type: {upload.media}\r\n\r\n')
        self._head = "".join(head).encode("utf-8", "replace")
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()
        self.size = upload.size
        self.sent = 0

    @property
    def headers(self) -> dict[str, str]:
        """The headers that belong to this body."""
        length = len(self._head) + self._upload.size + len(self._tail)
        return {"content-type": f"multipart/form-data; boundary={self._boundary}", "content-length": str(length)}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._head
        file = await asyncio.to_thread(_open, self._upload.path)
        try:
            while self.sent < self._upload.size:
                piece = await asyncio.to_thread(file.read, min(_PIECE, self._upload.size - self.sent))
                if not piece:
                    raise Usage(f"{one_line(self._upload.path.name, 80)} changed while it was sent.", "Send it again.")
                yield piece
                self.sent += len(piece)
        finally:
            file.close()
        yield self._tail

    def _part(self, name: str) -> str:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"'


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        pass
    raise Usage(f"{one_line(path.name, 80)} cannot be read.", "Check that it is there, and that you may read it.")


def _quoted(text: str) -> str:
    # HTML standard, multipart/form-data encoding: only these three are escaped.
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
