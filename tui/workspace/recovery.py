"""Recover a tenant of a shared store with a printed key pair: print it, test it, use it on a new machine."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.errors import UsageError
from tui.sanitize import group_fingerprint
from tui.secret import Secret
from tui.tenancy import keyring, operators, verification
from tui.tenancy.operators import RECOVERY, TABLE
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.vault import key_pair, recovery_text
from tui.workspace.operators import digits, list_and_share, own_key_pair, require_no_alarm


@dataclass(frozen=True)
class RecoveryText:
    """A recovery text to print, the fingerprint of its key pair, and that of the tenant's key pair."""

    fingerprint: str
    tenant_fingerprint: str
    lines: tuple[Secret, ...] = field(repr=False)


def line_count(session: TenantSession) -> int:
    """Return how many lines the recovery text of a tenant has.

    Raises:
        UsageError: The tenant has none.
    """
    return recovery_text.line_count(_listed_key(session))


async def create(session: TenantSession) -> RecoveryText:
    """Create the recovery key pair of an unlocked tenant and share the tenant with it. It is stored nowhere.

    Raises:
        UsageError: The tenant has one.
    """
    operators.database(session.process)

    def work() -> RecoveryText:
        private = keyring.private_key(session)
        present = operators.from_table(session.store.read()).get(RECOVERY)
        if present is not None and not present.planted:
            raise UsageError(
                f"{tenant_of(session).name} has a recovery text already.",
                f"To print another one, remove {RECOVERY} first.",
            )
        pair = session.process.new_key_pair(session.process.key_bits)
        list_and_share(session, private, {RECOVERY: pair.public_pem})
        return RecoveryText(
            operators.fingerprint(pair.public_pem),
            operators.fingerprint(private.public_pem),
            tuple(recovery_text.write(pair.private)),
        )

    return await asyncio.to_thread(work)


async def test(session: TenantSession, lines: Sequence[Secret]) -> str:
    """Open an unlocked tenant's private key with its recovery text, record the date, and return it.

    Raises:
        UsageError: The text is mistyped, or of another key pair.
        Locked: It does not open the private key that the tenant has now.
    """
    operators.database(session.process)

    def work() -> str:
        keyring.key_handle(session)
        require_no_alarm(session)
        operators.open_wrap(session, operators.recovery_wrap(session), _parse_text(session, lines))
        today = session.today()
        with verification.credential_transaction(session) as tables:
            # What this changes the manifest will vouch for.
            operator = operators.from_table(tables).get(RECOVERY)
            if operator is None or operator.planted:
                raise UsageError(f"{RECOVERY} was added or changed outside Modeldeck.", "Nothing was recorded.")
            tables.table(TABLE).update({"tested": today}, lambda record: operators.login_in(record) == RECOVERY)
        return today

    return await asyncio.to_thread(work)


async def recover(
    session: TenantSession, lines: Sequence[Secret], fingerprint: str, passphrase: Secret | None
) -> operators.Operator:
    """Write a tenant's private key to this machine, and put this person into the list of operators.

    Who can write the rows can name a key pair of their own as the tenant's and seal it for the recovery key pair, so
    the tenant's key pair must have the fingerprint that a person gives.

    Args:
        session: The tenant, which this person's login can see.
        lines: The recovery text.
        fingerprint: That of the tenant's key pair, printed with the text or read by another operator.
        passphrase: That of the person's own key pair, which is created if there is none.

    Raises:
        UsageError: The private key is here, the text is wrong, or the fingerprint is another one.
        Locked: Nothing is sealed for the text, or the passphrase is wrong.
    """
    database = operators.database(session.process)

    def work() -> operators.Operator:
        tenant = tenant_of(session)
        if keyring.has_key(session, tenant):
            raise UsageError(f"The private key of {tenant.name} is on this machine.", "Nothing was written.")
        recovery, wrap = _parse_text(session, lines), operators.recovery_wrap(session)
        present = operators.fingerprint(tenant.public_key)
        if present != digits(fingerprint):
            raise UsageError(
                f"The key pair of {tenant.name} has another fingerprint: {group_fingerprint(present)}.",
                "Use that one only if an operator replaced the key pair after you noted yours. Nothing was written.",
            )
        operators.open_wrap(session, wrap, recovery)
        own = own_key_pair(session.process, passphrase)
        operators.receive(session, wrap, recovery, passphrase)
        private = session.process.open_keys[session.tenant_id] = keyring.load(session, tenant_of(session), passphrase)
        login = database.link.login.name
        session.audit_best_effort("recovered", operator=login)
        return list_and_share(session, private, {login: own.public_pem})[0]

    return await asyncio.to_thread(work)


def _parse_text(session: TenantSession, lines: Sequence[Secret]) -> key_pair.PrivateKey:
    return recovery_text.read(lines, _listed_key(session))


def _listed_key(session: TenantSession) -> str:
    """Return the public key of the recovery key pair. It needs no trust: only its own text opens it."""
    operators.database(session.process)
    operator = operators.from_table(session.store.read()).get(RECOVERY)
    if operator is None or not operator.public_key:
        raise UsageError(f"{tenant_of(session).name} has no recovery text.", "An operator of the tenant can print one.")
    return operator.public_key
