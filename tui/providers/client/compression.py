"""Unpack response bodies that are compressed, labelled or not."""

import codecs
import re
import zlib
from collections.abc import Iterator
from typing import Any

from tui.providers.error_messages import ErrorContext, too_large, unusable_response
from tui.sanitize import one_line

_GZIP = b"\x1f\x8b"
_GZIP_FORMAT, _ZLIB_FORMAT, _RAW_DEFLATE = 31, 15, -15
"""`wbits` of zlib."""

_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
"""What text in UTF-16 or UTF-32 begins with, and nothing that is compressed here."""

_LABELLED_HEAD = 8
"""Bytes that tell a compressed body from a text, where a label says that it is compressed."""

_SAMPLE_SIZE = 64
_PIECE = 1 << 18
"""Bytes that are unpacked at a time."""
MAX_RATIO, _SMALL = 100, 9 << 20
"""How many times its size a stream may unpack to beyond `_SMALL` bytes: JSON reaches 20, what is made for it 1,000."""

_MAX_MEMBERS = 10_000
"""How many members a body may have: as many as 40 MiB have in blocks of 4 KiB. Empty ones would never end."""

_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


class Inflater:
    """Unpacks a body that is compressed with gzip or deflate; passes any other on.

    Its first bytes decide, not its label (RFC 9110, 8.4.1): servers label a text as gzip, br or utf-8, gzip as deflate
    or not at all, send deflate without its header, and gzip in several members (RFC 1952, 2.2). Where a server and a
    gateway before it have both compressed a body, it is unpacked twice.
    """

    def __init__(self, context: ErrorContext, encoding: str, limit: int, again: bool = True) -> None:
        self._context = context
        self._limit = limit
        self._size = self._packed = 0
        self._members = 1
        self._head = b""
        self._decided = False
        self._wbits = 0
        self._zlib: Any = None
        self._again = again
        self._inner: Inflater | None = None
        self._codings = [coding for part in encoding.split(",") if (coding := part.strip().lower())]
        self._codings = [coding for coding in self._codings if coding != "identity"]

    @property
    def is_cut(self) -> bool:
        """Return True if the body was compressed and its end has not come."""
        return self._zlib is not None and (not self._zlib.eof or (self._inner is not None and self._inner.is_cut))

    @property
    def is_bomb(self) -> bool:
        """Return True if the body unpacks to far more than what a server would compress."""
        return self._size > max(_SMALL, MAX_RATIO * self._packed)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the next bytes of the body, in pieces: a small chunk can hold a thousand times as much.

        Raises:
            Problem: They are too many or damaged, or compressed in a way that cannot be unpacked.
        """
        if not self._decided:
            self._head += chunk
            needed = _LABELLED_HEAD if self._codings else 2 if self._head in (b"\x1f", b"x") else 1
            if len(self._head) < needed:
                return
            chunk = self._decide()
        yield from self._decompress(chunk)

    def rest(self) -> bytes:
        """Return what is left at the end of the body."""
        data = b"" if self._decided else b"".join(self._decompress(self._decide()))
        return data + self._inner.rest() if self._inner else data

    def _decide(self) -> bytes:
        """Decide how the body is compressed, and return its first bytes."""
        head, self._head, self._decided = self._head, b"", True
        coding = self._codings[-1] if self._codings else ""
        if head.startswith(_GZIP):
            self._wbits = _GZIP_FORMAT
        elif _is_zlib(head, labelled=bool(coding)):
            self._wbits = _ZLIB_FORMAT
        elif not coding or _is_text(head):
            return head
        elif coding == "deflate":
            self._wbits = _RAW_DEFLATE
        elif coding in ("gzip", "x-gzip"):
            raise self._decoding_error()
        else:
            sent = f"its answer compressed as {one_line(coding, 20)}, which was not asked for"
            raise unusable_response(self._context, sent)
        self._zlib = zlib.decompressobj(self._wbits)
        return head

    def _decompress(self, chunk: bytes) -> Iterator[bytes]:
        if self._zlib is None:
            yield chunk
            return
        self._packed += len(chunk)
        for data in self._inflate(chunk):
            self._size += len(data)
            if self._size > self._limit:
                raise too_large(self._context, self._limit)
            if self._again and self._inner is None:
                self._inner = Inflater(self._context, ",".join(self._codings[:-1]), self._limit, again=False)
            yield from self._inner.feed(data) if self._inner else (data,)

    def _inflate(self, chunk: bytes) -> Iterator[bytes]:
        more = bool(chunk)
        while more:
            try:
                data = self._zlib.decompress(chunk, _PIECE)
            except zlib.error:
                raise self._decoding_error() from None
            if data:
                yield data
            chunk = bytes(self._zlib.unconsumed_tail)
            more = bool(chunk) or len(data) == _PIECE
            if self._zlib.eof:
                chunk = bytes(self._zlib.unused_data)
                if more := chunk.startswith(_GZIP):
                    self._members += 1
                    if self._members > _MAX_MEMBERS:
                        sent = f"a compressed answer in more than {_MAX_MEMBERS:,} parts"
                        raise unusable_response(self._context, sent)
                    self._zlib = zlib.decompressobj(self._wbits)

    def _decoding_error(self) -> Exception:
        return unusable_response(self._context, "a compressed answer that is damaged")


def _is_zlib(head: bytes, labelled: bool) -> bool:
    """Return True if bytes begin with a header of zlib (RFC 1950, 2.2); without a label, with one that is no letter."""
    if len(head) < 2 or head[0] & 0x8F != 0x08 or int.from_bytes(head[:2], "big") % 31:
        return False
    return labelled or head[:2] in (b"x\x01", b"x\x9c", b"x\xda")


def _is_text(head: bytes) -> bool:
    if head.startswith(_MARKS):
        return True
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head[:_SAMPLE_SIZE])
    except UnicodeDecodeError:
        return False
    return re.search(_CONTROL, text) is None
