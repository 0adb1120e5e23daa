"""`modeldeck history`, and what `modeldeck chat` records: off until switched on, found again, gone when removed."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run_process
from tests.doubles.openai_server import OpenAIServer
from tui.cli.commands.chat import history_handlers

QUESTION = "Wherefore zyzzyva?"


def ids(run: Run) -> list[str]:
    return [chat["id"] for chat in json.loads(run("history", "list", "--json").out)]


def files(home: Path) -> list[Path]:
    return sorted((home / ".local/share/modeldeck/tenants/acme/history").glob("*.chat"))


@pytest.mark.slow
def test_nothing_is_recorded_until_history_is_on(ready: Run, home: Path) -> None:
    ran = ready("chat", "-m", "openai/gpt-4o", QUESTION, "--json")
    assert json.loads(ran.out)["chat"] is None and not files(home)
    assert json.loads(ready("history", "status", "--json").out) == {
        **{"tenant": "acme", "on": False, "days": 0, "own": False, "available": True, "chats": 0}
    }
    (home / ".config" / "modeldeck").mkdir(parents=True, exist_ok=True)
    (home / ".config" / "modeldeck" / "config.toml").write_text('history = "sealed"\nhistory_days = 30\n')
    assert "recorded, encrypted, kept 30 days, by config.toml" in ready("history", "status").out
    ready("chat", "-m", "openai/gpt-4o", QUESTION, "--no-history")
    assert not files(home)
    ready("history", "off")
    ready("chat", "-m", "openai/gpt-4o", QUESTION)
    assert not files(home)
    ready("history", "auto")
    ran = ready("chat", "-m", "openai/gpt-4o", QUESTION, "-v")
    assert re.search(r"recorded as \d{8}-\d{6}-[0-9a-f]{8}", ran.err) and len(files(home)) == 1


@pytest.mark.slow
def test_a_chat_is_searched_resumed_exported_renamed_and_removed(ready: Run, home: Path) -> None:
    ready("history", "on")
    chat_id = json.loads(ready("chat", "-m", "openai/gpt-4o", "-s", "Be brief.", QUESTION, "--json").out)["chat"]
    other = json.loads(ready("chat", "-m", "openai/gpt-4o", "Another?", "--json").out)["chat"]
    assert set(ids(ready)) == {chat_id, other}
    (row,) = json.loads(ready("history", "search", "ZYZZYVA", "--json").out)
    assert (row["id"], row["title"], row["questions"]) == (chat_id, QUESTION, 1) and "zyzzyva" in row["around"]
    assert b"zyzzyva" not in b"".join(path.read_bytes() for path in files(home))

    printed = ready("chat", "--resume", chat_id, "And then?", "--print", "curl").out
    assert all(text in printed for text in (QUESTION, "Be brief.", "And then?", "gpt-4o"))
    assert json.loads(ready("chat", "--resume", chat_id[-6:], "And then?", "--json").out)["chat"] == chat_id
    chat = json.loads(ready("history", "show", chat_id, "--json").out)
    assert [turn["question"] for turn in chat["turns"]] == [QUESTION, "And then?"]
    assert chat["system"] == "Be brief." and chat["turns"][1]["answers"][0]["state"] == "complete"
    ready("chat", "--resume", chat_id, "Unrecorded", "--no-history")
    assert len(json.loads(ready("history", "show", chat_id, "--json").out)["turns"]) == 2

    ready("history", "rename", chat_id, "Beetles")
    assert ready("history", "show", chat_id).out.startswith(
        f"# Beetles\n\n> System prompt: Be brief.\n\n## You\n\n{QUESTION}"
    )
    for name in ("chats.json", "chats.md"):
        ran = ready("history", "export", "-o", str(home / name))
        assert ran.code == 0 and "2 chats" in ran.out and (home / name).stat().st_mode & 0o777 == 0o600
    assert [chat["title"] for chat in json.loads((home / "chats.json").read_text())].count("Beetles") == 1
    assert "# Beetles" in (home / "chats.md").read_text()

    assert ready("history", "remove", chat_id).code == 2 and len(ids(ready)) == 2
    assert ready("history", "remove", chat_id, "--yes").code == 0
    assert ids(ready) == [other] and json.loads(ready("history", "search", "zyzzyva", "--json").out) == []
    assert ready("history", "remove", "--all", "--yes").code == 0 and not files(home)
    log = ready("audit", "show").out
    assert all(text in log for text in ("history switched on", "exported as markdown", "chats removed"))
    assert "zyzzyva" not in log and "Beetles" not in log


@pytest.mark.slow
def test_a_question_without_an_answer_is_kept(ready: Run, home: Path, server: OpenAIServer) -> None:
    ready("history", "on")
    server.key = "sk-another-FAKE-key-0123456789"
    assert ready("chat", "-m", "openai/gpt-4o", QUESTION).code == 3
    (path,) = files(home)
    (turn,) = json.loads(ready("history", "show", path.stem, "--json").out)["turns"]
    assert (turn["question"], turn["answers"]) == (QUESTION, [])


@pytest.mark.slow
def test_history_of_a_locked_tenant_asks_for_the_passphrase(locked_home: Path) -> None:
    ran = run_process(locked_home, "history", "on")
    assert ran.code == 0, ran.err
    assert run_process(locked_home, "history", "list").code == 5
    assert run_process(locked_home, "history", "status").code == 0


@pytest.mark.parametrize(
    "words",
    [("show", "nothing"), ("search", ""), ("remove",), ("export", "-o", "x.md"), ("on", "--days", "-1")],
    ids=" ".join,
)
def test_a_mistake_is_named(ready: Run, words: tuple[str, ...]) -> None:
    ran = ready("history", *words)
    assert ran.code == 2 and ran.err and not ran.out


@pytest.mark.slow
@pytest.mark.usefixtures("on_terminal")
def test_chats_are_listed_and_searched_on_a_terminal(ready: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ready("history", "on")
    assert "No chat is recorded." in ready("history", "list").err
    ready("chat", "-m", "openai/gpt-4o", QUESTION)
    ready("chat", "-m", "openai/gpt-5.4-mini", "Another?")
    monkeypatch.setattr(history_handlers, "_DEFAULT_COUNT", 1)
    listed = ready("history", "list")
    heading, row = listed.out.splitlines()
    assert heading.split() == ["chat", "changed", "questions", "title", "models"]
    assert "openai/gpt-" in row and "1 older chat; -n 0 shows all." in listed.err
    assert len(ready("history", "list", "-n", "0").out.splitlines()) == 3
    results = ready("history", "search", "zyzzyva").out.splitlines()
    assert results[0].split()[-1] == "found" and QUESTION in results[1] and len(results) == 2
    nothing = ready("history", "search", "zyzzyva", "another")
    assert nothing.out == "" and "No recorded chat has these words." in nothing.err


@pytest.mark.slow
def test_a_chat_whose_file_was_changed_or_cut_is_shown_with_a_remark(ready: Run, home: Path) -> None:
    ready("history", "on")
    ready("chat", "-m", "openai/gpt-4o", QUESTION)
    (path,) = files(home)
    content = path.read_bytes()
    path.write_bytes(content + b"torn")
    shown = ready("history", "show", path.stem)
    assert shown.code == 0 and QUESTION in shown.out and "A session ended while writing a line" in shown.err
    lines = content.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))
    remark = "The file of this chat is not as it was written: "
    assert remark in ready("history", "show", path.stem).err
    assert remark in ready("chat", "--resume", path.stem, "And then?").err
