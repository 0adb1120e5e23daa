"""One command from its words to its exit code: where problems, interrupts, closed pipes and crashes end."""

import contextlib
import errno
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from tui.cli.parser import ParsedArgs, parse
from tui.errors import Exit, Problem

if TYPE_CHECKING:
    from tui.cli.context import CommandContext


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(words: Sequence[str]) -> int:
    """Parse and run; every failure ends as a sentence on stderr and an exit code."""
    _tolerate_odd_streams()
    try:
        args = parse(words)
        if args.help_on is not None:
            from tui.cli.help import help_text

            print(help_text(args.help_on))
            code = 0
        else:
            code = _call(args)
        _flush()
        return code
    except Problem as problem:
        return _failed(problem)
    except BrokenPipeError:
        _drop(1)
        return int(Exit.FAILED)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)
    except OSError as error:
        if error.filename is not None or error.errno not in _FULL:
            return _crashed(error)
        _drop(1)
        return _failed(
            Problem(f"The answer cannot be written: {os.strerror(error.errno).lower()}.", "Make room for it.")
        )
    except Exception as error:
        return _crashed(error)


def _call(args: ParsedArgs) -> int:
    from importlib import import_module

    if args.command.secrets:
        from tui.process.hardening import harden

        harden()
    from tui.cli.context import CommandContext

    module, _, function = args.command.handler.partition(":")
    call = CommandContext(args, os.environ)
    result = getattr(import_module(f"tui.cli.commands.{module}"), function)(call)
    if isinstance(result, Coroutine):
        import asyncio

        result = asyncio.run(_to_its_end(call, result))
    return int(result or Exit.DONE)


async def _to_its_end(call: "CommandContext", running: Coroutine[Any, Any, int | None]) -> int | None:
    import asyncio
    import signal

    from tui.diagnostics.crash_report import guard_loop

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    guard_loop(loop, call.environ)
    # asyncio's own way with ctrl+c is not noticed by a loop that is just about to wait; its handlers wake it.
    with contextlib.suppress(ValueError, RuntimeError):  # not the main thread: no signal arrives here
        loop.add_signal_handler(signal.SIGINT, task.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        await call.close()


def _failed(problem: Problem) -> int:
    from tui.cli.output import say_problem

    try:
        say_problem(problem)
    except BrokenPipeError:
        _drop(1)
    return int(problem.code)


def _crashed(error: Exception) -> int:
    from tui.diagnostics.crash_report import crash_words

    return _failed(crash_words(error, os.environ))


def _tolerate_odd_streams() -> None:
    """A character that a terminal cannot show is replaced; a stream that was closed before the start is empty."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
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
            if error.errno != errno.EIO:
                raise
            # The terminal is gone, as when a line is cut: nobody can be told anything.
            _drop(descriptor)


def _drop(descriptor: int) -> None:
    """Nobody reads any more: keep the interpreter from complaining when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
