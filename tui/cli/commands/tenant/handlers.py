"""`modeldeck tenant list | create | rename | passphrase | remove | accept`."""

import sys
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.output import count_noun, is_terminal
from tui.domain import Tenant
from tui.errors import UsageError
from tui.sanitize import group_fingerprint
from tui.storage.settings_file import CorruptSettings
from tui.tenancy import retired_keys
from tui.tenancy import tenants as tenant_registry
from tui.workspace import tenants

NEW = "New passphrase (blank for none):  "


def list_all(call: CommandContext) -> None:
    """Print the tenants and their state; a damaged one is a row like the others."""
    rows, in_agent = tenants.rows(call.session), _agent_tenants(call)
    if call.out.as_json:
        call.out.json([_shape(row, in_agent) for row in rows])
        return
    if not rows and call.out.decorated:
        call.out.note("There is no tenant yet. Create one: modeldeck tenant create NAME")
    call.out.table(
        ("tenant", "id", "state", "ready", "defaults", "last used"),
        [
            (
                row.tenant.name if row.tenant else row.id,
                row.id,
                _state(row, in_agent),
                str(row.ready),
                f"{row.defaults} of 3",
                row.last_used or "–",
            )
            for row in rows
        ],
    )


def _agent_tenants(call: CommandContext) -> set[tuple[Any, Any]]:
    """Return the tenants that the agent keeps open, each with the ID of its key pair."""
    agent = call.session.agent
    return {(entry.get("tenant"), entry.get("key_id")) for entry in agent.tenants()} if agent else set()


def _state(row: tenants.TenantRow, in_agent: set[tuple[Any, Any]]) -> str:
    if row.problem:
        return row.problem.message
    return "open" if row.open else "open in the agent" if _is_in_agent(row, in_agent) else "locked"


def _is_in_agent(row: tenants.TenantRow, in_agent: set[tuple[Any, Any]]) -> bool:
    return row.tenant is not None and (row.id, row.tenant.key_id) in in_agent


def _shape(row: tenants.TenantRow, in_agent: set[tuple[Any, Any]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.tenant.name if row.tenant else row.id,
        "open": row.open or _is_in_agent(row, in_agent),
        "agent": _is_in_agent(row, in_agent),
        "protected": bool(row.tenant and row.tenant.protected),
        "ready": row.ready,
        "defaults": row.defaults,
        "last_used": row.last_used,
        "problem": row.problem.message if row.problem else None,
    }


async def create(call: CommandContext) -> None:
    """Create a tenant, with a passphrase if there is one."""
    name = call.args.one("NAME")
    if call.args.has("if-missing") and (existing := _existing(call, name)):
        _print_created(call, existing, created=False)
        return
    tenant_registry.check_name(call.session, name)
    passphrase = call.secret_input.passphrase_without_prompt(
        call.args.one("id") or tenant_registry.slug_for(call.session, name)
    )
    if call.secret_input.has_source and not passphrase:
        raise UsageError(
            "The passphrase is blank.", "For a tenant without one, leave out --passphrase-fd and --passphrase-file."
        )
    if passphrase is None and is_terminal(sys.stdin):
        passphrase = call.secret_input.new_passphrase(NEW)
    tenant = await tenants.create(call.session, name, passphrase or None, id=call.args.one("id"))
    for warning in call.session.warnings:
        call.out.note(warning)
    _print_created(call, tenant, created=True)


def _existing(call: CommandContext, name: str) -> Tenant | None:
    """Return the tenant of that name, and of --id if it is given.

    Raises:
        UsageError: if one has the name, and another ID.
    """
    try:
        existing = tenant_registry.find(call.session, name)
    except UsageError:
        return None
    if call.args.one("id", existing.id) != existing.id:
        raise UsageError(f"{existing.name} already exists, with the ID {existing.id}.", "Nothing was created.")
    return existing


def _print_created(call: CommandContext, tenant: Tenant, created: bool) -> None:
    verb = "Created" if created else "Already there:"
    call.out.result(
        {
            "id": tenant.id,
            "name": tenant.name,
            "key_id": tenant.key_id,
            "protected": tenant.protected,
            "created": created,
        },
        f"{verb} {tenant.name}: ID {tenant.id}, key pair {group_fingerprint(tenant.key_id)}, {_protection(tenant)}.",
    )


def _protection(tenant: Tenant) -> str:
    return "with a passphrase" if tenant.protected else "no passphrase"


async def rename(call: CommandContext) -> None:
    """Change a tenant's name."""
    before = tenant_registry.find(call.session, call.args.one("OLD"))
    after = await tenants.rename(call.session.tenant(before.id), call.args.one("NEW"))
    sentence = f"Renamed {before.name} to {after.name}; the ID stays {after.id}."
    call.out.result({"id": after.id, "name": after.name}, sentence)


async def passphrase(call: CommandContext) -> None:
    """Set, change or remove a tenant's passphrase."""
    tenant = tenant_registry.find(call.session, call.args.one("NAME"))
    if call.args.has("dry-run"):
        passphrase = "its passphrase, which would be replaced or removed" if tenant.protected else "no passphrase yet"
        preview = f"{tenant.name} has {passphrase}. Its private key and API keys would stay as they are."
        call.out.answer({"id": tenant.id, "protected": tenant.protected, "message": preview}, preview)
        return
    present = call.passphrase(tenant) if tenant.protected else None
    await tenants.unlock(call.session.tenant(tenant.id), present, here=True)
    new = call.secret_input.new_passphrase(NEW)
    if new is not None and not new and call.secret_input.has_source and not call.args.has("yes"):
        raise UsageError(f"The new passphrase of {tenant.name} is blank.", "Add --yes to remove the passphrase.")
    if new is None:
        raise UsageError(
            "A new passphrase needs a terminal.", "Or pass it with --passphrase-fd N or --passphrase-file FILE."
        )
    session = call.session.tenant(tenant.id)
    after = await tenants.set_passphrase(session, new or None, present)
    for key_id in retired_keys.other_passphrase(session, new) if new else ():
        call.out.note(f"The earlier key file {key_id}.pem cannot be opened with this passphrase; it keeps its own.")
    sentence = f"{after.name} has {'a new passphrase' if after.protected else 'no passphrase'}."
    call.out.result({"id": after.id, "protected": after.protected, "message": sentence}, sentence)


async def remove(call: CommandContext) -> None:
    """Delete a tenant permanently, or say what would be deleted. A damaged one is named by its ID."""
    named = call.args.one("NAME")
    tenant_id = named if named in tenant_registry.ids(call.session) else tenant_registry.find(call.session, named).id
    hint = "Add --yes to delete it. The API keys can't be recovered, not even from a backup."
    if call.confirm({"id": tenant_id}, _removal_sentence(call, tenant_id), hint):
        await tenants.remove(call.session.tenant(tenant_id))
        sentence = f"Deleted {named} and its key pair."
        call.out.result({"id": tenant_id, "removed": True, "message": sentence}, sentence)


async def accept(call: CommandContext) -> None:
    """Take settings as they are after an edit by hand, or say what they hold."""
    tenant_id = call.args.one("NAME")
    if tenant_id not in tenant_registry.ids(call.session):
        tenant_id = tenant_registry.find(call.session, tenant_id).id
    edited = tenants.hand_edited_state(call.session.tenant(tenant_id))
    if edited is None:
        raise UsageError(
            f"The settings of {tenant_id} were not edited by hand.", "They are as saved, or cannot be read."
        )
    content = (
        f"{count_noun(edited.providers, 'provider')}, {count_noun(edited.added, 'added model')}, "
        f"{count_noun(edited.defaults, 'default')}"
    )
    shape = {"id": tenant_id, "providers": edited.providers, "added": edited.added, "defaults": edited.defaults}
    preview = f"The settings of {tenant_id} were edited by hand: {content}."
    if call.args.has("dry-run"):
        call.out.answer(shape, preview)
        return
    if not call.args.has("yes"):
        hint = "Add --yes to accept them. A key whose fields were edited can no longer be decrypted."
        raise UsageError(preview, hint)
    await tenants.accept_edit(call.session.tenant(tenant_id))
    call.out.result(shape, f"The settings of {tenant_id} are accepted: {content}.")


def _removal_sentence(call: CommandContext, tenant_id: str) -> str:
    try:
        removal = tenants.removal(call.session.tenant(tenant_id))
    except CorruptSettings:
        return f"{tenant_id} would be deleted: its unreadable settings and its key pair."
    return (
        f"{removal.tenant.name} would be deleted with its key pair {group_fingerprint(removal.fingerprint)}: "
        f"{count_noun(len(removal.credentials), 'credential')}, {count_noun(len(removal.added), 'added model')}, "
        f"{count_noun(len(removal.defaults), 'default')}"
        f"{', ' + count_noun(removal.chats, 'recorded chat') if removal.chats else ''}."
    )
