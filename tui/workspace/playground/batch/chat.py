"""The requests of a batch of prompts."""

from collections.abc import Callable

from tui.domain import Model
from tui.providers.events import Event
from tui.providers.requests import Message
from tui.tenancy.session import TenantSession
from tui.workspace.playground.batch.runner import Outcome, Perform
from tui.workspace.playground.batch.tasks import BatchTask
from tui.workspace.playground.compare.measurement import MeasuredAnswer, measure
from tui.workspace.pricing.table import hosts_of


def perform_function(session: TenantSession) -> Perform:
    """Return what sends a prompt to its model and measures the answer."""

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        answer, at = MeasuredAnswer(task.model), session.now()
        system = (Message("system", task.prompt.system),) if task.prompt.system else ()
        messages = (*system, Message("user", task.prompt.text))
        await measure(session, answer, messages, dict(task.parameters), lambda _, event: on_event(event), task.schema)
        cost = answer.cost
        shape = answer.as_json()
        names = ("text", "thinking", "finish", "complete", "problem", "usage", "timings", "notices", "schema")
        row = {"at": at, **{name: shape[name] for name in names}, "cost": cost.as_json() if cost else None}
        if cost is None:
            return Outcome(row, answer.problem)
        return Outcome(row, answer.problem, cost.amount, cost.price.currency)

    return perform


def host_of(session: TenantSession, model: Model) -> str:
    """Return the host whose rate limit a model's requests share."""
    return next(iter(hosts_of(session, model)), model.provider)
