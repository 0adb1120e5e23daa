"""Problems: a sentence, a hint, and a typed remedy that each front end words for itself.

Problem               exit 1   anything that failed
├── UsageError         exit 2   the request makes no sense
├── CredentialRejected exit 3   a provider rejected the credential
├── NetworkError       exit 4   the network, a proxy or TLS failed
├── Locked             exit 5   the tenant is locked, or a credential cannot be decrypted
├── ScopeMissing       exit 1   a provider accepted the credential, which lacks a permission
├── SaveFailed         exit 1   data could not be written
└── Conflict           exit 1   another session changed what a form was filled with
"""

import re
from collections.abc import Iterable
from enum import Enum, IntEnum, auto
from typing import NamedTuple


class Exit(IntEnum):
    """Exit codes of the command `modeldeck`."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NETWORK = 4
    LOCKED = 5
    INTERRUPTED = 130


class Action(Enum):
    """What a person can do about a problem. `cli.remedies` and `console.remedies` have the words of each."""

    ADD_LOGIN = auto()
    ADD_MODEL = auto()
    ALLOW_PLAIN_HTTP = auto()
    AWAIT_REQUEST = auto()
    CONFIRM_CHANGES = auto()
    CHECK_STORE = auto()
    CREATE_TENANT = auto()
    EDIT_MODEL = auto()
    IMPORT_MODELS = auto()
    LIST_CREDENTIALS = auto()
    LIST_MODELS = auto()
    LIST_TENANTS = auto()
    RECEIVE_KEY = auto()
    REPLACE_CREDENTIAL = auto()
    REQUEST_ADMISSION = auto()
    RESOLVE_ROTATION = auto()
    ROTATE_KEY_PAIR = auto()
    ROTATE_LOST_KEY = auto()
    SET_PASSPHRASE = auto()
    SET_UP_PROVIDER = auto()
    SET_UP_STORE = auto()
    SHOW_GRANTS = auto()
    UNLOCK = auto()


class Remedy(NamedTuple):
    """An action and what it concerns: ids and names, '' where it concerns none.

    `fields` are entries of a provider's form, each as NAME=VALUE, with `-` for a secret.
    """

    action: Action
    provider: str = ""
    credential: str = ""
    model: str = ""
    fields: tuple[str, ...] = ()


_MAX_MESSAGE = 600
"""Characters of a problem's message."""


class Problem(Exception):
    """A failure in words.

    `message` is a sentence: what happened and whose side it is. `hint` is what to do next, as far as it needs no key
    and no command. `detail` holds the other side's own words (already printable, at most 300 characters), such as a
    provider's error text and request id. `remedy` is a next step that each front end puts into words behind the hint.
    `transient` says that the same request may succeed later: after `retry_after` seconds where the provider says so.
    `refused` is True of any other problem whose answer was a 401 or 403, such as a web page with that status.
    """

    code = Exit.FAILED
    transient = False
    refused = False
    retry_after: float | None = None

    def __init__(self, message: str, hint: str = "", detail: str = "", remedy: Remedy | None = None) -> None:
        super().__init__(message)
        # A path or a stored text in it may be as long as somebody likes.
        self.message = message if len(message) <= _MAX_MESSAGE else message[: _MAX_MESSAGE - 1] + "…"
        self.hint = hint
        self.detail = detail
        self.remedy = remedy


class UsageError(Problem):
    """The input is invalid: a missing field, an unknown name, a value out of range."""

    code = Exit.USAGE


class CredentialRejected(Problem):
    """A provider answered and does not accept the credential."""

    code = Exit.REFUSED


class NetworkError(Problem):
    """No usable response: name lookup, connection, proxy, TLS, timeout."""

    code = Exit.NETWORK


class IncompleteAnswer(NetworkError):
    """An answer is incomplete: the connection was lost, or timed out."""

    transient = True


class Locked(Problem):
    """The tenant must be unlocked first, or its key cannot be decrypted at all."""

    code = Exit.LOCKED


class ScopeMissing(Problem):
    """A provider knows the credential, but it may not do this one thing (such as list models)."""


class SaveFailed(Problem):
    """Nothing could be stored: disk full, no permission, another session's lock, a missing folder."""


class Conflict(Problem):
    """Another session saved something else than a form was filled with. Nothing was changed; it can be saved over."""


_PLAIN_WORD = re.compile(r"[a-z]{1,12}|--?[a-z]{1,12}(-[a-z]{1,12})?")


def nearest(word: str, names: Iterable[str]) -> str:
    """Return the name most similar to the word, or '' if none is similar.

    A similar name differs in a third of its characters at most, or the one begins with the other. The dashes that all
    options begin with make none similar.
    """
    import difflib  # only a wrong word waits for it

    typed = word.lower().lstrip("-")[:100]
    by_lower = {name.lower().lstrip("-"): name for name in names}
    matches = difflib.get_close_matches(typed, by_lower, n=3)
    return next((by_lower[match] for match in matches if _is_similar(typed, match)), "")


def _is_similar(word: str, name: str) -> bool:
    if min(len(word), len(name)) >= _MIN_PREFIX and (name.startswith(word) or word.startswith(name)):
        return True
    return edit_distance(word, name) <= max(1, len(name) // 3)


_MIN_PREFIX = 3


def edit_distance(one: str, other: str) -> int:
    """Return how many characters must be inserted, removed, replaced or swapped with the next to make the other."""
    before: list[int] = []
    row: list[int] = [*range(len(other) + 1)]
    for place, letter in enumerate(one, 1):
        earlier, before, row = before, row, [place]
        for index, against in enumerate(other, 1):
            costs = [before[index] + 1, row[index - 1] + 1, before[index - 1] + (letter != against)]
            if place > 1 and index > 1 and (letter, one[place - 2]) == (other[index - 2], against):
                costs.append(earlier[index - 2] + 1)
            row.append(min(costs))
    return row[-1]


def did_you_mean(word: str, names: Iterable[str], before: str = "") -> str:
    """Return `Did you mean NAME? `, with `before` ahead of the name, or '' if no name is near."""
    near = nearest(word, names)
    return f"Did you mean {before}{near}? " if near else ""


def quotable(word: str, names: Iterable[str] = ()) -> bool:
    """Return True if an error may repeat the word: it is near a known name, or plain letters too short for a key.

    Anything else could be a secret that was typed in the wrong place.
    """
    return bool(_PLAIN_WORD.fullmatch(word) or (len(word) <= 40 and nearest(word, names)))
