"""Vectors of many texts: nearest, two dimensions, agreement, and files that a failure leaves to be continued."""

import json
import os
from array import array
from pathlib import Path
from random import Random

import pytest

from tui.errors import UsageError
from tui.workspace.playground.embedding.projection import principal_points, scatter
from tui.workspace.playground.embedding.ranking import agreement, nearest
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
