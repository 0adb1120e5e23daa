"""`modeldeck vault status | unlock | confirm | rotate`."""

import sys
from collections.abc import Iterator
from typing import Any

from tui.cli.commands.tenant.handlers import NEW
from tui.cli.context import CommandContext
from tui.cli.output import count_noun, is_terminal
from tui.domain import ManifestState, ProviderState, Tenant
from tui.errors import Problem, UsageError
from tui.sanitize import group_fingerprint
from tui.tenancy import keyring, verification
from tui.tenancy.credentials import stored
from tui.tenancy.manifest import CredentialChange
from tui.tenancy.session import OPERATOR
from tui.tenancy.verification import IntegrityStatus
from tui.workspace import tenants, trials
from tui.workspace.credentials import confirmation
from tui.workspace.credentials.lifetime import due_keys, due_words
from tui.workspace.key_pairs import report, rotation
from tui.workspace.key_pairs.report import KeyReport


def _owner(call: CommandContext) -> Tenant:
    """Return the tenant of the command, or the operator."""
    if not call.args.has("operator"):
        return call.tenant
    owner = trials.operator(call.session)
    if owner is None:
        raise Problem("The operator has no key pair yet.", "modeldeck trial set P FIELD=… creates one.")
    return owner


# --- status -----------------------------------------------------------------------------------------------------------


async def status(call: CommandContext) -> None:
    """Print who can read what."""
    tenant = _owner(call)
    await call.unlock_without_asking(tenant)
    if keyring.is_open(call.session.tenant(tenant.id)) and keyring.has_key(call.session.tenant(tenant.id), tenant):
        await confirmation.examine(call.session.tenant(tenant.id))
    key_report = report.custody(call.session.tenant(tenant.id))
    if call.out.as_json:
        call.out.json(_shape(key_report))
        return
    for what, how in _lines(key_report):
        call.out.line(f"{what:<13} {how}".rstrip())
    for warning in call.session.warnings:
        call.out.line(f"{'Location':<13} {warning}")


def _lines(key_report: KeyReport) -> Iterator[tuple[str, str]]:
    """Yield a heading and a line each; a line without a heading belongs to the one before."""
    state = "open in the agent" if key_report.in_agent else "open" if key_report.open else "locked"
    state = state if key_report.present else "lost"
    yield key_report.tenant.name, f"key pair {group_fingerprint(key_report.tenant.key_id)}, {state}"
    yield "Readers", _readers(key_report)
    yield "Key file", key_report.key_file + ("" if key_report.present else ", which is missing")
    yield "Settings", key_report.settings
    yield "Backups", _backups(key_report)
    yield "Auto-lock", _auto_lock(key_report)
    yield "Manifest", _MANIFEST[key_report.manifest]
    yield "Credentials", _credentials(key_report)
    for credential_report in key_report.credentials:
        if credential_report.words:
            yield "", f"{credential_report.state}: {credential_report.words}"
    if any(credential.state is ProviderState.UNCONFIRMED for credential in key_report.credentials) or key_report.alarm:
        yield "", "To review and accept them: modeldeck vault confirm"
    if key_report.exposed:
        yield "To replace", f"{count_noun(len(key_report.exposed), 'API key')} that a removed operator could read:"
    for exposed in key_report.exposed:
        yield "", f"{exposed.provider} {exposed.name}, read by {exposed.operator}"
    if key_report.tenant.id != OPERATOR:
        yield "History", _history(key_report)
    if key_report.earlier:
        names = ", ".join(map(group_fingerprint, key_report.earlier))
        yield "Earlier", f"key pair {names}, kept until no saved state of the settings needs it"
    for entry in key_report.loose:
        yield "Loose", entry


def _readers(key_report: KeyReport) -> str:
    if not key_report.present:
        return "Nobody: the private key is lost. To start over: modeldeck vault rotate --lost"
    if not key_report.tenant.protected:
        return "Anyone who can read the key file: your programs, root, and anyone with a copy. No passphrase."
    if key_report.in_agent:
        return "Anyone who knows the passphrase; while it is open in the agent, also root and your programs."
    return "Anyone who knows the passphrase; while unlocked, also root and your programs."


def _backups(key_report: KeyReport) -> str:
    if not key_report.together:
        return "A copy of the settings decrypts nothing: the key file is elsewhere."
    both = f"A copy of {key_report.together} holds settings and key file"
    return both + (
        "; it decrypts nothing without the passphrase."
        if key_report.tenant.protected
        else " and decrypts every API key."
    )


def _auto_lock(key_report: KeyReport) -> str:
    if not key_report.tenant.protected:
        return "Off: without a passphrase there is nothing to lock."
    if key_report.in_agent:
        return "By the agent: modeldeck agent status shows when."
    minutes = key_report.lock_after
    return f"In the console, after {count_noun(minutes, 'minute')} without a key press." if minutes else "Off."


_MANIFEST = {
    ManifestState.PROVED: "The private key vouches for the list of credentials.",
    ManifestState.UNPROVED: "Not verified while the tenant is locked.",
    ManifestState.CHANGED: "Changed outside Modeldeck: nothing is used until you confirm it.",
    ManifestState.OLDER: "Restored from an earlier state: nothing is used until you confirm it.",
}


def _credentials(key_report: KeyReport) -> str:
    states = [credential.state for credential in key_report.credentials]
    parts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    return ", ".join(parts) or "none"


def _history(key_report: KeyReport) -> str:
    settings = key_report.history
    if not settings.available:
        return "None: a shared store has no place for chats."
    state = f"Chats are recorded, sealed for this key pair, kept {settings.words}" if settings.on else "Off"
    return f"{state}; {count_noun(key_report.chats, 'chat')} stored."


def _shape(key_report: KeyReport) -> dict[str, Any]:
    return {
        "tenant": key_report.tenant.id,
        "name": key_report.tenant.name,
        "passphrase": key_report.tenant.protected,
        "open": key_report.open,
        "agent": key_report.in_agent,
        "key_pair": key_report.tenant.key_id,
        "key_file": key_report.key_file,
        "key_file_present": key_report.present,
        "settings": key_report.settings,
        "together": key_report.together,
        "lock_after": key_report.lock_after,
        "manifest": {"state": key_report.manifest, "counter": key_report.integrity.counter},
        "credentials": [
            {
                "provider": credential.place[0],
                "name": credential.place[1],
                "state": credential.state,
                "words": credential.words,
            }
            for credential in key_report.credentials
        ],
        "earlier_key_pairs": list(key_report.earlier),
        "loose": list(key_report.loose),
        "exposed": [
            {"operator": entry.operator, "provider": entry.provider, "credential": entry.name, "since": entry.since}
            for entry in key_report.exposed
        ],
        "history": {
            "on": key_report.history.on,
            "days": key_report.history.days,
            "available": key_report.history.available,
            "chats": key_report.chats,
        },
        "readers": _readers(key_report),
    }


# --- unlock -----------------------------------------------------------------------------------------------------------


async def unlock(call: CommandContext) -> None:
    """Check the passphrase, and name what was changed while the tenant was locked."""
    tenant = _owner(call)
    session = call.session.tenant(tenant.id)
    if tenant.protected and (passphrase := call.secret_input.passphrase_without_prompt(tenant.id)):
        await tenants.unlock(session, passphrase)  # which is checked, even if the agent has the key
    else:
        await call.unlock(tenant)
    integrity = await confirmation.examine(session)
    in_agent = keyring.is_in_agent(session)
    waiting = list(confirmation.to_confirm(session, integrity))
    if call.out.as_json:
        count = len(waiting)
        due = [
            {"provider": entry.provider, "credential": entry.name, "due_on": day} for day, entry in due_keys(session)
        ]
        call.out.json(
            {"tenant": tenant.id, "passphrase": tenant.protected, "open": True, "agent": in_agent}
            | {"to_confirm": count, "due": due}
        )
        return
    if not tenant.protected:
        call.out.line(f"{tenant.name} has no passphrase; its private key opens.")
    else:
        call.out.line(f"{tenant.name} is open in the agent." if in_agent else f"The passphrase unlocks {tenant.name}.")
    _print_unconfirmed(call, tenant, waiting, integrity)
    if waiting or integrity.alarm:
        call.out.line("To review and accept: modeldeck vault confirm")
    if words := due_words(session):
        call.out.line(words)


# --- confirm ----------------------------------------------------------------------------------------------------------


async def confirm(call: CommandContext) -> None:
    """Accept settings that were changed without the tenant's key, or print what would be accepted."""
    tenant = _owner(call)
    await call.unlock(tenant)
    integrity = await confirmation.examine(call.session.tenant(tenant.id))
    waiting = [
        entry
        for entry in confirmation.to_confirm(call.session.tenant(tenant.id), integrity)
        if _is_selected(call, entry)
    ]
    dry = call.args.has("dry-run")
    if not dry and not call.args.has("yes") and (waiting or integrity.alarm):
        _print_unconfirmed(call, tenant, waiting, integrity)
        hint = "Add --yes to confirm. To delete what is not yours: modeldeck credential remove"
        raise UsageError(f"{_count_waiting(waiting, tenant)} would be confirmed.", hint)
    if not dry and (waiting or integrity.alarm):
        await confirmation.confirm(call.session.tenant(tenant.id), waiting)
    if call.out.as_json:
        call.out.json([_confirm(call, tenant, entry, integrity) for entry in waiting])
        return
    _print_unconfirmed(call, tenant, waiting, integrity)
    if dry and (waiting or integrity.alarm):
        call.out.line(f"{_count_waiting(waiting, tenant)} would be confirmed.")
    elif waiting or integrity.alarm:
        call.out.confirm(f"{_count_waiting(waiting, tenant)} confirmed.")
    else:
        call.out.confirm(f"Nothing to confirm in {tenant.name}.")


def _count_waiting(waiting: list[CredentialChange], tenant: Tenant) -> str:
    if not waiting:
        return f"The state of {tenant.name}"
    noun = "credential" if all(entry.place[1] for entry in waiting) else "change"
    return f"{count_noun(len(waiting), noun)} of {tenant.name}"


def _is_selected(call: CommandContext, finding: CredentialChange) -> bool:
    provider, name = call.args.one("P"), call.args.one("CRED")
    return (not provider or provider == finding.place[0]) and (not name or name == finding.place[1])


def _print_unconfirmed(
    call: CommandContext, tenant: Tenant, waiting: list[CredentialChange], integrity: IntegrityStatus
) -> None:
    if integrity.alarm:
        call.out.line(verification.alarm_words(call.session.tenant(tenant.id), integrity.alarm))
    for entry in waiting:
        call.out.line(
            f"{verification.credential_label(entry.place)}:"
            if integrity.alarm
            else verification.words(call.session.tenant(tenant.id), entry)
        )
        for line in confirmation.about(entry):
            call.out.line(f"  {line}")


def _confirm(
    call: CommandContext, tenant: Tenant, finding: CredentialChange, integrity: IntegrityStatus
) -> dict[str, Any]:
    return {
        "provider": finding.place[0],
        "name": finding.place[1],
        "change": integrity.word(finding),
        "words": verification.words(call.session.tenant(tenant.id), finding, integrity.alarm),
        "about": confirmation.about(finding),
    }


# --- rotate -----------------------------------------------------------------------------------------------------------


async def rotate(call: CommandContext) -> None:
    """Create a new key pair; with --lost, start over."""
    tenant = _owner(call)
    if call.args.has("dry-run"):
        preview = _dry_run_sentence(call, tenant)
        call.out.answer({"tenant": tenant.id, "rotated": False, "message": preview}, preview)
        return
    if call.args.has("lost"):
        done = await _start_over(call, tenant)
    else:
        passphrase = call.passphrase(tenant) if tenant.protected else None

        def show_progress(number: int, of: int) -> None:
            call.out.progress(f"Re-encrypted {number} of {of}")

        done = await rotation.rotate(call.session.tenant(tenant.id), passphrase, report=show_progress)
    call.out.end_progress()
    pair = group_fingerprint(done.tenant.key_id)
    if call.out.as_json:
        shape = {"tenant": tenant.id, "key_pair": done.tenant.key_id, "sealed_anew": done.resealed, "left": done.left}
        call.out.json(shape)
        return
    call.out.confirm(
        f"{tenant.name} has a new key pair, {pair}; {count_noun(done.resealed, 'credential')} re-encrypted."
    )
    if done.history_problem:
        call.out.line(f"Chats still need the old key; the next unlock goes on. {done.history_problem.message}")
    if done.left:
        call.out.line(f"{count_noun(done.left, 'credential')} cannot be decrypted: replace or remove them.")
    call.out.confirm("Nothing changed at the providers: revoke leaked API keys there.")


def _dry_run_sentence(call: CommandContext, tenant: Tenant) -> str:
    preview = f"{tenant.name} would get a new key pair"
    if call.args.has("lost"):
        return f"{preview}; what was encrypted for the lost one can no longer be decrypted."
    encrypted = sum(bool(credential.envelope) for credential in stored(call.session.tenant(tenant.id)))
    return f"{preview}, and {count_noun(encrypted, 'credential')} would be re-encrypted."


async def _start_over(call: CommandContext, tenant: Tenant) -> rotation.RotationResult:
    if not call.args.has("yes"):
        path = keyring.key_path(call.session.tenant(tenant.id), tenant)
        raise UsageError(
            _dry_run_sentence(call, tenant),
            f"Add --yes to do it. If you still have the key file, restore it: {path}",
        )
    passphrase = (
        call.secret_input.new_passphrase(NEW) if call.secret_input.has_source or is_terminal(sys.stdin) else None
    )
    return await rotation.reset_key_pair(call.session.tenant(tenant.id), passphrase or None)
