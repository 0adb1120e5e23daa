"""What one request tells about its connection: times of its phases, address, certificate, the server's clock.

A report hears the events of httpcore's `trace` extension, so that it measures the transport of real calls. It keeps no
header but `Date`: requests, to a proxy as well, carry keys.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from tui.providers.client.transport_errors import ConnectionTrace
from tui.sanitize import one_line

_MAX_NAME = 80


class Phase(StrEnum):
    """A part of a request, in the order of their times."""

    TCP = "tcp"
    PROXY = "proxy"
    TLS = "tls"
    RESPONSE = "response"


@dataclass(frozen=True)
class Certificate:
    """A verified certificate: who issued it, and when it ends, in seconds since the epoch; 0 if it does not say."""

    issuer: str
    ends: float


@dataclass
class ConnectionReport:
    """The connection of one request to `host`, a name or an address with its port.

    Attributes:
        host: Host and, if it is unusual, port.
        proxy: The proxy without its password, '' for none.
        ms: Milliseconds of each phase that came to its end.
        failed: The phase that failed, None as long as none did.
        address: The address that was connected to, the proxy's if there is one; '' without a new connection.
        certificate: The host's, None without TLS.
        tls_version: Such as `TLSv1.3`.
        status: The HTTP status, 0 before the response.
        date: The server's time in seconds since the epoch, None if it does not tell.
    """

    host: str
    proxy: str = ""
    ms: dict[Phase, float] = field(default_factory=dict)
    failed: Phase | None = None
    address: str = ""
    certificate: Certificate | None = None
    tls_version: str = ""
    status: int = 0
    date: float | None = None
    _began: dict[Phase, float] = field(default_factory=dict)
    _connecting: bool = False
    """Whether the request that is under way is a CONNECT to the proxy."""

    def event(self, name: str, info: Mapping[str, Any]) -> Phase | None:
        """Record an event of the trace; return the phase that it ends, or None."""
        place, _, state = name.rpartition(".")
        if place.endswith("send_request_headers") and state == "started":
            self._connecting = info["request"].method == b"CONNECT"
        phase = self._phase(place, state)
        if phase is None:
            return None
        if state == "started":
            self._began[phase] = time.perf_counter()
            return None
        self.ms[phase] = 1000 * (time.perf_counter() - self._began.get(phase, time.perf_counter()))
        if state == "failed":
            self.failed = phase
        else:
            self._read(phase, info.get("return_value"))
        return phase

    def _phase(self, place: str, state: str) -> Phase | None:
        """Return the phase that an event begins or ends; TLS to a proxy is part of the way to it."""
        if place.endswith("connect_tcp"):
            return Phase.TCP
        if place.endswith("start_tls"):
            to_proxy = bool(self.proxy) and place.startswith("connection.")
            return Phase.TLS if not to_proxy else Phase.PROXY if state != "complete" else None
        if place.endswith("setup_socks5_connection"):
            return Phase.PROXY
        sent, received = place.endswith("send_request_headers"), place.endswith("receive_response_headers")
        if (sent and state == "started") or (received and state != "started"):
            return Phase.PROXY if self._connecting else Phase.RESPONSE
        return None

    def _read(self, phase: Phase, value: Any) -> None:
        """Take what the end of a phase brought: a stream, or the head of a response."""
        if phase is Phase.TCP:
            address = value.get_extra_info("server_addr")
            self.address = str(address[0]) if address else ""
        elif phase is Phase.PROXY and isinstance(value, tuple) and not 200 <= value[1] < 300:
            self.failed = phase
        elif phase is Phase.TLS:
            session = value.get_extra_info("ssl_object")
            self.tls_version = session.version() or ""
            self.certificate = _certificate(session.getpeercert() or {})
        elif phase is Phase.RESPONSE:
            self.status = value[1]
            self.date = next((_seconds(text) for name, text in value[3] if name.lower() == b"date"), None)


def _certificate(fields: Mapping[str, Any]) -> Certificate:
    issuer = {name: value for part in fields.get("issuer", ()) for name, value in part}
    name = issuer.get("organizationName") or issuer.get("commonName") or ""
    ends = fields.get("notAfter")
    return Certificate(one_line(name, _MAX_NAME), ssl.cert_time_to_seconds(ends) if ends else 0)


def _seconds(text: bytes) -> float | None:
    try:
        date: datetime = parsedate_to_datetime(text.decode("ascii"))
        return date.timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None


Observer = Callable[[ConnectionReport, Phase], object]
"""Called with the report of a request whenever one of its phases came to its end, or failed."""


def trace_of(observer: Observer, host: str, proxy: str) -> ConnectionTrace:
    """Return the trace of one request, which reports to an observer."""
    report = ConnectionReport(host, proxy)

    def on_event(event: str, info: Mapping[str, Any]) -> None:
        if (phase := report.event(event, info)) is not None:
            observer(report, phase)

    return ConnectionTrace(on_event=on_event)
