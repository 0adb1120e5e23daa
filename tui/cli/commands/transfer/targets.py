"""`modeldeck export --format`: configuration for other programs, and the variables of `.env`."""

import shlex
import shutil

from tui.cli.commands.shell.formats import format_variables
from tui.cli.commands.transfer import unit_files
from tui.cli.context import CommandContext
from tui.cli.inputs import new_file
from tui.errors import Problem, UsageError
from tui.providers.spec import Provider
from tui.storage.user_file import write
from tui.tenancy.session import TenantSession
from tui.tenancy.tenants import tenant_of
from tui.workspace import program_environment
from tui.workspace.transfer.targets import Target, deployed_providers, dify, litellm

_STDOUT = "-"


async def export_target(call: CommandContext, session: TenantSession, kind: str) -> None:
    """Write a tenant's providers and models as another program reads them."""
    if call.args.has("with-secrets"):
        raise UsageError("--with-secrets is for an encrypted export.", "Leave out --format.")
    if kind == "dotenv" and not call.args.has("reveal"):
        raise UsageError(
            "A .env file holds the keys in clear.", "Use modeldeck exec -- CMD instead, or add --reveal to write them."
        )
    where = call.args.one("output", _STDOUT)
    path = None if where == _STDOUT else new_file(where, call.args.has("force"))
    named = call.args.many("provider")
    chosen = program_environment.candidates(session, named)
    for provider in chosen:
        if call.tenant.id != session.tenant_id:
            await call.unlock(tenant_of(session))
        else:
            await call.unlock_for(provider.id)
    if not chosen:
        raise Problem(f"{tenant_of(session).name} has no provider of its own.")
    target = _target(session, kind, chosen, named, "config.yaml" if path is None else where)
    if kind == "dotenv":
        session.audit("keys printed", format=kind, providers=[provider.id for provider in chosen])
    else:
        session.audit_best_effort("exported", secrets=False, credentials=[provider.label for provider in chosen])
    if path is None:
        call.out.piece(target.text)
    else:
        write(path, target.text)
        call.out.confirm(f"Wrote {where}, {'with' if kind == 'dotenv' else 'without'} API keys.")
    for omission in target.omissions:
        call.out.note(omission)


def _target(session: TenantSession, kind: str, chosen: list[Provider], named: tuple[str, ...], file: str) -> Target:
    start = ["modeldeck", "exec", "-t", session.tenant_id, *(word for name in named for word in ("--provider", name))]
    if kind in ("litellm", "dify"):
        providers = deployed_providers(session, chosen)
        if kind == "dify":
            return dify.environment(providers, _line([*start, "--by-provider", "--", "docker", "compose", "up", "-d"]))
        return litellm.config(providers, _line([*start, "--by-provider", "--", "litellm", "--config", file]))
    environment = program_environment.environment(session, chosen, named=bool(named))
    if kind == "dotenv":
        return Target(format_variables("dotenv", environment), environment.skipped)
    if kind == "compose":
        compose = unit_files.compose(environment.variables, _line([*start, "--", "docker", "compose", "up"]))
        return Target(compose.text, environment.skipped)
    start[0] = shutil.which("modeldeck") or "/usr/local/bin/modeldeck"
    unit = unit_files.unit(session.tenant_id, tenant_of(session).protected, _line([*start, "--", "/path/to/program"]))
    return Target(unit.text, environment.skipped)


def _line(words: list[str]) -> str:
    return shlex.join(words)
