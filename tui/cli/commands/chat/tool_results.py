"""The tools of `modeldeck chat`: described by --tools, their results from --tool-result NAME=FILE."""

import shlex
from collections.abc import Mapping
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.inputs import read_text
from tui.errors import UsageError
from tui.providers.events import ToolCalls
from tui.providers.requests import Tool
from tui.sanitize import one_line
from tui.storage.user_file import local_path
from tui.workspace.playground import tools

MAX_ROUNDS = 16
"""How often results are sent on before the model must come to an end."""


def read_tools_option(call: CommandContext) -> tuple[Tool, ...]:
    """Return the tools of --tools."""
    return tools.read_tools(local_path(call.args.one("tools"))) if call.args.has("tools") else ()


def results_by_name(call: CommandContext, described: tuple[Tool, ...]) -> dict[str, str]:
    """Return the results of --tool-result by the name of the tool; `-` reads standard input.

    Raises:
        UsageError: No tool of that name is described, or the file cannot be read.
    """
    results: dict[str, str] = {}
    names = [tool.name for tool in described]
    for word in call.args.many("tool-result"):
        name, equals, where = word.partition("=")
        if not equals or not where:
            raise UsageError("--tool-result needs NAME=FILE.", "NAME is a tool of --tools.")
        if name not in names:
            raise UsageError("--tool-result names no tool of --tools.", f"They are: {', '.join(names) or 'none'}.")
        results[name] = read_text("Type the result").strip() if where == "-" else tools.read_result(local_path(where))
    return results


def results_of(tool_calls: ToolCalls | None, results: Mapping[str, str]) -> dict[str, str] | None:
    """Return the result of each call by its ID; None unless there are calls, and every one has a result."""
    if tool_calls is None or not all(entry.name in results for entry in tool_calls.calls):
        return None
    return {entry.id: results[entry.name] for entry in tool_calls.calls}


def as_json(tool_calls: ToolCalls | None, described: tuple[Tool, ...], results: dict[str, str]) -> list[dict[str, Any]]:
    """Return the calls as --json prints them, each with its result, None without one."""
    if tool_calls is None:
        return []
    return [
        {
            "id": entry.id,
            "name": entry.name,
            "arguments": entry.arguments,
            "result": results.get(entry.name),
            "schema": tools.check_arguments(described, entry).as_json(),
        }
        for entry in tool_calls.calls
    ]


def report(call: CommandContext, tool_calls: ToolCalls, described: tuple[Tool, ...], *, ends: bool) -> None:
    """Print the calls: on stdout where the answer ends with them, else as notes."""
    for entry in tool_calls.calls:
        line = tools.format_call(entry)
        if ends and not call.out.as_json:
            call.out.line(line)
        elif not ends:
            call.out.note(f"→ {line}")
        fit = tools.check_arguments(described, entry)
        if not fit.valid:
            name = one_line(entry.name, 64)
            call.out.note(f"The arguments of {name} do not fit at {fit.path}: {fit.message}.")
    if ends:
        # A command that people paste names nothing that the model made up.
        offered_names = {tool.name for tool in described}
        names = [name for entry in tool_calls.calls if (name := entry.name) in offered_names]
        options = " ".join(dict.fromkeys(f"--tool-result {shlex.quote(f'{name}=FILE')}" for name in names))
        again = f"; ask again with {options}" if options else "."
        call.out.note(f"The model asks for a tool. Nothing was executed{again}")
