"""Details of a provider: credential, fields, other credentials, models, default models."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from textual.content import Content

from tui.console.widgets.row_list import Item, text_item
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import BROKEN, ERROR, HEADING, MUTED, WARNING, sign
from tui.console.widgets.truncate import clip_end, clip_middle, fit, width
from tui.console.widgets.wrap import fold, wrap
from tui.domain import Credential, ModelType, ProviderState, VerificationState, previous_of
from tui.providers.spec import Field
from tui.sanitize import group_fingerprint
from tui.tenancy import credentials, models
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials import status
from tui.workspace.credentials.lifetime import due_on, is_due, lifetime
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog

_LABEL, _VALUE, _TYPE = 15, 28, 18
_MAX_NAMES = 3
"""Model names of each type beside the list."""

_CHECK_LABELS = {
    VerificationState.READY: "verified",
    VerificationState.RESTRICTED: "restricted,",
    VerificationState.REFUSED: "refused",
}
"""Outcome of the last check -> the words before its time."""


@dataclass(frozen=True)
class ProviderDetails:
    """The details of one provider of a tenant."""

    session: TenantSession
    row: ProviderRow
    cells: int
    """Cells of a row, for wrapping URLs."""

    def items(self, compact: bool) -> list[Item]:
        """Return the rows, in the whole window or in a narrow column next to the list (`compact`).

        Fields have the key `field:<name>`, the other credentials `credential:<name>`.
        """
        parts = [self._head() if compact else [], self._fields(compact), self._inactive_rows()]
        if compact:
            parts += [self._model_column(), self._defaults(True)]
        else:
            parts.append([*self._models(), *self._defaults(False)])
        items: list[Item] = []
        for part in parts:
            if part and items:
                items.append(text_item("", ""))
            items += part
        return items

    @property
    def credential(self) -> Credential | None:
        return self.row.credential

    @property
    def inactive_credentials(self) -> list[Credential]:
        """The credentials that are not in use."""
        stored = credentials.listing(self.session, self.row.provider.id)
        return [entry for entry in stored if not entry.active]

    def check_result(self, credential: Credential) -> str:
        """Return `verified 14:02`, or another result of the last check."""
        credential_status = status.credential_state(self.session, credential)
        if credential_status.state in (ProviderState.UNDECRYPTABLE, ProviderState.UNCONFIRMED):
            return credential_status.word
        state, at = credential.check.state, short_time(credential.check.at, self.session.now())
        return f"{_CHECK_LABELS[state]} {at}" if state in _CHECK_LABELS and at else str(ProviderState.UNVERIFIED)

    def _head(self) -> list[Item]:
        mark, style = sign(self.row.state)
        label, state = self.row.provider.label, self.row.word if self.row.on_trial else self.row.state

        def draw(cells: int) -> Content:
            name = fit(label, cells - width(state) - 3, middle=True)
            return line((name, "bold"), " ", (mark, style), f" {state}")

        return [Item("", draw)]

    def _fields(self, compact: bool) -> list[Item]:
        credential, provider = self.credential, self.row.provider
        items: list[Item] = []
        if credential is not None:
            checked = self.check_result(credential)
            if checked.startswith("verified") and credential.check.ms:
                checked += f" in {credential.check.ms} ms"
            items.append(_entry("", "Credential", f"{credential.name}, in use", "" if compact else checked))
        for field in self._shown_fields():
            items += self._field(field, compact)
        if credential is not None or self.row.on_trial:
            items += self._source(compact)
        if credential is not None and compact:
            items.append(_entry("", "Verified", checked.removeprefix("verified ")))
        items += self._key_due()
        if provider.key_page:
            items += self._address("", "Get a key", provider.key_page)
        return items

    def _shown_fields(self) -> Iterator[Field]:
        """Yield the fields, without those of ways of signing in that the credential does not use."""
        fields, credential = self.row.provider.fields, self.credential
        # A short secret has a blank hint.
        stored = {*credential.hints, *(name for name, text in credential.clear.items() if text)} if credential else ()
        used = next((field.auth_method for field in fields if field.auth_method and field.name in stored), "")
        yield from (field for field in fields if not used or field.auth_method in ("", used))

    def _key_due(self) -> list[Item]:
        """Return when the key in use expires or is to be replaced, if a person has set it."""
        credential = self.credential
        terms = lifetime(self.session, credential) if credential else None
        day = due_on(credential, terms) if credential and terms else ""
        if not credential or not terms or not day:
            return []
        now = f"  {WARNING} replace it" if is_due(credential, terms, self.session.today()) else ""
        return [
            _entry(
                "", "Expires" if day == terms.expires else "Replace by", f"{short_time(day, self.session.now())}{now}"
            )
        ]

    def _source(self, compact: bool) -> list[Item]:
        """Return whose key pays, and a trial's balance."""
        row = self.row
        if row.on_trial or row.trial is None:
            left = f"{row.trial.left:,} of {row.trial.calls:,} left" if row.trial else "ended"
            return [_entry("", "Source", f"trial, {left}" if row.on_trial else row.source)]
        unused = f"{row.trial.words}, not in use"
        if compact:
            return [_entry("", "Source", row.source), _entry("", "", unused)]
        return [_entry("", "Source", f"{row.source}   ({unused})")]

    def _field(self, field: Field, compact: bool) -> Iterator[Item]:
        key, credential = f"field:{field.name}", self.credential
        *above, label = (part.plain for part in wrap(Content(field.label), _LABEL - 1))
        yield from (text_item("", words) for words in above)
        if not field.secret:
            value = credential.clear.get(field.name, "") if credential else field.default
            plain = credential is not None and field.url and bool(credential.plain_http)
            warning = "▲ unencrypted http" if plain else ""
            yield from (self._address(key, label, value, warning) if field.url else [_entry(key, label, value or "–")])
            return
        if credential is None or field.name not in credential.hints:
            yield _entry(key, label, "–")
        elif self.row.state is ProviderState.UNDECRYPTABLE:
            yield _entry(key, label, line((BROKEN, ERROR), " cannot be opened"))
        else:
            mark = group_fingerprint(credential.fingerprints.get(field.name, ""))
            fingerprint = f"fingerprint {mark}" if mark else ""
            yield _entry(key, label, credentials.masked_secret(credential, field.name), "" if compact else fingerprint)
            if compact and fingerprint:
                yield _entry("", "", fingerprint)

    def _address(self, key: str, label: str, url: str, warning: str = "") -> list[Item]:
        """Return a URL whole, as somebody copies or opens it."""
        parts = [part.plain for part in fold(Content(url or "–"), max(1, self.cells - _LABEL))]
        if len(parts) == 1 and width(url) + width(warning) + 3 <= self.cells - _LABEL:
            return [_entry(key, label, parts[0], warning)]
        return [_entry(key, label, parts[0]), *(_entry("", "", part) for part in [*parts[1:], warning] if part)]

    def _inactive_rows(self) -> list[Item]:
        others = self.inactive_credentials
        if not others:
            return []
        secret = next((field.name for field in self.row.provider.fields if field.secret), "")
        rows = [
            _entry(
                f"credential:{other.name}",
                other.name,
                credentials.masked_secret(other, secret) or "no key",
                "previous key" if previous_of(other.name) else self.check_result(other),
                named=True,
            )
            for other in others
        ]
        return [text_item("", line(("Other credentials", HEADING))), *rows]

    def _counts(self) -> dict[ModelType, list[str]]:
        listing = catalog.listing(self.session, provider=self.row.provider.id)
        return {
            kind: [entry.id for entry in listing if entry.type is kind and not entry.gone]
            for kind in self.row.provider.types
        }

    def _models(self) -> list[Item]:
        counts = [f"{len(names):,} {kind.label}" for kind, names in self._counts().items()]
        return [_entry("", "Models", "  ".join(counts))] if self.credential else []

    def _model_column(self) -> list[Item]:
        if self.credential is None:
            return []
        items = [text_item("", line(("Models", HEADING)))]
        for kind, names in self._counts().items():
            items.append(text_item("", f"{kind.label:<{_TYPE}} {len(names):>2,}"))
            if names:
                items.append(Item("", _name_list(names)))
        return items

    def _defaults(self, compact: bool) -> list[Item]:
        chosen = models.defaults(self.session)
        defaults = {kind: entry.model for kind, entry in chosen.items() if entry.provider == self.row.provider.id}
        listing = catalog.listing(self.session, provider=self.row.provider.id)
        here = {(entry.type, entry.id) for entry in listing if not entry.gone}
        served = {
            kind: defaults[kind] + ("" if (kind, defaults[kind]) in here else f"  {WARNING} gone")
            if kind in defaults
            else ""
            for kind in self.row.provider.types
        }
        if self.credential is None or not (compact or any(served.values())):
            return []
        if compact:
            rows = [Item("", _default(kind, name, None)) for kind, name in served.items()]
            return [text_item("", line(("Defaults", HEADING))), *rows]
        shown = [(kind, name) for kind, name in served.items() if name]
        return [Item("", _default(kind, name, "" if n else "Defaults")) for n, (kind, name) in enumerate(shown)]


def _entry(key: str, label: str, value: Words, after: str = "", *, named: bool = False) -> Item:
    def draw(cells: int) -> Content:
        words = (fit(label, _LABEL - 1, middle=named) + " ", "" if named else MUTED)
        value_cells = cells - _LABEL
        if isinstance(value, str) and after and width(value) < _VALUE <= value_cells - width(after):
            return line(words, fit(value, _VALUE - 1, middle=True), " ", (after, MUTED))
        shown = line(clip_middle(value, value_cells) if isinstance(value, str) else value)
        rest = value_cells - shown.cell_length - 3
        return line(words, shown, (f"   {clip_end(after, rest)}", MUTED) if after and rest > 3 else "")

    return Item(key, draw)


def _default(kind: ModelType, name: str, heading: str | None) -> Callable[[int], Content]:
    label = line(("" if heading is None else f"{heading:<{_LABEL}}", MUTED), f"{kind.label:<{_TYPE}}")
    return lambda cells: line(label, clip_middle(name or "–", max(4, cells - label.cell_length)))


def _name_list(names: list[str]) -> Callable[[int], Content]:
    def draw(cells: int) -> Content:
        for shown in range(min(_MAX_NAMES, len(names)), 1, -1):
            text = _and_more(names, shown)
            if width(text) <= cells - 4:
                return line("  ", (text, MUTED))
        return line("  ", (clip_middle(_and_more(names, 1), cells - 4), MUTED))

    return draw


def _and_more(names: list[str], shown: int) -> str:
    rest = len(names) - shown
    return "  ".join(names[:shown]) + (f"  and {rest:,} more" if rest else "")
