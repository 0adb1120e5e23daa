"""Who pays for a fallback, and what is stored of it."""

import sys
from inspect import CO_ASYNC_GENERATOR
from types import FrameType

import pytest

from tui.domain import KeySource, Model, ModelType
from tui.errors import CredentialRejected, NetworkError, Problem, UsageError
from tui.providers.events import TextDelta
from tui.providers.requests import Message
from tui.tenancy import models
from tui.tenancy.serialization import from_record, to_record
from tui.tenancy.session import Session
from tui.workspace.models import defaults
from tui.workspace.playground import calls, fallback, key_source

HELLO = (Message("user", "Hello"),)


@pytest.mark.parametrize("payer", [KeySource.OWN, KeySource.TRIAL])
async def test_a_fallback_that_another_kind_of_key_pays_for_gets_no_request(
    session: Session, monkeypatch: pytest.MonkeyPatch, payer: KeySource
) -> None:
    acme, sent = session.tenant("acme"), []
    model = models.find(acme, "openai/gpt-6-sol")
    other = next(one for one in models.stored(acme) if one.provider != "openai" and one.type is ModelType.CHAT)
    monkeypatch.setattr(key_source, "source", lambda _, provider: payer if provider == "openai" else "the other")

    def send(_: object, candidate: Model, *rest: object) -> object:
        sent.append(candidate.ref)
        raise NetworkError("No answer.")

    monkeypatch.setattr(calls, "send", send)
    monkeypatch.setattr(calls, "chat_call", lambda *args, **more: (None, None))
    notices = []
    with pytest.raises(NetworkError, match="No answer"):
        async for event in fallback.chat(acme, model, (other.ref,), HELLO):
            notices.append(str(event))
    assert sent == ["openai/gpt-6-sol"]
    assert "would use " in notices[-1]


async def test_a_token_passes_four_async_generators(session: Session) -> None:
    acme, passed, tokens = session.tenant("acme"), set[str](), 0

    def note(frame: FrameType, event: str, _: object) -> None:
        module, code = frame.f_globals["__name__"], frame.f_code
        if event == "call" and code.co_flags & CO_ASYNC_GENERATOR and module.startswith(("tui.providers", "tui.work")):
            passed.add(code.co_qualname)

    events = fallback.chat(acme, models.find(acme, "openai/gpt-6-sol"), (), HELLO)
    try:
        async for event in events:
            tokens += isinstance(event, TextDelta)
            sys.setprofile(note if 0 < tokens < 5 else None)
            if tokens == 5:
                break
    finally:
        sys.setprofile(None)
        await events.aclose()
    assert passed == {"send", "Client.stream", "Client._send_with_retry", "Client._attempt"}


def test_only_a_failure_that_may_pass_is_a_reason() -> None:
    passing = Problem("Busy.")
    passing.transient = True
    page = NetworkError("A web page.")
    page.refused = True
    reasons = {problem: fallback.may_fall_back(problem) for problem in (passing, NetworkError("Lost."))}
    assert all(reasons.values())
    others = (page, CredentialRejected("No."), UsageError("No."), Problem("No."))
    assert not any(fallback.may_fall_back(problem) for problem in others)


async def test_a_default_without_fallbacks_is_stored_as_before(session: Session) -> None:
    acme = session.tenant("acme")
    default = await defaults.set(acme, ModelType.CHAT, "openai/gpt-6-sol")
    assert set(to_record(default)) == {"type", "provider", "model", "set_at"}
    other = next(
        model.ref
        for model in models.stored(acme)
        if model.type is ModelType.CHAT and not model.gone and model.ref != default.ref
    )
    stored = to_record(await defaults.set(acme, ModelType.CHAT, default.ref, [other]))
    assert stored["fallbacks"] == [other] and from_record(type(default), stored).fallbacks == (other,)
    assert fallback.fallbacks_of(acme, models.find(acme, default.ref)) == (other,)
    assert fallback.fallbacks_of(acme, models.find(acme, other)) == ()
