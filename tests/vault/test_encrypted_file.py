"""A file under a passphrase: another implementation opens it, and a changed one opens for nobody."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tui.errors import Locked, Problem, UsageError
from tui.secret import Secret
from tui.vault import encrypted_file

COST = 2**10
PASSPHRASE = Secret("a FAKE passphrase")
CONTENT = b'{"key": "sk-FAKE-canary-000000000000-9c1e"}'


def file(content: bytes = CONTENT) -> dict[str, Any]:
    key_file: dict[str, Any] = json.loads(encrypted_file.protect(content, PASSPHRASE, COST))
    return key_file


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_what_was_protected_is_opened() -> None:
    for content in (b"", CONTENT, CONTENT * 1000):
        assert encrypted_file.unprotect(file(content), PASSPHRASE).rstrip(b" ") == content


def test_another_implementation_opens_it_by_what_stands_in_it() -> None:
    key_file = file()
    key = Scrypt(salt=unpadded(key_file["salt"]), length=32, n=key_file["n"], r=key_file["r"], p=key_file["p"]).derive(
        PASSPHRASE.reveal().encode()
    )
    bound = json.dumps({name: key_file[name] for name in sorted(key_file) if name != "data"}, separators=(",", ":"))
    opened = AESGCM(key).decrypt(unpadded(key_file["nonce"]), unpadded(key_file["data"]), bound.encode())
    assert opened.rstrip(b" ") == CONTENT


def test_two_files_of_the_same_content_have_nothing_secret_in_common() -> None:
    one, two = file(), file()
    assert {name for name in one if one[name] == two[name]} == {"modeldeck", "version", "kdf", "n", "r", "p", "cipher"}
    assert CONTENT not in json.dumps(one).encode()
    assert len(one["data"]) == len(file(b"")["data"]), "the length of a key does not show"


@pytest.mark.slow
def test_a_usual_file_asks_for_as_much_as_a_private_key() -> None:
    assert json.loads(encrypted_file.protect(CONTENT, PASSPHRASE))["n"] == 2**17


def test_another_passphrase_opens_nothing_and_one_spelt_differently_opens_it() -> None:
    with pytest.raises(Locked, match="Wrong passphrase, or the file was changed"):
        encrypted_file.unprotect(file(), Secret("another FAKE one"))
    key_file = json.loads(encrypted_file.protect(CONTENT, Secret("caf\u00e9 FAKE"), COST))
    assert encrypted_file.unprotect(key_file, Secret("cafe\u0301 FAKE")).startswith(CONTENT)
    with pytest.raises(UsageError, match="needs a passphrase"):
        encrypted_file.protect(CONTENT, Secret(""), COST)


@pytest.mark.slow
def test_every_changed_character_of_what_is_bound_or_sealed_shows() -> None:
    key_file = file()
    for name in ("salt", "nonce", "data"):
        text = key_file[name]
        for place in range(0, len(text), max(1, len(text) // 40)):
            other = "A" if text[place] != "A" else "B"
            with pytest.raises(Problem):
                encrypted_file.unprotect(key_file | {name: text[:place] + other + text[place + 1 :]}, PASSPHRASE)
        with pytest.raises(Problem):
            encrypted_file.unprotect(key_file | {name: text[:-1]}, PASSPHRASE)


@pytest.mark.parametrize(
    "changed",
    [
        {"n": 2**30},
        {"n": 2**17, "r": 64, "p": 16},
        {"n": 0},
        {"n": -2},
        {"n": 1000},
        {"n": "1024"},
        {"n": True},
        {"r": 0},
        {"p": 10**9},
        {"version": 2},
        {"version": "1"},
        {"kdf": "pbkdf2"},
        {"cipher": "none"},
        {"salt": ""},
        {"salt": 7},
        {"nonce": "AAAA"},
        {"data": ""},
        {"data": None},
        {"data": "é"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_file_that_is_not_as_it_should_be_is_refused_before_anything_is_computed(
    changed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = file()
    monkeypatch.setattr(encrypted_file, "_key", lambda *_: pytest.fail("scrypt was run"))
    with pytest.raises(UsageError):
        encrypted_file.unprotect(key_file | changed, PASSPHRASE)


def test_an_entry_that_is_missing_is_refused() -> None:
    key_file = file()
    for name in key_file:
        with pytest.raises(UsageError):
            encrypted_file.unprotect({field: value for field, value in key_file.items() if field != name}, PASSPHRASE)
