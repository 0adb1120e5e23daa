"""The log of what was done: what is in it, what shows when somebody was at it, what a killed session leaves."""

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.errors import Problem
from tui.storage.audit_log import (
    HEAD,
    LOG,
    LOG_REPAIRED,
    MAC_KEY,
    UNRECORDED_CHANGE,
    AuditEvent,
    Head,
    Log,
    entries,
    line,
    parse,
    start,
    verify,
)
from tui.storage.folder import DiskFolder
from tui.storage.memory_folder import MemoryFolder

TIME = "2026-11-22T13:51:00Z"
BY = {"user": "ada", "from": "203.0.113.5"}


def written(count: int, owner: str = "acme") -> tuple[bytes, Head]:
    """A log of so many entries, and its head."""
    content, head = b"", start(owner)
    for number in range(count):
        added, head = line(head, TIME, BY, AuditEvent("default set", {"type": "chat", "model": f"openai/m{number}"}))
        content += added
    return content, head


def bad(content: bytes, head: Head | None, owner: str = "acme") -> list[str]:
    """The findings that no killed session explains."""
    return [change.sentence for change in verify(content, head, start(owner)) if not change.harmless]


CONTENT, LAST = written(6)
LINES = CONTENT.splitlines(keepends=True)


# --- what shows -------------------------------------------------------------------------------------------------------


def test_a_log_that_nobody_was_at_is_whole() -> None:
    assert verify(CONTENT, LAST, start("acme")) == []
    assert [entry.n for entry in entries(CONTENT)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_every_edit_of_a_single_byte_shows() -> None:
    unseen = [
        (place, byte)
        for place in range(len(CONTENT))
        for byte in {CONTENT[place] ^ 1, CONTENT[place] ^ 0x80, 0x0A, 0x20} - {CONTENT[place]}
        if not bad(CONTENT[:place] + bytes([byte]) + CONTENT[place + 1 :], LAST)
    ]
    assert unseen == []


def test_every_entry_removed_shows() -> None:
    for place in range(len(LINES)):
        (finding,) = bad(b"".join(LINES[:place] + LINES[place + 1 :]), LAST)
        assert finding.startswith(f"Entry {place + 1} is missing")


@pytest.mark.slow
@given(st.permutations(range(len(LINES))))
def test_every_other_order_shows(order: list[int]) -> None:
    result = bad(b"".join(LINES[place] for place in order), LAST)
    assert bool(result) == (order != sorted(order))


def test_an_end_that_was_cut_shows_by_the_head_and_by_nothing_else() -> None:
    for count in range(len(LINES)):
        cut = b"".join(LINES[:count])
        first, last = count + 1, len(LINES)
        missing = f"Entry {last} is missing" if first == last else f"Entries {first} to {last} are missing"
        assert bad(cut, LAST) == [f"{missing} at the end."]
        assert bad(cut, None) == []


@pytest.mark.slow
@given(st.integers(0, len(CONTENT) - 1))
def test_every_cut_shows(count: int) -> None:
    assert bad(CONTENT[:count], LAST)


@pytest.mark.slow
@given(st.integers(0, len(CONTENT)), st.binary(min_size=1, max_size=40))
def test_bytes_put_in_show(place: int, more: bytes) -> None:
    changed = CONTENT[:place] + more + CONTENT[place:]
    if place < len(CONTENT) or b"\n" in more:
        assert bad(changed, LAST)


def test_the_log_of_one_tenant_is_not_that_of_another() -> None:
    assert bad(CONTENT, LAST, "north-lab") == ["The first entry does not fit this tenant."]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_passed_over(text: bytes) -> None:
    assert all(entry.n == entry.n for entry in entries(text))
    assert verify(text, None, start("acme")) is not None


def test_what_is_read_can_be_shown() -> None:
    text, _ = line(start("acme"), TIME, {"user": "a\x1b[2Jda"}, AuditEvent("x\u202e", {"model": "a\nb" + "c" * 900}))
    entry = parse(text.replace(b"default", b"\\u001b[31m"))
    assert entry and entry.by == {"user": "a[2Jda"} and len(str(entry.about["model"])) == 200


# --- on disk ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> DiskFolder:
    return DiskFolder(tmp_path / "data")


@pytest.fixture
def key_folder(tmp_path: Path) -> DiskFolder:
    return DiskFolder(tmp_path / "keys")


@pytest.fixture
def log(folder: DiskFolder, key_folder: DiskFolder) -> Log:
    """A log with three entries."""
    log = Log("acme", folder, key_folder)
    for number in range(3):
        log.append(TIME, BY, [AuditEvent("unlocked", {"number": number})])
    return log


def done(log: Log) -> list[str]:
    return [event.done for event in log.read()]


def test_entries_are_added_in_a_file_of_ones_own(log: Log, folder: DiskFolder) -> None:
    assert [(event.n, event.done, event.by) for event in log.read()] == [(n, "unlocked", BY) for n in (1, 2, 3)]
    assert stat.S_IMODE(os.stat(folder.path / LOG).st_mode) == 0o600
    assert log.verify() == []


def test_in_memory_it_is_the_same() -> None:
    log = Log("acme", MemoryFolder(), MemoryFolder())
    log.append(TIME, BY, [AuditEvent("unlocked"), AuditEvent("locked")])
    assert done(log) == ["unlocked", "locked"] and log.verify() == []


def test_damage_stays_visible_whatever_is_written_after_it(log: Log, folder: DiskFolder) -> None:
    whole = folder.read(LOG) or b""
    lines = whole.splitlines(keepends=True)
    for damaged in (b"".join(lines[:2]), b"".join(lines[1:]), whole.replace(b'"number": 2', b'"number": 7'), b""):
        folder.write(LOG, damaged)
        before = [change.sentence for change in log.verify() if not change.harmless]
        log.append(TIME, BY, [AuditEvent("locked")])
        after = [change.sentence for change in log.verify() if not change.harmless]
        assert before and after, damaged
        folder.write(LOG, whole)
        folder.remove(HEAD)


@pytest.mark.slow
def test_the_rest_of_a_killed_append_is_closed_and_named_by_the_next(log: Log, folder: DiskFolder) -> None:
    incomplete, _ = line(Head(3, log.read()[-1].hash), TIME, BY, AuditEvent("locked"))
    for count in range(1, len(incomplete)):
        log = Log("acme", folder.folder(str(count)), folder.folder(f"{count}-beside"))
        log.append(TIME, BY, [AuditEvent("unlocked")])
        key = bytes.fromhex((folder.folder(f"{count}-beside").read(MAC_KEY) or b"").decode())
        added, _ = line(Head(1, log.read()[-1].hash), TIME, BY, AuditEvent("locked"), key=key)
        folder.folder(str(count)).append(LOG, added[:count])
        assert [change.harmless for change in log.verify()] == [True]
        assert done(log)[0] == "unlocked"
        log.append(TIME, BY, [AuditEvent("renamed")])
        assert done(log) in (["unlocked", LOG_REPAIRED, "renamed"], ["unlocked", "locked", "renamed"])
        assert all(change.harmless for change in log.verify())


def test_the_rest_of_a_killed_append_cannot_be_changed_once_it_is_named(log: Log, folder: DiskFolder) -> None:
    folder.append(LOG, b'{"about": {"a')
    log.append(TIME, BY, [AuditEvent("locked")])
    assert all(change.harmless for change in log.verify())
    folder.write(LOG, (folder.read(LOG) or b"").replace(b'{"about": {"a\n', b'{"about": {"b\n'))
    assert not all(change.harmless for change in log.verify())


def test_a_head_that_is_one_behind_is_brought_forward(log: Log, folder: DiskFolder, key_folder: DiskFolder) -> None:
    behind = key_folder.read(HEAD) or b""
    log.append(TIME, BY, [AuditEvent("locked")], state="s1")
    key_folder.write(HEAD, behind)
    assert [finding.harmless for finding in log.verify()] == [True]
    log.append(TIME, BY, [AuditEvent("unlocked")], before="s1", state="s2")
    assert done(log)[-2:] == ["locked", "unlocked"] and log.verify("s2") == []


@pytest.mark.parametrize("head", ["behind", "removed"])
def test_a_log_that_is_too_large_to_be_read_as_a_whole_is_added_to(
    log: Log, folder: DiskFolder, key_folder: DiskFolder, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    behind = key_folder.read(HEAD) or b""
    log.append(TIME, BY, [AuditEvent("locked")] * 20)
    if head == "behind":
        key_folder.write(HEAD, behind)
    else:
        key_folder.remove(HEAD)
    monkeypatch.setattr("tui.storage.folder.MAX_SIZE", 1_000)
    log.append(TIME, BY, [AuditEvent("unlocked")])
    assert log.last(1)[0].done == "unlocked" and log.verify() == []


def test_a_change_that_has_no_entry_is_reported_by_the_next(log: Log) -> None:
    log.append(TIME, BY, [AuditEvent("default set")], before="s0", state="s1")
    assert [finding.harmless for finding in log.verify("s2")] == [False]
    log.append(TIME, BY, [AuditEvent("default set")], before="s2", state="s3")
    assert done(log)[-2:] == [UNRECORDED_CHANGE, "default set"] and log.verify("s3") == []


def forged(log: Log) -> bytes:
    """Return an entry after the last one, as somebody makes it who can write the log and has no key."""
    last = log.read()[-1]
    return line(Head(last.n, last.hash), TIME, {"user": "ada"}, AuditEvent("default set"), state="s9")[0]


def test_an_entry_that_was_added_by_hand_is_named_before_and_after_the_next_one(log: Log, folder: DiskFolder) -> None:
    folder.append(LOG, forged(log))
    assert bad_of(log)[0] == "Entry 4 was added outside Modeldeck."
    log.append(TIME, BY, [AuditEvent("locked")])
    assert "Entry 4 was added outside Modeldeck." in bad_of(log)
    assert log.read()[-1].prev == log.read()[-3].hash, "the next entry is chained to the last one that was sealed"


def test_an_entry_with_the_seal_of_another_one_is_named(log: Log, folder: DiskFolder) -> None:
    mac = json.loads((folder.read(LOG) or b"").splitlines()[-1])["mac"]
    entry = json.loads(forged(log)) | {"mac": mac}
    folder.append(LOG, json.dumps(entry, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    assert bad_of(log)


def test_a_log_of_the_version_before_goes_on_and_is_sealed_from_then_on(
    folder: DiskFolder, key_folder: DiskFolder
) -> None:
    content, head = written(3)
    folder.write(LOG, content)
    key_folder.write(HEAD, json.dumps({"n": head.n, "hash": head.hash, "state": head.state}).encode())
    log = Log("acme", folder, key_folder)
    assert log.verify() == []
    log.append(TIME, BY, [AuditEvent("locked")])
    assert log.verify() == [] and '"mac"' in (folder.read(LOG) or b"").decode().splitlines()[-1]
    folder.append(LOG, forged(log))
    assert bad_of(log)


def test_without_the_key_of_the_seals_that_is_reported(log: Log, key_folder: DiskFolder) -> None:
    key_folder.remove(MAC_KEY)
    assert bad_of(log) == ["Its MAC key is not beside the private key: entries could be forged."]


@pytest.mark.slow
def test_the_last_entries_are_read_from_the_end(log: Log) -> None:
    log.append(TIME, BY, [AuditEvent("unlocked", {"number": number}) for number in range(2_000)])
    assert log.last(3) == log.read()[-3:] and log.last(0) == log.read()
    assert log.last(0, "2026-11-22T13:51:01Z") == [] and log.last(0, TIME) == log.read()


def test_a_head_that_was_removed_is_named(log: Log, key_folder: DiskFolder) -> None:
    key_folder.remove(HEAD)
    assert bad_of(log) == ["Its head is not beside the private key: a truncated log cannot be detected."]


def bad_of(log: Log) -> list[str]:
    return [change.sentence for change in log.verify() if not change.harmless]


@pytest.mark.parametrize("command", ["chmod", "link", "folder"])
def test_a_log_that_is_not_a_file_of_ones_own_is_refused(log: Log, folder: DiskFolder, command: str) -> None:
    path = folder.path / LOG
    if command == "chmod":
        path.chmod(0o644)
    else:
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere") if command == "link" else path.mkdir(0o700)
    with pytest.raises(Problem):
        log.append(TIME, BY, [AuditEvent("locked")])


@pytest.mark.slow
def test_adding_to_a_long_log_reads_its_end_alone(folder: DiskFolder, key_folder: DiskFolder) -> None:
    log = Log("acme", folder, key_folder)
    log.append(TIME, BY, [AuditEvent("unlocked")] * 5_000)
    reads: list[int] = []

    class Counting(DiskFolder):
        def read(self, name: str, last: int = 0) -> bytes | None:
            content = super().read(name, last)
            reads.append(len(content or b""))
            return content

    assert os.stat(folder.path / LOG).st_size > 900_000
    Log("acme", Counting(folder.path), key_folder).append(TIME, BY, [AuditEvent("locked")])
    assert sum(reads) <= 64 * 1024
    assert len(log.read(last=10_000)) < 60


def test_what_others_wrote_meanwhile_is_read_from_the_end_of_a_long_log(monkeypatch: pytest.MonkeyPatch) -> None:
    folder, here, elsewhere = MemoryFolder(), MemoryFolder(), MemoryFolder()
    for keys in (here, elsewhere):
        keys.write(MAC_KEY, b"01" * 32)
    logs = [Log("acme", folder, keys, others=True) for keys in (here, elsewhere)]
    for number in range(300):
        logs[number % 50 == 0].append(TIME, BY, [AuditEvent("checked", {"number": number})])
    monkeypatch.setattr(folder, "lines", None)
    logs[1].append(TIME, BY, [AuditEvent("checked")])
    monkeypatch.undo()
    assert len(entries(folder.read(LOG) or b"")) == 301 and logs[0].verify() == logs[1].verify() == []


def test_a_head_is_written_once_its_entries_are_stored_and_not_before() -> None:
    class Refusing(MemoryFolder):
        def after_commit(self, work: object) -> None:
            """As in a transaction that is rolled back."""

    keys = MemoryFolder()
    Log("acme", Refusing(), keys).append(TIME, BY, [AuditEvent("checked")])
    assert keys.read(HEAD) is None
