"""What an envelope says of itself, read without opening it: no key and no passphrase is needed."""

from dataclasses import dataclass

from tui.domain import Credential
from tui.errors import Problem, UsageError
from tui.sanitize import one_line
from tui.tenancy import credentials, keyring, retired_keys
from tui.tenancy.connections import provider_of
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import envelope


@dataclass(frozen=True)
class Inspection:
    """An envelope in its parts, and what it is bound to.

    `key_file` is the file that decrypts it, "" if there is none. `bound` holds the items of the associated data in
    their order, each with its name.
    """

    credential: Credential
    parts: envelope.Parts
    key_file: str
    bound: tuple[tuple[str, str], ...]


def inspect(session: TenantSession, provider_id: str, name: str) -> Inspection:
    """Read the envelope of a stored credential.

    Raises:
        UsageError: There is no such credential, or it has no envelope.
        Problem: The envelope is not spelled as one.
    """
    label = provider_of(session, provider_id).label
    credential = credentials.find(session, provider_id, name)
    if credential is None or not credential.envelope:
        what = "has no API key" if credential else "is not stored"
        raise UsageError(f"The credential {one_line(name, 80)} of {label} {what}.")
    try:
        parts = envelope.split(credential.envelope)
    except ValueError:
        raise Problem(f"The envelope of {label} {one_line(name, 80)} is damaged or of another version.") from None
    bound = credentials.binding(session.tenant_id, credential).items()
    return Inspection(credential, parts, _key_file(session, parts.key_id), bound)


def _key_file(session: TenantSession, key_id: str) -> str:
    tenant = tenant_of(session)
    if key_id == tenant.key_id and keyring.has_key(session, tenant):
        return keyring.key_path(session, tenant)
    if key_id in retired_keys.key_ids(session):
        folder = retired_keys.folder(session)
        return str(folder.path / f"{key_id}.pem") if folder.path else f"{key_id}.pem"
    return ""
