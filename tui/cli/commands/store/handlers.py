"""`modeldeck store status | init | migrate | grants | push | pull`."""

from typing import TYPE_CHECKING

from tui.cli.context import CommandContext
from tui.cli.output import count_noun
from tui.errors import Action, Exit, Problem, UsageError
from tui.paths import paths
from tui.storage.folder import DiskFolder
from tui.tenancy import tenants
from tui.tenancy.session import OPERATOR, store_address

if TYPE_CHECKING:
    from tui.storage.postgres.address import Address
    from tui.storage.postgres.folder import RootFolder


def status(call: CommandContext) -> int:
    """Print where the settings are; for a shared store, who is connected and what it allows."""
    address = store_address(call.environ, call.session.config)
    if not address:
        about = {"engine": "files", "store": str(call.session.data.path), "tenants": len(tenants.ids(call.session))}
        call.out.answer(about, f"The settings are files in {about['store']}.")
        return Exit.DONE
    from tui.storage.postgres.status import of_store

    try:
        result = of_store(_root(call).database)
    except Problem as problem:
        if problem.remedy and problem.remedy.action is Action.CHECK_STORE:
            problem.remedy = None  # it is this command
        raise
    if call.out.as_json:
        call.out.json({"engine": "postgresql", **result.fields})
    else:
        call.out.table(("what", "which"), result.rows)
        for advice in result.advice:
            call.out.note(advice)
    return Exit.DONE if result.usable else Exit.FAILED


def initialize(call: CommandContext) -> None:
    """Create roles, schema and logins."""
    operators = call.args.many("operator")
    from tui.storage.postgres import schema

    version = schema.initialize(_administrator_address(call), operators)
    logins = f" Operators: {', '.join(operators)}." if operators else ""
    call.out.result(
        {"schema": version, "operators": list(operators)}, f"The store is set up, with schema {version}.{logins}"
    )


def migrate(call: CommandContext) -> None:
    """Apply the migrations that are missing."""
    address = _administrator_address(call)
    from tui.storage.postgres import schema

    version = schema.migrate(address)
    call.out.result({"schema": version}, f"The store has schema {version}.")


def grants(call: CommandContext) -> int:
    """Print the SQL of roles and grants, or what differs from it in a database."""
    _require_postgres()
    from tui.storage.postgres import schema

    if not call.args.one("dsn"):
        text = schema.grants()
        call.out.answer({"sql": text}, text.rstrip())
        return Exit.DONE
    differences = schema.check(_administrator_address(call))
    call.out.answer(
        {"differences": differences}, "\n".join(differences) or "Roles and grants are as this version needs them."
    )
    return Exit.FAILED if differences else Exit.DONE


def push(call: CommandContext) -> None:
    """Copy tenants from files to the store."""
    root, files = _root(call), DiskFolder(paths(call.environ).data)
    from tui.storage.postgres import transfer

    tenant_ids = call.args.many("TENANT") or tuple(files.folder("tenants").folders())
    copy = transfer.check_push if call.args.has("dry-run") else transfer.push
    _report(call, [(tenant, copy(_files_of(files, tenant), root, tenant)) for tenant in tenant_ids], "to the store")


def pull(call: CommandContext) -> None:
    """Copy tenants from the store to files."""
    root, files = _root(call), DiskFolder(paths(call.environ).data)
    from tui.storage.postgres import transfer

    tenant_ids = call.args.many("TENANT") or tuple(root.folders())
    copy = transfer.check_pull if call.args.has("dry-run") else transfer.pull
    copied = [(tenant, copy(root, _files_of(files, tenant), tenant)) for tenant in tenant_ids]
    _report(call, copied, "to this machine")


def _files_of(files: DiskFolder, tenant: str) -> DiskFolder:
    return files.folder(OPERATOR) if tenant == OPERATOR else files.folder("tenants").folder(tenants.known_id(tenant))


def _report(call: CommandContext, copied: list[tuple[str, int]], where: str) -> None:
    if call.out.as_json:
        call.out.json([{"tenant": tenant, "states": states} for tenant, states in copied])
        return
    say, verb = (call.out.line, "would be copied") if call.args.has("dry-run") else (call.out.confirm, "copied")
    for tenant, states in copied:
        say(f"{tenant}: {count_noun(states, 'state', 'states')} {verb} {where}.")
    if not copied:
        call.out.line("There is no tenant to copy.")


def _root(call: CommandContext) -> "RootFolder":
    """Return the data folder of the shared store; raise UsageError where the settings are files."""
    if not store_address(call.environ, call.session.config):
        raise UsageError(
            "No shared store is set.", 'Write store = "postgresql://…" into config.toml, or set MODELDECK_STORE.'
        )
    from tui.storage.postgres.folder import RootFolder

    assert isinstance(call.session.data, RootFolder)
    return call.session.data


def _administrator_address(call: CommandContext) -> "Address":
    _require_postgres()
    from tui.storage.postgres.address import parse

    return parse(call.args.one("dsn"), call.environ)


def _require_postgres() -> None:
    try:
        import tui.storage.postgres.address  # noqa: F401
    except ImportError:
        raise Problem(
            "The packages for a shared store are not installed.", "Install modeldeck[postgres] in place of modeldeck."
        ) from None
