"""`modeldeck provider add`: another connection of a kind, set up at once if its fields are given."""

from collections.abc import Coroutine
from typing import Any

from tui.cli.commands.provider.set_up import read_values, save_and_report
from tui.cli.context import CommandContext
from tui.cli.fields import Values
from tui.cli.remedies import remedy_text
from tui.errors import Action, Remedy, UsageError
from tui.providers.openai_compatible.presets import kinds
from tui.providers.spec import Provider
from tui.workspace import connections
from tui.workspace.credentials import status


def add(call: CommandContext) -> Coroutine[Any, Any, None]:
    """Add a connection; with fields, verify and save them as well."""
    name = call.args.one("NAME")
    kind = call.args.one("like") or (name if name in kinds() else "")
    if not kind:
        raise UsageError("Which provider is it like?", f"Add --like KIND, one of {', '.join(kinds())}.")
    provider = connections.planned_provider(call.tenant_session, name, kind)
    if not call.args.many("FIELD=VALUE"):
        return _add(call, provider)
    values = read_values(call, provider)
    return _add_and_set_up(call, provider, values)


async def _add(call: CommandContext, provider: Provider) -> None:
    await connections.add(call.tenant_session, provider.id, provider.kind)
    if call.out.as_json:
        unset = dict.fromkeys(("credential", "active", "state", "ms", "models"))
        call.out.json({"provider": provider.id, "like": provider.kind, **unset, "proposed": []})
        return
    call.out.confirm(f"Added {provider.id}, like {kinds()[provider.kind].label}.")
    needed = (f"{field.name}={'-' if field.secret else '…'}" for field in provider.fields if field.required)
    remedy = Remedy(Action.SET_UP_PROVIDER, provider.id, fields=tuple(needed))
    call.out.confirm(remedy_text(remedy))


async def _add_and_set_up(call: CommandContext, provider: Provider, values: Values) -> None:
    session = call.tenant_session
    await connections.add(session, provider.id, provider.kind)
    try:
        await save_and_report(call, provider, values, {"like": provider.kind})
    except BaseException:
        await status.remove_provider(session, provider.id)
        raise
