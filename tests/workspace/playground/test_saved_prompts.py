"""Saved prompts: carried by an export, and read from a file that anybody may have written."""

import pytest

from tui.errors import UsageError
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.playground import saved_prompts
from tui.workspace.playground.saved_prompts import SavedPrompt
from tui.workspace.transfer import file_format, import_plan
from tui.workspace.transfer.export import export

REVIEWER = SavedPrompt("reviewer", "Review this.", {"temperature": "0"}, {"type": "object"})


async def test_an_export_carries_saved_prompts(session: Session) -> None:
    one = session.tenant((await tenants.create(session, "one")).id)
    two = session.tenant((await tenants.create(session, "two")).id)
    assert not saved_prompts.save(one, REVIEWER)
    text = (await export(one)).text
    bundle = file_format.parse(file_format.read(text.encode()))
    assert bundle.prompts == (REVIEWER,)
    plan = await import_plan.plan(two, bundle)
    assert [event.done for event in plan.events] == ["prompt saved"] and saved_prompts.prompts(two) == ()
    await import_plan.carry_out(session, plan)
    assert saved_prompts.prompts(two) == (REVIEWER,)
    assert not (await import_plan.plan(two, bundle)).changes


@pytest.mark.parametrize(
    "prompts",
    [
        {"a b": {"system": "x"}},
        {"a": {"system": 1}},
        {"a": {"schema": "["}},
        {"a": {"parameters": {"t": 1}}},
        {"a": {}},
    ],
)
async def test_a_file_with_a_prompt_that_is_none_is_refused(session: Session, prompts: dict[str, object]) -> None:
    one = session.tenant((await tenants.create(session, "one")).id)
    data = file_format.read((await export(one)).text.encode())
    with pytest.raises(UsageError):
        file_format.parse(data | {"prompts": prompts})


async def test_a_schema_that_somebody_damaged_is_left_out(session: Session) -> None:
    one = session.tenant((await tenants.create(session, "one")).id)
    with one.store.transaction() as tables:
        tables.table("prompts").insert({"name": "x", "system": "a\x1b[2Jb", "schema": "[1"})
    (prompt,) = saved_prompts.prompts(one)
    assert prompt.schema is None and "\x1b" not in prompt.system


async def test_a_prompt_that_is_too_long_or_one_too_many_is_not_saved(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="up to 100,000 characters"):
        saved_prompts.create("long", "x" * 100_001, {}, None)
    monkeypatch.setattr(saved_prompts, "_MAX_PROMPTS", 2)
    acme = session.tenant("acme")
    before = len(saved_prompts.prompts(acme))
    for number in range(2 - before):
        saved_prompts.save(acme, saved_prompts.create(f"p{number}", "Be brief.", {}, None))
    with pytest.raises(UsageError, match="A tenant has up to 2 saved prompts"):
        saved_prompts.save(acme, saved_prompts.create("another", "Be brief.", {}, None))
    first = saved_prompts.prompts(acme)[0]
    assert saved_prompts.save(acme, first), "one of its name is replaced"
