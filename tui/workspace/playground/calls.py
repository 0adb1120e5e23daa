"""Send chat, embedding and transcription requests, and yield their events."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, nullcontext, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from tui.domain import KeySource, Model, VerificationResult, VerificationState
from tui.errors import CredentialRejected, Problem, UsageError
from tui.providers.dialects.notices import with_notices
from tui.providers.dialects.sampling import DIMENSIONS
from tui.providers.dialects.tools import unsupported
from tui.providers.events import Event, Notice, Usage
from tui.providers.requests import (
    Call,
    ChatRequest,
    EmbeddingRequest,
    Message,
    TimestampGranularity,
    Tool,
    TranscriptionRequest,
)
from tui.providers.spec import Parameter, Provider
from tui.tenancy import credentials, refused_fields
from tui.tenancy.connections import provider_of
from tui.tenancy.session import TenantSession
from tui.workspace.playground import key_source
from tui.workspace.playground.attachments import limits
from tui.workspace.playground.key_source import CallRoute
from tui.workspace.playground.metering import ANSWERS, metered
from tui.workspace.playground.parameters import parse_parameter
from tui.workspace.playground.speech.audio import audio_info

if TYPE_CHECKING:
    from tui.providers.client.access import Access
    from tui.providers.client.wire_log import WireLog

Arguments = ParamSpec("Arguments")


def chat_call(
    session: TenantSession,
    model: Model,
    messages: Sequence[Message],
    parameters: Mapping[str, Any] | None = None,
    stream: bool = True,
    access: "Access | None" = None,
    schema: Mapping[str, Any] | None = None,
    tools: Sequence[Tool] = (),
) -> tuple[CallRoute, Call]:
    """Return a chat request and its route.

    Args:
        session: The tenant.
        model: The chat model.
        messages: The conversation so far.
        parameters: By name, those that are set.
        stream: Whether to request the answer in pieces.
        access: That of a credential that is not stored yet.
        schema: The JSON Schema that the answer must fit.
        tools: What the model may ask for.

    Raises:
        UsageError: The provider serves no chats, or for this model takes no schema or no tools, or an attachment
            not as it is.
    """
    provider = provider_of(session, model.provider)
    if provider.chat is None:
        raise _unserved_type(provider, model)
    sent, sentences = limits.check(provider, model, messages)
    route = key_source.route_call(session, model, access)
    request = ChatRequest(route.model, sent, dict(parameters or {}), stream, schema, tuple(tools))
    call = provider.chat(route.access.fields, request)
    asks = call.method == "POST" or call.sends
    if tools and asks and not (isinstance(call.json, dict) and "tools" in call.json):
        raise unsupported(model.ref)  # by this wire, which passed over them
    return route, with_notices(call, [Notice(text) for text in sentences])


def embed_call(
    session: TenantSession,
    model: Model,
    texts: Sequence[str],
    query: bool = False,
    access: "Access | None" = None,
    dimensions: int = 0,
) -> tuple[CallRoute, Call]:
    """Return the request that embeds texts as vectors, and its route.

    Args:
        session: The tenant.
        model: The embedding model.
        texts: What to embed.
        query: Whether the texts are search queries, not documents.
        access: That of a credential that is not stored yet.
        dimensions: The length of the vectors where the model takes one, 0 for its own.
    """
    provider = provider_of(session, model.provider)
    if provider.embed is None:
        raise _unserved_type(provider, model)
    if not texts or not all(text.strip() for text in texts):
        raise UsageError(
            "There is no text to embed." if not texts else "One of the texts is blank.", "Enter one text per line."
        )
    if dimensions:
        declared = {parameter.name: parameter for parameter in provider.parameters(model)}
        if DIMENSIONS not in declared:
            raise UsageError(f"{model.ref} returns vectors of one length only.", "Leave the dimensions out.")
        parse_parameter(declared[DIMENSIONS], str(dimensions))
    route = key_source.route_call(session, model, access)
    return route, provider.embed(route.access.fields, EmbeddingRequest(route.model, tuple(texts), query, dimensions))


def transcribe_call(
    session: TenantSession,
    model: Model,
    path: Path,
    language: str = "",
    times: TimestampGranularity = TimestampGranularity.NONE,
    access: "Access | None" = None,
) -> tuple[CallRoute, Call]:
    """Return the request that transcribes a recording on this machine, and its route."""
    provider = provider_of(session, model.provider)
    if provider.transcribe is None:
        raise _unserved_type(provider, model)
    info = audio_info(path, provider.audio(model) if provider.audio else None, model.id)
    route = key_source.route_call(session, model, access)
    ask = TranscriptionRequest(route.model, path, info.media, info.size, language, times, info.name)
    return route, provider.transcribe(route.access.fields, ask)


def parameters(session: TenantSession, model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that a model takes."""
    return tuple(provider_of(session, model.provider).parameters(model))


async def send(
    tenant: TenantSession, model: Model, route: CallRoute, call: Call, wire_log: "WireLog | None" = None
) -> AsyncGenerator[Event]:
    """Send a request and yield its events, metered if it is on a trial. Closing the iterator cancels the request.

    The exchange is recorded in `wire_log`. At the end, the cost is recorded, and whether the key was accepted.
    """
    session, moment = tenant.process, tenant.now()
    usage: Usage | None = None
    answered = False
    credential = credentials.active(session.tenant(route.owner), route.access.provider.id)

    async def note(check: VerificationResult) -> None:
        # The call's own outcome is what matters here: a store that cannot be written must not hide it.
        with suppress(Problem):
            if credential is not None:
                await asyncio.to_thread(credentials.note, session.tenant(route.owner), credential, check)

    meter = route.meter
    if meter and wire_log:
        # The headers of a response name the operator's account.
        wire_log.mute()
    refused: list[tuple[str, str]] = []
    if not meter:
        call, sentences = refused_fields.repair(tenant, model, call)
        for sentence in sentences:
            yield Notice(sentence)
    try:
        async with (
            metered(meter) if meter else nullcontext(),
            aclosing(session.client.stream(route.access, call, wire_log)) as events,
        ):
            async for event in events:
                if meter:
                    await meter.watch(event)
                answered = answered or isinstance(event, ANSWERS)
                usage = event if isinstance(event, Usage) else usage
                refused += event.refused if isinstance(event, Notice) else ()
                yield event
    except CredentialRejected as problem:
        await note(
            VerificationResult(
                VerificationState.REFUSED, session.now(), 0, problem.message, problem.hint, problem.detail
            )
        )
        if meter:
            raise _trial_key_rejected(route.access.provider, problem) from None
        raise
    finally:
        if answered and refused and not meter:
            with suppress(Problem):
                await asyncio.to_thread(refused_fields.remember, tenant, model, refused)
        if answered or usage:
            key = KeySource.TRIAL if meter else KeySource.OWN
            name = credential.name if credential and not meter else ""
            from tui.workspace.pricing import spend  # lazy: no answer waits for it

            with suppress(Problem):
                await asyncio.to_thread(spend.record, tenant, model, name, str(key), usage, moment)
    if credential and credential.check.state in (VerificationState.REFUSED, VerificationState.UNVERIFIED):
        await note(VerificationResult(VerificationState.READY, session.now()))


def _send_prepared(
    prepare: Callable[Concatenate[TenantSession, Model, Arguments], tuple[CallRoute, Call]],
) -> Callable[Concatenate[TenantSession, Model, Arguments], AsyncGenerator[Event]]:
    """Return a function that prepares a request and sends it."""

    @wraps(prepare)
    def events(
        session: TenantSession, model: Model, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> AsyncGenerator[Event]:
        return send(session, model, *prepare(session, model, *args, **kwargs))

    return events


chat = _send_prepared(chat_call)
embed = _send_prepared(embed_call)
transcribe = _send_prepared(transcribe_call)


def _trial_key_rejected(provider: Provider, refused: CredentialRejected) -> CredentialRejected:
    """Return the error for a tenant when the operator's trial key is rejected."""
    message = f"The trial of {provider.label} does not work: the provider rejected its key."
    return CredentialRejected(message, "The operator can fix it; meanwhile, use your own key.", refused.detail)


def _unserved_type(provider: Provider, model: Model) -> UsageError:
    return UsageError(f"{provider.label} serves no {model.type.label} models here.", "Choose another model.")
