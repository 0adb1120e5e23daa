"""The faults that any step of any call can meet, as data: what the other side answers, and what becomes of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from tests.providers.answer_kinds import WORDS, pack
from tests.providers.http_server import HOLD, QUICK, RESET, Answer, http
from tui.errors import CredentialRejected, NetworkError, Problem
from tui.providers.client.limits import Limits

NOW = 1_795_300_000.0
"""This machine's time in every test of a fault."""

SHORT = replace(QUICK, notice_after=0.3, stream_timeout=0.8, response_timeout=0.8, error_body_timeout=0.3)
SMALL = replace(QUICK, body=200_000, answer=300_000, line=200_000, event=200_000)
JSON = {"content-type": "application/json"}
PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
ELSEWHERE = "another.host.test"
ENDED = "ended before the answer began"
BROKEN = "ended before the answer did|opened no WebSocket"
UNREAD = (
    "text that is not JSON|JSON that (?:ends too early|is nested too deeply)|without text|returned a web page"
    "|stopped before its end|cannot be read|opened no WebSocket"
)


@dataclass(frozen=True)
class Row:
    """A fault: what the step is answered, a pattern of what is said of it, and whether it is asked again.

    An answer that repeats the secrets is made from them. `hint` is part of the second sentence where a key was sent.
    With `times` it is met so often only, and all is well after it. Where `quiet`, an answer that is marked incomplete
    will do. `words` are the server's own, which are shown. `deep` marks a fault that is for the reader of the answer
    to meet; any other is met before, so that it is enough to meet it once where calls ask the same.
    """

    answer: Answer | Callable[[str], Answer]
    says: str = ""
    kind: type[Problem] = Problem
    again: bool = False
    limits: Limits = QUICK
    times: int = 0
    hint: str = ""
    quiet: bool = False
    deep: bool = False
    words: str = ""


def _date(ahead: float) -> str:
    return formatdate(NOW + ahead, usegmt=True)


def _status(status: int, body: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Row:
    return Row([http({} if body is None else body, status, headers)], **more)


def _body(
    content: bytes | str, says: str = UNREAD, deep: bool = False, headers: Mapping[str, str] | None = None
) -> Row:
    return Row([http(content, headers=JSON | dict(headers or {}))], says, quiet=True, deep=deep)


def _words(keys: str) -> Answer:
    return [http({"error": {"message": keys}, "message": keys, "detail": keys, "error_msg": keys}, 400)]


def _page(status: int, **more: Any) -> Row:
    return _status(status, PAGE, {"content-type": "text/html"}, **more)


def _redirect(status: int, target: str, says: str) -> Row:
    return _status(status, "", {"location": target}, says=says)


_LONG = {**JSON, "content-length": "999"}
_LARGE = json.dumps({"data": "x" * 400_000})
_CLOSING = {"connection": "close"}
_CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"

ROWS = {
    # The connection.
    "closed": Row([b""], ENDED, NetworkError, again=True),
    "reset": Row([RESET], ENDED, NetworkError, again=True),
    "cut in the head": Row([b"HTTP/1.1 200 OK\r\ncontent-le"], ENDED, NetworkError, again=True),
    "another protocol": Row([b"SSH-2.0-OpenSSH_9.2\r\n"], ENDED, NetworkError, again=True),
    "two lengths": Row(
        [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n{}"], "not valid HTTP", NetworkError
    ),
    "silence": Row([HOLD], "sent nothing of use", NetworkError, limits=SHORT),
    # Statuses.
    **{f"status {item}": _status(item, deep=True) for item in (400, 403, 404, 405, 422)},
    **{f"status {item}": _status(item) for item in (402, 410, 413, 418)},
    "status 401": _status(401, says="[Kk]ey", kind=CredentialRejected, deep=True),
    "status 407": _status(407, says="proxy", kind=NetworkError),
    **{f"status {item}": _status(item, again=True) for item in (408, 409, 500, 502, 503, 504, 529)},
    "status 429": _status(429, again=True, deep=True),
    "status 304": _status(304, "", says="304"),
    "wrong clock": _status(401, headers={"date": _date(-420)}, kind=CredentialRejected, hint="clock is 7 min ahead"),
    "words that repeat the key": Row(_words, deep=True),
    "hostile words": _status(400, {"error": {"message": "\x1b[2J\u202e" + "* a" * 50_000}}, deep=True),
    # The server's own words, in shapes that no vendor documents (K3).
    "words in a success": replace(_body(json.dumps({"code": 1113, "message": WORDS}), "", deep=True), words=WORDS),
    "words about a field": _status(
        422, {"detail": [{"loc": ["body", "x"], "msg": WORDS, "type": "value_error"}]}, deep=True, words=WORDS
    ),
    "words in plain text": _status(400, WORDS, {"content-type": "text/plain"}, deep=True, words=WORDS),
    "words packed unasked": Row([http(pack({"errors": [{"message": WORDS}]}), 400)], deep=True, words=WORDS),
    # How long to wait.
    "busy once": _status(429, headers={"retry-after": "0.01"}, times=1),
    "busy until a date": _status(503, headers={"retry-after": _date(0)}, again=True),
    "busy for an hour": _status(429, headers={"retry-after": _date(3600)}),
    "busy for 61 s": _status(429, headers={"retry-after": "61"}),
    "busy for -3 s": _status(429, headers={"retry-after": "-3"}, again=True),
    "busy for nonsense": _status(429, headers={"retry-after": "soon"}, again=True),
    # Something on the way.
    **{
        f"page {item}": _page(item, says="returned a web page", kind=NetworkError) for item in (200, 400, 401, 403, 404)
    },
    "status 511": _status(511, says="requires a sign-in", kind=NetworkError),
    "page 502": _page(502, again=True),
    **{
        f"redirect {item}": _redirect(item, f"https://{ELSEWHERE}/v1", f"{ELSEWHERE}. The redirect was not followed")
        for item in (300, 301, 302, 303, 305, 307, 308)
    },
    "redirect by plain http": _redirect(307, f"http://{ELSEWHERE}/v1", "by plain http. The redirect was not followed"),
    "redirect without scheme": _redirect(308, f"//{ELSEWHERE}/v1", f"{ELSEWHERE}. The redirect was not followed"),
    "redirect to a path": _redirect(302, "/login", "another path, /login. The redirect was not followed"),
    "redirect to nonsense": _redirect(302, "https://[", "not followed"),
    # Answers of success that are none.
    "empty": _body("", "an empty answer|opened no WebSocket", deep=True),
    "status 204": Row([b"HTTP/1.1 204 No\r\n\r\n"], "an empty answer|opened no WebSocket", quiet=True),
    **{f"body {item}": _body(item, deep=True) for item in ("{}", "[]", "null", "[1]", '{"choices": [null]}')},
    # A text in place of an answer is what went wrong, in words.
    'body "text"': _body('"text"', f"{UNREAD}|stopped with an error", deep=True),
    "half of a body": _body('{"data": ['),
    "text for JSON": _body("fine, thanks"),
    "deep JSON": _body("[" * 100_000),
    "packed as br": _body(bytes.fromhex("0b0a8064617461"), "as br|no WebSocket", headers={"content-encoding": "br"}),
    "too large": replace(_body(_LARGE, "larger than|(?:line|message) of more|WebSocket"), limits=SMALL),
    # In the body.
    "cut": Row([http("{", headers=_LONG | _CLOSING)], BROKEN, deep=True),
    "cut chunk": Row([_CHUNKED], BROKEN),
    "reset in the body": Row([http("{", headers=_LONG), RESET], BROKEN),
    "silence in the body": Row(
        [http("{", headers=_LONG), HOLD], "sent nothing of use|no WebSocket", limits=SHORT, deep=True
    ),
    "silence in a refusal": Row([http("{", 400, _LONG), HOLD], limits=SHORT),
}
