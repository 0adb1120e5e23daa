"""Messages of the set-up form: what was saved, and conflicts with another session."""

from collections.abc import Collection, Sequence
from textwrap import wrap

from tui.console.keys import hint
from tui.console.widgets.static_text import Words
from tui.console.widgets.truncate import clip_middle, fit
from tui.domain import Credential, Model, VerificationState
from tui.providers.spec import Field, Provider
from tui.sanitize import one_line
from tui.secret import Secret, SecretReference
from tui.tenancy.timestamps import short_time
from tui.workspace.credentials.fields import Values

Strip = tuple[Words, Words]

UNLISTED_HINT = "If the address is right, save and add models by name."
"""What to do about a server that answers, and lists no models."""


def two_lines(text: str, cells: int) -> Strip:
    """Split a long text into two lines."""
    lines = wrap(one_line(text), max(20, cells))
    return lines[0] if lines else "", " ".join(lines[1:])


def answer_of(host: str, detail: str, now: str, width: int) -> Strip | None:
    """Return a provider's own words for the strip of a window of that width, None where it gave none."""
    return two_lines(f"Answer of {host} at {short_time(now, now)}: {detail}", width - 6) if detail else None


def imported_sentence(listed: Sequence[Model] | None, seconds: float) -> str:
    """Return `Imported 41 models in 1.2 s.`, or nothing if the provider lists none."""
    if not listed:
        return "" if listed is None else "It lists no models; add them by name."
    return f"Imported {len(listed):,} model{'' if len(listed) == 1 else 's'} in {seconds:.1f} s."


def conflict_title(provider: Provider, stored: Credential | None) -> str:
    """Return the title of the question about another session's save."""
    return f"{provider.label} was {'changed' if stored else 'removed'} while this form was open"


def conflict_choices() -> dict[str, str]:
    """Return the answers to it, the safe one first."""
    return {
        "look": "Show theirs, keep my form open",
        "mine": "Overwrite with mine",
        "theirs": "Discard mine, take theirs",
    }


def saved_notice(label: str, credential: Credential, imported: str, *, first: bool, rotated: bool) -> str:
    """Return the notice of a credential that was saved; `first` if the provider had none before."""
    if rotated:
        return f"{label} now uses the new key. The old one is kept in its details."
    if not credential.active:
        switch = hint("Press {providers.use} on it in the details to switch.")
        return f"Saved {credential.name}. {label} keeps using its current credential. {switch}"
    if credential.check.state in (VerificationState.UNVERIFIED, VerificationState.REFUSED):
        return f"{label} was saved unverified."
    return f"{label} is {'set up' if first else 'saved'}. {imported}".strip()


def conflict_lines(
    provider: Provider, stored: Credential | None, values: Values, both: Collection[str], now: str, who: str = ""
) -> list[Words]:
    """Compare what another session (`who`) stored with what the form holds, for the fields that both changed."""
    who = who or "Another session"
    if stored is None:
        return [f"{who} removed it.", "", "Nothing in this form has been saved."]
    rows: list[Words] = [
        f"  {fit(field.label, 15)}now {fit(there, 22, middle=True)}here: {here}"
        for field in provider.fields
        if field.name in both and (there := _stored_change(field, stored)) != (here := _form_change(field, values))
    ]
    at = short_time(stored.changed, now)
    head = f"{who} saved it{f' at {at}' if at else ''}:"
    return [head, "", *rows, "", "Nothing in this form has been saved."]


def stored_lines(provider: Provider, stored: Credential | None) -> Strip:
    """Return what another session stored, for the strip."""
    if stored is None:
        return "Theirs: removed.", ""
    parts = [f"{field.label} {there}" for field in provider.fields if (there := _stored_change(field, stored)) != "–"]
    return two_lines(f"Theirs: {', '.join(parts)}.", 74)


def _stored_change(field: Field, stored: Credential) -> str:
    if field.secret and (reference := stored.references.get(field.name)):
        return one_line(reference)
    if field.secret:
        return f"ends {stored.hints[field.name]}" if stored.hints.get(field.name) else "–"
    return stored.clear.get(field.name, "") or "–"


def _form_change(field: Field, values: Values) -> str:
    value = values.get(field.name, "")
    if isinstance(value, SecretReference):
        return one_line(value.text)
    if isinstance(value, Secret):
        text = value.reveal()
        return f"a new one, ends {text[-4:]}" if len(text) >= 20 else "a new one"
    if field.secret:
        return "the one that was stored"
    return clip_middle(value or field.default, 24) or "–"
