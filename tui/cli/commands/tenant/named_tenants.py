"""The tenants that --tenants or --all-tenants names."""

from tui.cli.context import CommandContext
from tui.errors import UsageError
from tui.tenancy import tenants
from tui.tenancy.session import TenantSession


def names_tenants(call: CommandContext) -> bool:
    """Return True if the command names tenants by --tenants or --all-tenants."""
    return call.args.has("tenants") or call.args.has("all-tenants")


def named_sessions(call: CommandContext) -> list[TenantSession]:
    """Return the sessions of the tenants that are named, once each; all of them without --tenants.

    Raises:
        UsageError: One of them is unknown, or they are named in two ways.
    """
    ids = tenants.ids(call.session)
    if call.args.has("tenants"):
        if call.args.has("all-tenants"):
            raise UsageError("--tenants and --all-tenants do not go together.", "Leave one of them out.")
        names = [name.strip() for text in call.args.many("tenants") for name in text.split(",") if name.strip()]
        ids = list(dict.fromkeys(tenants.find(call.session, name).id for name in names))
    if not ids:
        raise UsageError("No tenant is named.", "List them: modeldeck tenant list")
    return [call.session.tenant(tenant_id) for tenant_id in ids]
