"""The form that sets up a provider, built from its declaration."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from tui.console.providers.setup.field import EntryRow, keep_help
from tui.console.providers.setup.local_servers import server_parts
from tui.console.providers.setup.region import RegionChoice
from tui.console.widgets.form import Button, Choice, FieldRow, Form
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import CAUTION, MUTED, PROBLEM
from tui.domain import Credential
from tui.providers import PROVIDERS
from tui.providers.origins import host_of, is_loopback
from tui.providers.spec import Choice as Offered
from tui.providers.spec import Field, Provider
from tui.sanitize import in_words
from tui.secret import MASK, Secret
from tui.workspace.credentials.discovery import DiscoveredKey, Server
from tui.workspace.credentials.paste import in_sentence
from tui.workspace.credentials.save_plan import destinations, needs_plain_http

NAME = "name-of-credential"
"""The row that names a new credential; no provider declares a field of that name."""
_NAME_HELP = "Its name here: letters, digits, . _ -, no spaces."


class SetupForm(Form):
    """Fields, buttons and texts of the setup. Its screen answers the buttons, by their IDs.

    `found` `server-N` `look` `look-again` `carry` `keep` `verify` `rotate` `anyway` `more`
    """

    DEFAULT_CSS = """
    SetupForm > .gap { height: 1; }
    SetupForm Plain { height: auto; }
    SetupForm Vertical { height: auto; }
    SetupForm .said { padding-left: 3; }
    SetupForm #notice { padding: 0 0 1 3; }
    SetupForm .under-choice { padding-left: 20; }
    """

    def __init__(
        self,
        provider: Provider,
        stored: Credential | None,
        discovered: DiscoveredKey | None,
        *,
        naming: bool = False,
        unreadable: bool = False,
        rotates: bool = False,
        model_origins: tuple[str, ...] = (),
    ) -> None:
        """Create the form. `naming` asks for a new credential's name; `unreadable`: stored secrets cannot be decrypted.

        With `rotates` the stored key can be kept beside a new one.
        """
        super().__init__()
        self.rotates = rotates
        self.model_origins = model_origins
        self.provider, self.stored, self.discovered, self.unreadable = provider, stored, discovered, unreadable
        self.named = FieldRow(NAME, "Name", help=(_NAME_HELP,)) if naming else None
        self.servers: Sequence[Server] = ()
        self.has_notice = False
        self.auth_methods = tuple(dict.fromkeys(field.auth_method for field in provider.fields if field.auth_method))
        self.entries = {field.name: self._entry(field) for field in provider.fields if field.url or not field.choices}
        self.choices = {field.name: self._choice(field) for field in provider.fields if field.name not in self.entries}

    # --- the parts ---

    def compose(self) -> ComposeResult:
        if self.named:  # before every offer: each of them saves under this name
            yield from (_gap(), self.named)
        if self.provider.local_servers and self.stored is None:
            yield Vertical(id="servers")
        yield _gap("first-gap")
        if self.discovered is not None:
            yield Button(self._discovery_message(self.discovered), id="found", primary=True)
            hosts = ", ".join(map(host_of, self.origins(self.discovered.values))) or self.provider.label
            yield Plain(f"Asks {hosts} whether it works, then encrypts and saves it.", classes="said")
            yield _gap()
        if self.provider.local_servers and self.stored is None:
            yield Button("Look for servers on this machine", id="look")
            yield _gap("look-gap")
        if self.discovered is not None or (self.provider.local_servers and self.stored is None):
            other = "a different one" if self.discovered is not None else "its address"
            yield Plain(f"Or type {other}:", classes="said", id="or-another")
        yield from self._main_rows()
        yield from (Button("", id="carry"), Button("Keep it here", id="keep"))
        yield _gap("carry-gap")
        if any(field.advanced for field in self.provider.fields):
            yield Button(self._more_words(), id="more")
            with Vertical(id="more-fields"):
                yield from self._parts(field for field in self.provider.fields if field.advanced)
            yield _gap()
        yield Plain(id="notice", classes="said")
        yield Button("Verify and save", id="verify", primary=True)
        yield Button("Save anyway, unverified", id="anyway")
        if self.rotates:
            yield Button("Rotate: verify and save, keep the old key", id="rotate")
        yield _gap()
        yield Button("Search again", id="look-again")
        yield _gap("look-again-gap")
        yield Plain(id="goes", classes="said")

    def on_mount(self) -> None:
        for name in ("carry", "keep", "carry-gap", "notice", "anyway", "more-fields", "look-again", "look-again-gap"):
            self._show(name, False)
        self.show_auth_method()

    def _main_rows(self) -> Iterator[Widget]:
        main = [field for field in self.provider.fields if not field.advanced]
        first = next((n for n, entry in enumerate(main) if entry.auth_method), len(main))
        yield from self._parts(main[:first])
        if len(self.auth_methods) > 1:
            if first:
                yield _gap()
            stored = next((entry.auth_method for entry in main if entry.auth_method and self._has(entry)), "")
            yield Choice("Sign in with", [(method, method) for method in self.auth_methods], stored, id="way")
            yield _gap()
        yield from self._parts(main[first:])
        yield _gap()
        for row in self.entries.values():
            if row.declared.choices:
                yield RegionChoice(row)  # More, with its address, follows at once

    def _parts(self, fields: Iterable[Field]) -> Iterator[Widget]:
        for field in fields:
            if field.name in self.entries:
                yield self.entries[field.name]
            else:
                yield _gap()
                yield self.choices[field.name]
                if field.help:
                    yield Plain((field.help, MUTED), classes=f"under-choice of-{field.name}")

    def _entry(self, field: Field) -> EntryRow:
        stored = self.stored.hints if self.stored and field.secret else {}
        hint = stored.get(field.name)
        value = "" if field.secret or self.stored is None else self.stored.clear.get(field.name, "")
        help_ = [field.help] if field.help else []
        if hint is not None and self.unreadable:
            hint, help_ = None, ["The stored one can't be decrypted; type it again."]
        elif hint is not None:
            help_ = [keep_help(self.stored, field, hint)]
        if field.secret and self.provider.key_page:
            help_.append(f"Create one at {self.provider.key_page}")
        return EntryRow(self.provider, field, "" if value == field.default else value, hint, help_)

    def _choice(self, field: Field) -> Choice:
        stored = self.stored.clear.get(field.name, "") if self.stored else ""
        options = list(field.choices)
        if not field.required and not field.default:
            options.insert(0, Offered("", "detect automatically"))
        return Choice(field.label, [(option.value, option.label) for option in options], stored or field.default)

    def _discovery_message(self, discovered: DiscoveredKey) -> str:
        secret = next((value for value in discovered.values.values() if isinstance(value, Secret)), None)
        ends = f", ends {secret.reveal()[-4:]}" if secret and len(secret.reveal()) >= 20 else ""
        both = f" and {discovered.base_url_variable}" if discovered.base_url_variable else " from the environment"
        return f"Use {discovered.variable}{both}{ends}"

    def _more_words(self) -> str:
        return "More: " + ", ".join(in_sentence(field.label) for field in self.provider.fields if field.advanced)

    # --- what is shown ---

    @property
    def auth_method(self) -> str:
        """The way of signing in that is shown, '' where there is one only."""
        return self.query_one("#way", Choice).value if len(self.auth_methods) > 1 else ""

    def _shows(self, field: Field) -> bool:
        return not field.auth_method or len(self.auth_methods) < 2 or field.auth_method == self.auth_method

    def show_auth_method(self) -> None:
        """Show the fields of the way that is chosen; what was typed on the other side stays."""
        for field in self.provider.fields:
            parts: list[Widget] = [self.entries.get(field.name) or self.choices[field.name]]
            for part in [*parts, *self.query(f".of-{field.name}")]:
                part.display = self._shows(field)
        self.show_destination()

    @property
    def visible_rows(self) -> list[EntryRow]:
        """The rows of the way that is chosen, folded ones too."""
        return [entry for entry in self.entries.values() if self._shows(entry.declared)]

    def values(self) -> dict[str, str | Secret]:
        """Return the values shown, for the use case."""
        values: dict[str, str | Secret] = {}
        for row in self.visible_rows:
            if row.declared.secret:
                if row.secret is not None:
                    values[row.declared.name] = row.secret
            else:
                values[row.declared.name] = row.value
        for name, choice in self.choices.items():
            if self._shows(self.provider.field(name)):
                values[name] = choice.value
        return values

    @property
    def prefilled(self) -> frozenset[str]:
        """Return the names of the fields that still hold what is stored; nobody entered that here."""
        return frozenset(row.declared.name for row in self.visible_rows if row.first and not row.changed)

    def ask_again(self, name: str, message: str, hint: str) -> None:
        """Leave a field blank whose stored value is not to be used, and say why, so that it is entered again."""
        self.entries[name].forget()
        self.complain(name, message, hint)
        self.show_destination()

    def split_address(self, row: EntryRow) -> None:
        """Fill in what an address that was pasted into a field holds of others."""
        for name, text in row.pasted_fields.items():
            if name in self.entries and name != row.declared.name:
                self.entries[name].field.value = text

    @property
    def model_id(self) -> str:
        """The id of a model that a pasted address named, '' for none."""
        return next(filter(None, (entry.pasted_fields.get("model") for entry in self.visible_rows)), "")

    @property
    def new_name(self) -> str:
        """How a new credential is to be called."""
        return self.named.value.strip() if self.named else ""

    @property
    def changed(self) -> bool:
        """Whether something was typed that is not saved."""
        return bool(self.new_name) or any(entry.changed for entry in self.entries.values())

    def disable(self, disabled: bool) -> None:
        """Disable typing during the verification, so that what is verified is what is saved."""
        for row in self.query(FieldRow):
            row.disabled = disabled

    def complain(self, name: str, message: str, *more: str) -> bool:
        """Say under a field what is wrong with it and put the focus there; False if it is not in the form."""
        if name == NAME and self.named:
            self.named.show_lines(line(PROBLEM, message), *more)
            self.named.field.focus()
        elif name in self.entries:
            self.entries[name].complain(message, *more)
            self.open_at(name)
        return name in self.entries or name == NAME

    def unfold(self) -> None:
        """Show the fields under More."""
        self._show("more", False)
        self._show("more-fields", True)

    def open_at(self, name: str) -> None:
        """Put the cursor into a field."""
        if name not in self.entries and name not in self.choices:
            return
        field = self.provider.field(name)
        if field.advanced:
            self.unfold()
        if not self._shows(field):
            self.query_one("#way", Choice).choose(field.auth_method)
            self.show_auth_method()
        if name in self.entries:
            self.entries[name].field.focus()
        else:
            self.choices[name].focus()

    def open_first(self) -> None:
        """Put the focus where the form begins."""
        if self.discovered is not None:
            self.query_one("#found").focus()
        elif self.named:
            self.named.field.focus()
        elif self.provider.local_servers and self.stored is None:
            self.query_one("#look").focus()
        else:
            main = next((row for row in self.visible_rows if row.declared.secret and not row.declared.advanced), None)
            first = self.visible_rows[0] if self.visible_rows else None
            row = main if self.stored is not None and main else first
            if row is not None:
                self.open_at(row.declared.name)

    def advance(self, row: FieldRow) -> None:
        """Move the focus from a field to a choice that it offers, the next visible field, or the button."""
        if isinstance(row, EntryRow) and row.owner:
            self.query_one("#carry").focus()
            return
        rows = self.visible_rows
        more = isinstance(row, EntryRow) and row.declared.advanced
        after = rows[rows.index(row) + 1 :] if isinstance(row, EntryRow) and row in rows else rows
        matching = [entry for entry in after if entry.declared.advanced == more]
        if matching:
            matching[0].field.focus()
        else:
            self.query_one("#verify").focus()

    def offer_likely_provider(self) -> None:
        """Offer to carry a key to the provider that it looks like a key of."""
        row = next((entry for entry in self.visible_rows if entry.owner), None)
        for name in ("carry", "keep", "carry-gap"):
            self._show(name, row is not None)
        if row is not None:
            self.query_one("#carry", Button).relabel(f"Open {PROVIDERS[row.owner].label} with this key")

    def keep_provider(self) -> None:
        for row in self.visible_rows:
            if row.owner:
                row.here = True
                row.clear_problem()
        self.offer_likely_provider()
        self.query_one("#verify").focus()

    def name_buttons(self, again: bool, anyway: str = "") -> None:
        """Name the buttons: the first check or another, and what saves without one."""
        self.query_one("#verify", Button).relabel("Verify again" if again else "Verify and save")
        self.query_one("#anyway", Button).relabel(anyway)
        self._show("anyway", bool(anyway))

    def notice(self, *lines: Words) -> None:
        """Show a notice about the whole form above its buttons, for good."""
        self.query_one("#notice", Plain).show(line(*_join(lines)))
        self._show("notice", bool(lines))
        self.has_notice = bool(lines)

    def origins(self, values: Mapping[str, str | Secret]) -> tuple[str, ...]:
        """Return the origins that the key would be sent to, as far as known."""
        own = destinations(self.provider, values, self.stored)
        return tuple(dict.fromkeys((*own, *self.model_origins))) if own else ()

    def show_destination(self, *instead: Words) -> None:
        """Say where the key will be sent, or something that matters more."""
        coming_fields = [
            field.name for field in self.provider.fields if field.auth_method and field.required and self._shows(field)
        ]
        filled = {name: entry for name, entry in self.values().items() if entry}
        marked = self.discovered.values if self.discovered and not self.changed else {}  # what its button sends
        origins = self.origins({**dict.fromkeys(coming_fields, MASK), **filled, **marked})
        lines: list[Words] = list(instead)
        if not instead and origins:
            secrets = [field for field in self.provider.fields if field.secret and self._shows(field)]
            what, verb = ("keys", "go") if len(secrets) > 1 else ("key", "goes")
            if all(map(is_loopback, origins)):
                lines.append(f"Nothing leaves this machine: {', '.join(map(host_of, origins))}.")
            else:
                several = in_words([host_of(origin) for origin in origins])
                where = several if origins[1:] else f"{origins[0]} and nowhere else"
                lines.append(f"The {what} {verb} to {where}.")
        if needs_plain_http(origins):
            lines.append(line(CAUTION, "Unencrypted: anyone on the network can read the key."))
        elif not instead:
            which = "that it lists" if self.provider.local_servers else f"of {self.provider.label}"
            imported = f"All models {which} are imported once {'you use it' if self.named else 'it is verified'}."
            lines.append(self.provider.after_saving or imported)
        self.query_one("#goes", Plain).show(line(*_join(lines)))

    # --- servers on this machine ---

    async def show_servers(self, servers: Sequence[Server]) -> None:
        """Show a button for each server that answers, and the ports that do not; focus the first."""
        self.servers = servers
        place = self.query_one("#servers", Vertical)
        await place.remove_children()
        await place.mount(*server_parts(self.provider, servers))
        self._show("look", False)
        self._show("look-gap", False)
        self._show("or-another", bool(servers) or self.discovered is not None)
        self._show("look-again", True)
        self._show("look-again-gap", True)
        if servers:
            self.query_one("#server-0").focus()
        else:
            self.open_at(next(field.name for field in self.provider.fields if field.url))

    def server_values(self, server: Server) -> Mapping[str, str]:
        """Return the values that taking a server fills in."""
        return {next(field.name for field in self.provider.fields if field.url): server.base_url}

    def _show(self, part: str, shown: bool) -> None:
        for widget in self.query(f"#{part}"):
            widget.display = shown

    def _has(self, field: Field) -> bool:
        return self.stored is not None and (field.name in self.stored.hints or bool(self.stored.clear.get(field.name)))


def _gap(name: str | None = None) -> Plain:
    return Plain(" ", id=name, classes="gap")


def _join(lines: Sequence[Words]) -> Iterator[Words]:
    for number, entry in enumerate(lines):
        if number:
            yield "\n"
        yield entry
