"""Chat with a model: a transcript, a field for the next question, and one answer at a time that streams in."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from tui.console.actions import bind, hint, key_of
from tui.console.chrome import Rule, ScreenText
from tui.console.playground.chat.blocks import AnswerBlock, QuestionBlock, Sentences
from tui.console.playground.chat.history import ChatHistory
from tui.console.playground.chat.running_answer import summary
from tui.console.playground.chat.session import ChatSession
from tui.console.playground.chat.sidebar import ChatSide
from tui.console.playground.parameter_fields import meaning
from tui.console.playground.tab import pick_model_hint
from tui.console.widgets.find_bar import Find
from tui.console.widgets.static_text import Plain
from tui.console.widgets.symbols import ATTENTION
from tui.console.widgets.text_area import LIMIT, LinesField, Question
from tui.console.widgets.transcript import Transcript
from tui.console.widgets.truncate import width
from tui.domain import Model, ModelType
from tui.tenancy import keyring
from tui.workspace.playground import calls
from tui.workspace.playground.conversation import AnswerState

WIDE = 100
"""Columns from which the parameters stand beside the chat."""

_BUSY = "An answer is running; {area.escape} stops it."


class ChatTab(ChatSession):
    """The chat of a tenant. It is kept in memory only."""

    TYPE = ModelType.CHAT
    DEFAULT_CSS = """
    ChatTab #chat-upper { height: 1fr; }
    ChatTab #chat-side { display: none; }
    ChatTab.-wide #chat-side { display: block; }
    ChatTab #chat-ask { height: auto; min-height: 1; max-height: 6; }
    ChatTab #chat-ask Plain { width: 3; height: 1; }
    ChatTab #chat-note { height: 1; padding-left: 3; }
    ChatTab.-low #chat-note { display: none; }
    ChatTab.-low #chat-note.-said { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("chat.write", "write"),
        bind("chat.again", "again"),
        bind("chat.edit", "edit"),
        bind("chat.parameters", "parameters"),
        bind("chat.copy", "copy"),
        bind("chat.save", "save"),
        bind("chat.new", "new"),
        bind("chat.find", "find"),
        bind("chat.before", "other(-1)"),
        bind("chat.after", "other(1)"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self._editing = False
        self._explaining = False
        self._said_of = ""
        self._rule = Rule(id="chat-rule")
        self._note = Plain(id="chat-note")

    def compose(self) -> ComposeResult:
        with Horizontal(id="chat-upper"):
            yield Transcript(id="transcript")
            yield ChatSide(id="chat-side")
        yield self._rule
        yield Find("chat.find")
        with Horizontal(id="chat-ask"):
            yield Plain(" > ")
            yield Question(id="question")
        yield self._note

    @property
    def rule(self) -> Rule:
        return self._rule

    @property
    def side(self) -> ChatSide:
        return self.query_one(ChatSide)

    # --- what stands around ---

    def chrome(self) -> ScreenText:
        left, right = self._rule_words()
        transcript = self.transcript
        if transcript.below and not transcript.following:
            lines = (
                f"{transcript.below:,} line{'s' if transcript.below > 1 else ''} below, {key_of('list.last')} follows"
            )
            left = f"{left}, {lines}" if left else lines
            # Where the reader is counts more than the figures.
            right = right if width(left + right) + 12 <= self.size.width else ""
        if self.has_class("-wide"):
            answer = self.chat.last.answer if self.chat.last else None
            self.side.tell(self.asking, answer, self.chat.conversation)
        return ScreenText("", self._keys(), foot=left, foot_right=right)

    def _rule_words(self) -> tuple[str, str]:
        last = self.chat.last
        if self.asking is not None:
            return self.asking.words, self.asking.figures
        if last is not None and last.unsent:
            return "not sent", ""
        if last is not None and last.answer is not None:
            return summary(last.answer, wide=self.has_class("-wide"))
        system = "set" if self.chat.conversation.system else "none"
        parameters = calls.parameters(self.model) if self.model else ()
        values = self.parameters.words(parameters) or "parameters as the provider sets them"
        return "new chat" if last is None else "", f"system prompt {system} · {values}"

    def _keys(self) -> tuple[str, ...]:
        wide, last = self.has_class("-wide"), self.chat.last
        if self.query_one(Find).has_class("-open") and self.typing and not self.question.has_focus:
            return "field.next", "find.close"
        if self.side.fields is not None and self.side.fields.row is not None:
            return "field.next", "focus.next", "field.clear", "area.escape: commands"
        if self.asking is not None:
            return (
                "area.escape: stop",
                "question.page-up",
                "question.send" if self.typing else "chat.write",
            )
        if not self.typing:
            asked = (
                "chat.again",
                "chat.edit",
                "playground.model",
                "chat.parameters",
                *self.source_keys,
                "chat.copy",
                "chat.save",
                "chat.new",
                "chat.find",
            )
            return (
                "chat.write",
                *(asked if last else ("playground.model", "chat.parameters", *self.source_keys, "playground.type")),
            )
        again = ("chat.again",) if last else ()
        if last is not None and last.trouble is not None:
            return "question.send", *again, "area.escape: commands"
        if last is not None and last.answer is not None and last.answer.state is AnswerState.STOPPED:
            return "question.send", *again, "question.new-line", "area.escape: commands"
        scroll = ("question.page-up",) if last else ()
        beside = ("focus.next: parameters",) if wide else ()
        return (
            "question.send",
            "question.new-line",
            *again,
            "question.earlier",
            *scroll,
            *beside,
            "area.escape: commands",
        )

    def say(self, sentence: str = "") -> None:
        """A sentence under the field; '' takes it away."""
        self._note.show((sentence, ATTENTION))
        self._note.set_class(bool(sentence), "-said")
        self._said_of = self.question.text

    def _nothing_yet(self) -> Sentences:
        if self.covered:
            name = self.app.tenant.name if self.app.tenant else "This tenant"
            return Sentences(
                "", f"  {name} is locked; the chat is hidden.", "", "  The next question asks for the passphrase."
            )
        if self.model is None:
            return Sentences("", "  No default reasoning model yet.", "", f"  {pick_model_hint('this chat')}")
        keep = hint("  Nothing is kept when you quit; {chat.save} saves a chat as Markdown.")
        return Sentences("", f"  Ask {self.model.id} something.", "", keep)

    def show_log(self, *, follow: bool = True) -> None:
        blocks = [] if self.covered else self.chat.blocks
        self.transcript.show(blocks or [self._nothing_yet()], follow=follow)

    # --- coming into view ---

    def on_mount(self) -> None:
        self.show_log()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "-wide")
        self.set_class(self.screen.has_class("-no-strip"), "-low")
        self._show_side()
        self.refresh_chrome()

    def shown(self) -> None:
        if self.covered and keyring.is_open(self.app.tenant_session):
            self.cover(False)
        super().shown()
        self.show_log(follow=False)
        self.draw()
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors_with_self:
            self.question.focus()

    def model_changed(self) -> None:
        if not self.chat.entries:
            self.show_log()
        self._show_side()

    def _show_side(self) -> None:
        if self.has_class("-wide"):
            self.side.show(self.chat.conversation, self.parameters, self.model)

    def hide_when_locked(self) -> None:
        self.cover(True)

    # --- keys ---

    def on_lines_field_sent(self, event: LinesField.Sent) -> None:
        event.stop()
        if not self.question.text.strip():
            return
        if self.busy:
            self.say(hint(_BUSY))
        elif self.model is None:
            self.say(
                hint("No default reasoning model yet; {area.escape} then {playground.model} picks one for this chat.")
            )
        else:
            instead, self._editing = self._editing, False
            self.ask(self.question.take(), self.model, instead=instead)

    def escape(self) -> None:
        if self.asking is not None:
            self.stop()
        elif self.side.fields is not None and self.side.fields.row is not None:
            self.question.focus()
        elif self.typing:
            self.transcript.focus()

    def on_question_page(self, event: Question.Page) -> None:
        self.transcript.action_page(event.direction)

    def on_question_left(self) -> None:
        if self.has_class("-wide"):
            self.action_parameters()
        else:
            self.transcript.focus()

    def on_text_area_changed(self) -> None:
        if self.question.text != self._said_of:
            self.say()
        if not self.question.text:
            self._editing = False

    def on_lines_field_too_long(self, event: LinesField.TooLong) -> None:
        self.say(f"That paste has {event.size:,} characters; a question takes {LIMIT:,}. It was left out.")

    def on_transcript_moved(self) -> None:
        self.refresh_chrome()

    def on_transcript_chosen(self, event: Transcript.Chosen) -> None:
        if isinstance(event.block, AnswerBlock) and event.block.thoughts and event.row == 1:
            event.block.unfolded = not event.block.unfolded
            self.transcript.changed(event.block)
        else:
            self.action_write()

    def on_descendant_focus(self) -> None:
        row = self.side.fields.row if self.side.fields is not None else None
        if row is not None:
            self.say(meaning(row.parameter))
        elif self._explaining:
            self.say()
        self._explaining = row is not None
        if not self.query_one(Find).has_class("-open"):
            self.transcript.find("")

    def on_find_wanted(self, event: Find.Wanted) -> None:
        self.query_one(Find).say(self.transcript.find(event.text, again=event.again))

    def on_parameter_fields_changed(self) -> None:
        self.refresh_chrome()

    def action_write(self) -> None:
        self.question.focus()

    def action_again(self) -> None:
        last = self.chat.last
        if self.busy:
            self.say(hint(_BUSY))
        elif last is not None and self.model is not None:
            if self.question.text.strip() == last.turn.question and not last.replies:
                self.question.take()
            self.ask(last.turn.question, self.model, again=last)

    def action_edit(self) -> None:
        last = self.chat.last
        if self.asking is not None:
            self.say(hint(_BUSY))
        elif last is not None:
            self.question.change(last.turn.question)
            self.question.focus()
            self._editing = True
            self.say("Sent again, it takes the place of the last question and its answer.")

    def action_parameters(self) -> None:
        if self.model is None:
            self.say(hint("Pick a model first: {playground.model}."))
        elif self.has_class("-wide") and self.side.fields is not None:
            self.side.fields.focus_first()
        else:
            self.run_worker(self._parameters(self.model), group="parameters", exclusive=True, exit_on_error=False)

    async def _parameters(self, model: Model) -> None:
        from tui.console.playground.parameters import Parameters

        await self.app.push_screen_wait(Parameters(model, self.parameters, self.chat.conversation))
        self.refresh_chrome()

    def action_copy(self) -> None:
        block = self.transcript.at_cursor
        if isinstance(block, QuestionBlock | AnswerBlock) and block.text:
            self.app.copy_to_terminal(block.text)
        elif self.chat.last is not None and self.chat.last.reply is not None:
            self.app.copy_to_terminal(self.chat.last.reply.text)

    def action_save(self) -> None:
        if self.chat.entries:
            self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        from tui.console.save_file import Save

        now = self.app.session.now()
        name = f"chat-{now[:10]}-{now[11:13]}{now[14:16]}"
        conversation = self.chat.conversation
        if await self.app.push_screen_wait(Save(name, {"md": "Markdown"}, lambda _: conversation.as_markdown())):
            self.chat.saved = True

    def action_new(self) -> None:
        if self.asking is not None:
            self.say(hint(_BUSY))
        elif self.chat.entries:
            self.run_worker(self._new(), group="new", exclusive=True, exit_on_error=False)

    async def _new(self) -> None:
        said = ["This chat was not saved; a new one takes its place."]
        if (
            not self.chat.saved
            and await self.app.ask("New chat", said, {"keep": "Keep this one", "new": "New chat"}) != "new"
        ):
            return
        system = self.chat.conversation.system
        self.chat = ChatHistory()
        self.chat.conversation.system = system
        self._editing = False
        self.show_log()
        self._show_side()
        self.question.focus()
        self.refresh_chrome()

    def action_find(self) -> None:
        self.query_one(Find).open()

    def action_other(self, step: int) -> None:
        entry = self.chat.entry_of(self.transcript.at_cursor)
        if entry is not None and self.asking is None and entry.step(step):
            self.show_log(follow=False)
            self.refresh_chrome()
