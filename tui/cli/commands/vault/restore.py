"""`modeldeck vault restore`: list the earlier states of the settings, or restore one."""

from typing import Any

from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.errors import Locked, Problem, UsageError
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.timestamps import long_time
from tui.workspace import audit, tenants
from tui.workspace.tenants import State


async def restore(call: CommandContext) -> None:
    """List the states that are kept, or put one back."""
    named = call.args.one("TENANT")
    tenant_id = (
        named
        if named in tenant_registry.ids(call.session)
        else tenant_registry.find(call.session, named).id
        if named
        else ""
    )
    tenant_id = tenant_id or call.tenant_id
    states = tenants.earlier(call.session.tenant(tenant_id))
    number = call.args.one("state")
    if not number:
        _list(call, tenant_id, states)
        return
    state = next((state for state in states if _number(state) == number), None)
    if state is None:
        raise UsageError("There is no state with that number.", f"To list them: modeldeck vault restore {tenant_id}")
    if state.problem is not None:
        raise state.problem
    omissions = audit.changes_since(call.session.tenant(tenant_id), state)
    preview = (
        f"State {number}, saved {long_time(state.saved, call.session.now())}, would be restored: {_contents(state)}."
    )
    missing = f"Not in it: {'; '.join(omissions) or 'nothing known'}."
    if call.args.has("dry-run"):
        if call.out.as_json:
            call.out.json([_shape(call, tenant_id, state)])
        else:
            call.out.line(f"{preview}\n{missing}")
        return
    if not call.args.has("yes"):
        raise UsageError(preview, f"{missing}\nAdd --yes to restore it.")
    file_name = await tenants.restore(call.session.tenant(tenant_id), state.name, state.generation)
    call.out.confirm(f"Restored state {number} of {tenant_id}: {_contents(state)}.")
    for entry in omissions:
        call.out.confirm(f"  not in it: {entry}")
    call.out.note(f"The damaged file is kept as {file_name}." if file_name else "The previous state is kept.")
    try:
        await call.unlock(tenant_registry.tenant_of(call.session.tenant(tenant_id)))
    except Locked:
        call.out.note("The tenant is locked: before its keys are used, run modeldeck vault confirm.")


def _list(call: CommandContext, tenant_id: str, states: list[State]) -> None:
    if call.out.as_json:
        call.out.json([_shape(call, tenant_id, state) for state in states])
        return
    if not states and call.out.decorated:
        call.out.note("There is no earlier state.")
    call.out.table(
        ("state", "saved", "holds", "not in it"),
        [
            (
                _number(state),
                long_time(state.saved, call.session.now()) or "–",
                state.problem.message if state.problem else _contents(state),
                _first_change(audit.changes_since(call.session.tenant(tenant_id), state)) if not state.problem else "",
            )
            for state in states
        ],
    )
    if states and call.out.decorated:
        call.out.note(f"modeldeck vault restore {tenant_id} --state N --yes puts one back.")


def _shape(call: CommandContext, tenant_id: str, state: State) -> dict[str, Any]:
    return {
        "state": int(_number(state)),
        "saved": state.saved,
        "providers": state.providers,
        "added": state.added,
        "defaults": state.defaults,
        "lacks": [] if state.problem else audit.changes_since(call.session.tenant(tenant_id), state),
        "problem": _problem_words(state.problem),
    }


def _problem_words(problem: Problem | None) -> str | None:
    return problem.message if problem else None


def _number(state: State) -> str:
    return state.name.rpartition(".")[2]


def _contents(state: State) -> str:
    return (
        f"{count_noun(state.providers, 'provider')}, {count_noun(state.added, 'added model')}, "
        f"{count_noun(state.defaults, 'default')}"
    )


def _first_change(omissions: list[str]) -> str:
    more = f" and {len(omissions) - 1} more" if len(omissions) > 1 else ""
    return f"{omissions[0]}{more}" if omissions else ""
