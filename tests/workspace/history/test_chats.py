"""The history: chats are recorded with the public key, opened with the private one, and damage is named."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from pathlib import Path

import pytest

from tests.doubles.images import jpeg
from tui.errors import Locked, Problem, UsageError
from tui.providers.events import ToolCall, ToolCalls
from tui.providers.requests import Tool
from tui.sanitize import printable
from tui.secret import Secret
from tui.storage.line_file import lines_of
from tui.tenancy import keyring
from tui.tenancy.session import Session, TenantSession
from tui.tenancy.tenants import tenant_of
from tui.tenancy.timestamps import short_time
from tui.vault import sealed_lines
from tui.workspace import audit, tenants
from tui.workspace.history import chats, settings
from tui.workspace.history.files import CHAT, INDEX, history_folder, owner_of
from tui.workspace.history.index import unpack
from tui.workspace.playground.attachments.files import of_content
from tui.workspace.playground.conversation import Answer, AnswerState, ToolRound

MODEL = "openai/gpt-6-sol"
PASSPHRASE = Secret("correct-horse-FAKE")


@pytest.fixture
async def acme(disk_session: Session) -> TenantSession:
    await tenants.create(disk_session, "Acme", PASSPHRASE, id="acme")
    return disk_session.tenant("acme")


def record(session: TenantSession, *questions: str) -> str:
    """Record a chat of so many questions, each with an answer; return its ID."""
    recorder = chats.Recorder(session)
    for number, question in enumerate(questions):
        recorder.question(question, MODEL, {"temperature": 0.5}, "Be brief.")
        recorder.answer(Answer(f"Answer {number} to {question}", MODEL, first=0.1, total=0.5, input=3, output=4))
    return recorder.chat_id


def path_of(session: TenantSession, name: str) -> Path:
    folder = history_folder(session).path
    assert folder is not None
    return folder / name


def test_a_chat_comes_back_as_it_was(acme: TenantSession) -> None:
    recorder = chats.Recorder(acme)
    recorder.question("First?", MODEL, {}, "Be brief.")
    recorder.answer(Answer("One", MODEL))
    recorder.answer(Answer("Another", MODEL, AnswerState.STOPPED, thoughts="Hm"))
    recorder.question("Lost", MODEL, {}, "Be brief.", shown=0)
    recorder.question("Second?", "openai/other", {"temperature": 1}, "Be long.")
    recorder.answer(Answer("Two", "openai/other", note="cut off"))
    recorder.question("Edited?", MODEL, {}, "Be long.", replaces=True)
    chat = chats.open_chat(acme, recorder.chat_id)
    assert [turn.question for turn in chat.conversation.turns] == ["First?", "Edited?"]
    first = chat.conversation.turns[0]
    assert first.answer and first.answer.text == "One"
    assert (first.answers[1].state, first.answers[1].thoughts) == (AnswerState.STOPPED, "Hm")
    assert (chat.conversation.system, chat.model, chat.title) == ("Be long.", MODEL, "First?")
    assert not chat.findings and not chat.incomplete


def test_files_and_results_of_tools_are_sent_again_when_a_chat_goes_on(acme: TenantSession) -> None:
    image, words = of_content(jpeg(), "a.jpg"), of_content(b"one\ntwo", "notes.txt")
    calls = ToolCalls((ToolCall("c1", "weather", '{"city": "Oslo"}'),), ({"type": "thinking", "signature": "s"},))
    tool_round = ToolRound("Let me look.", calls, {"c1": "12 degrees"}, (Tool("weather", "It", {"type": "object"}),))
    recorder = chats.Recorder(acme)
    recorder.question("What is this?", MODEL, {}, files=(image, words))
    recorder.tools(tool_round)
    recorder.answer(Answer("A cold picture", MODEL))
    chat = chats.open_chat(acme, recorder.chat_id)
    assert chat.conversation.tools == tool_round.tools
    question, called, result, answer = chat.conversation.messages()
    assert image.file is not None and question.attachments[0].content == image.file.content != b""
    assert "one\ntwo" in question.text and (answer.role, answer.text) == ("assistant", "A cold picture")
    assert (called.tool_calls, result.role, result.text, result.call_id) == (calls, "tool", "12 degrees", "c1")
    (turn,) = chat.as_json()["turns"]
    assert [file["name"] for file in turn["attachments"]] == ["a.jpg", "notes.txt"]
    assert turn["tool_calls"] == [
        {"id": "c1", "name": "weather", "arguments": '{"city": "Oslo"}', "result": "12 degrees"}
    ]
    assert "*Attached: a.jpg, JPEG" in chat.conversation.as_markdown()
    assert '*Tool: weather {"city": "Oslo"} → 12 degrees*' in chat.conversation.as_markdown()


def test_files_and_calls_that_are_none_are_left_out(acme: TenantSession) -> None:
    """Whoever has the public key can write a record."""
    recorder = chats.Recorder(acme)
    recorder.question("Question", MODEL, {})
    content: list[dict[str, object]] = [
        {"type": "question", "text": "Again", "files": [1, {}, {"name": "a", "kind": "x", "size": -1, "removed": 0}]},
        {"type": "tools", "calls": [{"id": "c1", "name": "x"}], "results": {}},
        {"type": "tools", "calls": 1, "results": []},
    ]
    recorder._append(content)
    (turn,) = chats.open_chat(acme, recorder.chat_id).conversation.turns
    assert (turn.question, turn.files, turn.rounds) == ("Again", (), [])


def test_a_locked_tenant_records_and_reads_nothing(acme: TenantSession) -> None:
    keyring.lock(acme)
    chat_id = record(acme, "Wherefore zyzzyva")
    with pytest.raises(Locked):
        chats.open_chat(acme, chat_id)
    with pytest.raises(Locked):
        chats.open_history(acme)
    assert chats.rename(acme, chat_id, "A title") == "A title"


@pytest.mark.slow
def test_nothing_is_sealed_for_a_public_key_that_was_replaced(acme: TenantSession) -> None:
    """The rule of credentials: what ties a public key to a tenant is compared before anything is sealed for it."""
    keyring.lock(acme)
    recorder = chats.Recorder(acme)
    recorder.question("Control", MODEL, {})
    other, public = acme.process.new_key_pair(acme.process.key_bits), tenant_of(acme).public_key
    with acme.store.transaction() as tables:
        tables.table("meta").update({"public_key": other.public_pem})
    size = path_of(acme, recorder.chat_id + CHAT).stat().st_size
    with pytest.raises(Locked, match="replaced outside"):
        recorder.question("Wherefore zyzzyva", MODEL, {})
    with pytest.raises(Locked, match="replaced outside"):
        record(acme, "A new chat")
    assert path_of(acme, recorder.chat_id + CHAT).stat().st_size == size and len(chats.ids(acme)) == 1
    with acme.store.transaction() as tables:
        tables.table("meta").update({"public_key": public})


def changed(session: TenantSession, chat_id: str, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = path_of(session, chat_id + CHAT)
    path.write_bytes(b"".join(line + b"\n" for line in change(lines_of(path.read_bytes()))))


def flip(line: bytes) -> bytes:
    place = line.index(b".") + 20
    return line[:place] + (b"A" if line[place : place + 1] != b"A" else b"B") + line[place + 1 :]


# A chat of two questions: a key, then lines 1 (system), 2 and 3 (question, answer), 4 and 5.
DAMAGE = {
    "a line removed": (lambda lines: [*lines[:3], *lines[4:]], "Line 3 is missing"),
    "two lines removed": (lambda lines: [*lines[:2], *lines[4:]], "Lines 2 to 3 are missing"),
    "two lines swapped": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "Line 3 is missing"),
    "a line twice": (lambda lines: [*lines[:4], lines[3], *lines[4:]], "Line 3 is in the wrong place"),
    "a line changed": (lambda lines: [*lines[:3], flip(lines[3]), *lines[4:]], "Line 3 was changed"),
    "its number changed": (lambda lines: [*lines[:-1], lines[-1].replace(b"5.", b"6.", 1)], "Line 5 is missing"),
    "its time changed": (lambda lines: [*lines[:-1], lines[-1].replace(b".20", b".19")], "Line 5 was changed"),
    "the key removed": (lambda lines: lines[1:], "Line 1 has no key"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_was_done_to_a_chat_is_named_and_the_rest_opens(acme: TenantSession, name: str) -> None:
    chat_id = record(acme, "First?", "Second?")
    control = chats.open_chat(acme, chat_id)
    assert control.findings == () and len(control.conversation.turns) == 2
    change, finding = DAMAGE[name]
    changed(acme, chat_id, change)
    chat = chats.open_chat(acme, chat_id)
    assert finding in " ".join(chat.findings)
    assert name == "the key removed" or chat.conversation.turns


@pytest.mark.slow
async def test_lines_of_another_chat_or_tenant_do_not_open(acme: TenantSession) -> None:
    await tenants.create(acme.process, "Other", id="other")
    other = acme.process.tenant("other")
    target, source, foreign = record(acme, "Target?"), record(acme, "Source?"), record(other, "Foreign?")
    content, foreign_lines = path_of(acme, source + CHAT).read_bytes(), path_of(other, foreign + CHAT).read_bytes()
    changed(acme, target, lambda lines: [*lines[:2], lines_of(content)[2], *lines[3:]])
    assert "Line 2 was changed, or belongs to another place." in chats.open_chat(acme, target).findings
    path_of(acme, target + CHAT).write_bytes(content)
    assert "does not open" in chats.open_chat(acme, target).findings[0]
    assert not chats.open_chat(acme, target).conversation.turns
    path_of(acme, target + CHAT).write_bytes(foreign_lines)
    assert "does not open" in chats.open_chat(acme, target).findings[0]
    assert chats.open_chat(acme, source).findings == ()


def test_a_line_replaced_by_one_that_opens_is_noticed_by_the_next(acme: TenantSession) -> None:
    """Whoever has the public key can seal lines: the line after tells that the one before was another."""
    chat_id = record(acme, "First?", "Second?")
    path = path_of(acme, chat_id + CHAT)
    lines = lines_of(path.read_bytes())
    path.write_bytes(b"".join(line + b"\n" for line in lines[:3]))
    recorder = chats.Recorder(acme, chats.open_chat(acme, chat_id))
    recorder.answer(Answer("Forged", MODEL))
    forged = lines_of(path.read_bytes())
    path.write_bytes(b"".join(line + b"\n" for line in [*forged, lines[0], *lines[4:]]))
    assert "The line before line 4 was replaced." in chats.open_chat(acme, chat_id).findings


@pytest.mark.slow
def test_a_file_cut_anywhere_opens_up_to_there_and_goes_on(acme: TenantSession) -> None:
    """A kill leaves a beginning of what was written; the next line closes it, and says that it was incomplete."""
    chat_id = record(acme, "First?")
    path = path_of(acme, chat_id + CHAT)
    whole = path.read_bytes()
    last = whole[:-1].rindex(b"\n") + 1
    for end in [*range(last + 1, len(whole), 37), len(whole) - 2, len(whole) - 1]:
        path.write_bytes(whole[:end])
        chat = chats.open_chat(acme, chat_id)
        incomplete = end < len(whole) - 1
        assert (chat.findings, chat.incomplete) == ((), incomplete)
        assert len(chat.conversation.turns[0].answers) == (0 if incomplete else 1)
        chats.Recorder(acme, chat).answer(Answer("Later", MODEL))
        again = chats.open_chat(acme, chat_id)
        assert again.findings == () and again.conversation.turns[0].answers[-1].text == "Later"


def test_a_cut_end_shows_in_the_list(acme: TenantSession) -> None:
    chat_id = record(acme, "First?", "Second?")
    assert chats.open_history(acme).chats[0].finding == ""
    changed(acme, chat_id, lambda lines: lines[:-1])
    for _ in range(2):
        assert "Lines 5 to 5 are missing." in chats.open_history(acme).chats[0].finding


def test_two_sessions_record_one_chat(acme: TenantSession) -> None:
    first = chats.Recorder(acme)
    first.question("From one", MODEL, {})
    second = chats.Recorder(acme, chats.open_chat(acme, first.chat_id))
    for number in range(2):
        first.answer(Answer(f"one {number}", MODEL))
        second.answer(Answer(f"two {number}", MODEL))
    chat = chats.open_chat(acme, first.chat_id)
    assert [answer.text for answer in chat.conversation.turns[0].answers] == ["one 0", "two 0", "one 1", "two 1"]
    assert not chat.findings


def test_a_removed_chat_does_not_come_back(acme: TenantSession) -> None:
    recorder = chats.Recorder(acme)
    recorder.question("First?", MODEL, {})
    chats.remove(acme, [recorder.chat_id])
    with pytest.raises(UsageError, match="removed"):
        recorder.answer(Answer("Late", MODEL))
    assert chats.ids(acme) == []


@pytest.mark.slow
def test_search_knows_every_word_and_forgets_what_was_removed(acme: TenantSession) -> None:
    first, second = record(acme, "Wherefore ZYZZYVA", "And then?"), record(acme, "Über den Fluß")
    index = chats.open_history(acme)
    assert [chat.id for chat in index.search("zyzzyva answer")] == [first]
    assert [chat.id for chat in index.search("ÜBER fluss")] == [second]
    assert {chat.id for chat in index.search("")} == {first, second}
    assert "Wherefore ZYZZYVA" in index.search("zyzzyva")[0].around(["zyzzyva"])
    chats.rename(acme, second, "Rivers")
    assert [chat.title for chat in chats.open_history(acme).search("rivers")] == ["Rivers"]
    chats.remove(acme, [first])
    assert [chat.id for chat in chats.open_history(acme).chats] == [second]
    done = [audit.words(entry) for entry in audit.listing(acme)]
    assert done[-1] == "1 of the recorded chats removed" and "zyzzyva" not in str(done).lower()


@pytest.mark.slow
def test_a_damaged_or_missing_index_is_built_again(acme: TenantSession) -> None:
    chat_id = record(acme, "Wherefore zyzzyva")
    chats.open_history(acme)
    for content in (None, b"", b"rubbish\n", path_of(acme, INDEX).read_bytes()[:-40]):
        if content is None:
            path_of(acme, INDEX).unlink()
        else:
            path_of(acme, INDEX).write_bytes(content)
        assert [chat.id for chat in chats.open_history(acme).search("zyzzyva")] == [chat_id]
        assert path_of(acme, INDEX).stat().st_size > 400


def forge(session: TenantSession, name: str, *records: object) -> None:
    """Write a file as anybody can who has the public key: its lines open, and hold what they like."""
    tenant, owner, before = tenant_of(session), (session.tenant_id, owner_of(name)), ""
    key, line = sealed_lines.new_key(tenant.public_key, tenant.key_id, owner)
    lines = [line]
    for number, content in enumerate(records, 1):
        lines.append(sealed_lines.seal(key, owner, number, "2026-11-30T14:00:00Z", before, content))
        before = hashlib.sha256(lines[-1]).hexdigest()
    path_of(session, name).write_bytes(b"".join(line + b"\n" for line in lines))


HOSTILE = "x\x1b]52;c;aGk=\x07\u202ey"
WRONG: tuple[object, ...] = (None, 5, 1.5, [], {}, "x", HOSTILE)


def test_a_forged_index_shows_nothing_that_the_chats_do_not_hold(acme: TenantSession) -> None:
    chat_id = record(acme, "Wherefore zyzzyva")
    (known,) = [asdict(chat) for chat in chats.open_history(acme).chats]
    for name, value in product(known, WRONG):
        for chat in unpack({"chats": [known | {name: value}]}):
            shown = json.dumps(chat.as_json()) + str(short_time(chat.updated, acme.now())) + str(chat.matches(["x"]))
            assert "\\u001b" not in shown and "\\u202e" not in shown
            assert {type(entry) for entry in (chat.id, chat.title, chat.text, chat.finding, *chat.models)} == {str}
    forge(acme, INDEX, {"chats": [known | {"title": 5}, 5, None]}, {"chats": 5}, 5)
    assert [chat.title for chat in chats.open_history(acme).chats] == ["Wherefore zyzzyva"]
    forge(acme, INDEX, {"chats": [known | {"title": "Mine"}]})  # the control: what is one, is read
    assert [(chat.id, chat.title) for chat in chats.open_history(acme).chats] == [(chat_id, "Mine")]


def test_a_forged_chat_sends_and_prints_no_value_that_is_none(acme: TenantSession) -> None:
    chat_id = record(acme, "Hi")
    question = {"type": "question", "text": "q", "model": MODEL}
    invalid: dict[str, object] = {
        "a": {"b": []},
        "b": [1],
        "c": None,
        HOSTILE: HOSTILE,
        "stop": ["a", HOSTILE],
        "t": 0.5,
        "on": True,
    }
    forge(acme, chat_id + CHAT, {**question, "parameters": invalid})
    clean = printable(HOSTILE)
    assert chats.open_chat(acme, chat_id).parameters == {clean: clean, "stop": ["a", clean], "t": 0.5, "on": True}
    for number in (float("nan"), float("inf")):
        forge(acme, chat_id + CHAT, question, {"type": "answer", "text": "a", "first": number})
        chat = chats.open_chat(acme, chat_id)
        assert chat.findings == ("Line 2 was changed, or belongs to another place.",)
        assert json.dumps(chat.as_json(), allow_nan=False)


def test_a_locked_tenant_can_remove_chats(acme: TenantSession) -> None:
    first, second = record(acme, "Wherefore zyzzyva"), record(acme, "Other")
    chats.open_history(acme)
    keyring.lock(acme)
    chats.remove(acme, [first])
    assert not path_of(acme, INDEX).exists() and chats.ids(acme) == [second]


@pytest.mark.slow
def test_chats_go_after_the_days_that_they_are_kept(acme: TenantSession) -> None:
    now = acme.process.clock()
    acme.process.clock = lambda: now - 40 * 86_400
    old, continued = record(acme, "Old"), record(acme, "Continued")
    acme.process.clock = lambda: now
    chats.Recorder(acme, chats.open_chat(acme, continued)).question("Again", MODEL, {})
    assert len(chats.open_history(acme).chats) == 2
    settings.switch(acme, True, 30)
    assert [chat.id for chat in chats.open_history(acme).chats] == [continued]
    assert old not in chats.ids(acme)
    assert "kept for 30 days" in audit.words(audit.listing(acme)[-1])


def test_history_is_off_until_switched_on(acme: TenantSession) -> None:
    assert not settings.settings(acme).on
    assert settings.switch(acme, True, 90) == settings.HistorySettings(True, 90, True, True)
    assert not settings.switch(acme, False).on
    done = [audit.words(entry) for entry in audit.listing(acme)][-2:]
    assert done == [
        "history switched on: chats are recorded, kept 90 days",
        "history switched off: chats are not recorded",
    ]
    assert settings.switch(acme, None).own is False
    with pytest.raises(UsageError):
        settings.switch(acme, True, -1)


def test_a_chat_is_known_by_a_part_of_its_id(acme: TenantSession) -> None:
    with pytest.raises(UsageError, match="No chat"):
        chats.find(acme, "last")
    chat_id = record(acme, "First?")
    assert {chats.find(acme, text) for text in (chat_id, chat_id[:12], chat_id[-6:], "last")} == {chat_id}
    for text in ("", "nothing", "../settings"):
        with pytest.raises(UsageError):
            chats.find(acme, text)
        with pytest.raises(UsageError):
            chats.open_chat(acme, text)


async def test_a_removed_tenant_takes_its_chats_along(acme: TenantSession) -> None:
    recorder = chats.Recorder(acme)
    recorder.question("First?", MODEL, {})
    folder = history_folder(acme).path
    assert folder and folder.is_dir() and (folder.stat().st_mode & 0o777, tenants.removal(acme).chats) == (0o700, 1)
    await tenants.remove(acme)
    assert not os.path.lexists(folder.parent)
    with pytest.raises(Problem):
        recorder.answer(Answer("Late", MODEL))
    assert not os.path.lexists(folder.parent)
