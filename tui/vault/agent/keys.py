"""The opened keys of the agent: what requests do with them, and when they are forgotten. No input or output."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.errors import Problem
from tui.vault import envelope, key_pair
from tui.vault.agent.protocol import ABSENT, INVALID, SEALED, VERSION, Message, digest

_MAX_KEYS = 1000


@dataclass
class OpenKey:
    """A private key, and the times at which it was added and last opened an envelope, in seconds."""

    tenant: str
    private: key_pair.PrivateKey
    added: float
    used: float


@dataclass
class AgentKeys:
    """The opened keys, by the digest of the public key.

    Attributes:
        clock: Seconds, counted while the machine sleeps, too.
        idle: Seconds without an envelope opened after which a key is forgotten.
        ending: When the agent ends, by the clock.
        stopped: Whether a request asked for the end.
    """

    clock: Callable[[], float]
    idle: float
    ending: float
    stopped: bool = False
    _keys: dict[str, OpenKey] = field(default_factory=dict, repr=False)

    def answer(self, request: Message) -> dict[str, Any]:
        """Return the answer to a request."""
        self.expire()
        try:
            if request.get("version") != VERSION:
                raise ValueError
            action = _ACTIONS[_text(request, "do")]
            return {"ok": action(self, request)}
        except _Absent:
            return {"error": ABSENT}
        except _Sealed:
            return {"error": SEALED}
        except (KeyError, TypeError, ValueError, AttributeError, Problem):
            return {"error": INVALID}

    def expire(self) -> None:
        """Forget the keys that were idle for too long, and at the end all."""
        now = self.clock()
        if now >= self.ending:
            self.stopped = True
        self._forget(lambda key: self.stopped or now - key.used >= self.idle)

    def status(self) -> dict[str, Any]:
        """Return what is open, with the seconds that are left."""
        now = self.clock()
        open_keys = [
            {"tenant": key.tenant, "key_id": key.private.key_id, "left": max(0, int(self.idle - (now - key.used)))}
            for key in self._keys.values()
        ]
        return {"left": max(0, int(self.ending - now)), "idle": int(self.idle), "tenants": open_keys}

    def _forget(self, which: Callable[[OpenKey], bool]) -> int:
        chosen = [name for name, key in self._keys.items() if which(key)]
        for name in chosen:
            del self._keys[name]
        if chosen:
            gc.collect()
        return len(chosen)

    def _status(self, request: Message) -> dict[str, Any]:
        return self.status()

    def _find(self, request: Message) -> dict[str, str]:
        private = self._key(request).private
        return {"public_pem": private.public_pem, "key_id": private.key_id}

    def _add(self, request: Message) -> str:
        private, now = key_pair.load(_text(request, "private").encode()), self.clock()
        private.rsa()
        name = digest(private.public_pem)
        if len(self._keys) >= _MAX_KEYS and name not in self._keys:
            raise ValueError
        self._keys[name] = OpenKey(_text(request, "tenant"), private, now, now)
        return private.public_pem

    def _unseal(self, request: Message) -> dict[str, str]:
        key = self._key(request)
        binding = _binding(request["binding"])
        try:
            secrets = key.private.unseal(_text(request, "envelope"), binding)
        except Problem:
            raise _Sealed from None
        key.used = self.clock()
        return {name: secret.reveal() for name, secret in secrets.items()}

    def _authenticate(self, request: Message) -> str:
        return self._key(request).private.authenticate(_text(request, "content").encode())

    def _lock(self, request: Message) -> int:
        tenant = _text(request, "tenant")
        return self._forget(lambda key: not tenant or key.tenant == tenant)

    def _stop(self, request: Message) -> int:
        self.stopped = True
        return self._forget(lambda key: True)

    def _key(self, request: Message) -> OpenKey:
        key = self._keys.get(_text(request, "public"))
        if key is None or key.tenant != _text(request, "tenant"):
            raise _Absent
        return key


class _Absent(Exception):
    """The tenant is not open here."""


class _Sealed(Exception):
    """The envelope does not open."""


_ACTIONS: Mapping[str, Callable[[AgentKeys, Message], Any]] = {
    "status": AgentKeys._status,
    "find": AgentKeys._find,
    "add": AgentKeys._add,
    "unseal": AgentKeys._unseal,
    "authenticate": AgentKeys._authenticate,
    "lock": AgentKeys._lock,
    "stop": AgentKeys._stop,
}


def _text(request: Message, name: str) -> str:
    value = request[name]
    if not isinstance(value, str):
        raise TypeError
    return value


def _binding(value: Message) -> envelope.Binding:
    """Return what an envelope is bound to, from a request."""
    words = [_text(value, name) for name in ("tenant", "provider", "credential", "key_id")]
    clear = value["clear"]
    lists = [value["origins"], value["plain_http"]]
    for texts in (*lists, list(clear.values())):
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError
    return envelope.Binding(words[0], words[1], words[2], words[3], tuple(lists[0]), clear, tuple(lists[1]))
