"""The chat tab: a transcript, an input field, and one streaming answer at a time."""

from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind, hint
from tui.console.playground.chat import messages
from tui.console.playground.chat.blocks import AnswerBlock
from tui.console.playground.chat.footer import footer
from tui.console.playground.chat.history import Exchange
from tui.console.playground.chat.inbox import INTERVAL, collect
from tui.console.playground.chat.session import ChatSession, RunningAnswer
from tui.console.playground.chat.sidebar import ChatSide
from tui.console.playground.parameter_fields import describe
from tui.console.playground.parameter_row import Settings
from tui.console.playground.question import Question
from tui.console.playground.redraw import AnswerDrawing
from tui.console.playground.tab import PromptTab, pick_model_hint
from tui.console.widgets.find_bar import Find
from tui.console.widgets.text_area import LinesField
from tui.console.widgets.transcript import Transcript
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.spec import Parameter
from tui.tenancy import keyring
from tui.workspace.playground import calls
from tui.workspace.playground.attachments import inbox
from tui.workspace.playground.attachments.files import AttachedFile
from tui.workspace.playground.saved_prompts import SavedPrompt

Files = tuple[AttachedFile, ...]

_VERBS = ("write", "again", "attach", "edit", "parameters", "copy", "save", "new", "find", "incognito", "correct")
PARAMETERS_WIDTH = 100
"""Columns from which the parameters are shown beside the chat."""


class ChatTab(PromptTab):
    """The chat of a tenant. It is kept in memory, and recorded where history is on."""

    TYPE, REST = ModelType.CHAT, "#transcript"
    DEFAULT_CSS = """
    ChatTab #chat-upper { height: 1fr; }
    ChatTab #chat-side { display: none; } ChatTab.-wide #chat-side { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(bind(f"chat.{verb}", verb) for verb in _VERBS),
        bind("chat.history", "screen.history"),
        bind("chat.before", "other(-1)"),
        bind("chat.after", "other(1)"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__("question", id=id)
        self.session = ChatSession(self.navigator.tenant_session, self._answer_changed, self.dialogs.toast)
        self.covered = False
        self._opening = False
        self._drawing = AnswerDrawing(self, self.draw, self._show_status)
        self._editing = False
        self._explaining = False
        self._typing_before = True

    def compose(self) -> ComposeResult:
        with Horizontal(id="chat-upper"):
            yield Transcript(id="transcript")
            yield ChatSide(id="chat-side")
        yield self.composer.rule
        yield Find("chat.find", onward=-1)
        yield from self.composer.compose()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)

    @property
    def parameters(self) -> Settings:
        """What was set for the model in use."""
        return self.session.parameters(self.model)

    @property
    def busy(self) -> bool:
        """Whether an answer runs, or the tenant is being unlocked for one."""
        return self.session.running is not None or self._opening

    @property
    def known_parameters(self) -> tuple[Parameter, ...]:
        """The parameters that the model takes."""
        return calls.parameters(self.navigator.tenant_session, self.model) if self.model else ()

    @property
    def prompt(self) -> str:
        return self.session.prompt(self.question.text)

    @property
    def side(self) -> ChatSide:
        return self.query_one(ChatSide)

    def chrome(self) -> ScreenText:
        self.sign = self.session.recording.word
        transcript, values = self.transcript, self.parameters.summary(self.known_parameters)
        left, right = self.session.rule_words(values, wide=self.has_class("-wide"))
        if transcript.rows_below and not transcript.following:
            left, right = messages.with_lines_below(left, right, transcript.rows_below, self.size.width)
        self.composer.show_focus(self.typing)
        if self.has_class("-wide"):
            answer = self.session.history.last.answer if self.session.history.last else None
            self.side.show_figures(self.session.running, answer, self.session.history.conversation)
        return ScreenText("", self._keys(), foot=left, foot_right=right)

    def _keys(self) -> tuple[str, ...]:
        if self.query_one(Find).has_class("-open") and self.typing and not self.question.has_focus:
            return "field.next", "find.previous find.again: move", "find.close"
        if self.side.fields is not None and self.side.fields.row is not None:
            back = "back to typing" if self._typing_before else "commands"
            return "field.next", "focus.next", "field.clear", f"area.escape: {back}"
        keys = footer(self.session, self.source_keys, typing=self.typing, wide=self.has_class("-wide"))
        block = self.transcript.block_at_cursor
        folds = self.transcript.has_focus and isinstance(block, AnswerBlock) and block.thoughts
        return ("list.choose: thoughts", *keys) if folds else keys

    def show_log(self, *, follow: bool = True) -> None:
        self.sign = self.session.recording.word
        empty = messages.empty_chat(self.model, pick_model_hint("this chat"), self.sign)
        blocks = self.session.history.blocks or [empty]
        if self.covered:
            blocks = [messages.locked_block(self.navigator.tenant.name if self.navigator.tenant else "This tenant")]
        self.transcript.show(blocks, follow=follow)

    def on_mount(self) -> None:
        self.show_log()
        if (folder := inbox.folder_of(self.session.session)) is not None:
            self.set_interval(INTERVAL, partial(collect, folder, self.composer, self.dialogs))

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= PARAMETERS_WIDTH, "-wide")
        self._show_side()
        self.refresh_chrome()

    def on_tab_shown(self) -> None:
        if self.covered and keyring.is_open(self.navigator.tenant_session):
            self.covered = False
        super().on_tab_shown()
        self.show_log(follow=False)
        self.draw()
        self.focus_if_elsewhere()

    def model_changed(self) -> None:
        if not self.session.history.entries:
            self.show_log()
        self._show_side()

    def ask(
        self, question: str, model: Model, *, files: Files = (), again: Exchange | None = None, replace: bool = False
    ) -> None:
        """Ask a question with its files, the one of an exchange again, or one in place of the last."""
        self._opening = True
        self.run_worker(
            self._ask(question, model, files, again, replace), group="answer", exclusive=True, exit_on_error=False
        )

    async def _ask(self, question: str, model: Model, files: Files, again: Exchange | None, replace: bool) -> None:
        try:
            unlocked, problem = await self.dialogs.ensure_unlocked(f"send your question to {model.ref}"), ""
        except Problem as raised:
            unlocked, problem = False, raised.message
        finally:
            self._opening = False
        if not unlocked:
            self.composer.give_back("" if again else question, files)
            self.show_sentence(problem)
            return
        self.covered = False
        await self.warn_of_budget()
        await self.session.ask(question, model, files, self.fallbacks, again=again, replace=replace)

    def _answer_changed(self, answer: RunningAnswer, exchange: Exchange) -> None:
        if self.session.running is answer:
            self.last_request = answer.model, answer.wire_log
            self._drawing.start()
            self.show_log()
            self.console.set_running("playground", self.stop)
        else:
            self._drawing.stop()
            if not self.is_attached:
                return
            if answer.reply not in exchange.replies:
                self.composer.give_back(exchange.turn.question, exchange.turn.files)
            self.show_log(follow=False)
            self.transcript.refresh_block(answer.reply)
            self.console.set_running("playground", None)
            self.warn_of_trial(answer.model)
        self.refresh_chrome()

    def stop(self) -> None:
        """Stop the answer at once; what has come is kept."""
        self.session.stop()
        self.workers.cancel_group(self, "answer")

    def _show_status(self) -> None:
        if self.session.running is not None:
            self.session.running.show_status()
        self.refresh_chrome()

    def draw(self) -> None:
        """Draw what has come of an answer."""
        answer = self.session.running
        if answer is not None and answer.fresh and not self.covered:
            if answer.gather():
                self._show_status()
            self.transcript.refresh_block(answer.reply)

    def _show_side(self) -> None:
        if self.has_class("-wide"):
            self.side.show(self.session.history.conversation, self.parameters, self.known_parameters)

    def unsaved(self) -> str:
        return messages.unsaved(self.session.session.tenant_id) if self.session.unsaved else super().unsaved()

    def hide_when_locked(self) -> None:
        self.covered = True
        self.show_log()

    def on_lines_field_sent(self, event: LinesField.Sent) -> None:
        event.stop()
        if not self.question.text.strip():
            return
        if self.busy:
            self.show_sentence(hint(messages.ANSWER_RUNNING))
        elif self.model is None:
            self.show_sentence(hint(messages.NO_MODEL))
        else:
            replace, self._editing = self._editing, False
            question, files = self.composer.pop()
            self.ask(question, self.model, files=files, replace=replace)

    def escape(self) -> None:
        if self.side.fields is not None and self.side.fields.row is not None:
            (self.question if self._typing_before else self.transcript).focus()
        elif self.typing:
            self.leave_fields()
        else:
            self.stop()

    def on_question_page(self, event: Question.Page) -> None:
        self.transcript.action_page(event.direction)

    def on_question_follow(self) -> None:
        self.transcript.action_end(True)

    def on_question_left(self) -> None:
        if self.has_class("-wide"):
            self.action_parameters()
        else:
            self.transcript.focus()

    def on_text_area_changed(self) -> None:
        self.composer.question_changed()
        if not self.question.text:
            self._editing = False

    def on_transcript_moved(self) -> None:
        self.refresh_chrome()

    def on_transcript_chosen(self, event: Transcript.Chosen) -> None:
        if isinstance(event.block, AnswerBlock) and event.block.thoughts and event.row == 1:
            event.block.unfolded = not event.block.unfolded
            self.transcript.refresh_block(event.block)
        else:
            self.action_write()

    def on_descendant_focus(self) -> None:
        row = self.side.fields.row if self.side.fields is not None else None
        if row is not None:
            self.show_sentence(describe(row.parameter))
        elif self._explaining:
            self.show_sentence()
        self._explaining = row is not None
        if not self.query_one(Find).has_class("-open"):
            self.transcript.find("")

    def on_find_requested(self, event: Find.Requested) -> None:
        self.query_one(Find).show_match(self.transcript.find(event.text, event.step))

    def on_parameter_fields_changed(self) -> None:
        self.refresh_chrome()

    def action_again(self) -> None:
        last = self.session.history.last
        if self.busy:
            self.show_sentence(hint(messages.ANSWER_RUNNING))
        elif last is not None and self.model is not None:
            if self.question.text.strip() == last.turn.question and not last.replies:
                self.composer.pop()
            self.ask(last.turn.question, self.model, again=last)
        else:
            self.show_sentence(messages.EMPTY_CHAT)

    def action_edit(self) -> None:
        last = self.session.history.last
        if self.session.running is not None:
            self.show_sentence(hint(messages.ANSWER_RUNNING))
        elif last is not None:
            self.composer.change(last.turn.question, last.turn.files)
            self.question.focus()
            self._editing = True
            self.show_sentence("Sending replaces your last question and its answer.")
        else:
            self.show_sentence(messages.EMPTY_CHAT)

    def action_parameters(self) -> None:
        if self.model is None:
            self.show_sentence(hint("Pick a model first: {playground.model:typing}."))
        elif self.has_class("-wide") and self.side.fields is not None:
            self._typing_before = self.question.has_focus
            self.side.fields.focus_first()
        else:
            from tui.console.playground.parameters import Parameters  # lazy: the page

            conversation = self.session.history.conversation
            self.app.push_screen(Parameters(self.model, self.known_parameters, self.parameters, conversation))

    @property
    def instructions(self) -> SavedPrompt:
        return self.session.instructions(self.model)

    def use_prompt(self, prompt: SavedPrompt) -> None:
        self.session.use_prompt(prompt, self.model, self.known_parameters)
        self._show_side()
        self.refresh_chrome()

    def action_correct(self) -> None:
        if self.model is not None and not self.busy and (text := self.session.correction):
            self.ask(text, self.model)
        else:
            self.show_sentence("The last answer was not checked against a schema, or fits it.")

    def action_copy(self) -> None:
        if text := self.session.history.text_at(self.transcript.block_at_cursor):
            self.console.copy_to_terminal(text)
        else:
            self.show_sentence(messages.EMPTY_CHAT)

    def action_save(self) -> None:
        if not self.session.history.entries:
            self.show_sentence(messages.EMPTY_CHAT)
        else:
            from tui.console.playground.chat.save import save_chat  # lazy: the page

            self.run_worker(save_chat(self, self.session), group="save", exclusive=True, exit_on_error=False)

    def action_new(self) -> None:
        if self.session.running is not None:
            self.show_sentence(hint(messages.ANSWER_RUNNING))
        elif self.session.history.entries:
            self.run_worker(self._new(), group="new", exclusive=True, exit_on_error=False)
        else:
            self.show_sentence(messages.EMPTY_CHAT)

    async def _new(self) -> None:
        if self.session.unsaved and await self.dialogs.ask("New chat", *messages.NEW_CHAT) != "new":
            return
        self.session.clear()
        self._editing = False
        self.show_log()
        self._show_side()
        self.question.focus()
        self.refresh_chrome()

    async def resume(self) -> None:
        """Go on with a chat of the history that is chosen in a list."""
        from tui.console.playground.chat.resume import choose_chat  # lazy: history

        if chat := await choose_chat(self, self.session):
            self.session.resume(chat)
            self.use_if_known(chat.model)
            self.covered = self._editing = False
            self._show_side()
            self.question.focus()
        self.show_log()
        self.refresh_chrome()

    def action_incognito(self) -> None:
        self.dialogs.toast(self.session.recording.toggle())
        self.show_log(follow=False)
        self.refresh_chrome()

    def action_find(self) -> None:
        self.query_one(Find).open()

    def action_other(self, step: int) -> None:
        entry = self.session.history.entry_of(self.transcript.block_at_cursor)
        if entry is not None and self.session.running is None and entry.step(step):
            self.show_log(follow=False)
            self.refresh_chrome()
