"""Base classes of all screens: header, title rule, content, bottom rule, strip, footer.

    Area      one of the four areas (and the tenants), switched by digits or f-keys
    Page      a form or picker over an area: no area keys; escape goes back
    Dialog    a Page whose content is in a box

A screen fills `content()`, answers `chrome()` with the words around it, and calls `refresh_chrome()` when they may have
changed. The frame calls it on every change of focus.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui.console.frame.chrome import Footer, Header, HeaderState, HintBar, Rule, ScreenText
from tui.console.frame.navigator import ConsoleNode
from tui.console.keys import bind, footer_items, hint, key_of
from tui.console.remedies import problem_hint
from tui.console.terminal.compositor import ConsoleCompositor
from tui.console.widgets.input import LineField
from tui.console.widgets.static_text import Plain, Words, line
from tui.console.widgets.symbols import HEADING, PROBLEM
from tui.console.widgets.wrap import wrap
from tui.errors import Problem

if TYPE_CHECKING:
    from tui.tenancy.session import TenantSession
    from tui.workspace.undo import SettingsChange

Result = TypeVar("Result")

_PROBLEM_CELLS = 68
"""Cells of the rows of a problem, which fit a dialog at 80 columns."""


class FramedScreen(ConsoleNode, Screen[Result]):
    """A screen with the frame around its content."""

    AREA: ClassVar[str] = ""
    HELP_KEY: ClassVar[str] = ""
    """The footer's entry for help, if the screen has any."""
    AUTO_FOCUS = ""
    ALL_TENANTS: ClassVar[bool] = False
    """Whether the screen shows all tenants, so that it must learn of every change."""

    opened = False
    """Whether keys can act here: something had the focus, or nothing can have it."""

    _frame = ScreenText("", ())
    """The words around the content as they were last."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ConsoleCompositor()

    def content(self) -> Iterable[Widget]:
        """Return the widgets between the rules."""
        raise NotImplementedError

    def chrome(self) -> ScreenText:
        """Return the present texts around the content."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield Header()
        title = Rule(id="title")
        title.title_role = HEADING
        yield title
        with Vertical(id="content"):
            yield from self.content()
        yield Rule(id="foot")
        yield HintBar()
        yield Footer()
        yield Plain(id="too-small")

    @property
    def is_closing(self) -> bool:
        """Whether the screen was left, or the console is, so that its widgets go one by one."""
        return self not in self.app.screen_stack or not self.app.is_running

    @property
    def typing(self) -> bool:
        """Whether a text field has the focus, so that plain keys type."""
        return self.focused is not None and self.focused.check_consume_key("a", "a")

    def refresh_chrome(self) -> None:
        """Bring the words around the content up to date; what has not changed is not drawn again."""
        if not self.is_mounted or self.is_closing:
            return
        try:
            frame = self._frame = self.chrome()
        except Problem as problem:
            # The settings went away or cannot be read any more; the screen and what was typed in it stay.
            frame = replace(self._frame, strip=(problem.message, problem_hint(problem)))
        self.query_one(Header).show(self.header_state())
        self.query_one("#title", Rule).show(frame.title, frame.right)
        foot, right, strip = frame.foot, frame.foot_right or self.hidden_below, self.console.banner or frame.strip
        if blocked := "" if foot else self.console.write_blocked:
            # A sentence is never cut: the strip has room for one that the rule has not.
            foot, strip = (
                (blocked, strip) if self.query_one("#foot", Rule).fits(blocked, right) else ("", (blocked, strip[0]))
            )
        self.query_one("#foot", Rule).show(foot, right)
        self.query_one(HintBar).show(*strip)
        keys = (*map(self.entry_text, frame.keys), *self.extra_footer())
        self.query_one(Footer).show(footer_items(keys, self.typing))

    def entry_text(self, entry: str) -> str:
        """Return a footer entry of `chrome` as this screen shows it."""
        return entry

    def extra_footer(self) -> tuple[str, ...]:
        """Return the footer's entries beside those of `chrome`."""
        return (self.HELP_KEY,) if self.HELP_KEY else ()

    def header_state(self) -> HeaderState:
        """Return what the header shows: the console's tenant, unless the screen is about another one."""
        return self.console.header_state(self.AREA, "" if not self.AREA else "typing" if self.typing else "keys")

    def on_mount(self) -> None:
        self.call_after_refresh(self._open_unfocused)
        self.screen_layout_refresh_signal.subscribe(self, self._make_room)
        self.refresh_chrome()

    def _make_room(self, _: Screen[object]) -> None:
        """Keep the rows that notices take above the rule free, so that they hide no field and no row of a list."""
        if not self.query("ToastRack") or not self.query("#foot"):
            return  # it is only being opened, or closed
        # The rack itself is invisible, and so has no size.
        rack = self.query_one("ToastRack")
        rows = sum(toast.outer_size.height for toast in rack.query("Toast")) if rack.display else 0
        above = max(0, rows - self.lowest_rule.region.height) if self.lowest_rule.id == "foot" else 0
        content = self.query_one("#content")
        if content.styles.padding.bottom != above:
            content.styles.padding = (0, 0, above, 0)
            if self.focused is not None:
                self.call_after_refresh(self.focused.scroll_visible, animate=False)

    def _open_unfocused(self) -> None:
        self.opened = self.opened or not self.focus_chain

    async def _on_message(self, message: Message) -> None:
        # A problem that no handler of a screen showed is shown here; it is never a crash.
        try:
            await super()._on_message(message)
        except Problem as problem:
            self.console.show_problem(problem)
        except NoMatches:
            # A key that was typed ahead closes a screen, or the console, before it has its widgets; it then gets none.
            if not self.is_closing:
                raise

    def run_guarded(self, work: Coroutine[Any, Any, object], group: str, *, exclusive: bool = True) -> None:
        """Run work in a worker of that group; a Problem is shown on this screen."""

        async def guarded() -> None:
            try:
                await work
            except Problem as problem:
                self.show_problem(problem)

        self.run_worker(guarded(), group=group, exclusive=exclusive, exit_on_error=False)

    def show_problem(self, problem: Problem) -> None:
        """Show what went wrong. Screens that have a place for it override this."""
        self.console.show_problem(problem)

    @property
    def lowest_rule(self) -> Rule:
        """The rule that shows notices, so that they hide no field."""
        return self.query_one("#foot", Rule)

    def place_notices(self) -> None:
        """Put the notices on the lowest rule. A screen that is only being opened has none yet."""
        if not self.query("#foot"):
            return
        rule = self.lowest_rule
        if rule.display and rule.region.height:
            self.query_one("ToastRack").styles.margin = (0, 0, self.size.height - rule.region.y - 1, 0)

    @property
    def hidden_below(self) -> str:
        """What of a form is out of sight, for the rule below it."""
        forms = [form for form in self.query("Form") if all(part.display for part in form.ancestors_with_self)]
        words = (str(getattr(form, "hidden_below", "")) for form in forms)
        return next(filter(None, words), "")

    def on_form_moved(self) -> None:
        self.refresh_chrome()

    def on_screen_resume(self) -> None:
        self.refresh_chrome()

    def on_descendant_focus(self) -> None:
        self.opened = True
        self.refresh_chrome()

    def on_descendant_blur(self) -> None:
        self.call_next(self.refresh_chrome)

    def on_line_field_too_long(self, event: LineField.TooLong) -> None:
        """Of a field that has no room to say it itself."""
        self.dialogs.toast(f"That is {event.size:,} characters, too many. Nothing was pasted.")

    def on_resize(self, event: events.Resize) -> None:
        width, height = event.size
        small = width < 40 or height < 10
        self.set_class(small, "-too-small")
        self.set_class(height < 16, "-no-strip")
        self.set_class(height < 12, "-no-title")
        if small:
            self.query_one("#too-small", Plain).show(
                f"\n This window is {width} × {height}.\n Modeldeck needs 40 × 10 or more.\n\n"
                f" Nothing is lost.\n {key_of('app.quit-everywhere')} quits."
            )

    def unsaved(self) -> str:
        """Return what leaving would lose, as a sentence, or ''."""
        return ""

    def hide_when_locked(self) -> None:
        """Hide what only an unlocked tenant shows, as the tenant has been locked."""

    def changed_elsewhere(self) -> None:
        """Read the tenant's settings again after another process wrote them."""


class AreaScreen(FramedScreen[None]):
    """One of the areas of a tenant. Escape never leaves it."""

    HELP_KEY = "app.help"

    switched_to = False
    """Whether another area was left for it, until it is shown; not while a page over it closes."""

    _undoable: "tuple[TenantSession, SettingsChange] | None" = None
    """What was changed here last, and of which tenant, for as long as the screen lives."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("app.undo", "undo"),
        bind("area.providers", "app.area('providers')"),
        bind("area.models", "app.area('models')"),
        bind("area.defaults", "app.area('defaults')"),
        bind("area.playground", "app.area('playground')"),
        bind("app.tenants", "app.tenants"),
        bind("app.lock", "app.lock"),
        bind("app.commands", "app.commands"),
        bind("app.help", "app.help"),
        bind("app.quit", "app.leave"),
        bind("area.escape", "escape"),
    ]

    def on_screen_resume(self) -> None:
        self.switched_to = False

    def why_not(self, action: str) -> str:
        return "There is nothing to switch to: that takes your key and a trial." if action == "source" else ""

    def action_escape(self) -> None:
        """Stop what runs, else leave the field; never more. Screens say what that is."""

    def extra_footer(self) -> tuple[str, ...]:
        return (*super().extra_footer(), *(("app.undo",) if self._undoable else ()))

    async def run_undoable(self, session: "TenantSession", work: Awaitable[Result]) -> Result:
        """Do it, and offer to undo what it saved; a notice that it returns names the key."""
        from tui.workspace import undo  # lazy: the first change

        before = session.store.document()
        result = await work
        change = undo.change_since(session, before)
        if change is None:
            if self._undoable and not undo.still_applies(*self._undoable):
                self._undoable = None
                self.refresh_chrome()
            return result
        self._undoable = (session, change)
        self.refresh_chrome()
        return (
            cast(Result, f"{result}{hint(' {app.undo} undoes it.')}") if isinstance(result, str) and result else result
        )

    def action_undo(self) -> None:
        """Undo what was changed on this screen, else ask about the tenant's last change."""
        self.run_guarded(self._undo(), "undo")

    async def _undo(self) -> None:
        from tui.workspace import undo  # lazy: the first change

        offered, self._undoable = self._undoable, None
        self.refresh_chrome()
        if offered is None:
            if self.navigator.tenant is None:
                self.dialogs.toast("There is nothing to undo.")
                return
            here = self.navigator.tenant_session
            offered = here, await asyncio.to_thread(undo.last_change, here)
            choices = {"keep": "Keep", "undo": "Undo"}
            if await self.dialogs.ask("Undo the last change", [offered[1].words], choices) != "undo":
                return
        session, change = offered
        if change.needs_key and not await self.dialogs.ensure_unlocked("undo it"):
            self._undoable = offered
            return
        undone = f"Undone: {change.words}."
        self.dialogs.toast(await self.run_undoable(session, _then(undo.undo(session, change), undone)))
        self.navigator.tenant_changed()
        self.changed_elsewhere()


class PageScreen(FramedScreen[Result]):
    """A form or picker over an area. It answers with a value, or None when it was left."""

    HELP_KEY = "page.help"

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("page.back", "back"),
        bind("page.help", "app.help"),
    ]

    def entry_text(self, entry: str) -> str:
        """Say that escape leads back into a text field, where the next key types."""
        return "page.back: back to typing" if entry == "page.back" and self._returns_to_field else entry

    @property
    def _returns_to_field(self) -> bool:
        """Whether the area that comes into view when this page closes has a text field with the focus."""
        stack = self.app.screen_stack
        below = stack[stack.index(self) - 1] if self in stack[1:] else None
        return isinstance(below, AreaScreen) and below.typing

    def action_back(self) -> None:
        """Leave; asks first where something that was typed would be lost."""
        if reason := self.unsaved():
            self.run_worker(self._leave(reason), group="leave", exclusive=True, exit_on_error=False)
        else:
            self.dismiss(None)

    async def _leave(self, reason: str) -> None:
        if await self.dialogs.ask("Leave without saving?", [reason], {"stay": "Stay", "leave": "Leave"}) == "leave":
            self.dismiss(None)


class Dialog(PageScreen[Result]):
    """A page whose content is in a box under the title rule."""

    BOX_TITLE: str = ""

    def parts(self) -> Iterable[Widget]:
        """Return the widgets in the box."""
        raise NotImplementedError

    @property
    def screen_below(self) -> ScreenText:
        """The words around the screen that the dialog came up on: its title goes on saying where one is."""
        stack = self.app.screen_stack
        below = stack[stack.index(self) - 1] if self in stack[1:] else None
        return (
            below.chrome() if isinstance(below, FramedScreen) and below.is_mounted else ScreenText(self.BOX_TITLE, ())
        )

    def content(self) -> Iterable[Widget]:
        from tui.console.widgets.form import Form  # lazy: forms

        box = Form(*self.parts(), id="box")
        box.border_title = Content(self.BOX_TITLE)
        yield box


async def _then(work: Awaitable[None], notice: str) -> str:
    await work
    return notice


def problem_lines(message: str, hint: str = "", detail: str = "") -> list[Words]:
    """Return a problem as lines: sign and sentence, hint, the provider's own message."""
    lines: list[Words] = [line(PROBLEM, message)]
    return lines + [entry for entry in (hint, detail) if entry]


def problem_text(problem: Problem) -> Content:
    """Return a problem that concerns a whole form, for the bottom of its content: every row in the form's margin."""
    lines = problem_lines(problem.message, problem_hint(problem), problem.detail)
    rows = [row for entry in lines for row in wrap(line(entry), _PROBLEM_CELLS)]
    return Content("\n").join(line("   ", row) for row in rows)
