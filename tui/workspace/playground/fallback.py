"""Ask the models of a default in order: one that answers takes the place of those before it, and says so.

A fallback is asked only while nothing of an answer has come, and only after a failure that another provider may not
share: the network, or a provider that is busy or failing on its side. A rejected key, a missing permission and an
invalid request are raised as they are, since another model would hide them. It must be paid for as the default is: a
request on the tenant's own key never goes to a trial.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.domain import KeySource, Model
from tui.errors import CredentialRejected, NetworkError, Problem, UsageError
from tui.providers.dialects.notices import with_notices
from tui.providers.events import Event, NoResponseYet, Notice, Retrying, UploadStarted
from tui.providers.requests import Call, Message, TimestampGranularity, Tool
from tui.tenancy import models
from tui.tenancy.connections import provider_of
from tui.tenancy.session import TenantSession
from tui.workspace.playground import calls, key_source
from tui.workspace.playground.key_source import CallRoute
from tui.workspace.playground.metering import ANSWERS
from tui.workspace.playground.parameters import parse_parameter

if TYPE_CHECKING:
    from tui.providers.client.wire_log import WireLog

_BEFORE_AN_ANSWER = (Notice, Retrying, NoResponseYet, UploadStarted)

Prepare = Callable[[Model], tuple[CallRoute, Call]]


@dataclass(frozen=True)
class Fallback:
    """A model that is asked in place of the default, its provider, and why; `answering` once its answer begins."""

    model: Model
    label: str
    default: Model
    because: str
    answering: bool = False

    @property
    def words(self) -> str:
        """Who answered, and why, such as `Answered by openai/x, because spark/y: Spark is too busy.`."""
        return f"Answered by {self.model.ref}, because {self.default.ref}: {self.because}"

    def as_json(self) -> dict[str, str]:
        """Return the default that did not answer, and why, as commands print them."""
        return {"model": self.default.ref, "because": self.because}


def fallbacks_of(session: TenantSession, model: Model) -> tuple[str, ...]:
    """Return the fallbacks of a model, as `provider/model`, if it is the default of its type."""
    default = models.defaults(session).get(model.type)
    return default.fallbacks if default and default.ref == model.ref else ()


def chat(
    session: TenantSession,
    model: Model,
    fallbacks: Sequence[str],
    messages: Sequence[Message],
    parameters: Mapping[str, Any] | None = None,
    stream: bool = True,
    schema: Mapping[str, Any] | None = None,
    wire_log: "WireLog | None" = None,
    tools: Sequence[Tool] = (),
) -> AsyncGenerator[Event | Fallback]:
    """Ask a chat model, or one of its fallbacks; see `calls.chat_call` for the arguments.

    Parameters that a fallback does not take are left out, and a notice names them.
    """

    def prepare(candidate: Model) -> tuple[CallRoute, Call]:
        values, omitted = dict(parameters or {}), ""
        if candidate is not model:
            values, omitted = _shared_parameters(session, candidate, values)
        route, call = calls.chat_call(session, candidate, messages, values, stream, schema=schema, tools=tools)
        notices = [Notice(f"{candidate.ref} is asked without {omitted}.")] if omitted else []
        return route, with_notices(call, notices)

    return _ask(session, model, fallbacks, prepare, wire_log)


def transcribe(
    session: TenantSession,
    model: Model,
    fallbacks: Sequence[str],
    path: Path,
    language: str = "",
    times: TimestampGranularity = TimestampGranularity.NONE,
    wire_log: "WireLog | None" = None,
) -> AsyncGenerator[Event | Fallback]:
    """Transcribe a recording with a model, or one of its fallbacks; see `calls.transcribe_call`.

    No timestamps are requested from a fallback without them.
    """

    def prepare(candidate: Model) -> tuple[CallRoute, Call]:
        provider = provider_of(session, candidate.provider)
        limits = provider.audio(candidate) if provider.audio else None
        has_times = candidate is model or (limits is not None and times in limits.times)
        granularity = times if has_times else TimestampGranularity.NONE
        return calls.transcribe_call(session, candidate, path, language, granularity)

    return _ask(session, model, fallbacks, prepare, wire_log)


def _ask(
    session: TenantSession, model: Model, fallbacks: Sequence[str], prepare: Prepare, wire_log: "WireLog | None"
) -> AsyncGenerator[Event | Fallback]:
    """Send the request to the model, or to the first of it and its fallbacks that answers."""
    if not fallbacks:
        return calls.send(session, model, *prepare(model), wire_log)
    return _in_order(session, model, fallbacks, prepare, wire_log)


async def _in_order(
    session: TenantSession, model: Model, fallbacks: Sequence[str], prepare: Prepare, wire_log: "WireLog | None"
) -> AsyncGenerator[Event | Fallback]:
    """Send the request to the first model that answers.

    Raises:
        Problem: That of the default if no model answered, else that of the model whose answer broke off.
    """
    problem: Problem | None = None
    for ref in (model.ref, *fallbacks):
        started = False
        try:
            candidate = model if problem is None else _fallback(session, model, ref)
            label = provider_of(session, candidate.provider).label
            if problem is not None:
                yield Fallback(candidate, label, model, problem.message)
            async with aclosing(calls.send(session, candidate, *prepare(candidate), wire_log)) as events:
                async for event in events:
                    if problem is not None and not started and not isinstance(event, _BEFORE_AN_ANSWER):
                        started = True
                        yield Fallback(candidate, label, model, problem.message, answering=True)
                    started = started or isinstance(event, ANSWERS)
                    yield event
            return
        except Problem as raised:
            if started or (problem is None and not may_fall_back(raised)):
                raise
            if problem is None:
                problem = raised
            else:
                yield Notice(f"{ref} did not answer either: {raised.message}")
    assert problem is not None
    raise problem


def may_fall_back(problem: Problem) -> bool:
    """Return True if another model may answer where this problem came up."""
    if isinstance(problem, CredentialRejected) or problem.refused:
        return False
    return problem.transient or isinstance(problem, NetworkError)


def _fallback(session: TenantSession, model: Model, ref: str) -> Model:
    """Return a fallback.

    Raises:
        UsageError: There is no such model, or another kind of key would pay for it.
    """
    candidate = models.find(session, ref, model.type)
    payer = key_source.source(session, model.provider)
    if key_source.source(session, candidate.provider) is not payer:
        own = "would use the trial, and requests on your key never do."
        trial = "would use your key, and requests on the trial never do."
        raise UsageError(f"It {own if payer is KeySource.OWN else trial}")
    return candidate


def _shared_parameters(session: TenantSession, model: Model, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the parameters that a model takes, of those that were set for another, and the names of the others."""
    parameters = {parameter.name: parameter for parameter in calls.parameters(session, model)}
    accepted: dict[str, Any] = {}
    for name, value in values.items():
        try:
            text = ",".join(value) if isinstance(value, list) else str(value)
            accepted[name] = parse_parameter(parameters[name], text)
        except (KeyError, Problem):
            continue
    return accepted, ", ".join(name for name in values if name not in accepted)
