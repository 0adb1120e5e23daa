"""The format and size of an image, by its first bytes.

PNG specification, IHDR; JPEG (ITU-T T.81), frame headers; GIF89a, logical screen descriptor; WebP container (RFC 9649).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG's frame headers, which hold the size: SOF0 to SOF15 without the tables between them."""
_MARKERS_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
"""JPEG's markers without a length."""
_END, _SCAN = 0xD9, 0xDA
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
"""A marker that ends the picture data of a scan, where a zero byte or a restart mark follows any other 0xFF."""

_UNSUPPORTED_SIGNATURES = {
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\1\0": "ICO",
    b"8BPS": "Photoshop",
    b"\xff\x0a": "JPEG XL",
}
_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"avif": "AVIF"}


@dataclass(frozen=True)
class ImageInfo:
    """The content type of an image, and its size in pixels."""

    media: str
    width: int
    height: int


def image_info(content: bytes) -> ImageInfo | None:
    """Return the format and size of an image; None if it is no PNG, JPEG, GIF or WebP, or ends before its size."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        sides = (content[16:20], content[20:24]) if content[12:16] == b"IHDR" else ()
        return _info("image/png", *(int.from_bytes(side, "big") for side in sides if len(side) == 4))
    if content.startswith((b"GIF87a", b"GIF89a")):
        sides = (content[6:8], content[8:10])
        return _info("image/gif", *(int.from_bytes(side, "little") for side in sides if len(side) == 2))
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp(content)
    return _jpeg(content) if content.startswith(b"\xff\xd8\xff") else None


def is_image(content: bytes) -> bool:
    """Return True if it begins like one of the formats that are sent, whole or not."""
    riff = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    return riff or content.startswith((b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\xff\xd8\xff"))


def other_format(content: bytes) -> str:
    """Return the name of a format that no provider takes, '' for none that is known."""
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "")
    return next((name for mark, name in _UNSUPPORTED_SIGNATURES.items() if content.startswith(mark)), "")


def jpeg_segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of each segment of a JPEG up to its end mark; a scan includes its picture data."""
    at = 2
    while at + 2 <= len(content) and content[at] == 0xFF:
        start = at
        while at + 1 < len(content) and content[at + 1] == 0xFF:
            at += 1  # fill bytes
        marker = content[at + 1] if at + 1 < len(content) else _END
        at += 2
        if marker not in _MARKERS_WITHOUT_LENGTH and marker != _END:
            length = int.from_bytes(content[at : at + 2], "big")
            if length < 2 or at + length > len(content):
                return
            at += length
        if marker == _SCAN:
            following = _MARKER.search(content, at)
            at = following.start() if following else len(content)
        yield marker, start, at
        if marker == _END:
            return


def _jpeg(content: bytes) -> ImageInfo | None:
    for marker, start, end in jpeg_segments(content):
        if marker in _FRAMES:
            body = content[start:end].lstrip(b"\xff")[1:]
            return _info("image/jpeg", int.from_bytes(body[5:7], "big"), int.from_bytes(body[3:5], "big"))
    return None


def _webp(content: bytes) -> ImageInfo | None:
    kind, body = content[12:16], content[20:30]
    if kind == b"VP8X" and len(body) == 10:
        sides = (int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1)
    elif kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        sides = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    elif kind == b"VP8 " and len(body) == 10 and body[3:6] == b"\x9d\x01\x2a":
        sides = (int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)
    else:
        return None
    return _info("image/webp", *sides)


def _info(media: str, *sides: int) -> ImageInfo | None:
    return ImageInfo(media, *sides) if len(sides) == 2 and all(sides) else None
