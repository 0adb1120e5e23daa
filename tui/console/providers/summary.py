"""Hint strips of providers and credentials, and what removing one deletes."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from tui.console.frame.screen import problem_lines
from tui.console.keys import hint, key_of
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words
from tui.console.widgets.symbols import WORKING, sign
from tui.domain import Credential, ProviderState, VerificationState, previous_of
from tui.errors import Problem
from tui.providers.origins import host_of
from tui.sanitize import one_line
from tui.tenancy import credentials, models
from tui.tenancy.credentials import key_hint
from tui.tenancy.session import TenantSession
from tui.tenancy.timestamps import at, short_time
from tui.workspace.credentials import status
from tui.workspace.credentials.status import ProviderRow

Strip = tuple[Words, Words]


def strip_of(
    row: ProviderRow,
    credential: Credential | None,
    now: str,
    *,
    problem: Problem | None,
    on_other: bool,
    reading: bool,
    wide: bool,
    locked: bool,
    untouched: bool,
) -> Strip:
    """Return what the strip says of a provider and of the credential under the cursor.

    `problem` is what came of asking it last, `on_other` tells of a credential that is not in use, `reading` of a cursor
    in the details, and `untouched` of a tenant without any provider.
    """
    if problem is not None:
        return strip_of_problem(problem)
    if credential is not None and on_other:
        return strip_of_credential(row, credential, now)
    if row.on_trial:
        return strip_of_trial(row)
    if credential is not None and row.state in (ProviderState.READY, ProviderState.UNVERIFIED) and reading:
        return strip_of_field(credential, now)
    if credential is not None and row.state is ProviderState.READY and wide and not locked:
        return strip_of_both(row, credential, now)
    if row.credential is None and not row.discovered and untouched:
        return "No provider is set up yet.", hint("{list.choose} sets up the one under the cursor.")
    return strip_of_row(row, now, locked=locked)


def strip_of_row(row: ProviderRow, now: str, locked: bool) -> Strip:
    """Return the strip of the provider under the cursor."""
    credential, label = row.credential, row.provider.label
    if credential is None:
        if row.discovered:
            return f"{row.discovered} is set here. The form offers it; it is not used until you save.", hint(
                "{list.choose} opens the form."
            )
        where = f"Create a key at {row.provider.key_page}" if row.provider.key_page else ""
        return f"{label} is not set up.", where or hint("{list.choose} opens its form.")
    if row.state is ProviderState.UNCONFIRMED:
        return row.why, hint("Press {providers.verify} to review and confirm it, {providers.remove} to remove it.")
    if row.state is ProviderState.UNDECRYPTABLE:
        return (
            row.why or f"{label}'s stored key can't be decrypted.",
            hint("Press {list.choose} to replace it, {providers.remove} to forget it."),
        )
    if row.state is ProviderState.REFUSED:
        return _rejected_words(row, credential, now), hint(
            "Press {list.choose} to replace it, {providers.verify} to retry."
        )
    if row.state is ProviderState.RESTRICTED:
        return (
            credential.check.message or f"{label} accepts this key, but its permissions are restricted.",
            credential.check.hint,
        )
    message = f"{label}: {', '.join(_status_message(row, credential, now))}."
    if row.trial is not None:
        message += f" T{row.trial.words[1:]}."
    if locked and credential.envelope:
        return message, hint("{app.lock} unlocks the tenant; {providers.verify} asks for the passphrase first.")
    return message, _listed_words(row, credential, now)


def state_words(row: ProviderRow, activity: str) -> str:
    """Return the state of a provider for the title, or what is being done with it."""
    return f"{WORKING} {activity}" if activity else f"{sign(row.state)[0]} {row.word if row.on_trial else row.state}"


def verified_words(rows: Sequence[ProviderRow], provider_ids: Collection[str]) -> str:
    """Return how many of these providers were verified, and how they are now: `8 verified: 7 ready, 1 refused`."""
    states = Counter(row.state for row in rows if row.provider.id in provider_ids)
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return f"{states.total()} verified: {counts}" if states else "No provider is set up yet."


def first_to_act_on(rows: Iterable[ProviderRow]) -> str | None:
    """Return the id of the first provider that needs a person, None if none does."""
    states = (ProviderState.REFUSED, ProviderState.UNDECRYPTABLE, ProviderState.UNCONFIRMED)
    return next((row.provider.id for row in rows if row.state in states or row.discovered), None)


def done_between(before: Sequence[ProviderRow], after: Sequence[ProviderRow]) -> str:
    """Return what changed, for example `set up OpenAI`; '' if only trial requests were counted."""
    changed = [
        (old, new)
        for old, new in zip(before, after, strict=False)
        if (old.credential, old.source, old.models, old.added) != (new.credential, new.source, new.models, new.added)
    ]
    if len(changed) != 1:
        return "changed the providers" if changed else ""
    old, new = changed[0]
    verb = "set up" if not old.credential else "removed" if not new.credential else "changed"
    return f"{verb} {new.provider.label}"


def strip_of_trial(row: ProviderRow) -> Strip:
    """Return the strip of a provider that is used on a trial."""
    label, credential = row.provider.label, row.credential
    last = key_hint(row.provider, credential.hints) if credential else ""
    ends = f" ending {last}" if last else ""
    advice = (
        f"{key_of('providers.source')} switches to your key{ends}, billed to you."
        if credential
        else hint("{list.choose} sets up your own key.")
    )
    if row.trial is None:
        return f"The trial of {label} has ended. Nothing is sent.", advice
    if not row.trial.left:
        return f"The trial of {label} is used up: {row.trial.calls:,} of {row.trial.calls:,} requests.", advice
    return f"{label}: trial, {row.trial.left:,} of {row.trial.calls:,} requests left, on the operator's key.", advice


def strip_of_problem(problem: Problem) -> Strip:
    """Return the strip of a problem: its sentence, and its hint or the provider's message."""
    return problem_lines(problem.message)[0], problem_hint(problem) or problem.detail


def strip_of_field(credential: Credential, now: str) -> tuple[str, str]:
    """Return the strip of a field in the details."""
    changed = (
        f", changed {short_time(credential.changed, now)}"
        if credential.changed and credential.changed != credential.created
        else ""
    )
    return f"Set up {short_time(credential.created, now)}{changed}.", hint(
        "{list.choose} changes the fields. The key is replaced, never shown."
    )


def strip_of_both(row: ProviderRow, credential: Credential, now: str) -> Strip:
    """Return the strip of a provider whose details are beside the list."""
    set_up, second = strip_of_field(credential, now)
    time = at(credential.listed_at, now)
    listed = f" Models listed from the provider {time}." if time and row.provider.list_models else ""
    return f"{row.provider.label}: s{set_up[1:]}{listed}", second


def strip_of_credential(row: ProviderRow, credential: Credential, now: str) -> Strip:
    """Return the strip of another credential."""
    if name := previous_of(credential.name):
        previous = f"{credential.name}{_ends(row, credential)}, kept since {name} was rotated."
        return (
            previous,
            f"{key_of('providers.use')} goes back to it; {key_of('providers.remove')} forgets it once {name} works.",
        )
    if credential.check.message and credential.check.state is not VerificationState.READY:
        return f"{credential.name}: {credential.check.message}", credential.check.hint
    return f"{credential.name}: {', '.join(_status_message(row, credential, now))}.", hint(
        "{list.choose} changes its fields; {providers.use} uses it instead."
    )


def removal_lines(session: TenantSession, row: ProviderRow, name: str = "") -> list[Words]:
    """Return what removing a credential, or a whole provider, deletes."""
    provider = row.provider
    stored = credentials.listing(session, provider.id)
    left = status.staying(session, provider.id, name)
    if name and left:
        gone = next(entry for entry in stored if entry.name == name)
        lines: list[Words] = [f"Removes the credential {name}{_ends(row, gone)}. The models stay."]
        if gone.active:
            lines.append(f"{left[0].name} will be used instead.")
    else:
        names = ", ".join(entry.name for entry in stored)
        chosen = [kind.label for kind, default in models.defaults(session).items() if default.provider == provider.id]
        count = row.models + row.added
        parts = [
            (len(stored), "credential", names),
            (count, "model", f"{row.added} added by hand" if row.added else ""),
            (len(chosen), "default", f"{', '.join(chosen)}; cleared"),
        ]
        lines = ["This deletes, from every earlier state as well:", ""]
        for number, what, which in parts:
            if number:
                counted = f"{number:,} {what}{'' if number == 1 else 's'}"
                lines.append(f"  {counted:<15}{which}".rstrip())
    if not any(entry.hints for entry in stored if name in ("", entry.name)):
        return lines
    return [*lines, "", f"At {provider.label} the key stays valid; revoke it there if needed."]


def switch_notice(row: ProviderRow, before: Credential, now: Credential) -> str:
    """Return that another credential is used now, and which of its fields differ."""
    name = previous_of(now.name)
    sentences = [f"{row.provider.label} now uses {name or now.name}{_ends(row, now)}."]
    for field in row.provider.fields:
        was, value = before.clear.get(field.name, ""), now.clear.get(field.name, "")
        if was != value:
            sentences.append(f"{field.label}: {one_line(value) or '–'} (was {one_line(was) or '–'}).")
    return " ".join(sentences)


def _rejected_words(row: ProviderRow, credential: Credential, now: str) -> str:
    label, at = row.provider.label, short_time(credential.check.at, now)
    ends = f" ending {last}" if (last := key_hint(row.provider, credential.hints)) else ""
    message = credential.check.message
    hosts = (host_of(origin) for origin in credential.origins)
    for known in (f"{label} rejected the key{ends}.", *(f"{name} rejected this key." for name in (label, *hosts))):
        message = message.removeprefix(known).lstrip()
    reason = message.removeprefix(f"{label} ")
    reason = f" It {reason}" if reason != message else f" {reason}"
    return f"{label} rejected the key{ends}{f' at {at}' if at else ''}.{reason}".rstrip()


def _status_message(row: ProviderRow, credential: Credential, now: str) -> list[str]:
    parts = ["your key" if credential.envelope else "key by reference" if credential.references else "no key"]
    if last := key_hint(row.provider, credential.hints):
        parts.append(f"ends {last}")
    at = short_time(credential.check.at, now)
    duration = f" in {credential.check.ms} ms" if credential.check.ms else ""
    parts.append(
        f"verified {at}{duration}" if credential.check.state is VerificationState.READY and at else "not verified"
    )
    return parts


def _listed_words(row: ProviderRow, credential: Credential, now: str) -> str:
    if credential.check.state is VerificationState.UNVERIFIED:
        return hint("Press {providers.verify} to verify it.")
    if row.provider.list_models is None:
        as_of = row.provider.catalogue_as_of
        known = f"; this is its list as of {as_of}" if as_of else ""
        return f"{row.provider.label} can't list its models{known}."
    time = at(credential.listed_at, now)
    return (
        f"Models are listed from the provider, last {time}."
        if time
        else hint("{providers.refresh} fetches its models.")
    )


def _ends(row: ProviderRow, credential: Credential) -> str:
    last = key_hint(row.provider, credential.hints)
    return f", the key ending {last}" if last else ""


def previous_key_words() -> tuple[Words, Words]:
    """Return why a previous key has no form, and what can be done with it."""
    return "You cannot change a previous key.", hint("{providers.use} goes back to it; {providers.remove} forgets it.")


def in_use_words(credential: Credential | None) -> tuple[Words, Words]:
    """Return why a provider's credential in use, None if it is not set up, need not be switched to."""
    if credential is None:
        return "It is not set up, so it has no credential to use.", hint("{list.choose} sets it up.")
    second = "{providers.use} on another credential in the details uses that one."
    return f"{credential.name} is in use.", hint(second)
