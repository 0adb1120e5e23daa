"""Every timeout and size limit of the client, with its unit.

`Limits` holds what a caller may change. The constants below it are properties of the implementation. A message that
tells of a limit takes the number from here.
"""

from dataclasses import dataclass, replace

from tui.config import Config

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True)
class Limits:
    """The limits of one client. Times are in seconds, sizes in bytes.

    Attributes:
        connect: To open a connection, the TLS handshake included.
        proxy_timeout: For a proxy to let a request through, once it accepted the connection.
        notice_after: Silence after which `NoResponseYet` is yielded, again after each further span of that length.
        first_token_timeout: Silence before the first piece that ends a stream; 0 for `stream_timeout`.
        stream_timeout: Silence (nothing but comments counts as silence) that ends a stream or a GET.
        response_timeout: Silence that ends a call whose answer comes in one piece.
        error_body_timeout: To read the body of an HTTP error.
        end_timeout: To wait for usage and an end mark once a finish reason has come.
        cancel_timeout: To stop a job at the provider.
        line: The longest line of a stream, and the longest WebSocket message.
        event: The largest server-sent event.
        answer: The largest answer, all of its bytes counted.
        body: The largest answer that is parsed in one piece. 2,048 base64 vectors of 3,072 numbers are 33 MB.
        error_body: How much of the body of an HTTP error is read.
        retries: How often a failed request is sent again.
        backoff: The wait before the first retry; it doubles with each further one.
        max_backoff: The longest wait between retries.
        max_retry_after: The longest wait that a server may ask for; beyond it the call fails at once.
        max_repairs: How often a request is corrected after the provider refused one of its fields.
        max_steps: How many requests one call may take before it is stopped.
        max_connections: How many connections may be open at a time.
    """

    connect: float = 10
    proxy_timeout: float = 15
    notice_after: float = 30
    first_token_timeout: float = 0
    stream_timeout: float = 120
    response_timeout: float = 600
    error_body_timeout: float = 10
    end_timeout: float = 2
    cancel_timeout: float = 5
    line: int = 8 * MIB
    event: int = 8 * MIB
    answer: int = 64 * MIB
    body: int = 40 * MIB
    error_body: int = 256 * KIB
    retries: int = 2
    backoff: float = 0.5
    max_backoff: float = 8
    max_retry_after: float = 60
    max_repairs: int = 3
    max_steps: int = 1000
    max_connections: int = 32


KEEPALIVE_CONNECTIONS = 8
"""Idle connections that are kept for further calls."""

KEEPALIVE_EXPIRY = 30.0
"""Seconds after which an idle connection is closed."""

TOKEN_MARGIN = 60.0
"""Seconds before its expiry at which an access token is exchanged again."""

UPLOAD_PROGRESS_INTERVAL = 0.25
"""Seconds between two reports of the progress of an upload."""

UPLOAD_CHUNK = 192 * KIB
"""Bytes of a file that are read at a time; a multiple of three, so that base64 chunks can be joined."""

READ_AHEAD = 256 * KIB
"""Bytes of an answer that are buffered before the server is made to wait."""

PARSE_IN_THREAD = 256 * KIB
"""Bytes of JSON above which it is parsed in a thread; 33 MB of vectors take most of a second."""

MIN_RATE = 100
"""Bytes a second below which an answer in one piece counts as silent; a word a second of a model are more."""

DRAIN_TIMEOUT = 0.05
"""Seconds to wait for the end of a body after the answer is complete, so that the connection can be used again."""

MAX_BROKEN_FRAMES = 3
"""Broken frames in a row that end an answer."""

WEBSOCKET_READ = 64 * KIB
"""Bytes that are read from a WebSocket at a time."""

WEBSOCKET_CLOSE_TIMEOUT = 0.2
"""Seconds that closing a WebSocket may take."""


def limits_of(config: Config) -> Limits:
    """Return the limits that the preferences set, and the defaults of the others."""
    limits = Limits()
    size = config.event_size * MIB
    return replace(
        limits,
        first_token_timeout=config.first_token_timeout or limits.first_token_timeout,
        stream_timeout=config.stream_timeout or limits.stream_timeout,
        response_timeout=config.response_timeout or limits.response_timeout,
        line=size or limits.line,
        event=size or limits.event,
    )


def setting_hint(name: str) -> str:
    """Return the sentence that names the setting of a limit, and its default."""
    defaults = Limits()
    value = {
        "first_token_timeout": f"{defaults.first_token_timeout or defaults.stream_timeout:.0f} s",
        "stream_timeout": f"{defaults.stream_timeout:.0f} s",
        "response_timeout": f"{defaults.response_timeout:.0f} s",
        "event_size": format_size(defaults.event),
    }[name]
    return f"To change this limit, set {name} in config.toml; its default is {value}."


def format_size(count: int) -> str:
    """Return a number of bytes as messages state it."""
    return f"{count // MIB} MiB" if count >= MIB else f"{count} bytes"
