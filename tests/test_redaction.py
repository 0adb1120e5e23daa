"""What is made of a secret is found in every form, whole and in part, and in pieces of a stream."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.secret import MASK, Secret
from tui.secret.redaction import RUN, Redactor, StreamRedactor

KEY = "sk-FAKE+q8Zr/vX2&mN5wT7=yB4"
REDACTOR = Redactor([Secret(KEY)])


def sent_forms() -> dict[str, str]:
    basic = base64.b64encode(f"user:{KEY}".encode()).decode()
    return {
        "raw": KEY,
        "in a URL": quote(KEY, safe=""),
        "in a URL, lower case": quote(KEY, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        "base64": base64.b64encode(KEY.encode()).decode(),
        "base64 for URLs": base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("="),
        "base64 in a URL": quote(base64.b64encode(KEY.encode()).decode(), safe=""),
        "second part of a base64 text": basic,
        "JSON in a text": json.dumps(KEY).replace("/", "\\/"),
        "HTML": KEY.replace("&", "&amp;"),
    }


@pytest.mark.parametrize("form", sent_forms())
def test_a_secret_is_detected_in_every_form_in_which_it_is_sent(form: str) -> None:
    text = f"You sent {sent_forms()[form]} to us."
    redacted = REDACTOR.text(text)
    assert redacted.startswith("You sent ") and redacted.endswith(" to us.") and MASK in redacted
    assert all(sent_forms()[form][at : at + RUN] not in redacted for at in range(8, len(sent_forms()[form]) - RUN))


def spellings() -> dict[str, str]:
    digits = [f"{ord(character):04x}" for character in KEY]
    return {
        "in capitals": KEY.upper(),
        "with its case swapped": KEY.swapcase(),
        "in hexadecimal": KEY.encode().hex(),
        "in hexadecimal with colons": KEY.encode().hex(":").upper(),
        "backwards": KEY[::-1],
        "spaced out": " ".join(KEY),
        "in groups": "-".join(KEY[at : at + 4] for at in range(0, len(KEY), 4)),
        "wrapped": "\r\n ".join(KEY[at : at + 5] for at in range(0, len(KEY), 5)),
        "with invisible characters": "\u200b".join(KEY),
        "as base64 in lines": "\n".join(base64.b64encode(KEY.encode()).decode()[at : at + 12] for at in (0, 12, 24)),
        "escaped in JSON": "".join(f"\\u{code}" for code in digits),
        "escaped in JSON twice": "".join(f"\\\\u{code}" for code in digits),
        "URL-encoded whole": "".join(f"%{code[2:]}" for code in digits),
        "URL-encoded twice": "".join(f"%25{code[2:]}" for code in digits),
        "HTML numbers": "".join(f"&#{ord(character)};" for character in KEY),
        "HTML numbers, hexadecimal": "".join(f"&#x{code};" for code in digits),
        "UTF-16": KEY.encode("utf-16-le").decode("ascii"),
    }


@pytest.mark.parametrize("spelling", spellings())
def test_a_key_is_detected_however_it_is_spelled(spelling: str) -> None:
    text = f"You sent {spellings()[spelling]} to us."
    redacted = REDACTOR.text(text)
    assert redacted.startswith(f"You sent {MASK}") and redacted.endswith(" to us.") and len(redacted) < 30
    stream, shown = StreamRedactor(REDACTOR), ""
    for at in range(0, len(text), 3):
        shown += stream.feed(text[at : at + 3])
    shown += stream.flush()
    assert MASK in shown and not REDACTOR.spans(shown) and shown.endswith(" to us.")


@pytest.mark.parametrize("secret", ["lm-studio-server", "no-key-for-this-one", "blue door sky tea 42"])
def test_control_words_that_serve_as_a_secret_are_redacted_as_they_are_only(secret: str) -> None:
    redactor = Redactor([Secret(secret)])
    assert redactor.text(f"It is {secret}.") == f"It is {MASK}."
    for words in ("LM Studio Server", "No key for this one", "Blue, door; sky: tea, 42"):
        assert redactor.text(words) == words


def test_control_words_next_to_one_another_are_no_part_of_a_key() -> None:
    redactor = Redactor([Secret("eyJFAKEexample0keyofnobody.FAKE3f2a")])
    assert redactor.text("https://elsewhere.example.test/v1") == "https://elsewhere.example.test/v1"


def test_eight_characters_in_a_row_are_enough_and_seven_are_not() -> None:
    for at in range(len(KEY) - RUN + 1):
        for before in ("", " ", "key: "):
            assert REDACTOR.text(f"{before}{KEY[at : at + RUN]}…") == f"{before}{MASK}…"
            assert MASK not in REDACTOR.text(f"{before}{KEY[at : at + RUN - 1]}…")


def test_the_words_of_a_signed_value_are_secrets_too() -> None:
    signature = base64.b64encode(bytes(range(32))).decode()
    packed = base64.b64encode(f'api_key="FAKE0123456789abcdefFAKE", signature="{signature}"'.encode()).decode()
    redactor = Redactor([Secret(packed)])
    assert redactor.text(f"got {packed}") == f"got {MASK}"
    assert redactor.text(f"HMAC signature {signature} is wrong") == f"HMAC signature {MASK} is wrong"
    assert redactor.text("FAKE0123456789abcdefFAKE") == MASK


def test_the_scheme_of_a_header_is_no_secret() -> None:
    redactor = Redactor([Secret("Bearer q8ZrvX2mN5wT7yB4")])
    assert redactor.text("Use Bearer quietly, not Bearer q8ZrvX2mN5wT7yB4") == f"Use Bearer quietly, not Bearer {MASK}"


def test_a_short_secret_is_detected_as_a_whole_and_the_shortest_are_words() -> None:
    assert Redactor([Secret("pass1")]).text("pass1 and pass") == f"{MASK} and pass"
    assert Redactor([Secret("the")]).text("the end") == "the end"


@pytest.mark.parametrize("odd", ["\udcff", "\ud800"])
def test_a_secret_with_bytes_that_are_no_text_is_masked_and_others_are_too(odd: str) -> None:
    redactor = Redactor([Secret(f"open {odd} sesame"), Secret(KEY)])
    assert redactor.text(f"{KEY} is not open {odd} sesame") == f"{MASK} is not {MASK}"


def test_json_is_redacted_with_its_names() -> None:
    assert REDACTOR.json({KEY: [KEY, 1, None, {"x": f"a {KEY}"}]}) == {MASK: [MASK, 1, None, {"x": f"a {MASK}"}]}


@pytest.mark.slow
@given(st.lists(st.integers(1, 9), max_size=20), st.sampled_from(["", "Here: ", "sk-FA ", "q8Zr"]))
def test_a_stream_shows_no_run_however_it_is_cut(sizes: list[int], before: str) -> None:
    text, stream, shown = f"{before}{KEY} and so on; {KEY[3:20]}", StreamRedactor(REDACTOR), []
    for size in [*sizes, len(text)]:
        shown.append(stream.feed(text[:size]))
        text = text[size:]
    shown.append(stream.flush())
    assert all(KEY[at : at + RUN] not in "".join(shown) for at in range(len(KEY) - RUN + 1))
    assert " and so on; " in "".join(shown)


@pytest.mark.slow
@given(st.text(), st.lists(st.integers(1, 9), max_size=20))
def test_a_stream_without_secrets_is_the_same(text: str, sizes: list[int]) -> None:
    stream, shown, rest = StreamRedactor(REDACTOR), "", text
    for size in [*sizes, len(text)]:
        shown += stream.feed(rest[:size])
        rest = rest[size:]
    assert shown + stream.flush() == REDACTOR.text(text) == text


def test_words_are_not_delayed() -> None:
    stream = StreamRedactor(REDACTOR)
    assert [stream.feed(piece) for piece in ("Hel", "lo", " sk-", "FAKE!")] == ["Hel", "lo", " sk-", "FAKE!"]
