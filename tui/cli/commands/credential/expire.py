"""`modeldeck credential expire`: when an API key expires, or how often it is replaced."""

from tui.cli.commands.credential.handlers import lifetime_shape
from tui.cli.context import CommandContext
from tui.errors import UsageError
from tui.tenancy.connections import provider_of
from tui.workspace.credentials.lifetime import (
    Lifetime,
    due_on,
    expiry_of,
    lifetime,
    period_of,
    set_lifetime,
    with_key,
)


async def expire(call: CommandContext) -> None:
    """Set or show the expiry date and the rotation period of an API key."""
    session, args = call.tenant_session, call.args
    if args.has("never") and (args.has("on") or args.has("every")):
        raise UsageError("--never cannot be combined with --on or --every.", "Choose one.")
    expires = expiry_of(args.one("on"), session.today()) if args.has("on") else ""
    every = period_of(args.one("every")) if args.has("every") else 0
    provider = provider_of(session, args.one("P"))
    credential = with_key(session, provider.id, args.one("CRED"))
    terms = lifetime(session, credential)
    if args.has("never"):
        terms = Lifetime()
    elif expires or every:
        before = terms or Lifetime()
        terms = Lifetime(expires or before.expires, every or before.every)
    if terms and (expires or every or args.has("never")):
        credential = await set_lifetime(session, provider.id, credential.name, terms)
    shape = {"provider": provider.id, "credential": credential.name, **lifetime_shape(credential, terms)}
    subject = f"The API key of {provider.label} {credential.name}"
    if terms is None:
        words = "has no date and no period"
    elif not (day := due_on(credential, terms)):
        words = "is never due"
    else:
        parts = [f"expires on {terms.expires}"] * bool(terms.expires)
        parts += [f"is replaced every {terms.every} days"] * bool(terms.every)
        words = f"{' and '.join(parts)}{'' if day == terms.expires else f', next on {day}'}"
    call.out.result(shape, f"{subject} {words}.")
