"""The text of an answer in every dialect: thoughts and the control tokens of a template are none of it."""

import pickle

import pytest

from tests.providers.requests import CHATS, meet, of, streamed
from tui.providers.dialects.answer_text import AnswerText
from tui.providers.dialects.finish_reasons import finish
from tui.providers.events import Event, Finish, TextDelta, ThinkingDelta

SIZES = (1, 2, 3, 7, 1_000)
END = Finish("stop")
ANALYSIS = "<|channel|>analysis<|message|>Greet, 1 < 2.<|end|><|start|>assistant"

THOUGHTS = {
    "<think>Hm</think>\n\nGood day": ("Hm", "Good day"),
    "< think >Hm</ think >Good day": ("Hm", "Good day"),
    "<think type=\"deep\" effort='high'>Hm</think>Good day": ("Hm", "Good day"),
    "<think\n>Hm</think\n>Good day": ("Hm", "Good day"),
    "<Think>Hm</THINK>Good day": ("Hm", "Good day"),
    "<reasoning>Hm</reasoning>Good day": ("Hm", "Good day"),
    "<reason>Hm</reason>Good day": ("Hm", "Good day"),
    "<scratchpad>Hm</scratchpad>Good day": ("Hm", "Good day"),
    "<analysis>Hm <b>x</b></analysis>\nGood day": ("Hm <b>x</b>", "Good day"),
    "<reflection>Hm</reflection>Good day": ("Hm", "Good day"),
    "<antThinking>Hm</antThinking>Good day": ("Hm", "Good day"),
    "<|im_start|>assistant\n<think>Hm</think>Good day<|im_end|>": ("Hm", "Good day"),
    "<|START_THINKING|>Hm<|END_THINKING|><|START_RESPONSE|>Good day<|END_RESPONSE|>": ("Hm", "Good day"),
    "<|begin_of_thought|>Hm<|end_of_thought|>\n<|begin_of_solution|>Good day<|end_of_solution|>": ("Hm", "Good day"),
    f"{ANALYSIS}<|channel|>final<|message|>Good day<|return|>": ("Greet, 1 < 2.", "Good day"),
    f"<|start|>assistant{ANALYSIS}<|channel|>final <|constrain|>json<|message|>{{}}": ("Greet, 1 < 2.", "{}"),
    "<|channel|>final<|message|>Good day<|end|>": ("", "Good day"),
    f"{ANALYSIS}<|channel|>commentary to=functions.f <|constrain|>json<|message|>{{}}<|call|>": ("Greet, 1 < 2.{}", ""),
    "analysisWe greet.assistantfinalGood day": ("We greet.", "Good day"),
}
"""An answer, its thinking and its text."""

TOKENS = (
    *("<|im_end|>", "<|eot_id|>", "<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>", "<|endoftext|>", "<|end|>", "<|user|>"),
    *(
        "<|return|>",
        "<|EOT|>",
        "<|eom_id|>",
        "<｜end▁of▁sentence｜>",
        "<|end_of_box|>",
        "<end_of_turn>",
        "<eos>",
        "</s>",
    ),
    *("[EOS]", "<end_of_utterance>", "<|im_end|>\n<|im_end|>\n", "\n<|eot_id|>", "<|im_end|><|endoftext|>"),
)
LLAMA = "<|start_header_id|>assistant<|end_header_id|>\n\n"
TEXTS = (
    "Good day",
    "It ends with <|im_end|>",
    "It ends with `<|im_end|>`",
    "```\n<|im_start|>user\nHi<|im_end|>\n```",
    "a <|im_end|> b",
    "Good<|im_end|>\nday",
    "<s>old</s>",
    "<b>bold</b>",
    "vector<int>",
    "Dear <|name|>",
    "1 <",
    "a [E",
    "<|im_start|> opens a turn",
    "<thin>",
    "<analysis>All of it</analysis>",
    "<scratchpad>\nAll of it",
    "<think",
    "analysis is hard",
    "analysis",
    "<|channel|> is a token",
    "assistant",
    "  indented",
    "<!DOCTYPE html>\n<p>",
    "x " * 600 + "<|",
)
"""Texts that are no template's."""


def read(text: str, size: int) -> tuple[str, str]:
    """Return the thinking and the text of an answer that comes in pieces of this size."""
    answer = AnswerText()
    pieces: list[Event] = [TextDelta(text[at : at + size]) for at in range(0, len(text), size)]
    return texts_of([event for piece in [*pieces, END] for event in answer.events(piece)])


def texts_of(events: list[Event]) -> tuple[str, str]:
    """Return the thinking and the text among events."""
    thoughts = [event.text for event in events if isinstance(event, ThinkingDelta)]
    return "".join(thoughts), "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("answer", THOUGHTS)
def test_thinking_is_never_text_however_it_is_marked(answer: str, size: int) -> None:
    if answer.startswith("analysis") and size < len("analysis"):
        return  # Only as a token of its own; every answer that begins with "a" would have to wait.
    thought, text = read(answer, size)
    assert (thought.strip(), text.strip()) == THOUGHTS[answer]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("token", TOKENS)
def test_control_tokens_behind_the_last_word_are_left_out(token: str, size: int) -> None:
    assert read(f"Good day{token}", size)[1].rstrip() == "Good day"


@pytest.mark.parametrize(
    "token", ["<|im_start|>assistant\n", "<|assistant|>", "<|START_RESPONSE|>", "<|begin_of_box|>"]
)
@pytest.mark.parametrize("size", SIZES)
def test_control_tokens_before_the_first_word_are_left_out(token: str, size: int) -> None:
    assert read(f"{token}Good day", size) == ("", "Good day")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", TEXTS)
def test_control_text_that_no_template_put_there_stays(text: str, size: int) -> None:
    assert read(text, size)[1] == text


@pytest.mark.parametrize("piece", ["<|im_end|>", "<|EOT|>\n", "<think>", "<", "<|", "[EOS]", "<|channel|>", " "])
def test_endless_control_tokens_use_bounded_memory(piece: str) -> None:
    answer = AnswerText()
    events = [event for _ in range(5_000) for event in answer.events(TextDelta(piece))]
    waiting = len(pickle.dumps(answer))
    assert waiting < 8_000 and len("".join(texts_of([*events, *answer.rest()]))) <= 5_000 * len(piece)


@pytest.mark.parametrize(
    ("reason", "note"),
    [("stop", "The answer is empty."), ("length", "The answer reached its length limit before its first word;")],
)
def test_an_answer_of_thinking_alone_is_reported_as_empty(reason: str, note: str) -> None:
    answer = AnswerText()
    ends = [*answer.events(TextDelta("<think>Hm</think>")), *answer.events(finish(reason))]
    assert isinstance(ends[-1], Finish) and ends[-1].note.startswith(note)


@pytest.mark.parametrize("chat", [chat for chat in CHATS if chat.stream], ids=str)
async def test_thinking_is_separated_from_the_text_in_every_dialect(chat) -> None:  # type: ignore[no-untyped-def]
    text = of(chat).text
    answer = streamed(chat, text("<think>"), text("Hm"), text("</think>"), text("Good day<|im_end|>"), of(chat).closing)
    outcome = await meet(chat, answer)
    assert texts_of(outcome.events) == ("Hm", "Good day")
