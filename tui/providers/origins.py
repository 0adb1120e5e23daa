"""Origins that a key may be sent to, and base URLs as people paste them."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from tui.errors import UsageError
from tui.sanitize import one_line

_PORTS = {"http": 80, "https": 443}
_PLAIN = {"ws": "http", "wss": "https"}
_ONE_SLASH = r"(?i)https?(?::/(?!/)|//)"
_HOST = r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?\.?"
_EXAMPLE = "It looks like https://host/v1 or http://localhost:11434/v1."


def origin_of(url: str) -> str:
    """Return `https://host` or `https://host:port` of a URL; for a WebSocket, that of its HTTP URL."""
    return _origin(_split(url))


def base_url_origin(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the one origin of a provider that is reached at its base URL only."""
    return (origin_of(fields["base_url"]),)


def host_of(url: str) -> str:
    """Return the host of a URL for a sentence, with its port unless it is the usual one."""
    return origin_of(url).partition("://")[2]


def is_loopback(origin: str) -> bool:
    """Return True if the origin is on this machine."""
    host = (_split(origin).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(origin: str) -> bool:
    """Return True if nobody on the network can read what is sent: https, or this machine."""
    return origin.startswith("https://") or is_loopback(origin)


def clean_url(text: str, clears: Sequence[str] = ()) -> str:
    """Return a pasted base URL in its one form: scheme added, host in lower case, `clears` and slashes at the end cut.

    The fragment is dropped, as it is never sent. Raises UsageError for what is no http URL, has one slash after the
    scheme, or holds a name and a password or a query, which would be lost.
    """
    text = text.strip()
    if re.match(_ONE_SLASH, text):
        raise UsageError(f"{_quote(text)} needs two slashes after http:, as in http://.", _EXAMPLE)
    if "://" not in text:
        if len(text) >= _LONG and re.fullmatch(_WORD, text):
            # As a name of a host, it would be looked up, by whoever answers such questions.
            raise UsageError(f"{_quote(text)} is not an address.", _EXAMPLE)
        text = f"https://{text}" if not is_loopback(f"http://{text}") else f"http://{text}"
    parts = _split(text)
    if parts.scheme not in _PORTS:
        raise UsageError(f"{_quote(text)} is not an http address.", _EXAMPLE)
    if parts.username or parts.password:
        raise UsageError("A URL with a user name or password is not accepted.", "Enter the key in its own field.")
    if parts.query:
        raise UsageError(
            "A base URL has no query; what follows the question mark would be lost.",  # not shown: it may hold a key
            "Enter it without the part after the question mark, or fill in the other fields.",
        )
    if any(unquote(part) in (".", "..") for part in parts.path.split("/")):
        raise UsageError(f"{_quote(text)} leads to another path: a part of it is . or ..", _EXAMPLE)
    path = parts.path.rstrip("/")
    for ending in sorted(clears, key=len, reverse=True):
        if path.endswith(ending.rstrip("/")):
            path = path[: -len(ending.rstrip("/"))].rstrip("/")
            break
    if is_loopback(_origin(parts)):
        # Not every resolver knows `localhost.`, with the dot of an absolute name.
        parts = parts._replace(netloc=re.sub(r"\.(?=:\d+$|$)", "", parts.netloc))
    return _origin(parts) + path


def with_path(url: str, path: str) -> str:
    """Return the URL with the API's path if it is only a host, as some documents write it."""
    url = url.rstrip("/")
    return url if urlsplit(url).path else url + path


_WORD = r"(?=.*\d)[\w-]+"
_LONG = 20
"""Characters of a word from which on it may be a key that was pasted into the wrong field."""


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = bool(parts.scheme and parts.hostname) and parts.port != 0 and _is_host(parts)
    except ValueError:
        known = False
    if not known or any(mark.isspace() or not mark.isprintable() for mark in url):
        raise UsageError(f"{_quote(url) or 'A blank text'} is not an address.", _EXAMPLE)
    return parts


def _quote(url: str) -> str:
    """Return what a sentence may repeat of an address: no user, no query, and no long word that may be a key."""
    shown = re.sub(r"//.*@", "//", re.split(r"[?#]", url, maxsplit=1)[0], flags=re.DOTALL)
    return one_line(shown, 80) if "/" in shown or "." in shown or len(shown) < _LONG else "What was entered"


def _is_host(parts: SplitResult) -> bool:
    """Return True if the host is an IP address, or a name of ASCII letters, digits, `.`, `-` and `_`.

    Other names are shown one way and looked up another: a full-width stop becomes a dot on the wire. International
    names are written as they are looked up, `xn--…`.
    """
    host = parts.hostname or ""
    if ":" in host or "[" in parts.netloc:
        try:
            return ip_address(host).version == 6
        except ValueError:
            return False
    return bool(re.fullmatch(_HOST, host)) and ".." not in host


def _origin(parts: SplitResult) -> str:
    scheme = _PLAIN.get(parts.scheme, parts.scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, _PORTS.get(scheme)) else "")
