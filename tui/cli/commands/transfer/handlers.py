"""`modeldeck export | import`: write a tenant's settings to a file, and read them back."""

import sys

from tui.cli.context import CommandContext
from tui.cli.inputs import new_file, read_bytes
from tui.cli.output import counted, is_terminal
from tui.cli.remedies import problem_hint
from tui.errors import Problem, UsageError
from tui.storage.user_file import local_path, read, write
from tui.tenancy import tenants as tenant_registry
from tui.workspace import audit
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.transfer import export as export_file
from tui.workspace.transfer import import_plan
from tui.workspace.transfer.file_format import LARGEST
from tui.workspace.transfer.import_plan import Plan

_STREAM = "-"


async def export(call: CommandContext) -> None:
    """Write the settings of a tenant to a file or to stdout."""
    tenant = tenant_registry.find(call.session, call.args.one("TENANT")) if call.args.has("TENANT") else call.tenant
    where, force, secrets = call.args.one("output", _STREAM), call.args.has("force"), call.args.has("with-secrets")
    if where == _STREAM and secrets and is_terminal(sys.stdout):
        raise UsageError("A file with API keys is not printed to a terminal.", "Choose a file with -o FILE.")
    path = None if where == _STREAM else new_file(where, force)
    passphrase = None
    if secrets:
        await call.unlock(tenant)
        passphrase = call.secret_input.new_passphrase("Passphrase for the file: ")
        if not passphrase:
            raise UsageError(
                "The file needs a passphrase.",
                "Type it on a terminal, or pass it with --passphrase-fd or --passphrase-file.",
            )
    exported = await export_file.export(call.session.tenant(tenant.id), passphrase)
    if path is None:
        call.out.piece(exported.text)
    else:
        write(path, exported.text)
        call.out.confirm(
            f"The settings of {tenant.name} are in {where}, {'with API keys' if secrets else 'without API keys'}."
        )
    for lack in exported.lacks:
        call.out.note(lack)


async def import_file(call: CommandContext) -> None:
    """Say what importing a file would do; do it with --yes."""
    content = _content(call.args.one("FILE"))
    passphrase = (
        call.secret_input.another_passphrase("Passphrase of the file: ") if import_plan.is_protected(content) else None
    )
    bundle = await import_plan.opened(content, passphrase)
    named = call.args.one("tenant") or call.environ.get("MODELDECK_TENANT", "")
    if (session := import_plan.target(call.session, bundle, named)) is not None:
        await call.unlock(tenant_registry.get(session))
        plan = await import_plan.plan(session, bundle)
    else:
        chosen = call.args.has("yes") and (call.secret_input.has_source or is_terminal(sys.stdin))
        new = call.secret_input.new_passphrase("New passphrase of the tenant (blank for none): ") if chosen else None
        plan = await import_plan.plan_new(call.session, bundle, named, new or None)
    if plan.plain_http and not call.args.has("allow-http"):
        raise PlainHttp("", plan.plain_http)
    plan = plan.allow_plain_http()
    doing = call.args.has("yes") and not call.args.has("dry-run") and plan.changes
    if doing:
        await import_plan.carry_out(call.session, plan)
    if call.out.as_json:
        call.out.json(_shape(plan, bool(doing)))
    else:
        _say(call, plan, bool(doing))
    if plan.changes and not doing and not call.args.has("dry-run"):
        raise UsageError("Nothing was imported.", "Use --yes to import, --dry-run to see what would change.")


def _content(where: str) -> bytes:
    if where == _STREAM:
        return read_bytes("Paste the exported file", LARGEST + 1)
    return read(local_path(where), LARGEST)


def _shape(plan: Plan, done: bool) -> dict[str, object]:
    return {
        "tenant": plan.tenant.id,
        "name": plan.tenant.name,
        "new": plan.new,
        "imported": done,
        "changes": [{"done": event.done, "about": dict(event.about)} for event in plan.acts],
        "urls": list(plan.new_urls),
        "lacks": [_lack_text(lack) for lack in plan.lacks],
    }


def _say(call: CommandContext, plan: Plan, done: bool) -> None:
    name, count = plan.tenant.name, counted(len(plan.acts), "change")
    into = f"a new tenant, {name}" if plan.new else name
    if not plan.changes:
        call.out.line(f"{name} already matches the file; there is nothing to import.")
    elif done:
        call.out.confirm(f"Imported into {into}: {count}.")
    else:
        call.out.line(f"Would be imported into {into}: {count}.")
    for act in plan.acts:
        call.out.line(f"  {audit.words(act)}")
    for url in plan.new_urls:
        call.out.line(f"  new URL: {url}")
    for lack in plan.lacks:
        call.out.note(_lack_text(lack))


def _lack_text(lack: Problem) -> str:
    return f"{lack.message} {problem_hint(lack)}".strip()
