"""The command `modeldeck`. Commands and screens call the same use cases, those of `tui.workspace`.

    runner        one command from its words to an exit code
    registry      the table of commands, assembled from commands/
    command       what a command, an option and an argument are; those that commands share
    parser        words to ParsedArgs; help: the text of --help; manual: the same as modeldeck(1)
    json_schema   what --json prints, read from the shapes in the help; pager: tables that are longer than the terminal
    context       what every command function gets: arguments, output, secrets, session, tenant
    output        stdout and stderr, columns, JSON, progress; inputs: standard input
    fields        FIELD=VALUE words
    secret_input  passphrases and secret fields: prompt, stdin, file, descriptor, variable
    model_call    what chat, embed and transcribe share
    commands/     a module or package for each noun: its declarations and its functions

`--version` and `--help` import next to nothing; no command but the console imports Textual.
"""

import errno
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; without `argv`, run the process's own and end the process."""
    if argv is not None:
        return _run(argv)
    skip_command_of_httpx()
    code = _run(sys.argv[1:], guarded=True)
    _end(code)
    return code


def skip_command_of_httpx() -> None:
    """Keep httpx from importing its own command line, which this process never uses.

    Where click is installed, it takes 0.16 s of CPU, as much as all the rest that a request imports.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]


def _run(words: Sequence[str], guarded: bool = False) -> int:
    try:
        if len(words) == 1 and words[0] in ("--version", "-V", "version"):
            return _print_version()
        if words and words[0] == "__complete":
            return _complete(words[1:])
        from tui.cli.runner import run

        if guarded:
            from tui.diagnostics.crash_report import guard

            guard(os.environ)
        return run(words)
    except KeyboardInterrupt:
        return 130


def _print_version() -> int:
    from tui import __version__

    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "")
        print(f"modeldeck {__version__}", flush=True)
    except OSError as error:
        from tui.cli.runner import write_failed

        return write_failed(error)
    return 0


def _complete(words: Sequence[str]) -> int:
    """Answer a shell that completes a line; after any error, answer nothing."""
    from tui.cli.completion import answer

    try:
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        sys.stdout.write(answer(words, os.environ))
        sys.stdout.flush()
    except Exception:
        return 1
    return 0


def _end(code: int) -> None:
    """Exit at once: tearing down every module takes longer than `--version` itself."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return
    os._exit(code)
