"""The agent as a process: who may talk to it, what an attack gets, and what is left when it is killed."""

import base64
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.keys import cached_pair
from tests.doubles.running_agent import agent_running, runtime
from tests.second_user import OTHER, output_as, running_as
from tui.errors import Problem
from tui.process import local_socket
from tui.secret import Secret
from tui.vault import envelope, key_pair
from tui.vault.agent import client, control, protocol
from tui.vault.agent.client import Agent, AgentNotRunning, socket_path
from tui.vault.agent.server import MAX_WAITING

pytestmark = pytest.mark.slow

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
PAIR = cached_pair(0)
CANARY = "passphrase-zzqqxx-0011"


@pytest.fixture(scope="module")
def environ() -> Iterator[dict[str, str]]:
    """The environment of the agent that most tests share."""
    with runtime() as place:
        yield {**place, "MODELDECK_PASSPHRASE": CANARY, "PATH": os.defpath}


@pytest.fixture
def place() -> Iterator[dict[str, str]]:
    """The environment of an agent of the test's own."""
    with runtime() as place:
        yield place


@pytest.fixture(scope="module")
def running(environ: dict[str, str]) -> Iterator[Agent]:
    """One agent for the tests that leave it running, with acme open."""
    with agent_running(environ) as agent:
        assert agent.add("acme", PAIR.private)
        yield agent


def sealed(secret: str = "sk-zzzqqq000111") -> tuple[str, envelope.Binding]:
    binding = envelope.Binding("acme", "openai", "default", PAIR.key_id, ("https://api.example",), {})
    return envelope.seal(PAIR.public_pem, {"api_key": Secret(secret)}, binding), binding


def require_works(agent: Agent) -> None:
    key = agent.find("acme", PAIR.public_pem, lambda: None)
    assert key is not None
    text, binding = sealed()
    assert key.unseal(text, binding) == {"api_key": Secret("sk-zzzqqq000111")}
    assert key.authenticate(b"[]") == PAIR.private.authenticate(b"[]")


def exchange(environ: dict[str, str], content: bytes) -> bytes:
    """Send bytes to the agent and return all that it answers."""
    with local_socket.connect(socket_path(environ), 20) as connection:
        with suppress(OSError):
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        parts = []
        with suppress(ConnectionResetError):
            while part := connection.recv(65536):
                parts.append(part)
    return b"".join(parts)


def frame(message: object) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return len(body).to_bytes(4, "big") + body


# --- what it gives away -----------------------------------------------------------------------------------------------


def test_no_answer_holds_a_part_of_the_private_key(environ: dict[str, str], running: Agent) -> None:
    require_works(running)
    text, binding = sealed()
    bound = {name: getattr(binding, name) for name in ("tenant", "provider", "credential", "key_id", "origins")}
    about: dict[str, Any] = {"tenant": "acme", "public": protocol.digest(PAIR.public_pem), "envelope": text}
    about |= {"binding": {**bound, "plain_http": [], "clear": {}}, "content": "[]"}
    about["private"] = key_pair.export(PAIR.private, None).decode()
    words = ("status", "find", "add", "unseal", "authenticate", "export", "private", "dump", "__dict__")
    answers = b"".join(exchange(environ, frame({"version": 1, "do": word, **about})) for word in words)
    assert b"sk-zzzqqq000111" in answers
    assert not leaks(answers), "a part of the private key was answered"
    assert leaks(b"the control: " + about["private"].encode())


def leaks(content: bytes) -> bool:
    """Return True if content holds a part of the private exponent or of a prime, however it is written."""
    numbers = PAIR.private.rsa()
    plain = content + re.sub(rb"\\n|\s", b"", content)
    for number in map(int, (numbers.d, numbers.p, numbers.q)):
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        encoded = [base64.b64encode(raw[shift:]) for shift in range(3)]
        forms = [raw, raw.hex().encode(), str(number).encode(), *encoded]
        if any(form[at : at + 20] in plain for form in forms for at in range(0, len(form) - 20, 4)):
            return True
    return False


def test_neither_its_environment_nor_its_arguments_hold_what_it_was_started_with(running: Agent) -> None:
    """What a hardened process denies to the same user is in tests/process/test_hardening.py."""
    place = Path(f"/proc/{running.status()['pid']}")
    assert b"tui.vault.agent" in (place / "cmdline").read_bytes()
    if os.access(place / "environ", os.R_OK):  # root
        assert CANARY.encode() not in (place / "environ").read_bytes()
        assert b"XDG_RUNTIME_DIR" in (place / "environ").read_bytes(), "the look would find nothing"
    assert re.search(r"Max core file size\s+0\s+0", (place / "limits").read_text())
    assert all(os.readlink(place / "fd" / number) == os.devnull for number in "012") or not os.access(place / "fd", 4)


# --- other users ------------------------------------------------------------------------------------------------------


@ROOT
def test_another_user_who_reaches_the_socket_gets_no_answer(environ: dict[str, str], running: Agent) -> None:
    path = Path(socket_path(environ))
    opened = [path, path.parent, path.parent.parent]
    before = {place: place.stat().st_mode for place in opened}

    def ask() -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            with suppress(OSError):
                connection.sendall(frame({"version": 1, "do": "status"}))
            with suppress(ConnectionResetError):
                return f"{len(connection.recv(1000))} bytes"
            return "0 bytes"

    assert output_as(OTHER, ask).startswith("PermissionError")
    try:
        for place in opened:
            place.chmod(0o777)
        assert output_as(OTHER, ask) == "0 bytes"
        assert output_as(0, ask) != "0 bytes", "nobody would get an answer"
    finally:
        for place, mode in before.items():
            place.chmod(mode & 0o7777)
    assert running.status()["refused"] == 1


@ROOT
@pytest.mark.parametrize(
    ("owner", "listener", "words"),
    [
        (OTHER, 0, "is not a socket of yours"),
        (0, OTHER, "Another user's process listens"),
        (0, 0, "and is not the agent"),
        (0, 0, ""),
    ],
    ids=["its file", "its process", "a process of yours", "control"],
)
def test_a_socket_that_was_planted_is_sent_nothing(
    place: dict[str, str], owner: int, listener: int, words: str
) -> None:
    path = socket_path(place)
    os.mkdir(os.path.dirname(path), 0o700)
    planted = socket.socket(socket.AF_UNIX)
    planted.bind(path)
    os.chown(path, owner, owner)

    def serve() -> str:
        planted.listen()
        return "listening"

    with closing(planted), running_as(listener, serve) as (pid, answer):
        assert answer == "listening"
        (Path(path).parent / "lock").write_text(f"{4_000_000 if words else pid}\n")
        planted.setblocking(False)
        if words:
            with pytest.raises(Problem, match=words):
                Agent(place).ask(do="add", tenant="acme", private="")
            with suppress(BlockingIOError):
                assert planted.accept()[0].recv(100) == b""
        else:
            local_socket.connect(path, 5).close()


@pytest.mark.parametrize("change", ["open to all", "symbolic link", "link to the root", "no folder"])
def test_a_folder_that_is_not_private_is_not_used(place: dict[str, str], tmp_path: Path, change: str) -> None:
    root = Path(place["XDG_RUNTIME_DIR"]) / "run"
    root.mkdir(mode=0o700)
    environ = {"XDG_RUNTIME_DIR": str(root)}
    folder = Path(socket_path(environ)).parent
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if change == "open to all":
        folder.mkdir()
        folder.chmod(0o777)
    elif change == "symbolic link":
        folder.symlink_to(elsewhere)
    elif change == "link to the root":
        root.rmdir()
        root.symlink_to(elsewhere)
    else:
        folder.touch()
    with pytest.raises(Problem, match=r"is open to other users|is a symbolic link|is not a folder"):
        control.start(environ, 60, 60)
    if change in ("symbolic link", "open to all"):
        with pytest.raises(Problem):
            Agent(environ).ask(do="status")
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("value", ["", "run", None])
def test_without_a_runtime_folder_it_does_not_start(value: str | None) -> None:
    with pytest.raises(Problem, match="XDG_RUNTIME_DIR is not set"):
        control.start({} if value is None else {"XDG_RUNTIME_DIR": value}, 60, 60)


# --- bad requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"\0", b"\xff\xff\xff\xff", b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n"),
        *map(frame, (b"{", b"\xff\xfe", [], b"[" * 100_000, {"version": 1, "do": "unseal"})),
        (protocol.MAX_MESSAGE + 1).to_bytes(4, "big") + b"{",
    ],
)
def test_garbage_and_what_is_too_large_is_refused_and_harms_nobody(
    environ: dict[str, str], running: Agent, content: bytes
) -> None:
    answer = exchange(environ, content)
    assert answer == b"" or json.loads(answer[4:]) == {"error": "invalid"}
    require_works(running)


def test_slow_clients_and_a_flood_do_not_keep_others_waiting(environ: dict[str, str], running: Agent) -> None:
    with ExitStack() as flood:
        for number in range(4 * MAX_WAITING):
            connection = flood.enter_context(local_socket.connect(socket_path(environ), 20))
            if number % 2:
                connection.sendall(b"\0\0")
        require_works(running)


# --- its end ----------------------------------------------------------------------------------------------------------


def test_killed_it_leaves_a_socket_that_is_no_obstacle(place: dict[str, str]) -> None:
    environ = place
    with agent_running(environ) as agent:
        agent.add("acme", PAIR.private)
        key = agent.find("acme", PAIR.public_pem, lambda: lost.append(1))
        lost: list[int] = []
        pid = control.running(environ)
        with pytest.raises(Problem, match="already runs"):
            control.start(environ, 60, 60)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not control.running(environ))
        assert os.path.exists(socket_path(environ))
        with pytest.raises(AgentNotRunning):
            agent.status()
        assert key is not None
        with pytest.raises(Problem, match="The agent was stopped"):
            key.authenticate(b"[]")
        assert lost == [1]
        assert control.start(environ, 60, 60) != pid
        assert agent.status()["tenants"] == []


def test_an_agent_that_does_not_answer_is_reported_and_can_be_ended(
    place: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.5)
    environ = place
    with agent_running(environ) as agent:
        pid = control.running(environ)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Problem, match=rf"The agent \(process {pid}\) does not answer"):
            agent.status()
        assert agent.find("acme", PAIR.public_pem, lambda: None) is None
        assert not agent.in_reach, "it would be asked again and again"
        assert control.stop(environ) == pid
        assert control.running(environ) == 0


def test_at_the_end_of_its_time_or_by_a_signal_it_ends_and_takes_its_socket_along(place: dict[str, str]) -> None:
    environ = place
    with agent_running(environ, seconds=0.1):
        until(lambda: not control.running(environ))
        assert not os.path.exists(socket_path(environ))
        os.kill(control.start(environ, 60, 60), signal.SIGTERM)
        until(lambda: not control.running(environ))
        assert not os.path.exists(socket_path(environ))


def until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
