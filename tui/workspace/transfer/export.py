"""Export a tenant's settings: plain without secrets, or encrypted with them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tui.domain import Credential, KeySource, Model, Origin
from tui.errors import Locked, UsageError
from tui.providers import PROVIDERS
from tui.sanitize import one_line
from tui.secret import Secret
from tui.tenancy import credentials, keyring, models
from tui.tenancy.connections import connections, find_provider, provider_of, providers
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import encrypted_file
from tui.workspace.playground import key_source, saved_prompts
from tui.workspace.transfer import file_format, recorded_chats
from tui.workspace.transfer.file_format import MAX_SIZE, Bundle, FileCredential


@dataclass(frozen=True)
class ExportResult:
    """An export as text, sentences about what it lacks, and how many recorded chats it holds."""

    text: str
    omissions: tuple[str, ...] = ()
    chats: int = 0


async def export(
    session: TenantSession, passphrase: Secret | None = None, *, with_history: bool = False
) -> ExportResult:
    """Export a tenant's settings: without secrets, or encrypted with a passphrase (the tenant is unlocked).

    With a passphrase, the file can hold the recorded chats as well.

    Raises:
        UsageError: With its chats, the file would be too large to be imported.
        Problem: The settings are in a shared store, which keeps no chats.
    """
    return await asyncio.to_thread(export_async, session, passphrase, with_history=with_history)


def export_async(
    session: TenantSession, passphrase: Secret | None = None, *, with_history: bool = False
) -> ExportResult:
    """Do the same in a thread. Secrets are returned only once the export is in the audit log."""
    omissions: list[str] = []
    bundle = bundle_of(session, passphrase is not None, omissions)
    if with_history and passphrase is not None:
        bundle = replace(bundle, chats=recorded_chats.collect(session, omissions))
    text = file_format.to_json(bundle)
    if passphrase is not None:
        text = encrypted_file.protect(text.encode(), passphrase, session.process.key_cost)
        if len(text) > MAX_SIZE:
            raise UsageError(
                f"With its chats, the file would be larger than {MAX_SIZE // 1024 // 1024} MiB.",
                "Remove some chats, or export without them.",
            )
    audit = session.audit_best_effort if passphrase is None else session.audit
    names = [credential_label(credential) for credential in bundle.credentials]
    chats = {"chats": len(bundle.chats)} if bundle.chats else {}
    audit("exported", secrets=passphrase is not None, credentials=names, **chats)
    return ExportResult(text, tuple(omissions), len(bundle.chats))


def bundle_of(session: TenantSession, with_secrets: bool, omissions: list[str]) -> Bundle:
    """Collect what an export holds; what cannot be exported is appended to `omissions`."""
    tenant, stored = (
        tenant_of(session),
        [credential for credential in credentials.stored(session) if find_provider(session, credential.provider)],
    )
    if with_secrets:
        keyring.key_handle(session)
    entries: list[FileCredential] = []
    for credential in sorted(stored, key=lambda credential: (credential.provider, credential.name)):
        opened: Mapping[str, Secret] = {}
        if with_secrets:
            try:
                opened = credentials.secrets(session, credential)
            except Locked:
                omissions.append(f"{credential_label(credential)} cannot be decrypted; its key is not in the file.")
        omissions += [
            f"The key of {credential_label(credential)} is a reference, {one_line(text, 200)}; it is not in the file."
            for text in credential.references.values()
        ]
        entries.append(
            FileCredential(
                credential.provider,
                credential.name,
                credential.clear,
                tuple(credential.hints),
                opened,
                credential.plain_http,
            )
        )
    ids = {credential.provider for credential in credentials.stored(session)}
    ids |= {credential.provider for credential in models.stored(session)}
    unknown = [one_line(tenant_id, 40) for tenant_id in sorted(ids - {*providers(session)})]
    omissions += [f"{entry} is not a provider of this version; it is not in the file." for entry in unknown]
    own = {credential.provider for credential in stored}
    known = [model for model in models.stored(session) if find_provider(session, model.provider)]
    if with_secrets:
        known = _without_unknown_addresses(session, known, stored, entries, omissions)
    return Bundle(
        tenant.id,
        tenant.name,
        tuple(entries),
        {credential.provider: credential.name for credential in stored if credential.active},
        {entry: KeySource.TRIAL for entry in own if key_source.source(session, entry) is KeySource.TRIAL},
        tuple(known),
        tuple(default for default in models.defaults(session).values() if find_provider(session, default.provider)),
        {name: provider.kind for name, provider in connections(session).items()},
        saved_prompts.prompts(session),
    )


def _without_unknown_addresses(
    session: TenantSession,
    known: Sequence[Model],
    stored: Sequence[Credential],
    entries: Sequence[FileCredential],
    omissions: list[str],
) -> list[Model]:
    """Return the models without those at an address that no key in the file was sealed for.

    Nothing vouches for the table of models: with the key in the same file, such an address would become one of the key.
    """
    opened = {(entry.provider, entry.name) for entry in entries if entry.secrets}
    listed = [credential for credential in stored if (credential.provider, credential.name) in opened]
    portable: list[Model] = []
    for model in known:
        own = [credential for credential in listed if credential.provider == model.provider]
        provider = provider_of(session, model.provider)
        fields = [provider.default_values | dict(credential.clear) for credential in own]
        added = [model] if model.origin is Origin.ADDED else []
        needed = {origin for values in fields for origin in models.origins_of(added, provider, values)}
        if unknown := needed - {origin for credential in own for origin in credential.origins}:
            where = ", ".join(sorted(unknown))
            omissions.append(f"{model.ref} is at {where}, where no stored key may be sent; it is not in the file.")
        else:
            portable.append(model)
    return portable


def credential_label(credential: FileCredential | Credential) -> str:
    """Return a credential's name for a sentence."""
    provider = PROVIDERS.get(credential.provider)
    return f"{provider.label if provider else credential.provider} {credential.name}"
