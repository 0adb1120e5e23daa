"""Report who could read a tenant's keys: file locations, passphrase, and problems."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui.domain import ManifestState, ProviderState, Tenant
from tui.errors import Problem
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import keyring, operators, retired_keys, verification
from tui.tenancy.manifest import ChangeKind, CredentialRef
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.tenancy.verification import IntegrityStatus, ManifestAlarm
from tui.workspace.credentials import status
from tui.workspace.history import chats
from tui.workspace.history.settings import HistorySettings
from tui.workspace.history.settings import settings as history_settings


@dataclass(frozen=True)
class CredentialReport:
    """A credential: its state as lists have it, and what is the matter with it, if anything."""

    place: CredentialRef
    state: ProviderState | ChangeKind
    words: str = ""


@dataclass(frozen=True)
class KeyReport:
    """A report on how a tenant's keys are stored.

    `settings` and `key_file` are paths, `present` whether the key file is there, `together` the folder that holds both
    (a backup of it holds both), '' where none but the root does. `lock_after` is in minutes, 0 for never. `earlier` are
    the key pairs that kept states of the settings still need. `loose` are modes and owners that let somebody else in,
    each in a sentence. `history` says whether chats are kept, and `chats` how many there are. `exposed` are
    credentials that a removed operator could read, until they are replaced.
    """

    tenant: Tenant
    settings: str
    key_file: str
    present: bool
    together: str
    open: bool
    in_agent: bool
    lock_after: int
    integrity: IntegrityStatus
    credentials: tuple[CredentialReport, ...]
    earlier: tuple[str, ...]
    loose: tuple[str, ...]
    history: HistorySettings
    chats: int
    exposed: tuple[operators.ExposedCredential, ...] = ()

    @property
    def manifest(self) -> ManifestState:
        """The state of the list of credentials."""
        if self.integrity.alarm:
            return ManifestState(self.integrity.alarm)
        return ManifestState.PROVED if self.integrity.proved else ManifestState.UNPROVED

    @property
    def alarm(self) -> ManifestAlarm | None:
        """What is wrong with the manifest as a whole."""
        return self.integrity.alarm


def custody(session: TenantSession) -> KeyReport:
    """Return the report. The manifest is proved if that needs no passphrase."""
    tenant, private = tenant_of(session), keyring.key_if_open(session)
    status = verification.integrity_status(session)
    settings, key_file = session.store.where, keyring.key_path(session, tenant)
    return KeyReport(
        tenant,
        settings,
        key_file,
        keyring.has_key(session, tenant),
        _together(settings, key_file),
        private is not None,
        keyring.is_in_agent(session),
        session.config.auto_lock if tenant.protected else 0,
        status,
        tuple(_credential_reports(session, status)),
        tuple(retired_keys.key_ids(session)),
        tuple(_loose(session)),
        history_settings(session),
        chats.count(session),
        tuple(operators.exposed_credentials(session)),
    )


def _credential_reports(session: TenantSession, integrity: IntegrityStatus) -> Iterator[CredentialReport]:
    for credential in stored_credentials.stored(session):
        state, _, why = status.credential_state(session, credential)
        undecryptable = state is ProviderState.UNDECRYPTABLE
        yield CredentialReport(
            (credential.provider, credential.name),
            state,
            why or (stored_credentials.undecryptable(session, credential).message if undecryptable else ""),
        )
    for change in integrity.findings:
        if change.mark in (ChangeKind.REMOVED, ChangeKind.PLANTED) or not change.place[1]:
            yield CredentialReport(change.place, change.mark, verification.words(session, change))


def _together(settings: str, key_file: str) -> str:
    common = os.path.commonpath([settings, key_file]) if Path(settings).is_absolute() else ""
    return "" if common == os.sep else common


def _loose(session: TenantSession) -> Iterator[str]:
    """Return problems of folders and files that others can open."""
    for folder in (session.store.folder, session.keys, session.history):
        if folder is None:
            continue
        try:
            for name in folder.names():
                folder.read(name)
        except Problem as problem:
            yield f"{problem.message} {problem.hint}"
