"""`modeldeck paths`: where things are."""

from tui.cli.context import CommandContext
from tui.paths import paths as roots
from tui.storage.filesystem import shared, warning


def paths(call: CommandContext) -> None:
    """The places of settings, private keys, preferences and log; a warning where other machines can write there."""
    found = roots(call.environ)
    places = {
        "settings": str(found.data / "tenants"),
        "keys": str(found.keys),
        "config": str(found.config / "config.toml"),
        "log": str(found.log),
    }
    kinds = {name: kind for name, path in (("settings", found.data), ("keys", found.keys)) if (kind := shared(path))}
    if call.out.as_json:
        call.out.json({**places, "shared": kinds})
        return
    call.out.table(("what", "where"), list(places.items()))
    for name, kind in kinds.items():
        call.out.note(warning(name, kind))
