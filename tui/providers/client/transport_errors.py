"""Network failures as problems: name lookup, connection, proxy, TLS, protocol."""

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from tui.errors import IncompleteAnswer, NetworkError, Problem
from tui.providers.error_messages import RESEND, ErrorContext, shown_url

# OpenSSL, x509_vfy.h: X509_V_ERR_*
_EXPIRED, _NOT_YET, _SELF_SIGNED, _SELF_SIGNED_ROOT, _NO_ISSUER, _WRONG_HOST, _WRONG_IP = 10, 9, 18, 19, 20, 62, 64
_OLD = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "HANDSHAKE_FAILURE")
_CA_HINT = "If this network has its own certificate authority, name its file in SSL_CERT_FILE."
_PROXY_HINT = "Check the proxy variables, or name the host in NO_PROXY."
_NAMES = {
    errno.ECONNREFUSED: "nothing listens there",
    errno.EHOSTUNREACH: "no route",
    errno.ENETUNREACH: "no route",
    errno.ETIMEDOUT: "no answer",
    errno.ECONNRESET: "it closed the connection",
}

_CLOSED = r"(?i)closed|disconnected"
"""How h11 and httpcore tell of a connection that the other side ended; the rest is about bytes that are not HTTP."""

_HEADERS = r"(?i)header|content-length|transfer-encoding|too long"
"""What h11 names where the first line of a response was HTTP, and the rest of its head is not, or is too long."""


def ignore_event(event: str, info: dict[str, Any]) -> None:
    """Do nothing with an event of the trace."""


@dataclass
class ConnectionTrace:
    """How far a call came, told by httpcore's trace: its last phase, and whether its head (with the key) went out.

    `opened` says that the call opened a connection, as opposed to using one that was idle. `on_event` gets every event.
    """

    phase: str = ""
    sent: bool = False
    opened: bool = False
    on_event: Callable[[str, dict[str, Any]], object] = ignore_event

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """Record an event of httpcore's `trace` extension. A CONNECT to a proxy carries no API key."""
        self.on_event(event, info)
        phase, _, state = event.rpartition(".")
        if state != "started":
            return
        if phase.endswith("send_request_headers"):
            if info["request"].method == b"CONNECT":
                return
            self.sent = True
        self.opened = self.opened or phase.endswith("connect_tcp")
        self.phase = phase


def new_trace(host: str, proxy: str) -> ConnectionTrace:
    """Return the trace of a call that nobody observes."""
    return ConnectionTrace()


def connect_problem(place: ErrorContext, fault: Exception, progress: ConnectionTrace) -> tuple[Problem, bool]:
    """Return the problem of a failure before the response, and whether a retry may help."""
    for cause in _causes(fault):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(place, cause, progress), False
        if isinstance(cause, ssl.SSLError):
            return _tls(place, cause, progress), False
    if isinstance(fault, httpx.PoolTimeout):
        return Problem("Too many requests are running.", "Stop one, or wait until one finishes."), False
    if isinstance(fault, httpx.ProxyError):
        return _proxy(place, fault), False
    if is_malformed(fault):
        return _not_http(place, str(fault)), False
    if progress.sent:
        if isinstance(fault, httpx.LocalProtocolError):
            return Problem("The file changed while it was sent.", "Send it again once it is complete."), False
        problem = NetworkError(f"The connection to {place.label} ended before the answer began.", RESEND)
        return problem, not isinstance(fault, httpx.LocalProtocolError)
    if isinstance(fault, httpx.LocalProtocolError):
        return Problem(
            f"This request cannot be sent. {place.nothing_sent}", "Check its fields for unusual characters."
        ), False
    return _connect_problem(place, fault, progress), True


def is_malformed(fault: BaseException | None) -> bool:
    """Return True if the response is not HTTP, as opposed to a connection that ended."""
    return isinstance(fault, httpx.RemoteProtocolError) and re.search(_CLOSED, str(fault)) is None


def _not_http(place: ErrorContext, text: str) -> Problem:
    """Return the problem of a response that cannot be read as HTTP, by h11's words: its first line, or its headers."""
    if "status line" in text or not re.search(_HEADERS, text):
        hint = f"Check {shown_url(place.url)}: its port, and whether it begins with http:// or https://."
        return NetworkError(f"{place.host} sent an answer that is not valid HTTP.", hint)
    why = "too many headers" if "too long" in text else "headers that are not valid HTTP"
    return NetworkError(f"{place.host} sent {why}.", "Tell whoever runs the server, or a gateway before it.")


def read_problem(place: ErrorContext, fault: BaseException | None = None) -> Problem:
    """Return the problem of a connection that was lost during the response, or of a body that is not HTTP."""
    if is_malformed(fault):
        message = f"The answer from {place.label} continues with invalid HTTP. It is incomplete."
        return NetworkError(message, RESEND)
    return IncompleteAnswer(f"The connection to {place.label} ended before the answer did.", RESEND)


def silent_proxy(context: ErrorContext, seconds: float) -> Problem:
    """Return the problem of a proxy that accepts a connection and does nothing with it."""
    message = f"The proxy {context.proxy} accepted the connection and sent nothing for {seconds:.0f} s."
    return NetworkError(f"{message} {context.nothing_sent}", _PROXY_HINT)


def _connect_problem(place: ErrorContext, fault: Exception, progress: ConnectionTrace) -> Problem:
    to_proxy = bool(place.proxy) and not progress.phase.endswith("start_tls")
    host = place.proxy.rpartition("/")[2] if to_proxy else place.host
    hint = "Check the network or the proxy."
    if to_proxy:
        hint = _PROXY_HINT
    name = f"the proxy {host}" if to_proxy else host
    if any(isinstance(cause, socket.gaierror) for cause in _causes(fault)):
        return NetworkError(f"Cannot find the {'proxy' if to_proxy else 'host'} {host}. {place.nothing_sent}", hint)
    if isinstance(fault, httpx.TimeoutException):
        return NetworkError(f"Cannot reach {name}: no answer. {place.nothing_sent}", hint)
    numbers = {cause.errno for cause in _causes(fault) if isinstance(cause, OSError)}
    if errno.ECONNREFUSED in numbers:
        started = "Start the server, or check" if place.provider.local_servers else "Check"
        hint = hint if to_proxy else f"{started} the address and its port."
        return NetworkError(f"Nothing listens at {name}. {place.nothing_sent}", hint)
    why = next((words for number, words in _NAMES.items() if number in numbers), "the connection failed")
    return NetworkError(f"Cannot reach {name}: {why}. {place.nothing_sent}", hint)


def _proxy(place: ErrorContext, fault: Exception) -> Problem:
    text = str(fault)
    hint = _PROXY_HINT
    if text.startswith("407") or "password" in text or "but got" in text:
        why = "requires a user name and password, or others"
        hint = "Set them in the proxy variable, as in http://name:password@host:port."
    elif text[:3].isdigit():
        why = f"answered {text[:3]} and does not pass on requests to {place.host}"
    else:
        why = f"could not connect to {place.host}"
    return NetworkError(f"The proxy {place.proxy} {why}. {place.nothing_sent}", hint)


def _tls_host(place: ErrorContext, progress: ConnectionTrace) -> str:
    """Return who answered with TLS: the host, or an https proxy, to which httpcore connects as to a host."""
    if place.proxy and progress.phase.startswith("connection."):
        return f"the proxy {place.proxy.rpartition('/')[2]}"
    return place.host


def _certificate(place: ErrorContext, fault: ssl.SSLCertVerificationError, progress: ConnectionTrace) -> Problem:
    code = fault.verify_code
    if code == _EXPIRED:
        what, hint = "has expired", "Tell whoever runs it; check this machine's date as well."
    elif code == _NOT_YET:
        what, hint = "is not valid yet", "Check this machine's date."
    elif code in (_WRONG_HOST, _WRONG_IP):
        what, hint = "is for another host", "Check the address; something in between may answer instead."
    elif code in (_SELF_SIGNED, _SELF_SIGNED_ROOT):
        what, hint = "is self-signed", _CA_HINT
    elif code == _NO_ISSUER:
        what, hint = "is from an unknown certificate authority", _CA_HINT
    else:
        what, hint = "could not be verified", _CA_HINT
    return NetworkError(f"The certificate of {_tls_host(place, progress)} {what}. {place.nothing_sent}", hint)


def _tls(place: ErrorContext, fault: ssl.SSLError, progress: ConnectionTrace) -> Problem:
    reason = (fault.reason or "").upper()
    if any(word in reason for word in _OLD):
        what, hint = "supports no secure version of TLS", "Tell whoever runs it: TLS 1.2 or newer is needed."
    elif "WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason or "RECORD_LAYER" in reason:
        what, hint = "does not speak TLS on this port", "Check whether its address begins with http:// instead."
    else:
        what, hint = "aborted the TLS handshake", "Check the network or the proxy."
    who = _tls_host(place, progress).replace("the proxy", "The proxy", 1)
    return NetworkError(f"{who} {what}. {place.nothing_sent}", hint)


def _causes(fault: BaseException) -> Iterator[BaseException]:
    """Yield an exception, its causes, and the members of exception groups among them."""
    waiting: list[BaseException | None] = [fault]
    visited: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in visited:
            continue
        visited.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__]
        # httpcore hands the exception that it maps on as an argument.
        waiting += [arg for arg in cause.args if isinstance(arg, BaseException)]
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
