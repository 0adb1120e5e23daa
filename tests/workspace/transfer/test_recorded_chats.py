"""Recorded chats in an export: encrypted only, sealed again for the tenant that they are imported into."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.campaign.kills import kill_at
from tests.doubles.images import png
from tui.errors import Problem, UsageError
from tui.providers.events import ToolCall, ToolCalls
from tui.providers.requests import Tool
from tui.secret import Secret
from tui.tenancy.session import Session, TenantSession
from tui.workspace import audit, tenants
from tui.workspace.history import chats, settings
from tui.workspace.history.files import history_folder
from tui.workspace.playground.attachments.files import of_content
from tui.workspace.playground.conversation import Answer, ToolRound
from tui.workspace.transfer import export, file_format, import_plan, recorded_chats
from tui.workspace.transfer.file_format import FileChat

PASS = Secret("a FAKE passphrase of the file")
MODEL = "openai/gpt-6-sol"
WORDS = "Wherefore zyzzyva"


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    await tenants.create(disk_session, "acme")
    return disk_session.tenant("acme")


def record(session: TenantSession, question: str = WORDS) -> str:
    """Record a chat with a file, tools and an answer; return its ID."""
    recorder = chats.Recorder(session)
    recorder.question(question, MODEL, {"temperature": 0.5}, "Be brief.", files=[of_content(png(2, 3), "a.png")])
    calls = ToolCalls((ToolCall("c1", "weather", '{"city": "Oslo"}'),), ({"type": "thinking", "signature": "s"},))
    recorder.tools(ToolRound("Let me look.", calls, {"c1": "12 degrees"}, (Tool("weather", "It", {"type": "object"}),)))
    recorder.answer(Answer("One", MODEL))
    return recorder.chat_id


async def moved(session: TenantSession, name: str) -> import_plan.Plan:
    """Export a tenant with its chats, and import the file into a tenant of that name; return the plan."""
    text = (await export.export(session, PASS, with_history=True)).text
    process = session.process
    bundle = await import_plan.open_bundle(text.encode(), PASS)
    target = import_plan.target(process, bundle, name)
    plan = await (import_plan.plan_new(process, bundle, name) if target is None else import_plan.plan(target, bundle))
    await import_plan.carry_out(process, plan)
    return plan


def files_of(session: TenantSession) -> dict[str, bytes]:
    folder = history_folder(session)
    return {name: folder.read(name) or b"" for name in folder.names()}


async def test_chats_move_to_another_tenant_as_they_were_sealed_for_its_key_pair(acme: TenantSession) -> None:
    chat_id = record(acme)
    exported = await export.export(acme, PASS, with_history=True)
    assert exported.chats == 1 and WORDS not in exported.text and "zyzzyva" not in exported.text
    assert "chats" not in json.loads((await export.export(acme)).text)
    plan = await moved(acme, "other")
    assert (len(plan.chats), plan.words) == (1, "1 chat")
    other = acme.process.tenant("other")
    source, copy = chats.open_chat(acme, chat_id), chats.open_chat(other, chat_id)
    assert source == copy and not copy.findings
    assert chats.open_history(other).search("zyzzyva")[0].id == chat_id
    for content in files_of(other).values():
        assert b"zyzzyva" not in content and content not in files_of(acme).values()
    del acme.process.open_keys["acme"]
    assert chats.open_chat(other, chat_id).conversation == source.conversation
    assert audit.words(audit.listing(acme)[-1]) == "settings exported with secrets, encrypted, with 1 chat"
    assert "chats added to the recorded ones from a file: 1" in map(audit.words, audit.listing(other))


async def test_chats_that_are_here_stay_as_they_are_and_old_ones_are_left_out(acme: TenantSession) -> None:
    chat_id = record(acme)
    await moved(acme, "other")
    other = acme.process.tenant("other")
    chats.rename(other, chat_id, "Beetles")
    added = record(acme, "Another")
    plan = await moved(acme, "other")
    assert [chat.id for chat in plan.chats] == [added]
    assert [omission.message for omission in plan.omissions] == [
        "1 chat of the file is here already; what is here stays."
    ]
    assert chats.open_chat(other, chat_id).title == "Beetles"
    settings.switch(other, True, 30)
    bundle = file_format.Bundle("x", "x", chats=plan.chats)
    old = [replace(record, time="2020-01-01T00:00:00Z") for record in plan.chats[0].records]
    chats.remove(other, [added])
    planned, omissions = recorded_chats.plan(other, (*bundle.chats, FileChat("20200101-000000-aaaa", tuple(old))))
    assert [chat.id for chat in planned] == [added]
    assert [omission.message for omission in omissions] == ["1 chat of the file is left out: chats are kept 30 days."]


async def test_chats_are_imported_neither_in_clear_nor_as_anything_else(acme: TenantSession, tmp_path: Path) -> None:
    record(acme)
    data = json.loads((await export.export(acme)).text)
    entry = {"time": "2026-11-30T10:00:00Z", "record": {"type": "question", "text": "x"}}
    (whole,) = ({"20261130-100000-abcd": [entry]},)
    with pytest.raises(UsageError, match="from an encrypted file only"):
        await import_plan.open_bundle(json.dumps(data | {"chats": whole}).encode())
    assert file_format.parse(data | {"chats": whole}).chats[0].records[0].content["text"] == "x"
    invalid: tuple[Any, ...] = (
        {"../../../etc/passwd": [entry]},
        {"20261130-100000-abcd": []},
        {"20261130-100000-abcd": {}},
        {"20261130-100000-abcd": [entry | {"more": 1}]},
        {"20261130-100000-abcd": [entry | {"time": "now"}]},
        {"20261130-100000-abcd": [entry | {"record": "text"}]},
        [],
    )
    for wrong in invalid:
        with pytest.raises(UsageError):
            file_format.parse(data | {"chats": wrong})


async def test_a_stopped_import_keeps_the_chats_that_were_added(acme: TenantSession) -> None:
    ids = sorted(record(acme, f"Question {number}") for number in range(3))
    await tenants.create(acme.process, "other")
    other = acme.process.tenant("other")
    recorded = recorded_chats.collect(acme, [])

    def stop(done: int, of: int) -> None:
        assert of == 3
        if done == 2:
            raise Problem("Stopped.")

    with pytest.raises(Problem, match="Stopped"):
        await recorded_chats.add(other, recorded, stop)
    assert len(chats.ids(other)) == 2
    await recorded_chats.add(other, recorded_chats.plan(other, recorded)[0], lambda done, of: None)
    assert sorted(chats.ids(other)) == ids


@pytest.mark.slow
async def test_killed_at_every_step_a_chat_is_there_as_a_whole_or_not_at_all(acme: TenantSession) -> None:
    chat_id = record(acme)
    (chat,) = recorded_chats.collect(acme, [])
    await tenants.create(acme.process, "other")
    other, steps = acme.process.tenant("other"), 0

    def add() -> None:
        chats.add(other, chat.id, chat.records)

    while not chats.ids(other):
        steps += 1
        kill_at(steps, add)
    assert steps > 5, "the control: some kills came before the end"
    assert chats.open_chat(other, chat_id) == chats.open_chat(acme, chat_id)
    assert chats.open_history(other).chats[0].questions == 1 and not chats.add(other, chat.id, chat.records)
