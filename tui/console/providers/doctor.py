"""The Doctor page: the checks on the way to a provider, each shown as soon as it is done."""

from collections.abc import Iterable

from textual.widget import Widget

from tui.console.frame.chrome import ScreenText
from tui.console.frame.screen import PageScreen
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION as CAUTION_STYLE
from tui.console.widgets.symbols import ERROR as ERROR_STYLE
from tui.console.widgets.symbols import MUTED, READY, STOPPED, SUCCESS, UNSET, WARNING, WORKING
from tui.console.widgets.text_viewer import Reader
from tui.console.widgets.truncate import fit
from tui.errors import Problem
from tui.providers.spec import Provider
from tui.workspace.doctor.checks import Check, CheckState
from tui.workspace.doctor.provider import diagnose

_NAME, _TIME = 16, 9
_INDENT = 3 + 2 + _NAME + _TIME + 2

_STATE_SYMBOLS = {
    CheckState.OK: (READY, SUCCESS),
    CheckState.WARNING: (WARNING, CAUTION_STYLE),
    CheckState.FAILED: (WARNING, ERROR_STYLE),
    CheckState.SKIPPED: (UNSET, MUTED),
}


class Doctor(PageScreen[None]):
    """The checks of one provider with a credential, by default the active one. Escape stops them, then leaves."""

    def __init__(self, provider: Provider, credential: str = "") -> None:
        super().__init__()
        self._provider, self._credential = provider, credential
        self._checks: list[Check] = []
        self._busy, self._was_stopped = True, False
        self._problem: Problem | None = None

    def content(self) -> Iterable[Widget]:
        yield Reader(id="checks")

    def on_mount(self) -> None:
        self.query_one(Reader).focus()
        self._draw()
        self.run_worker(self._run(), group="doctor", exclusive=True, exit_on_error=False)

    async def _run(self) -> None:
        try:
            await diagnose(self.navigator.tenant_session, self._provider.id, self._credential, on_check=self._add)
        except Problem as problem:
            self._problem = problem
        finally:
            self._busy = False
            if self.is_mounted:
                self._draw()

    def _add(self, check: Check) -> None:
        self._checks.append(check)
        self._draw()

    def _draw(self) -> None:
        self.query_one(Reader).show(self._lines)
        self.refresh_chrome()

    def chrome(self) -> ScreenText:
        keys = ("page.back: stop",) if self._busy else ("list.up list.down: move", "page.back")
        return ScreenText(f"Doctor: {self._provider.label}", keys, self._outcome, strip=self._hints)

    @property
    def _outcome(self) -> str:
        if self._busy:
            return f"{WORKING} checking"
        if self._was_stopped:
            return f"{STOPPED} stopped"
        failures = sum(check.state is CheckState.FAILED for check in self._checks) + bool(self._problem)
        warnings = sum(check.state is CheckState.WARNING for check in self._checks)
        parts = [f"{count} {word}" for count, word in ((failures, "failed"), (warnings, "to mind")) if count]
        return ", ".join(parts) or "nothing is wrong"

    @property
    def _hints(self) -> tuple[Words, Words]:
        if self._problem:
            return self._problem.message, problem_hint(self._problem)
        return "Nothing is stored or billed.", f"In a shell: modeldeck doctor {self._provider.id}"

    def _lines(self, cells: int) -> list[Words]:
        lines: list[Words] = []
        for check in self._checks:
            sign, style = _STATE_SYMBOLS[check.state]
            first = line("   ", (sign, style), " ", fit(check.name, _NAME), f"{_duration(check.ms):>{_TIME}}")
            words, *rest = line(check.words).wrap(max(20, cells - _INDENT - 1)) or [line("")]
            lines.append(line(first, "  ", words))
            lines += [line(" " * _INDENT, part) for part in rest]
            if check.problem and (hint := problem_hint(check.problem)):
                lines += [
                    line(" " * _INDENT, (part.plain, MUTED))
                    for text in hint.splitlines()
                    for part in line(text).wrap(max(20, cells - _INDENT - 1))
                ]
        return lines

    def on_reader_scrolled(self) -> None:
        self.refresh_chrome()

    def action_back(self) -> None:
        if self._busy:
            self._was_stopped = True
            self.workers.cancel_group(self, "doctor")
        else:
            super().action_back()


def _duration(ms: float | None) -> str:
    if ms is None:
        return "–"
    return f"{ms:.1f} ms" if ms < 10 else f"{ms:,.0f} ms"
