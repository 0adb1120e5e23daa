"""What a call may use and where its credential may go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tui.errors import UsageError
from tui.providers.origins import is_private, origin_of
from tui.providers.spec import FieldValues, Provider
from tui.secret import Secret


@dataclass(frozen=True)
class Access:
    """What a call may use: a provider, its clear fields, and the way to the secrets, opened as late as can be.

    Secrets go only to `origins`, and over plain http beyond this machine only to those of `plain_http`. `key_hint` is
    the stored key's last four characters, '' for a key that is not saved; `model` is named in sentences.
    """

    provider: Provider
    fields: FieldValues
    origins: tuple[str, ...]
    plain_http: tuple[str, ...] = ()
    secrets: Callable[[], Mapping[str, Secret]] = dict
    key_hint: str = ""
    model: str = ""


@dataclass(frozen=True)
class Limits:
    """Times in seconds and sizes in bytes.

    `stream_timeout` is how long a streamed answer, or a listing, may bring nothing of use, `response_timeout` how long
    an answer that comes in one piece may take to begin. `backoff` is the first wait before a retry; it doubles, up to
    `backoff_most`. `body` bounds what is parsed at once: 2,048 packed vectors of 3,072 numbers are 33 MB.
    `refusal_time` is how long the words of a refusal are waited for, `cancel` how long stopping what runs at the
    provider may take.
    """

    connect: float = 10
    notice_after: float = 30
    stream_timeout: float = 120
    response_timeout: float = 600
    line: int = 1 << 20
    event: int = 8 << 20
    answer: int = 64 << 20
    body: int = 40 << 20
    refusal: int = 256 << 10
    refusal_time: float = 10
    retries: int = 2
    backoff: float = 0.5
    backoff_most: float = 8
    retry_after: float = 60
    max_repairs: int = 3
    steps: int = 1000
    cancel: float = 5
    connections: int = 32


def check_origin(access: Access, url: str, follows: bool = False) -> None:
    """Raise unless the credential of `access` may be used at that address.

    One that `follows` from an answer may also be an https address under a suffix that the provider's file declares.
    """
    origin = origin_of(url)
    label = access.provider.label
    if origin not in access.origins and not (follows and _is_under(origin, access.provider.host_suffixes)):
        raise UsageError(
            f"{origin} is not among the addresses that this credential of {label} may go to. Nothing was sent.",
            "Set the address up with the credential first.",
        )
    if not is_private(origin) and origin not in access.plain_http:
        raise UsageError(
            f"{urlsplit(origin).netloc} is asked by plain http, which others on the way can read. Nothing was sent.",
            "Use https, or allow plain http for this address when it is set up.",
        )


def _is_under(origin: str, suffixes: tuple[str, ...]) -> bool:
    scheme, _, host = origin.partition("://")
    return scheme == "https" and any(host == each or host.endswith(f".{each}") for each in suffixes)
