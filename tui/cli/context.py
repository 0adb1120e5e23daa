"""The context of one command: its arguments, output, secrets, session and tenant.

The workspace is imported when it is first needed, so that a usage error comes at once.
"""

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tui.cli.command import ParsedArgs
from tui.cli.output import Output
from tui.cli.secret_input import SecretInput
from tui.domain import Credential, Tenant
from tui.errors import Locked, Problem, UsageError, did_you_mean, quotable
from tui.secret import Secret
from tui.tenancy import keyring

if TYPE_CHECKING:
    from tui.providers.spec import Provider
    from tui.tenancy.session import Session, TenantSession

_MAX_NAMES = 8


def _fields(args: ParsedArgs) -> list[str]:
    """Return the keys that --fields names. Raises UsageError for one that the command never prints."""
    if not args.has("fields"):
        return []
    from tui.cli.json_schema import keys_of

    keys = keys_of(args.command)
    if not args.has("json"):
        raise UsageError("--fields needs --json.", f"The keys are: {', '.join(keys)}.")
    names = [name.strip() for name in ",".join(args.many("fields")).split(",") if name.strip()]
    for name in names or [""]:
        if name not in keys:
            suffix = f" {name}" if quotable(name, keys) else ""
            raise UsageError(f"Unknown key{suffix}.", f"{did_you_mean(name, keys)}The keys are: {', '.join(keys)}.")
    return names


class CommandContext:
    """What every command function gets. The session opens when it is first needed."""

    def __init__(self, args: ParsedArgs, environ: MutableMapping[str, str]) -> None:
        self.args = args
        self.environ: Mapping[str, str] = environ
        self.out = Output(args.has("json"), args.has("quiet"), _fields(args), not args.has("no-input"))
        self.secret_input = SecretInput(args.one("passphrase-fd"), args.one("passphrase-file"), environ)

    @cached_property
    def session(self) -> "Session":
        """The session of this process."""
        from tui.tenancy.session import open_session

        session = open_session(self.environ)
        for warning in session.config.warnings:
            self.out.note(warning)
        if session.config.log:
            self._start_log()
        return session

    def _start_log(self) -> None:
        """Start the debug log that the operator asked for; if that fails, the command goes on."""
        from tui.diagnostics import debug_log

        try:
            debug_log.begin(self.environ, " ".join(self.args.command.words) or "console")
        except Problem as problem:
            self.out.note(f"No log is written. {problem.message}")

    @property
    def tenant_name(self) -> str:
        """The tenant that -t or MODELDECK_TENANT names, or ''."""
        return self.args.one("tenant") or self.environ.get("MODELDECK_TENANT", "")

    @cached_property
    def tenant(self) -> Tenant:
        """The tenant of -t or MODELDECK_TENANT, else the only one there is."""
        from tui.tenancy import tenants

        if self.tenant_name:
            return self._opened_by_agent(tenants.find(self.session, self.tenant_name))
        ids = tenants.ids(self.session)
        if not ids:
            raise UsageError("There is no tenant yet.", "Create one: modeldeck tenant create NAME")
        if len(ids) > 1:
            more = f" and {len(ids) - _MAX_NAMES:,} more" if len(ids) > _MAX_NAMES else ""
            raise UsageError(
                f"There are {len(ids):,} tenants: {', '.join(sorted(ids)[:_MAX_NAMES])}{more}.",
                "Choose one with -t NAME or MODELDECK_TENANT.",
            )
        return self._opened_by_agent(tenants.tenant_of(self.session.tenant(ids[0])))

    @cached_property
    def tenant_id(self) -> str:
        """The ID of that tenant, even if its settings cannot be read."""
        from tui.tenancy import tenants

        ids = tenants.ids(self.session)
        if self.tenant_name in ids or (not self.tenant_name and len(ids) == 1):
            return self.tenant_name or ids[0]
        return self.tenant.id

    @cached_property
    def tenant_session(self) -> "TenantSession":
        """The session bound to that tenant."""
        return self.session.tenant(self.tenant.id)

    def _opened_by_agent(self, tenant: Tenant) -> Tenant:
        """Open the tenant through the agent if it has its key, and the command names no source of passphrases."""
        session = self.session.tenant(tenant.id)
        if tenant.protected and not self.secret_input.has_source and not keyring.is_open(session):
            keyring.ask_agent(session)
        return tenant

    async def unlock(self, tenant: Tenant, *, here: bool = False) -> None:
        """Unlock the tenant; ask for its passphrase if it has one, and the agent does not have its key.

        With `here` the private key itself is needed.
        """
        from tui.workspace import tenants

        session = self.session.tenant(tenant.id)
        if not here:
            self._opened_by_agent(tenant)
        if not keyring.is_open(session) or (here and keyring.is_in_agent(session)):
            passphrase = self.passphrase(tenant) if tenant.protected else None
            await tenants.unlock(session, passphrase, here=here)
        elif tenant.fingerprint_key:
            keyring.move_fingerprint_key(session)

    async def unlock_without_asking(self, tenant: Tenant) -> None:
        """Unlock the tenant if its passphrase can be had without asking."""
        from tui.workspace import tenants

        session = self.session.tenant(self._opened_by_agent(tenant).id)
        if not keyring.is_open(session) and (passphrase := self.secret_input.passphrase_without_prompt(tenant.id)):
            await tenants.unlock(session, passphrase)

    def passphrase(self, tenant: Tenant) -> Secret:
        """Return the passphrase of a tenant, from whichever source has it.

        Raises:
            Locked: if none has it and there is no terminal to ask on.
        """
        passphrase = self.secret_input.passphrase(tenant.id, f"Passphrase of {tenant.name}: ")
        if passphrase is None:
            raise Locked(
                f"{tenant.name} is locked with a passphrase.",
                "Pass it with --passphrase-fd N or --passphrase-file FILE, as the systemd credential "
                f"modeldeck-{tenant.id}, or in MODELDECK_PASSPHRASE.",
            )
        return passphrase

    async def unlock_for(self, provider_id: str, name: str = "") -> None:
        """Unlock the tenant if using a provider's credential (the active one unless named) needs it."""
        from tui.tenancy import credentials

        if credentials.needs_unlock(self.tenant_session, provider_id, name):
            await self.unlock(self.tenant)

    @contextmanager
    def naming_new_origins(self, provider: "Provider") -> Iterator[None]:
        """Name every origin that a credential of the provider gains while the block runs."""
        from tui.tenancy import credentials
        from tui.workspace.credentials.addresses import new_origins, origins_by_name

        before = origins_by_name(self.tenant_session, provider.id)
        yield
        origins = new_origins(before, origins_by_name(self.tenant_session, provider.id))
        self.print_new_origins(provider, origins, *credentials.listing(self.tenant_session, provider.id))

    def print_new_origins(self, provider: "Provider", origins: Collection[str], *stored: Credential) -> None:
        """Name origins that one of these credentials of the provider has gained."""
        write = self.out.note if self.out.as_json else self.out.line
        what = "the API key" if any(entry.envelope or entry.references for entry in stored) else "requests"
        for origin in origins:
            write(f"{provider.label}: {what} can now be sent to {origin}.")

    def confirm(self, about: Mapping[str, Any], preview: str, hint: str) -> bool:
        """Return True if the command has --yes; with --dry-run, print what would be removed and return False.

        Raises:
            UsageError: with neither, saying what would be removed.
        """
        if self.args.has("dry-run"):
            self.out.answer({**about, "removed": False, "message": preview}, preview)
            return False
        if not self.args.has("yes"):
            raise UsageError(preview, hint)
        return True

    async def close(self) -> None:
        """Close connections and drop decrypted keys; report an entry that the audit log could not take."""
        self.out.end_progress()
        if "session" in self.__dict__:
            await self.session.aclose()
        self.close_offline()

    def close_offline(self) -> None:
        """Do the same where no request was made; this needs no event loop."""
        self.out.end_progress()
        self.secret_input.close()
        if "session" in self.__dict__:
            self.session.close()
            agent = self.session.__dict__.get("agent")
            if agent is not None and agent.problem is not None:
                self.out.note(f"The agent was not used. {agent.problem.message}")
            if self.session.audit_failure is not None:
                self.out.note(f"This is not in the audit log: {self.session.audit_failure.message}")
