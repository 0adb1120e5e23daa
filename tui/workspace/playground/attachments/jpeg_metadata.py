"""Remove the metadata of a JPEG: EXIF (with the place where it was taken), XMP, IPTC and comments.

JPEG File Interchange Format 1.02; Exif 2.32, 4.7 (orientation is tag 0x0112). Kept are what the picture needs: JFIF,
colour profiles (APP2) and Adobe's colour transform (APP14).
"""

from tui.workspace.playground.attachments.image_header import jpeg_segments

Piece = bytes | tuple[int, int]
"""Bytes as they are, or a range (start, end) of the file."""

_EXIF, _PROFILE, _END, _COMMENT = 0xE1, 0xE2, 0xD9, 0xFE
_PICTURE = frozenset({0xE0, _PROFILE, 0xEE})
_APPLICATION = range(0xE0, 0xF0)
_HEAD = b"Exif\0\0"
_ORIENTATION = 0x0112


def without_metadata(content: bytes) -> tuple[Piece, ...] | None:
    """Return the pieces of a JPEG without its metadata; () if it has none, None if its segments cannot be followed.

    If the picture is turned by its EXIF, a new one says only that.
    """
    pieces: list[Piece] = []
    piece_start, turn, last, ended = 0, 1, 0, False
    for marker, start, end in jpeg_segments(content):
        body = content[start:end].lstrip(b"\xff")[3:] if marker in _APPLICATION else b""
        if marker == _EXIF and body.startswith(_HEAD):
            turn = _orientation(body[len(_HEAD) :])
        profile = marker == _PROFILE and not body.startswith(b"ICC_PROFILE\0")
        if (marker in _APPLICATION and (marker not in _PICTURE or profile)) or marker == _COMMENT:
            pieces += [(piece_start, start)] if start > piece_start else []
            piece_start = end
        last = end
        ended = marker == _END
    if not ended and last < len(content):
        return None
    # Behind the end, cameras put a second picture with metadata of its own, or a film.
    until = last if ended else len(content)
    if not piece_start and until == len(content):
        return ()
    pieces += [(piece_start, until)] if piece_start < until else []
    return tuple(_with_orientation(pieces, turn) if turn != 1 else pieces)


def join(content: bytes, pieces: tuple[Piece, ...]) -> bytes:
    """Return what the pieces of a file make."""
    return b"".join(piece if isinstance(piece, bytes) else content[piece[0] : piece[1]] for piece in pieces)


def _with_orientation(pieces: list[Piece], turn: int) -> list[Piece]:
    """Return the pieces with an EXIF segment of the orientation alone, behind the mark of a JPEG (two bytes)."""
    entry = b"MM\0*\0\0\0\x08\0\x01" + _ORIENTATION.to_bytes(2, "big") + b"\0\x03\0\0\0\x01\0" + bytes([turn, 0, 0])
    body = _HEAD + entry + bytes(4)
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    first, *rest = pieces
    assert isinstance(first, tuple)
    return [(0, 2), segment, *([(2, first[1])] if first[1] > 2 else []), *rest]


def _orientation(tiff: bytes) -> int:
    """Return the orientation of an EXIF block, 1 (upright) if it has none."""
    little = tiff.startswith(b"II")

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if little else "big")

    at = number(4, 4)
    for entry in range(at + 2, min(at + 2 + 12 * number(at, 2), len(tiff) - 11), 12):
        if number(entry, 2) == _ORIENTATION:
            turn = number(entry + 8, 2)
            return turn if 1 <= turn <= 8 else 1
    return 1
