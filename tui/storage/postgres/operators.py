"""Rows about operators: their public keys, and tenants' private keys sealed for them."""

from dataclasses import dataclass, field

from tui.storage.postgres.database import Database
from tui.storage.postgres.folder import TenantFolder


@dataclass(frozen=True)
class Request:
    """A public key that a login published."""

    login: str
    key_id: str
    public_key: str


@dataclass(frozen=True)
class Wrap:
    """A tenant's private key, sealed for an operator's key pair. `counter` is that of the manifest at that time."""

    tenant: str
    tenant_key: str
    login: str
    operator_key: str
    counter: int
    content: str = field(repr=False)


def publish(database: Database, key_id: str, public_key: str) -> None:
    """Publish the public key of this login; once is enough."""
    database.query(
        "INSERT INTO modeldeck.operator (key_id, public_key) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING login",
        (key_id, public_key),
    )


def request_of(database: Database, login: str) -> Request | None:
    """Return what a login published last, or None."""
    rows = database.query(
        "SELECT login, key_id, public_key FROM modeldeck.operator WHERE login = %s ORDER BY requested DESC LIMIT 1",
        (login,),
    )
    return Request(*rows[0]) if rows else None


def wraps(database: Database) -> list[Wrap]:
    """Return what is sealed for this login."""
    rows = database.query("SELECT tenant, tenant_key, login, operator_key, counter, content FROM modeldeck.wrap")
    return [Wrap(*row) for row in rows]


def add_wrap(folder: TenantFolder, wrap: Wrap) -> None:
    """Let an operator see the tenant and have its key, in the open transaction."""
    folder.send(
        "SELECT modeldeck.add_wrap(%s, %s, %s, %s, %s, %s)",
        *(wrap.tenant, wrap.tenant_key, wrap.login, wrap.operator_key, wrap.counter, wrap.content),
    )


def drop_wraps(folder: TenantFolder, tenant: str, present_key: str) -> None:
    """Delete what is sealed of earlier key pairs, in the open transaction."""
    folder.send("SELECT modeldeck.drop_wraps(%s, %s)", tenant, present_key)


def dismiss(folder: TenantFolder, tenant: str, login: str) -> None:
    """Take a tenant from a login, in the open transaction."""
    folder.send("SELECT modeldeck.dismiss(%s, %s)", tenant, login)


def members(database: Database, tenant: str) -> list[str]:
    """Return the logins that the database lets read the rows of a tenant."""
    return [row[0] for row in database.query("SELECT login::text FROM modeldeck.members(%s)", (tenant,))]
