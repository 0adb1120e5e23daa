"""The context of one command: its arguments, output, secrets, session and tenant.

The workspace is imported when it is first needed: a command that refuses its words should do so at once.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from tui.cli.output import Output
from tui.cli.parser import ParsedArgs
from tui.cli.secret_input import SecretInput
from tui.domain import Tenant
from tui.errors import Locked, Problem, UsageError
from tui.secret import Secret
from tui.tenancy import keyring

if TYPE_CHECKING:
    from tui.tenancy.session import Session, TenantSession

_T = TypeVar("_T")


class CommandContext:
    """What every command function is handed. The desk is opened when it is first needed."""

    def __init__(self, args: ParsedArgs, environ: MutableMapping[str, str]) -> None:
        self.args = args
        self.environ: Mapping[str, str] = environ
        self.out = Output(as_json=args.has("json"))
        self.secret_input = SecretInput(args.one("passphrase-fd"), args.one("passphrase-file"), environ)

    @cached_property
    def session(self) -> "Session":
        from tui.tenancy.session import open_session

        session = open_session(self.environ)
        if session.config.log:
            self._log()
        return session

    def _log(self) -> None:
        """Begin the log that the operator asked for; what stands in its way stops nothing."""
        from tui.diagnostics import debug_log

        try:
            debug_log.begin(self.environ, " ".join(self.args.command.words) or "console")
        except Problem as problem:
            self.out.note(f"Nothing is logged. {problem.message}")

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant of -t or MODELDECK_TENANT, else the only one there is."""
        from tui.tenancy import tenants as tenant_registry

        named = self.args.one("tenant") or self.environ.get("MODELDECK_TENANT", "")
        if named:
            return tenant_registry.find(self.session, named)
        ids = tenant_registry.ids(self.session)
        if not ids:
            raise UsageError("There is no tenant yet.", "modeldeck tenant create NAME makes one.")
        if len(ids) > 1:
            names = ", ".join(tenant_registry.names(self.session))
            raise UsageError(
                f"There are {len(ids)} tenants: {names}.", "-t NAME or MODELDECK_TENANT says which is meant."
            )
        return tenant_registry.get(self.session.tenant(ids[0]))

    @cached_property
    def tenant_id(self) -> str:
        """The id of that tenant, also of one whose settings cannot be read."""
        from tui.tenancy import tenants as tenant_registry

        named = self.args.one("tenant") or self.environ.get("MODELDECK_TENANT", "")
        ids = tenant_registry.ids(self.session)
        if named in ids or (not named and len(ids) == 1):
            return named or ids[0]
        return self.tenant.id

    @cached_property
    def tenant_session(self) -> "TenantSession":
        """The session bound to that tenant."""
        return self.session.tenant(self.tenant.id)

    async def open(self, tenant: Tenant) -> None:
        """Open the tenant's key, asking for its passphrase where it has one."""
        from tui.workspace import tenants

        if keyring.is_open(self.session.tenant(tenant.id)):
            return
        await tenants.unlock(self.session.tenant(tenant.id), self.passphrase(tenant) if tenant.protected else None)

    async def open_if_handed(self, tenant: Tenant) -> None:
        """Open the tenant's key if its passphrase comes without asking."""
        from tui.workspace import tenants

        if not keyring.is_open(self.session.tenant(tenant.id)) and (passphrase := self.secret_input.handed(tenant.id)):
            await tenants.unlock(self.session.tenant(tenant.id), passphrase)

    def passphrase(self, tenant: Tenant) -> Secret:
        """The passphrase of a tenant, from wherever it comes."""
        passphrase = self.secret_input.passphrase(tenant.id, f"Passphrase of {tenant.name}: ")
        if passphrase is None:
            raise Locked(
                f"{tenant.name} is locked with a passphrase.",
                "--passphrase-fd N or --passphrase-file FILE hands it over; so does the systemd credential "
                f"modeldeck-{tenant.id}, or the variable MODELDECK_PASSPHRASE.",
            )
        return passphrase

    async def opening(self, verb: Callable[[], Awaitable[_T]]) -> _T:
        """The verb's result; where it turns out to need the tenant's key, that is opened and the verb done again."""
        from tui.tenancy.keyring import is_open

        try:
            return await verb()
        except Locked:
            if is_open(self.tenant_session):
                raise
        await self.open(self.tenant)
        return await verb()

    async def close(self) -> None:
        """Close connections and forget opened keys; say what could not be noted in the audit log."""
        self.secret_input.close()
        if "session" in self.__dict__:
            await self.session.aclose()
            if self.session.audit_failure is not None:
                self.out.note(f"This was done, but is not in the audit log. {self.session.audit_failure.message}")
