"""`modeldeck paths`: show file locations."""

from typing import TYPE_CHECKING

from tui.cli.command import JSON, Command

if TYPE_CHECKING:
    from tui.cli.context import CommandContext

COMMANDS = (
    Command(
        ("paths",),
        "paths:paths",
        "show file locations",
        options=(JSON,),
        shape="{settings, keys, config, log, shared}; shared maps settings and keys to the kind of file system where "
        "other machines may write to it, too",
        secrets=False,
    ),
)


def paths(call: "CommandContext") -> None:
    """Print the locations, and a warning where other machines can write to one."""
    from tui.paths import paths as locations
    from tui.storage.filesystem import shared, warning

    roots = locations(call.environ)
    places = {
        "settings": str(roots.data / "tenants"),
        "keys": str(roots.keys),
        "config": str(roots.config / "config.toml"),
        "log": str(roots.log),
    }
    kinds = {name: kind for name, path in (("settings", roots.data), ("keys", roots.keys)) if (kind := shared(path))}
    if call.out.as_json:
        call.out.json({**places, "shared": kinds})
        return
    call.out.table(("what", "where"), list(places.items()))
    for name, kind in kinds.items():
        call.out.note(warning(name, kind))
