"""`modeldeck` and `modeldeck practice`: the console, the only command that imports Textual."""

import sys

from tui.cli.calling import Calling
from tui.cli.output import is_terminal
from tui.errors import Usage


def console(call: Calling) -> int:
    """Open the console on the tenant of -t, else where it was left."""
    _need_terminal(call)
    named = call.given.one("tenant") or call.environ.get("MODELDECK_TENANT", "")
    tenant_id = call.tenant.id if named else None
    from tui.app import run

    return run(call.desk, tenant_id)


def practice(call: Calling) -> int:
    """Open the console on made-up tenants and practice providers."""
    _need_terminal(call)
    from tui.app import run
    from tui.practice.desk import practice_desk

    return run(practice_desk(call.environ), None)


def _need_terminal(call: Calling) -> None:
    hint = "Commands work without one: modeldeck --help lists them."
    if not (is_terminal(sys.stdin) and is_terminal(sys.stdout)):
        raise Usage("The console needs a terminal on standard input and output.", hint)
    if call.environ.get("TERM", "") in ("", "dumb"):
        raise Usage("The console needs a terminal that can place text; by TERM this one is dumb.", hint)
