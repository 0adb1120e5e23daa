"""Defaults: proposed and never set by themselves; one that cannot be used says why and what is nearest."""

from dataclasses import replace

import pytest

from tui.domain import Model, ModelType, ProviderState
from tui.errors import UsageError
from tui.practice.tenants import LONG_NAME
from tui.tenancy import models
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session
from tui.workspace import trials
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults
from tui.workspace.models.defaults import DefaultRow
from tui.workspace.models.proposals import proposed_defaults

CHAT, EMBEDDING, SPEECH = ModelType.CHAT, ModelType.EMBEDDING, ModelType.SPEECH2TEXT


def row(session: Session, kind: ModelType, tenant_id: str = "acme") -> DefaultRow:
    return next(row for row in defaults.rows(session.tenant(tenant_id)) if row.type is kind)


def test_every_type_has_a_row_that_says_how_its_default_stands(session: Session) -> None:
    chat, embedding, speech = defaults.rows(session.tenant("acme"))
    assert chat.state == "ready" and chat.sentence.startswith("your key, verified ")
    assert embedding.state == "gone" and embedding.sentence.startswith("no longer listed by OpenAI since ")
    assert embedding.replacement and embedding.replacement.id == "text-embedding-3-small"
    assert speech.state == "none" and speech.default is None
    assert speech.proposed and speech.proposed.id == "gpt-transcribe"


async def test_a_default_is_set_replaced_and_cleared(session: Session) -> None:
    await defaults.set(session.tenant("acme"), EMBEDDING, "openai/text-embedding-3-large")
    assert row(session, EMBEDDING).state == "ready"
    await defaults.set(session.tenant("acme"), EMBEDDING, "openai_compatible/nomic-embed-text")
    assert row(session, EMBEDDING).sentence.startswith("no key, verified ")
    await defaults.clear(session.tenant("acme"), EMBEDDING)
    assert row(session, EMBEDDING).state == "none"
    await defaults.clear(session.tenant("acme"), EMBEDDING)
    assert row(session, CHAT).state == "ready"


async def test_what_cannot_be_a_default_is_refused(session: Session) -> None:
    delisted = next(model for model in catalog.listing(session.tenant("acme")) if model.gone)
    for kind, ref in ((EMBEDDING, delisted.ref), (CHAT, "openai/text-embedding-3-small"), (CHAT, "openai/nothing")):
        before = models.defaults(session.tenant("acme"))
        with pytest.raises(UsageError):
            await defaults.set(session.tenant("acme"), kind, ref)
        assert models.defaults(session.tenant("acme")) == before


async def test_a_default_whose_provider_cannot_be_used_says_why(session: Session) -> None:
    assert row(session, CHAT, LONG_NAME).state == "key refused"
    assert row(session, CHAT, LONG_NAME).sentence == "OpenAI rejected its key"
    with session.store("acme").transaction() as tables:
        tables.table("credentials").update({"key_id": "00000000"})
    assert row(session, CHAT).state == "cannot be opened"
    with session.store("acme").transaction() as tables:
        tables.drop_table("credentials")
    assert row(session, CHAT).state == "provider not set up"
    assert row(session, CHAT).sentence == "OpenAI is no longer set up"


async def test_a_default_that_ended_by_date_or_vanished_counts_as_removed(session: Session) -> None:
    await defaults.set(session.tenant("acme"), SPEECH, "openai/whisper-1")
    session.clock = lambda: 1_795_000_000.0
    assert "ends 26 Feb 2027" in row(session, SPEECH).sentence
    session.clock = lambda: 1_850_000_000.0
    assert (row(session, SPEECH).state, row(session, SPEECH).sentence) == ("gone", "ended 26 Feb 2027")
    with session.store("acme").transaction() as tables:
        tables.table("models").remove(lambda record: record["id"] == "whisper-1")
        tables.table("listings").truncate()
    assert row(session, SPEECH).sentence == "no longer listed by OpenAI"


async def test_without_a_proposal_the_nearest_is_the_most_similar_of_the_same_provider_and_type(
    session: Session,
) -> None:
    names = ("llama-3-8b", "qwen3-30b-a3b", "qwen4-32b-instruct")
    with session.store("tenant-2").transaction() as tables:
        table = tables.table("models")
        table.update({"gone": "2026-11-01"}, lambda record: record["type"] == "chat")
        table.insert_multiple(to_record(Model("openai_compatible", name, CHAT)) for name in names)
        tables.table("defaults").update({"model": "qwen3-32b-instruct"}, lambda record: record["type"] == "chat")
    nearest = row(session, CHAT, "tenant-2").replacement
    assert nearest and nearest.id == "qwen4-32b-instruct"


async def test_only_types_without_a_default_are_proposed_for_and_only_what_can_be_used(session: Session) -> None:
    for trial in trials.rows(session):
        await trials.remove(session, trial.provider.id)
    assert set(proposed_defaults(session.tenant("acme"))) == {SPEECH}
    offered = proposed_defaults(session.tenant(LONG_NAME))
    assert {kind: proposal.provider for kind, proposal in offered.items()} == {EMBEDDING: "openai_compatible"}
    assert proposed_defaults(session.tenant(LONG_NAME), "openai") == {}, "it has no usable key"
    await status.remove_provider(session.tenant(LONG_NAME), "openai_compatible")
    assert proposed_defaults(session.tenant(LONG_NAME)) == {}


def test_a_provider_that_was_set_up_proposes_its_own_models(session: Session) -> None:
    best = {kind: model.provider for kind, model in proposed_defaults(session.tenant("acme")).items()}
    own = {kind: model.provider for kind, model in proposed_defaults(session.tenant("acme"), "tongyi").items()}
    assert (best, own) == ({SPEECH: "openai"}, {SPEECH: "tongyi"})


@pytest.mark.parametrize("state", [state for state in ProviderState if not state.usable])
def test_every_state_of_a_provider_that_cannot_be_used_has_its_words(
    session: Session, state: ProviderState, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable = status.rows(session.tenant("acme"))
    monkeypatch.setattr(status, "rows_of", lambda *_: [replace(row, state=state) for row in usable])
    stands = row(session, CHAT)
    assert str(stands.state).endswith(str(state)) and stands.sentence
