"""API errors as problems: what happened, who must act, and what to do.

Hints name no key of the console, since the command line shows them too. No sentence repeats an exception's text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime

from tui.errors import CredentialRejected, NetworkError, Problem, ScopeMissing
from tui.providers.origins import host_of, origin_of
from tui.providers.requests import ApiError
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.secret import MASK
from tui.secret.redaction import Redactor

RESEND = "Sending it again makes a new request. Nothing is retried automatically."
OVERLOAD_STATUSES = frozenset({429, 503, 529})
SIGN_IN = 511
"""The status of a network that requires a sign-in before it lets requests through (RFC 6585, 6)."""

_SKEW = 300
_SINCE_1970 = 1e9
"""More seconds than anybody waits: such a number is a point in time."""

_WORD = r"[^\s\"'`]+"
_AFTER_WORD = r"[^\w*-]*\Z"
_QUOTA_RESET = r"\br=0\s*;\s*t=(\d{1,9})\b"
_TITLE_SEARCH_SIZE = 8192
_TITLE = r"(?i)<(?:\w+:)?(title|h1|message|msg|faultstring|description|error|reason|detail)\b[^>]*>([^<]+)</(?:\w+:)?\1"
"""What a page, or an error in XML, says in its own words."""
_XML = r"(?i)\s*<(?:\?xml|(?:\w+:)?(?:errors?|fault|exception|envelope)\b)"
_PAGE = r"(?i)\s*<(?:!doctype|html|head|body)"


@dataclass(frozen=True)
class ErrorContext:
    """What the sentence of an error may name: provider, URL, model. `keyed`: the request carries a key.

    `redactor` knows the secrets of the request.
    """

    provider: Provider
    url: str
    keyed: bool = False
    key_hint: str = ""
    model: str = ""
    proxy: str = ""
    redactor: Redactor = field(default_factory=Redactor, compare=False)

    @property
    def label(self) -> str:
        """The provider's name, or the host if the provider can be any server."""
        return self.host if self.provider.local_servers else self.provider.label

    @property
    def host(self) -> str:
        """Return the host and, if it is unusual, the port."""
        return host_of(self.url)

    @property
    def nothing_sent(self) -> str:
        """The second sentence of an error before anything was sent."""
        return "The key was not sent." if self.keyed else "Nothing was sent."


def redact(context: ErrorContext, text: str, limit: int = 300) -> str:
    """Return a server's text on one line; a key that it repeats, whole or in part, becomes dots."""
    return one_line(re.sub(_WORD, _join_dots, context.redactor.text(text[: 20 * limit])[: 2 * limit]), limit)


def _join_dots(word: re.Match[str]) -> str:
    if "**" not in word[0]:
        return word[0]
    rest = re.search(_AFTER_WORD, word[0])
    return MASK + (rest[0] if rest else "")


def is_page(text: str, content_type: str = "") -> bool:
    """Return True if the response is a web page."""
    return "html" in content_type or re.match(_PAGE, text) is not None or is_xml(text)


def is_xml(text: str) -> bool:
    """Return True if the response is XML, or an error in it."""
    return re.match(_XML, text) is not None


def words_of_page(text: str) -> str:
    """Return what a page, or an error in XML, says in its own words; '' if that is not found."""
    title = re.search(_TITLE, text[:_TITLE_SEARCH_SIZE])
    return title[2] if title else ""


def page(context: ErrorContext, text: str, status: int = 200) -> Problem:
    """Return the problem of a web page in place of an API response."""
    title = words_of_page(text)
    # A gateway of one's own may refuse a key in this way.
    key = "the key, " if status == 401 and context.keyed else ""
    problem = NetworkError(
        f"{context.host} returned a web page, not an API response ({status}).",
        f"Check {key}the address {shown_url(context.url)}, the proxy, or a sign-in page of this network.",
        redact(context, title, 120),
    )
    problem.refused = status in (401, 403)
    return problem


def redirect(context: ErrorContext, target: str) -> Problem:
    """Return the problem of a redirect: it is never followed, as the key would go to another server."""
    try:
        # A target without a host leads to another path of the same one.
        host = host_of(target) if "://" in target else host_of(f"https:{target}") if target[:2] == "//" else ""
        plain = origin_of(target).startswith("http://") if "://" in target else False
    except Problem:
        host, plain = "", False
    where = f"another path, {shown_url(target)}" if not host else f"{host}{' by plain http' if plain else ''}"
    destination = f" The key went to {context.host} only." if context.keyed else ""
    return Problem(
        f"{context.host} redirected this request to {where}. The redirect was not followed.{destination}",
        "It may be a sign-in page of this network. Use the new address only if you know it."
        if host
        else "Check the path of the address; it may be a sign-in page of this network.",
    )


def unusable_response(context: ErrorContext, what: str, detail: str = "") -> Problem:
    """Return the problem of an answer that cannot be used although its status is one of success."""
    return Problem(f"{context.host} sent {what}.", f"Check that {shown_url(context.url)} is an API URL.", detail)


def too_large(context: ErrorContext, limit: int) -> Problem:
    """Return the problem of a response above the limit, in bytes."""
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit} bytes"
    return Problem(f"The response of {context.label} is larger than {size} and was stopped.", "Request less at once.")


def to_problem(context: ErrorContext, refusal: ApiError, now: float) -> Problem:
    """Return an API error as a problem: by the provider's own code, else by the HTTP status."""
    own = context.provider.describe_error(refusal, context.model)
    problem = own or _by_status(context, refusal, now)
    if refusal.status in (401, 403) and context.keyed:
        # Whoever refused, a clock that is wrong may be all that there is to it.
        problem.hint = _joined(clock_note(refusal.headers, now), problem.hint)
    if not problem.detail:
        # A code that was put into words says nothing more.
        problem.detail = _detail(context, replace(refusal, code="", kind="") if own else refusal)
    return problem


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that the server asks to wait, or None (RFC 9110, 10.2.3).

    `retry-after-ms` is finer (OpenAI, Azure); `ratelimit`, the coming standard, says how long nothing is left
    (`"api";r=0;t=55`).
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        try:
            seconds = float(value) / scale
        except ValueError:
            seconds = _seconds_until(value, now)
        if seconds > _SINCE_1970:
            # Some servers tell when, not how long; a few of them in milliseconds.
            seconds = seconds / (1000 if seconds > 1000 * _SINCE_1970 else 1) - now
        if 0 <= seconds < _SINCE_1970:
            return seconds
    spent = re.search(_QUOTA_RESET, headers.get("ratelimit", "")[:200])
    return float(spent[1]) if spent else None


def clock_note(headers: Mapping[str, str], now: float) -> str:
    """Return a sentence if this clock and the server's differ much: signatures contain the time."""
    ahead = -_seconds_until(headers.get("date", ""), now)
    if not _SKEW < abs(ahead) < float("inf"):
        return ""
    return f"This machine's clock is {_minutes(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the server's."


def _by_status(context: ErrorContext, refusal: ApiError, now: float) -> Problem:
    """Return the problem of an HTTP status whose body says nothing known."""
    label, status = context.label, refusal.status
    match status:
        case 401:
            return _invalid_key(context)
        case 402:
            return Problem(f"Your {label} account has no credit left.", "Add credit on its billing page.")
        case 403:
            return _not_allowed(context)
        case 404 | 405 | 410:
            return _unknown_resource(context, status)
        case 407:
            return NetworkError(
                f"The proxy {context.proxy or 'on the way'} requires a user name and password.",
                "Set them in the proxy variable, as in http://name:password@host:port.",
            )
        case 408:
            return Problem(f"{label} timed out waiting for the request.", "Try again; the network may be slow.")
        case 413:
            return Problem(f"This is too large for {label}.", "Shorten the text, or send a smaller file.")
        case _ if status in OVERLOAD_STATUSES:
            wait = retry_after(refusal.headers, now)
            others = ", or pick another model" if context.model else " and try again"
            return Problem(
                f"{label} is too busy.", f"It asks to wait {_minutes(wait)}." if wait else f"Wait a moment{others}."
            )
        case _ if status == SIGN_IN:
            return NetworkError(
                f"This network requires a sign-in before requests reach {context.host}.",
                "Sign in with a browser on the same network, then try again.",
            )
        case 501 | 505:
            others = ", or use another model" if context.model else ""
            return Problem(
                f"{label} does not support this request ({status}).", f"Check {shown_url(context.url)}{others}."
            )
        case _ if status >= 500:
            return Problem(f"{label} failed on its side ({status}).", "Try again later. The key was not checked.")
        case _ if status >= 400:
            of_model = f" for {context.model}" if context.model else ""
            why = "Its message says why." if refusal.message or refusal.code or refusal.kind else "It does not say why."
            return Problem(f"{label} rejected this request{of_model} ({status}).", why)
        case 0:
            return Problem(f"{label} stopped with an error.", RESEND)
    return Problem(f"{context.host} returned {status}, which is unexpected.", f"Check {shown_url(context.url)}")


def _invalid_key(context: ErrorContext) -> Problem:
    page = context.provider.key_page
    if not context.keyed:
        hint = f"Create one at {page}" if page else "Ask whoever runs the server."
        return CredentialRejected(f"{context.label} requires an API key.", hint)
    another = f"create a new one at {page}" if page else "ask whoever runs the server."
    named = f"rejected the key ending {context.key_hint}" if context.key_hint else "rejected this key"
    return CredentialRejected(f"{context.label} {named}.", f"Check that you copied all of it, or {another}")


def _not_allowed(context: ErrorContext) -> Problem:
    what = f"use {context.model}" if context.model else "do this"
    rights = "Check the key's permissions, and whether its region is supported."
    return ScopeMissing(
        f"{context.label} does not allow this key to {what}.",
        rights if context.provider.key_page else "Ask whoever runs the server what the key is allowed to do.",
    )


def _unknown_resource(context: ErrorContext, status: int) -> Problem:
    what = f"{context.model} is unknown there, or the address is wrong" if context.model else "the address is wrong"
    ending = "; a base URL usually ends in /v1" if _misses_v1(context) else ""
    return Problem(f"{context.host} returned {status}: {what}.", f"Check the URL {shown_url(context.url)}{ending}.")


def _misses_v1(context: ErrorContext) -> bool:
    """Return True if the URL lacks the /v1 of the provider's base URLs."""
    provider = context.provider
    base_urls = [field.default for field in provider.fields if field.url] + [
        local_server.base_url for local_server in provider.local_servers
    ]
    return "/v1/" not in context.url and any(entry.endswith("/v1") for entry in base_urls)


def _detail(context: ErrorContext, refusal: ApiError) -> str:
    parts = [refusal.message or refusal.code or refusal.kind]
    if refusal.request_id:
        parts.append(f"(request {refusal.request_id})")
    return redact(context, " ".join(filter(None, parts)))


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def _seconds_until(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, TypeError, OverflowError, IndexError):
        return float("-inf")


def shown_url(url: str) -> str:
    """Return a URL as messages show it, without its query."""
    return one_line(url.partition("?")[0], 120)
