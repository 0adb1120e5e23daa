"""A port that refuses every connection."""

import socket
from functools import cache


@cache
def _bind() -> socket.socket:
    """Return a socket that is bound and never listens, so that no server of another test gets its port."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


def closed_port() -> int:
    """Return a port on loopback where nothing listens as long as this process runs."""
    return int(_bind().getsockname()[1])
