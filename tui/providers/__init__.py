"""The registry of providers: every module of this package that holds a `PROVIDER`. Adding one is adding a file."""

import sys
from collections.abc import Iterator, MutableMapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from tui.domain import Supply
from tui.errors import UsageError, did_you_mean, quotable
from tui.providers.spec import Provider

# httpx's own command, which nobody calls here, takes as long to import as the rest of it where click is installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


class Registry(MutableMapping[str, Provider]):
    """Every provider by id, sorted for people: own models first, then hosting ones.

    One that is asked for by its id is imported alone, all of them when they are listed.
    """

    @cached_property
    def _all(self) -> dict[str, Provider]:
        return _discover()

    def __getitem__(self, provider_id: str) -> Provider:
        if "_all" not in vars(self) and (alone := _declared(provider_id)):
            return alone
        return self._all[provider_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __setitem__(self, provider_id: str, declared: Provider) -> None:
        self._all[provider_id] = declared

    def __delitem__(self, provider_id: str) -> None:
        del self._all[provider_id]


def _discover() -> dict[str, Provider]:
    # The client brings httpx with it, which no list of providers needs.
    names = [each.name for each in iter_modules(__path__) if each.name not in ("client", "dialects")]
    found = [declared for each in names if (declared := _declared(each))]
    found.sort(key=lambda each: (each.supply is not Supply.OWN, each.sort_order, each.label))
    return {each.id: each for each in found}


def _declared(name: str) -> Provider | None:
    """What the module of that name declares, None if there is none or it is no provider's."""
    if not name.isidentifier() or find_spec(f"{__name__}.{name}") is None:
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
