"""`modeldeck config | config check | keys`."""

from collections.abc import Collection, Iterator
from typing import Any

from tui import config as preferences
from tui.cli.context import CommandContext
from tui.config import SETTINGS, Config
from tui.errors import Exit
from tui.paths import paths


def config(call: CommandContext) -> int:
    """Print every setting and where it comes from, or what is wrong with the file."""
    if call.args.has("check"):
        return _check(call)
    settings, faults = preferences.check(paths(call.environ))
    for fault in faults:
        call.out.note(f"{settings.place(fault.entry)}: {fault.sentence}")
    wrong = {fault.entry for fault in faults}
    rows = [*_settings(settings, wrong, call.environ.get("MODELDECK_DISPLAY", ""))]
    if call.out.as_json:
        call.out.json(rows)
    else:
        table = [(row["name"], _value_text(row["value"]), _origin(row)) for row in rows]
        call.out.table(("setting", "value", "from"), table)
    return Exit.DONE if all(fault.ignored for fault in faults) else Exit.FAILED


def _settings(settings: Config, wrong: Collection[str], display: str) -> Iterator[dict[str, Any]]:
    defaults = Config()
    for name in (name for name in SETTINGS if name != "keymap"):
        value, line = getattr(settings, name), 0 if name in wrong else settings.lines.get(name, 0)
        origin = settings.file if line else "default"
        if name == "display" and display == "whole":
            value, origin, line = display, "MODELDECK_DISPLAY", 0
        yield {"name": name, "value": value, "default": getattr(defaults, name), "from": origin, "line": line or None}
    for binding_id, value in settings.keymap.items():
        line = settings.lines.get(f"keymap.{binding_id}", settings.lines.get("keymap", 0))
        name = f"keymap.{binding_id}"
        yield {"name": name, "value": value, "default": None, "from": settings.file, "line": line or None}


def _value_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) or "-"


def _origin(row: dict[str, Any]) -> str:
    return f"{row['from']}, line {row['line']}" if row["line"] else str(row["from"])


def _check(call: CommandContext) -> int:
    from tui.console.preferences import keymap

    settings, faults = preferences.check(paths(call.environ))
    rows = [
        {
            "entry": fault.entry,
            "line": settings.lines.get(fault.entry, settings.lines.get(fault.entry.partition(".")[0])),
            "sentence": f"{settings.place(fault.entry)}: {fault.sentence}",
            "ignored": fault.ignored,
        }
        for fault in faults
    ]
    for binding_id, sentence in keymap(settings).faults:
        line = settings.lines.get(f"keymap.{binding_id}")
        rows.append({"entry": f"keymap.{binding_id}", "line": line, "sentence": sentence, "ignored": True})
    rows.sort(key=lambda row: row["line"] or 0)
    if call.out.as_json:
        call.out.json(rows)
    else:
        for row in rows:
            call.out.line(str(row["sentence"]))
        if not rows and call.out.decorated:
            call.out.note(f"Nothing is wrong with {settings.file}.")
    return Exit.FAILED if rows else Exit.DONE


def keys(call: CommandContext) -> None:
    """Print the bindings of the console with the keys that they have here."""
    from tui.console.keys import DECLARED, keys_of, set_keymap
    from tui.console.preferences import keymap

    settings, faults = preferences.check(paths(call.environ))
    overrides = keymap(settings)
    wrong = (f"{settings.place(fault.entry)}: {fault.sentence}" for fault in faults if not fault.ignored)
    for warning in (*wrong, *overrides.warnings):
        call.out.note(warning)
    set_keymap(overrides.keys)
    bindings = [(binding_id, keys_of(binding_id), declared) for binding_id, declared in DECLARED.items()]
    if call.out.as_json:
        names = ("word", "description", "fixed")
        call.out.json(
            [
                {"id": binding_id, "keys": list(key_names), **{name: getattr(declared, name) for name in names}}
                for binding_id, key_names, declared in bindings
            ]
        )
        return
    rows = [
        (binding_id, " ".join(key_names), (declared.description or declared.word) + " (fixed)" * declared.fixed)
        for binding_id, key_names, declared in bindings
    ]
    call.out.table(("id", "keys", "does"), rows)
