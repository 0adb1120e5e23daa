"""Finish reasons in the words of vendors and routers: a cut, a failure, or an end of the model's own."""

from typing import Any

import pytest

from tui.providers.dialects.finish_reasons import NO_TEXT, end_reason, finish, is_failure, reason_of

NO_REASONS: tuple[Any, ...] = (False, 0, None, "", "null", "false", [], {}, {"type": None}, "in_progress", 1.5)
LENGTH = [
    "length",
    "max_tokens",
    "MAX_TOKENS",
    "model_length",
    "max_output_tokens",
    "max_length",
    "token_limit",
    "incomplete",
]
CONTEXT = ["model_context_window_exceeded", "context_length_exceeded"]
FILTER = [
    "content_filter",
    "content-filter",
    "content_filtered",
    "SAFETY",
    "sensitive",
    "RECITATION",
    "prohibited_content",
    "blocked",
    "refusal",
    "guardrail_intervened",
    "content_filter:RECITATION",
]
OWN = [
    "stop",
    "STOP",
    "eos",
    "eos_token",
    "end_turn",
    "stop_sequence",
    "COMPLETE",
    "completed",
    "finished",
    "done",
    "normal",
    "succeeded",
]
FAILED = [
    "error",
    "ERROR",
    "failed",
    "cancelled",
    "canceled",
    "timeout",
    "timed_out",
    "network_error",
    "insufficient_system_resource",
    "abort",
    "aborted",
    "interrupted",
    "exception",
    "internal",
    "overloaded",
    "disconnect",
    "load_shed",
    "killed",
    "preempted",
    "terminated",
]


@pytest.mark.parametrize(
    ("reasons", "complete", "note"),
    [
        (LENGTH, False, "The answer reached its length limit."),
        (CONTEXT, False, "The conversation has reached the model's context limit."),
        (FILTER, False, "The provider's content filter cut the answer."),
        (["pause_turn"], False, "The model paused before the end of its answer."),
        (["tool_calls", "tool_use", "function_call"], True, "The model asked for a tool, and none is offered here."),
        (OWN, True, ""),
        (["a_word_of_its_own"], True, ""),
    ],
)
def test_an_end_in_any_vendors_word(reasons: list[str], complete: bool, note: str) -> None:
    for reason in reasons:
        assert (finish(reason).complete, finish(reason).note) == (complete, note), reason
        assert not is_failure(reason), reason


@pytest.mark.parametrize("reason", FAILED)
def test_a_failure_in_any_vendors_word(reason: str) -> None:
    assert is_failure(reason)


def test_an_answer_without_text_says_so() -> None:
    assert finish("stop", has_text=False).note == NO_TEXT
    assert "thinking used it up" in finish("length", has_text=False).note


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        *(
            (end, "stop")
            for end in (True, 1, "true", ["stop"], {"type": "stop"}, {"reason": "stop", "matched": 2}, "1")
        ),
        *((cut, "length") for cut in (2, {"type": "length"}, {"finish_reason": "length"})),
        *((value, "") for value in NO_REASONS),
    ],
)
def test_a_finish_reason_that_is_not_a_string_is_read(value: Any, reason: str) -> None:
    assert reason_of(value) == reason


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        *(({name: True}, "stop") for name in ("done", "is_end", "isEnd", "finished", "completed", "end")),
        *(({"type": name}, "stop") for name in ("done", "message_stop", "response.completed", "complete")),
        ({"choices": [], "done": True}, "stop"),
        ({"code": 0, "is_end": 1}, "stop"),
        ({"done": "true", "done_reason": "length"}, "length"),
        ({"object": "chat.completion.done"}, "stop"),
        ({"data": "[DONE]"}, "stop"),
        *(
            (other, "")
            for other in ({"done": False}, {"type": "content_block_stop"}, {"type": "ping"}, ["done"], "done")
        ),
        *((other, "") for other in ({"status": "completed"}, {"type": "response.output_text.done"}, {}, None)),
    ],
)
def test_an_end_in_an_event_of_its_own(document: Any, reason: str) -> None:
    assert end_reason(document) == reason
