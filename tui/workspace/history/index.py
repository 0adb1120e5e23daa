"""The index: what the list and the search know of every chat, in memory, and sealed in one file.

Opening a chat's key takes milliseconds, those of ten thousand chats minutes. The index holds title, figures and texts
of the chats, sealed like a chat, so that one key opens them all. It is brought up to date whenever it is opened, from
the chats that are new or longer; without it, or if it is damaged, it is made again from all of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any

from tui.errors import Problem
from tui.sanitize import one_line
from tui.storage.folder import Folder
from tui.storage.settings_file import CorruptSettings
from tui.tenancy import keyring
from tui.tenancy.serialization import from_record
from tui.tenancy.session import TenantSession
from tui.workspace.history.files import (
    CHAT,
    INDEX,
    LineWriter,
    OpenedFile,
    Record,
    history_folder,
    private_keys,
    read_file,
    rewrite,
)
from tui.workspace.history.records import StoredChat, chat_of, searched_text
from tui.workspace.history.rewrap import wrap_again_if_possible

_MAX_KEYS = 16
"""Keys of an index from which on it is written anew: each takes milliseconds to open."""
_LINE = 2_000_000
"""Characters of a line of the index, about."""
_CONTEXT = 30

OnProgress = Callable[[int, int], None]
"""Called with the number of chats that were read, and of all that must be."""


@dataclass(frozen=True)
class Summary:
    """A chat in the list. `text` is what is searched; `finding` says what is wrong with the file, '' for nothing."""

    id: str
    size: int
    lines: int
    title: str
    created: str
    updated: str
    questions: int
    models: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    finding: str = ""
    incomplete: bool = False

    @cached_property
    def folded(self) -> str:
        """Title and text without regard to case."""
        return f"{self.title}\n{self.text}".casefold()

    def matches(self, words: Sequence[str]) -> bool:
        """Return True if every word, casefolded, is in the title or the text."""
        return all(word in self.folded for word in words)

    def around(self, words: Sequence[str]) -> str:
        """Return the text around the first word that is in it, on one line; '' if only the title has it."""
        text = self.text.casefold()
        places = [place for word in words if (place := text.find(word)) >= 0]
        if not places:
            return ""
        begin = max(0, min(places) - _CONTEXT)
        return ("… " if begin else "") + one_line(self.text[begin : begin + 8 * _CONTEXT], 4 * _CONTEXT)

    def as_json(self) -> dict[str, Any]:
        """Return the summary as commands print it."""
        names = ("id", "title", "created", "updated", "questions")
        values = {name: getattr(self, name) for name in names}
        return values | {"models": list(self.models), "finding": self.finding, "incomplete": self.incomplete}


class HistoryIndex:
    """The opened index of a tenant, newest chat first. Nothing of it is on the disk in clear."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session
        self._by_id: dict[str, Summary] = {}
        self._keys = _MAX_KEYS

    @property
    def chats(self) -> list[Summary]:
        """All chats, the one changed last first."""
        return sorted(self._by_id.values(), key=lambda chat: (chat.updated, chat.id), reverse=True)

    def search(self, text: str) -> list[Summary]:
        """Return the chats that have every word of a text, newest first; all for a blank one."""
        words = text.casefold().split()
        return [chat for chat in self.chats if chat.matches(words)]

    def refresh(self, report: OnProgress = lambda done, of: None) -> None:
        """Read the chats that are new or longer than the index knows, and store what it learned.

        Raises:
            Locked: The tenant is locked.
        """
        session, folder = self._session, history_folder(self._session)
        sizes = {name.removesuffix(CHAT): size for name, size in folder.sizes().items() if name.endswith(CHAT)}
        removed = self._by_id.keys() - sizes.keys()
        for chat_id in removed:
            del self._by_id[chat_id]
        stale = [chat_id for chat_id, size in sizes.items() if not self._is_current(chat_id, size)]
        private = private_keys(session)
        read: list[Summary] = []
        for number, chat_id in enumerate(stale):
            report(number, len(stale))
            if (file := read_file(session, chat_id + CHAT, private)) is not None:
                read.append(self._read(chat_id, file))
                self._by_id[chat_id] = read[-1]
        if stale:
            report(len(stale), len(stale))
        with suppress(Problem):  # a disk that is full keeps nobody from reading
            self._store(read, rewritten=bool(removed))

    def forget(self, chat_ids: Iterable[str]) -> None:
        """Take chats out of the index, on the disk too. Call it under the folder's lock, before they are removed."""
        for chat_id in chat_ids:
            self._by_id.pop(chat_id, None)
        self._rewrite(history_folder(self._session))

    def load(self) -> "HistoryIndex":
        """Read the stored index, as far as it opens; without it, or if it is damaged, begin with none."""
        file = read_file(self._session, INDEX)
        if file is None or file.findings:
            return self
        self._keys = file.keys
        for record in file.records:
            self._by_id |= {chat.id: chat for chat in unpack(record.content)}
        return self

    def _is_current(self, chat_id: str, size: int) -> bool:
        summary = self._by_id.get(chat_id)
        return summary is not None and summary.size == size

    def _read(self, chat_id: str, file: OpenedFile) -> Summary:
        previous, summary = self._by_id.get(chat_id), summary_of(chat_of(chat_id, file), file)
        if previous is not None and previous.lines > file.last and not summary.finding:
            return _with_finding(summary, f"Lines {file.last + 1} to {previous.lines} are missing.", previous.lines)
        return summary

    def _store(self, read: Sequence[Summary], rewritten: bool) -> None:
        folder = history_folder(self._session)
        if rewritten or (read and self._keys >= _MAX_KEYS):
            with folder.lock():
                self._rewrite(folder)
        elif read:
            LineWriter(self._session, INDEX, new=True).append(list(pack(read)))
            self._keys += 1

    def _rewrite(self, folder: Folder) -> None:
        now = self._session.now()
        rewrite(self._session, INDEX, [Record(now, content) for content in pack(self.chats)])
        self._keys = 1


def open_index(session: TenantSession, report: OnProgress = lambda done, of: None) -> HistoryIndex:
    """Open the history of a tenant.

    Raises:
        Locked: The tenant is locked.
    """
    keyring.key_handle(session)
    wrap_again_if_possible(session, None)
    index = HistoryIndex(session).load()
    index.refresh(report)
    return index


def summary_of(chat: StoredChat, file: OpenedFile) -> Summary:
    """Return the summary of a chat."""
    answers = [answer for turn in chat.conversation.turns for answer in turn.answers]
    models = tuple(dict.fromkeys([*(answer.model for answer in answers), *([chat.model] if chat.model else [])]))
    return Summary(
        chat.id,
        file.size,
        file.last,
        chat.title,
        chat.created or _time_of(chat.id),
        chat.updated or _time_of(chat.id),
        len(chat.conversation.turns),
        models,
        searched_text(chat.conversation),
        " ".join(chat.findings),
        chat.incomplete,
    )


def _with_finding(summary: Summary, finding: str, lines: int) -> Summary:
    return Summary(**{**_values(summary), "finding": finding, "lines": lines})


def _values(summary: Summary) -> dict[str, Any]:
    return {entry.name: getattr(summary, entry.name) for entry in fields(Summary)}


def _time_of(chat_id: str) -> str:
    """Return the time in a chat's ID."""
    day, clock = chat_id[:8], chat_id[9:15]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"


def pack(chats: Iterable[Summary]) -> Iterator[dict[str, Any]]:
    """Yield the records of an index; each holds many chats, as every line costs the same to open."""
    group: list[dict[str, Any]] = []
    size = 0
    for chat in chats:
        group.append(asdict(chat))
        size += len(chat.text) + len(chat.title)
        if size > _LINE:
            yield {"chats": group}
            group, size = [], 0
    if group:
        yield {"chats": group}


def unpack(content: Any) -> Iterator[Summary]:
    """Yield the chats of a record of an index; what is none is left out."""
    entries = content.get("chats", ()) if isinstance(content, dict) else ()
    for entry in entries if isinstance(entries, list) else ():
        with suppress(CorruptSettings):  # it opens for whoever has the public key, and so may hold anything
            yield from_record(Summary, entry)
