"""Make text safe for a terminal or a log.

Every text from outside (answers, model names, error bodies, pastes, file names, stored names) passes `printable` or
`one_line` where it enters the program. Both are idempotent, and both work code point by code point, so that a text cut
into pieces anywhere comes out the same.
"""

import re
import unicodedata
from collections.abc import Sequence

from tui.secret import MASK

TAB = 4
_TAIL_FROM = 20
_TAIL = 4

# C0 but tab and line feed, DEL, C1, bidi marks, embeddings, overrides and isolates, line and paragraph separators,
# lone surrogates, interlinear annotation, and the byte order mark.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f\ud800-\udfff\ufff9-\ufffb\ufeff]"
)
_BREAKS = re.compile("\r\n|[\r\u2028\u2029\x85]")


# What is drawn as nothing: soft hyphen, fillers, zero-width space, word joiner, tags; and the joiners of scripts.
_INVISIBLE = "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u3164\uffa0\U000e0000-\U000e0fff]"
_JOINERS = "[\u200c\u200d\ufe00-\ufe0f]"

# The same where a name shows them: a joiner beside a letter of ASCII joins nothing, but for the emoji of a key (1️⃣).
_INVISIBLE_OR_JOINER = f"{_INVISIBLE}|(?:^|(?<=[ -~])){_JOINERS}(?!\u20e3)"

# Letters that are drawn like Latin ones and that NFKC leaves alone (from Unicode's confusables.txt). A capital may look
# like another letter than its small one: В is like B, в is not like b. In order: Cyrillic, Greek, Armenian, Cherokee,
# Lisu and Coptic capitals.
_CONFUSABLE_CAPITALS = str.maketrans(
    "АВЕЅІЈКМНОРСТУХҮԌԚԜҺΑΒΕΖΗΙΚΜΝΟΡΤΥΧՍՕՏᎪᏴᏟᎠᎬᏀᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜⲞⲤⲢⲘⲚⲦⲬ",
    "abesijkmhopctyxygqwhabezhikmnoptyxuosabcdeghjklmprstvwzabcdefghijklmnoprstuvwxyzocpmntx",
)
# Small ones: Cyrillic, Greek, Armenian, Coptic, Latin ones beyond ASCII.
_CONFUSABLE = str.maketrans(
    "аеорсухіјѕԁһӏԛԝүѵνοραικτυχϲϳօսոհցյզⲟⲥⲣıɑɡɩʏᴏᴄᴠᴡᴢꜱ",
    "aeopcyxijsdhlqwyvvopaiktuxcjounhgjqocpiagiyocvwzs",
)
_DASHES = "[\u2010-\u2015\u2043\u2212\u02d7\u06d4\u2796\u30fc\u3161]"


def printable(text: str) -> str:
    """Remove control, C1 and bidi characters; line ends become line feeds, tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("", _BREAKS.sub("\n", text)).replace("\t", " " * TAB)


def one_line(text: str, limit: int = 300) -> str:
    """Return printable text on one line of at most `limit` characters; a cut one ends in `…`."""
    line = " ".join(printable(text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def visible(text: str) -> str:
    """Return printable text in which characters that are drawn as nothing are escapes, such as ‹U+200B›.

    For names and sentences, where they make two IDs look alike. Answers keep them: some scripts need them.
    """
    if text.isascii():
        return printable(text)
    return re.sub(_INVISIBLE_OR_JOINER, lambda match: f"‹U+{ord(match[0]):04X}›", printable(text))


def is_id(text: str, limit: int = 300) -> bool:
    """Return True if a text is shown as it is: one line without hidden characters, as an id needs it."""
    return text == one_line(text, limit) and not has_invisible(text, joiners=True)


def has_invisible(text: str, joiners: bool = False) -> bool:
    """Return True if a text holds characters that are drawn as nothing and that no script needs.

    With `joiners`, those count as well that some scripts and emoji need.
    """
    if text.isascii():
        return False
    return bool(re.search(_INVISIBLE, text) or (joiners and re.search(_JOINERS, text)))


def is_blank(text: str) -> bool:
    """Return True if nothing of a text is seen: blanks, control and hidden characters."""
    return not re.sub(_JOINERS, "", re.sub(_INVISIBLE, "", printable(text))).replace("\u2800", "").strip()


def is_confusable(one: str, other: str) -> bool:
    """Return True if two names are drawn alike.

    They may differ in case, width, font (NFKC), blanks, dashes, hidden characters and letters of other alphabets that
    are drawn like Latin ones. Accents count, as they tell names apart; so do 1, l and I, and 0 and O, which the fonts
    of terminals draw differently.
    """

    def drawn(text: str) -> str:
        shown = re.sub(_DASHES, "-", re.sub(_JOINERS, "", re.sub(_INVISIBLE, "", unicodedata.normalize("NFKC", text))))
        folded = shown.translate(_CONFUSABLE_CAPITALS).casefold().translate(_CONFUSABLE)
        return " ".join(folded.replace("\u2800", " ").split())

    return drawn(one) == drawn(other)


def escaped_json(text: str) -> str:
    """Return JSON with escapes for what no terminal should get; it is the same JSON, and files are read on terminals.

    Outside of its strings, JSON has no such characters.
    """
    if printable(text) == text:
        return text
    return "".join(char if printable(char) == char else f"\\u{ord(char):04x}" for char in text)


def in_words(parts: Sequence[str]) -> str:
    """Return `one`, `one and two`, `one, two and three`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def hint_of(secret: str) -> str:
    """Return the last four characters of a secret of twenty or more, else ''.

    They may be stored in clear beside it.
    """
    return secret[-_TAIL:] if len(secret) >= _TAIL_FROM else ""


def mask(hint: str = "") -> str:
    """Return dots of a fixed width and the stored hint; the secret's length never shows."""
    return MASK + hint


def group_fingerprint(fingerprint: str) -> str:
    """Return a fingerprint in groups of four hex digits, as people read it to each other: `9c1e 04d2`."""
    return " ".join(fingerprint[place : place + 4] for place in range(0, len(fingerprint), 4))
