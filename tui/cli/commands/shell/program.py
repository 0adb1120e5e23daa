"""`modeldeck exec` and `modeldeck env`."""

import errno
import os
import re
import signal
import sys
from typing import NoReturn

from tui.cli.commands.shell.formats import format_variables
from tui.cli.context import CommandContext
from tui.cli.output import is_terminal, print_problem
from tui.errors import Problem, UsageError, did_you_mean
from tui.process import hardening
from tui.secret import Secret
from tui.tenancy import credentials
from tui.workspace import program_environment
from tui.workspace.program_environment import MARKER, ProgramEnvironment

_NOT_RUNNABLE, _NOT_THERE = 126, 127
"""Exit codes of env(1), and of shells, for a program that cannot be started."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def run_program(call: CommandContext) -> int:
    """Replace this process by the program; return only if it cannot be started."""
    words = [call.args.one("CMD"), *call.args.many("ARG")]
    try:
        program_environment.check_start(call.environ, call.args.has("nest"))
    except UsageError as error:
        raise UsageError(error.message, "Add --nest to do it anyway.") from None
    files = dict(_file_option(text) for text in call.args.many("file"))
    try:
        path = _program(words[0], call.environ.get("PATH", os.defpath))
    except OSError as error:
        missing = error.errno == errno.ENOENT
        print_problem(
            Problem(f"{words[0]} {'does not exist' if missing else 'cannot be run'}.", "Nothing was started.")
        )
        return _NOT_THERE if missing else _NOT_RUNNABLE
    variables = _prepare(call, os.path.basename(words[0]), files)
    return _replace_process(path, words, variables)


def _prepare(call: CommandContext, program: str, files: dict[str, str]) -> dict[str, str]:
    """Return the program's environment as text. The audit log takes the entry first, or nothing is started."""
    try:
        environment = _environment(call)
        variables = environment.apply(call.environ, only=call.args.has("only"))
        for name, variable in files.items():
            if variable not in environment.variables:
                hint = did_you_mean(variable, environment.variables)
                raise UsageError(f"{variable} is not among the variables: {', '.join(environment.variables)}.", hint)
            variables[name] = _file_of(variables.pop(variable))
        variables |= {MARKER: call.tenant.id, "MODELDECK_TENANT": call.tenant.id}
        call.tenant_session.audit("program started", program=program, providers=list(environment.providers))
    finally:
        call.close_offline()
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in variables.items()}


def _environment(call: CommandContext) -> ProgramEnvironment:
    session, named = call.tenant_session, call.args.many("provider")
    chosen = program_environment.candidates(session, named)
    if any(credentials.needs_unlock(session, provider.id) for provider in chosen):
        import asyncio  # a quarter of the start of a program, and a tenant that is open does without

        asyncio.run(call.unlock(call.tenant), debug=False)
    environment = program_environment.environment(
        session, chosen, named=bool(named), by_provider=call.args.has("by-provider")
    )
    if not environment.providers:
        options = [f"Add --provider {provider_id}." for provider_id in environment.unnamed[:1]]
        raise Problem(f"{call.tenant.name} has no API key to pass on.", "\n".join((*environment.skipped, *options)))
    for sentence in environment.skipped if is_terminal(sys.stderr) else ():
        call.out.note(f"Left out. {sentence}")
    return environment


def _file_option(text: str) -> tuple[str, str]:
    name, _, variable = text.partition("=")
    if not _NAME.fullmatch(name) or not _NAME.fullmatch(variable):
        example = "--file OPENAI_API_KEY_FILE=OPENAI_API_KEY"
        raise UsageError("--file needs two names of variables, NAME=VARIABLE.", f"For example: {example}")
    return name, variable


def _file_of(value: str | Secret) -> str:
    """Return the path of a file in memory that holds the value; it has no name on any disk, and ends with its users."""
    descriptor = os.memfd_create("key", 0)  # inherited by the program
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, (value.reveal() if isinstance(value, Secret) else value).encode())
    return f"/dev/fd/{descriptor}"


def _program(name: str, path: str) -> str:
    """Return the path of a program as execvp(3) finds it.

    Raises:
        OSError: ENOENT if it does not exist, EACCES if it cannot be run.
    """
    places = [name] if os.path.dirname(name) else [os.path.join(folder, name) for folder in path.split(os.pathsep)]
    for place in places:
        if os.access(place, os.X_OK) and not os.path.isdir(place):
            return place
    raise OSError(errno.EACCES if any(map(os.path.exists, places)) else errno.ENOENT, name)


def _replace_process(path: str, words: list[str], variables: dict[str, str]) -> int:
    """Become the program: with the umask and the signals that this process was started with, and no core dumps."""
    sys.stdout.flush()
    sys.stderr.flush()
    if hardening.inherited_umask >= 0:
        os.umask(hardening.inherited_umask)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and a program would inherit that
        signal.signal(number, signal.SIG_DFL)
    try:
        _exec(path, words, variables)
    except OSError as error:
        print_problem(Problem(f"{words[0]} cannot be run: {os.strerror(error.errno or 0).lower()}."))
        return _NOT_RUNNABLE


def _exec(path: str, words: list[str], variables: dict[str, str]) -> NoReturn:
    os.execve(path, words, variables)


def show_environment(call: CommandContext) -> None:
    """Print the variables; on a terminal, only with --reveal."""
    kind = "json" if call.out.as_json else call.args.one("format", "sh")
    if call.out.decorated and not call.args.has("reveal"):
        raise UsageError(
            "The keys would show on this terminal, and stay in its scrollback.",
            "Use modeldeck exec -- CMD, send the output elsewhere, or add --reveal.",
        )
    try:
        environment = _environment(call)
        call.tenant_session.audit("keys printed", format=kind, providers=list(environment.providers))
    finally:
        call.close_offline()
    call.out.piece(format_variables(kind, environment))
