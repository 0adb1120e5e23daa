"""Name a credential that does not exist, and the nearest that does."""

from tui.domain import previous_of
from tui.errors import Action, Remedy, UsageError, did_you_mean
from tui.sanitize import one_line
from tui.tenancy import credentials
from tui.tenancy.connections import label_of
from tui.tenancy.session import TenantSession


def unknown_credential(
    session: TenantSession, provider_id: str, name: str, action: Action = Action.LIST_CREDENTIALS
) -> UsageError:
    """Return the problem of a provider that has no credential of that name, or is not set up."""
    label = label_of(session, provider_id)
    names = [entry.name for entry in credentials.listing(session, provider_id) if not previous_of(entry.name)]
    if not name or not names:
        return UsageError(f"{label} is not set up.", remedy=Remedy(Action.SET_UP_PROVIDER, provider_id, name))
    message = f"There is no credential {one_line(name, 40)} of {label}."
    place = (name,) if action is Action.SET_UP_PROVIDER else ()
    return UsageError(message, did_you_mean(name, names).strip(), remedy=Remedy(action, provider_id, *place))
