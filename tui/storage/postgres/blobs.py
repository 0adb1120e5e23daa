"""Large settings in parts, so that a list of models that did not change is neither sent nor stored again.

Cut where a record or a table begins, at places that depend on what is around them alone; the parts are blobs, by the
SHA-256 of what they hold. The stored document names them and has what is before and behind them:

    {"schema": 1000, "blobs": [SHA-256 in hexadecimal, …], "head": TEXT, "tail": TEXT}

A version of Modeldeck that does not know that reads settings of a newer one, and leaves them alone. Put together, they
are read as others are, checksum and all: a blob that is missing or was changed makes them damaged.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

_LARGE = 64 * 1024
"""Bytes of settings that are stored in parts from there on."""

NEXT_STATE = "SELECT modeldeck.save(t.id, t.version, %s, %s, 5) FROM modeldeck.tenant t WHERE t.id = %s"
"""Save a state of a tenant that this transaction creates: operation, settings, tenant."""

_SCHEMA = 6
"""The first schema of a store that has blobs."""

_OPERATOR = "operator"
"""The operator's own settings, whose trials the database reads: they stay whole."""

_EXISTING = "SELECT digest FROM modeldeck.blob WHERE tenant = %s AND digest = ANY(%s)"
_INSERT = "INSERT INTO modeldeck.blob (tenant, digest, content) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_READ = "SELECT digest, content FROM modeldeck.blob WHERE tenant = %s AND digest = ANY(%s)"

_MIN_PART = 8 * 1024
"""Bytes of a part: those before the first one, and behind the last one, that has as many are in the document."""

_MARK = b'{"schema": 1000, "blobs": '
_PLACE = re.compile(rb'\},(?="(?:[0-9]*[05]00|[a-z_]+":\{"[0-9]+)":\{)')
"""The end of a record before one whose number ends in 000 or 500, or before another table."""

Query = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
Send = Callable[..., None]
Documents = Mapping[str, tuple[str, bytes]]


def in_parts(tenant: str, document: bytes, schema: int, query: Query, send: Send) -> bytes:
    """Return the document to be stored under the tenant's lock; blobs that the store lacks are sent before it."""
    if schema < _SCHEMA or tenant == _OPERATOR:
        return document
    stored, parts = split(document)
    existing = {row[0] for row in query(_EXISTING, (tenant, list(parts)))} if parts else set()
    for digest in parts.keys() - existing:
        send(_INSERT, tenant, digest, parts[digest])
    return stored


def split(document: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the document to be stored, and the blobs that it names by digest; of a small one the same, and none."""
    head, parts, tail = _parts(document)
    if not parts:
        return document, {}
    digests = [hashlib.sha256(part).digest() for part in parts]
    try:
        texts = {"head": head.decode(), "tail": tail.decode()}
    except UnicodeDecodeError:
        return document, {}
    names = {"schema": 1000, "blobs": [digest.hex() for digest in digests]}
    return json.dumps({**names, **texts}).encode(), dict(zip(digests, parts, strict=True))


def whole(tenant: str, stored: bytes, documents: Documents, query: Query) -> bytes:
    """Return settings as they were saved; only blobs that are not in the known document of the tenant are read."""
    if not stored.startswith(_MARK):
        return stored
    try:
        read = json.loads(stored)
        digests, head, tail = (
            [bytes.fromhex(name) for name in read["blobs"]],
            read["head"].encode(),
            read["tail"].encode(),
        )
    except (ValueError, TypeError, LookupError, AttributeError):
        return stored
    _, parts, _ = _parts(documents.get(tenant, ("", b""))[1])
    known = {hashlib.sha256(part).digest(): part for part in parts}
    if missing := [digest for digest in digests if digest not in known]:
        known |= dict(query(_READ, (tenant, missing)))
    return b"".join((head, *(known.get(digest, b"") for digest in digests), tail))


def _parts(document: bytes) -> tuple[bytes, list[bytes], bytes]:
    """Return what is before the parts, the parts, and what is behind them. The line with its checksum is in no part."""
    if len(document) < _LARGE:
        return document, [], b""
    places = [0, *(match.end() for match in _PLACE.finditer(document)), len(document)]
    parts = [document[start:end] for start, end in pairwise(places)]
    large = [number for number, part in enumerate(parts) if number and len(part) >= _MIN_PART]
    if not large:
        return document, [], b""
    first, end = large[0], large[-1] + 1
    return b"".join(parts[:first]), parts[first:end], b"".join(parts[end:])
