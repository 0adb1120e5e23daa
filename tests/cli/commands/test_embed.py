"""embed over many lines: progress, failures that can be continued, exact vectors, bounded memory."""

import json
import random
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, ROOT, Run, environ, run_process
from tests.doubles.openai_server import OpenAIServer, Request, Response, error_body
from tests.terminal import Loaded, Terminal
from tui.workspace.playground.embedding.to_file import vector_text
from tui.workspace.playground.embedding.vectors import MAX_TEXTS

LINES = [f"text {number}" for number in range(600)]
TEXTS = "\n".join(LINES) + "\n"


def answer(count: int, first: float) -> Response:
    """An answer of `count` vectors, whose first number counts from `first`."""
    data = [{"index": index, "embedding": [first + index, 0.5]} for index in range(count)]
    return Response(body={"data": data, "usage": {"prompt_tokens": count}})


@pytest.mark.slow
def test_a_failure_says_how_far_it_came_and_the_rest_can_be_continued(ready: Run, server: OpenAIServer) -> None:
    server.next("/embeddings", answer(256, 0), answer(256, 256), Response(400, error_body("No.", "bad_request")))
    failed = ready("embed", stdin=TEXTS)
    assert failed.code == 1 and len(failed.out.splitlines()) == 512
    assert "512 vectors were printed, up to text 512 of 600." in failed.err
    assert "run the same command with --from 513" in failed.err
    server.next("/embeddings", answer(88, 512))
    rest = ready("embed", "--from", "513", "--json", stdin=TEXTS)
    assert (rest.code, rest.err) == (0, "")
    rows = [json.loads(line) for line in rest.out.splitlines()]
    assert [(row["index"], row["text"]) for row in rows] == list(enumerate(LINES))[512:]
    assert [json.loads(line)[0] for line in failed.out.splitlines()] + [row["vector"][0] for row in rows] == list(
        range(600)
    )


@pytest.mark.slow
def test_a_failure_before_the_first_vector_says_nothing_of_continuing(ready: Run, server: OpenAIServer) -> None:
    server.next("/embeddings", Response(400, error_body("No.", "bad_request")))
    ran = ready("embed", stdin=TEXTS)
    assert (ran.code, ran.out) == (1, "") and "--from" not in ran.err


@pytest.mark.slow
@pytest.mark.parametrize(
    "number", ["0", "4", "-1", "x", "9" * 5000], ids=["zero", "too many", "negative", "no number", "huge"]
)
def test_from_is_one_of_the_texts(ready: Run, server: OpenAIServer, number: str) -> None:
    ran = ready("embed", f"--from={number}", "a", "b", "c")
    assert (ran.code, ran.out) == (2, "") and "--from needs a whole number from 1 to 3" in ran.err
    assert server.requests_to("/embeddings") == []


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal_and_erased(home: Path, server: OpenAIServer, tmp_path: Path) -> None:
    server.key = None
    assert run_process(home, "provider", "set", "openai_compatible", f"base_url={server.url}").code == 0
    (tmp_path / "texts").write_text(TEXTS)
    script = f"{sys.executable} -m tui embed -m openai_compatible/text-embedding-3-small <{tmp_path}/texts >/dev/null"
    with Terminal(["bash", "-c", script], environ(home) | {"TERM": "xterm"}, cwd=str(ROOT)) as terminal:
        assert terminal.wait(60) == 0
        assert b"Embedded 256 of 600 texts" in terminal.raw
        assert "Embedded" not in terminal.text, "the line is erased at the end"


@pytest.mark.slow
def test_an_upload_shows_a_bar_on_a_terminal(home: Path, server: OpenAIServer, tmp_path: Path) -> None:
    server.key = None
    assert run_process(home, "provider", "set", "openai_compatible", f"base_url={server.url}").code == 0
    with (tmp_path / "long.mp3").open("wb") as file:
        file.write(b"ID3")
        file.truncate(24 * 1024 * 1024)
    words = ["transcribe", "-m", "openai_compatible/whisper-1", str(tmp_path / "long.mp3")]
    server.upload_gate = threading.Event()
    with Terminal(Loaded(words), environ(home) | {"TERM": "xterm"}, cwd=str(ROOT)) as terminal:
        terminal.until("Uploading [")
        server.upload_gate.set()
        assert terminal.wait(60) == 0, terminal.text
        assert b"Uploading [" in terminal.raw and b" of 24.0 MB" in terminal.raw
        assert "Uploading" not in terminal.text, "the line is erased at the end"


def test_vectors_are_exact() -> None:
    numbers = random.Random(7)
    singles = struct.unpack("500f", struct.pack("500f", *(numbers.gauss(0, 1e-2) for _ in range(500))))
    doubles = tuple(numbers.random() for _ in range(500))
    special = (0.0, -0.0, 1.0, 1e-30, 1e300, -1e-05)
    for vector in (doubles, special):
        assert json.loads(vector_text(vector)) == list(vector)
    assert struct.pack("500f", *json.loads(vector_text(singles))) == struct.pack("500f", *singles)
    assert len(vector_text(singles)) < 0.7 * len(json.dumps(singles)), "shorter than doubles"


PEAK = """
import resource, sys
from tui.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def peak(home: Path, *words: str, stdin: str = "") -> int:
    """The most memory that a command takes, in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words],
        input=stdin,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environ(home),
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1]) // 1024


@pytest.mark.slow
def test_memory_does_not_grow_with_the_texts_or_the_recording(home: Path, tmp_path: Path) -> None:
    with OpenAIServer(key=KEY) as server:
        server.dimensions = 1536
        words = ("provider", "set", "openai", f"base_url={server.url}", "api_key=-")
        assert run_process(home, *words, stdin=KEY + "\n").code == 0
        embedding = ("embed", "-m", "openai/text-embedding-3-small")
        assert peak(home, *embedding, stdin="a text\n" * 3_000) <= peak(home, *embedding, stdin="a text\n") + 96
        (tmp_path / "short.mp3").write_bytes(b"ID3 short")
        with (tmp_path / "long.mp3").open("wb") as file:
            file.write(b"ID3")
            file.truncate(25 * 1024 * 1024)
        speech = ("transcribe", "-m", "openai/whisper-1")
        assert peak(home, *speech, str(tmp_path / "long.mp3")) <= peak(home, *speech, str(tmp_path / "short.mp3")) + 32


@pytest.mark.slow
def test_the_lines_of_a_file_nearest_to_a_query_are_printed(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("a cat\n\na dog\na house\n")
    ran = ready("embed", "a dog", "--nearest", str(tmp_path / "lines.txt"), "--top", "2", "--json")
    near = json.loads(ran.out)["nearest"]
    assert len(near) == 2 and near[0] == {"line": 3, "text": "a dog", "cosine": 1.0}


@pytest.mark.slow
def test_shorter_vectors_come_from_models_that_have_them(ready: Run, server: OpenAIServer) -> None:
    assert len(json.loads(ready("embed", "a cat", "--dimensions", "4").out)) == 4
    assert server.requests_to("/embeddings")[0].json["dimensions"] == 4
    assert ready("embed", "a cat", "--dimensions", "4000", "-m", "openai/text-embedding-3-small").code == 2


@pytest.mark.slow
def test_two_models_are_compared_on_the_same_texts(ready: Run, server: OpenAIServer) -> None:
    two = ("-m", "openai/text-embedding-3-small", "-m", "openai/text-embedding-3-large")
    ran = ready("embed", *two, "a cat", "a dog", "a house", "--json")
    shape = json.loads(ran.out)
    assert shape["rank_correlation"] == 1 and shape["shared_neighbours"] == {"share": 1.0, "of": 2}
    assert ready("embed", *two, "a cat").code == 2


@pytest.mark.slow
def test_a_file_of_vectors_is_continued_after_a_failure(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    texts, out = "\n".join(f"text {number}" for number in range(3000)), tmp_path / "out.npy"
    refused = Response(400, {"error": {"message": "no"}})
    first = ready("embed", "-o", str(out), stdin=texts)
    assert first.code == 0 and "(3000, 8)" in out.read_bytes()[:128].decode("latin-1")
    whole, batches = out.read_bytes(), len(server.requests_to("/embeddings"))
    out.unlink()
    answer = server._answer
    count = 0

    def once(request: Request, path: str) -> object:
        nonlocal count
        count += 1
        return refused if count == 2 else answer(request, path)

    server._answer = once  # type: ignore[assignment,method-assign]
    failed = ready("embed", "-o", str(out), stdin=texts)
    assert failed.code == 1 and "the same command continues" in failed.err and not out.exists()
    assert ready("embed", "-o", str(out), stdin=texts).code == 0
    assert out.read_bytes() == whole
    assert len(server.requests_to("/embeddings")) == 2 * batches + 1
    assert ready("embed", "-o", str(out), stdin=texts).code == 2


@pytest.mark.slow
@pytest.mark.usefixtures("on_terminal")
def test_near_lines_and_a_scatter_are_printed_for_people(ready: Run, server: OpenAIServer, tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("a cat\n\na dog\na house\n")
    near = ready("embed", "a dog", "a cat", "--nearest", str(tmp_path / "lines.txt"), "--top", "1")
    assert [line.split() for line in near.out.splitlines()] == [
        ["a", "dog"],
        ["cosine", "line", "text"],
        ["1.000", "3", "a", "dog"],
        ["a", "cat"],
        ["cosine", "line", "text"],
        ["1.000", "1", "a", "cat"],
    ]
    drawn = ready("embed", "--scatter", "a dog", "a cat", "a house").out.splitlines()
    assert [line.split(maxsplit=1) for line in drawn[-3:]] == [["1", "a dog"], ["2", "a cat"], ["3", "a house"]]
    assert all(number in "".join(drawn[:-4]) for number in "123")
    shape = json.loads(ready("embed", "--scatter", "a dog", "a cat", "a house", "--json").out)
    assert [entry["text"] for entry in shape["points"]] == ["a dog", "a cat", "a house"]
    assert all(len(entry["point"]) == 2 for entry in shape["points"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--scatter", "-o", "x.npy", "a"), "exclude one another"),
        (("-m", "openai/a", "-m", "openai/b", "-m", "openai/c", "a"), "Up to 2 embedding models"),
        (("--scatter", *map(str, range(MAX_TEXTS + 1))), f"Up to {MAX_TEXTS} texts are compared, not {MAX_TEXTS + 1}"),
    ],
)
def test_models_that_cannot_be_compared_are_refused_before_anything_is_sent(
    ready: Run, server: OpenAIServer, words: tuple[str, ...], says: str
) -> None:
    ran = ready("embed", *words)
    assert (ran.code, ran.out) == (2, "") and says in ran.err and server.requests == []
