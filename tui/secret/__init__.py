"""A box for a secret: it can be passed around, compared and dropped, but not shown by accident."""

import hmac
from typing import NoReturn
from weakref import WeakValueDictionary

MASK = "••••••••"

_live: "WeakValueDictionary[int, Secret]" = WeakValueDictionary()


def live() -> list["Secret"]:
    """Return the secrets that this process holds, so that a text can be cleared of them."""
    return list(_live.values())


class Secret:
    """Text that never appears in a repr, a format, a pickle or a JSON file.

    `reveal()` is the one way out; call it in the expression that uses the value, and bind the result to no name that a
    traceback could print.
    """

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        _live[id(self)] = self

    def reveal(self) -> str:
        """Return the text. Call it only where the secret is sent or sealed."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # A passphrase may hold bytes that are no text.
        first, second = (box._text.encode("utf-8", "surrogatepass") for box in (self, other))
        return hmac.compare_digest(first, second)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class SecretReference(Secret):
    """Says where a secret is, in place of the secret: no secret itself, and never sent or sealed."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def text(self) -> str:
        """The reference as it is stored and shown."""
        return self._text
