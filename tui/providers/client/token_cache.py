"""Cache of access tokens in memory, until shortly before they expire."""

import asyncio
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tui.providers.client.limits import TOKEN_MARGIN
from tui.providers.events import AccessToken
from tui.providers.spec import FieldValues, Provider
from tui.secret import Secret

Key = tuple[str, tuple[tuple[str, str], ...], bytes]


@dataclass(frozen=True)
class LeasedToken:
    """An access token for one attempt, and how to drop it if it was taken from the cache."""

    secret: Secret
    drop: Callable[[], None] | None


@dataclass(frozen=True)
class _CachedToken:
    """An access token, and when it expires, in seconds since the epoch."""

    secret: Secret
    until: float


class Tokens:
    """The tokens of one wire. Whoever needs one holds `lock` meanwhile, so that it is exchanged once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._salt = os.urandom(32)
        self._tokens: dict[Key, _CachedToken] = {}
        self._locks: dict[Key, asyncio.Lock] = {}

    def key(self, provider: Provider, fields: FieldValues, opened: Mapping[str, Secret]) -> Key:
        """Return the cache key of a token: other fields or secrets need another token."""
        digest = hmac.new(self._salt, digestmod=hashlib.sha256)
        for name, secret in sorted(opened.items()):
            for part in (name, secret.reveal()):
                digest.update(hashlib.sha256(part.encode("utf-8", "surrogatepass")).digest())
        return provider.id, tuple(sorted(fields.items())), digest.digest()

    def lock(self, key: Key) -> asyncio.Lock:
        """Return the lock to hold while the token of that key is looked up and exchanged."""
        return self._locks.setdefault(key, asyncio.Lock())

    def get(self, key: Key) -> Secret | None:
        """Return the token of that key if it does not expire soon, else None."""
        cached = self._tokens.get(key)
        return cached.secret if cached and self._clock() < cached.until - TOKEN_MARGIN else None

    def keep(self, key: Key, token: AccessToken) -> None:
        """Keep a token until its end, and let go of those that are past it."""
        now = self._clock()
        self._tokens = {entry: cached for entry, cached in self._tokens.items() if now < cached.until}
        self._tokens[key] = _CachedToken(token.secret, now + token.seconds)

    def drop(self, key: Key, secret: Secret) -> None:
        """Let go of a token that was refused, unless another one was exchanged since."""
        cached = self._tokens.get(key)
        if cached and cached.secret == secret:
            del self._tokens[key]
