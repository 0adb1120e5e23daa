"""Messages between the agent and its clients; the package describes them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

VERSION = 1
NAME = "agent.sock"
MAX_MESSAGE = 8 * 2**20
"""Bytes of a message."""
PREFIX = 4
"""Bytes of its length, before it."""

ABSENT, SEALED, INVALID = "absent", "sealed", "invalid"
"""Errors of an answer."""

Message = Mapping[str, Any]


def encode(message: Message) -> bytes:
    """Return a message with its length before it; raise ValueError if it is too long."""
    body = json.dumps(message, separators=(",", ":")).encode()
    if len(body) > MAX_MESSAGE:
        raise ValueError("too long")
    return len(body).to_bytes(PREFIX, "big") + body


def length(prefix: bytes) -> int:
    """Return the length of the message behind its first bytes; raise ValueError if it is too long or empty."""
    size = int.from_bytes(prefix, "big")
    if not 0 < size <= MAX_MESSAGE:
        raise ValueError("too long")
    return size


def decode(body: bytes) -> dict[str, Any]:
    """Return a message; raise ValueError for anything but a JSON object."""
    try:
        message = json.loads(body.decode())
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(message, dict):
        raise ValueError("no object")
    return message


def digest(public_pem: str) -> str:
    """Return the SHA-256 of a public key in PEM, in hex, however its lines end."""
    return hashlib.sha256("".join(public_pem.split()).encode("utf-8", "replace")).hexdigest()
