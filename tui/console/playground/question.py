"""The input field of a prompt, with a history of questions, and the lines around it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message

from tui.console.frame.chrome import Rule
from tui.console.keys import bind
from tui.console.widgets.static_text import Plain, line
from tui.console.widgets.symbols import ACCENT, ATTENTION, MARK, MUTED, mode_sign
from tui.console.widgets.text_area import LIMIT, LinesField
from tui.workspace.playground.attachments.files import AttachedFile

_REMEMBERED = 100
"""Questions that `up` brings back."""


class Question(LinesField):
    """The input field. `up` in its first line recalls earlier questions, `down` in the last line later ones.

    What was typed and not sent is one of them, so nothing is lost on the way.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("question.page-up", "page(-1)"),
        bind("question.page-down", "page(1)"),
        bind("question.follow", "line_end_or_follow"),
        bind("focus.next", "leave"),
        bind("chat.attach", "attach"),
        bind("chat.history", "screen.history"),
        bind("chat.correct", "screen.correct"),
    ]

    class Follow(Message):
        """Posted to show the end of the transcript."""

    class Page(Message):
        """Posted to scroll the transcript."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Attach(Message):
        """Posted to attach a file."""

    class Detach(Message):
        """Posted when nothing is left to delete, to detach the last file."""

    class Left(Message):
        """Posted when tab was pressed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._texts: list[str] = [""]
        self._place = 0

    def pop(self) -> str:
        """Return the question and clear the field."""
        text = self.text.strip()
        *questions, draft = self._texts
        # The last text is the field's own; it is a draft when an earlier one was sent instead.
        if self._place < len(questions) and draft.strip():
            questions.append(draft)
        self._texts = [*questions[-_REMEMBERED:], text, ""]
        self._place = len(self._texts) - 1
        self.set_text("")
        return text

    def give_back(self, text: str) -> None:
        """Put a question that was not answered back, unless another one was typed meanwhile."""
        if not self.text.strip():
            self.set_text(text)

    def change(self, text: str) -> None:
        """Show a text to be changed; what was typed comes back with `up`."""
        if self.text.strip():
            self._texts[-1:] = [self.text, ""]
            self._place = len(self._texts) - 1
        self.set_text(text)

    def leave(self, step: int) -> None:
        if 0 <= self._place + step < len(self._texts):
            self._texts[self._place] = self.text
            self._place += step
            self.set_text(self._texts[self._place])

    def action_page(self, direction: int) -> None:
        self.post_message(self.Page(direction))

    def action_line_end_or_follow(self) -> None:
        if self.cursor_location == self.document.end:
            self.post_message(self.Follow())
        else:
            self.action_cursor_line_end()

    def action_attach(self) -> None:
        self.post_message(self.Attach())

    def action_delete_left(self) -> None:
        if self.text:
            super().action_delete_left()
        else:
            self.post_message(self.Detach())

    def action_leave(self) -> None:
        self.post_message(self.Left())


class Mode(Plain):
    """The sign beside the input field: TYPE while keys type, KEYS while they act."""

    def show_mode(self, typing: bool) -> None:
        """Show the mode."""
        self.show(mode_sign(typing))


class Composer:
    """Where a prompt is composed: a rule, the question with its mode, and a sentence below.

    These are widgets of the tab itself, so that no further container is laid out with each key.
    """

    CSS = """
    Tab .composer { height: auto; min-height: 1; max-height: 6; }
    Tab .composer-files { height: auto; max-height: 5; padding-left: 3; display: none; }
    Tab .composer-files.-some { display: block; }
    Tab .composer Plain { width: 3; height: 1; }
    Tab .composer Mode { width: 7; }
    Tab .composer-note { height: auto; min-height: 1; max-height: 3; padding-left: 3; }
    Tab .composer-note.-low { display: none; }
    Tab .composer-note.-low.-said { display: block; }
    """

    def __init__(self, question_id: str) -> None:
        self.question = Question(id=question_id)
        self.rule = Rule()
        self.files: tuple[AttachedFile, ...] = ()
        """What goes with the question."""
        self._files = Plain(classes="composer-files")
        self._mode = Mode()
        self._note = Plain(classes="composer-note")
        self._note_question = ""

    def compose(self) -> ComposeResult:
        """Yield the question and the sentence below it; the tab yields the rule."""
        yield self._files
        with Horizontal(classes="composer"):
            yield Plain(" > ")
            yield self.question
            yield self._mode
        yield self._note

    def set_low(self, low: bool) -> None:
        """Note whether rows are few, so that the sentence below takes one only while it says something."""
        # A class of its own, as one of the tab would style everything in it anew.
        self._note.set_class(low, "-low")

    def attach(self, *files: AttachedFile) -> None:
        """Put these files in place of those that go with the question."""
        self.files = files
        chips = [line((f"{MARK} {file.words}", ACCENT)) for file in files]
        if chips:
            chips[-1] = line(chips[-1], ("   backspace removes it", MUTED))
        self._files.show(Content("\n").join(chips))
        self._files.set_class(bool(files), "-some")

    def pop(self) -> tuple[str, tuple[AttachedFile, ...]]:
        """Return the question and its files, and clear both."""
        files = self.files
        self.attach()
        return self.question.pop(), files

    def give_back(self, text: str, files: tuple[AttachedFile, ...]) -> None:
        """Put a question that was not answered back with its files, unless others are there meanwhile."""
        self.question.give_back(text)
        if not self.files:
            self.attach(*files)

    def change(self, text: str, files: tuple[AttachedFile, ...]) -> None:
        """Show a question with its files, to be changed."""
        self.question.change(text)
        self.attach(*files)

    def show_focus(self, typing: bool) -> None:
        """Show whether keys type, and whether they type in the question."""
        self._mode.show_mode(typing)
        self.rule.color(ACCENT if self.question.has_focus else MUTED)

    def show_sentence(self, sentence: str = "") -> None:
        """Show a sentence under the field; '' removes it."""
        self._note.show((sentence, ATTENTION))
        self._note.set_class(bool(sentence), "-said")
        self._note_question = self.question.text

    def question_changed(self) -> None:
        """Remove the sentence once the question is another one."""
        if self.question.text != self._note_question:
            self.show_sentence()

    def show_too_long(self, event: LinesField.TooLong) -> None:
        """Say that a paste was too long for a question."""
        self.show_sentence(
            f"The paste has {event.size:,} characters; a question takes up to {LIMIT:,}. Nothing was pasted."
        )
