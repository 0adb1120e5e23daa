"""`modeldeck paths`: show file locations."""

from typing import TYPE_CHECKING

from tui.cli.command import JSON, Command

if TYPE_CHECKING:
    from tui.cli.context import CommandContext

COMMANDS = (
    Command(
        ("paths",),
        "store.paths:paths",
        "show file locations",
        options=(JSON,),
        shape="{settings, keys, config, log, shared, warnings}; shared maps settings and keys to the kind of file "
        "system where other machines may write to it, too; warnings are sentences",
        secrets=False,
    ),
)


def paths(call: "CommandContext") -> None:
    """Print the locations, and warnings about them: who else can write there, and what would copy them."""
    from tui import config
    from tui.paths import paths as locations
    from tui.storage.filesystem import shared
    from tui.storage.folder_safety import warnings

    roots = locations(call.environ)
    address = call.environ.get("MODELDECK_STORE") or config.load(roots).store
    places = {
        "settings": address or str(roots.data / "tenants"),
        "keys": str(roots.keys),
        "config": str(roots.config / "config.toml"),
        "log": str(roots.log),
    }
    folders = {"keys": roots.keys} if address else {"settings": roots.data, "keys": roots.keys}
    kinds = {name: kind for name, path in folders.items() if (kind := shared(path))}
    texts = [text for name, path in folders.items() for text in warnings(name, path, kinds.get(name, ""))]
    if call.out.as_json:
        call.out.json({**places, "shared": kinds, "warnings": texts})
        return
    call.out.table(("what", "where"), list(places.items()))
    for text in texts:
        call.out.note(text)
