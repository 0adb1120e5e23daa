"""`--dry-run` of `provider set` and `credential rotate`: what would be saved. Nothing is sent or stored."""

from collections.abc import Iterator

from tui.cli.context import CommandContext
from tui.workspace.credentials.save_plan import SavePlan


def print_plan(call: CommandContext, plan: SavePlan) -> None:
    """Print what a plan would save, and what it needs first."""
    print_change(call, plan.provider.id, plan.name, " ".join(_sentences(call, plan)))


def print_change(call: CommandContext, provider_id: str, name: str, sentence: str) -> None:
    """Print what would happen to a credential."""
    shape = {"provider": provider_id, "credential": name, "saved": False, "message": sentence}
    call.out.answer(shape, sentence)


def _sentences(call: CommandContext, plan: SavePlan) -> Iterator[str]:
    credential, names = f"{plan.name} of {plan.provider.label}", ", ".join(plan.changed_fields)
    if plan.rotate:
        lost = "would be deleted" if call.args.has("confirm") else "would be kept until you confirm"
        yield f"Would replace {names} of {credential}; what is stored now {lost}."
    elif plan.stored is None:
        yield f"Would save {credential}{f' with {names}' if names else ''}."
    elif names:
        yield f"Would change {names} of {credential}."
    else:
        yield f"Would change nothing of {credential}."
    if plan.new_origins:
        yield f"The API key could then be sent to {', '.join(plan.new_origins)}."
    if plan.needs_unlock:
        yield f"{call.tenant.name} would have to be unlocked first."
    if not call.args.has("no-verify"):
        yield f"It is saved only if {plan.provider.label} accepts it."
