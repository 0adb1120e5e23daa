"""Plan and apply the import of settings into a new or an existing tenant.

A session in memory gets a copy of the tenant and imports the file there, with the use cases of any other change. The
difference is the plan that is shown. Applying it is one write, if the tenant has not changed meanwhile.

Values in the file overwrite stored ones; the rest stays. A file that would send a stored secret to another origin is
rejected. Trials are not imported.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tui.domain import Credential, Origin, Tenant, previous_of
from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.sanitize import in_words
from tui.secret import Secret
from tui.storage.audit_log import AuditEvent
from tui.storage.memory_folder import MemoryFolder
from tui.storage.settings_file import Content
from tui.storage.store import Tables
from tui.tenancy import changes, keyring, verification
from tui.tenancy import credentials as stored_credentials
from tui.tenancy import models as stored_models
from tui.tenancy.connections import find_provider, provider_of
from tui.tenancy.serialization import to_record
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.tenants import as_stored, check_id, check_name, find, ids, slug_for, tenant_of
from tui.vault import encrypted_file, key_pair
from tui.workspace import connections, tenants
from tui.workspace.credentials import save, save_plan, status
from tui.workspace.credentials.fields import FieldProblem
from tui.workspace.credentials.paste import in_sentence
from tui.workspace.credentials.save_plan import PlainHttp
from tui.workspace.playground import key_source
from tui.workspace.transfer import file_format, recorded_chats
from tui.workspace.transfer.export import credential_label
from tui.workspace.transfer.file_format import Bundle, FileChat, FileCredential
from tui.workspace.transfer.import_models import take_added, take_defaults, take_imported, take_prompts

TABLES = ("connections", "credentials", "models", "listings", "defaults", "sources", "prompts")


class TenantChanged(Problem):
    """Raised if the tenant is not as it was when the plan was made. Nothing was imported."""


@dataclass(frozen=True)
class Plan:
    """What an import would change. `omissions` are problems of what cannot be imported; they stop nothing.

    `plain_http` are the origins in plain http that a person must allow before it is applied, `allowed_http` those that
    were allowed. `chats` are the recorded chats that are added once the settings are written.
    """

    tenant: Tenant
    new: bool
    events: tuple[AuditEvent, ...]
    omissions: tuple[Problem, ...]
    before: Content
    after: Content
    copy: Session
    plain_http: tuple[str, ...] = ()
    allowed_http: tuple[str, ...] = ()
    chats: tuple[FileChat, ...] = ()

    @property
    def new_urls(self) -> tuple[str, ...]:
        """Return every URL that the settings would hold and do not hold yet, sorted."""
        return tuple(sorted(set(_urls(self.after)) - set(_urls(self.before))))

    def allow_plain_http(self) -> "Plan":
        """Return the plan with every origin in plain http allowed."""
        return replace(self, plain_http=(), allowed_http=(*self.allowed_http, *self.plain_http))

    @property
    def words(self) -> str:
        """How much it changes: `3 changes and 2 chats`."""
        counts = [(len(self.events), "change"), *([(len(self.chats), "chat")] if self.chats else [])]
        counted = [entry for entry in counts if entry[0]] or counts[:1]
        return " and ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counted)

    @property
    def changes(self) -> bool:
        """Whether it would do anything."""
        return self.new or bool(self.events) or bool(self.chats)


def is_protected(content: bytes) -> bool:
    """Return True if a file needs a passphrase; raise UsageError if it cannot be imported."""
    return bool(file_format.read(content)["modeldeck"] == encrypted_file.KIND)


async def open_bundle(content: bytes, passphrase: Secret | None = None) -> Bundle:
    """Read an export. With a passphrase, the key derivation takes about a third of a second."""

    def work() -> Bundle:
        data = file_format.read(content)
        if data["modeldeck"] == encrypted_file.KIND:
            if not passphrase:
                raise Locked("The file is encrypted with a passphrase.", "Enter it to import the file.")
            return file_format.parse(file_format.read(encrypted_file.unprotect(data, passphrase), decrypted=True))
        bundle = file_format.parse(data)
        if bundle.chats:
            raise UsageError("Recorded chats are imported from an encrypted file only.", "Export it again.")
        return bundle

    return await asyncio.to_thread(work)


def target(session: Session, bundle: Bundle, named: str = "") -> TenantSession | None:
    """Return the tenant to import into: the one named, else the file's, or None for a new one."""
    for name in [named] if named else [bundle.id, bundle.name]:
        with suppress(UsageError):
            return session.tenant(find(session, name).id)
    return None


async def plan(session: TenantSession, bundle: Bundle) -> Plan:
    """Return what an import would change in a tenant. Nothing is written.

    Raises:
        Locked: The tenant must be unlocked for it.
    """
    copy = await asyncio.to_thread(_copy, session.process, session)
    return await _import_into(copy.tenant(session.tenant_id), bundle, session, new=False)


async def plan_new(session: Session, bundle: Bundle, name: str = "", passphrase: Secret | None = None) -> Plan:
    """Return what an import would put into a new tenant, which has the file's name unless another is given.

    Nothing is written.
    """
    copy = await asyncio.to_thread(_copy, session)
    name = name or bundle.name
    check_name(session, name)
    free = bundle.id not in {*ids(session), *session.keys.folders()}
    new_id = bundle.id if free and name.strip() == bundle.name else slug_for(session, name)
    check_id(new_id)
    tenant = await tenants.create(copy, name, passphrase, id=new_id)
    return await _import_into(copy.tenant(tenant.id), bundle, session.tenant(tenant.id), new=True)


async def _import_into(session: TenantSession, bundle: Bundle, original: TenantSession, *, new: bool) -> Plan:
    """Import into a tenant of a copy, and return what that changed; `original` is that tenant itself."""
    tenant, before = tenant_of(session), _content(session)
    omissions, plain_http = await _merge(session, tenant, bundle)
    await asyncio.to_thread(_require_known_origins, session, before, bundle)
    after = _content(session)
    described = tuple(changes.describe_changes(before, after))
    chats, omitted = await asyncio.to_thread(recorded_chats.plan, original, bundle.chats)
    omissions = (*omissions, *omitted)
    return Plan(tenant, new, described, omissions, before, after, session.process, plain_http, chats=chats)


async def carry_out(
    session: Session, import_plan: Plan, report: recorded_chats.OnProgress = lambda done, of: None
) -> None:
    """Apply a plan in one write, then add its chats one by one; `report` hears how many.

    Raises:
        PlainHttp: The plan has origins in plain http that nobody has allowed.
        TenantChanged: The tenant is not as it was when the plan was made.
    """
    if import_plan.plain_http:
        raise PlainHttp("", import_plan.plain_http)

    def work() -> None:
        if import_plan.new:
            _create(session, import_plan)
        else:
            _replace(session, import_plan)
        session.audit_best_effort(import_plan.tenant.id, "imported", changes=len(import_plan.events))

    await asyncio.to_thread(work)
    await recorded_chats.add(session.tenant(import_plan.tenant.id), import_plan.chats, report)


def _copy(session: Session, tenant: TenantSession | None = None) -> Session:
    """Return a session in memory with the one tenant, its key files and the operator's settings."""
    data, key_folder = MemoryFolder(), MemoryFolder()
    for entry in (tenant.tenant_id, OPERATOR) if tenant else (OPERATOR,):
        store = session.store(entry)
        folder = data.folder(OPERATOR) if entry == OPERATOR else data.folder("tenants").folder(entry)
        if (content := store.folder.read(store.name)) is not None:
            folder.write(store.name, content)
    if tenant is not None:
        for name in tenant.keys.names():
            key_folder.folder(tenant.tenant_id).write(name, tenant.keys.read(name) or b"")
    return replace(
        session,
        data=data,
        keys=key_folder,
        open_keys=dict(session.open_keys),
        undecryptable=dict(session.undecryptable),
        added_connections=set(session.added_connections),
        counters={},
        _stores={},
    )


async def _merge(session: TenantSession, tenant: Tenant, bundle: Bundle) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """Put what a file holds into the copy; return what it cannot bring, and the plain http origins that it needs."""
    plain_http: list[str] = []
    for name, kind in bundle.connections.items():
        await _take_connection(session, name, kind)
    await asyncio.to_thread(take_added, session.process.tenant(tenant.id), bundle)
    omissions: list[Problem] = []
    for entry in _in_order(bundle):
        listed = stored_credentials.listing(session.process.tenant(tenant.id), entry.provider)
        now = next((credential for credential in listed if credential.name == entry.name), None)
        if missing := set(entry.needs) - set(entry.secrets) - set(now.hints if now else ()):
            omissions.append(_missing_secrets(session, entry, missing))
        elif previous_of(entry.name) and previous_of(entry.name) not in _names(session, entry.provider):
            what = f"{credential_label(entry)} is the previous key of a credential that is missing; it was left out."
            omissions.append(Problem(what))
        elif now is None or not _same(session, tenant, bundle, entry, now):
            plain_http += await _save(session.process.tenant(tenant.id), entry, _model_origins(session, bundle, entry))
    for provider_id, name in bundle.active.items():
        in_use = {
            credential.name: credential.active
            for credential in stored_credentials.listing(session.process.tenant(tenant.id), provider_id)
        }
        if in_use.get(name) is False:
            await status.use(session.process.tenant(tenant.id), provider_id, name)
    await asyncio.to_thread(take_imported, session.process.tenant(tenant.id), bundle)
    for provider_id, source in bundle.sources.items():
        try:
            await key_source.choose(session.process.tenant(tenant.id), provider_id, source)
        except UsageError as problem:
            omissions.append(problem)
    await asyncio.to_thread(take_defaults, session.process.tenant(tenant.id), bundle)
    await asyncio.to_thread(take_prompts, session.process.tenant(tenant.id), bundle)
    return tuple(omissions), tuple(dict.fromkeys(plain_http))


async def _take_connection(session: TenantSession, name: str, kind: str) -> None:
    """Add a connection of the file; one that is there must be of the same kind, as it keeps its credentials."""
    existing = find_provider(session, name)
    if existing is None:
        await connections.add(session, name, kind)
    elif existing.kind != kind:
        raise UsageError(
            f"In the file, {name} is like {kind}; here it is like {existing.declared_id}.",
            "Nothing was changed. Remove one of them first.",
        )


def _in_order(bundle: Bundle) -> list[FileCredential]:
    """Return the credentials of a file in its order, each previous key right after the one that it belongs to."""
    places = {(credential.provider, credential.name): place for place, credential in enumerate(bundle.credentials)}

    def place(credential: FileCredential) -> tuple[int, bool]:
        base = (credential.provider, previous_of(credential.name) or credential.name)
        return places.get(base, len(places)), bool(previous_of(credential.name))

    return sorted(bundle.credentials, key=place)


def _names(session: TenantSession, provider_id: str) -> set[str]:
    return {credential.name for credential in stored_credentials.listing(session, provider_id)}


def _missing_secrets(session: TenantSession, credential: FileCredential, missing: set[str]) -> Problem:
    """Return what a credential of the file needs before it can be used, with the form entries that set it up."""
    if previous_of(credential.name):
        return Problem(f"{credential_label(credential)} needs its key, which is not in the file; it was left out.")
    fields = [field for field in provider_of(session, credential.provider).fields if field.name in missing]
    labels = in_words([in_sentence(field.label) for field in fields]) or "secrets"
    entries = [f"{name}={value}" for name, value in sorted(credential.clear.items())] + [
        f"{field.name}=-" for field in fields
    ]
    remedy = Remedy(Action.SET_UP_PROVIDER, credential.provider, credential.name, fields=tuple(entries))
    return Problem(f"{credential_label(credential)} needs its {labels}.", remedy=remedy)


def _model_origins(session: TenantSession, bundle: Bundle, credential: FileCredential) -> tuple[str, ...]:
    """Return the origins of added models in the file, for a key that is in the file as well."""
    if not credential.secrets:
        return ()
    provider = provider_of(session, credential.provider)
    added = [model for model in bundle.models if model.provider == provider.id and model.origin is Origin.ADDED]
    return stored_models.origins_of(added, provider, provider.default_values | dict(credential.clear))


def values_of(session: TenantSession, credential: FileCredential) -> dict[str, Any]:
    """Return the values of every field of a credential of the file; clear ones that it omissions are blank."""
    declared = provider_of(session, credential.provider).fields
    clear = {entry.name: credential.clear.get(entry.name, "") for entry in declared if not entry.secret}
    return {**clear, **credential.clear, **credential.secrets}


async def _save(session: TenantSession, credential: FileCredential, model_origins: tuple[str, ...]) -> tuple[str, ...]:
    """Save a credential of the file in the copy; return the plain http origins that a person must allow for it."""
    values = values_of(session, credential)
    try:
        plan = await save_plan.plan_save(
            session, credential.provider, values, name=credential.name, model_origins=model_origins, previous=True
        )
        await save.apply_save(plan.allow_plain_http(), credential.check, credential.listed)
    except FieldProblem as problem:
        raise UsageError(
            f"{credential_label(credential)}: {problem.message}", problem.hint, remedy=problem.remedy
        ) from None
    return plan.plain_http


def _same(session: TenantSession, tenant: Tenant, bundle: Bundle, credential: FileCredential, now: Credential) -> bool:
    """Return True if the credential is stored already; secrets are compared by fingerprint."""
    key = keyring.fingerprint_key(session.process.tenant(tenant.id), tenant)
    prints = {name: key_pair.fingerprint(key, secret) for name, secret in credential.secrets.items()}
    if dict(credential.clear) != dict(now.clear) or any(now.fingerprints.get(name) != prints[name] for name in prints):
        return False
    # A key that is in the file may go where its models are.
    return set(_model_origins(session, bundle, credential)) <= set(
        now.origins
    ) and not stored_credentials.is_undecryptable(session.process.tenant(tenant.id), now)


def _require_known_origins(session: TenantSession, before: Content, bundle: Bundle) -> None:
    """Raise UsageError if a stored secret would go to a new origin."""
    imported = {(credential.provider, credential.name): set(credential.secrets) for credential in bundle.credentials}
    old = {
        (entry["provider"], entry["name"]): entry.get("origins", []) for entry in before.get("credentials", {}).values()
    }
    for credential in stored_credentials.stored(session):
        place, provider = (credential.provider, credential.name), provider_of(session, credential.provider)
        if place not in old or set(credential.hints) <= imported.get(place, set()):
            continue
        origins = {*credential.origins}
        if credential.active:
            fields = provider.default_values | dict(credential.clear)
            of_file = [one for one in bundle.models if one.provider == provider.id and one.origin is Origin.ADDED]
            origins |= {origin for one in of_file for origin in provider.model_origins(fields, one)}
        if more := origins - set(old[place]):
            raise UsageError(
                f"The file would send the stored key of {provider.label} to {', '.join(sorted(more))}.",
                "Nothing was changed. If that address is correct, enter it yourself.",
            )


def _create(session: Session, import_plan: Plan) -> None:
    tenant = import_plan.tenant
    folder, copied = session.keys.folder(tenant.id), import_plan.copy.keys.folder(tenant.id)
    with session.tenants.lock():
        check_name(session, tenant.name)
        if tenant.id in ids(session):
            raise UsageError(
                f"Another session created a tenant with the ID {tenant.id}.", "Nothing was imported. Try again."
            )
        # The key first, as for any new tenant: killed in between, a key without settings is left.
        with folder.lock():
            for name in copied.names():
                folder.write(name, copied.read(name) or b"")
        try:
            session.store(tenant.id).create(to_record(as_stored(session, tenant)), import_plan.after)
        except Problem:
            keyring.discard(session.tenant(tenant.id), tenant)
            raise
    session.open_keys[tenant.id] = import_plan.copy.open_keys[tenant.id]


def _replace(session: Session, import_plan: Plan) -> None:
    with verification.credential_transaction(session.tenant(import_plan.tenant.id)) as tables:
        if _tables(tables) != import_plan.before:
            raise TenantChanged(
                f"The settings of {import_plan.tenant.name} were changed in another session meanwhile.",
                "Nothing was imported. Try again.",
            )
        for name in TABLES:
            tables.table(name).truncate()
            tables.table(name).insert_multiple(dict(entry) for entry in import_plan.after.get(name, {}).values())


def _content(session: TenantSession) -> Content:
    return _tables(session.store.read())


def _tables(tables: Tables) -> Content:
    return {name: dict(table) for name, table in (tables.storage.read() or {}).items() if table}


def _urls(content: Content) -> Iterator[str]:
    """Yield the URLs in the fields of credentials and models, and the origins of credentials."""
    for credential in content.get("credentials", {}).values():
        yield from filter(_is_url, [*credential.get("clear", {}).values(), *credential.get("origins", [])])
    for model in content.get("models", {}).values():
        yield from filter(_is_url, model.get("fields", {}).values())


def _is_url(text: object) -> bool:
    return "://" in str(text)
