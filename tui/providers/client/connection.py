"""Connections to a host: the proxy from the environment, and trusted certificates."""

import ssl
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import httpx

from tui.errors import NetworkError
from tui.providers.client.limits import KEEPALIVE_CONNECTIONS, KEEPALIVE_EXPIRY
from tui.providers.origins import is_loopback, origin_of
from tui.sanitize import one_line

_SCHEMES = ("http", "https", "socks5", "socks5h")


def proxy_of(environ: Mapping[str, str], url: str) -> str:
    """Return the proxy of a URL, with its scheme, from the environment; '' for a direct connection.

    Lower-case names win, as with curl; `ALL_PROXY` is for schemes without a variable. This machine is never reached
    through a proxy.
    """
    origin = origin_of(url)
    if is_loopback(origin):
        return ""
    for name in (f"{origin.partition(':')[0]}_proxy", "all_proxy"):
        value = _value(environ, name).strip()
        if value:
            return "" if _direct(_value(environ, "no_proxy"), origin) else _proxy(name.upper(), value)
    return ""


def proxy_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies that are set by variable, without passwords; '' for a value that is no proxy."""
    proxies = {}
    for name in ("https_proxy", "http_proxy", "all_proxy"):
        if value := _value(environ, name).strip():
            try:
                proxies[name.upper()] = redact_url(_proxy(name.upper(), value))
            except NetworkError:
                proxies[name.upper()] = ""
    return proxies


def redact_url(proxy: str) -> str:
    """Return a proxy's URL without user name and password."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if proxy else ""


def is_plain(proxy: str, url: str) -> bool:
    """Return True if neither the host nor the proxy is reached over TLS."""
    return url.startswith(("http:", "ws:")) and not proxy.startswith("https:")


def transport(proxy: str, context: ssl.SSLContext, connections: int) -> httpx.AsyncBaseTransport:
    """Return a transport that reads no environment variables and keeps no cookies."""
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=KEEPALIVE_CONNECTIONS, keepalive_expiry=KEEPALIVE_EXPIRY
    )
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits, proxy=proxy or None)


def trusting_nobody() -> ssl.SSLContext:
    """Return the TLS context for plain http: quick to create, and no certificate passes it."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Load trusted certificates: `SSL_CERT_FILE` and `SSL_CERT_DIR` if set, else the system's, else certifi's."""
    file, folder = environ.get("SSL_CERT_FILE", ""), environ.get("SSL_CERT_DIR", "")
    if file or folder:
        try:
            return ssl.create_default_context(cafile=file or None, capath=folder or None)
        except (OSError, ssl.SSLError):
            name, path = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", folder)
        raise NetworkError(
            f"{name} names {one_line(path, 120)}, which cannot be read as certificates. Nothing was sent.",
            "It must name a PEM file. Without the variable, the system's certificates are used.",
        )
    context = ssl.create_default_context()
    if _has_no_certificates(context):
        context.load_verify_locations(certifi.where())
    return context


def certificates_in_use(environ: Mapping[str, str]) -> str:
    """Return which certificates `tls_context` loads: variables with their paths, or a file or folder alone."""
    names = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    if names:
        return ", ".join(f"{name}={one_line(environ[name], 120)}" for name in names)
    if _has_no_certificates(ssl.create_default_context()):
        return certifi.where()
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath or "the system's"


def _has_no_certificates(context: ssl.SSLContext) -> bool:
    """Return True if the system brings no certificates."""
    paths = ssl.get_default_verify_paths()
    # Certificates in a folder are looked up when they are needed, so that no count shows them.
    by_name = paths.capath and any(Path(paths.capath).glob("*.[0-9]"))
    return not context.cert_store_stats()["x509_ca"] and not by_name


def _value(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.upper()) or ""


def _proxy(name: str, value: str) -> str:
    proxy = value if "://" in value else f"http://{value}"
    proxy = proxy.replace("socks://", "socks5://", 1) if proxy.startswith("socks://") else proxy
    try:
        parts = urlsplit(proxy)
        # A slash or a question mark in a password ends the host: the rest would be shown, and looked up as a name.
        rest = parts.path.strip("/") or parts.query or parts.fragment
        usable = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0 and not rest
    except ValueError:
        usable = False
    if not usable:
        raise NetworkError(
            f"{name} is not a usable proxy. Nothing was sent.",
            "It takes http://host:port, https://host:port or socks5://host:port. "
            "In a password, / is written as %2F, # as %23 and ? as %3F.",
        )
    return proxy


def _direct(no_proxy: str, origin: str) -> bool:
    """Return True if `NO_PROXY` names the host: name, domain, address or network, with or without port, or `*`."""
    parts = urlsplit(origin)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}[parts.scheme]
    return any(_names(entry.strip().lower(), host, port) for entry in no_proxy.replace(" ", ",").split(","))


def _names(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass
    name, colon, number = entry.rpartition(":")
    if colon and number.isdigit() and (":" not in name or name.startswith("[")):
        if int(number) != port:
            return False
        entry = name
    entry = entry.strip("[]").lstrip("*").lstrip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))
