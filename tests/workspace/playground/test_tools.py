"""Calls of tools as a person reads them."""

from tui.providers.events import ToolCall
from tui.workspace.playground.tools import format_call


def test_letters_of_a_call_are_read_and_what_cannot_be_seen_stays_escaped() -> None:
    call = ToolCall("1", "weather", r'{"city": "\u5bec\u00e9 \u202e\u001b \"\\u5bec"}')
    assert format_call(call) == r'weather {"city": "寬é \u202e\u001b \"\\u5bec"}'
    assert format_call(ToolCall("2", "now", "")) == "now {}"
