"""Chat history as shown: the answers to each question, and their errors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.console.keys import hint
from tui.console.playground.chat.blocks import AnswerBlock, NoteBlock, ProblemBlock, QuestionBlock, stop_mark
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED
from tui.console.widgets.transcript import Block
from tui.errors import CredentialRejected, Problem
from tui.sanitize import one_line
from tui.workspace.playground.answer_schema import SchemaResult
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.conversation import Answer, AnswerState, Conversation, ToolRound, Turn

if TYPE_CHECKING:
    from tui.workspace.history.records import StoredChat

_CORRECT = "{chat.correct:typing} sends this back."
_RESEND_HINT = "{chat.again:typing} sends it again as a new request. Nothing is retried automatically."


class Exchange:
    """One question. `replies` go with the answers of `turn`, one by one; a reply that still runs is the last."""

    def __init__(self, question: str, files: tuple[AttachedFile, ...] = (), rounds: Sequence[ToolRound] = ()) -> None:
        self.turn = Turn(question, files=files, rounds=[*rounds])
        self.replies: list[AnswerBlock] = []
        self.problem_block: ProblemBlock | None = None
        self.unsent = False
        self._question = QuestionBlock(question, [file.words for file in files])
        calls = [line((f"  {one_line(words, 200)}", MUTED)) for entry in rounds for words in entry.words]
        self._tools = [NoteBlock(*calls)] if calls else []

    @property
    def blocks(self) -> list[Block]:
        """What is shown of it."""
        reply: list[Block] = [self.replies[self.turn.shown]] if self.replies else []
        return [self._question, *self._tools, *reply, *([self.problem_block] if self.problem_block else [])]

    @property
    def reply(self) -> AnswerBlock | None:
        """The reply that is shown."""
        return self.replies[self.turn.shown] if self.replies else None

    @property
    def answer(self) -> Answer | None:
        """The answer that is shown, once it is over."""
        index = self.turn.shown % len(self.replies) if self.replies else 0
        return self.turn.answers[index] if index < len(self.turn.answers) else None

    def begin(self, reply: AnswerBlock) -> None:
        """Begin another answer; earlier ones are kept behind it."""
        self.problem_block, self.unsent = None, False
        self.replies.append(reply)
        self.turn.shown = -1
        self._number()

    def end(self, answer: Answer) -> None:
        """End the answer that was being received."""
        self.turn.answers.append(answer)

    def refuse(self, problem: Problem, by: str, hints: Sequence[str] = ()) -> None:
        """Show the problem of a request without an answer, and the previous answer.

        With `hints`, nothing was sent at all, and these lines say what to do instead.
        """
        self.unsent = bool(hints)
        self.replies.pop()
        self._number()
        self.problem_block = (
            ProblemBlock(problem.message, hints) if hints else problem_block(problem, by, started=False)
        )

    def step(self, step: int) -> bool:
        """Show the answer before or after; False where there is none."""
        index = self.turn.shown % max(1, len(self.replies))
        if not 0 <= index + step < len(self.replies):
            return False
        self.turn.shown = index + step
        return True

    def _number(self) -> None:
        count = len(self.replies)
        for place, reply in enumerate(self.replies, 1):
            hints = [f"{key} for the one {direction}" for key, direction, there in _arrow_hints(place, count) if there]
            reply.place = f"{place} of {count}, {', '.join(hints)}" if count > 1 else ""


def _arrow_hints(place: int, count: int) -> Sequence[tuple[str, str, bool]]:
    return (("left", "before", place > 1), ("right", "after", place < count))


class ChatHistory:
    """The entries of a chat and the conversation that is sent and saved; both always hold the same turns."""

    def __init__(self) -> None:
        self.conversation = Conversation()
        self.entries: list[Exchange] = []
        self.saved = True

    @property
    def last(self) -> Exchange | None:
        return self.entries[-1] if self.entries else None

    @property
    def blocks(self) -> list[Block]:
        """Everything that is shown."""
        return [block for entry in self.entries for block in entry.blocks]

    def add(self, question: str, files: tuple[AttachedFile, ...] = (), rounds: Sequence[ToolRound] = ()) -> Exchange:
        """Append a question with its files. It replaces one without an answer."""
        if self.last is not None and not self.last.replies:
            self.drop()
        entry = Exchange(question, files, rounds)
        self.entries.append(entry)
        self.conversation.turns.append(entry.turn)
        return entry

    def drop(self) -> None:
        """Forget the last question and its answers."""
        self.entries.pop()
        self.conversation.turns.pop()

    def before(self, entry: Exchange) -> Conversation:
        """Return the conversation up to a question that is to be asked."""
        place = self.entries.index(entry)
        return Conversation(self.conversation.turns[:place], self.conversation.system)

    def text_at(self, block: Block | None) -> str:
        """Return what is copied with the cursor on a block: its text, else that of the last answer."""
        if isinstance(block, QuestionBlock | AnswerBlock) and block.text:
            return block.text
        return self.last.reply.text if self.last is not None and self.last.reply is not None else ""

    def entry_of(self, block: Block | None) -> Exchange | None:
        """Return the entry that a block belongs to, if any."""
        return next((entry for entry in reversed(self.entries) if block in entry.blocks), None)


def resume(chat: "StoredChat") -> ChatHistory:
    """Return the history of a recorded chat, as it is shown."""
    history = ChatHistory()
    history.conversation.system = chat.conversation.system
    for turn in chat.conversation.turns:
        entry = history.add(turn.question, turn.files, turn.rounds)
        for answer in turn.answers:
            reply = AnswerBlock(answer.model.partition("/")[2] or answer.model, answer.text, answer.thoughts)
            reply.end(*(words for words in (answer_mark(answer),) if words))
            entry.begin(reply)
            entry.end(answer)
        entry.turn.shown = turn.shown
    return history


def problem_block(problem: Problem, by: str, *, started: bool) -> ProblemBlock:
    """Return a problem in place of an answer, or under one that had begun."""
    advice = problem_hint(problem)
    hints = [advice]
    if started:
        hints = [hint(_RESEND_HINT)] if advice.startswith("Sending it again") else [advice, hint(_RESEND_HINT)]
    elif isinstance(problem, CredentialRejected):
        hints.append(hint("{area.providers:typing} opens Providers to replace it."))
    return ProblemBlock(problem.message, hints, problem.detail, by)


def fit_mark(fit: SchemaResult) -> Words:
    """Return the mark under an answer that was checked against a schema."""
    return ("fits the schema", MUTED) if fit.valid else stop_mark(hint(f"{fit.words} {_CORRECT}"))


def answer_mark(answer: Answer) -> Words | None:
    """Return the mark under an answer that is incomplete or needs a remark."""
    if answer.state is AnswerState.STOPPED:
        how = ", the answer is incomplete" if answer.text else " before the answer began"
        return stop_mark(f"stopped by you{how}")
    if answer.state is AnswerState.BROKEN:
        return stop_mark("connection lost, the answer is incomplete")
    if not answer.text:
        return stop_mark(answer.note or "the answer is empty")
    return stop_mark(answer.note) if answer.note else None
