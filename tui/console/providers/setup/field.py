"""A form row for one declared field: cleans pastes, recognizes keys, shows problems."""

from collections.abc import Mapping, Sequence

from textual.widgets import Input

from tui.console.widgets.form import FieldRow
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.domain import Credential
from tui.errors import UsageError
from tui.process import references
from tui.providers import PROVIDERS
from tui.providers.spec import Field, Provider
from tui.sanitize import one_line
from tui.secret import Secret
from tui.workspace.credentials import paste

REFERENCE = "ref:"
"""What a secret field begins with that says where the secret is."""


class EntryRow(FieldRow):
    """A form row of a field. Secret ones are never prefilled; left blank, they keep the stored value."""

    def __init__(
        self,
        provider: Provider,
        declared: Field,
        value: str,
        stored: str | None,
        help: Sequence[str],  # noqa: A002 - the word of the screens
    ) -> None:
        """Create the row. `stored` is the hint of a stored secret ('' if there is none to show), None without one."""
        super().__init__(declared.name, declared.label, value, secret=declared.secret, help=help)
        self.declared, self.first, self.stored = declared, value, stored
        self.provider = provider
        self.notes: tuple[str, ...] = ()
        self.pasted_fields: Mapping[str, str] = {}
        """What the last paste held, by field name."""
        self.wrong: tuple[Words, ...] = ()
        self.omitted = False
        """Whether the last paste was refused; what the field holds is then not what was meant."""
        self.here = False
        """Whether the operator wants a key of another shape here all the same."""
        self.field.cleaner = self._clean

    @property
    def changed(self) -> bool:
        return self.value != self.first

    @property
    def missing(self) -> bool:
        return self.declared.required and not self.value and self.stored is None

    @property
    def owner(self) -> str:
        """The id of the provider that a key of this shape belongs to, '' if it fits here."""
        return "" if self.here else paste.likely_provider(self.provider.declared_id, self.declared, self.value)

    @property
    def refers(self) -> bool:
        """Whether the field says where the secret is, instead of holding it."""
        return self.declared.secret and self.value.lstrip().startswith(REFERENCE)

    @property
    def secret(self) -> Secret | None:
        """The secret that was typed, or the reference to it; None if the field is blank or the reference is none."""
        if not self.refers:
            return Secret(self.value) if self.value else None
        try:
            return references.normalize(self.value.strip().removeprefix(REFERENCE))
        except UsageError:
            return None

    def forget(self) -> None:
        """Leave the field blank, as if nothing were stored for it."""
        with self.field.prevent(Input.Changed):
            self.first = self.field.value = ""

    def _clean(self, text: str) -> str | None:
        if self.declared.secret and text.lstrip().startswith(REFERENCE):
            self.notes, self.wrong, self.omitted = (), (), False
            return self.field.clean(text).strip()
        cleaned = paste.clean_pasted(self.declared, text)
        self.notes = cleaned.notes
        self.omitted = bool(cleaned.problem)
        if cleaned.problem:
            self.wrong = (cleaned.problem,)
            return None
        self.wrong = ()
        return self._split_address(cleaned.text)

    def _split_address(self, text: str) -> str:
        """Return a URL without an endpoint's path; the values that it also holds go to `pasted_fields`."""
        self.pasted_fields = paste.split_pasted(self.declared, text)
        if self.declared.parse_pasted:
            own = self.pasted_fields[self.declared.name]
            if len(self.pasted_fields) == 1 and own != text.rstrip("/"):
                self.notes = (*self.notes, text.removeprefix(own))
            return own
        ending = next(
            (strip_suffix for strip_suffix in self.declared.strip_suffixes if text.rstrip("/").endswith(strip_suffix)),
            "",
        )
        if not self.declared.url or not ending:
            return text
        self.notes = (*self.notes, ending)
        return text.rstrip("/").removesuffix(ending)

    def describe_paste(self) -> None:
        """Say what became of a paste."""
        self._draw(fresh=True)

    def show_too_long(self, size: int) -> None:
        """Say that a paste was left out."""
        self.omitted = True
        self.complain(f"The paste has {size:,} characters, too many. Nothing was pasted.", "Paste it again.")

    def complain(self, message: str, *more: str) -> None:
        """Say under the field what is wrong with it."""
        self.wrong = (message, *(entry for entry in more if entry))
        self._draw()

    def clear_problem(self) -> None:
        """Clear the field's problem, as the text has changed."""
        self.wrong, self.omitted = (), self.refers and self.secret is None
        self.field.password = self.declared.secret and not self.refers  # a reference is no secret
        if not self.value:
            self.notes, self.pasted_fields, self.here = (), {}, False
        self._draw()

    def _draw(self, fresh: bool = False) -> None:
        lines: list[Words] = []
        if self.notes:
            lines.append((f"Removed: {', '.join(self.notes)}.", MUTED))
        if rest := paste.split_summary(self.provider, self.declared, self.pasted_fields):
            lines.append((f"Split up: {rest} will be used for the model.", MUTED))
        if self.wrong:
            lines += [line(PROBLEM, self.wrong[0]), *self.wrong[1:]]
        elif self.refers:
            lines.append((self._reference_words(), MUTED))
        elif owner := self.owner:
            lines += [line(PROBLEM, self._looks_like(owner)), "It was not sent anywhere."]
        elif fresh and (message := self._shape()):
            lines.append((message, MUTED))
        self.show_lines(*lines)

    def _reference_words(self) -> str:
        """Return what the reference does, or how one is written while it is incomplete."""
        try:
            return references.words(references.normalize(self.value.strip().removeprefix(REFERENCE)).text)
        except UsageError:
            return (
                "Go on with where the key is: pass:PATH, op://…, vault:PATH#FIELD, env:NAME, file:/PATH, command:CMD …"
            )

    def _looks_like(self, owner: str) -> str:
        provider = PROVIDERS[owner]
        prefixes = [prefix.value for field in provider.fields for prefix in field.prefixes]
        longest = max(filter(self.value.startswith, prefixes), key=len)
        return f"This looks like a key of {provider.label} ({longest})."

    def _shape(self) -> str:
        if not self.declared.secret or not self.value:
            return ""
        if not (shape := paste.key_kind(self.declared, self.value)):
            return paste.unlike(self.declared, self.value)
        article = "an" if shape[0] in "AEIOUaeiou" else "a"
        ends = f"Ends {self.value[-4:]}, has" if len(self.value) >= 20 else "Has"
        length = f", {len(self.value):,} characters" if len(self.value) > paste.LONG else ""
        return f"{ends} the shape of {article} {shape}{length}."


def paste_into(rows: Sequence[EntryRow], text: str) -> LineField | None:
    """Give a paste that met a button to the first empty secret field; the field, or None if none is empty."""
    for row in rows:
        if row.declared.secret and not row.value:
            row.field.insert_paste(text)
            return row.field
    return None


def keep_help(stored: Credential | None, field: Field, hint: str) -> str:
    """Return what happens to a stored secret if its field stays blank; a reference is named."""
    reference = stored.references.get(field.name, "") if stored else ""
    if reference:
        return f"Leave blank to keep the reference {one_line(reference, 60)}."
    return f"Leave blank to keep the stored key{f' ending {hint}' if hint else ''}."
