"""`modeldeck import` for another program's file: the plan by credential, verified before it is saved."""

from tui.cli.commands.transfer.plans import apply_plan, omission_text, plan_for, plan_shape, print_plan, require_consent
from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.errors import Problem, UsageError
from tui.storage.user_file import local_path, shred
from tui.tenancy import credentials
from tui.tenancy import tenants as tenant_registry
from tui.tenancy.connections import label_of
from tui.workspace.transfer import formats, import_plan
from tui.workspace.transfer import import_keys as importing
from tui.workspace.transfer.formats.entries import KeyFile
from tui.workspace.transfer.import_keys import KeyAssignment, KeyBundle, RejectedKey
from tui.workspace.transfer.import_plan import Plan

_SHREDDED = (
    "{} was overwritten and deleted. Earlier bytes can stay on SSDs, journaling, copy-on-write and network file "
    "systems, and in backups."
)


async def import_keys(call: CommandContext, content: bytes) -> None:
    """Show what becomes of each key of the file; with --yes, verify and save them."""
    format_id, keys = formats.read_keys(content)
    _check_shred(call, keys)
    named = call.tenant_name
    session = import_plan.target(call.session, importing.EMPTY, named) if named else call.tenant_session
    if session is not None:
        await call.unlock(tenant_registry.tenant_of(session))
    bundle = importing.key_bundle(session, format_id, keys)
    plan = await plan_for(call, session, bundle.bundle, named, preview=True)
    rejected: tuple[RejectedKey, ...] = ()
    confirmed = call.args.has("yes") and not call.args.has("dry-run") and plan.changes and bool(bundle.assigned)
    if confirmed:
        accepted = bundle
        if not call.args.has("no-verify"):
            accepted, rejected = await importing.verify_keys(plan, bundle)
        confirmed = bool(accepted.assigned)
        if confirmed:
            plan = await plan_for(call, session, accepted.bundle, named)
            plan = await apply_plan(call, accepted.bundle, plan)
    shredded = confirmed and call.args.has("shred") and not rejected and _shred(call, content)
    if call.out.as_json:
        states = [_key_shape(plan, place, bundle, rejected, confirmed) for place in bundle.assigned]
        more = [*map(str, keys.unread), *(_rejected_text(call, entry) for entry in rejected)]
        shape = plan_shape(plan, confirmed)
        call.out.json(
            shape | {"lacks": [*shape["lacks"], *more], "format": format_id, "keys": states, "shredded": shredded}
        )
    else:
        _print_import(call, plan, keys, bundle, rejected, confirmed)
        if shredded:
            call.out.confirm(_SHREDDED.format(call.args.one("FILE")))
    if rejected:
        raise Problem(f"{count_noun(len(rejected), 'key')} of {len(bundle.assigned)} could not be verified.", _HINT)
    require_consent(call, plan, confirmed)


_HINT = "Fix the file, or save it as it is with --no-verify."


def _check_shred(call: CommandContext, keys: KeyFile) -> None:
    if not call.args.has("shred"):
        return
    if call.args.one("FILE") == "-":
        raise UsageError("Standard input cannot be shredded.", "Name the file.")
    if keys.has_more:
        raise UsageError(
            "The file contains more than importable keys; the rest would be lost with them.",
            "Import it without --shred, then delete the keys from it yourself.",
        )


def _shred(call: CommandContext, content: bytes) -> bool:
    shred(local_path(call.args.one("FILE")), content)
    return True


def _print_import(
    call: CommandContext, plan: Plan, keys: KeyFile, bundle: KeyBundle, rejected: tuple[RejectedKey, ...], done: bool
) -> None:
    refused = {entry.assigned.ref for entry in rejected}
    call.out.line(f"This is {keys.label} with {count_noun(len(keys.keys), 'key')}.")
    for place in bundle.assigned:
        if place.ref not in refused:
            call.out.line(f"  {place.entry.where}: {_target(plan, place)}")
    if keys.keys and not (rejected and not plan.changes):
        print_plan(call, plan, done)
    for unread in keys.unread:
        call.out.note(str(unread))
    for entry in rejected:
        call.out.note(_rejected_text(call, entry))


def _target(plan: Plan, place: KeyAssignment) -> str:
    session = plan.copy.tenant(plan.tenant.id)
    credential = credentials.find(session, *place.ref)
    to = f", can be sent to {', '.join(credential.origins)}" if credential else ""
    in_use = "" if credential is None or credential.active else ", not in use"
    return f"{label_of(session, place.provider)}, credential {place.name}{in_use}{to}"


def _rejected_text(call: CommandContext, entry: RejectedKey) -> str:
    return f"Not saved: {entry.assigned.entry.where}. {omission_text(entry.problem)}"


def _key_shape(
    plan: Plan, place: KeyAssignment, bundle: KeyBundle, rejected: tuple[RejectedKey, ...], done: bool
) -> dict[str, object]:
    credential = credentials.find(plan.copy.tenant(plan.tenant.id), *place.ref)
    refused = place.ref in {entry.assigned.ref for entry in rejected}
    return {
        "where": place.entry.where,
        "provider": place.provider,
        "credential": place.name,
        "origins": list(credential.origins) if credential else [],
        "state": "rejected" if refused else str(credential.check.state) if done and credential else "planned",
    }
