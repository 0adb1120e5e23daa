"""Addresses of databases: which are safe to use and to write into a file."""

import ipaddress
import os
from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tui.errors import UsageError

_SETTINGS: dict[str, Any] = {
    "application_name": "modeldeck",
    "gssencmode": "disable",  # some libpq try Kerberos first, which takes seconds without a ticket
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
    "target_session_attrs": "read-write",
}
"""Default parameters of every connection."""


@dataclass(frozen=True)
class Address:
    """Where a database is: `conninfo` for libpq, `shown` for people, without what could be secret."""

    conninfo: str
    shown: str


def parse(text: str, environ: Mapping[str, str]) -> Address:
    """Check an address.

    Raises:
        UsageError: It is no address, holds a password, or would send data over an unverified connection.
    """
    try:
        parts: dict[str, Any] = conninfo_to_dict(text)
    except ProgrammingError:
        raise UsageError(
            "The store's address cannot be read.", "Write it as postgresql://HOST/DATABASE or postgresql:///DATABASE."
        ) from None
    if parts.get("password") or parts.get("sslpassword"):
        raise UsageError(
            "The store's address contains a password.",
            "Keep it in a password file (~/.pgpass, or passfile=FILE in the address) or a service file.",
        )
    # A service file may name the host: what it says is only known to libpq, so the mode must be given here.
    hosts = [host for name in ("host", "hostaddr") for host in str(parts.get(name) or "").split(",") if host]
    if not hosts and "service" not in parts:
        hosts = [host for host in environ.get("PGHOST", "").split(",") if host]
    if "hostaddr" not in parts:  # libpq connects to it, whatever the host is called
        hosts += [host for host in environ.get("PGHOSTADDR", "").split(",") if host]
    local = all(_is_local(host) for host in hosts) and "service" not in parts and "PGSERVICE" not in environ
    if not local:
        mode = parts.setdefault("sslmode", "verify-full")
        if mode != "verify-full":
            raise UsageError(
                f"The store's address has sslmode={mode}.",
                "Use sslmode=verify-full: with any other, the server could be somebody else's.",
            )
        named = "sslrootcert" in parts or "PGSSLROOTCERT" in environ or _has_root_certificate(parts, environ)
        if not named:
            parts["sslrootcert"] = "system" if _knows_system_roots() else _root_certificates()
    settings = _SETTINGS | {name: value for name, value in parts.items() if value is not None}
    public_parts = {name: parts[name] for name in ("service", "host", "port", "dbname", "user") if parts.get(name)}
    return Address(make_conninfo("", **settings), " ".join(f"{name}={value}" for name, value in public_parts.items()))


def service_file(environ: Mapping[str, str]) -> Path:
    """Return the path of the person's service file, whether it exists or not."""
    return Path(environ.get("PGSERVICEFILE") or os.path.join(environ.get("HOME", "/nowhere"), ".pg_service.conf"))


def _has_root_certificate(parts: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Return True if the service of the address names the authority: what the address has goes before it."""
    lines = ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    with suppress(OSError, ConfigParserError, UnicodeDecodeError):
        lines.read(service_file(environ))
    return lines.has_option(str(parts.get("service") or environ.get("PGSERVICE", "")), "sslrootcert")


def _is_local(host: str) -> bool:
    """Return True for the folder of a socket, an abstract socket, and loopback."""
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _knows_system_roots() -> bool:
    from psycopg import pq

    return pq.version() >= 160000


def _root_certificates() -> str:
    import ssl

    return ssl.get_default_verify_paths().cafile or ""
