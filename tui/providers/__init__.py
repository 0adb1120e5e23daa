"""Registry of providers: every module or package here that holds a `PROVIDER`."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from tui.domain import Supply
from tui.errors import UsageError, did_you_mean, quotable
from tui.providers.spec import Provider


class Registry(Mapping[str, Provider]):
    """Every provider by id, sorted for people: model vendors first, then model hosts. Read-only.

    Looking up a provider by its id imports it alone; listing imports all.
    """

    @cached_property
    def _providers(self) -> Mapping[str, Provider]:
        return _discover()

    def __getitem__(self, provider_id: str) -> Provider:
        if "_providers" in vars(self):
            return self._providers[provider_id]
        if declared := _load(provider_id):
            return declared
        raise KeyError(provider_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __len__(self) -> int:
        return len(self._providers)


def order(provider: Provider) -> tuple[bool, int, str]:
    """Return the sort key of a provider: model vendors first, then model hosts."""
    return provider.supply is not Supply.OWN, provider.sort_order, provider.label


def _discover() -> dict[str, Provider]:
    declared = [provider for module in iter_modules(__path__) if (provider := _load(module.name))]
    return {provider.id: provider for provider in sorted(declared, key=order)}


def _load(name: str) -> Provider | None:
    """Return what the module of that name declares; None if there is none or it declares no provider."""
    # The client brings httpx with it, which no list of providers needs.
    if not name.isidentifier() or name in ("client", "dialects") or find_spec(f"{__name__}.{name}") is None:
        return None
    return getattr(import_module(f"{__name__}.{name}"), "PROVIDER", None)


PROVIDERS = Registry()


def provider(provider_id: str) -> Provider:
    """Return the provider of that ID.

    Raises:
        UsageError: naming the known IDs, and the nearest.
    """
    try:
        return PROVIDERS[provider_id]
    except KeyError:
        shown = f" {provider_id}" if quotable(provider_id, PROVIDERS) else ""
        hint = did_you_mean(provider_id, PROVIDERS)
        raise UsageError(f"Unknown provider{shown}.", f"{hint}Known providers: {', '.join(PROVIDERS)}.") from None
