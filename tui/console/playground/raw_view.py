"""The Raw page: the last request of a tab and its response, every frame with its time. It shows no key."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from textual.binding import BindingType

from tui.console.frame.chrome import ScreenText
from tui.console.keys import bind
from tui.console.pages.text import TextPage
from tui.console.remedies import problem_hint
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ACCENT, MUTED, PROBLEM
from tui.domain import Model
from tui.errors import Problem
from tui.providers.client.wire_log import WireExchange, WireLog
from tui.tenancy.connections import label_of
from tui.workspace.playground import key_source
from tui.workspace.playground.copy_as import request_text

_FORMS = {"curl": "curl", "httpx": "Python, httpx", "python": "Python, the vendor's library"}
_TIME = 9
_NOTABLE = ("request-id", "requestid", "ratelimit", "rate-limit", "retry-after")
"""Parts of the names of headers that are put first: the request's ID, and what is left of the limits."""


class RawView(TextPage):
    """Reads like `curl -v`: the request, the head of the response, then its frames."""

    FIND = "raw.find"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("raw.save", "save"),
        bind("raw.copy", "copy_as"),
        bind(FIND, "find"),
    ]

    def __init__(self, model: Model, log: WireLog) -> None:
        super().__init__()
        self._model, self._log = model, log

    def on_mount(self) -> None:
        self.reader.show(self._lines)

    def chrome(self) -> ScreenText:
        own = () if self.typing else ("raw.save", "raw.copy")
        return ScreenText(f"Raw: {self._model.ref}", (*self.keys, *own), self.reader.visible_range)

    def _lines(self, cells: int) -> list[Words]:
        lines: list[Words] = []
        for exchange in self._log.exchanges:
            lines += [*([""] if lines else []), *exchange_lines(exchange)]
        return lines or ["   The tenant is locked; the request is hidden."]

    def hide_when_locked(self) -> None:
        self._log = WireLog.off()
        self.reader.show(self._lines)

    def action_save(self) -> None:
        self.run_worker(self._save(), group="save", exclusive=True, exit_on_error=False)

    async def _save(self) -> None:
        from tui.console.pages.save_file import Save  # lazy: the page

        now = self.navigator.session.now()
        name = f"request-{now[:10]}-{now[11:13]}{now[14:16]}"
        text = json.dumps(self._log.as_json(), ensure_ascii=False, indent=2) + "\n"
        await self.app.push_screen_wait(Save(name, {"json": "JSON"}, lambda _: text))

    def action_copy_as(self) -> None:
        self.run_worker(self._copy_as(), group="copy", exclusive=True, exit_on_error=False)

    async def _copy_as(self) -> None:
        session, call = self.navigator.tenant_session, self._log.call
        if call is None:
            return
        label = label_of(session, self._model.provider)
        form = await self.dialogs.ask("Copy the request", [f"The key of {label} stands in it as a variable."], _FORMS)
        if form is None:
            return
        try:
            access = key_source.route_call(session, self._model).access
            self.console.copy_to_terminal(request_text(access, call, form, session.process.clock()))
        except Problem as problem:
            self.dialogs.toast(f"{problem.message} {problem_hint(problem)}")


def exchange_lines(exchange: WireExchange) -> Iterator[Words]:
    """Yield the lines of one request and its response."""
    yield line((f"   {exchange.method} ", ACCENT), (exchange.url, "bold"))
    yield from _headers(exchange.headers)
    if exchange.body is not None:
        yield from _json(exchange.body)
    yield ""
    if not exchange.status:
        yield line("   ", PROBLEM, " no response")
        return
    opened = "new connection" if exchange.opened else "open connection used again"
    role = ACCENT if exchange.status < 400 else PROBLEM[1]
    yield line((f"   {exchange.status}", role), (f" after {exchange.responded - exchange.at:.3f} s · {opened}", MUTED))
    yield from _headers(exchange.response_headers)
    yield ""
    for frame in exchange.frames:
        text = frame.data if isinstance(frame.data, str) else json.dumps(frame.data, ensure_ascii=False)
        event = (f"{frame.event} ", ACCENT) if frame.event else ""
        yield line((f"{frame.at:{_TIME}.3f}  ", MUTED), event, text)
    if exchange.omitted:
        yield line((f"   {exchange.omitted:,} more frames were not kept.", MUTED))
    if exchange.note:
        yield line((f"   {exchange.note}", MUTED))


def _headers(headers: dict[str, str]) -> Iterator[Words]:
    def notable(name: str) -> bool:
        return any(part in name.lower() for part in _NOTABLE)

    for name in sorted(headers, key=lambda name: not notable(name)):
        yield line((f"   {name}: ", ACCENT if notable(name) else MUTED), headers[name])


def _json(value: Any) -> Iterator[Words]:
    for text in json.dumps(value, ensure_ascii=False, indent=2).split("\n"):
        yield f"   {text}"
