"""Sealed lines: each opens in its place alone, and a line that was cut off is none."""

from dataclasses import replace

import pytest

from tests.doubles.keys import cached_pair
from tui.errors import Locked
from tui.secret import Secret
from tui.vault import envelope, sealed_lines
from tui.vault.sealed_lines import LineKey, SealedLine

OWNER, TIME = ("acme", "20261130-140000-0a1b2c3d"), "2026-11-30T14:00:00Z"


@pytest.fixture(scope="module")
def key() -> LineKey:
    return sealed_lines.new_key(cached_pair(0).public_pem, cached_pair(0).key_id, OWNER)[0]


def parts(line: bytes) -> SealedLine:
    split = sealed_lines.split(line)
    assert split is not None
    return split


def test_a_line_opens_in_its_place_and_shows_neither_text_nor_exact_length(key: LineKey) -> None:
    line = sealed_lines.seal(key, OWNER, 3, TIME, "before", {"text": "Wherefore zyzzyva"})
    assert sealed_lines.unseal(key, OWNER, parts(line)) == ("before", {"text": "Wherefore zyzzyva"})
    assert b"zyzzyva" not in line and "zyzzyva" not in repr(parts(line)) + repr(key)
    shorter = sealed_lines.seal(key, OWNER, 3, TIME, "before", {"text": ""})
    assert len(shorter) == len(line)


@pytest.mark.parametrize(
    ("owner", "line"),
    [
        pytest.param(("other", OWNER[1]), {}, id="another tenant's"),
        pytest.param(("acme", "20261130-140000-ffffffff"), {}, id="another chat's"),
        pytest.param(OWNER, {"number": 4}, id="another number"),
        pytest.param(OWNER, {"time": "2026-11-30T14:00:01Z"}, id="another time"),
        pytest.param(("acme2", OWNER[1][1:]), {}, id="characters moved from one item to the next"),
    ],
)
def test_a_line_does_not_open_elsewhere(key: LineKey, owner: tuple[str, str], line: dict[str, object]) -> None:
    sealed = parts(sealed_lines.seal(key, OWNER, 3, TIME, "", {}))
    assert sealed_lines.unseal(key, OWNER, sealed) == ("", {})
    with pytest.raises(Locked):
        sealed_lines.unseal(key, owner, replace(sealed, **line))  # type: ignore[arg-type]


def test_no_part_of_a_line_is_one(key: LineKey) -> None:
    line = sealed_lines.seal(key, OWNER, 12, TIME, "", {"text": "x"})
    assert all(sealed_lines.split(line[:end]) is None for end in range(len(line)))
    _, key_line = sealed_lines.new_key(cached_pair(0).public_pem, cached_pair(0).key_id, OWNER)
    assert all(not sealed_lines.key_line(key_line[:end]) for end in range(len(key_line)))
    assert sealed_lines.key_line(key_line) == cached_pair(0).key_id


def test_every_changed_bit_of_a_line_is_noticed(key: LineKey) -> None:
    sealed = parts(sealed_lines.seal(key, OWNER, 1, TIME, "", {"text": "x"}))
    for place in range(len(sealed.content)):
        changed = bytearray(sealed.content)
        changed[place] ^= 1
        with pytest.raises(Locked):
            sealed_lines.unseal(key, OWNER, replace(sealed, content=bytes(changed)))


def test_a_key_is_wrapped_again_for_another_key_pair() -> None:
    old, new = cached_pair(0), cached_pair(1)
    key, line = sealed_lines.new_key(old.public_pem, old.key_id, OWNER)
    again = sealed_lines.wrapped_again(old.private, line, new.public_pem, new.key_id, OWNER)
    assert sealed_lines.open_key(new.private, again, OWNER).secret == key.secret and len(again) == len(line)
    with pytest.raises(Locked):
        sealed_lines.open_key(old.private, again, OWNER)
    with pytest.raises(Locked):
        sealed_lines.open_key(new.private, line, OWNER)


def test_the_envelope_of_a_credential_or_of_another_chat_holds_no_key() -> None:
    pair = cached_pair(0)
    binding = envelope.Binding("acme", "openai", OWNER[1], pair.key_id, (), {})
    foreign = envelope.seal(pair.public_pem, {"key": Secret("00" * 32)}, binding).encode()
    line = b"mdc1." + foreign + b"." + sealed_lines._check(foreign)
    own = sealed_lines.new_key(pair.public_pem, pair.key_id, OWNER)[1]
    assert sealed_lines.key_line(line) == sealed_lines.key_line(own) == pair.key_id
    assert sealed_lines.open_key(pair.private, own, OWNER)
    for content, owner in ((line, OWNER), (own, ("acme", "20261130-140000-ffffffff")), (own, ("other", OWNER[1]))):
        with pytest.raises(Locked):
            sealed_lines.open_key(pair.private, content, owner)


def test_a_key_opens_with_its_pair_and_its_file_alone(key: LineKey) -> None:
    line = sealed_lines.new_key(cached_pair(0).public_pem, cached_pair(0).key_id, OWNER)[1]
    assert sealed_lines.open_key(cached_pair(0).private, line, OWNER).key_id == cached_pair(0).key_id
    for private, content, owner in (
        (cached_pair(1).private, line, OWNER),
        (cached_pair(0).private, line, ("other", OWNER[1])),
        (cached_pair(0).private, b"no line", OWNER),
    ):
        with pytest.raises(Locked, match="This key does not open"):
            sealed_lines.open_key(private, content, owner)


def test_a_line_that_is_not_base64_is_not_read() -> None:
    for content in ("A", "A" * 4, "A" * 65):
        assert sealed_lines.split(f"1.{content}.{TIME}".encode()) is None
