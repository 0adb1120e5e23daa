"""`modeldeck operator recover`: print a recovery text, test it, use it."""

from tui.cli import secret_input
from tui.cli.commands.store.operator_handlers import own_passphrase
from tui.cli.context import CommandContext
from tui.cli.secret_files import private_file
from tui.errors import UsageError
from tui.sanitize import group_fingerprint
from tui.secret import Secret
from tui.tenancy.operators import RECOVERY
from tui.vault import recovery_text
from tui.workspace import operators, recovery


async def recover(call: CommandContext) -> None:
    """Run the form of the command that the options name."""
    create, test = call.args.has("create"), call.args.has("test")
    if create + test + call.args.has("fingerprint") > 1 or (create and call.args.has("text-file")):
        raise UsageError("These options exclude each other.", "Use --create, --test or --fingerprint HEX.")
    await (_create(call) if create else _test(call) if test else _recover(call))


async def _create(call: CommandContext) -> None:
    tenant = call.tenant
    await call.unlock(tenant, here=True)
    created = await recovery.create(call.tenant_session)
    if call.out.as_json:
        text = [line.reveal() for line in created.lines]
        fingerprints = {"fingerprint": created.fingerprint, "tenant_fingerprint": created.tenant_fingerprint}
        call.out.json({"tenant": tenant.id, **fingerprints, "text": text})
        return
    call.out.line(f"Recovery text of {tenant.name} in Modeldeck, {call.tenant_session.today()}")
    call.out.line()
    for line in created.lines:
        call.out.line(line.reveal())
    call.out.line()
    call.out.line(f"Fingerprint of the text:    {group_fingerprint(created.fingerprint)}")
    call.out.line(f"Fingerprint of the tenant:  {group_fingerprint(created.tenant_fingerprint)}")
    call.out.line("To use it: modeldeck operator recover --fingerprint HEX, with the tenant's fingerprint.")
    call.out.note(
        "It is stored nowhere else: print it, and clear the terminal. Test the paper: modeldeck operator recover --test"
    )


async def _test(call: CommandContext) -> None:
    tenant = call.tenant
    await call.unlock(tenant)
    tested = await recovery.test(call.tenant_session, _lines(call))
    own = operators.tenant_fingerprint(call.tenant_session)
    call.out.answer(
        {"tenant": tenant.id, "tested": tested},
        f"The recovery text opens the private key of {tenant.name}. Its fingerprint is {group_fingerprint(own)}.",
    )


async def _recover(call: CommandContext) -> None:
    tenant = call.tenant
    if not call.args.one("fingerprint"):
        raise UsageError("--fingerprint is missing.", "It is printed with the recovery text.")
    lines = _lines(call)
    passphrase = own_passphrase(call)
    operator = await recovery.recover(call.tenant_session, lines, call.args.one("fingerprint"), passphrase)
    call.out.result(
        {"tenant": tenant.id, "login": operator.login, "key_id": operator.key_id},
        f"The private key of {tenant.name} is on this machine; {operator.login} is an operator of it.",
    )
    call.out.note(
        f"Now replace the key pair, which lost machines still have, and the text: modeldeck operator remove {RECOVERY} "
        "--yes, then modeldeck operator recover --create"
    )


def _lines(call: CommandContext) -> list[Secret]:
    """Return the lines of a recovery text, from the file that is named or typed at hidden prompts."""
    count = recovery.line_count(call.tenant_session)
    if call.args.has("text-file"):
        with private_file(call.args.one("text-file")) as file:
            try:
                return recovery_text.lines_in(file.read(64 * 1024))
            except UnicodeDecodeError:
                raise UsageError("The recovery text is not text.") from None
    typed: list[Secret] = []
    while len(typed) < count:
        number = len(typed) + 1
        line = secret_input.ask(f"Line {number} of {count}: ")
        if line is None:
            raise UsageError("The recovery text needs a terminal.", "Or name a file: --text-file FILE")
        try:
            recovery_text.check_line(number, line)
        except UsageError as problem:
            call.out.note(f"{problem.message} {problem.hint}")
        else:
            typed.append(line)
    return typed
