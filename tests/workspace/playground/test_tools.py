"""Calls of tools as a person reads them."""

from pathlib import Path

import pytest

from tui.errors import UsageError
from tui.providers.events import ToolCall
from tui.workspace.playground.tools import format_call, read_result, read_tools


def test_letters_of_a_call_are_read_and_what_cannot_be_seen_stays_escaped() -> None:
    call = ToolCall("1", "weather", r'{"city": "\u5bec\u00e9 \u202e\u001b \"\\u5bec"}')
    assert format_call(call) == r'weather {"city": "寬é \u202e\u001b \"\\u5bec"}'
    assert format_call(ToolCall("2", "now", "")) == "now {}"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "is not JSON"),
        (b"[" * 30_000, "is not JSON"),
        (b"[]", "does not describe 1 to"),
        (b'[{"name": "now"}, {"name": "now"}]', "describes now twice"),
        (b" " * 1_100_000, "is larger than 1 MB"),
    ],
)
def test_a_file_without_tools_is_refused_with_the_reason(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "tools.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=says):
        read_tools(path)


def test_a_result_that_no_model_would_read_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_bytes(b"18 degrees")
    assert read_result(path) == "18 degrees"
    path.write_bytes(b"x" * 1_100_000)
    with pytest.raises(UsageError, match="is larger than 1 MB"):
        read_result(path)
