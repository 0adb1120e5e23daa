"""A batch: every task exactly one row, in order, whatever fails or kills it, and no more requests than allowed."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, IncompleteAnswer, NetworkError, Problem, UsageError
from tui.providers.events import Event, Retrying
from tui.tenancy.session import Session
from tui.workspace.playground.batch import runner, summary
from tui.workspace.playground.batch import tasks as batch_tasks
from tui.workspace.playground.batch.job import plan_job
from tui.workspace.playground.batch.recordings import recordings
from tui.workspace.playground.batch.rows_file import RowsFile, read_rows
from tui.workspace.playground.batch.runner import BatchProgress, BatchRun, Outcome
from tui.workspace.playground.batch.tasks import BatchTask, Prompt, read_prompts, tasks
from tui.workspace.playground.saved_prompts import SavedPrompt

A, B = (Model("openai", name, ModelType.CHAT) for name in ("a", "b"))
PROMPTS = [Prompt(f"prompt {number}") for number in range(40)]


def busy(seconds: float | None = None) -> Problem:
    problem = Problem("It is too busy.")
    problem.transient, problem.retry_after = True, seconds
    return problem


def stored(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def run(path: Path, planned: list[BatchTask], perform: runner.Perform, **options: object) -> BatchProgress:
    """Run what has no row yet, as the command does."""
    progress = BatchProgress(len(planned))
    with RowsFile(path) as file:
        answered = {row["id"] for row in file.rows() if summary.is_answered(row)}
        waiting = [task for task in planned if task.id not in answered]
        progress.skipped = len(planned) - len(waiting)
        hosts = {"openai/a": "one", "openai/b": "two"}
        try:
            await BatchRun(waiting, hosts, perform, file, progress, **options).run()  # type: ignore[arg-type]
        finally:
            file.sort([task.id for task in planned])
    return progress


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_BACKOFF", 0.0)


async def test_every_task_has_one_row_in_order_after_limits_cuts_and_being_stopped(tmp_path: Path) -> None:
    random, planned, path = Random(7), tasks(PROMPTS, [(A, {}), (B, {})]), tmp_path / "out.jsonl"
    in_flight, most, sent = 0, 0, 0
    stops = [20, 60]

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        nonlocal in_flight, most, sent
        in_flight, sent = in_flight + 1, sent + 1
        most = max(most, in_flight)
        try:
            await asyncio.sleep(0)
            if stops and sent >= stops[0]:
                stops.pop(0)
                running.cancel()
                await asyncio.Event().wait()
            if random.random() < 0.1:
                return Outcome({"problem": {}}, busy(0))
            if random.random() < 0.05:
                return Outcome({"problem": {}}, IncompleteAnswer("The connection ended."))
            return Outcome({"text": task.prompt.text, "problem": None})
        finally:
            in_flight -= 1

    for _ in range(2):
        running = asyncio.create_task(run(path, planned, perform, concurrency=3))
        with pytest.raises(asyncio.CancelledError):
            await running
        with path.open("a") as file:
            file.write(
                '{"id": "torn',
            )  # as a killed process leaves it
    progress = await run(path, planned, perform, concurrency=3)
    rows = stored(path)
    assert [row["id"] for row in rows] == [task.id for task in planned]
    assert all(row["text"] == row["prompt"] for row in rows)
    assert most == 3 and progress.skipped > 0 and progress.failed == 0


@pytest.mark.parametrize(
    ("problem", "sent"),
    [(NetworkError("It returned a web page."), 1), (IncompleteAnswer("It stopped."), runner.ATTEMPTS)],
    ids=["an answer", "control, a lost one"],
)
async def test_an_answer_of_a_server_is_not_requested_again(tmp_path: Path, problem: Problem, sent: int) -> None:
    requests = 0

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        nonlocal requests
        requests += 1
        return Outcome({"text": "", "problem": {}}, problem)

    progress = await run(tmp_path / "out.jsonl", tasks(PROMPTS[:1], [(A, {})]), perform)
    assert (requests, progress.failed) == (sent, 1)


async def test_a_failed_task_has_a_row_and_is_sent_again_by_the_next_run(tmp_path: Path) -> None:
    planned, path, fails = tasks(PROMPTS[:3], [(A, {})]), tmp_path / "out.jsonl", True

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        if fails and task.index == 1:
            return Outcome({"text": "", "problem": {"message": "no"}}, Problem("no"))
        return Outcome({"text": "yes", "problem": None})

    assert (await run(path, planned, perform)).failed == 1
    assert [row["text"] for row in stored(path)] == ["yes", "", "yes"]
    fails = False
    progress = await run(path, planned, perform)
    assert (progress.skipped, progress.answered) == (2, 1)
    assert [row["text"] for row in stored(path)] == ["yes"] * 3


@pytest.mark.slow
async def test_a_host_that_asks_to_wait_is_left_alone_while_the_other_goes_on(tmp_path: Path) -> None:
    planned, order = tasks(PROMPTS[:4], [(A, {}), (B, {})]), []

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        order.append(task.model.id)
        if order.count("a") == 1 and task.model is A:
            on_event(Retrying("busy", 0.2, 1, 2))
        return Outcome({"problem": None})

    await run(tmp_path / "out.jsonl", planned, perform, concurrency=1)
    assert order == ["a", "b", "b", "b", "b", "a", "a", "a"]


async def test_a_rejected_key_stops_its_model_alone_and_leaves_no_row(tmp_path: Path) -> None:
    planned, path, sent = tasks(PROMPTS, [(A, {}), (B, {})]), tmp_path / "out.jsonl", []

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        sent.append(task.model)
        return Outcome({"problem": None}, CredentialRejected("no") if task.model is A else None)

    progress = await run(path, planned, perform, concurrency=2)
    assert len(stored(path)) == sent.count(B) == len(PROMPTS) and sent.count(A) <= 2
    assert list(progress.stopped_models) == ["openai/a"]


async def test_nothing_more_is_sent_once_the_cost_limit_is_reached(tmp_path: Path) -> None:
    planned = tasks(PROMPTS, [(A, {})])

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        return Outcome({"problem": None}, cost=Decimal("0.1"), currency="USD")

    progress = await run(tmp_path / "out.jsonl", planned, perform, concurrency=4, max_cost=Decimal(1))
    assert progress.limit_reached and progress.spent["USD"] <= Decimal("1.1")


def test_the_id_of_a_row_is_of_what_is_sent() -> None:
    def ids(*args: object, **more: object) -> list[str]:
        return [task.id for task in tasks(*args, **more)]  # type: ignore[arg-type]

    one = ids([Prompt("p")], [(A, {})])
    assert one == ids([Prompt("p", name="other")], [(A, {})])
    assert ids([Prompt("p")], [(B, {})]) != one != ids([Prompt("p")], [(A, {"top_p": 1})])
    assert ids([Prompt("p")], [(A, {})], system="s") != one
    twice = ids([Prompt("p"), Prompt("p")], [(A, {})])
    assert twice == ids([Prompt("p")], [(A, {})], 2) and len(set(twice)) == 2


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("p.txt", "one\r\n\ntwo\n", [Prompt("one"), Prompt("two")]),
        ("p.jsonl", '"one"\n{"prompt": "two", "id": "x", "system": "s"}\n', [Prompt("one"), Prompt("two", "s", "x")]),
        ("p.csv", 'id,prompt\n1,"one\ntwo"\n', [Prompt("one\ntwo", "", "1")]),
        ("p.csv", "words,more\none,2\n", [Prompt("one")]),
    ],
)
def test_prompts_are_read_by_the_ending_of_the_file(
    tmp_path: Path, name: str, text: str, expected: list[Prompt]
) -> None:
    (tmp_path / name).write_text(text)
    assert read_prompts(tmp_path / name) == expected


@pytest.mark.parametrize(("name", "text"), [("p.txt", "\n"), ("p.jsonl", "{"), ("p.jsonl", '{"question": 1}')])
def test_a_file_without_prompts_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError):
        read_prompts(tmp_path / name)


def test_a_file_that_is_no_output_is_left_alone_and_one_in_use_too(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with RowsFile(path) as file:
        with pytest.raises(UsageError, match="not the output"):
            list(file.rows())
        with pytest.raises(UsageError, match="Another batch"), RowsFile(path):
            pass
    assert path.read_text() == "my notes\n"


@pytest.mark.parametrize(
    "content",
    [
        b"my notes, without a line end",
        b"my notes\nand more",
        b'{"name": "x"}',
        b'{"id": 5}\n',
        b'{"id": []}\n',
        b"[" * 9000,
    ],
)
def test_nothing_of_a_file_that_is_no_output_is_cut_off(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="not the output"), RowsFile(path) as file:
        list(file.rows())
    assert path.read_bytes() == content


def test_a_row_whose_line_end_was_lost_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"id": "a", "problem": null}')
    with RowsFile(path) as file:
        assert [row["id"] for row in file.rows()] == ["a"]
    assert path.read_text() == '{"id": "a", "problem": null}\n'


def test_a_pipe_or_a_link_is_no_output(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "elsewhere")
    for path in (pipe, link):
        with pytest.raises(UsageError, match="not a regular file"), RowsFile(path):
            pass
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    "row",
    [
        {"usage": 5, "timings": [], "cost": "much"},
        {"usage": {"input": "many"}, "timings": {"total": "long"}, "cost": {"amount": "9e999999", "currency": "USD"}},
        {"usage": {"input": -1}, "timings": {"total": float("nan")}, "cost": {"amount": {}}},
        {"model": ["openai/a"]},
    ],
)
def test_a_row_that_was_edited_breaks_no_figures(row: dict[str, object]) -> None:
    rows: list[Mapping[str, object]] = [
        {"id": "one", "model": "openai/a", **row},
        {"id": "two", "model": "openai/a", "usage": {"input": 3}},
    ]
    (figures,) = summary.summaries({"openai/a": 2}, rows)
    assert figures.input == 3 and not figures.cost and figures.row()


@pytest.mark.parametrize(
    ("name", "text"), [("p.jsonl", "[" * 100_000), ("p.csv", 'prompt\n"a\0b'), ("p.csv", "prompt\n" + "x" * 200_000)]
)
def test_a_hostile_file_of_prompts_is_read_or_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with suppress(UsageError):
        assert read_prompts(tmp_path / name)


def test_a_row_that_did_not_fit_on_the_disk_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "out.jsonl", os.write
    with RowsFile(path) as file:
        file.append({"id": "a", "problem": None})
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", lambda descriptor, line: write(descriptor, line[:5]))
            with pytest.raises(Problem, match="could not be written"):
                file.append({"id": "b", "problem": None})
        file.append({"id": "c", "problem": None})
    assert [row["id"] for row in stored(path)] == ["a", "c"]
    file.append({"id": "d", "problem": None})
    assert len(stored(path)) == 2, "a row that comes after the end of a batch is not written"


async def test_a_disk_without_room_ends_a_batch_with_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned, path, append = tasks(PROMPTS[:5], [(A, {})]), tmp_path / "out.jsonl", RowsFile.append

    def full(file: RowsFile, row: Mapping[str, object]) -> None:
        if row["prompt"] == "prompt 3":
            raise Problem("The disk is full.")
        append(file, row)

    async def perform(task: BatchTask, on_event: Callable[[Event], object]) -> Outcome:
        return Outcome({"answer": "yes"})

    monkeypatch.setattr(RowsFile, "append", full)
    with pytest.raises(Problem, match="The disk is full"):
        await run(path, planned, perform, concurrency=1)
    assert [row["prompt"] for row in stored(path)] == ["prompt 0", "prompt 1", "prompt 2"]


def test_rows_that_cannot_be_sorted_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.jsonl"

    def fails(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with RowsFile(path) as file:
        for row_id in ("b", "a"):
            file.append({"id": row_id, "problem": None})
        with monkeypatch.context() as patched:
            patched.setattr(os, "pread", fails)
            with pytest.raises(Problem, match="could not be sorted"):
                file.sort(["a", "b"])
        assert [row["id"] for row in stored(path)] == ["b", "a"] and [*tmp_path.iterdir()] == [path]
        file.sort(["a", "b"])
    assert [row["id"] for row in stored(path)] == ["a", "b"]


def test_the_first_rows_of_a_file_are_read_and_whether_there_are_more(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text('{"id": "a"}\nno row\n[]\n{"id": "b"}\n')
    assert read_rows(path, 5) == ([{"id": "a"}, {"id": "b"}], False)
    assert read_rows(path, 1) == ([{"id": "a"}], True)
    with pytest.raises(Problem, match=r"none\.jsonl cannot be read: No such file"):
        read_rows(tmp_path / "none.jsonl", 5)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.txt", b"\xff\xfe\xff", "is not UTF-8 text"),
        ("p.csv", b"prompt\rone\rtwo\n", "is not a table"),
        ("p.txt", b"x" * 1_000_001, "is larger than"),
    ],
)
def test_why_a_file_of_prompts_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, says: str
) -> None:
    monkeypatch.setattr(batch_tasks, "MAX_SIZE", 1_000_000)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=says):
        read_prompts(tmp_path / name)


def test_a_folder_of_recordings_is_a_batch_of_its_audio_files(tmp_path: Path) -> None:
    for name, content in (("b.mp3", b"ID3"), ("a.WAV", b"RIFFxx"), ("notes.txt", b"text")):
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.mp3").mkdir()
    assert recordings(tmp_path) == [Prompt("a.WAV", "6 bytes"), Prompt("b.mp3", "3 bytes")]
    for path, says in ((tmp_path / "folder.mp3", "holds no recording"), (tmp_path / "notes.txt", "cannot be read")):
        with pytest.raises(UsageError, match=says) as refused:
            recordings(path)
        assert refused.value.hint in ("Choose a folder of audio files, or a file of prompts.", "Choose another.")


def test_a_batch_that_would_overwrite_its_prompts_or_check_transcripts_is_not_planned(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "prompts.txt").write_text("one\n")
    (tmp_path / "call.mp3").write_bytes(b"ID3")
    acme, schema = session.tenant("acme"), SavedPrompt("", schema={"type": "object"})
    with pytest.raises(UsageError, match="The output is the file of the prompts"):
        plan_job(acme, tmp_path / "prompts.txt", tmp_path / "." / "prompts.txt", [(A, {})], SavedPrompt(""))
    with pytest.raises(UsageError, match="not for transcripts"):
        plan_job(acme, tmp_path, tmp_path / "out.jsonl", [(A, {})], schema)
