"""Messages of the chat: figures of an answer, and the empty state."""

from collections.abc import Sequence

from tui.console.keys import hint, key_of
from tui.console.playground.chat.blocks import NoteBlock
from tui.console.playground.chat.recording import INCOGNITO, RECORDED
from tui.console.widgets.truncate import width
from tui.domain import Model
from tui.workspace.playground.conversation import Answer, AnswerState

_RECORDING_NOTES = {
    "": "Chats are not kept when you quit; {chat.save:typing} saves one as Markdown.",
    RECORDED: "This chat is recorded, encrypted; {chat.history:typing} lists the recorded ones.",
    INCOGNITO: "Incognito: this chat is not recorded, and not kept when you quit.",
}
ANSWER_RUNNING = "An answer is running; {app.copy-or-stop} stops it."
EMPTY_CHAT = "Nothing was asked in this chat yet."
NO_MODEL = "No default chat model yet; {playground.model:typing} picks one for this chat."

NEW_CHAT = (
    ["This chat is not saved and will be replaced by a new one."],
    {"keep": "Keep this one", "new": "New chat"},
)
"""The question before an unsaved chat gives way to a new one: its lines and its answers."""


OTHER_CHAT = (
    ["This chat is not saved; the one that you choose will replace it."],
    {"keep": "Keep this one", "open": "Choose another"},
)
"""The same before a recorded chat is chosen."""


def empty_chat(model: Model | None, pick_hint: str, sign: str = "") -> NoteBlock:
    """Return the block of an empty chat; `pick_hint` says how to pick a model, `sign` whether it is recorded."""
    if model is None:
        return NoteBlock("", "  No default chat model yet.", "", f"  {pick_hint}")
    keep = hint(f"  {_RECORDING_NOTES.get(sign, _RECORDING_NOTES[''])}")
    attach = hint("  {chat.attach:typing} attaches an image, a PDF or a text file.")
    return NoteBlock("", f"  Ask {model.id} something.", "", attach, keep)


def unsaved(tenant_id: str) -> str:
    """Return what quitting loses of an unsaved chat."""
    return f"The chat of {tenant_id} is not saved. " + hint("{chat.save:typing} saves it in the playground.")


def locked_block(tenant: str) -> NoteBlock:
    """Return the block that replaces the chat of a locked tenant."""
    return NoteBlock(
        "", f"  {tenant} is locked; the chat is hidden.", "", "  The next question asks for the passphrase."
    )


def with_lines_below(left: str, right: str, count: int, cells: int) -> tuple[str, str]:
    """Return the words of the rule with how much is below; where the reader is counts more than the figures."""
    left = ", ".join(filter(None, (left, lines_below(count))))
    return left, right if width(left + right) + 12 <= cells else ""


def lines_below(count: int) -> str:
    """Return how much of the transcript is below what is shown."""
    return f"{count:,} line{'s' if count > 1 else ''} below · {key_of('question.follow')}: follow"


def file_name(now: str) -> str:
    """Return the name that a chat saved at that time is proposed."""
    return f"chat-{now[:10]}-{now[11:13]}{now[14:16]}"


def seconds_words(seconds: float) -> str:
    """Format seconds: `3.2 s`; whole seconds from ten on."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"


def speed_of(answer: Answer) -> str:
    """Return tokens per second after the first token, '' if that means nothing."""
    return tokens_a_second(answer.output, answer.total - answer.first) if answer.first else ""


def tokens_words(answers: Sequence[Answer]) -> str:
    """Return the tokens in and out of answers: `12, 340`; `–, about 340` where the provider reported none."""
    reported = all(answer.reported for answer in answers)
    has_input = reported or any(answer.input for answer in answers)
    about = "" if reported else "about "
    read = f"{about}{sum(answer.input for answer in answers):,}" if has_input else "–"
    return f"{read}, {about}{sum(answer.output for answer in answers):,}"


def summary(answer: Answer, *, wide: bool) -> tuple[str, str]:
    """Return the left and right texts of the rule under a finished answer."""
    first = f"first token {answer.first:.2f} s" if answer.first else ""
    total = seconds_words(answer.total)
    about = "" if answer.reported else "about "
    charged = f"{about}{answer.output:,} tokens, may be charged" if answer.output else ""
    if answer.state is AnswerState.STOPPED:
        return f"stopped after {total}", join(first if wide else "", charged)
    if answer.state is AnswerState.BROKEN:
        return f"connection lost after {total}", charged
    speed = f"{speed_of(answer)} tokens a second" if speed_of(answer) else ""
    tokens = f"{answer.input:,} in, {answer.output:,} out" if answer.input else ""
    cost = answer.cost.short if answer.cost else ""
    if wide:
        return total, join(first, speed, tokens, cost)
    # A price is never without its date, so the speed gives way to it.
    return cost, join(first, total, "" if cost else speed, tokens)


def tokens_a_second(tokens: int, seconds: float) -> str:
    """Return the tokens per second as text, '' if the time is too short to say."""
    return f"{tokens / seconds:.0f}" if tokens and seconds > 0.05 else ""


def join(*parts: str) -> str:
    """Join the parts that are not blank with ` · `."""
    return " · ".join(filter(None, parts))
