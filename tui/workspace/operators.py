"""Share a tenant with other operators of a shared store: request, admit, list, remove."""

import asyncio
import platform
import time
from dataclasses import dataclass, replace

from tui.errors import Action, Locked, Problem, Remedy, UsageError
from tui.sanitize import one_line
from tui.secret import Secret
from tui.storage.store import Tables
from tui.tenancy import keyring, operators, verification
from tui.tenancy.operators import OWN_KEY_PAIR, RECOVERY, RECOVERY_FILE, TABLE, ExposedCredential, Operator
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session, TenantSession
from tui.tenancy.tenants import shared_name, tenant_of
from tui.vault import key_pair
from tui.vault.public_key import key_id
from tui.workspace.key_pairs import rotation

_SECRET_TABLES = ("credentials", "manifest", "proof")


class LoginProblem(UsageError):
    """Raised for a login that cannot be admitted or removed."""


@dataclass(frozen=True)
class KeyRequest:
    """A person's own key pair: login, its fingerprint, whether it is new, and tenants whose keys were received.

    `replaced` are tenants whose key pair is another one than on this machine: the person has to accept it.
    """

    login: str
    fingerprint: str
    created: bool
    received: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


def has_key_pair(session: Session) -> bool:
    """Return True if this person has a key pair on this machine."""
    return bool(_own_files(session))


async def request(session: Session, passphrase: Secret | None, accepted: str = "") -> KeyRequest:
    """Create and publish this person's key pair, or with one receive the keys of tenants they were admitted to.

    Args:
        session: The session of a shared store.
        passphrase: That of the person's own key pair.
        accepted: The fingerprint of a tenant's new key pair, which another operator read to the person.

    Raises:
        Locked: The passphrase is wrong.
    """
    database = operators.database(session)

    def work() -> KeyRequest:
        created = not has_key_pair(session)
        own = own_key_pair(session, passphrase)
        received, replaced = ([], []) if created else _receive_keys(session, own, passphrase, digits(accepted))
        fingerprint = operators.fingerprint(own.public_pem)
        return KeyRequest(database.link.login.name, fingerprint, created, tuple(received), tuple(replaced))

    return await asyncio.to_thread(work)


def own_key_pair(session: Session, passphrase: Secret | None) -> key_pair.PrivateKey:
    """Create this person's key pair unless there is one, publish it, and return its private key.

    Raises:
        Locked: The passphrase is wrong.
    """
    from tui.storage.postgres.operators import publish

    if not _own_files(session):
        pair = session.new_key_pair(session.key_bits)
        folder = session.keys.folder(OWN_KEY_PAIR)
        with folder.lock():
            folder.write(f"{pair.key_id}.pub", pair.public_pem.encode())
            folder.write(f"{pair.key_id}.pem", key_pair.export(pair.private, passphrase, session.key_cost))
    own = _own_key(session, passphrase)
    publish(operators.database(session), own.key_id, own.public_pem)
    return own


async def admit(session: TenantSession, login: str, fingerprint: str) -> Operator:
    """Share an unlocked tenant with an operator whose fingerprint a person compared.

    Raises:
        LoginProblem: They have no published key.
        UsageError: Its fingerprint is another one, or this person has no key pair.
    """
    database = operators.database(session.process)
    if login == RECOVERY:
        raise LoginProblem(f"{RECOVERY} stands for the recovery text.", "Nobody is admitted with it.")

    def work() -> Operator:
        from tui.storage.postgres.operators import request_of

        private, own = keyring.private_key(session), database.link.login.name
        applicant, me = request_of(database, login), _own_public_key(session.process)
        if applicant is None:
            raise LoginProblem(f"{one_line(login, 60)} has published no key.", remedy=Remedy(Action.AWAIT_REQUEST))
        if me is None:
            raise UsageError("You have no key pair of your own yet.", remedy=Remedy(Action.REQUEST_ADMISSION))
        if operators.fingerprint(applicant.public_key) != digits(fingerprint):
            raise UsageError(
                f"The published key of {one_line(login, 60)} has another fingerprint.",
                "Compare it with them by telephone or in person. Nothing was shared.",
            )
        # What the database says of this person's own key could be anybody's.
        return list_and_share(session, private, {own: me, applicant.login: applicant.public_key})[-1]

    return await asyncio.to_thread(work)


def list_and_share(session: TenantSession, private: key_pair.PrivateKey, public_keys: dict[str, str]) -> list[Operator]:
    """Put public keys by login into the list of operators, and seal the private key for all of the list.

    Raises:
        Problem: The manifest raises an alarm.
    """
    require_no_alarm(session)
    today = session.today()
    new = [Operator(name, key_id(pem), pem, today) for name, pem in public_keys.items()]
    with verification.credential_transaction(session) as tables:
        _list(tables, new)
    # The manifest lists them by now; a session that is killed here is caught up with by the next admission.
    with session.store.folder.lock():
        tables = session.store.read()
        operators.share(session, tables, private, keyring.last_counter(session))
    return new


def require_no_alarm(session: TenantSession) -> None:
    """Raise Problem if the manifest of an unlocked tenant raises an alarm."""
    if verification.integrity_status(session).alarm:
        raise Problem(
            f"The credentials of {tenant_of(session).name} were changed outside Modeldeck.",
            "Nothing was shared.",
            remedy=Remedy(Action.CONFIRM_CHANGES),
        )


def listing(session: TenantSession) -> list[Operator]:
    """Return the operators of a tenant by login."""
    operators.database(session.process)
    return sorted(operators.from_table(session.store.read()).values(), key=lambda operator: operator.login)


def unlisted_members(session: TenantSession) -> list[str]:
    """Return the logins that the database lets read the tenant's rows, and that are in no list of operators.

    They have no key. Whoever can write the table can add one; without a list, who created the tenant is not named.
    """
    from tui.storage.postgres.operators import members

    database = operators.database(session.process)
    known = {database.link.login.name, *operators.from_table(session.store.read())}
    return sorted(set(members(database, session.tenant_id)) - known)


def tenant_fingerprint(session: TenantSession) -> str:
    """Return the fingerprint of the tenant's key pair as this machine has it; '' if it has another one or none."""
    try:
        return operators.fingerprint(keyring.public_key(session, tenant_of(session)))
    except Problem:
        return ""


def exposed_credentials(session: TenantSession) -> list[ExposedCredential]:
    """Return the provider keys that a removed operator could read and that were not replaced since."""
    return operators.exposed_credentials(session)


async def remove(session: TenantSession, login: str, passphrase: Secret | None = None) -> list[ExposedCredential]:
    """Take a tenant from an operator, and replace its key pair; return the provider keys that they could read.

    It may be run again after it was stopped: each step is done once.

    Raises:
        LoginProblem: They are not an operator of the tenant, or are this person.
    """
    database = operators.database(session.process)
    if login == database.link.login.name:
        raise LoginProblem("You cannot remove yourself.", "Another operator of the tenant can.")

    def leave() -> bool:
        """Remove the operator from the list; return True if they hold the tenant's present key pair."""
        from tui.storage.postgres.operators import dismiss

        keyring.key_handle(session)
        present = tenant_of(session).key_id
        with verification.credential_transaction(session) as tables:
            if login in operators.from_table(tables):
                tables.table(TABLE).remove(lambda record: operators.login_in(record) == login)
                tables.table("removals").insert({"login": login, "key_id": present})
                operators.expose(tables, login, session.today())
                dismiss(session.store.folder, session.tenant_id, login)  # type: ignore[arg-type]
                if login == RECOVERY:
                    session.store.folder.remove(RECOVERY_FILE)
            removals = [dict(record) for record in tables.table("removals")]
        if not any(record.get("login") == login for record in removals):
            name = tenant_of(session).name
            raise LoginProblem(f"{one_line(login, 60)} is not an operator of {name}.", "Nothing was changed.")
        return any(record.get("login") == login and record.get("key_id") == present for record in removals)

    if await asyncio.to_thread(leave):
        await rotation.rotate(session, passphrase)
    await asyncio.to_thread(session.store.forget_generations, lambda table, record: table in _SECRET_TABLES)
    return operators.exposed_credentials(session)


def _list(tables: Tables, new: list[Operator]) -> None:
    present = operators.from_table(tables)
    for operator in new:
        existing = present.get(operator.login)
        if existing is None or existing.planted or existing.public_key.split() != operator.public_key.split():
            tables.table(TABLE).remove(lambda record, login=operator.login: operators.login_in(record) == login)
            tables.table(TABLE).insert(to_record(replace(operator, planted=False)))


def _receive_keys(
    session: Session, own: key_pair.PrivateKey, passphrase: Secret | None, accepted: str
) -> tuple[list[str], list[str]]:
    """Write the keys of the tenants that this person was admitted to and has no key of.

    Anybody can seal a key for this person, and who can write the rows can name it as the tenant's. Where this machine
    knows the tenant by another key pair, the new one is written only if it has the accepted fingerprint.

    Returns:
        The names of the tenants, and of those whose new key pair was not accepted.
    """
    from tui.storage.postgres.operators import wraps

    database = operators.database(session)
    received, replaced = [], []
    database.refresh()
    for wrap in wraps(database):
        tenant_session = session.tenant(wrap.tenant)
        try:
            tenant = tenant_of(tenant_session)
        except (Problem, ValueError):
            continue  # of a tenant that cannot be read, which keeps nobody from the others
        current = wrap.operator_key == own.key_id and wrap.tenant_key == tenant.key_id
        if not current or keyring.has_key(tenant_session, tenant):
            continue
        if keyring.has_other_key_pair(tenant_session) and operators.fingerprint(tenant.public_key) != accepted:
            replaced.append(shared_name(tenant))
            continue
        operators.receive(tenant_session, wrap, own, passphrase)
        received.append(shared_name(tenant))
    return received, replaced


async def others_present(session: TenantSession, what: str, seconds: float) -> list[str]:
    """Report that a form is open for so many seconds, 0 for closed; return in words who else has it open.

    Nobody is named where the settings are files, or while the store is away.
    """
    database = getattr(session.process.data, "database", None)
    if database is None:
        return []

    def work() -> list[str]:
        from tui.storage.postgres.presence import announce

        try:
            others = announce(database, session.tenant_id, platform.node(), what, seconds)
        except Problem:
            return []
        return [
            f"{one_line(other.login, 40)} on {one_line(other.host, 40)} has this form open since "
            f"{time.strftime('%H:%M', time.localtime(other.since))}"
            for other in others
        ]

    return await asyncio.to_thread(work)


def digits(fingerprint: str) -> str:
    """Return a fingerprint that a person typed as it is compared."""
    return "".join(fingerprint.lower().split())


def _own_files(session: Session) -> list[str]:
    return [name for name in session.keys.folder(OWN_KEY_PAIR).names() if name.endswith(".pem")]


def _own_key(session: Session, passphrase: Secret | None) -> key_pair.PrivateKey:
    folder = session.keys.folder(OWN_KEY_PAIR)
    content = folder.read(_own_files(session)[0])
    if content is None:
        raise Locked("Your own private key file is missing.", "Restore it from a backup.")
    if key_pair.is_protected(content) and not passphrase:
        raise Locked("Your own key pair has a passphrase.", remedy=Remedy(Action.UNLOCK))
    return key_pair.load(content, passphrase)


def _own_public_key(session: Session) -> str | None:
    """Return this person's public key as it is on this machine; None if they have no key pair here."""
    files = _own_files(session)
    content = session.keys.folder(OWN_KEY_PAIR).read(files[0].removesuffix(".pem") + ".pub") if files else None
    return content.decode("ascii", "replace") if content else None
