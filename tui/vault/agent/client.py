"""Ask the agent: whether it runs, to keep a private key, and to use one that it keeps."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.errors import Action, Locked, Problem, Remedy
from tui.process import local_socket
from tui.secret import Secret
from tui.vault import key_pair
from tui.vault.agent import protocol
from tui.vault.envelope import Binding, HandleLost, undecryptable

TIMEOUT = 2.0
"""Seconds for each step of a request; an agent that is stopped does not answer at all."""

_FIELDS = ("tenant", "provider", "credential", "key_id", "origins", "plain_http")


class AgentNotRunning(Problem):
    """No agent of this user runs, or it ended before it answered."""


def socket_path(environ: Mapping[str, str]) -> str:
    """Return the path of the agent's socket; raise Problem if there is no safe folder for one."""
    return os.path.join(local_socket.folder(environ), protocol.NAME)


@dataclass
class Agent:
    """The agent of this user, whether it runs or not.

    Attributes:
        environ: Where its socket is looked for.
        problem: Why an agent that is there is not asked any more, if so.
    """

    environ: Mapping[str, str] = field(repr=False)
    problem: Problem | None = None

    @property
    def in_reach(self) -> bool:
        """Whether there may be an agent; nothing is asked."""
        if self.problem is not None:
            return False
        runtime = self.environ.get(local_socket.VARIABLE, "")
        return os.path.isabs(runtime) and os.path.lexists(os.path.join(runtime, "modeldeck", protocol.NAME))

    def status(self) -> dict[str, Any]:
        """Return what the agent says of itself; raise Problem if it is off, unsafe to ask, or does not answer."""
        answer = self.ask(do="status")["ok"]
        return answer if isinstance(answer, dict) else {}

    def tenants(self) -> list[dict[str, Any]]:
        """Return the tenants that are open in the agent: `tenant`, `key_id`, seconds `left`; none if it is off."""
        if not self.in_reach:
            return []
        try:
            listed = self.status().get("tenants")
        except AgentNotRunning:
            return []
        except Problem as problem:
            self.problem = problem
            return []
        return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []

    def find(self, tenant_id: str, public_pem: str, lost: Callable[[], object]) -> "AgentKey | None":
        """Return a handle of a tenant's private key if the agent has it; `lost` is called once it has it no more."""
        if not self.in_reach:
            return None
        public = protocol.digest(public_pem)
        try:
            answer = self.ask(do="find", tenant=tenant_id, public=public)
        except AgentNotRunning:
            return None
        except Problem as problem:
            self.problem = problem
            return None
        key = answer.get("ok")
        if not isinstance(key, dict) or protocol.digest(str(key.get("public_pem"))) != public:
            return None
        return AgentKey(self, tenant_id, str(key.get("key_id")), public_pem, public, lost)

    def add(self, tenant_id: str, private: key_pair.PrivateKey) -> bool:
        """Give a private key to the agent; return False if it is off or does not take it."""
        if not self.in_reach:
            return False
        try:
            answer = self.ask(do="add", tenant=tenant_id, private=key_pair.export(private, None).decode())
        except AgentNotRunning:
            return False
        except Problem as problem:
            self.problem = problem
            return False
        return answer.get("ok") == private.public_pem

    def forget(self, tenant_id: str = "") -> int:
        """Let the agent forget a tenant's keys, or all; return how many. Raise Problem if it does not answer."""
        if not self.in_reach:
            return 0
        try:
            answer = self.ask(do="lock", tenant=tenant_id).get("ok")
        except AgentNotRunning:
            return 0
        return answer if isinstance(answer, int) else 0

    def stop(self) -> None:
        """End the agent; raise Problem if it is off or does not answer."""
        self.ask(do="stop")

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer.

        Raises:
            AgentOff: No agent runs, or it ended meanwhile.
            Problem: It is not this user's, does not answer, or the request is too long.
        """
        try:
            message = protocol.encode({"version": protocol.VERSION, **request})
        except ValueError:
            raise Problem("This is too long to send to the agent.", remedy=Remedy(Action.UNLOCK)) from None
        try:
            path = socket_path(self.environ)
            with local_socket.connect(path, TIMEOUT) as connection:
                connection.sendall(message)
                size = protocol.length(_read(connection, protocol.PREFIX))
                return protocol.decode(_read(connection, size))
        except (FileNotFoundError, ConnectionRefusedError):
            raise AgentNotRunning("The agent is off.") from None
        except TimeoutError:
            pid = local_socket.listening_process(path)
            who = f" (process {pid})" if pid else ""
            raise Problem(f"The agent{who} does not answer.", "It is not retried.") from None
        except (OSError, ValueError):
            raise AgentNotRunning("The agent was stopped.") from None


@dataclass(frozen=True)
class AgentKey:
    """A key handle: the private key is in the agent."""

    agent: Agent = field(repr=False)
    tenant_id: str
    key_id: str
    public_pem: str = field(repr=False)
    public: str
    lost: Callable[[], object] = field(repr=False)

    def authenticate(self, content: bytes) -> str:
        """Return an HMAC-SHA-256 of the content, keyed by the private key, as 64 hex digits."""
        answer = self._use(do="authenticate", content=content.decode())
        if not isinstance(answer, str):
            raise self._no_longer()
        return answer

    def unseal(self, text: str, binding: Binding) -> dict[str, Secret]:
        """Return the secrets of an envelope; raise Locked for whatever is wrong with it."""
        bound = {name: getattr(binding, name) for name in _FIELDS}
        answer = self._use(do="unseal", envelope=text, binding={**bound, "clear": dict(binding.clear)})
        if not isinstance(answer, dict) or not all(isinstance(value, str) for value in answer.values()):
            raise self._no_longer()
        return {name: Secret(value) for name, value in answer.items()}

    def _use(self, **request: Any) -> Any:
        try:
            answer = self.agent.ask(tenant=self.tenant_id, public=self.public, **request)
        except Problem as problem:
            raise self._no_longer(problem) from None
        if answer.get("error") == protocol.SEALED:
            raise undecryptable()
        if "ok" not in answer:
            raise self._no_longer()
        return answer["ok"]

    def _no_longer(self, problem: Problem | None = None) -> Locked:
        """Note that the key is in the agent no more, and return the problem of whoever wanted to use it."""
        self.lost()
        if problem is not None and not isinstance(problem, AgentNotRunning):
            self.agent.problem = problem
        why = (
            "locked it meanwhile" if problem is None else "was stopped" if isinstance(problem, AgentNotRunning) else ""
        )
        sentence = f"The agent {why}." if why or problem is None else problem.message
        return HandleLost(sentence, "Nothing was changed.", remedy=Remedy(Action.UNLOCK))


def _read(connection: Any, size: int) -> bytes:
    """Read that many bytes; raise ValueError if the other end closes before."""
    parts, remaining = [], size
    while remaining:
        part = connection.recv(min(remaining, 65536))
        if not part:
            raise ValueError("closed")
        parts.append(part)
        remaining -= len(part)
    return b"".join(parts)
