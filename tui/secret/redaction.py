"""Removes from a text whatever was made of a secret: all of it or a part, in every form in which secrets are sent.

A secret that looks like a key is also found by its letters and digits alone: in hexadecimal, backwards, in capitals,
with blanks or hyphens in it, escaped. `Redactor` reads whole texts, `StreamRedactor` texts that arrive in pieces.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

from tui.secret import MASK, Secret
from tui.secret.spelling import has_escapes, letters, places_of_letters, unescape

RUN = 8
"""Characters in a row of one form of a secret that are removed. Shorter secrets are looked for as a whole."""

_MIN_LENGTH = 4
"""Characters below which a secret would match ordinary words."""

_SAMPLE, _STEP = 4, 5
"""Every run holds a sample of 4 characters that starts at a multiple of 5: 4 + 5 - 1 = 8."""

_TAIL_LENGTHS = tuple(range(RUN - 1, 4, -1))
"""How long the end of a piece must be to be held back, as it may be the beginning of a run."""

_KEY_LENGTH = 16
"""Letters and digits of a secret from which on they are looked for without what is between them, if one is a digit and
nothing a blank: `no-key-required` is a secret to some servers, and its words are ordinary."""

_BEFORE, _BEFORE_ESCAPED = 24, 96
"""Characters of a stream that were shown and are looked at again: a run with two others behind each, or escaped."""

_DIGIT = re.compile("[0-9]")
"""What every key has within a few characters, however it is spelled, and few words have."""

_SCHEME = re.compile(r"(?i)(?:bearer|basic|token|key) +")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_WORD = re.compile(r"[\w+/=.~-]{20,}")
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


def forms(text: str) -> set[str]:
    """Return the forms in which a secret is sent: as it is, URL-encoded, in base64, escaped in JSON or HTML.

    Of a value in base64, such as a signed header, the long words that it unpacks to are included.
    """
    text = _SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text
    plain = {text, *_decode_words(text)}
    plain |= {encoded for word in tuple(plain) for encoded in _base64(word.encode("utf-8", "replace"))}
    escaped: set[str] = set()
    for word in plain:
        # A passphrase may hold bytes that are no text.
        url = {encode(word, errors="replace") for encode in (partial(quote, safe=""), quote_plus, quote)}
        escaped |= url | {_PERCENT.sub(lambda code: code[0].lower(), spelling) for spelling in url}
        escaped |= {json.dumps(word)[1:-1], word.replace("/", "\\/"), repr(word)[1:-1], word.translate(_HTML)}
    return plain | escaped


def _letter_forms(text: str) -> set[str]:
    """Return the letters and digits of the forms of a key; none for a secret that does not look like one."""
    text = _SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text
    letter_forms: set[str] = set()
    for word in (text, *_decode_words(text)):
        plain, data = letters(word), word.encode("utf-8", "replace")
        if len(plain) >= _KEY_LENGTH and any(map(str.isdigit, plain)) and " " not in word:
            letter_forms |= {plain, plain[::-1], data.hex(), *map(letters, _base64(data))}
    return letter_forms


class _Runs:
    """The runs of some forms of secrets. Every run holds a sample, so that most texts need no look at every place.

    With `digits` only those that hold a digit: letters alone may be those of words that follow one another.
    """

    def __init__(self, spellings: Iterable[str] = (), *, digits: bool = False) -> None:
        long = [form for form in spellings if len(form) >= RUN]
        runs = {form[at : at + RUN] for form in long for at in range(len(form) - RUN + 1)}
        self._runs = {run for run in runs if _DIGIT.search(run)} if digits else runs
        self._samples = {form[at : at + _SAMPLE] for form in long for at in range(len(form) - _SAMPLE + 1)}
        self._beginnings: set[str] | None = None

    def __bool__(self) -> bool:
        return bool(self._runs)

    def places(self, text: str) -> list[int]:
        """Return where the runs in a text begin."""
        last = len(text) - RUN
        if last < 0 or self._samples.isdisjoint([text[at : at + _SAMPLE] for at in range(0, len(text) - 3, _STEP)]):
            return []
        return [at for at in range(last + 1) if text[at : at + RUN] in self._runs]

    def tail(self, text: str) -> int:
        """Return how many characters at the end of a text may be the beginning of a run."""
        if self._beginnings is None:
            self._beginnings = {run[:count] for run in self._runs for count in _TAIL_LENGTHS}
        return next((count for count in _TAIL_LENGTHS if text[-count:] in self._beginnings), 0)


class Redactor:
    """Removes some secrets from texts. What they are made of is computed when the first text is read."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets: frozenset[Secret] = frozenset()
        self._ready = True
        self._runs = self._letter_runs = _Runs()
        self._short: list[str] = []
        self.use(secrets)

    def __bool__(self) -> bool:
        """Return True if there is anything to look for in a stream."""
        if not self._ready:
            self._prepare()
        return bool(self._runs or self._letter_runs)

    def use(self, secrets: Iterable[Secret]) -> None:
        """Look for these secrets from now on."""
        distinct = frozenset(secret for secret in secrets if secret)
        if distinct != self._secrets:
            self._secrets, self._ready = distinct, False

    def text(self, text: str) -> str:
        """Return a text with every secret, and every run of 8 characters of one, replaced by dots."""
        if not self._ready:
            self._prepare()
        parts, position = [], 0
        for start, end in self.spans(text):
            parts += [text[position:start], MASK]
            position = end
        text = "".join([*parts, text[position:]]) if parts else text
        for word in self._short:
            text = text.replace(word, MASK)
        return text

    def json(self, value: Any) -> Any:
        """Return parsed JSON with all of its texts redacted, names too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(entry) for entry in value]
        if isinstance(value, dict):
            return {self.text(name): self.json(entry) for name, entry in value.items()}
        return value

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the start and the end of each stretch of a text that consists of runs."""
        if not self._ready:
            self._prepare()
        runs = [(at, at + RUN) for at in self._runs.places(text)]
        if self._letter_runs and _DIGIT.search(text):
            runs += self._letter_spans(text, range(len(text) + 1))
            if has_escapes(text):
                runs += self._letter_spans(*unescape(text))
        if not runs:
            return []
        spans: list[tuple[int, int]] = []
        for start, end in sorted(runs):
            if spans and start <= spans[-1][1]:
                start, before = spans.pop()
                end = max(end, before)
            spans.append((start, end))
        return spans

    def _letter_spans(self, text: str, starts: Sequence[int]) -> list[tuple[int, int]]:
        """Return the stretches of runs in the letters of a text; `starts` says where its characters begin."""
        places = self._letter_runs.places(letters(text))
        indices = places_of_letters(text) if places else []
        return [(starts[indices[at]], starts[indices[at + RUN - 1] + 1]) for at in places]

    def beginning_at(self, text: str) -> int:
        """Return where the end of a text begins that may be the beginning of a run; its length if there is none."""
        if not self._ready:
            self._prepare()
        return len(text) - self._runs.tail(text)

    def _prepare(self) -> None:
        self._ready = True
        spellings: set[str] = set()
        by_letters: set[str] = set()
        short: set[str] = set()
        for secret in self._secrets:
            variants = forms(secret.reveal())
            if len(secret.reveal()) < RUN:
                short |= {form for form in variants if _MIN_LENGTH <= len(form) < RUN}
            spellings |= variants
            by_letters |= _letter_forms(secret.reveal())
        self._runs, self._letter_runs = _Runs(spellings), _Runs(by_letters, digits=True)
        self._short = sorted(short, key=len, reverse=True)


class StreamRedactor:
    """Redacts a text that arrives in pieces. The end of a piece is held back while it may be the beginning of a run."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._before = ""
        self._tail = ""
        self._masked = False

    def feed(self, piece: str) -> str:
        """Return what can be shown now."""
        new = self._tail + piece
        if not self._redactor:
            self._tail = ""
            return new
        before = self._before if _DIGIT.search(self._before + new) else self._before[-RUN + 1 :]
        text, start = before + new, len(before)
        spans = self._redactor.spans(text)
        end = max(start, self._redactor.beginning_at(text), spans[-1][1] if spans else 0)
        shown = self._masked_text(text, start, end, spans) if spans else text[start:end]
        if end > start:
            self._masked = bool(spans) and spans[-1][1] == end
        self._before, self._tail = _tail_of(self._before + text[start:end]), text[end:]
        return shown

    def _masked_text(self, text: str, start: int, end: int, spans: Sequence[tuple[int, int]]) -> str:
        """Return a stretch of a text with the spans in it replaced by dots, once for those that touch."""
        parts, position = [], start
        for first, last in spans:
            if last <= start:
                continue
            first = max(first, start)
            parts.append(text[position:first])
            if not (first == start and self._masked):
                parts.append(MASK)
            position = last
        return "".join([*parts, text[position:end]])

    def flush(self) -> str:
        """Return what was held back, at the end of the text."""
        tail, self._tail = self._tail, ""
        if tail:
            self._before, self._masked = _tail_of(self._before + tail), False
        return tail


def _tail_of(text: str) -> str:
    """Return the end of what was shown that may be the beginning of a run."""
    return text[-_BEFORE_ESCAPED:] if has_escapes(text) else text[-_BEFORE:]


def _base64(data: bytes) -> Iterator[str]:
    """Yield the base64 of bytes at each of the three places where they can lie in a longer text."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + data).decode()
        whole = encoded[(0, 2, 3)[offset] : 8 * (offset + len(data)) // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")


def _decode_words(text: str) -> Iterator[str]:
    """Yield the long words of a text in base64 or a JSON web token, where they are text again."""
    for part in text.split("."):
        padded = part.replace("-", "+").replace("_", "/") + "=" * (-len(part) % 4)
        try:
            yield from _WORD.findall(base64.b64decode(padded, validate=True).decode("ascii"))
        except (ValueError, binascii.Error):
            continue
