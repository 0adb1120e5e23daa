"""Operators who share a tenant, each with a key pair of their own.

    table operators   {"login", "key_id", "public_key", "added", "tested"}: listed in the manifest, like a credential
    table removals    {"login", "key_id"}: the tenant's key pair is replaced because that operator was removed
    table exposed     {"operator", "provider", "name", "fingerprints", "since"}: what a removed operator could read

The private key of the tenant, and what else lies beside it, is sealed for each operator in the list. An operator who
is in the table and not in the manifest was put there by somebody without the private key, and is handed nothing.

The operator `RECOVERY` is a key pair that was printed and is stored nowhere. What is sealed for it is a file of the
tenant, which every operator of the tenant can read.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tui.domain import Tenant
from tui.errors import Locked, Problem, UsageError
from tui.sanitize import one_line
from tui.secret import Secret
from tui.storage.audit_log import HEAD, MAC_KEY
from tui.storage.store import Tables
from tui.tenancy import keyring, manifest
from tui.tenancy.serialization import from_record
from tui.tenancy.session import OPERATOR, Session, TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import envelope, key_pair
from tui.vault.public_key import rsa_public_key

if TYPE_CHECKING:
    from tui.storage.postgres.database import Database
    from tui.storage.postgres.folder import TenantFolder
    from tui.storage.postgres.operators import Wrap

TABLE = "operators"
RECOVERY = "@recovery"
"""The login of the recovery key pair in the list."""
RECOVERY_FILE = "recovery.json"
OWN_KEY_PAIR = "_person"
"""The folder of a person's own key pair, beside those of tenants: no tenant can have that ID."""


@dataclass(frozen=True)
class Operator:
    """An operator in a tenant's list. `planted`: the manifest does not vouch for the entry.

    `tested`: the date on which the recovery text was last tested.
    """

    login: str = field(metadata={"identity": True})
    key_id: str
    public_key: str
    added: str = ""
    tested: str = ""
    planted: bool = field(default=False, metadata={"stored": False})


@dataclass(frozen=True)
class ExposedCredential:
    """A credential that a removed operator could read and that is the same since."""

    operator: str
    provider: str
    name: str
    since: str


def fingerprint(public_pem: str) -> str:
    """Return 32 hex digits of SHA-256 over a public key, for people to compare."""
    return hashlib.sha256(rsa_public_key(public_pem).export_key(format="DER")).hexdigest()[:32]


def database(session: Session) -> "Database":
    """Return the database of the shared store; raise UsageError where the settings are files."""
    shared: Database | None = getattr(session.data, "database", None)
    if shared is None:
        raise UsageError("Your settings are files on this machine.", "Operators share tenants in a shared store.")
    return shared


def from_table(tables: Tables) -> dict[str, Operator]:
    """Return the operators in the table by login, each with whether the manifest lists the same."""
    entries, records = manifest.read(tables).entries, manifest.records_by_ref(tables)

    def is_listed(login: str) -> bool:
        place = (manifest.OPERATORS, login)
        return place in entries and place in records and entries[place] == manifest.entry(records[place])

    operators = (_operator(record) for record in tables.table(TABLE))
    return {
        operator.login: replace(operator, planted=operator.planted or not is_listed(operator.login))
        for operator in operators
    }


def login_in(record: Mapping[str, Any]) -> str:
    """Return the login of a stored operator, as the manifest lists it."""
    return str(record.get("login", ""))


def _operator(record: Mapping[str, Any]) -> Operator:
    """Return a stored operator; one that is none was planted, and breaks neither a list nor a save."""
    try:
        operator = from_record(Operator, record)
        fingerprint(operator.public_key)
    except Problem:
        return Operator(login_in(record), "", "", planted=True)
    return operator


def share(
    session: TenantSession, tables: Tables, private: key_pair.PrivateKey, counter: int, *, only_present: bool = False
) -> None:
    """Seal the private key for every operator whom the manifest lists, in the transaction that wrote the manifest.

    With `only_present`, what was sealed of earlier key pairs is deleted.
    """
    operators = [operator for operator in from_table(tables).values() if not operator.planted]
    if not operators or getattr(session.process.data, "database", None) is None:
        return  # nobody, or files that were copied from a shared store
    from tui.storage.postgres.operators import add_wrap, drop_wraps

    folder: TenantFolder = session.store.folder  # type: ignore[assignment]
    bundle = _bundle(session, private)
    for operator in operators:
        wrap = sealed_for(session, operator, private, counter, bundle)
        if operator.login == RECOVERY:
            folder.write(RECOVERY_FILE, json.dumps(asdict(wrap)).encode())
        else:
            add_wrap(folder, wrap)
    if only_present:
        drop_wraps(folder, session.tenant_id, private.key_id)


def _bundle(session: TenantSession, private: key_pair.PrivateKey) -> dict[str, Secret]:
    """Return the tenant's private key, and what lies beside it, as they are sealed for operators."""
    keys = session.keys
    bundle = {
        "private": key_pair.export(private, None),
        "fingerprint key": keys.read(keyring.FINGERPRINT_KEY),
        "mac key": keys.folder("audit").read(MAC_KEY),
        "head": keys.folder("audit").read(HEAD),
    }
    return {name: Secret((content or b"").decode()) for name, content in bundle.items()}


def sealed_for(
    session: TenantSession,
    operator: Operator,
    private: key_pair.PrivateKey,
    counter: int,
    bundle: Mapping[str, Secret] | None = None,
) -> "Wrap":
    """Seal the tenant's private key, and what lies beside it, for an operator; `bundle` is that for many."""
    from tui.storage.postgres.operators import Wrap

    sealed = envelope.seal(
        operator.public_key,
        bundle or _bundle(session, private),
        _binding(session.tenant_id, private.key_id, operator.login, operator.key_id, counter),
    )
    return Wrap(session.tenant_id, private.key_id, operator.login, operator.key_id, counter, sealed)


def recovery_wrap(session: TenantSession) -> "Wrap":
    """Return what is sealed for the recovery key pair; raise Locked if there is none."""
    from tui.storage.postgres.operators import Wrap

    try:
        wrap = Wrap(**json.loads(session.store.folder.read(RECOVERY_FILE) or b"{}"))
    except (TypeError, ValueError):
        wrap = None
    if wrap is None or not isinstance(wrap.content, str) or type(wrap.counter) is not int:
        raise Locked(f"Nothing is sealed for the recovery text of {tenant_of(session).name}.", "Nothing was written.")
    return wrap


def open_wrap(
    session: TenantSession, wrap: "Wrap", own: key_pair.PrivateKey
) -> tuple[key_pair.PrivateKey, dict[str, str]]:
    """Return the private key of a tenant from what was sealed for a key pair, and what lies beside the key.

    Raises:
        Locked: It was sealed for something else, or is not the private key of the tenant.
    """
    binding = _binding(session.tenant_id, wrap.tenant_key, wrap.login, wrap.operator_key, wrap.counter)
    bundle = {name: secret.reveal() for name, secret in envelope.unseal(own, wrap.content, binding).items()}
    private, tenant = key_pair.load(bundle["private"].encode()), tenant_of(session)
    if (
        not private.key_id == tenant.key_id == wrap.tenant_key
        or private.public_pem.split() != tenant.public_key.split()
    ):
        raise Locked(f"What was sealed for you is not the private key of {tenant.name}.", "Nothing was written.")
    return private, bundle


def receive(session: TenantSession, wrap: "Wrap", own: key_pair.PrivateKey, passphrase: Secret | None) -> None:
    """Write the key files of a tenant from what was sealed for this operator.

    Raises:
        Locked: It was sealed for something else, or is not the private key of the tenant.
    """
    private, bundle = open_wrap(session, wrap, own)
    # As where the first trial was set up: a request on a trial asks for no passphrase, whichever tenant makes it.
    passphrase = None if session.tenant_id == OPERATOR else passphrase
    _write(session, tenant_of(session), bundle, private, passphrase)
    keyring.store_counter(session, wrap.counter, "")


def _write(
    session: TenantSession,
    tenant: Tenant,
    bundle: Mapping[str, str],
    private: key_pair.PrivateKey,
    passphrase: Secret | None,
) -> None:
    audit, keys = session.keys.folder("audit"), session.keys
    with keys.lock():
        keys.write(keyring.FINGERPRINT_KEY, bundle["fingerprint key"].encode())
    with audit.lock():
        audit.write(MAC_KEY, bundle["mac key"].encode())
        if audit.read(HEAD) is None and bundle["head"]:
            audit.write(HEAD, bundle["head"].encode())
    # The key last: with it the tenant opens, and all that lies beside it is there.
    keyring.write(session, tenant, private, passphrase)


def exposed_credentials(session: TenantSession) -> list[ExposedCredential]:
    """Return the credentials that a removed operator could read and whose secrets are still the same."""

    def read(tables: Tables) -> list[ExposedCredential]:
        present = {
            (entry.get("provider"), entry.get("name")): json.dumps(entry.get("fingerprints"))
            for entry in tables.table("credentials")
        }
        return [
            ExposedCredential(
                *(one_line(str(entry.get(name, "")), 200) for name in ("operator", "provider", "name", "since"))
            )
            for entry in tables.table("exposed")
            if isinstance(entry.get("fingerprints"), str)
            and present.get((str(entry.get("provider")), str(entry.get("name")))) == entry["fingerprints"]
        ]

    return session.store.cached("exposed", read)


def expose(tables: Tables, login: str, since: str) -> None:
    """Note every credential as one that an operator could read."""
    for record in list(tables.table("credentials")):
        about: dict[str, Any] = {"operator": login, "provider": record["provider"], "name": record["name"]}
        fingerprints = json.dumps(record.get("fingerprints"))
        tables.table("exposed").insert(about | {"fingerprints": fingerprints, "since": since})


def _binding(tenant: str, tenant_key: str, login: str, operator_key: str, counter: int) -> envelope.Binding:
    clear = {"purpose": "private key of a tenant", "tenant key": tenant_key, "counter": str(counter)}
    return envelope.Binding(tenant, manifest.OPERATORS, login, operator_key, (), clear)
