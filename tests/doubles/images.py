"""Images of a few bytes: headers as the formats want them, and a JPEG with the metadata of a camera."""

import struct
import zlib


def png(width: int = 3, height: int = 2) -> bytes:
    """A grey PNG that decoders take."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0".join([b""] + [b"\x80" * width] * height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif(width: int = 3, height: int = 2) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";"


def webp(kind: str = "VP8X", width: int = 3, height: int = 2) -> bytes:
    bodies = {
        "VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        "VP8L": b"\x2f" + (width - 1 | height - 1 << 14).to_bytes(4, "little") + bytes(5),
        "VP8 ": b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }
    chunk = kind.encode() + struct.pack("<I", 10) + bodies[kind]
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


PLACE = b"48.8584 N 2.2945 E"
PROFILE = segment(0xE2, b"ICC_PROFILE\0\x01\x01colours")
SCAN = segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x12\xff\0\x34\xff\xd0\x56"


def exif(turn: int) -> bytes:
    """A segment of EXIF with an orientation, and the place where the picture was taken behind it."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, turn, 0)
    return segment(0xE1, b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4) + PLACE)


def jpeg(width: int = 3, height: int = 2, turn: int = 1, *, metadata: bool = True) -> bytes:
    """A JPEG; with metadata EXIF, XMP, IPTC, comments (one between two scans), and a second picture behind its end."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0")
    head = b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0")
    if not metadata:
        return head + PROFILE + frame + SCAN + SCAN + b"\xff\xd9"
    xmp = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + PLACE)
    iptc, comment = segment(0xED, b"Photoshop 3.0\0" + PLACE), segment(0xFE, PLACE)
    preview = segment(0xE2, b"MPF\0" + PLACE)
    second = jpeg(metadata=False) + PLACE
    first = head + exif(turn) + xmp + PROFILE + preview + iptc + comment + frame + SCAN + comment + SCAN + b"\xff\xd9"
    return first + second
