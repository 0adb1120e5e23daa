"""The registry of providers: every module of this package that holds a `PROVIDER`. Adding one is adding a file."""

from importlib import import_module
from pkgutil import iter_modules

from tui.domain import Supply
from tui.errors import Usage
from tui.providers.spec import Provider


def _discover() -> dict[str, Provider]:
    # The wire modules bring httpx with them, which no list of providers needs.
    names = [each.name for each in iter_modules(__path__) if not each.ispkg and not each.name.startswith("wire")]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    found = [module.PROVIDER for module in modules if hasattr(module, "PROVIDER")]
    found.sort(key=lambda each: (each.supply is not Supply.OWN, each.place, each.label))
    return {each.id: each for each in found}


PROVIDERS: dict[str, Provider] = _discover()
"""Every provider by id, sorted for people: own models first, then hosting ones."""


def provider(provider_id: str) -> Provider:
    """The provider of that id; Usage naming the known ids if there is none."""
    try:
        return PROVIDERS[provider_id]
    except KeyError:
        raise Usage(f"There is no provider {provider_id}.", f"Known are: {', '.join(PROVIDERS)}.") from None
