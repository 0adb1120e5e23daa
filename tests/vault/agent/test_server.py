"""The agent's program, its server and its client over a real socket, in this process."""

import gc
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.keys import cached_pair
from tests.doubles.running_agent import runtime
from tui.errors import Locked, Problem
from tui.process import hardening, local_socket
from tui.secret import Secret
from tui.vault import envelope
from tui.vault.agent import __main__ as program
from tui.vault.agent import client, protocol, server
from tui.vault.agent.client import Agent, AgentNotRunning

PAIR = cached_pair(0)
BINDING = envelope.Binding("acme", "openai", "default", PAIR.key_id, ("https://api.example",), {})
ENVELOPE = envelope.seal(PAIR.public_pem, {"api_key": Secret("sk-zzzqqq000111")}, BINDING)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of an agent, which is that of this process, too."""
    with runtime() as environ:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        yield environ


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the agent's program prints; its process is not hardened, nor its standard streams closed."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(program, "_print_json", messages.append)
    monkeypatch.setattr(hardening, "harden", lambda: None)
    monkeypatch.setattr(hardening, "lock_memory", lambda: True)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    return messages


def while_it_runs(place: dict[str, str], use: Callable[[Agent], None], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the agent's program; `use` is called in a thread once it listens, then the agent is stopped."""
    ready = threading.Event()
    report = program._ready

    def report_and_begin() -> None:
        report()
        ready.set()

    monkeypatch.setattr(program, "_ready", report_and_begin)

    def work() -> None:
        assert ready.wait(60)
        agent = Agent(place)
        try:
            use(agent)
        finally:
            agent.stop()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        code = program.main(60, 60)
        done.result()
    return code


def test_a_key_in_the_agent_is_used_through_its_socket_and_locked(
    place: dict[str, str], printed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []

    def use(agent: Agent) -> None:
        about = agent.status()
        assert (about["pid"], about["memory_locked"], about["refused"]) == (os.getpid(), True, 0)
        assert agent.tenants() == [] and agent.find("acme", PAIR.public_pem, lambda: None) is None
        assert agent.add("acme", PAIR.private)
        assert [(entry["tenant"], entry["key_id"]) for entry in agent.tenants()] == [("acme", PAIR.key_id)]
        key = agent.find("acme", PAIR.public_pem, lambda: lost.append("acme"))
        assert key is not None and key.key_id == PAIR.key_id
        assert key.authenticate(b"[1]") == PAIR.private.authenticate(b"[1]")
        assert key.unseal(ENVELOPE, BINDING)["api_key"].reveal() == "sk-zzzqqq000111"
        with pytest.raises(Locked, match="cannot be decrypted"):
            key.unseal(ENVELOPE[:-2], BINDING)
        with pytest.raises(Problem, match="too long to send"):
            agent.ask(do="add", tenant="a" * protocol.MAX_MESSAGE)
        assert lost == [] and agent.forget("other") == 0 and agent.forget("acme") == 1
        with pytest.raises(Locked, match="The agent locked it meanwhile"):
            key.authenticate(b"[1]")
        assert lost == ["acme"] and agent.problem is None

    assert while_it_runs(place, use, monkeypatch) == 0
    assert printed == [{"pid": os.getpid()}]
    assert not os.path.exists(client.socket_path(place)), "it takes its socket along"


def test_the_agent_answers_an_invalid_request_and_goes_on(
    place: dict[str, str], printed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer_to(message: bytes) -> bytes:
        with closing(local_socket.connect(client.socket_path(place), 60)) as connection:
            # The agent may hang up on another user before anything is sent.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(message)
                connection.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: connection.recv(65536), b""))
            return b""

    def use(agent: Agent) -> None:
        invalid = protocol.encode({"error": protocol.INVALID})
        for body in (b"[]", b"\xff", b"[" * 30_000, b"no json"):
            assert answer_to(len(body).to_bytes(protocol.PREFIX, "big") + body) == invalid
        assert answer_to(bytes(protocol.PREFIX)) == invalid, "no length"
        assert answer_to(b"\x00") == b"", "cut"
        with monkeypatch.context() as patched:
            patched.setattr(server.AgentServer, "_is_same_user", lambda self, writer: False)
            assert answer_to(b"") == b"", "another user"
        assert agent.status()["refused"] == 1

    assert while_it_runs(place, use, monkeypatch) == 0


def test_at_the_end_of_its_time_it_ends_with_its_keys(
    place: dict[str, str], printed: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_TICK", 0.01)
    assert program.main(0, 60) == 0
    assert not os.path.exists(client.socket_path(place))


def test_the_reason_for_a_failed_start_is_printed(
    place: dict[str, str], printed: list[dict[str, Any]], tmp_path: Path
) -> None:
    environ = pytest.MonkeyPatch()
    listener, lock = local_socket.listen(client.socket_path(place))
    try:
        assert program.main(60, 60) == 1
        assert printed.pop() == {"problem": "The agent already runs.", "hint": ""}
    finally:
        listener.close()
        os.close(lock)
    with environ.context() as patched:
        patched.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
        assert program.main(60, 60) == 1
        assert printed.pop()["problem"] == "The agent's socket cannot be created: no such file or directory."
        patched.delenv("XDG_RUNTIME_DIR")
        assert program.main(60, 60) == 1
        assert "XDG_RUNTIME_DIR is not set" in printed.pop()["problem"]


def test_an_agent_that_ended_counts_as_not_running(place: dict[str, str]) -> None:
    path = client.socket_path(place)
    listener, lock = local_socket.listen(path)
    listener.close()
    os.close(lock)
    agent, lost = Agent(place), []
    assert agent.in_reach, "its socket is left"
    assert agent.tenants() == [] and not agent.add("acme", PAIR.private) and agent.forget() == 0
    assert agent.find("acme", PAIR.public_pem, lambda: None) is None
    with pytest.raises(AgentNotRunning, match="The agent is off"):
        agent.status()
    key = client.AgentKey(agent, "acme", PAIR.key_id, PAIR.public_pem, "", lambda: lost.append("acme"))
    with pytest.raises(Locked, match="The agent was stopped"):
        key.unseal(ENVELOPE, BINDING)
    assert lost == ["acme"] and agent.problem is None
    os.unlink(path)
    assert not agent.in_reach and agent.find("acme", PAIR.public_pem, lambda: None) is None


@pytest.mark.parametrize("act", ["tenants", "find", "add", "unseal"])
def test_a_socket_of_another_program_is_reported_once_and_sent_nothing(place: dict[str, str], act: str) -> None:
    path = client.socket_path(place)
    os.mkdir(os.path.dirname(path), 0o700)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as planted:
        planted.bind(path)
        planted.listen(1)
        agent = Agent(place)
        if act == "tenants":
            assert agent.tenants() == []
        elif act == "find":
            assert agent.find("acme", PAIR.public_pem, lambda: None) is None
        elif act == "add":
            assert agent.add("acme", PAIR.private) is False
        else:
            key = client.AgentKey(agent, "acme", PAIR.key_id, PAIR.public_pem, "", lambda: None)
            with pytest.raises(Locked, match="and is not the agent"):
                key.unseal(ENVELOPE, BINDING)
        assert agent.problem is not None
        assert agent.problem.message == f"Process {os.getpid()} listens at {path}, and is not the agent."
        assert not agent.in_reach, "it is not asked again"
