"""The audit log: one line an entry, chained by hashes, append-only.

    {"about": {…}, "at": "2026-11-22T13:51:00Z", "by": {"user": "ada", "from": "203.0.113.5"}, "done": "default set",
     "mac": "<HMAC-SHA-256 of the line without this entry, hex>", "n": 12,
     "prev": "<SHA-256 of the line before, hex>", "state": "<digest of the settings after it>"}

What it shows. `verify` names entries that were edited, taken out or put in another order. The head (number and hash of
the last entry) is kept in another folder, beside the private key, so that a cut end shows as well. A new entry is
chained to the head and not to what the file ends with: damage stays visible, whatever is written after it. The key of
the HMAC is in that folder, too: who can write only the log cannot add an entry. Entries that a version before wrote
have none; `macs_from` in the head is the number from which on every entry must.

What it does not show. Who can write the folder of the keys as well can make all of it anew. Settings that changed
without an entry are named, but nothing tells a killed session from an edit.

What a killed session leaves. Entries follow the change they tell of, under the same lock. Killed in between, the
change has no entry; the digest in the one before does not fit the settings found, and the next one says so. A line
written in part is closed by the next entry, which names it by its hash. A head that is behind is brought forward over
the entries after it.

Nothing is dropped: an entry has about 300 bytes, and adding one reads only the end of the file.
"""

import hmac
import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from secrets import token_bytes
from typing import Any, NamedTuple

from tui.storage.audit_line import printable, sealed_lines, shorten
from tui.storage.audit_line import sha256 as _hash
from tui.storage.folder import Folder

LOG = "audit.log"
HEAD = "head.json"
MAC_KEY = "mac.key"
LOG_REPAIRED = "log mended"
UNRECORDED_CHANGE = "change not noted"
_WINDOW = 64 * 1024
_TAIL = 2048
_MAX_FINDINGS = 1000
_MAX_TAIL = 64 * 1024 * 1024
"""Bytes of the end of a log that are read at once; what is farther from it is read line by line."""
_CHANGED = "The settings were changed after the last entry, by a session that ended or by something else."


@dataclass(frozen=True)
class AuditEvent:
    """Something that was done: a stable ID, and details as texts, numbers and lists of texts."""

    done: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A line of the log. Its texts are printable."""

    n: int
    at: str
    by: Mapping[str, Any]
    done: str
    about: Mapping[str, Any]
    prev: str
    state: str
    hash: str


class Head(NamedTuple):
    """The last entry: its number, the hash of its line, and the newest digest of the settings ('' for none).

    From entry `macs_from` on, every entry has an HMAC; 0 if only earlier versions wrote the log.
    """

    n: int
    hash: str
    state: str = ""
    macs_from: int = 0


@dataclass(frozen=True)
class Finding:
    """A finding about a log. `harmless` ones are left by killed sessions."""

    sentence: str
    harmless: bool = False


def start(owner: str) -> Head:
    """Return the head that the first entry of a tenant's log is chained to.

    It holds the owner, so no log can replace another tenant's.
    """
    return Head(0, _hash(f"modeldeck audit log of {owner}".encode()))


def line(
    head: Head, at: str, by: Mapping[str, Any], event: AuditEvent, state: str = "", key: bytes | None = None
) -> tuple[bytes, Head]:
    """Return the entry after `head` as bytes with its line end, and the head that it is; `key` is that of the HMAC."""
    entry = {
        "n": head.n + 1,
        "at": at,
        "by": shorten(by),
        "done": event.done,
        "about": shorten(event.about),
        "prev": head.hash,
    }
    entry |= {"state": state} if state else {}
    text = _json(entry)
    if key is not None:
        text = _json(entry | {"mac": hmac.digest(key, text, "sha256").hex()})
    macs_from = head.macs_from or (head.n + 1 if key is not None else 0)
    return text + b"\n", Head(head.n + 1, _hash(text), state or head.state, macs_from)


def authentic(text: bytes, key: bytes) -> bool:
    """Return True if the line of an entry, without its end, has the HMAC that it must have."""
    try:
        mac = json.loads(text)["mac"].encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    # The key of the HMAC is the only one that can make a line that holds its own HMAC: there is one such place.
    rest = text.replace(b'"mac": "' + mac + b'", ', b"", 1)
    return hmac.compare_digest(mac, hmac.digest(key, rest, "sha256").hex().encode())


def parse(text: bytes) -> Entry | None:
    """Read one line, without its line end, as an entry; return None if it is not one."""
    try:
        record = json.loads(text)
        n, texts = record["n"], [record[name] for name in ("at", "done", "prev")]
        by, about, state = record["by"], record["about"], record.get("state", "")
        if type(n) is not int or not all(isinstance(entry, str) for entry in (*texts, state)):
            return None
        at, done, prev = map(printable, texts)
        return Entry(n, at, shorten(by), done, shorten(about), prev, printable(state), _hash(text))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def entries(content: bytes) -> list[Entry]:
    """Read the entries of a log or of its end, in order; lines that are not entries are skipped."""
    return [entry for text in content.split(b"\n") if text and (entry := parse(text))]


def chain_head(lines: Iterable[bytes], head: Head | None, first: Head, key: bytes | None = None) -> Head:
    """Return the head that the next entry is chained to: the remembered one, or the last of those that follow it.

    `lines` come without their ends. With `key`, only entries with the right HMAC follow: an entry that someone added to
    the file is left where it is.
    """
    now = head or first
    reached = not now.n
    for text in lines:
        entry = parse(text) if text else None
        if entry is None:
            continue
        if head is None:
            now = _head_of(entry, first)
        elif not reached:
            reached = (entry.n, entry.hash) == (head.n, head.hash)
        elif key is None or entry.n == head.n or authentic(text, key):
            if (entry.n, entry.prev) != (now.n + 1, now.hash):
                break
            now = _head_of(entry, now)
    return now


def verify(content: bytes, head: Head | None, first: Head, key: bytes | None = None) -> list[Finding]:
    """Return what is wrong with a log; nothing for one that is whole. Without `head` a cut end is not noticed."""
    return _walk(iter(content.split(b"\n")), head, first, key).findings


@dataclass
class _ChainCheck:
    """What a walk through a log found, where it ends, how many entries it has, the sentence on those after the head."""

    findings: list[Finding]
    end: Head
    count: int = 0
    behind: str = ""


def _walk(lines: Iterator[bytes], head: Head | None, first: Head, key: bytes | None) -> _ChainCheck:
    """Look at one line after the other; the last is what follows the last line end, so blank in a whole log."""
    findings: list[Finding] = []
    unreadable: list[bytes] = []
    forged, behind = list[int](), list[int]()
    n, digest, state = first.n, first.hash, first.state
    reached, count = head is None or (head.n, head.hash) == (n, digest), 0
    macs_from = head.macs_from if head is not None else 0
    check = sealed_lines(key) if key is not None and macs_from else None
    unparsed = check is not None and not reached and n + 1 >= macs_from
    rest = next(lines, b"")
    for text in lines:
        previous, rest = rest, text
        # The position is in plain variables: a `Head` for each of a million lines takes a third of the time.
        if unparsed and check and head and (recorded := check(previous, n + 1, digest)) is not None:
            n, digest, state, count = n + 1, sha256(previous).hexdigest(), recorded or state, count + 1
            reached = n == head.n and digest == head.hash
            unparsed = not reached
            continue
        entry = parse(previous)
        if entry is None:
            unreadable.append(previous)
            unparsed = False
            continue
        count += 1
        if len(findings) < _MAX_FINDINGS:
            findings += [*_unreadable_lines(unreadable, entry), *_check_link(Head(n, digest), entry)]
        if key is not None and macs_from and (reached or entry.n >= macs_from):
            if not authentic(previous, key):
                forged.append(entry.n)
            elif reached:
                behind.append(entry.n)
        unreadable, n, digest, state = [], entry.n, entry.hash, entry.state or state
        reached = reached or (head is not None and (n, digest) == (head.n, head.hash))
        unparsed = check is not None and not reached and n + 1 >= macs_from
    findings += _unreadable_lines(unreadable, None)
    if forged:
        findings.append(Finding(f"{_join_numbers(forged)} outside Modeldeck."))
    if sentence := f"{_join_numbers(behind)} by a session that ended before it could log that." if behind else "":
        findings.append(Finding(sentence, harmless=True))
    if rest:
        findings.append(Finding("The last line is incomplete: a session ended while writing.", harmless=True))
    if head is not None and not reached:
        other = f"Entry {head.n} is not the one written."
        findings.append(Finding(f"{_numbers(n + 1, head.n)} at the end." if n < head.n else other))
    return _ChainCheck(findings, Head(n, digest, state), count, sentence)


class Log:
    """The audit log of a tenant. Writers hold the lock of `folder`; the head is stored in `key_folder`.

    With `others`, people on other machines write to it as well: entries after the head are expected.
    """

    def __init__(self, owner: str, folder: Folder, key_folder: Folder, others: bool = False) -> None:
        self._others = others
        self._first = start(owner)
        self._folder = folder
        self._key_folder = key_folder
        # A head of entries that were not stored in the end would let nobody on this machine write another one.
        self._after_commit = getattr(folder, "after_commit", lambda work: work())

    def append(
        self, at: str, by: Mapping[str, Any], events: Sequence[AuditEvent], before: str = "", state: str = ""
    ) -> None:
        """Append entries. `before` and `state` are digests of the settings before and after a change."""
        head, tail, key = self._head(), self._last_line(), self._mac_key()
        if head is None or not tail.endswith(b"\n") or _hash(tail[:-1].rpartition(b"\n")[2]) != head.hash:
            head = chain_head(self._lines_from(head), head, self._first, key if head and head.macs_from else None)
        key = self._new_mac_key() if key is None else key
        audit_failure = [AuditEvent(UNRECORDED_CHANGE)] if before and head.state and before != head.state else []
        events = [*_repair_event(tail, head), *audit_failure, *events]
        lines = [b"\n" if tail and not tail.endswith(b"\n") else b""]
        for event in events:
            # The digest goes with the last: killed before it is written, the change counts as not noted.
            added, head = line(head, at, by, event, state if event is events[-1] else "", key)
            lines.append(added)
        self._folder.append(LOG, b"".join(lines))
        self._after_commit(partial(self._write_head, head))

    def last(self, count: int, since: str = "") -> list[Entry]:
        """Return the last `count` entries (all for 0) from an ISO time on, oldest first, read from the end."""
        size = _WINDOW
        while (count or since) and size <= _MAX_TAIL:
            content = self._folder.read(LOG, size) or b""
            whole = len(content) < size
            # The window begins inside a line, most often; what is left of that line is no entry.
            tail = entries(content if whole else content.partition(b"\n")[2])
            recent = [entry for entry in tail if entry.at >= since]
            if whole or (count and len(recent) >= count) or (since and len(recent) < len(tail)):
                return recent[-count:] if count else recent
            size *= 4
        every = (entry for text in self._folder.lines(LOG) if text and (entry := parse(text)) and entry.at >= since)
        return list(deque(every, maxlen=count or None))

    def read(self, last: int = 0) -> list[Entry]:
        """Read the entries, oldest first; with `last`, only those in that many bytes at the end."""
        return entries(self._folder.read(LOG, last) or b"")

    def verify(self, state: str = "") -> list[Finding]:
        """Return what is wrong with the log; `state` is the digest of the settings as they are."""
        return self.check(state)[1]

    def check(self, state: str = "") -> tuple[int, list[Finding]]:
        """Return how many entries the log has, and what is wrong with it. It is read line by line."""
        head, key = self._head(), self._mac_key()
        if head is None and self._folder.version_token(LOG) is None:
            return 0, []
        walk = _walk(self._folder.lines(LOG), head, self._first, key)
        findings = walk.findings
        if self._others:
            findings = [finding for finding in findings if finding.sentence != walk.behind]
        if head is None:
            findings.append(Finding("Its head is not beside the private key: a truncated log cannot be detected."))
        elif head.macs_from and key is None:
            findings.append(Finding("Its MAC key is not beside the private key: entries could be forged."))
        recorded = walk.end.state if head is None or walk.end.n > head.n else head.state
        if state and recorded and state != recorded:
            findings.append(Finding(_CHANGED))
        return walk.count, findings

    def _last_line(self) -> bytes:
        """Return an end of the log that holds its last line, and the line end before it if there is one."""
        tail = self._folder.read(LOG, last=_TAIL) or b""
        return tail if len(tail) < _TAIL or b"\n" in tail[:-1] else self._folder.read(LOG, last=_WINDOW) or b""

    def _lines_from(self, head: Head | None) -> Iterable[bytes]:
        """Return the lines of the log's end if the head is among them, else all: it may be larger than memory."""
        lines = (self._folder.read(LOG, last=_WINDOW) or b"").split(b"\n") if head else []
        return lines if head and head.hash in map(_hash, lines) else self._folder.lines(LOG)

    def _write_head(self, head: Head) -> None:
        with self._key_folder.lock():
            self._key_folder.write(HEAD, json.dumps(head._asdict()).encode())

    def _head(self) -> Head | None:
        try:
            record = json.loads(self._key_folder.read(HEAD) or b"null")
            if record is None:
                return None
            n, macs_from = record["n"], record.get("macs_from", 0)
            if not all(type(number) is int and 0 <= number < 2**53 for number in (n, macs_from)):
                return None
            return Head(n, str(record["hash"]), str(record["state"]), macs_from)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _mac_key(self) -> bytes | None:
        try:
            return bytes.fromhex((self._key_folder.read(MAC_KEY) or b"").decode()) or None
        except ValueError:
            return None

    def _new_mac_key(self) -> bytes:
        with self._key_folder.lock():
            if (key := self._mac_key()) is None:
                key = token_bytes(32)
                self._key_folder.write(MAC_KEY, key.hex().encode())
        return key


def _join_numbers(numbers: Sequence[int]) -> str:
    first = numbers[0]
    return f"{len(numbers):,} entries from entry {first} on were added" if numbers[1:] else f"Entry {first} was added"


def _json(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True).encode()


def _repair_event(tail: bytes, head: Head) -> list[AuditEvent]:
    """Return the event that names a partly written line; none if only its line end is missing."""
    incomplete = tail.rpartition(b"\n")[2]
    if not incomplete or _hash(incomplete) == head.hash:
        return []
    return [AuditEvent(LOG_REPAIRED, {"sha256": _hash(incomplete), "bytes": len(incomplete)})]


def _check_link(at: Head, entry: Entry) -> list[Finding]:
    if entry.n > at.n + 1:
        return [Finding(f"{_numbers(at.n + 1, entry.n - 1)} before entry {entry.n}.")]
    if entry.n <= at.n:
        return [Finding(f"Entry {entry.n} is in the wrong place, after entry {at.n}.")]
    if entry.prev != at.hash:
        what = f"Entries {at.n} and {entry.n} do" if at.n else "The first entry does"
        return [Finding(f"{what} not fit {'together: one was changed' if at.n else 'this tenant'}.")]
    return []


def _unreadable_lines(lines: Sequence[bytes], entry: Entry | None) -> list[Finding]:
    """Return findings on lines that are not entries, before `entry` or at the end of the log."""
    if not lines:
        return []
    if entry and entry.done == LOG_REPAIRED and len(lines) == 1 and entry.about.get("sha256") == _hash(lines[0]):
        return [Finding(f"A line before entry {entry.n} is incomplete: a session ended while writing.", harmless=True)]
    where = f"before entry {entry.n}" if entry else "at the end"
    return [Finding(f"{'A line' if len(lines) == 1 else f'{len(lines)} lines'} {where} cannot be read.")]


def _numbers(first: int, last: int) -> str:
    return f"Entry {first} is missing" if first == last else f"Entries {first} to {last} are missing"


def _head_of(entry: Entry, before: Head) -> Head:
    return Head(entry.n, entry.hash, entry.state or before.state, before.macs_from)
