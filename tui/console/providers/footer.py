"""Footer keys for the provider under the cursor."""

from tui.console.trial_status import has_choice
from tui.domain import ProviderState
from tui.workspace.credentials.status import ProviderRow


def footer(
    row: ProviderRow | None, *, reading: bool, on_other: bool, wide: bool, any_set_up: bool, leave: str
) -> tuple[str, ...]:
    """Return the footer's entries in their order.

    `reading` tells of a cursor in the details, `on_other` of one on a credential that is not in use; `leave` is what
    escape does, '' for nothing.
    """
    set_up = row is not None and row.credential is not None
    broken = row is not None and row.state is ProviderState.UNDECRYPTABLE
    undecryptable = broken and not on_other
    unconfirmed = row is not None and row.state is ProviderState.UNCONFIRMED and not on_other
    trial = row is not None and has_choice(row)
    change = (
        "list.choose: replace"
        if row is not None and row.state is ProviderState.UNDECRYPTABLE
        else "list.choose: change"
    )
    entries = (
        (change if reading or (wide and set_up) else "list.choose", row),
        ("providers.verify: confirm" if unconfirmed else "providers.verify", set_up and not undecryptable),
        ("providers.verify-all", not reading and any_set_up),
        ("providers.connect", not reading),
        ("providers.refresh", set_up and not reading),
        ("providers.source", trial and not reading),
        ("providers.new", set_up and (reading or wide)),
        ("providers.use", reading and on_other),
        ("providers.remove: forget" if undecryptable else "providers.remove", set_up and (reading or wide)),
        ("providers.source", trial and reading),
        ("providers.doctor", reading or (row is not None and row.state is ProviderState.REFUSED)),
        ("providers.health", not reading and any_set_up),
        ("providers.expiry", reading and set_up and not undecryptable),
        ("providers.filter", not reading),
        ("app.commands", not reading and wide),
        (leave, leave),
    )
    return tuple(entry for entry, works in entries if works)
