"""Compressed bodies: the first bytes say how a body is compressed, not its label."""

import gzip
import zlib

import pytest

from tests.providers.http_server import access_to
from tui.errors import Problem
from tui.providers.client.compression import Inflater
from tui.providers.error_messages import ErrorContext

TEXT = b'data: {"choices": []}\n\n'
RAW = zlib.compressobj(9, zlib.DEFLATED, -15)
RAW_DEFLATE = RAW.compress(TEXT) + RAW.flush()
BROTLI = bytes.fromhex("0b0a8064617461")
ZSTD = bytes.fromhex("28b52ffd2417b90000")
LABELS = (
    "gzip",
    "x-gzip",
    "deflate",
    "br",
    "zstd",
    "utf-8",
    "none",
    "aws-chunked",
    "gzip, br",
    "br, gzip",
    "identity",
    "",
)


def unpack(label: str, body: bytes, size: int = 1000) -> bytes:
    """Return a body as it is read, fed in pieces of one size."""
    access = access_to("http://localhost/v1")
    inflater = Inflater(ErrorContext(access.provider, "http://localhost/v1"), label, 1000)
    pieces = [piece for start in range(0, len(body), size) for piece in inflater.feed(body[start : start + size])]
    return b"".join(pieces) + inflater.rest()


@pytest.mark.parametrize("size", [1, 5, 1000])
@pytest.mark.parametrize("label", LABELS)
def test_the_bytes_decide_how_a_body_is_unpacked(label: str, size: int) -> None:
    for text in (TEXT, b"{}", "\ufeff\u661f".encode(), b"x", b"id: 1", b""):
        assert unpack(label, text, size) == text
    assert unpack(label, gzip.compress(TEXT), size) == TEXT
    if label != "":
        assert unpack(label, zlib.compress(TEXT), size) == TEXT


def test_deflate_comes_with_and_without_its_header() -> None:
    assert unpack("deflate", RAW_DEFLATE) == unpack("", zlib.compress(TEXT)) == TEXT


@pytest.mark.parametrize(
    ("label", "body", "words"),
    [
        ("br", BROTLI, "compressed as br"),
        ("zstd", ZSTD, "compressed as zstd"),
        ("br, gzip", gzip.compress(BROTLI), "compressed as br"),
        ("gzip", ZSTD, "damaged"),
    ],
)
def test_control_what_cannot_be_unpacked_is_named(label: str, body: bytes, words: str) -> None:
    with pytest.raises(Problem, match=words):
        unpack(label, body)


@pytest.mark.parametrize("size", [(1 << 18) - 1, 1 << 18, 1 << 20, (1 << 20) + 1])
def test_a_small_chunk_that_holds_a_thousand_times_as_much_comes_in_pieces(size: int) -> None:
    context = ErrorContext(access_to("http://localhost/v1").provider, "http://localhost/v1")
    once = gzip.compress(bytes(size))
    for packed in (once, gzip.compress(once), once + gzip.compress(b"{}")):
        inflater = Inflater(context, "gzip", 2 << 20)
        pieces = [*inflater.feed(packed), inflater.rest()]
        assert b"".join(pieces).rstrip(b"{}") == bytes(size) and not inflater.is_cut
        assert max(map(len, pieces)) <= 1 << 18
    with pytest.raises(Problem, match="larger than"):
        list(Inflater(context, "gzip", size - 1).feed(once))
