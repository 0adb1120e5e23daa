"""Vectors of many texts: nearest, two dimensions, agreement, and files that a failure leaves to be continued."""

import json
import os
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from tui.domain import Model, ModelType
from tui.errors import Problem, UsageError
from tui.providers.events import Event, Vectors
from tui.tenancy.session import Session
from tui.workspace.playground import calls
from tui.workspace.playground.embedding import documents
from tui.workspace.playground.embedding.projection import principal_points, scatter
from tui.workspace.playground.embedding.ranking import agreement, nearest
from tui.workspace.playground.embedding.to_file import embed_rest, vector_text
from tui.workspace.playground.embedding.vectors import matrix
from tui.workspace.playground.embedding.vectors_file import VectorsFile, head_of


def test_two_groups_of_texts_lie_apart_and_a_zero_vector_nowhere() -> None:
    random = Random(3)
    groups = [[1.0, 0.0, 0.0]] * 4 + [[0.0, 1.0, 0.0]] * 4
    vectors = [[number + random.uniform(-0.05, 0.05) for number in vector] for vector in groups]
    points = principal_points(matrix([*vectors, [0.0, 0.0, 0.0]]))
    assert points[-1] is None
    places = [point[0] for point in points[:-1] if point]
    assert max(places[:4]) < min(places[4:]) or min(places[:4]) > max(places[4:])
    assert principal_points(matrix([[1.0, 0.0]])) == [(0.0, 0.0)]


def test_a_scatter_has_a_dot_and_a_number_for_every_point() -> None:
    rows = scatter([(0.0, 0.0), (1.0, 1.0), None, (1.0, 0.0)], 20, 5)
    text = "\n".join(rows)
    assert len(rows) == 5 and all(len(row) <= 20 for row in rows)
    assert sum(0x2800 < ord(character) <= 0x28FF for character in text) == 3
    assert all(number in text for number in "124") and "3" not in text


def test_the_nearest_vectors_come_first() -> None:
    vectors = [[0.0, 1.0], [1.0, 0.1], [1.0, 0.0], [0.0, 0.0]]
    assert [index for index, _ in nearest([1.0, 0.0], vectors, 3)] == [2, 1, 0]


def test_models_that_rank_the_same_agree_and_opposite_ones_do_not() -> None:
    line = [[1.0, position / 10] for position in range(6)]
    wide = [[*vector, 0.0] for vector in line]
    same = agreement(line, wide)
    assert same.spearman == pytest.approx(1) and same.neighbours == 1
    random = Random(5)
    other = agreement(line, [[random.uniform(-1, 1) for _ in range(3)] for _ in line])
    assert other.spearman is not None and other.spearman < 0.9


def test_a_file_of_vectors_goes_on_behind_the_last_whole_one(tmp_path: Path) -> None:
    path, texts = tmp_path / "out.npy", ["one", "two", "three"]
    with VectorsFile(path, head_of("openai/m", texts)) as file:
        file.append([(1.0, 2.0)])
        with pytest.raises(UsageError, match="Another process"), VectorsFile(path, head_of("openai/m", texts)):
            pass
    with file.part.open("ab") as part:
        part.write(b"torn")
    with pytest.raises(UsageError, match="other texts"), VectorsFile(path, head_of("openai/m", texts[:2])):
        pass
    with VectorsFile(path, head_of("openai/m", texts)) as file:
        assert file.done == 1
        file.append([(3.0, 4.0), (5.0, 6.0)])
        file.finish(lambda index, vector: "")
    content = path.read_bytes()
    size = int.from_bytes(content[8:10], "little")
    assert content[:8] == b"\x93NUMPY\x01\x00" and (10 + size) % 64 == 0
    assert b"'shape': (3, 2)" in content[10 : 10 + size]
    assert array("f", content[10 + size :]).tolist() == [1, 2, 3, 4, 5, 6]
    assert not file.part.exists()


def test_vectors_can_be_written_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with VectorsFile(path, head_of("openai/m", ["one"])) as file:
        file.append([(0.1, 0.2)])
        file.finish(lambda index, vector: json.dumps({"index": index, "vector": list(vector)}))
    assert json.loads(path.read_text()) == {"index": 0, "vector": [0.1, 0.2]}


@pytest.mark.parametrize("dimensions", [0, -1, 10**9, "2", None])
def test_a_part_with_dimensions_that_cannot_be_is_refused_and_left_alone(tmp_path: Path, dimensions: object) -> None:
    path, head = tmp_path / "out.npy", head_of("openai/m", ["one"])
    part = tmp_path / "out.npy.part"
    part.write_text(json.dumps(vars(head) | {"dimensions": dimensions}) + "\n")
    before = part.read_bytes()
    with pytest.raises(UsageError, match="other texts"), VectorsFile(path, head):
        pass
    assert part.read_bytes() == before


def test_a_part_that_holds_something_else_is_not_emptied_and_a_pipe_is_refused(tmp_path: Path) -> None:
    head = head_of("openai/m", ["one"])
    (tmp_path / "a.npy.part").write_text("my notes, without a line end")
    os.mkfifo(tmp_path / "b.npy.part")
    with pytest.raises(UsageError, match="other texts"), VectorsFile(tmp_path / "a.npy", head):
        pass
    with pytest.raises(UsageError, match="not a regular file"), VectorsFile(tmp_path / "b.npy", head):
        pass
    assert (tmp_path / "a.npy.part").read_text() == "my notes, without a line end"


def test_vectors_that_cannot_be_stored_are_refused_and_those_before_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.jsonl"

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with VectorsFile(path, head_of("openai/m", ["one", "two"])) as file:
        file.append([(1.0, 2.0)])
        with pytest.raises(UsageError, match="same dimensions"):
            file.append([(1.0,)])
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fails)
            with pytest.raises(Problem, match="could not be written"):
                file.append([(3.0, 4.0)])
            with pytest.raises(Problem, match=r"out\.jsonl"):
                file.finish(lambda index, vector: "")
        assert file.done == 1 and [*tmp_path.iterdir()] == [file.part], "no half-written output is left"
        file.append([(3.0, 4.0)])
        file.finish(lambda index, vector: json.dumps(list(vector)))
    assert path.read_text() == "[1.0, 2.0]\n[3.0, 4.0]\n"


async def test_a_busy_server_gets_the_texts_without_a_vector_again(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["one", "two", "three"]
    sent: list[list[str]] = []
    retries: list[tuple[Problem, float]] = []

    async def embed(session: object, model: Model, rest: list[str], *_: object, **__: object) -> AsyncIterator[Event]:
        sent.append(list(rest))
        if len(sent) < 4:
            if len(sent) == 2:
                yield Vectors(0, ((1.0,),))
            busy = Problem("It is too busy.")
            busy.transient, busy.retry_after = True, 0.001
            raise busy
        yield Vectors(0, ((2.0,), (3.0,)))

    monkeypatch.setattr(calls, "embed", embed)
    model = Model("openai", "m", ModelType.EMBEDDING)
    with VectorsFile(tmp_path / "out.npy", head_of("openai/m", texts)) as file:
        await embed_rest(session.tenant("acme"), model, texts, file, on_retry=lambda *retry: retries.append(retry))
        assert [list(vector) for vector in file.vectors()] == [[1.0], [2.0], [3.0]]
    assert sent == [texts, texts, texts[1:], texts[1:]] and [seconds for _, seconds in retries] == [0.001] * 3


def test_numbers_beyond_32_bits_and_texts_without_vectors_are_written_and_compared() -> None:
    assert vector_text([1e300, 1.0]) == "[1e+300, 1.0]"
    assert principal_points([[None]]) == [None]
    equal = agreement([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    assert equal.spearman == pytest.approx(1), "texts that are equally near share a rank"
    assert agreement([[1.0], [1.0]], [[1.0], [1.0]]).spearman is None


@pytest.mark.parametrize(("content", "says"), [(b" \n\n", "contains no text"), (b"x" * 101, "is larger than")])
def test_a_file_without_lines_to_search_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    monkeypatch.setattr(documents, "_MAX_SIZE", 100)
    path = tmp_path / "lines.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says):
        documents.read_lines(path)
