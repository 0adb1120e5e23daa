"""Every command. What a screen does to settings, a command does too, over the same verbs of `tui.workspace`.

    __init__   main(): answers --version by itself
    run        one command from words to exit code; where problems, interrupts and crashes end
    commands   the table of commands: words, arguments, options, help, shapes of --json
    parser     words -> Given; usage  the text of --help
    calling    one call of a command: desk, tenant, opening its key
    output     lines, columns, JSON and problems; columns  widths in terminal cells
    hidden     passphrases and secret fields: prompt, line of stdin, file, descriptor
    tenant, provider, credential, model, default, places, chat, embed, transcribe, console   one module a noun

`--version` and `--help` import next to nothing; no command but the console imports Textual.
"""

import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; without words it is the process's own, and ends the process."""
    if argv is not None:
        return _run(argv)
    code = _run(sys.argv[1:], guarded=True)
    _end(code)
    return code


def _run(words: Sequence[str], guarded: bool = False) -> int:
    try:
        if words and words[0] in ("--version", "-V"):
            from tui import __version__

            print(f"modeldeck {__version__}")
            return 0
        from tui.cli.runner import run

        if guarded:
            from tui.diagnostics.crash_report import guard

            guard(os.environ)
        return run(words)
    except KeyboardInterrupt:
        return 130


def _end(code: int) -> None:
    """End without taking every module apart, which lasts longer than `--version` itself."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return
    os._exit(code)
