"""A column of the compare tab: a model's answer as it streams, and its figures."""

from collections.abc import Iterable
from time import monotonic

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.console.frame.chrome import Rule
from tui.console.playground.call_status import CallStatus
from tui.console.playground.chat.blocks import AnswerBlock, NoteBlock, ProblemBlock, stop_mark
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Plain
from tui.console.widgets.symbols import ACCENT, MUTED
from tui.console.widgets.transcript import Block, Transcript
from tui.console.widgets.truncate import clip_end
from tui.domain import Model
from tui.errors import Problem
from tui.providers.events import Event, TextDelta, ThinkingDelta
from tui.sanitize import one_line, printable
from tui.workspace.playground.compare import report
from tui.workspace.playground.compare.comparison import ComparedModel
from tui.workspace.playground.compare.measurement import MeasuredAnswer
from tui.workspace.playground.conversation import AnswerState


class CompareColumn(Vertical):
    """A model, its latest answer, and the figures of all its answers to the prompt."""

    DEFAULT_CSS = """
    CompareColumn { width: 1fr; height: 1fr; }
    CompareColumn Transcript { height: 1fr; }
    CompareColumn .figures { height: auto; padding-left: 1; }
    """

    def __init__(self, entry: ComparedModel, label: str) -> None:
        super().__init__()
        self.entry, self.label = entry, label
        self.letter = ""
        self.fresh = False
        """Whether something came that is not drawn."""
        self._block: AnswerBlock | None = None
        self._blocks: list[Block] = []
        self._status: CallStatus | None = None
        self._thinking_until = 0.0
        self._rule = Rule()
        self._figures = Plain(classes="figures")
        self._transcript = Transcript()

    def compose(self) -> ComposeResult:
        yield self._rule
        yield self._transcript
        yield self._figures

    @property
    def model(self) -> Model:
        """The model of the column."""
        return self.entry.model

    @property
    def transcript(self) -> Transcript:
        """The part that has the focus."""
        return self._transcript

    @property
    def text(self) -> str:
        """The text of its last answer that has one."""
        return self.entry.answer.text if self.entry.answer is not None else ""

    @property
    def running(self) -> bool:
        """Whether its model is answering."""
        return self._block is not None and self._block.running

    # --- an answer ---

    def begin(self) -> None:
        """Show that an answer is awaited."""
        self._block = AnswerBlock("")
        self._block.begin()
        self._status = CallStatus(self.label, f"waiting for {self.label}")
        self._thinking_until = 0.0
        self._transcript.by_page = True
        self._blocks = [self._block]
        self._transcript.show(self._blocks)
        self.show_status()

    def apply(self, event: Event) -> None:
        """Apply an event of its request."""
        if self._block is None or not self._block.running:
            self.begin()
        assert self._block is not None and self._status is not None
        self.fresh = True
        self._status.apply(event)
        if isinstance(event, TextDelta):
            self._block.add(printable(event.text))
        elif isinstance(event, ThinkingDelta):
            self._thinking_until = monotonic()
            self._block.think(printable(event.text))

    def draw(self) -> None:
        """Draw what has been received since."""
        if self.fresh and self._block is not None:
            self.fresh = False
            began = self._gather()
            self._transcript.refresh_block(self._block)
            if began:
                self.show_status()

    def _gather(self) -> bool:
        """Join what has come; return whether the status changed by it."""
        assert self._block is not None
        began = self._block.gather()
        answer = self.entry.answers[-1] if self.entry.answers else None
        if answer is not None and self._block.thoughts:
            end = monotonic() if not self._block.text else self._thinking_until
            self._block.seconds_thought = max(0.0, end - answer.began - answer.first)
        return began

    def end(self, answer: MeasuredAnswer) -> None:
        """Show how an answer ended."""
        if self._block is None:
            return
        self._gather()
        self._blocks = [self._block]
        if answer.problem is not None:
            problem = _problem(answer.problem, self.label)
            self._blocks = [self._block, problem] if answer.text or answer.thinking else [problem]
            self._block.end()
        elif answer.state is AnswerState.STOPPED:
            self._block.end(stop_mark("stopped by you"))
        else:
            note = answer.finish.note if answer.finish else ""
            unfit = answer.fit.words if answer.fit is not None and not answer.fit.valid else ""
            self._block.end(*(stop_mark(words) for words in (note, unfit) if words))
        self._transcript.by_page = False
        self._transcript.show(self._blocks)
        self._transcript.refresh_block(self._block)
        self.show_status()

    def hide(self, sentence: str) -> None:
        """Show a sentence in place of the answer."""
        self._transcript.show([NoteBlock("", f"  {sentence}")])
        self._figures.show("")

    def reveal(self) -> None:
        """Show the answer again."""
        self._transcript.show(self._blocks, follow=False)
        self.show_status()

    # --- words around ---

    def on_resize(self) -> None:
        self.show_status()

    def show_status(self) -> None:
        """Show the head and the figures."""
        current = self._transcript.has_focus
        self._rule.show(f"{self.letter} {one_line(self.model.id)}", self._state)
        self._rule.color(ACCENT if current else MUTED)
        cells = max(20, self.size.width - 2)
        self._figures.show("\n".join(clip_end(row, cells) for row in figures(self.entry, cells)))

    @property
    def _state(self) -> str:
        if self.running and self._status is not None:
            answer = self.entry.answers[-1] if self.entry.answers else None
            if answer is None or not answer.first:
                return self._status.words
            return "answering" if answer.first_answer else "thinking"
        if not self.entry.answers:
            return ""
        return report.outcome(self.entry)


def figures(entry: ComparedModel, cells: int) -> list[str]:
    """Return the figures of a model's answers in one row, or in as many as they need: times, then counts."""
    if not entry.answers:
        return [""]
    _, first, first_answer, speed, tokens_in, reasoning, out, total, _, cost = report.row(entry)
    first_words = f"first {first}" if first == first_answer else f"first {first} · answer {first_answer}"
    times = [first_words, f"{speed} tokens/s" if speed != report.UNKNOWN else "", total]
    counts = [
        f"{tokens_in} in",
        f"{reasoning} reasoning" if reasoning not in (report.UNKNOWN, "0") else "",
        f"{out} out",
        cost if cost != report.UNKNOWN else "cost –",
    ]
    whole = _rows([*times, *counts], cells)
    return whole if len(whole) == 1 else [*_rows(times, cells), *_rows(counts, cells)]


def _rows(parts: Iterable[str], cells: int) -> list[str]:
    """Join the parts that are not blank, as many to a row as there is room for."""
    rows: list[str] = []
    for part in filter(None, parts):
        if rows and len(rows[-1]) + 3 + len(part) <= cells:
            rows[-1] += f" · {part}"
        else:
            rows.append(part)
    return rows


def _problem(problem: Problem, label: str) -> ProblemBlock:
    return ProblemBlock(problem.message, [problem_hint(problem)], problem.detail, label)
