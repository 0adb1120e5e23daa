"""Sessions that record chats and are killed at random moments: no acknowledged line is lost, none stands in clear."""

import asyncio
import os
import random
import select
import signal
import tempfile
from collections import Counter
from pathlib import Path

from tests.campaign.figures import Result
from tests.campaign.kills import fork_children, leftovers
from tests.campaign.trust import open_workspace
from tui.tenancy.session import TenantSession
from tui.workspace import tenants
from tui.workspace.history import chats
from tui.workspace.history.files import history_folder
from tui.workspace.playground.conversation import Answer

MODEL = "openai/gpt-FAKE"
KILLS = 20
"""Kills of one chat, before the next one begins."""


def text(word: str, number: int) -> str:
    """A text that holds the word; texts have very different lengths."""
    return f"{word} {number}:" + "x" * (20_000 * (number % 2) + 10)


def kill_writers(count: int, seed: int) -> Result:
    """So many sessions that record questions and answers, each killed at a random moment.

    The control is a chat that is exported into the same folder: the search for texts in clear must find it.
    """
    chance = random.Random(seed)
    word = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=40))
    result: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above)
        session = open_workspace(folder, [])
        asyncio.run(tenants.create(session, "acme", None))
        tenant = session.tenant("acme")
        history = history_folder(tenant)
        assert history.path is not None
        while result["kills"] < count:
            _one_chat(tenant, word, min(KILLS, count - result["kills"]), chance, result)
            with history.lock():  # it sweeps what a killed session left
                result["left"] += leftovers(history.path)
        result["chats"] = len(chats.ids(tenant))
        index = chats.open_history(tenant)
        listed = {chat.id for chat in index.search(word)}
        result["unlisted"] += len({*chats.ids(tenant)} - listed) + sum(bool(chat.finding) for chat in index.chats)
        result["clear"] = _is_readable(word, folder)
        exported = chats.open_chat(tenant, chats.find(tenant, chats.LAST)).conversation.as_markdown()
        (history.path / "control").write_text(exported)
        control = _is_readable(word, folder)
    bad = sum(result[name] for name in ("lost", "damaged", "left", "unlisted", "clear"))
    words = (
        f"{result['lost']} of {result['acknowledged']:,} acknowledged lines lost, {result['damaged']} damaged, "
        f"{result['torn']} torn and left out; {result['clear']} files of {result['chats']} chats with a text in clear"
    )
    return Result(
        result["kills"],
        bad,
        words,
        f"a chat saved in clear in the same folder is found {control} of 1 times",
        control == 1,
    )


def _one_chat(tenant: TenantSession, word: str, kills: int, chance: random.Random, result: Counter[str]) -> None:
    chat_id, number = _read_chats(tenant, chats.Recorder(tenant), text(word, 0)), 0
    for _ in range(kills):
        number = _kill_one(tenant, chat_id, word, number, chance, result)
        result["kills"] += 1
        chat = chats.open_chat(tenant, chat_id)
        turns = chat.conversation.turns
        result["damaged"] += bool(chat.findings)
        result["torn"] += chat.incomplete
        answered = [turn for turn in turns if turn.answers]
        right = all(turn.question == text(word, n) == turn.answers[0].text for n, turn in enumerate(answered))
        result["damaged"] += not right
        result["lost"] += len(answered) <= number
        number = len(answered) - 1


def _read_chats(tenant: TenantSession, recorder: chats.Recorder, words: str) -> str:
    recorder.question(words, MODEL, {"temperature": 0.5})
    recorder.answer(Answer(words, MODEL))
    return recorder.chat_id


def _kill_one(
    tenant: TenantSession, chat_id: str, word: str, number: int, chance: random.Random, result: Counter[str]
) -> int:
    """Return the number of the last exchange that a session acknowledged until it was killed."""
    reading, writing = os.pipe()

    def work() -> None:
        recorder, n = chats.Recorder(tenant, chats.open_chat(tenant, chat_id)), number
        while True:
            n += 1
            _read_chats(tenant, recorder, text(word, n))
            os.write(writing, n.to_bytes(8, "big"))
            if n % 3 == 0:
                chats.open_history(tenant)

    with fork_children(work) as child:
        os.close(writing)
        acknowledged = [os.read(reading, 8) for _ in range(chance.randrange(1, 4))]
        select.select([reading], [], [], chance.random() * 0.008)
        os.kill(child, signal.SIGKILL)
    while more := os.read(reading, 8):
        acknowledged.append(more)
    os.close(reading)
    result["acknowledged"] += 2 * len(acknowledged)
    return max([number, *(int.from_bytes(one, "big") for one in acknowledged)])


def _is_readable(word: str, folder: Path) -> int:
    """Return how many files hold the word, in any spelling."""
    from tests.campaign.leaks import files, find_leaks  # not before the forks: it imports half of the console

    places = files(folder, "stored")
    return sum(any(find_leaks({"text": word.encode()}, [place])) for place in places)
