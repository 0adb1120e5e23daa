"""The set-up form of a provider: fields, pastes and buttons. How it is verified and saved is in `saving`."""

from collections.abc import Iterable

from textual import events
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from tui.console.chrome import ScreenText
from tui.console.providers.setup.field import EntryRow, paste_into
from tui.console.providers.setup.form import NAME, SetupForm
from tui.console.providers.setup.local_servers import looking_words
from tui.console.providers.setup.messages import strip_for
from tui.console.providers.setup.save_flow import Saving
from tui.console.widgets.form import Button, Choice, FieldRow
from tui.console.widgets.input import LineField, SecretField
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, WARNING, sign
from tui.providers import provider as provider_of
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.credentials import is_undecryptable
from tui.workspace.credentials import discovery, status
from tui.workspace.credentials.paste import in_sentence
from tui.workspace.credentials.save import DEFAULT_NAME


class Setup(Saving):
    """Answers True once something was saved.

    `field` has the focus first; `name` is the credential, '' for a new one that is named in the form; `carried` is a
    key that was pasted elsewhere; `look` asks this machine's ports for model servers at once.
    """

    def __init__(
        self,
        provider_id: str,
        field: str = "",
        name: str = DEFAULT_NAME,
        carried: Secret | None = None,
        look: bool = False,
    ) -> None:
        super().__init__(provider_of(provider_id), name)
        self._field, self._carried, self._look_first = field, carried, look
        self._said: tuple[Words, Words] | None = None

    # --- the form ---

    def content(self) -> Iterable[Widget]:
        with Vertical(id="form"):
            yield self._make()

    def _make(self) -> SetupForm:
        held = credentials.listing(self.app.tenant_session, self.provider.id)
        self.stored = next((each for each in held if each.name == self.called), None)
        found = discovery.discover_keys(self.app.session, self.provider) if self._carried is None else None
        shut = self.stored is not None and is_undecryptable(self.app.tenant_session, self.stored)
        rotates = bool(self.stored and self.stored.envelope) and not shut
        return SetupForm(self.provider, self.stored, found, naming=not self.called, shut=shut, rotates=rotates)

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """The parts are there: carry in what was pasted elsewhere, and put the focus where it belongs."""
        form, carried = self.form, self._carried
        if carried is not None:
            self._carried = None
            if into := paste_into(form.shown, carried.reveal()):
                into.focus()
        elif self._look_first and self.provider.local_servers and self.stored is None:
            self._look("look")
        elif self._field:
            form.open_at(self._field)
        else:
            form.open_first()
        self.refresh_chrome()

    def chrome(self) -> ScreenText:
        if not self.query(SetupForm):
            return ScreenText("", ("f1 help",))
        what = {DEFAULT_NAME: "set up", "": "new credential"}.get(self.called, self.called)
        row = status.row(self.app.tenant_session, self.provider.id)
        word = "key refused" if self.refused else row.word if row.on_trial else row.state
        mark = sign("key refused" if self.refused else row.state)[0]
        state = f"{mark} {word}" if row.credential or self.refused or row.on_trial else word
        right = f"{WARNING} changed elsewhere" if self.changed_meanwhile else state
        strip = self._said or self.outcome or strip_for(self.form, self.focused, row)
        return ScreenText(f"Providers › {self.provider.label} › {what}", self._keys(), right, strip=strip)

    def _keys(self) -> tuple[str, ...]:
        focused = self.focused
        if self.asking:
            return ("esc stop", "f1 help")
        if isinstance(focused, Button):
            choose = ("up down move",) if (focused.id or "").startswith("server-") else ()
            return ("enter press", *choose, "tab next", "esc back", "f1 help")
        if isinstance(focused, Choice):
            return ("left right choose", "enter next", "tab next", "esc back", "f1 help")
        if isinstance(focused, SecretField) and focused.value:
            return ("enter next", "ctrl+u empty", "tab next", "esc back", "f1 help")
        return ("enter next", "tab shift+tab move", "esc back", "f1 help")

    def unsaved(self) -> str:
        return "What was typed is lost." if self.query(SetupForm) and self.form.changed else ""

    def action_back(self) -> None:
        if self.asking:
            self.stop()
        else:
            super().action_back()

    # --- typing and pasting ---

    def on_input_changed(self, event: Input.Changed) -> None:
        row = _row_of(event.input)
        if row is not None and not isinstance(row, EntryRow):
            row.say()
        elif row is not None:
            row.typed()
            self.forget_outcome()
            self.form.say_owner()
            self.form.say_where()
            self.refresh_chrome()

    def on_line_field_pasted(self, event: LineField.Pasted) -> None:
        if isinstance(row := _row_of(event.field), EntryRow):
            row.pasted()
            self.form.take_apart(row)

    def on_line_field_too_long(self, event: LineField.TooLong) -> None:
        if isinstance(row := _row_of(event.field), EntryRow):
            row.too_long(event.size)
            event.prevent_default()
        elif row is not None:
            row.say(line((f"{WARNING} ", ATTENTION), f"That is {event.size:,} characters; it was left out."))

    def on_paste(self, event: events.Paste) -> None:
        """A paste while a button has the focus goes to the first empty secret field instead of being lost."""
        if self.asking:
            return
        if field := paste_into(self.form.shown, event.text):
            self.form.open_at(_name_of(field))
        else:
            self._say("Nothing was pasted: no field has the cursor.", "tab goes to a field.")

    def on_field_row_next(self, event: FieldRow.Next) -> None:
        self.form.advance(event.row)

    def on_choice_next(self) -> None:
        self.focus_next()

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "way":
            self.form.show_way()
            self.form.say_owner()
        self.forget_outcome()
        self.form.say_where()

    def on_descendant_focus(self) -> None:
        self._said = None

    def _say(self, first: Words, second: Words = "") -> None:
        self._said = (first, second)
        self.refresh_chrome()

    # --- buttons ---

    def on_button_pressed(self, event: Button.Pressed) -> None:
        form, which = self.form, event.button.id or ""
        if self.asking:
            return
        if which == "found" and form.found:
            self.ask(which, form.found.values)
        elif which.startswith("server-"):
            self.ask(which, form.server_values(form.servers[int(which.removeprefix("server-"))]))
        elif which.startswith("look"):
            self._look(which)
        elif which == "carry":
            self.work(self._carry())
        elif which == "keep":
            form.keep_here()
        elif which == "more":
            form.unfold()
            form.open_at(next(each.name for each in self.provider.fields if each.advanced))
        elif which in ("verify", "rotate") and self._complete(rotates=which == "rotate"):
            self.ask(which, form.values())
        elif which == "anyway":
            self.work(self.save_anyway())

    async def _carry(self) -> None:
        """Open the form of the provider that the key looks to be of, with the key in it."""
        row = next(each for each in self.form.shown if each.owner)
        self.provider, self.called, self._carried = provider_of(row.owner), DEFAULT_NAME, Secret(row.value)
        self._field, self._look_first = "", False
        self.forget_outcome()
        place = self.query_one("#form", Vertical)
        await place.remove_children()
        await place.mount(self._make())
        self.call_after_refresh(self._begin)

    def _complete(self, rotates: bool) -> bool:
        """Whether nothing is missing in what is shown; else the focus is where it is missing."""
        form = self.form
        if not self.called and not form.new_name:
            return not form.complain(NAME, "A new credential needs a name.")
        held = credentials.listing(self.app.tenant_session, self.provider.id)
        if not self.called and form.new_name in [each.name for each in held]:
            return not form.complain(NAME, "There is a credential of that name already.", "Choose another name.")
        for row in form.shown:
            if row.left_out:
                form.open_at(row.field_name)
                return False
            if row.missing:
                among = "; this way needs all of its fields" if row.declared.auth_method else ""
                return not form.complain(row.field_name, f"{row.label} is missing{among}.", *row.help[:1])
        secrets = [each for each in form.shown if each.declared.secret]
        if rotates and not any(each.value for each in secrets):
            return not form.complain(secrets[0].field_name, f"A new {in_sentence(secrets[0].label)} is missing.")
        return True

    # --- servers on this machine ---

    def _look(self, which: str) -> None:
        self.work(self._looked(which))

    async def _looked(self, which: str) -> None:
        form = self.form
        form.query_one(f"#{which}").focus()
        with self.at_work(which, looking_words(self.provider)):
            servers = await discovery.probe_local_servers(self.app.session, self.provider.id)
        await form.show_servers(servers)
        self.refresh_chrome()


def _row_of(field: Input) -> FieldRow | None:
    return next((each for each in field.ancestors if isinstance(each, FieldRow)), None)


def _name_of(field: LineField) -> str:
    row = _row_of(field)
    return row.field_name if row else ""
