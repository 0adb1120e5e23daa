"""`modeldeck export | import`: write a tenant's settings to a file, and read them back."""

import os
import sys

from tui.cli.commands.transfer import FORMATS
from tui.cli.commands.transfer.keys import import_keys
from tui.cli.commands.transfer.plans import apply_plan, plan_for, plan_shape, print_plan, require_consent
from tui.cli.commands.transfer.targets import export_target
from tui.cli.context import CommandContext
from tui.cli.inputs import new_file, read_bytes
from tui.cli.output import count_noun, is_terminal
from tui.errors import UsageError
from tui.storage.user_file import local_path, read, write
from tui.tenancy import tenants as tenant_registry
from tui.workspace.transfer import export as export_file
from tui.workspace.transfer import formats, import_plan
from tui.workspace.transfer.file_format import MAX_SIZE

_STREAM = "-"


async def export(call: CommandContext) -> None:
    """Write the settings of a tenant to a file or to stdout."""
    tenant = tenant_registry.find(call.session, call.args.one("TENANT")) if call.args.has("TENANT") else call.tenant
    if call.args.has("dry-run"):
        return _print_file(call, call.args.one("output", _STREAM))
    if (kind := call.args.one("format", FORMATS[0])) != FORMATS[0]:
        return await export_target(call, call.session.tenant(tenant.id), kind)
    if call.args.has("provider") or call.args.has("reveal"):
        raise UsageError("--provider and --reveal need --format.", f"Use one of: {', '.join(FORMATS[1:])}.")
    where, force, secrets = call.args.one("output", _STREAM), call.args.has("force"), call.args.has("with-secrets")
    if where == _STREAM and secrets and is_terminal(sys.stdout):
        raise UsageError("A file with API keys is not printed to a terminal.", "Choose a file with -o FILE.")
    path = None if where == _STREAM else new_file(where, force)
    with_history = call.args.has("with-history")
    if with_history and not secrets:
        raise UsageError("Recorded chats are exported encrypted only.", "Add --with-secrets.")
    passphrase = None
    if secrets:
        await call.unlock(tenant)
        passphrase = call.secret_input.new_passphrase("Passphrase for the file: ")
        if not passphrase:
            raise UsageError(
                "The file needs a passphrase.",
                "Type it on a terminal, or pass it with --passphrase-fd or --passphrase-file.",
            )
    exported = await export_file.export(call.session.tenant(tenant.id), passphrase, with_history=with_history)
    if path is None:
        call.out.piece(exported.text)
    else:
        write(path, exported.text)
        chats = f" and {count_noun(exported.chats, 'chat')}" if with_history else ""
        keys = f"with API keys{chats}" if secrets else "without API keys"
        call.out.confirm(f"The settings of {tenant.name} are in {where}, {keys}.")
    for omission in exported.omissions:
        call.out.note(omission)


def _print_file(call: CommandContext, where: str) -> None:
    """Say what an export would do to its file."""
    if where == _STREAM:
        raise UsageError("An export to stdout overwrites nothing.", "--dry-run needs -o FILE.")
    overwrites = os.path.lexists(new_file(where, force=True))
    call.out.line(f"Would {'overwrite' if overwrites else 'create'} {where}.")
    if overwrites and not call.args.has("force"):
        call.out.note("That needs --force.")


async def import_file(call: CommandContext) -> None:
    """Say what importing a file would do; do it with --yes."""
    content = _content(call.args.one("FILE"))
    if not formats.is_bundle(content):
        return await import_keys(call, content)
    if call.args.has("shred"):
        raise UsageError("--shred is for another program's file.", "Delete an export yourself.")
    passphrase = (
        call.secret_input.another_passphrase("Passphrase of the file: ") if import_plan.is_protected(content) else None
    )
    bundle = await import_plan.open_bundle(content, passphrase)
    named = call.args.one("tenant") or call.environ.get("MODELDECK_TENANT", "")
    plan = await plan_for(call, import_plan.target(call.session, bundle, named), bundle, named)
    confirmed = call.args.has("yes") and not call.args.has("dry-run") and plan.changes
    if confirmed:
        plan = await apply_plan(call, bundle, plan)
    if call.out.as_json:
        call.out.json(plan_shape(plan, bool(confirmed)))
    else:
        print_plan(call, plan, bool(confirmed))
    require_consent(call, plan, bool(confirmed))


def _content(where: str) -> bytes:
    if where == _STREAM:
        return read_bytes("Paste the file", MAX_SIZE + 1)
    return read(local_path(where), MAX_SIZE)
