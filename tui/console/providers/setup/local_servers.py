"""Local model servers in the set-up form: a button for each, and the silent ports."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from textual.widget import Widget

from tui.console.widgets.form import Button
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.providers.spec import Provider
from tui.workspace.credentials.discovery import Server


def probe_words(provider: Provider) -> str:
    """Return `asking ports 11434 and 8080 of this machine`."""
    return f"asking {ports_of(provider)} of this machine"


def ports_of(provider: Provider) -> str:
    """Return the ports of the usual model servers: `ports 11434, 8080, 8000 and 1234`."""
    ports = list(dict.fromkeys(str(urlsplit(server.base_url).port) for server in provider.local_servers))
    return f"port {ports[0]}" if len(ports) == 1 else f"ports {', '.join(ports[:-1])} and {ports[-1]}"


def server_parts(provider: Provider, servers: Sequence[Server]) -> list[Widget]:
    """Return the widgets after a search for servers; the buttons are `server-0` and so on."""
    if not servers:
        none = line(PROBLEM, "No model server answers on this machine.\n")
        where = f"Start one, or type its URL. Asked: {ports_of(provider)}."
        return [Plain(line(none, where), classes="said")]
    url_width = max(len(server.base_url) for server in servers)
    parts: list[Widget] = [Plain("Answers on this machine", classes="said")]
    for number, server in enumerate(servers):
        models = f"{len(server.models)} model{'' if len(server.models) == 1 else 's'}, no key"
        note = f"{server.label:<14} {models}"
        parts.append(Button(f"Use {server.base_url:<{url_width}}", id=f"server-{number}", note=note))
    if silent := _no_answer(provider, servers):
        parts.append(Plain((" " * (url_width + 14) + silent, MUTED)))
    return parts


def _no_answer(provider: Provider, servers: Sequence[Server]) -> str:
    base_urls = {server.base_url for server in servers}
    ports = [
        str(urlsplit(local_server.base_url).port)
        for local_server in provider.local_servers
        if local_server.base_url not in base_urls
    ]
    if len(ports) == 1:
        return f"{ports[0]} does not answer"
    return f"{', '.join(ports[:-1])} and {ports[-1]} do not answer" if ports else ""
