"""`modeldeck doctor`: the way to a provider layer by layer, or this machine."""

import shutil
import textwrap
from typing import Any

from tui.cli.context import CommandContext
from tui.cli.model_call import print_progress
from tui.cli.output import count_noun
from tui.cli.remedies import problem_hint
from tui.errors import Problem, UsageError
from tui.providers.events import Event
from tui.tenancy.connections import provider_of
from tui.workspace.doctor import machine
from tui.workspace.doctor import provider as diagnosis
from tui.workspace.doctor.checks import Check, CheckState, exit_code

VERSION = 1
"""The version of the JSON."""

_INDENT = " " * 37
_MIN_WIDTH = 30
"""Cells that a line of words has at least, however narrow the terminal is."""


async def doctor(call: CommandContext) -> int:
    """Print every check as it is done; the exit code is that of the first that failed."""

    def print_check(check: Check) -> None:
        if not call.out.as_json:
            _print(call, check)

    def take(event: Event) -> None:
        print_progress(call.out, event)

    provider_id, name = call.args.one("P"), call.args.one("CRED")
    if not provider_id:
        if call.args.has("spend"):
            raise UsageError("--spend needs a provider.", "For example: modeldeck doctor openai --spend")
        checks = machine.examine(call.environ, print_check)
    else:
        provider_id = provider_of(call.tenant_session, provider_id).id
        try:
            await call.unlock_for(provider_id, name)
        except Problem as problem:
            # The way to the provider can be checked without the key.
            call.out.note(f"The key is not tried. {problem.message}")
        spend = call.args.has("spend")
        checks = await diagnosis.diagnose(call.tenant_session, provider_id, name, spend, print_check, take)
    if call.out.as_json:
        call.out.json(
            {
                "version": VERSION,
                "provider": provider_id or None,
                "credential": name or None,
                "checks": [_shape(check) for check in checks],
            }
        )
    else:
        call.out.note(_summary(checks))
    return exit_code(checks)


def _print(call: CommandContext, check: Check) -> None:
    texts = [check.words]
    if check.problem:
        texts += [problem_hint(check.problem), check.problem.detail]
    first, *others = [line for text in texts for line in _lines(text, call.out.decorated)]
    call.out.line(f"{check.state:<8}  {check.name:<14}  {_duration(check.ms):>9}  {first}")
    for line in others:
        call.out.line(f"{_INDENT}{line}")


def _lines(text: str, decorated: bool) -> list[str]:
    """Return a text in lines that fit behind the columns on a terminal; elsewhere they stay as they are."""
    if not decorated:
        return text.splitlines()
    width = max(_MIN_WIDTH, shutil.get_terminal_size().columns - len(_INDENT))
    return [
        line
        for part in text.splitlines()
        for line in textwrap.wrap(part, width, break_long_words=False, break_on_hyphens=False)
    ]


def _duration(ms: float | None) -> str:
    if ms is None:
        return "–"
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"


def _summary(checks: list[Check]) -> str:
    failures = sum(check.state is CheckState.FAILED for check in checks)
    warnings = sum(check.state is CheckState.WARNING for check in checks)
    if not failures and not warnings:
        return f"{count_noun(len(checks), 'check')}: nothing is wrong."
    parts = [f"{failures} failed"] if failures else []
    parts += [count_noun(warnings, "warning")] if warnings else []
    return f"{count_noun(len(checks), 'check')}: {', '.join(parts)}."


def _shape(check: Check) -> dict[str, Any]:
    return {
        "check": check.name,
        "state": check.state,
        "ms": None if check.ms is None else round(check.ms, 1),
        "message": check.words,
        "hint": problem_hint(check.problem) if check.problem else "",
        "detail": check.problem.detail if check.problem else "",
        "facts": dict(check.facts),
    }
