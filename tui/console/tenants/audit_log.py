"""The audit log page of a tenant, newest entry first, with the log's integrity."""

import asyncio
from typing import ClassVar

from textual.binding import BindingType

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind
from tui.console.pages.text import TextPage
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import MUTED, PROBLEM
from tui.console.widgets.wrap import wrap
from tui.errors import Problem
from tui.storage.audit_log import Entry
from tui.tenancy.timestamps import long_time
from tui.workspace import audit

_TIME = 18


class Audit(TextPage):
    """The audit log as text; entries follow the name of whoever made them."""

    FIND = "audit.find"
    BINDINGS: ClassVar[list[BindingType]] = [bind(FIND, "find")]

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[Entry] = []
        self._strip: tuple[Words, Words] = ("", "")

    def on_mount(self) -> None:
        self.run_worker(self._read(), group="audit", exclusive=True, exit_on_error=False)

    def chrome(self) -> ScreenText:
        return ScreenText("Audit log", self.keys, self.reader.visible_range, strip=self._strip)

    async def _read(self) -> None:
        session = self.navigator.tenant_session
        try:
            self._entries = await asyncio.to_thread(audit.recent, session)
            checked = await asyncio.to_thread(audit.check, session)
        except Problem as problem:
            self._strip = line(PROBLEM, problem.message), problem_hint(problem)
        else:
            self._strip = self._verification_message(checked)
        self.reader.show(self._lines)
        self.refresh_chrome()

    def _verification_message(self, checked: audit.AuditCheck) -> tuple[Words, Words]:
        if not checked.findings:
            return "Log intact.", "Check it with: modeldeck audit verify"
        first, *more = checked.findings
        sign: tuple[Words, ...] = () if checked.whole else (line(PROBLEM),)
        return line(*sign, first.sentence), f"modeldeck audit verify shows {len(more)} more." if more else ""

    def _lines(self, cells: int) -> list[Words]:
        lines: list[Words] = []
        who = ""
        for entry in reversed(self._entries):
            by = audit.by_whom(entry.by)
            if by != who:
                lines += [*([""] if lines else []), (f"   {by}", MUTED)]
                who = by
            at = long_time(entry.at, self.navigator.session.now())
            first, *rest = wrap(line(audit.words(entry)), max(20, cells - _TIME))
            lines += [line((f"   {at}".ljust(_TIME), MUTED), first), *(line(" " * _TIME, part) for part in rest)]
        return lines or ["   No entries yet."]
