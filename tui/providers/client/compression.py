"""Unpack response bodies that are compressed, labelled or not."""

import zlib
from typing import Any

from tui.providers.error_messages import ErrorContext, too_large, unusable_response
from tui.sanitize import one_line

_GZIP = b"\x1f\x8b"
_RAW = -15
_ZLIB_FORMATS = {"gzip": 31, "x-gzip": 31, "deflate": 47}
"""Content codings (RFC 9110, 8.4.1) and the `wbits` of zlib for each; 47 detects the header."""

_PLAIN = (b"{", b"[", b"d", b":", b"<")
"""How bodies begin that are labelled as compressed, and are not."""


class Inflater:
    """Unpacks a body that is compressed with gzip or deflate, labelled or not; passes any other on.

    Servers send deflate without its header (`_RAW`), and gzip in several members (RFC 1952, 2.2). Where a server and a
    gateway before it have both compressed a body, it is unpacked twice.
    """

    def __init__(self, context: ErrorContext, encoding: str, limit: int, again: bool = True) -> None:
        """Raise Problem for a content coding that was not asked for and cannot be unpacked."""
        self._context = context
        self._limit = limit
        self._size = 0
        self._start = b""
        self._first = True
        self._wbits = 0
        self._again = again
        self._inner: Inflater | None = None
        codings = [coding for part in encoding.split(",") if (coding := part.strip().lower()) not in ("", "identity")]
        if 1 <= len(codings) <= 1 + again and all(coding in _ZLIB_FORMATS for coding in codings):
            self._wbits = _ZLIB_FORMATS[codings[-1]]
        elif codings:
            sent = f"its answer compressed as {one_line(encoding, 20)}, which was not asked for"
            raise unusable_response(context, sent)
        self._zlib: Any = zlib.decompressobj(self._wbits) if self._wbits else None

    @property
    def is_cut(self) -> bool:
        """Return True if the body was compressed and its end has not come."""
        return self._zlib is not None and (not self._zlib.eof or (self._inner is not None and self._inner.is_cut))

    def feed(self, chunk: bytes) -> bytes:
        """Return the next bytes of the body. Raises Problem if they are too many, or damaged."""
        if self._first and chunk:
            chunk = self._start + chunk
            if chunk == _GZIP[:1]:
                self._start = chunk
                return b""
            self._first = False
            packed = chunk.startswith(_GZIP)
            if packed and self._zlib is None:
                self._wbits = _ZLIB_FORMATS["gzip"]
                self._zlib = zlib.decompressobj(self._wbits)
            elif self._zlib is not None and not packed and chunk.lstrip()[:1] in _PLAIN:
                self._zlib = None
            data = self._inflated(chunk, may_be_raw=not packed)
        else:
            data = self._inflated(chunk)
        if self._zlib is not None:
            self._size += len(data)
            if self._size > self._limit:
                raise too_large(self._context, self._limit)
            if self._again and self._inner is None and data:
                self._inner = Inflater(self._context, "", self._limit, again=False)
        return self._inner.feed(data) if self._inner else data

    def _inflated(self, chunk: bytes, may_be_raw: bool = False) -> bytes:
        if self._zlib is None:
            return chunk
        data: bytes = b""
        while chunk:
            try:
                data += self._zlib.decompress(chunk, self._limit - self._size - len(data) + 1)
            except zlib.error:
                if not may_be_raw or self._wbits != _ZLIB_FORMATS["deflate"]:
                    raise unusable_response(self._context, "a compressed answer that is damaged") from None
                self._zlib, may_be_raw = zlib.decompressobj(_RAW), False
                continue
            chunk = bytes(self._zlib.unused_data)
            if not chunk.startswith(_GZIP) or self._size + len(data) > self._limit:
                return data
            self._zlib = zlib.decompressobj(self._wbits)
        return data
