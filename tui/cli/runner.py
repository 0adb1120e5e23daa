"""Run one command to its exit code; handles problems, interrupts, closed pipes and crashes."""

import contextlib
import errno
import gc
import io
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from tui.cli.command import ParsedArgs
from tui.cli.commands.console import CONSOLE
from tui.cli.output import discard, print_problem
from tui.errors import Exit, Problem

if TYPE_CHECKING:
    from tui.cli.context import CommandContext


CLOSED_PIPE = 128 + 13
"""The exit code of a program that SIGPIPE ends: nobody reads stdout any more."""

_GC_THRESHOLD = 100_000
"""Objects made, and not freed, from which on the garbage collector looks for cycles among them."""

_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF)


def run(words: Sequence[str]) -> int:
    """Parse and run a command; every failure ends as a sentence on stderr and an exit code."""
    _replace_odd_streams()
    try:
        args = _parse(words)
        if args.help_on is not None:
            from tui.cli.help import help_text

            print(help_text(args.help_on))
            code = 0
        else:
            code = _call(args)
        _flush()
        return code
    except Problem as problem:
        return _report_problem(problem, _wants_json(words))
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except OSError as error:
        return write_failed(error)
    except Exception as error:
        return _report_crash(error)


def _parse(words: Sequence[str]) -> ParsedArgs:
    if not words:
        return ParsedArgs(CONSOLE, {})
    from tui.cli.parser import parse  # lazy: the table of commands, which the console does without

    return parse(words)


def write_failed(error: OSError) -> int:
    """Return the exit code for a stdout that cannot be written; say why, unless its reader has gone."""
    if sys.stdout is None:
        _replace_odd_streams()
    if isinstance(error, BrokenPipeError):
        discard(1)
        return CLOSED_PIPE
    if error.filename is not None or error.errno not in _CANNOT_WRITE:
        return _report_crash(error)
    discard(1)
    reason = "it is closed" if error.errno == errno.EBADF else os.strerror(error.errno).lower()
    return _report_problem(
        Problem(f"Standard output cannot be written: {reason}.", "Write it elsewhere, or free some space.")
    )


def _call(args: ParsedArgs) -> int:
    from importlib import import_module

    if args.command.secrets:
        from tui.process.hardening import harden

        harden()
    if args.command.words:
        # A command keeps what it reads to its end. To look for cycles among ever more of it grows faster than it does.
        gc.set_threshold(_GC_THRESHOLD, 20, 20)
    from tui.cli.context import CommandContext
    from tui.cli.inputs import allow_questions

    allow_questions(not args.has("no-input"))
    module, _, function = args.command.handler.partition(":")
    call = CommandContext(args, os.environ)
    result = getattr(import_module(f"tui.cli.commands.{module}"), function)(call)
    if isinstance(result, Coroutine):
        import asyncio

        result = asyncio.run(_run_to_end(call, result), debug=False)
    return int(result or Exit.DONE)


async def _run_to_end(call: "CommandContext", running: Coroutine[Any, Any, int | None]) -> int | None:
    import asyncio
    import signal

    from tui.diagnostics.crash_report import guard_loop

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    guard_loop(loop, call.environ)
    # asyncio's own handling of ctrl+c is not noticed by a loop that is just about to wait; its handlers wake it.
    with contextlib.suppress(ValueError, RuntimeError):  # not the main thread, which alone receives signals
        loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        await call.close()


def _wants_json(words: Sequence[str]) -> bool:
    """Return True if the words ask for JSON, also where they could not be parsed: errors are then JSON, too."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _report_problem(problem: Problem, as_json: bool = False) -> int:
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    try:
        print_problem(problem, as_json)
    except OSError:
        # Only the exit code can still be reported.
        discard(1)
        discard(2)
    return int(problem.code)


def _report_crash(error: Exception) -> int:
    from tui.diagnostics.crash_report import crash_words

    return _report_problem(crash_words(error, os.environ))


class _ClosedStream(io.TextIOBase):
    """A stdout that was closed before the start: writing to it fails, as on any closed descriptor."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _replace_odd_streams() -> None:
    """Replace characters that a terminal cannot show, and streams that were closed before the start.

    The descriptors of closed streams are taken first, so that no file that is opened later gets the number of one.
    """
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    if sys.stdout is None:
        os.open(os.devnull, os.O_WRONLY)
        sys.stdout = _ClosedStream()
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")


def _flush() -> None:
    for descriptor, stream in enumerate((sys.stdout, sys.stderr), 1):
        try:
            stream.flush()
        except OSError as error:
            if descriptor == 1 and error.errno != errno.EIO:
                raise
            # The terminal is gone or stderr cannot be written: the error cannot be shown.
            discard(descriptor)
