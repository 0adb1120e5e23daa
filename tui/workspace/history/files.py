"""The files of a tenant's history, each line sealed by itself.

$DATA/tenants/<id>/history/<chat id>.chat    a chat
                           index             what the list and the search know of all chats; it can be made again
                           key-ids           the key pairs that keys in these files are wrapped for, one a line

To append, the public key is enough, so a chat can be recorded while its tenant is locked. To read, the private key is
needed.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.errors import Locked, Problem, UsageError
from tui.storage.folder import Folder
from tui.storage.line_file import append_lines, lines_of
from tui.tenancy import keyring, retired_keys
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import key_pair, sealed_lines
from tui.vault.envelope import HandleLost, KeyHandle
from tui.vault.sealed_lines import LineKey, SealedLine

CHAT = ".chat"
INDEX = "index"
KEY_IDS = "key-ids"
_KEY_ID = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class Record:
    """A record of a file, and when it was written."""

    time: str
    content: Any


@dataclass
class OpenedFile:
    """What a file holds. `findings` say what is wrong with it, `incomplete` that a session ended while writing."""

    records: list[Record] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    incomplete: bool = False
    last: int = 0
    keys: int = 0
    size: int = 0


def history_folder(session: TenantSession) -> Folder:
    """Return the folder of a tenant's history; it need not exist.

    Raises:
        Problem: The settings are in a shared store.
    """
    if (folder := session.history) is None:
        raise Problem(
            "Chats are recorded in files on this machine, and these settings are in a shared store.",
            "Nothing is recorded.",
        )
    return folder


def private_keys(session: TenantSession) -> Callable[[str], KeyHandle | None]:
    """Return the private key for a key ID: the present one, or a retired one without a passphrase; else None.

    Raises:
        Locked: The tenant is locked.
    """
    present = keyring.key_handle(session)
    opened: dict[str, KeyHandle | None] = {present.key_id: present}

    def private(key_id: str) -> KeyHandle | None:
        if key_id not in opened:
            try:
                opened[key_id] = key_pair.load(retired_keys.pem(session, key_id) or b"")
            except Locked:
                opened[key_id] = None
        return opened[key_id]

    return private


def read_file(
    session: TenantSession, name: str, private: Callable[[str], KeyHandle | None] | None = None
) -> OpenedFile | None:
    """Read a file and open its lines; None if there is no such file.

    What does not open is left out and named in the findings.

    Raises:
        Locked: The tenant is locked.
    """
    private = private or private_keys(session)
    content = history_folder(session).read(name)
    return None if content is None else _open(content, (session.tenant_id, owner_of(name)), private)


def owner_of(name: str) -> str:
    """Return the name that the lines of a file are bound to."""
    return name.removesuffix(CHAT)


def _open(content: bytes, owner: tuple[str, str], private: Callable[[str], KeyHandle | None]) -> OpenedFile:
    result = OpenedFile(size=len(content))
    key: LineKey | None = None
    before, unreadable = "", 0
    for text in lines_of(content):
        if key_id := sealed_lines.key_line(text):
            key, result.keys = _key(text, private(key_id), owner), result.keys + 1
            if key is None:
                result.findings.append(
                    f"A key in it does not open: it is for the key pair {key_id}, or for another chat."
                )
            continue
        line = sealed_lines.split(text)
        if line is None:
            unreadable += 1
            continue
        if line.number != result.last + 1:
            result.findings.append(_gap(result.last, line.number))
        elif unreadable:
            result.incomplete = True
        unreadable = 0
        if line.number > result.last:
            _add(result, key, owner, line, before)
            before, result.last = line.hash, line.number
    result.incomplete = result.incomplete or bool(unreadable)
    return result


def _add(result: OpenedFile, key: LineKey | None, owner: tuple[str, str], line: SealedLine, before: str) -> None:
    """Open a line, and note what is wrong with it or with the line before."""
    if key is None:
        if not result.findings:
            result.findings.append(f"Line {line.number} has no key.")
        return
    try:
        hashed, record = sealed_lines.unseal(key, owner, line)
    except Locked:
        result.findings.append(f"Line {line.number} was changed, or belongs to another place.")
        return
    if hashed != before and line.number == result.last + 1:
        result.findings.append(f"The line before line {line.number} was replaced.")
    result.records.append(Record(line.time, record))


def _key(line: bytes, private: KeyHandle | None, owner: tuple[str, str]) -> LineKey | None:
    if private is None:
        return None
    try:
        return sealed_lines.open_key(private, line, owner)
    except HandleLost:  # the key may well open, only not now
        raise
    except Locked:
        return None


def _gap(last: int, number: int) -> str:
    if number <= last:
        return f"Line {number} is in the wrong place."
    return f"Line {last + 1} is missing." if number == last + 2 else f"Lines {last + 1} to {number - 1} are missing."


class LineWriter:
    """Appends records to one file, for the tenant's present public key.

    Args:
        session: The tenant.
        name: The name of the file.
        new: Whether it is a new file, or may be one; a file that was removed meanwhile is not written again.
    """

    def __init__(self, session: TenantSession, name: str, *, new: bool) -> None:
        self._session, self._name, self._new = session, name, new
        self._key: LineKey | None = None
        self._token: Hashable | None = None
        self._last, self._before = 0, ""

    def append(self, records: Sequence[Any]) -> None:
        """Append records, one line each; they are on the disk when this returns.

        Raises:
            Locked: The public key is not the tenant's, or cannot be checked.
            UsageError: The file or the tenant was removed.
            Problem: It cannot be written.
        """
        session, folder = self._session, history_folder(self._session)
        if not session.store.exists():
            raise UsageError("The tenant was removed.", "The chat is not recorded.")
        with folder.lock():
            tenant = tenant_of(session)
            # Compared with the one beside the private key, before anything is sealed for it.
            public = keyring.public_key(session, tenant)
            owner = (session.tenant_id, owner_of(self._name))
            lines: list[bytes] = []
            self._read_end(folder)
            if self._key is None or self._key.key_id != tenant.key_id:
                self._key, line = sealed_lines.new_key(public, tenant.key_id, owner)
                lines.append(line)
                _note_key_id(folder, tenant.key_id)
            time = session.now()
            number, before = self._last, self._before
            for record in records:
                number += 1
                line = sealed_lines.seal(self._key, owner, number, time, before, record)
                lines.append(line)
                before = sealed_lines.hash_of(line)
            self._token = None  # if the write fails, the end is read again
            append_lines(folder, self._name, lines)
            self._token, self._new = folder.version_token(self._name), False
            self._last, self._before = number, before

    def _read_end(self, folder: Folder) -> None:
        """Find the last line, if somebody else wrote since."""
        token = folder.version_token(self._name)
        if token is None and not self._new:
            raise UsageError("The chat was removed.", "It is not recorded any more.")
        if token is not None and token == self._token:
            return
        self._key = None
        self._last, self._before = 0, ""
        for text in lines_of(folder.read(self._name) or b""):
            if (line := sealed_lines.split(text)) is not None and line.number > self._last:
                self._last, self._before = line.number, line.hash


def rewrite(session: TenantSession, name: str, records: Sequence[Record]) -> None:
    """Replace a file by one with these records, each with its time; call it under the folder's lock."""
    folder, tenant = history_folder(session), tenant_of(session)
    owner = (session.tenant_id, owner_of(name))
    key, first = sealed_lines.new_key(keyring.public_key(session, tenant), tenant.key_id, owner)
    lines, before = [first], ""
    for number, record in enumerate(records, 1):
        line = sealed_lines.seal(key, owner, number, record.time, before, record.content)
        lines.append(line)
        before = sealed_lines.hash_of(line)
    _note_key_id(folder, tenant.key_id)
    folder.write(name, b"".join(line + b"\n" for line in lines))


def key_ids(folder: Folder) -> list[str]:
    """Return the IDs of the key pairs that keys of a history are wrapped for."""
    words = (folder.read(KEY_IDS) or b"").decode("ascii", "replace").split()
    return [word for word in words if _KEY_ID.fullmatch(word)]


def _note_key_id(folder: Folder, key_id: str) -> None:
    """Note a key pair before anything is wrapped for it, so that its private key is not deleted."""
    if key_id not in key_ids(folder):
        folder.append(KEY_IDS, f"\n{key_id}\n".encode())
