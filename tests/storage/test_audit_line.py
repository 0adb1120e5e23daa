"""A line of the audit log that is checked by its bytes is one that parsing it would call right."""

import pytest

from tui.storage import audit_log
from tui.storage.audit_line import sealed_lines
from tui.storage.audit_log import AuditEvent, Finding, Head, line, start, verify

KEY = bytes(range(32))
ABOUT = {"model": 'a "mac": "b", "n": 2, "prev": "c"}', "name": '", "mac": "', "numbers": [1, 2]}


def write(count: int) -> tuple[list[bytes], Head]:
    lines, head = [], start("acme")
    for number in range(count):
        event, state = AuditEvent("default set", ABOUT), f"abc{number}" if number % 2 else ""
        added, head = line(head, "2026-11-22T13:51:00Z", {"user": "ada"}, event, state, KEY)
        lines.append(added)
    return lines, head


LINES, HEAD = write(4)


def parse(content: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings where each line is parsed."""
    with monkeypatch.context() as patch:
        patch.setattr(audit_log, "sealed_lines", lambda key: lambda *line: None)
        return verify(content, HEAD, start("acme"), KEY)


def test_the_lines_that_are_written_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(audit_log, "parse")
    assert verify(b"".join(LINES), HEAD, start("acme"), KEY) == []


@pytest.mark.slow
def test_an_edited_byte_is_named_as_by_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"".join(LINES)
    for place in range(0, len(content), 5):
        edited = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        findings = verify(edited, HEAD, start("acme"), KEY)
        assert findings and findings == parse(edited, monkeypatch)


def test_a_line_with_an_hmac_of_its_own_in_another_place_of_the_chain_is_not_passed() -> None:
    check, first = sealed_lines(KEY), start("acme").hash
    text = LINES[0].rstrip(b"\n")
    assert check(text, 1, first) == "", "control"
    assert check(text, 2, first) is None and check(text, 1, "0" * 64) is None
    assert sealed_lines(bytes(32))(text, 1, first) is None
    for more in (b" ", b"}", b', "mac": "' + b"0" * 64 + b'"'):
        assert check(text + more, 1, first) is None and check(more + text, 1, first) is None


def test_a_line_is_sealed_by_the_hmac_of_the_standard() -> None:
    check, text = sealed_lines(KEY), LINES[1].rstrip(b"\n")
    assert check(text, 2, audit_log.parse(text).prev) == "abc1"  # type: ignore[union-attr]
    assert audit_log.authentic(text, KEY), "which computes it by `hmac.digest`"
