"""Texts of the dialog that asks to confirm changes made without the private key."""

from collections.abc import Sequence

from tui.console.keys import hint
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import PROBLEM
from tui.tenancy import verification
from tui.tenancy.manifest import CredentialChange
from tui.tenancy.session import TenantSession
from tui.tenancy.verification import IntegrityStatus
from tui.workspace.credentials import confirmation

_MAX_ROWS = 4
LEAVE, CONFIRM = "leave", "confirm"


def confirm_title(integrity: IntegrityStatus) -> str:
    """Return the dialog's title."""
    return "Changed without the key" if integrity.alarm else "Changed while locked"


def confirm_lines(
    session: TenantSession, integrity: IntegrityStatus, waiting: Sequence[CredentialChange]
) -> list[Words]:
    """Describe the first changes, each with what shows whose it is."""
    lines: list[Words] = []
    if integrity.alarm:
        lines = [line(PROBLEM, verification.alarm_words(session, integrity.alarm)), ""]
    for entry in waiting[:_MAX_ROWS]:
        heading = (
            f"{verification.credential_label(entry.place)}:" if integrity.alarm else verification.words(session, entry)
        )
        lines += [heading, *(f"  {about}" for about in confirmation.about(entry))]
    if more := len(waiting) - _MAX_ROWS:
        lines += [f"and {more} more."] if more > 0 else []
    return [*lines, "", hint("Unconfirmed keys are not used. {providers.remove} removes what is not yours.")]


def confirm_choices(waiting: Sequence[CredentialChange]) -> dict[str, str]:
    """Return the buttons."""
    what = f"all {len(waiting)}" if len(waiting) > 1 else "it" if waiting else "the state as it is"
    return {LEAVE: "Leave as it is", CONFIRM: f"Confirm {what}"}
