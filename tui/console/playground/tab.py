"""Base class of the playground tabs: the model, its default, and the texts around."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Vertical

from tui.console import trial_status
from tui.console.frame.chrome import Rule, ScreenText
from tui.console.frame.navigator import ConsoleNode
from tui.console.frame.screen import FramedScreen
from tui.console.keys import bind, hint
from tui.console.playground.call_status import CallStatus
from tui.console.playground.question import Composer, Question
from tui.console.widgets.text_area import LinesField
from tui.domain import Model, ModelType
from tui.errors import Problem
from tui.providers.client.wire_log import WireLog
from tui.tenancy import keyring, models
from tui.workspace.credentials import status
from tui.workspace.models import defaults
from tui.workspace.playground.fallback import fallbacks_of
from tui.workspace.playground.saved_prompts import SavedPrompt


def pick_model_hint(what: str) -> str:
    """Return how to go on without a default model; `what` is what a model is needed for, such as `this chat`."""
    pick, default = "{playground.model:typing}", "{area.defaults:typing}"
    return hint(f"{pick} picks one for {what}; {default} sets the default.")


class Tab(ConsoleNode, Vertical):
    """One tab. It takes the default model of its type until another was picked for it."""

    TYPE: ClassVar[ModelType]
    REST: ClassVar[str] = ""
    """The selector of what has the focus while keys act, '' for the tab itself."""
    DEFAULT_CSS = f"Tab {{ height: 1fr; }}\n{Composer.CSS}"

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.model: Model | None = None
        self.last_request: tuple[Model, WireLog] | None = None
        self.sign = ""
        """What the title says beside the model."""
        self._picked = False
        self._budget_warning = ""

    def on_tab_shown(self) -> None:
        """Take the present default model unless a model was picked in this tab."""
        if not self._picked:
            self.model = self._default()
            self.model_changed()
        self.refresh_chrome()

    def set_model(self, model: Model) -> None:
        """Use that model in this tab from now on."""
        self.model, self._picked = model, True
        self.model_changed()
        self.refresh_chrome()

    def use_ref(self, ref: str) -> None:
        """Use the model with that `provider/id`."""
        self.set_model(models.find(self.navigator.tenant_session, ref, self.TYPE))

    def use_if_known(self, ref: str) -> None:
        """Use that model if there still is one; else say so, and keep the present one."""
        try:
            self.use_ref(ref)
        except Problem as problem:
            self.dialogs.toast(problem.message)

    async def resume(self) -> None:
        """Go on with something that was recorded, in a tab that records."""
        self.dialogs.toast("Only chats are recorded.")

    def action_correct(self) -> None:
        """Send an answer back that does not fit its schema, in a tab that checks answers one by one."""
        self.dialogs.toast("Only in a chat an answer is sent back.")

    def _default(self) -> Model | None:
        row = next(row for row in defaults.rows(self.navigator.tenant_session) if row.type is self.TYPE)
        if row.default is None:
            return None
        try:
            return models.find(self.navigator.tenant_session, row.default.ref, self.TYPE)
        except Problem:
            return None

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """The models that answer where the default does not; none for a model that was picked."""
        return () if self._picked or self.model is None else fallbacks_of(self.navigator.tenant_session, self.model)

    def record(self, model: Model) -> WireLog:
        """Return a wire log for a request of this tab; it is the one that the Raw page shows."""
        log = WireLog()
        self.last_request = model, log
        return log

    @property
    def raw_request(self) -> tuple[Model, WireLog] | None:
        """The request that the Raw page shows, and its model."""
        return self.last_request

    @property
    def home(self) -> Path:
        """The person's folder."""
        return Path(self.navigator.session.environ.get("HOME") or Path.home())

    @property
    def has_trial(self) -> bool:
        """Whether there is a trial of the model's provider, so that `o` has a meaning."""
        session = self.navigator.tenant_session
        return self.model is not None and trial_status.has_choice(status.row(session, self.model.provider))

    @property
    def source_keys(self) -> tuple[str, ...]:
        """The footer's word for it."""
        return ("playground.source",) if self.has_trial else ()

    def warn_of_trial(self, model: Model) -> None:
        """Warn once a day when less than a tenth of the trial's requests remains."""
        trial_status.warn_of_trial(self, model)

    async def warn_of_budget(self) -> None:
        """Say before a request that this month's spend is near the budget, or over it; once for each amount."""
        self._budget_warning = await trial_status.warn_of_budget(self, self._budget_warning)

    def refresh_chrome(self) -> None:
        if isinstance(self.screen, FramedScreen):
            self.screen.refresh_chrome()

    @property
    def typing(self) -> bool:
        return isinstance(self.screen, FramedScreen) and self.screen.typing

    @property
    def prompt(self) -> str:
        """What will be sent to the model, for its estimated price; '' if that is not known."""
        return ""

    def model_changed(self) -> None:
        """React to another model."""

    @property
    def rule(self) -> Rule | None:
        """Its own foot rule, where it has something below that; then the screen's rule and strip are hidden."""
        return None

    def chrome(self) -> ScreenText:
        """Return the texts around the tab; its title is the playground's."""
        raise NotImplementedError

    def escape(self) -> None:
        """Stop what runs, else leave the field."""
        raise NotImplementedError

    def take_focus(self) -> None:
        """Move the focus to where you go on: the question, the texts, the file or the result."""
        raise NotImplementedError

    def focus_if_elsewhere(self) -> None:
        """Move the focus to where you go on unless it is somewhere in this tab."""
        focused = self.screen.focused
        if focused is None or self not in focused.ancestors_with_self:
            (self.leave_fields if getattr(self.screen, "keys_act", False) and self.begins_typing else self.take_focus)()

    @property
    def begins_typing(self) -> bool:
        """Whether `take_focus` moves the focus to a text field."""
        return True

    def leave_fields(self) -> None:
        """Move the focus from the fields, so that single keys act and enter sends nothing."""
        if self.REST:
            self.query_one(self.REST).focus()
        else:  # the tab's own keys act only where something in it has the focus
            self.can_focus = True
            self.focus()

    def on_blur(self) -> None:
        self.can_focus = False

    def hide_when_locked(self) -> None:
        """Hide what only an open tenant shows."""

    def unsaved(self) -> str:
        """Return what leaving would lose, as a sentence."""
        return ""


class PromptTab(Tab):
    """A tab with a composer: a prompt and the files that go with it, and with what models are asked with beside it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("playground.prompts", "prompts"),
        bind("playground.schema", "schema"),
        bind("playground.tools", "tools"),
    ]

    def __init__(self, question_id: str, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.composer = Composer(question_id)

    def unsaved(self) -> str:
        written = self.question.text.strip() or self.composer.files
        return "The question that you wrote is not sent." if written else ""

    @property
    def instructions(self) -> SavedPrompt:
        """System prompt, parameters and schema of the next request, without a name."""
        raise NotImplementedError

    def use_prompt(self, prompt: SavedPrompt) -> None:
        """Ask with them from now on."""
        raise NotImplementedError

    def action_prompts(self) -> None:
        self.run_worker(self._choose_prompt(), group="prompts", exclusive=True, exit_on_error=False)

    async def _choose_prompt(self) -> None:
        from tui.console.playground.saved_prompts import SavedPrompts  # lazy: the page

        if prompt := await self.app.push_screen_wait(SavedPrompts(self.instructions)):
            self.use_prompt(prompt)
            self.dialogs.toast(f"Asking with {prompt.name}.")

    def action_schema(self) -> None:
        self.run_worker(self._choose_schema(), group="prompts", exclusive=True, exit_on_error=False)

    async def _choose_schema(self) -> None:
        from tui.console.playground.answer_schema import AnswerSchema  # lazy: the page

        present = self.instructions
        chosen = await self.app.push_screen_wait(AnswerSchema(present.schema, self.home))
        if chosen is not None:
            self.use_prompt(replace(present, schema=chosen.schema))

    def action_tools(self) -> None:
        if self.model is None:
            self.show_sentence(hint("Pick a model first: {playground.model:typing}."))
            return
        from tui.console.playground.chat.recording import RECORDED  # lazy: the page
        from tui.console.playground.chat.tools import ToolsPage  # lazy: the page

        question = self.question.text.strip().partition("\n")[0]
        page = ToolsPage(
            self.model, self.instructions, self.home, question, self.record, incognito=self.sign != RECORDED
        )
        self.app.push_screen(page)

    def take_focus(self) -> None:
        self.question.focus()

    def action_write(self) -> None:
        self.question.focus()

    @property
    def rule(self) -> Rule:
        return self.composer.rule

    @property
    def question(self) -> Question:
        """The field of the prompt."""
        return self.composer.question

    def set_model(self, model: Model) -> None:
        self.show_sentence()  # it may have asked for a model
        super().set_model(model)

    def show_sentence(self, sentence: str = "") -> None:
        """Show a sentence under the question; '' removes it."""
        self.composer.show_sentence(sentence)

    def on_lines_field_too_long(self, event: LinesField.TooLong) -> None:
        self.composer.show_too_long(event)

    def on_question_attach(self) -> None:
        self.action_attach()

    def on_question_detach(self) -> None:
        self.composer.attach(*self.composer.files[:-1])

    def action_attach(self) -> None:
        self.run_worker(self._ask_for_file(), group="attach", exclusive=True, exit_on_error=False)

    async def _ask_for_file(self) -> None:
        from tui.console.playground.attach import Attach  # lazy: the page

        file = await self.app.push_screen_wait(Attach(self.home, self.model))
        if file is not None:
            self.composer.attach(*self.composer.files, file)
        self.question.focus()


class SingleCallTab(Tab):
    """A tab that makes one call at a time from what was entered in it, and is covered while the tenant is locked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - textual's name
        super().__init__(id=id)
        self.call_status: CallStatus | None = None

    def on_tab_shown(self) -> None:
        super().on_tab_shown()
        if self.has_class("-locked") and keyring.is_open(self.navigator.tenant_session):
            self.on_unlocked()
        self.focus_if_elsewhere()

    def stop_call(self) -> None:
        """Stop what runs; nothing that was entered is lost."""
        self.workers.cancel_group(self, "call")

    def ask_to_open(self) -> None:
        """Ask for the passphrase, and go on where one was."""
        self.run_worker(self._open(), group="unlock", exclusive=True)

    async def _open(self) -> None:
        if await self.dialogs.ensure_unlocked():
            self.on_unlocked()
            self.take_focus()

    def on_unlocked(self) -> None:
        """Show again what only an open tenant shows."""
        self.remove_class("-locked")
