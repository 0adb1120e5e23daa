"""`modeldeck credential expire`: when an API key expires, or how often it is replaced."""

import re
from datetime import date

from tui.cli.commands.credential.handlers import lifetime_shape
from tui.cli.context import CommandContext
from tui.errors import UsageError
from tui.tenancy.connections import provider_of
from tui.workspace.credentials.lifetime import LONGEST, Lifetime, due_on, lifetime, set_lifetime, with_key

_UNITS = {"d": 1, "w": 7}


async def expire(call: CommandContext) -> None:
    """Set or show the expiry date and the rotation period of an API key."""
    session, args = call.tenant_session, call.args
    if args.has("never") and (args.has("on") or args.has("every")):
        raise UsageError("--never cannot be combined with --on or --every.", "Choose one.")
    expires = _expiry(args.one("on"), session.today()) if args.has("on") else ""
    every = _period(args.one("every")) if args.has("every") else 0
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
    whose = f"The API key of {provider.label} {credential.name}"
    if terms is None:
        words = "has no date and no period"
    elif not (day := due_on(credential, terms)):
        words = "is never due"
    else:
        parts = [f"expires on {terms.expires}"] * bool(terms.expires)
        parts += [f"is replaced every {terms.every} days"] * bool(terms.every)
        words = f"{' and '.join(parts)}{'' if day == terms.expires else f', next on {day}'}"
    call.out.result(shape, f"{whose} {words}.")


def _expiry(text: str, today: str) -> str:
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError("--on needs a date.", "For example 2027-01-31.") from None
    if day < today:
        raise UsageError(f"{day} is in the past.", "Give the date on which the key expires, such as 2027-01-31.")
    return day


def _period(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,5})([dw])", text)
    days = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < days <= LONGEST:
        raise UsageError(f"--every needs days or weeks, at most {LONGEST:,} days.", "For example 90d or 12w.")
    return days
