"""Messages about who pays: which key is billed, requests of a trial, what to do at its end, and the budget."""

import asyncio

from tui.console.frame.navigator import ConsoleNode
from tui.console.keys import hint
from tui.console.widgets.symbols import WARNING
from tui.domain import KeySource, Model
from tui.errors import Problem
from tui.providers.spec import Provider
from tui.tenancy.connections import provider_of
from tui.tenancy.credentials import key_hint
from tui.tenancy.session import TenantSession
from tui.tenancy.trials import TrialExhausted
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.playground import key_source


def source_words(row: ProviderRow) -> str:
    """Return whose key pays, for a title: `your key`, `trial 412 left`."""
    if not row.on_trial:
        return row.source
    if row.trial is None:
        return f"{WARNING} trial ended"
    mark = f"{WARNING} " if row.trial.low and row.trial.left else ""
    return f"{mark}trial {row.trial.left:,} left"


def has_choice(row: ProviderRow) -> bool:
    """Return True if there is a trial, in use or not."""
    return row.trial is not None or row.on_trial


async def switch(session: TenantSession, row: ProviderRow) -> str:
    """Use the other key from now on; return a sentence that says which."""
    label, source = row.provider.label, KeySource.OWN if row.on_trial else KeySource.TRIAL
    await key_source.choose(session, row.provider.id, source)
    now = status.row(session, row.provider.id)
    if not now.on_trial:
        return f"{label} now uses your key; requests are billed to you."
    return f"{label} now uses the trial: {now.word.removeprefix('trial ')}."


async def warning(session: TenantSession, provider: Provider) -> str:
    """Return the daily warning when less than a tenth of a trial remains, else ''."""
    left = await asyncio.to_thread(key_source.last_calls, session, provider.id)
    calls = (
        f"{left:,} trial requests of {provider.label} are" if left > 1 else f"One trial request of {provider.label} is"
    )
    return f"{calls} left. Set up your own key in Providers." if left else ""


def warn_of_trial(node: ConsoleNode, model: Model) -> None:
    """Warn once a day when less than a tenth of the requests of a model's trial remains; call it after a request."""
    session, dialogs = node.navigator.tenant_session, node.dialogs

    async def warn() -> None:
        if message := await warning(session, provider_of(session, model.provider)):
            dialogs.toast(message)

    node.app.run_worker(warn(), group="warning", exit_on_error=False)


async def warn_of_budget(node: ConsoleNode, previous: str = "") -> str:
    """Say before a request that this month's spend is near the budget, or over it.

    Args:
        node: What sends the request.
        previous: The last sentence, which is not said again.

    Returns:
        The sentence, '' for none.
    """
    session = node.navigator.tenant_session
    if not session.config.budget:
        return ""
    from tui.workspace.pricing.spend import budget_warning  # lazy: a budget

    sentence = await asyncio.to_thread(budget_warning, session)
    if sentence and sentence != previous:
        node.dialogs.toast(sentence)
    return sentence


def next_steps(session: TenantSession, problem: Problem | None) -> list[str]:
    """Return what to do about a used-up trial, each with its key; nothing for other problems."""
    if not isinstance(problem, TrialExhausted):
        return []
    row = status.row(session, problem.provider)
    own = row.credential
    last = key_hint(row.provider, own.hints) if own else ""
    ends = f" ending {last}" if last else ""
    set_up, source, model = (
        "{area.providers:typing}",
        "{area.escape} {playground.source}",
        "{area.escape} {playground.model}",
    )
    steps = [(set_up, "set up your own key"), (model, "another model")]
    if own is not None:
        use = (source, f"use your key{ends}; requests are billed to you")
        steps = [use, (set_up, "set up another key"), (model, "another model")]
    return ["Nothing was sent. Your question is kept below.", "", *(f"{hint(keys):<7} {does}" for keys, does in steps)]
