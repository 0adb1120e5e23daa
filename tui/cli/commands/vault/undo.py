"""`modeldeck undo`: undo the last change of a tenant."""

from typing import TYPE_CHECKING

from tui.cli.command import JSON, Command, Option

if TYPE_CHECKING:
    from tui.cli.context import CommandContext

COMMANDS = (
    Command(
        ("undo",),
        "vault.undo:undo",
        "undo the last change of a tenant's settings",
        options=(Option(("--dry-run",), "show what would be undone"), JSON),
        details="Undoes the last default model set or cleared, model added, edited or removed, credential or source "
        "switched, or new name. Run it again to redo. A deleted credential is in no file and cannot come back.",
        shape="{undone, change, saved, message}; saved is when the change was made",
        examples=("modeldeck undo -t acme --dry-run",),
    ),
)


async def undo(call: "CommandContext") -> None:
    """Undo the last change, or say what would be undone."""
    from tui.tenancy.timestamps import long_time
    from tui.workspace import undo

    session = call.tenant_session
    change = undo.last_change(session)
    dry = call.args.has("dry-run")
    if not dry:
        if change.needs_key:
            await call.unlock(call.tenant)
        else:
            await call.unlock_without_asking(call.tenant)
        await undo.undo(session, change)
    at = long_time(change.saved, call.session.now())
    sentence = f"{'Would undo' if dry else 'Undone'} (saved {at}): {change.words}."
    show = call.out.answer if dry else call.out.result
    show({"undone": not dry, "change": change.words, "saved": change.saved, "message": sentence}, sentence)
