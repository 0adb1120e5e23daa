"""Checks of a connection: names, TCP, proxy, TLS and the clock, as the phases of a request come to their ends."""

import asyncio
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tui.errors import NetworkError, Problem
from tui.sanitize import one_line
from tui.workspace.doctor.checks import Check, CheckState, OnCheck, failed_check, warning

if TYPE_CHECKING:
    from tui.providers.client.connection_report import ConnectionReport, Phase

_DAY = 86_400
_EXPIRY_WARNING_DAYS = 14
"""Days before the end of a certificate from which it is worth a warning."""

_SKEW = 60
"""Seconds by which a clock may be off. Providers that sign with the time take 300 (Spark) to 900."""

_LOOKUP_TIMEOUT = 10.0
_MAX_ADDRESSES = 3
"""Addresses of each family that the words name."""


class ConnectionWatch:
    """Turns the phases of requests into checks. A connection that was open already brings no new ones."""

    def __init__(self, clock: Callable[[], float], environ: Mapping[str, str], add: OnCheck) -> None:
        self._clock, self._environ, self.add = clock, environ, add
        self._host = ""
        self._reported: set[tuple[str, str]] = set()
        self._families: dict[str, list[str]] = {}
        self._lookup_failed: str = ""
        self._lookup_ms = 0.0
        self._report: ConnectionReport | None = None
        self._clock_checked = False

    async def look_up(self, url: str, proxy: str) -> None:
        """Look up the name that will be connected to: the proxy's if there is one. Its check follows the connection."""
        parts = urlsplit(proxy or url)
        self._host = parts.hostname or ""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_LOOKUP_TIMEOUT):
                entries = await asyncio.get_running_loop().getaddrinfo(
                    self._host, parts.port or None, type=socket.SOCK_STREAM
                )
        except (OSError, UnicodeError, TimeoutError) as error:
            self._lookup_failed = "no answer" if isinstance(error, TimeoutError) else "not found"
        else:
            for family, record in ((socket.AF_INET, "A"), (socket.AF_INET6, "AAAA")):
                addresses = (str(entry[4][0]) for entry in entries if entry[0] == family)
                self._families[record] = list(dict.fromkeys(addresses))
        self._lookup_ms = 1000 * (time.perf_counter() - began)

    @property
    def response_ms(self) -> float | None:
        """Return the milliseconds from the last request to the head of its response, None without one."""
        from tui.providers.client.connection_report import Phase

        return self._report.ms.get(Phase.RESPONSE) if self._report else None

    def phase_ended(self, report: "ConnectionReport", phase: "Phase") -> None:
        """Add the check of a phase. What failed is told by `add_failure`, with the words of the problem."""
        from tui.providers.client.connection_report import Phase

        self._report = report
        if report.failed or (report.host, phase) in self._reported:
            return
        self._reported.add((report.host, phase))
        if phase is Phase.TCP:
            if report.proxy or urlsplit(f"//{report.host}").hostname == self._host:
                self._add_name(report.address)
            words = f"{'the proxy ' if report.proxy else ''}{report.address or self._host} accepts connections"
            self.add(Check("tcp", CheckState.OK, words, report.ms[phase], facts={"address": report.address}))
        elif phase is Phase.PROXY:
            words = f"{report.proxy} passes requests on to {report.host}"
            self.add(Check("proxy", CheckState.OK, words, report.ms[phase], facts={"proxy": report.proxy}))
        elif phase is Phase.TLS:
            self.add(self._tls(report, report.ms[phase]))
        elif not self._clock_checked:
            self._clock_checked = True
            self.add(self._clock_check(report))

    def add_failure(self, problem: Problem) -> bool:
        """Add the check that a request failed in; return False if it failed once the server was reached."""
        from tui.providers.client.connection_report import Phase

        report = self._report
        if not self._host:
            # Nothing is watched, as in practice mode.
            return False
        if report is None:
            # Nothing was tried: the certificates cannot be read, or the way is closed before it begins.
            if self._lookup_failed:
                self.add(self._name_failed(problem))
            else:
                self.add(failed_check("tls" if isinstance(problem, NetworkError) else "request", problem))
            return True
        phase = report.failed
        if phase is None or phase is Phase.RESPONSE:
            return False
        if phase is Phase.TCP and self._lookup_failed:
            self.add(self._name_failed(problem))
            return True
        if phase is Phase.TCP:
            self._add_name("")
        facts: dict[str, Any] = {"certificates": self._certificates()} if phase is Phase.TLS else {}
        self.add(failed_check(str(phase), problem, report.ms.get(phase), facts))
        return True

    def _name_failed(self, problem: Problem) -> Check:
        facts: dict[str, Any] = {"host": self._host, "a": [], "aaaa": [], "used": None}
        return failed_check("name", problem, self._lookup_ms, facts)

    def _add_name(self, address: str) -> None:
        """Add what the name stands for and which address won."""
        facts: dict[str, Any] = {
            "host": self._host,
            "a": self._of("A"),
            "aaaa": self._of("AAAA"),
            "used": address or None,
        }
        if self._lookup_failed:
            words = f"{self._host} was {self._lookup_failed} at first"
            self.add(warning("name", words, "Check the name servers of this machine.", self._lookup_ms, facts))
            return
        parts = [f"{record} {_some(addresses)}" for record, addresses in self._families.items() if addresses]
        words = "an address" if self._of("A") + self._of("AAAA") == [self._host] else "; ".join(parts)
        won = f"; {address} was used" if address and len(self._of("A") + self._of("AAAA")) > 1 else ""
        self.add(
            Check("name", CheckState.OK, f"{one_line(self._host, 80)}: {words}{won}", self._lookup_ms, facts=facts)
        )

    def _of(self, record: str) -> list[str]:
        return self._families.get(record, [])

    def _certificates(self) -> str:
        from tui.providers.client.connection import certificates_in_use

        return certificates_in_use(self._environ)

    def _tls(self, report: "ConnectionReport", ms: float) -> Check:
        certificate, trusted = report.certificate, self._certificates()
        assert certificate is not None
        days = int((certificate.ends - self._clock()) // _DAY) if certificate.ends else None
        facts = {
            "version": report.tls_version,
            "issuer": certificate.issuer,
            "days_left": days,
            "certificates": trusted,
        }
        expiry = f", {days:,} days left" if days is not None else ""
        words = f"{report.tls_version}, issued by {certificate.issuer or 'an unnamed authority'}{expiry}; by {trusted}"
        if days is not None and days < _EXPIRY_WARNING_DAYS:
            return warning("tls", words, "The certificate expires soon: tell whoever runs the server.", ms, facts)
        return Check("tls", CheckState.OK, words, ms, facts=facts)

    def _clock_check(self, report: "ConnectionReport") -> Check:
        if report.date is None:
            return Check("clock", CheckState.SKIPPED, f"{report.host} does not tell its time", facts={"skew_s": None})
        # A date has no fraction of a second: the moment lies within the second that it names.
        ahead = self._clock() - report.date
        skew = 0.0 if 0 <= ahead < 1 else ahead if ahead < 0 else ahead - 1
        facts = {"skew_s": round(skew, 1)}
        if abs(skew) <= _SKEW:
            words = f"right within {abs(skew) + 1:.0f} s"
            return Check("clock", CheckState.OK, words, facts=facts)
        words = f"this machine's clock is {_span(abs(skew))} {'ahead of' if skew > 0 else 'behind'} {report.host}"
        return warning("clock", words, "Set the clock: certificates and signed requests depend on it.", facts=facts)


def _some(addresses: list[str]) -> str:
    more = f" and {len(addresses) - _MAX_ADDRESSES} more" if len(addresses) > _MAX_ADDRESSES else ""
    return ", ".join(addresses[:_MAX_ADDRESSES]) + more


def _span(seconds: float) -> str:
    """Return a time as `3 min` or `2 h`."""
    for size, unit in ((_DAY, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.0f} s"
