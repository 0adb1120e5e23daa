"""Local model servers in the set-up form: a button for each, and the silent ports."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from textual.widget import Widget

from tui.console.widgets.form import Button
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.providers.spec import Provider
from tui.workspace.credentials.discovery import Server

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def looking_words(provider: Provider) -> str:
    """Return `probing four ports on this machine`."""
    count = len(provider.local_servers)
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"asking {number} port{'' if count == 1 else 's'} of this machine"


def server_parts(provider: Provider, servers: Sequence[Server]) -> list[Widget]:
    """Return the widgets after a search for servers; the buttons are `server-0` and so on."""
    if not servers:
        none = line(PROBLEM, "No model server answers on this machine.\n")
        return [Plain(line(none, "Start one, or type its URL."), classes="said")]
    widest = max(len(server.base_url) for server in servers)
    parts: list[Widget] = [Plain("Answers on this machine", classes="said")]
    for number, server in enumerate(servers):
        models = f"{len(server.models)} model{'' if len(server.models) == 1 else 's'}, no key"
        note = f"{server.label:<14} {models}"
        parts.append(Button(f"Use {server.base_url:<{widest}}", id=f"server-{number}", note=note))
    if silent := _silent(provider, servers):
        parts.append(Plain((" " * (widest + 14) + silent, MUTED)))
    return parts


def _silent(provider: Provider, servers: Sequence[Server]) -> str:
    base_urls = {server.base_url for server in servers}
    ports = [
        str(urlsplit(local_server.base_url).port)
        for local_server in provider.local_servers
        if local_server.base_url not in base_urls
    ]
    if len(ports) == 1:
        return f"{ports[0]} does not answer"
    return f"{', '.join(ports[:-1])} and {ports[-1]} do not answer" if ports else ""
