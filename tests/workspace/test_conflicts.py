"""A form that was filled before another session saved asks about what both changed, and about nothing else."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tests.doubles.practice import practice_session
from tui.console.defaults.set_default import choose_default, clear_default, drop_fallback, set_fallback
from tui.domain import Model, ModelType, Origin
from tui.errors import Conflict
from tui.tenancy import models
from tui.tenancy import tenants as registry
from tui.tenancy.session import TenantSession
from tui.workspace import tenants, undo
from tui.workspace.conflicts import Baseline, other_session
from tui.workspace.models import catalog, defaults
from tui.workspace.playground import saved_prompts
from tui.workspace.playground.saved_prompts import SavedPrompt

CHAT = ModelType.CHAT
SOL, TERRA, MINI = "openai/gpt-6-sol", "openai/gpt-5.4", "openai/gpt-5.4-mini"
Work = Callable[[TenantSession], Awaitable[object]]


@pytest.fixture
def acme() -> TenantSession:
    return practice_session(pace=0.0).tenant("acme")


def chat(session: TenantSession) -> tuple[str, ...]:
    default = models.defaults(session).get(CHAT)
    return default.refs if default else ()


async def another_session_saves(session: TenantSession, work: Work) -> None:
    """Save as another process would."""
    writer = session.store.writer
    session.store.writer = lambda: {"pid": os.getpid(), "user": "bob", "host": "host2"}
    await work(session)
    session.store.writer = writer


def model(session: TenantSession, ref: str) -> Model:
    return models.find(session, ref, CHAT)


async def test_a_name_that_another_session_gave_is_not_replaced_unasked(acme: TenantSession) -> None:
    before = Baseline(registry.tenant_of(acme).name)
    await another_session_saves(acme, lambda session: tenants.rename(session, "Theirs"))
    with pytest.raises(Conflict, match=r"^bob \(process \d+ of host2\) renamed it to Theirs at .*\.$"):
        await tenants.rename(acme, "Mine", before)
    assert (await tenants.rename(acme, "Theirs", before)).name == "Theirs", "the same is no conflict"
    assert (await tenants.rename(acme, "Mine")).name == "Mine", "a command compares nothing"


async def test_a_default_that_another_session_chose_is_not_replaced_unasked(acme: TenantSession) -> None:
    before = models.defaults(acme)[CHAT]
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, TERRA))
    with pytest.raises(Conflict, match=f"set the default chat model to {TERRA} at "):
        await choose_default(acme, model(acme, MINI), before, False)
    with pytest.raises(Conflict, match="set the default chat model"):
        await clear_default(acme, CHAT, before, False)
    await choose_default(acme, model(acme, MINI), before, True)
    assert chat(acme) == (MINI,)


async def test_a_model_and_its_fallbacks_are_two_fields(acme: TenantSession) -> None:
    before = models.defaults(acme)[CHAT]
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, SOL, [MINI]))
    await choose_default(acme, model(acme, TERRA), before, False)
    assert chat(acme) == (TERRA, MINI), "fallbacks that only they changed stay"
    before = models.defaults(acme)[CHAT]
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, SOL, [MINI]))
    await set_fallback(acme, 1, model(acme, TERRA), before, False)
    assert chat(acme) == (SOL, MINI, TERRA), "the model that only they changed stays"
    before = models.defaults(acme)[CHAT]
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, SOL, [TERRA]))
    with pytest.raises(Conflict, match=r"set the default chat model to .* then "):
        await drop_fallback(acme, 1, before, False)
    await another_session_saves(acme, lambda session: defaults.clear(session, CHAT))
    with pytest.raises(Conflict, match="cleared the default chat model"):
        await drop_fallback(acme, 1, before, False)


async def test_a_prompt_of_the_same_name_is_not_replaced_or_removed_unasked(acme: TenantSession) -> None:
    own, stored = SavedPrompt("terse", "Be terse."), SavedPrompt("terse", "Be short.")

    async def save(session: TenantSession) -> None:
        saved_prompts.save(session, stored)

    await another_session_saves(acme, save)
    with pytest.raises(Conflict, match="saved the prompt terse"):
        saved_prompts.save(acme, own, Baseline(None))
    with pytest.raises(Conflict, match="saved the prompt terse"):
        saved_prompts.remove(acme, "terse", Baseline(own))
    saved_prompts.save(acme, own, Baseline(stored))
    saved_prompts.remove(acme, "terse", Baseline(own))
    assert saved_prompts.prompts(acme) == ()


async def test_a_model_form_asks_only_about_fields_that_both_changed(acme: TenantSession) -> None:
    fields = {"endpoint_type": "inference_endpoints", "namespace": "one", "endpoint_url": "https://one.example"}
    added = await catalog.add(acme, "huggingface", "org/model", CHAT, fields, verify=False)

    def edited(**changed: str) -> Work:
        return lambda session: catalog.edit(session, added, {**added.fields, **changed}, verify=False)

    await another_session_saves(acme, edited(namespace="two"))
    saved = await catalog.edit(acme, added, {**added.fields, "endpoint_url": "https://two.example"}, verify=False)
    assert (saved.fields["namespace"], saved.fields["endpoint_url"]) == ("two", "https://two.example")
    with pytest.raises(Conflict, match=r"changed .* to https://two\.example at "):
        await edited(endpoint_url="https://three.example")(acme)
    over = {**added.fields, "endpoint_url": "https://three.example"}
    assert (await catalog.edit(acme, added, over, verify=False, overwrite=True)).fields["namespace"] == "two"
    await another_session_saves(acme, lambda session: catalog.remove(session, saved))
    with pytest.raises(Conflict, match="removed huggingface/org/model"):
        await edited(namespace="three")(acme)
    assert (await catalog.edit(acme, added, over, verify=False, overwrite=True)).origin is Origin.ADDED


async def test_what_another_session_changed_is_not_offered_to_be_undone(acme: TenantSession) -> None:
    before = acme.store.document()
    await another_session_saves(acme, lambda session: defaults.clear(session, CHAT))
    assert undo.change_since(acme, before) is None and other_session(acme)
    before = acme.store.document()
    await defaults.set(acme, CHAT, SOL)
    assert undo.change_since(acme, before) is not None and not other_session(acme)


async def test_what_was_saved_over_another_session_is_undone_alone(acme: TenantSession) -> None:
    before = acme.store.document()
    await another_session_saves(acme, lambda session: defaults.set(session, CHAT, TERRA))
    await another_session_saves(acme, lambda session: tenants.rename(session, "Theirs"))
    await defaults.set(acme, CHAT, MINI)
    change = undo.change_since(acme, before)
    assert change is not None
    await undo.undo(acme, change)
    assert chat(acme)[0] == TERRA and registry.tenant_of(acme).name == "Theirs"
    assert undo.change_since(acme, before) is None, "two changes of this session, and not one"


def test_the_writer_of_a_file_says_nothing_of_a_login(acme: TenantSession) -> None:
    assert set(acme.store.writer()) == {"pid", "terminal"}
    other = replace(acme.store.document(), by={"pid": 1, "terminal": "pts/3"})
    assert other.by != acme.store.writer()
