"""The credential of a request, and the check of the request's origin.

Secrets are opened as late as possible, for one attempt, and only after the origin of the request was checked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tui.errors import UsageError
from tui.providers.origins import is_private, origin_of
from tui.providers.spec import FieldValues, Provider
from tui.sanitize import one_line
from tui.secret import Secret


@dataclass(frozen=True)
class Access:
    """What a call may use.

    Attributes:
        provider: The provider that is called.
        fields: The clear fields of the credential.
        origins: The origins (`https://host[:port]`) that the secrets may be sent to.
        plain_http: Those of them that may be reached over plain http beyond this machine.
        secrets: Opens the secrets by field name; called in a thread, once for each attempt.
        key_hint: The last four characters of the stored key, '' for a key that is not saved.
        model: The model as messages name it.
    """

    provider: Provider
    fields: FieldValues
    origins: tuple[str, ...]
    plain_http: tuple[str, ...] = ()
    secrets: Callable[[], Mapping[str, Secret]] = dict
    key_hint: str = ""
    model: str = ""


def check_origin(access: Access, url: str, follows: bool = False) -> None:
    """Raise UsageError unless the credential may be used at that URL, whose path must be the one that is requested.

    Args:
        access: The credential.
        url: Where the request goes.
        follows: Whether an answer named this URL. It may then also be an https URL under one of the provider's
            `host_suffixes`.
    """
    origin = origin_of(url)
    label = access.provider.label
    if any(unquote(part) in (".", "..") for part in urlsplit(url).path.split("/")):
        raise UsageError(
            f"{one_line(access.model, 80) or 'This request'} leads to another path of {label}. Nothing was sent.",
            "A part of it is . or .., which no model ID or address contains.",
        )
    if origin not in access.origins and not (follows and _is_under(origin, access.provider.host_suffixes)):
        raise UsageError(
            f"{origin} is not among the addresses that this credential of {label} may go to. Nothing was sent.",
            "Set the address up with the credential first.",
        )
    if not is_private(origin) and origin not in access.plain_http:
        raise UsageError(
            f"{urlsplit(origin).netloc} uses unencrypted http, which others on the network can read. Nothing was sent.",
            "Use https, or allow plain http for this address when you set it up.",
        )


def _is_under(origin: str, suffixes: tuple[str, ...]) -> bool:
    scheme, _, host = origin.partition("://")
    return scheme == "https" and any(host == suffix or host.endswith(f".{suffix}") for suffix in suffixes)
