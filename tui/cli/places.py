"""`modeldeck paths`: where things are."""

from tui.cli.calling import Calling
from tui.paths import paths as roots


def paths(call: Calling) -> None:
    """The places of settings, private keys, preferences and log."""
    found = roots(call.environ)
    places = {
        "settings": str(found.data / "tenants"),
        "keys": str(found.keys),
        "config": str(found.config / "config.toml"),
        "log": str(found.log),
    }
    if call.out.as_json:
        call.out.json(places)
    else:
        call.out.table(("what", "where"), list(places.items()))
