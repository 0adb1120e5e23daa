"""API keys in the environment and local model servers: offered, never used by themselves."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tui.errors import Problem, UsageError
from tui.providers import PROVIDERS
from tui.providers.events import ModelsListed, Retrying
from tui.providers.origins import clean_url, is_loopback, origin_of
from tui.providers.spec import Field, Provider
from tui.secret import Secret
from tui.tenancy.session import Session
from tui.workspace.credentials.paste import clean_pasted

PROBE_TIMEOUT = 1.0


@dataclass(frozen=True)
class DiscoveredKey:
    """An environment variable with a key or a URL; a base URL variable goes with it."""

    variable: str
    base_url_variable: str
    values: Mapping[str, str | Secret]


@dataclass(frozen=True)
class Server:
    """A model server that answers on this machine."""

    base_url: str
    label: str
    models: tuple[str, ...]


def discover_keys(session: Session, provider: Provider) -> DiscoveredKey | None:
    """Return the key in the environment variables of a provider, or None. Practice mode reads none."""
    if session.practice:
        return None
    own = keys_in(session.environ, provider)
    if own and _changes_origin(provider, own):
        return None
    return own or _key_of_compatible(session, provider) or _elsewhere(session, provider)


def _changes_origin(provider: Provider, key: DiscoveredKey) -> bool:
    """Return True if the base URL beside a key is not the provider's own, and another kind is for such servers."""
    field = next((field for field in provider.fields if field.url and field.default), None)
    if field is None or not key.base_url_variable:
        return False
    own, host = (urlsplit(str(url)).hostname or "" for url in (field.default, key.values[field.name]))
    if host == own or host.endswith(f".{own}"):
        return False
    return any(key.base_url_variable in entry.sdk_env for kind in PROVIDERS.values() for entry in kind.fields)


def _key_of_compatible(session: Session, provider: Provider) -> DiscoveredKey | None:
    """Return the key and the base URL that point another provider's SDK at a server of this kind."""
    if any(field.url and field.default for field in provider.fields):
        return None  # it has an address of its own
    fields = {variable: field for field in provider.fields for variable in field.sdk_env}
    for owner in PROVIDERS.values() if fields else ():
        key = keys_in(session.environ, owner)
        if key and key.variable in fields and key.base_url_variable in fields and _changes_origin(owner, key):
            url = next(field.name for field in owner.fields if field.url)
            main_field = next(name for name, value in key.values.items() if isinstance(value, Secret))
            values = {
                fields[key.base_url_variable].name: key.values[url],
                fields[key.variable].name: key.values[main_field],
            }
            return DiscoveredKey(key.variable, key.base_url_variable, values)
    return None


def keys_in(environ: Mapping[str, str], provider: Provider) -> DiscoveredKey | None:
    """Return the key that variables hold for a provider, with the fields that go with it, or None."""
    variables = {field.name: hit for field in provider.fields if (hit := _variable(environ, field))}
    main_field = _lead(provider, variables)
    if main_field is None:
        return None
    base = next((variables[field.name][0] for field in provider.fields if field.url and field.name in variables), "")
    values: dict[str, str | Secret] = {
        field.name: Secret(variables[field.name][1]) if field.secret else variables[field.name][1]
        for field in provider.fields
        if field.name in variables
        and (not provider.exclusive_auth_methods or field.auth_method in ("", main_field.auth_method))
    }
    variable = variables[main_field.name][0]
    return DiscoveredKey(variable, "" if base == variable else base, values)


def runs_here(session: Session, provider: Provider) -> bool:
    """Return True if a variable says that a model server of this provider runs on this machine.

    A variable that is offered together with a key does not count.
    """
    keys = (discover_keys(session, entry) for entry in PROVIDERS.values())
    variables = {key.base_url_variable for key in keys if key}
    return not session.practice and any(name not in variables for name, _ in _servers(session, provider, here=True))


async def probe_local_servers(session: Session, provider: Provider) -> list[Server]:
    """Probe this machine at the ports of variables and at the usual ports, all at once, a second each.

    Return the servers that answer, in that order.
    """
    named = [(url, name) for name, url in _servers(session, provider, here=True)]
    ports = {urlsplit(url).port for url, _ in named}
    rest = [
        local_server for local_server in provider.local_servers if urlsplit(local_server.base_url).port not in ports
    ]
    defaults = [(entry.base_url, entry.label) for entry in rest]
    answers = await asyncio.gather(*(_ask(session, provider, *entry) for entry in (*named, *defaults)))
    return [answer for answer in answers if answer is not None]


def _lead(provider: Provider, variables: Mapping[str, tuple[str, str]]) -> Field | None:
    """Return the field to offer: the key of the first complete auth method, else a URL."""
    secrets = [field for field in provider.fields if field.secret and field.required]
    for main_field in secrets or [field for field in provider.fields if field.url]:
        whole = [
            field.name
            for field in provider.fields
            if field.required and main_field.auth_method and field.auth_method == main_field.auth_method
        ]
        if {main_field.name, *whole} <= set(variables):
            return main_field
    return None


def _elsewhere(session: Session, provider: Provider) -> DiscoveredKey | None:
    """Return the server on another machine that a variable names: offered, but no request is sent."""
    url = next((field.name for field in provider.fields if field.url), "")
    named = _servers(session, provider, here=False)
    return next((DiscoveredKey(name, "", {url: address}) for name, address in named if url), None)


def _servers(session: Session, provider: Provider, *, here: bool) -> Iterator[tuple[str, str]]:
    """Yield servers that variables name as `host`, `host:port` or a URL, here or on other machines.

    Each is the variable's name and a base URL.
    """
    for server in provider.local_servers:
        text = session.environ.get(server.variable, "").strip().rstrip("/") if server.variable else ""
        defaults = urlsplit(server.base_url)
        try:
            address = urlsplit(text if "://" in text else f"http://{text}")
            # What a server listens on may be every address of its machine; that is no address to call.
            host = "localhost" if address.hostname in (None, "0.0.0.0", "::") else address.hostname
            host = f"[{host}]" if ":" in str(host) else host
            # A whole address has its scheme's port; a host alone has the server's own.
            port = address.port or ("" if "://" in text else defaults.port)
            url = clean_url(f"{address.scheme}://{host}{f':{port}' if port else ''}{address.path or defaults.path}")
        except (ValueError, UsageError):
            continue
        if text and is_loopback(origin_of(url)) == here:
            yield server.variable, url


def _variable(environ: Mapping[str, str], field: Field) -> tuple[str, str] | None:
    for name in field.env:
        if text := environ.get(name, ""):
            cleaned = clean_pasted(field, text)
            if cleaned.text and not cleaned.problem:
                return name, cleaned.text
    return None


async def _ask(session: Session, provider: Provider, url: str, label: str) -> Server | None:
    from tui.providers.client.access import Access

    fields = provider.default_values
    fields[next(field.name for field in provider.fields if field.url)] = url
    if provider.list_models is None:
        return None
    access = Access(
        provider=provider, fields=fields, origins=provider.origins(fields), plain_http=(), secrets=lambda: {}
    )
    models: tuple[str, ...] = ()
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            async for event in session.client.stream(access, provider.list_models(fields)):
                if isinstance(event, Retrying):
                    return None
                if isinstance(event, ModelsListed):
                    models += tuple(model.id for model in event.models)
    except (Problem, TimeoutError):
        return None
    return Server(url, label, models)
