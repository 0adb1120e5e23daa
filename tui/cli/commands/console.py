"""`modeldeck` and `modeldeck practice`: the console, the only command that imports Textual."""

import gc
import os
import sys
from typing import TYPE_CHECKING

from tui.cli.command import Command

if TYPE_CHECKING:
    from tui.cli.context import CommandContext

CONSOLE = Command((), "console:console", "open the console, a full-screen keyboard interface")
COMMANDS = (
    CONSOLE,
    Command(("practice",), "console:practice", "try the console with sample tenants: nothing is saved or sent"),
)

_PICTURES = "120"
"""A second at most. Up to two of these steps pass before a change is seen; what streams is drawn far less often."""


def console(call: "CommandContext") -> int:
    """Open the console on the tenant of -t, else where it was left."""
    import asyncio

    _take_terminal(call)
    _ = call.session.watch  # from now on, what was read of a shared store is up to date
    named = call.args.one("tenant") or call.environ.get("MODELDECK_TENANT", "")
    tenant_id = call.tenant.id if named else None
    asyncio.run(_unlock_without_prompt(call, tenant_id), debug=False)
    call.secret_input.close()
    from tui.console.app import run

    return run(call.session, tenant_id)


async def _unlock_without_prompt(call: "CommandContext", tenant_id: str | None) -> None:
    """Open the tenant named, or the only one, with a passphrase that needs no prompt; of several, each with its own."""
    from tui.errors import Problem, UsageError
    from tui.tenancy import tenants

    ids = [tenant_id] if tenant_id else tenants.ids(call.session)
    if call.secret_input.has_source and len(ids) != 1:
        raise UsageError("Missing tenant for the passphrase.", "Name the tenant with -t NAME.")
    for entry in ids:
        try:
            tenant = tenants.tenant_of(call.session.tenant(entry))
        except Problem:
            continue  # the console says what is the matter with it
        if tenant.protected and (len(ids) == 1 or call.secret_input.has_service_passphrase(entry)):
            await call.unlock_without_asking(tenant)


def practice(call: "CommandContext") -> int:
    """Open the console on made-up tenants and practice providers, on the tenant of -t if it is named."""
    _take_terminal(call)
    from tui.console.app import run
    from tui.practice.tenants import practice_session
    from tui.tenancy import tenants

    session, named = practice_session(call.environ), call.args.one("tenant")
    return run(session, tenants.find(session, named).id if named else None)


def _take_terminal(call: "CommandContext") -> None:
    from tui.cli.output import is_terminal
    from tui.errors import UsageError

    hint = "Commands work without one: modeldeck --help lists them."
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise UsageError("The console needs a terminal on standard input and output.", hint)
    if call.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError("The console needs a terminal that can position text; TERM says this one cannot.", hint)
    os.environ.setdefault("TEXTUAL_FPS", _PICTURES)
    if not os.environ.get("NO_COLOR"):
        os.environ.pop("NO_COLOR", None)  # blank means unset, which Textual does not know
    # What starting makes stays: looking for garbage among it takes a tenth of the time to the first screen.
    gc.disable()
