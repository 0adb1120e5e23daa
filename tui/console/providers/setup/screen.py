"""The set-up page of a provider: fields, pastes, buttons and results. `SaveFlow` saves."""

from asyncio import CancelledError
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from textual import events
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.console.frame.chrome import ScreenText
from tui.console.frame.other_operators import OtherOperators
from tui.console.frame.screen import PageScreen, problem_lines
from tui.console.keys import hint
from tui.console.providers.setup.field import EntryRow, paste_into
from tui.console.providers.setup.form import NAME, SetupForm
from tui.console.providers.setup.hints import strip_for
from tui.console.providers.setup.local_servers import probe_words
from tui.console.providers.setup.messages import UNLISTED_HINT, answer_of, saved_notice, stored_lines
from tui.console.providers.setup.save_flow import (
    Cancelled,
    CheckFailed,
    DecisionNeeded,
    Outcome,
    ReviewStored,
    SaveFlow,
    SaveResult,
    TakeStored,
)
from tui.console.remedies import problem_hint
from tui.console.widgets.elapsed import elapsed
from tui.console.widgets.form import Button, Choice, FieldRow
from tui.console.widgets.input import LineField, SecretField
from tui.console.widgets.static_text import Words
from tui.console.widgets.symbols import WARNING, sign
from tui.domain import DEFAULT_NAME, ProviderState, VerificationState
from tui.errors import CredentialRejected, Locked, NetworkError, Problem
from tui.providers import PROVIDERS
from tui.providers.spec import Provider
from tui.secret import Secret
from tui.tenancy import credentials
from tui.workspace.credentials import discovery, status
from tui.workspace.credentials.fields import FieldProblem, UnverifiedAddress, Values
from tui.workspace.credentials.paste import in_sentence
from tui.workspace.credentials.verify import VerifiedDraft
from tui.workspace.models.proposals import proposed_defaults


class Setup(PageScreen[bool]):
    """Answers True once something was saved. What was typed stays in the form until then.

    `field` has the focus first; `name` is the credential, '' for a new one that is named in the form; `carried` is a
    key that was pasted elsewhere; `look` asks this machine's ports for model servers at once.
    """

    def __init__(
        self,
        provider: Provider,
        field: str = "",
        name: str = DEFAULT_NAME,
        carried: Secret | None = None,
        look: bool = False,
    ) -> None:
        super().__init__()
        self.provider, self.credential_name = provider, name
        self.asking = False
        """Whether a provider or this machine's ports are being asked."""
        self.outcome: tuple[Words, Words] | None = None
        """What the strip says of the last answer."""
        self._field, self._carried, self._look_first = field, carried, look
        self._changed_elsewhere = False
        self._hint: tuple[Words, Words] | None = None

    @property
    def form(self) -> SetupForm:
        return self.query_one(SetupForm)

    def content(self) -> Iterable[Widget]:
        with Vertical(id="form"):
            yield OtherOperators(f"provider {self.provider.id} {self.credential_name}".strip())
            yield self._make()

    def _make(self) -> SetupForm:
        self.flow = SaveFlow(self.navigator.tenant_session, self.provider, self.dialogs, self.credential_name)
        stored, more = self.flow.stored, self.flow.model_origins
        available = discovery.discover_keys(self.navigator.session, self.provider) if self._carried is None else None
        unreadable = stored is not None and credentials.is_undecryptable(self.flow.session, stored)
        rotates, naming = bool(stored and stored.envelope) and not unreadable, not self.credential_name
        return SetupForm(
            self.provider, stored, available, naming=naming, unreadable=unreadable, rotates=rotates, model_origins=more
        )

    def on_mount(self) -> None:
        self.call_after_refresh(self._prefill)

    def _prefill(self) -> None:
        """Fill in what was pasted on another screen, and focus the right field."""
        form, carried = self.form, self._carried
        if carried is not None:
            self._carried = None
            if into := paste_into(form.visible_rows, carried.reveal()):
                into.focus()
        elif self._look_first and self.provider.local_servers and self.flow.stored is None:
            self._probe_servers("look")
        elif self._field:
            form.open_at(self._field)
        else:
            form.open_first()
        self.refresh_chrome()

    def chrome(self) -> ScreenText:
        if not self.query(SetupForm):
            return ScreenText("", ())
        what = {DEFAULT_NAME: "set up", "": "new credential"}.get(self.credential_name, self.credential_name)
        row = status.row(self.navigator.tenant_session, self.provider.id)
        state_now = ProviderState.REFUSED if self.flow.rejected else row.state
        word = row.word if row.on_trial and not self.flow.rejected else str(state_now)
        state = f"{sign(state_now)[0]} {word}" if row.credential or self.flow.rejected or row.on_trial else word
        right = f"{WARNING} changed elsewhere" if self._changed_elsewhere else state
        strip = self._hint or self.outcome or strip_for(self.form, self.focused, row)
        return ScreenText(f"Providers › {self.provider.label} › {what}", self._keys(), right, strip=strip)

    def _keys(self) -> tuple[str, ...]:
        focused = self.focused
        if self.asking:
            return ("page.back: stop",)
        if isinstance(focused, Button):
            choose = ("focus.up focus.down: move",) if (focused.id or "").startswith("server-") else ()
            return ("form.press", *choose, "focus.next", "page.back")
        if isinstance(focused, Choice):
            return ("choice.left choice.right: choose", "field.next", "focus.next", "page.back")
        if isinstance(focused, SecretField) and focused.value:
            return ("field.next", "field.clear", "focus.next", "page.back")
        return ("field.next", "focus.next focus.previous: move", "page.back")

    def unsaved(self) -> str:
        return "What you typed will be lost." if self.query(SetupForm) and self.form.changed else ""

    def action_back(self) -> None:
        if self.asking:
            self.workers.cancel_group(self, "ask")
        else:
            super().action_back()

    # --- typing and pasting ---

    def on_input_changed(self, event: Input.Changed) -> None:
        row = _row_of(event.input)
        if row is not None and not isinstance(row, EntryRow):
            row.show_lines()
        elif row is not None:
            row.clear_problem()
            self._reset()
            self.form.offer_likely_provider()
            self.form.show_destination()
            self.refresh_chrome()

    def on_line_field_pasted(self, event: LineField.Pasted) -> None:
        if isinstance(row := _row_of(event.field), EntryRow):
            row.describe_paste()
            self.form.split_address(row)

    def on_line_field_too_long(self, event: LineField.TooLong) -> None:
        if isinstance(row := _row_of(event.field), EntryRow):
            row.show_too_long(event.size)
            event.prevent_default()
        elif row is not None:
            row.show_lines(*problem_lines(f"The paste has {event.size:,} characters, too many. Nothing was pasted."))

    def on_paste(self, event: events.Paste) -> None:
        """Paste into the first empty secret field while a button has the focus."""
        if self.asking:
            return
        if field := paste_into(self.form.visible_rows, event.text):
            self.form.open_at(row.field_name if (row := _row_of(field)) else "")
        else:
            self._set_hint("Nothing was pasted: no field has the cursor.", hint("{focus.next} goes to a field."))

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        self.form.advance(event.row)

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "way":
            self.form.show_auth_method()
            self.form.offer_likely_provider()
        self._reset()
        self.form.show_destination()

    def on_descendant_focus(self) -> None:
        self._hint = None

    def _set_hint(self, first: Words, second: Words = "") -> None:
        self._hint = (first, second)
        self.refresh_chrome()

    # --- buttons ---

    def on_button_pressed(self, event: Button.Pressed) -> None:
        form, button = self.form, event.button.id or ""
        if self.asking:
            return
        if button == "found" and form.discovered:
            self._verify(button, form.discovered.values)
        elif button.startswith("server-"):
            self._verify(button, form.server_values(form.servers[int(button.removeprefix("server-"))]))
        elif button.startswith("look"):
            self._probe_servers(button)
        elif button == "carry":
            self.run_guarded(self._carry(), "ask")
        elif button == "keep":
            form.keep_provider()
        elif button == "more":
            form.unfold()
            form.open_at(next(field.name for field in self.provider.fields if field.advanced))
        elif button in ("verify", "rotate") and self._complete(rotates=button == "rotate"):
            self._verify(button, form.values())
        elif button == "anyway":
            self.run_guarded(self._show_outcome(self.flow.save_anyway(), button), "ask")

    async def _carry(self) -> None:
        """Open the form of the provider that the key looks to be of, with the key in it."""
        row = next(entry for entry in self.form.visible_rows if entry.owner)
        self.provider, self.credential_name = PROVIDERS[row.owner], DEFAULT_NAME
        self._carried, self._field, self._look_first = Secret(row.value), "", False
        self._reset()
        place = self.query_one("#form", Vertical)
        await place.remove_children()
        await place.mount(self._make())
        self.call_after_refresh(self._prefill)

    def _complete(self, rotates: bool) -> bool:
        """Return True if no value is missing; else focus the missing one."""
        form = self.form
        if not self.credential_name and not form.new_name:
            return not form.complain(NAME, "A new credential needs a name.")
        stored = credentials.listing(self.navigator.tenant_session, self.provider.id)
        if not self.credential_name and form.new_name in [credential.name for credential in stored]:
            return not form.complain(NAME, "A credential of that name already exists.", "Choose another name.")
        for row in form.visible_rows:
            if row.omitted:
                form.open_at(row.field_name)
                return False
            if row.missing:
                among = "; this method needs all its fields" if row.declared.auth_method else ""
                return not form.complain(row.field_name, f"{row.label} is missing{among}.", *row.help[:1])
        secrets = [row for row in form.visible_rows if row.declared.secret]
        if rotates and not any(row.value for row in secrets):
            return not form.complain(secrets[0].field_name, f"A new {in_sentence(secrets[0].label)} is missing.")
        return True

    # --- verifying and saving ---

    def _verify(self, button: str, values: Values) -> None:
        """Verify these values and save them if the provider accepts them; `button` was pressed."""
        form, self.outcome = self.form, None
        form.notice()
        busy, rotate = partial(self._busy, button), button == "rotate"
        prefilled = form.prefilled if values == form.values() else frozenset()
        outcome = self.flow.verify_and_save(values, busy, prefilled=prefilled, new_name=form.new_name, rotate=rotate)
        self.run_guarded(self._show_outcome(outcome, button), "ask")

    @contextmanager
    def _busy(self, button_id: str, activity: str) -> Iterator[None]:
        """Show in the button's place what is being done; escape stops it, and what was typed stays."""
        form, button = self.form, self.form.query_one(f"#{button_id}", Button)
        self.asking = True
        form.disable(True)
        try:
            with self.pending_actions.suspend(), elapsed(self, lambda passed: button.show_progress(activity + passed)):
                self.refresh_chrome()
                yield
        except CancelledError:
            self.outcome = ("Stopped. Nothing was saved; what you typed is still here.", "")
            raise
        finally:
            self.asking = False
            form.disable(False)
            button.show_progress()
            self.refresh_chrome()

    def _reset(self) -> None:
        """Forget the last answer of the provider, which was about something else than what is typed now."""
        if self.flow.reset() or self.outcome or self.form.has_notice:
            self.outcome = None
            self.form.name_buttons(again=False)
            self.form.notice()

    async def _show_outcome(self, outcome: Awaitable[Outcome], button: str) -> None:
        match await outcome:
            case SaveResult() as saved:
                await self._close_saved(saved)
            case CheckFailed(problem):
                self._show_failed_check(problem, button)
            case DecisionNeeded(verified):
                self._show_undecided(verified)
            case Cancelled(field):
                self.form.open_at(field)
            case TakeStored():
                self.dismiss(None)
            case ReviewStored(stored):
                self._changed_elsewhere = False
                self.outcome = stored_lines(self.provider, stored)
        if self.is_mounted:
            self.refresh_chrome()

    async def _close_saved(self, saved: SaveResult) -> None:
        provider, label, answer = self.provider, self.provider.label, ""
        asks = saved.is_first_use and not self.flow.rotates
        proposals = proposed_defaults(self.navigator.tenant_session, provider.id) if asks else {}
        if asks and provider.after_saving and not saved.models:
            lines = ["No models yet.", provider.after_saving]
            add = f"Add a {in_sentence(provider.model_id.label)}"
            answer = await self.dialogs.ask(f"{label} accepts this key", lines, {"add": add, "": "Not now"}) or ""
        elif saved.models and proposals:
            answer = await self.navigator.propose_defaults(saved.imported, f"{label} is set up", only=proposals)
        else:
            rotated, first = self.flow.rotates, saved.first
            notice = saved_notice(label, saved.credential, saved.imported, first=first, rotated=rotated)
            self.dialogs.toast(notice)
            answer = "add" if asks and not saved.models else ""
        navigator, model_id = self.navigator, self.form.model_id
        self.dismiss(True)
        if answer == "playground":
            self.app.run_worker(navigator.open_playground(next(iter(proposals))), group="add", exit_on_error=False)
        elif answer == "add":
            self.app.run_worker(navigator.add_model(provider.id, model_id=model_id), group="add", exit_on_error=False)

    def _show_undecided(self, verified: VerifiedDraft) -> None:
        """Say what the credential cannot do, and offer to save it all the same."""
        form, check = self.form, verified.check
        form.name_buttons(again=True, anyway="Save, and add models by hand")
        if check.state is VerificationState.RESTRICTED:
            form.notice(*problem_lines(check.message, check.hint))
        else:
            form.notice(*problem_lines("It answers, but lists no models.", UNLISTED_HINT))
        form.query_one("#anyway").focus()
        self.outcome = answer_of(self.flow.host, check.detail, self.navigator.session.now(), self.size.width)

    def _show_failed_check(self, problem: Problem, button: str) -> None:
        """Say what the provider answered, and offer to save unverified; the stored key stays in use."""
        form, lead, advice = self.form, self._key_row, problem_hint(problem)
        rejected, rotates, stored = isinstance(problem, CredentialRejected), self.flow.rotates, self.flow.stored
        self.outcome = answer_of(self.flow.host, problem.detail, self.navigator.session.now(), self.size.width)
        if rejected and stored and (hints := [text for text in stored.hints.values() if text]):
            form.show_destination(f"The stored key ending {hints[0]} stays in use until a new one is verified.")
        if isinstance(problem, NetworkError):
            keeps = "" if rotates else "; save anyway stores it unverified"
            advice = f"{advice} {hint('Press {form.press} to retry')}{keeps}.".strip()
        # A rotation replaces a key that works, so it is saved verified or not at all.
        form.name_buttons(again=button == "verify", anyway="" if rotates else "Save anyway, unverified")
        if rejected and button in ("verify", "rotate") and lead is not None:
            lead.complain(problem.message, advice)
            form.open_at(lead.declared.name)
        else:
            form.notice(*problem_lines(problem.message, advice))

    def show_problem(self, problem: Problem) -> None:
        """Show a problem at the field that it concerns, else above the buttons; nothing that was typed is lost."""
        form, lead, hint = self.form, self._key_row, problem_hint(problem)
        if isinstance(problem, Locked) and lead is not None:
            lead.complain(problem.message, "Paste it again to replace it.")
            form.open_at(lead.declared.name)
        elif isinstance(problem, UnverifiedAddress):
            form.ask_again(problem.field, problem.message, hint)
        elif not isinstance(problem, FieldProblem) or not form.complain(problem.field, problem.message, hint):
            form.notice(*problem_lines(problem.message, hint))
        self.refresh_chrome()

    @property
    def _key_row(self) -> EntryRow | None:
        """The secret field that shows a message about the key: the first that is filled in, or kept."""
        secrets = [row for row in self.form.visible_rows if row.declared.secret]
        return next((row for row in secrets if row.value or row.stored is not None), None)

    def changed_elsewhere(self) -> None:
        self._changed_elsewhere = self.flow.changed_elsewhere
        self.refresh_chrome()

    # --- servers on this machine ---

    def _probe_servers(self, button: str) -> None:
        self.run_guarded(self._show_servers(button), "ask")

    async def _show_servers(self, button: str) -> None:
        form = self.form
        form.query_one(f"#{button}").focus()
        with self._busy(button, probe_words(self.provider)):
            servers = await discovery.probe_local_servers(self.navigator.session, self.provider)
        await form.show_servers(servers)
        self.refresh_chrome()


def _row_of(field: Input) -> FieldRow | None:
    return next((widget for widget in field.ancestors if isinstance(widget, FieldRow)), None)
