"""Opening and searching a history of 10,000 chats, beside the same texts as one JSON file in clear."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.bench.terminals import Line
from tests.terminal import environ
from tui.tenancy.session import TenantSession, open_session
from tui.workspace import tenants
from tui.workspace.history import chats
from tui.workspace.history.files import CHAT, INDEX, Record, history_folder, rewrite
from tui.workspace.history.index import Summary, pack

CHATS, WORDS = 10_000, 300
"""Chats, and the words of each: about 2 KiB of text."""
_SEARCHES = ("rayleigh", "w17 w290", "w3", "nothing has this")


def recorded_chats(line: Line) -> Mapping[str, float]:
    """Seconds to open the history, for the slowest search in it, and to read the same texts as JSON."""
    with TemporaryDirectory() as folder:
        session = open_session(environ(Path(folder)))
        asyncio.run(tenants.create(session, "acme"))
        acme, plain = session.tenant("acme"), Path(folder) / "plain.json"
        plain.write_text(json.dumps([summary.text for summary in _fill(acme)]))
        started = perf_counter()
        index = chats.open_history(acme)
        figures = {"open": perf_counter() - started}
        assert len(index.chats) == CHATS and index.search("rayleigh")
        seconds = []
        for text in _SEARCHES:
            started = perf_counter()
            index.search(text)
            seconds.append(perf_counter() - started)
        started = perf_counter()
        json.loads(plain.read_text())
        return figures | {"search": max(seconds), "plain": perf_counter() - started}


def _fill(session: TenantSession) -> list[Summary]:
    """Write an index of so many chats, and for each a file of the size that it names."""
    chance, folder = Random(0), history_folder(session)
    summaries: list[Summary] = []
    with folder.lock():
        for number in range(CHATS):
            chat_id = f"20261130-{number // 3600 % 24:02}{number // 60 % 60:02}{number % 60:02}-{number:08x}"
            text = " ".join(chance.choices([f"w{n}" for n in range(2_000)], k=WORDS))
            text += " Rayleigh scattering" * (number % 100 == 0)
            at = f"2026-11-30T00:00:{number % 60:02}Z"
            summaries.append(Summary(chat_id, 1, 3, f"Chat {number}", at, at, 1, ("openai/m",), text))
            assert folder.path is not None
            (folder.path / (chat_id + CHAT)).touch(0o600)
            (folder.path / (chat_id + CHAT)).write_bytes(b"x")
        rewrite(session, INDEX, [Record(at, content) for content in pack(summaries)])
    return summaries


SESSIONS = {"recorded_chats": recorded_chats}
