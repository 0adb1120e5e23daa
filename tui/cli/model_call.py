"""What chat, embed and transcribe share: which model answers, and what is said beside the answer."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from math import ceil
from typing import cast

from tui.cli.context import CommandContext
from tui.cli.output import Output
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers import provider as provider_of
from tui.providers.events import Event, NoResponseYet, Notice, Retrying
from tui.tenancy import models
from tui.tenancy.last_used import touch
from tui.workspace.playground import key_source


def answering_model(call: CommandContext, kind: ModelType) -> Model:
    """The model of -m, else the tenant's default of the type."""
    named = call.args.one("model")
    if named:
        return models.find(call.tenant_session, named, kind)
    if chosen := models.defaults(call.tenant_session).get(kind):
        return models.find(call.tenant_session, chosen.ref, kind)
    # Only who has chosen nothing waits for what a proposal takes.
    from tui.workspace.models import defaults

    row = next(row for row in defaults.rows(call.tenant_session) if row.type is kind)
    wanted = row.proposed.ref if row.proposed else "P/MODEL"
    raise UsageError(
        f"{call.tenant.name} has no default model for {kind.label}.",
        f"-m P/MODEL names one; modeldeck default set {kind} {wanted} sets the default.",
    )


async def begin(call: CommandContext, model: Model) -> None:
    """Open the tenant's key where this model's provider needs one, and note that the tenant is used now.

    The last calls of a trial are told before they are made, once a day.
    """

    async def reach() -> None:
        key_source.route_call(call.tenant_session, model)

    await call.unlocked(reach)
    if left := key_source.last_calls(call.tenant_session, model.provider):
        calls = f"{left:,} trial calls" if left > 1 else "One trial call"
        label = provider_of(model.provider).label
        call.out.note(f"{calls} of {label} {'are' if left > 1 else 'is'} left, this one included.")
    touch(call.tenant_session)
    _ = call.session.client  # what it imports is not to count as the provider's time


def closing(events: AsyncIterator[Event]) -> "aclosing[AsyncGenerator[Event]]":
    """The events of a call that is closed when the block is left, however it is left."""
    return aclosing(cast("AsyncGenerator[Event]", events))


def print_progress(out: Output, event: Event) -> None:
    """Notices, retries and silences go to stderr; other events are not for here."""
    match event:
        case Notice(text=text):
            out.note(text)
        case Retrying(reason=reason, seconds=seconds, attempt=attempt, of=of):
            when = f"in {ceil(seconds)} s" if seconds else "at once"
            out.note(f"{(reason or 'no answer').capitalize()}: trying again {when}, {attempt} of {of}.")
        case NoResponseYet(seconds=seconds, limit=limit):
            out.note(f"Nothing has come for {seconds:.0f} s; given up at {limit:.0f} s.")
        case _:
            pass
