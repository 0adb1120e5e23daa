"""Check the way to a provider layer by layer: name, TCP, proxy, TLS, clock, authentication, model list, an answer.

The checks are those of one real request, the one that verifies the credential: its transport, proxy and certificates,
measured by `connection_report`. Without a key that can be used, a request without one goes to the provider's address
instead. Nothing is stored.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tui.domain import DEFAULT_NAME, Credential, Model, ModelType, previous_of
from tui.errors import Action, NetworkError, Problem, Remedy, ScopeMissing, UsageError
from tui.providers.events import Event, ModelsListed
from tui.providers.requests import Call, Framing
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.tenancy import credentials, models
from tui.tenancy.connections import provider_of
from tui.tenancy.session import TenantSession
from tui.workspace.credentials.names import unknown_credential
from tui.workspace.doctor.checks import Check, CheckState, OnCheck, failed_check
from tui.workspace.doctor.connection import ConnectionWatch
from tui.workspace.models import catalog
from tui.workspace.models.proposals import first_proposed
from tui.workspace.playground.test_call import test_call

if TYPE_CHECKING:
    from tui.providers.client.access import Access
    from tui.providers.client.client import Client


async def diagnose(
    session: TenantSession,
    provider_id: str,
    name: str = "",
    spend: bool = False,
    on_check: OnCheck = lambda check: None,
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[Check]:
    """Check the way to a provider with a credential, by default the active one; with `spend`, ask a model as well.

    Args:
        session: The tenant.
        provider_id: The provider.
        name: The credential's name, blank for the active one.
        spend: True to ask a model as well, which is billed.
        on_check: Gets every check as it is done.
        on_event: Gets the events of the requests, such as a server's silence.

    Raises:
        UsageError: There is no such credential, or nothing says where the provider is.
    """
    from tui.providers.client.connection_report import trace_of  # lazy: httpx

    provider = provider_of(session, provider_id)
    credential = _credential(session, provider, name)
    checks: list[Check] = []

    def add(check: Check) -> None:
        checks.append(check)
        on_check(check)

    access, unusable = await _access(session, provider, credential)
    call = provider.verify(access.fields) if unusable is None else _first_page(access)
    watch = ConnectionWatch(session.process.clock, session.process.environ, add)
    client = session.process.client.with_traces(partial(trace_of, watch.phase_ended))
    try:
        if session.process.practice:
            add(Check("tcp", CheckState.SKIPPED, "practice mode: nothing leaves this process"))
        elif not await _look_up_host(watch, client, call.url):
            return checks
        keyed = bool(credential and (credential.envelope or credential.references))
        requests = _Requests(session, client, watch, access, keyed, on_event)
        if unusable is None:
            await requests.authenticate(call)
        elif await requests.reach(call):
            add(failed_check("authentication", unusable))
    finally:
        await client.aclose()
    if spend and not any(check.state is CheckState.FAILED for check in checks):
        add(await _answer(session, provider, access))
    return checks


async def _look_up_host(watch: ConnectionWatch, client: "Client", url: str) -> bool:
    """Look up the name that a URL leads to; return False if its proxy variable names no proxy."""
    try:
        proxy = client.proxy_for(url)
    except NetworkError as problem:
        watch.add(failed_check("proxy", problem))
        return False
    await watch.look_up(url, proxy)
    return True


def _credential(session: TenantSession, provider: Provider, name: str) -> Credential | None:
    stored = [entry for entry in credentials.listing(session, provider.id) if not previous_of(entry.name)]
    existing = next((entry for entry in stored if entry.name == name or (not name and entry.active)), None)
    if name and existing is None:
        raise unknown_credential(session, provider.id, name)
    return existing


async def _access(
    session: TenantSession, provider: Provider, credential: Credential | None
) -> tuple["Access", Problem | None]:
    """Return what a request may use, and why it goes without the key; None if it goes with it."""
    from tui.providers.client.access import Access

    if credential is not None:
        try:
            return await asyncio.to_thread(credentials.access_with, session, provider, credential), None
        except Problem as problem:
            unusable = problem
    else:
        unusable = UsageError(
            f"{provider.label} is not set up.", remedy=Remedy(Action.SET_UP_PROVIDER, provider.id, DEFAULT_NAME)
        )
    fields = provider.default_values | dict(credential.clear if credential else {})
    try:
        origins = credential.origins if credential else provider.origins(fields)
    except (KeyError, UsageError):
        origins = ()
    if not origins:
        raise unusable
    keyless = replace(provider, sign=lambda call, *_: call, token=lambda fields: None)
    return Access(keyless, fields, origins, credential.plain_http if credential else ()), unusable


def _first_page(access: "Access") -> Call:
    """Return a request for the first page of a provider's first address: whatever it answers, it was reached."""
    return Call("GET", f"{access.origins[0]}/", lambda: lambda frame: (), Framing.TEXT, accepts_text=True)


class _Requests:
    """The requests of one diagnosis, and the checks that follow from how they went."""

    def __init__(
        self,
        session: TenantSession,
        client: "Client",
        watch: ConnectionWatch,
        access: "Access",
        keyed: bool,
        on_event: Callable[[Event], None],
    ) -> None:
        self._session, self._client, self._watch, self._access, self._keyed = session, client, watch, access, keyed
        self._add, self._on_event = watch.add, on_event

    async def reach(self, call: Call) -> bool:
        """Send a request whose answer says nothing but that the server was reached; return False if it was not."""
        try:
            await self._send(call)
        except Problem as problem:
            return not self._watch.add_failure(problem)
        return True

    async def authenticate(self, call: Call) -> None:
        """Verify the key, then list the models if that is another request."""
        provider = self._access.provider
        facts = {"keyed": self._keyed}
        words = "the key is accepted" if self._keyed else "it needs no key"
        try:
            listed = await self._send(call)
        except ScopeMissing as problem:
            self._add(Check("authentication", CheckState.OK, words, self._watch.response_ms, facts=facts))
            self._add(_rate_limit_warning(problem))
            return
        except Problem as problem:
            if not self._watch.add_failure(problem):
                self._add(failed_check("authentication", problem, self._watch.response_ms, facts))
            return
        self._add(Check("authentication", CheckState.OK, words, self._watch.response_ms, facts=facts))
        ms = None  # of a list that came with the answer
        if listed is None and provider.list_models is not None:
            try:
                listed = await self._send(provider.list_models(self._access.fields))
            except ScopeMissing as problem:
                self._add(_rate_limit_warning(problem))
                return
            except Problem as problem:
                if not self._watch.add_failure(problem):
                    self._add(failed_check("models", problem, self._watch.response_ms))
                return
            ms = self._watch.response_ms
        self._add(self._models(listed, ms))

    def _models(self, listed: int | None, ms: float | None) -> Check:
        if listed is not None:
            words = f"{listed:,} model{'' if listed == 1 else 's'} listed"
            return Check("models", CheckState.OK, words, ms, facts={"count": listed})
        count = sum(not model.gone for model in catalog.listing(self._session, provider=self._access.provider.id))
        words = f"{self._access.provider.label} lists none; {count:,} known"
        return Check("models", CheckState.SKIPPED, words, facts={"count": count})

    async def _send(self, call: Call) -> int | None:
        """Send a request; return how many models it lists, None if it is no listing."""
        count: int | None = None
        async for event in self._client.stream(self._access, call):
            if isinstance(event, ModelsListed):
                count = (count or 0) + len(event.models)
            else:
                self._on_event(event)
        return count


def _rate_limit_warning(problem: ScopeMissing) -> Check:
    return Check("models", CheckState.WARNING, problem.message, None, problem)


async def _answer(session: TenantSession, provider: Provider, access: "Access") -> Check:
    """Ask a model for a word; it is billed."""
    model = _model_to_ask(session, provider)
    if model is None:
        return Check("answer", CheckState.SKIPPED, f"{provider.label} has no model to ask")
    began, facts = time.perf_counter(), {"model": model.id, "type": str(model.type)}
    try:
        result = await test_call(session, model, access)
    except Problem as problem:
        return failed_check("answer", problem, 1000 * (time.perf_counter() - began), facts)
    ms = 1000 * (time.perf_counter() - began)
    return Check("answer", CheckState.OK, one_line(f"{model.id} {result.words}", 200), ms, facts=facts)


def _model_to_ask(session: TenantSession, provider: Provider) -> Model | None:
    """Return the provider's default chat model, else the one that it proposes, else its first of any type."""
    candidates = [model for model in catalog.listing(session, provider=provider.id) if not model.gone]
    default = models.defaults(session).get(ModelType.CHAT)
    chat = [model for model in candidates if model.type is ModelType.CHAT]
    chosen = [model for model in chat if default and (default.provider, default.model) == (provider.id, model.id)]
    proposed = [model] if chat and (model := first_proposed(chat)) else []
    return next(iter([*chosen, *proposed, *candidates]), None)
