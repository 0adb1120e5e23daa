"""`modeldeck operator request | admit | list | remove`."""

from typing import Any

from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.domain import Tenant
from tui.errors import Problem, UsageError
from tui.sanitize import group_fingerprint, one_line
from tui.secret import Secret
from tui.tenancy.connections import find_provider
from tui.tenancy.operators import OWN_KEY_PAIR, RECOVERY, ExposedCredential, Operator, fingerprint
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import shared_name
from tui.workspace import operators, trials


async def request(call: CommandContext) -> None:
    """Create and publish a key pair, or receive what was sealed for it."""
    passphrase = own_passphrase(call)
    result = await operators.request(call.session, passphrase, call.args.one("fingerprint"))
    lines = [f"Your login is {result.login}, the fingerprint of your key {group_fingerprint(result.fingerprint)}."]
    if result.received:
        lines.append(f"You received the private key of {', '.join(result.received)}.")
    elif not result.replaced:
        lines.append("An operator can admit you with it: modeldeck operator admit.")
    for name in result.replaced:
        lines.append(
            f"{name} has another key pair than on this machine; nothing was received. Ask another operator for its "
            "fingerprint, which modeldeck operator list shows: modeldeck operator request --fingerprint HEX"
        )
    call.out.answer(
        {
            "login": result.login,
            "fingerprint": result.fingerprint,
            "created": result.created,
            "received": list(result.received),
            "replaced": list(result.replaced),
        },
        "\n".join(lines),
    )


def shared_tenant(call: CommandContext) -> Tenant:
    """Return the tenant of the command, or with --trials the owner of the trials' API keys."""
    if not call.args.has("trials"):
        return call.tenant
    owner = trials.operator(call.session)
    if owner is None:
        raise Problem("You see no trials in the store.", "modeldeck trial set P FIELD=… sets up the first one.")
    return owner


async def admit(call: CommandContext) -> None:
    """Share a tenant."""
    tenant, login = shared_tenant(call), call.args.one("LOGIN")
    session = call.session.tenant(tenant.id)
    await call.unlock(tenant, here=True)
    operator = await operators.admit(session, login, call.args.one("fingerprint"))
    call.out.result(
        {"tenant": tenant.id, "login": operator.login, "key_id": operator.key_id},
        f"{operator.login} is an operator of {shared_name(tenant)}. They run modeldeck operator request once more.",
    )


async def list_operators(call: CommandContext) -> None:
    """Print who shares a tenant."""
    tenant = shared_tenant(call)
    session = call.session.tenant(tenant.id)
    listed, exposed = operators.listing(session), operators.exposed_credentials(session)
    if call.out.as_json:
        shapes = [
            {
                "login": operator.login,
                "key_id": operator.key_id,
                "fingerprint": fingerprint(operator.public_key) if operator.public_key else "",
                "added": operator.added,
                "planted": operator.planted,
                "tested": operator.tested,
            }
            for operator in listed
        ]
        call.out.json(
            {
                "tenant": tenant.id,
                "fingerprint": operators.tenant_fingerprint(session),
                "operators": shapes,
                "unlisted": operators.unlisted_members(session),
                "exposed": [_shape(session, entry) for entry in exposed],
            }
        )
        return
    rows = [
        (operator.login, group_fingerprint(operator.key_id), operator.added, _note(operator)) for operator in listed
    ]
    call.out.table(("operator", "key pair", "added", ""), rows)
    if not listed and call.out.decorated:
        call.out.note(f"Nobody shares {shared_name(tenant)}.")
    elif own := operators.tenant_fingerprint(session):
        call.out.note(f"The fingerprint of the key pair of {shared_name(tenant)} is {group_fingerprint(own)}.")
    for login in operators.unlisted_members(session):
        call.out.note(f"{one_line(login, 60)} can read the rows in the database, and is no operator: no key is shared.")
    _print_exposed(call, session, exposed)


async def remove(call: CommandContext) -> None:
    """Take a tenant from an operator."""
    tenant, login = shared_tenant(call), call.args.one("LOGIN")
    session, name = call.session.tenant(tenant.id), shared_name(tenant)
    preview = f"This takes {name} from {login}, and replaces the key pair."
    if not call.confirm({"tenant": tenant.id, "login": login, "exposed": []}, preview, "Add --yes to do it."):
        return
    passphrase = call.passphrase(tenant) if tenant.protected else None
    from tui.workspace import tenants

    await tenants.unlock(session, passphrase)
    exposed = await operators.remove(session, login, passphrase)
    message = f"{login} is no operator of {name} any more; the key pair is new."
    shapes = [_shape(session, entry) for entry in exposed]
    call.out.result(
        {"tenant": tenant.id, "login": login, "removed": True, "message": message, "exposed": shapes}, message
    )
    if not call.out.as_json:
        _print_exposed(call, session, exposed)


def own_passphrase(call: CommandContext) -> Secret:
    """Return the passphrase of this person's own key pair: a new one if there is no key pair yet.

    Raises:
        UsageError: No source has it, and there is no terminal to ask on.
    """
    if operators.has_key_pair(call.session):
        passphrase = call.secret_input.passphrase(OWN_KEY_PAIR, "Passphrase of your own key pair: ")
    else:
        passphrase = call.secret_input.passphrase_without_prompt(OWN_KEY_PAIR) or call.secret_input.new_passphrase(
            "New passphrase of your own key pair: "
        )
    if not passphrase:
        raise UsageError(
            "Your own key pair needs a passphrase.", "Pass it with --passphrase-fd N or --passphrase-file FILE."
        )
    return passphrase


def _note(operator: Operator) -> str:
    """Return what a list says of an operator beside key pair and date."""
    if operator.planted:
        return "planted: no key is shared"
    if operator.login != RECOVERY:
        return ""
    return f"recovery text, tested {operator.tested}" if operator.tested else "recovery text, not tested yet"


def _print_exposed(call: CommandContext, session: TenantSession, exposed: list[ExposedCredential]) -> None:
    if exposed:
        call.out.line(f"{count_noun(len(exposed), 'API key')} to replace, which a removed operator could read:")
    for entry in exposed:
        shape = _shape(session, entry)
        call.out.line(f"  {entry.provider} {entry.name}, read by {entry.operator}  {shape['key_page']}".rstrip())


def _shape(session: TenantSession, entry: ExposedCredential) -> dict[str, Any]:
    provider = find_provider(session, entry.provider)
    return {
        "operator": entry.operator,
        "provider": entry.provider,
        "credential": entry.name,
        "since": entry.since,
        "key_page": getattr(provider, "key_page", "") or "",
    }
