"""Copy the settings of a tenant to another one: an export that is never a file, imported at once."""

import asyncio

from tui.tenancy.session import TenantSession
from tui.workspace.transfer import import_plan
from tui.workspace.transfer.export import bundle_of, credential_label
from tui.workspace.transfer.file_format import Bundle
from tui.workspace.transfer.import_plan import Plan


async def content_of(session: TenantSession, *, secrets: bool) -> tuple[Bundle, tuple[str, ...]]:
    """Return what a copy of a tenant holds, and sentences about what it lacks; with secrets it must be unlocked."""
    omissions: list[str] = []
    return await asyncio.to_thread(bundle_of, session, secrets, omissions), tuple(omissions)


async def carry_out(session: TenantSession, bundle: Bundle, plan: Plan, *, secrets: bool) -> None:
    """Apply the plan of a copy, once the audit log of the tenant that is copied has it."""
    names = [credential_label(credential) for credential in bundle.credentials]
    await asyncio.to_thread(session.audit, "copied", secrets=secrets, credentials=names, to=plan.tenant.id)
    await import_plan.carry_out(session.process, plan)
