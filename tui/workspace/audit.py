"""Query the audit log: entries as sentences, what an earlier state lacks, verification."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui.domain import ModelType
from tui.errors import Problem
from tui.providers.openai_compatible.presets import kind
from tui.sanitize import one_line
from tui.storage.audit_log import LOG_REPAIRED, UNRECORDED_CHANGE, AuditEvent, Entry, Finding
from tui.storage.settings_file import CorruptSettings, Damage
from tui.tenancy import changes, tenants
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.timestamps import short_time
from tui.workspace.tenants import State

_TAIL_SIZE = 256 * 1024
_MAX_ENTRY = 2000
"""Characters of an entry; an address must never be cut."""
_WORDS = {
    "tenant created": "tenant {name} created",
    "tenant renamed": "tenant renamed from {from} to {to}",
    "tenant removed": "tenant {id} removed with its key pair",
    "key pair changed": "key pair {from} replaced by {to}",
    "passphrase set": "passphrase set",
    "passphrase changed": "passphrase changed",
    "passphrase removed": "passphrase removed",
    "unlocked": "unlocked",
    "fingerprint key moved": "key of the fingerprints moved from the settings to the folder of the private key",
    "public key recorded": "public key recorded beside the private key {key_id}, for checks while locked",
    "unlock failed": "not unlocked: {why}",
    "locked": "locked",
    "credential saved": "{provider} set up: credential {credential}, {fields}{where}",
    "credential changed": "{provider} changed: credential {credential}, {fields}{where}",
    "credential removed": "{provider}: credential {credential} removed",
    "credential rotated": "{provider}: credential {credential} rotated, the old key kept",
    "kept key put back": "{provider}: credential {credential} switched back to the previous key",
    "kept key forgotten": "{provider}: credential {credential} confirmed, the previous key deleted",
    "key lifetime set": "{provider}: credential {credential}, its key {lifetime}",
    "key expiry reported": "{provider} reports: credential {credential}, its key {lifetime}",
    "credential used": "{provider}: credential {credential} in use",
    "credential verified": "{provider}: credential {credential} verified, {outcome}",
    "credential not verified": "{provider}: credential {credential} not verified: {why}",
    "credential sealed again": "{provider}: credential {credential} sealed again",
    "credentials confirmed": "credentials confirmed: {credentials}",
    "connection added": "{connection} added, like {provider}",
    "connection changed": "{connection} changed, now like {provider}",
    "connection removed": "{connection} removed",
    "model added": "{provider}: model added, {models}",
    "model changed": "{provider}: model changed, {models}",
    "model removed": "{provider}: model removed, {models}",
    "models imported": "{provider}: models imported, {counts}",
    "default set": "default {type} model set to {model}{then}",
    "default cleared": "default {type} model cleared",
    "source chosen": "{provider}: requests use the {source} key",
    "prompt saved": "prompt {prompt} saved",
    "prompt removed": "prompt {prompt} removed",
    "trial set": "trial of {provider}: {calls} requests, {models}",
    "trial removed": "trial of {provider} removed",
    "program started": "{program} started with the keys of {providers}",
    "keys printed": "keys of {providers} printed as {format}",
    "operator admitted": "operator {operator} admitted, with key pair {key_id}",
    "operator removed": "operator {operator} removed, with key pair {key_id}",
    "recovery tested": "recovery text tested, of key pair {key_id}",
    "recovered": "private key recovered with the recovery text by {operator}",
    "history switched on": "history switched on: chats are recorded, kept {kept}",
    "history switched off": "history switched off: chats are not recorded",
    "history left to config": "history left to config.toml",
    "chats removed": "{count} of the recorded chats removed{reason}",
    "chats exported": "{count} of the recorded chats exported as {format}",
    "chats imported": "chats added to the recorded ones from a file: {count}",
    "state restored": "earlier state {state} restored",
    "change undone": "undone: {change}",
    "edit accepted": "manual edit of the file accepted",
    "exported": "settings exported{how}{with_chats}",
    "imported": "settings imported from a file",
    "copied": "settings copied{how} to the tenant {to}",
    "settings changed": "settings changed: {tables}",
    LOG_REPAIRED: "repaired a line that a session left incomplete",
    UNRECORDED_CHANGE: "found the settings changed without an entry",
}
"""What was done, by its id; an id that has no words here is shown as it is."""

_SHORT_TEXTS = {
    "credential saved": "{provider}, set up",
    "credential changed": "{provider}, changed",
    "model added": "{models} of {provider}, added",
    "default set": "default {type} model, set",
    "tenant renamed": "the name {to}, given",
}


@dataclass(frozen=True)
class AuditCheck:
    """The result of verifying a log. `count` is the number of its entries."""

    owner: str
    count: int
    findings: tuple[Finding, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing was found that a killed session does not explain."""
        return all(change.harmless for change in self.findings)


def listing(session: TenantSession, since: str = "", last: int = 0) -> list[Entry]:
    """Return the entries of a log from an ISO time in UTC on, oldest first; the `last` ones at most, unless it is 0."""
    return session.log.last(last, since)


def recent(session: TenantSession) -> list[Entry]:
    """Return the last entries of a log, several hundred, oldest first."""
    return session.log.read(_TAIL_SIZE)


def owners(session: Session) -> list[str]:
    """Return whose logs exist: the tenants', and the operator's if there is one."""
    return [*tenants.ids(session), *([OPERATOR] if recent(session.tenant(OPERATOR)) else [])]


def check(session: TenantSession) -> AuditCheck:
    """Verify a log's chain, and that the settings are those that its last change left."""
    state, unreadable = "", []
    try:
        store = session.store
        state = changes.digest(store.document()) if store.exists() else ""
    except Problem as problem:
        # A faulty disk leaves no record of another shape with the right checksum.
        edited = isinstance(problem, CorruptSettings) and problem.kind is Damage.SHAPE
        unreadable = [Finding(f"{problem.message} They cannot be compared with the last entry.", harmless=not edited)]
    count, findings = session.log.check(state)
    return AuditCheck(session.tenant_id, count, (*findings, *unreadable))


def words(act: Entry | AuditEvent) -> str:
    """Return what an entry says happened, on one line."""
    template = _WORDS.get(act.done)
    return one_line(_format(template, act.about) if template else act.done, _MAX_ENTRY)


def by_whom(by: Mapping[str, Any]) -> str:
    """Return `ada from 203.0.113.5`, `root (ada) from …, in tmux`."""
    login = f" ({by['login']})" if by.get("login") else ""
    address = f" from {by['from']}" if by.get("from") else ""
    inside = f", in {by['inside']}" if by.get("inside") else ""
    return one_line(f"{by.get('user', 'nobody')}{login}{address}{inside}")


def changes_since(session: TenantSession, state: State) -> list[str]:
    """Return the changes since a state was saved, newest first.

    For example `default for speech-to-text, set at 13:58`. Only the end of the log is read; nothing if it is
    unreadable.
    """
    try:
        entries = recent(session)
    except Problem:
        return []
    saved = next((n for n in range(len(entries), 0, -1) if entries[n - 1].state == state.digest), None)
    # A state that was written anew without a credential that was removed is in no entry; its time is still told.
    later = entries[saved:] if saved else [entry for entry in entries if state.saved and entry.at > state.saved]
    lacked = [entry for entry in later if entry.done in _SHORT_TEXTS]
    sentences = {
        _format(_SHORT_TEXTS[entry.done], entry.about): _at(short_time(entry.at, session.now())) for entry in lacked
    }
    return [f"{what} {at}" for what, at in reversed(sentences.items())]


def _at(clock: str) -> str:
    return f"at {clock}" if ":" in clock else f"on {clock}"


def _format(text: str, about: Mapping[str, Any]) -> str:
    return text.format_map(_Details(about))


class _Details(dict[str, str]):
    """What an entry tells, in words; what it does not tell is a dash, as anybody may have written the file."""

    def __init__(self, about: Mapping[str, Any]) -> None:
        words = {name: _word(name, value) for name, value in about.items()}
        counts = [f"{about[name]} {word}" for name, word in _COUNTS if about.get(name)]
        if about.get("count", 0) not in (0, len(about.get("models", ()))):
            words["models"] = f"{about['count']} models"
        how = ("" if "to" in about else ", encrypted") if about.get("secrets") else None
        how = "" if how is None else f" with secrets{how}"
        where = f", sent to {', '.join(map(str, about['origins']))}" if about.get("origins") else ""
        reason = f", {about['reason']}" if about.get("reason") else ""
        then = f", then {', '.join(map(str, about['fallbacks']))}" if about.get("fallbacks") else ""
        number = about.get("chats")
        with_chats = f", with {number:,} {'chat' if number == 1 else 'chats'}" if isinstance(number, int) else ""
        parts = {"counts": ", ".join(counts) or "none new", "how": how, "where": where, "reason": reason, "then": then}
        parts["with_chats"] = with_chats
        super().__init__(words | parts)

    def __missing__(self, name: str) -> str:
        return "–"


_COUNTS = (("added", "new"), ("changed", "changed"), ("gone", "gone"), ("removed", "removed"))


def _word(name: str, value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    if name == "provider" and (provider := kind(str(value))):
        return provider.label
    if name == "type" and value in list(ModelType):
        return ModelType(value).label
    return f"{value:,}" if isinstance(value, int) else str(value) or "–"
