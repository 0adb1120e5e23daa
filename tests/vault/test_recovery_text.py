"""A private key as text to print and to type: it comes back whole, and a slip is named."""

import pytest

from tests.doubles import keys
from tui.errors import UsageError
from tui.secret import Secret
from tui.vault import key_pair, recovery_text

PAIR, OTHER = keys.cached_pair(0), keys.cached_pair(1)
PAGE = [line.reveal() for line in recovery_text.write(PAIR.private)]


def read(page: list[str], public_pem: str = PAIR.public_pem) -> key_pair.PrivateKey:
    return recovery_text.read(recovery_text.lines_in("\n".join(["Recovery text of acme", "", *page])), public_pem)


def test_the_text_and_the_public_key_make_the_private_key() -> None:
    assert all(len(line) == 49 for line in PAGE) and len(PAGE) == recovery_text.line_count(PAIR.public_pem)
    typed = [line.lower().replace("o", "0").replace("  ", " ") for line in PAGE]
    content = b"what the manifest holds"
    private = read(typed)
    assert private.authenticate(content) == PAIR.private.authenticate(content)
    assert key_pair.load(key_pair.export(private, None)).key_id == PAIR.key_id


def test_a_slip_is_named_with_its_line() -> None:
    slip = ("B" if PAGE[1][0] != "B" else "C") + PAGE[1][1:]
    with pytest.raises(UsageError, match="Line 2 of the recovery text is mistyped"):
        read([PAGE[0], slip, *PAGE[2:]])
    with pytest.raises(UsageError, match="Line 1 of"):
        read([PAGE[1], PAGE[0], *PAGE[2:]])
    with pytest.raises(UsageError, match=f"has {len(PAGE)} lines, not {len(PAGE) - 1}"):
        read(PAGE[1:])
    with pytest.raises(UsageError, match="Line 1 of"):
        recovery_text.check_line(1, Secret("é"))


def test_a_text_of_another_key_pair_opens_nothing() -> None:
    with pytest.raises(UsageError, match="of another key pair"):
        read(PAGE, OTHER.public_pem)
